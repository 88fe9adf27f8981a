/// The reason why a text isn't an acceptable JSON object.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum JsonError {
    /// An object has two members with the same name.
    #[error("duplicate member name in JSON object")]
    DuplicateName,
    /// The text doesn't begin with `{`. The rest isn't parsed.
    #[error("the text isn't a JSON object")]
    NotAnObject,
    /// The text violates the grammar, or ends early.
    #[error("the text isn't well-formed JSON")]
    Syntax,
    /// Brackets are nested more deeply than [`MAX_DEPTH`](super::scanner::MAX_DEPTH).
    #[error("the JSON text is nested too deeply")]
    TooDeep,
}
