//! A use of a token.

use std::time::SystemTime;

use super::TokenDigest;

/// A use of a token: a request presented it, and it was valid.
///
/// [`TokenStore::used`](super::TokenStore::used) receives it. The request may still have been rejected
/// later, for example because the token lacked a scope.
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

    /// Returns the digest of the token.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// Returns the id in the token's record.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// Returns when the token was used, according to the verifier's clock.
    #[must_use]
    pub const fn at(&self) -> SystemTime {
        self.at
    }
}
