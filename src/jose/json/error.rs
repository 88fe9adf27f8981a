/// Why a text is not the JSON object we accept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum JsonError {
    /// An object names two of its members alike.
    #[error("a name stands twice in a JSON object")]
    DuplicateName,
    /// The text does not begin with `{`; what it is instead is not looked at.
    #[error("the text is not a JSON object")]
    NotAnObject,
    /// The text departs from the grammar, or ends early.
    #[error("the text is not well-formed JSON")]
    Syntax,
    /// Brackets nest beyond [`MAX_DEPTH`](super::scanner::MAX_DEPTH).
    #[error("the JSON text nests too deeply")]
    TooDeep,
}
