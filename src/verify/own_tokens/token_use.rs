//! One use of a token.

use std::time::SystemTime;

use super::TokenDigest;

/// That a token was used: it was presented, found and good. Whether the request then had the scopes
/// that it needed is another matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    digest: TokenDigest,
    token_id: String,
    at: SystemTime,
}

impl TokenUse {
    pub(super) const fn new(digest: TokenDigest, token_id: String, at: SystemTime) -> Self {
        Self { digest, token_id, at }
    }

    /// The digest that the token was found by.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// The id in the token's record.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// When it was used, by the verifier's clock.
    #[must_use]
    pub const fn at(&self) -> SystemTime {
        self.at
    }
}
