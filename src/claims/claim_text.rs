//! The text of a claim, as a range of the raw claims.

/// The text of a claim.
#[derive(Debug, Clone, Default)]
pub(crate) enum ClaimText {
    #[default]
    Absent,
    /// The text is the bytes from `start` to `end` of the raw claims.
    Within {
        start: u32,
        end: u32,
    },
    Owned(Box<str>),
}

impl ClaimText {
    /// Returns the text. `raw` is the JSON text from which the claims were read.
    pub(crate) fn get<'a>(&'a self, raw: &'a str) -> Option<&'a str> {
        match *self {
            Self::Absent => None,
            Self::Within { start, end } => raw.get(start as usize..end as usize),
            Self::Owned(ref text) => Some(text),
        }
    }
}

impl From<String> for ClaimText {
    fn from(text: String) -> Self {
        Self::Owned(text.into_boxed_str())
    }
}
