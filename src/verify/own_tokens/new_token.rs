//! A token as it is made.

use std::fmt;

use zeroize::Zeroizing;

use super::TokenDigest;

/// A token that was made just now: the one chance to show it to its user.
///
/// `Debug` doesn't show it, and its memory is cleared when it is dropped.
///
/// ```
/// use portcullis::own_tokens::OwnTokenFormat;
///
/// let token = OwnTokenFormat::new("hcms_pat")?.generate()?;
/// assert_eq!(token.reveal().len(), "hcms_pat_".len() + 49);
/// assert!(format!("{token:?}").starts_with("NewToken { text: [redacted], digest: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NewToken {
    text: Zeroizing<String>,
    digest: TokenDigest,
}

impl NewToken {
    pub(super) fn new(text: Zeroizing<String>) -> Self {
        let digest = TokenDigest::of(&text);
        Self { text, digest }
    }

    /// The token, for its user's eyes: whoever has it may use it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What to store in its place.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("text", &format_args!("[redacted]"))
            .field("digest", &self.digest)
            .finish()
    }
}
