//! A revocation: which tokens are revoked.

use std::{fmt, time::SystemTime};

/// A revocation, which describes the tokens that are rejected from now on.
///
/// Pass it to [`Revocations::revoke`](crate::verify::Revocations::revoke), or to the `revoke` method of
/// any verifier.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use portcullis::verify::Revocation;
///
/// // Alice's password was changed: tokens issued up to now are rejected, new ones are not.
/// let revocation = Revocation::subject("alice").issuer("https://as.example");
/// assert_eq!(format!("{revocation:?}"), "Revocation(subject of https://as.example)");
///
/// // A stolen token, which expires in an hour anyway.
/// let end = SystemTime::now() + Duration::from_secs(3600);
/// let revocation = Revocation::token("mF_9.B5f-4.1JqM").expires_at(end);
/// assert_eq!(format!("{revocation:?}"), "Revocation(token)");
/// ```
///
/// | revocation | rejects |
/// |---|---|
/// | [`token`](Self::token) | this token. A JWT is identified by its signed part, because for each ECDSA signature there is a second valid one |
/// | [`token_id`](Self::token_id) | the tokens with this `jti` |
/// | [`subject`](Self::subject) | the tokens of this `sub` that were issued before a time, and those without `iat` |
/// | [`session`](Self::session) | the tokens with this `sid` |
/// | [`client`](Self::client) | the tokens of this `client_id` that were issued before a time, and those without `iat` |
///
/// Without an [`issuer`](Self::issuer), the revocation applies to the tokens of all issuers. `Debug` shows
/// neither tokens nor subjects.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Revocation {
    pub(crate) target: Target,
    pub(crate) value: String,
    pub(crate) issuer: Option<String>,
    /// For subjects and clients: tokens issued at or after this time are not revoked.
    pub(crate) issued_before: Option<SystemTime>,
    pub(crate) expires_at: Option<SystemTime>,
}

/// The kind of value that a revocation identifies tokens by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Client,
    Session,
    Subject,
    Token,
    TokenId,
}

impl Revocation {
    fn new(target: Target, value: String) -> Self {
        Self { target, value, issuer: None, issued_before: None, expires_at: None }
    }

    /// Revokes one token.
    pub fn token(token: impl Into<String>) -> Self {
        Self::new(Target::Token, token.into())
    }

    /// Revokes the tokens with this `jti`.
    pub fn token_id(token_id: impl Into<String>) -> Self {
        Self::new(Target::TokenId, token_id.into())
    }

    /// Revokes the tokens of this `sub` that were issued up to now, or up to
    /// [`issued_before`](Self::issued_before).
    pub fn subject(subject: impl Into<String>) -> Self {
        Self::new(Target::Subject, subject.into())
    }

    /// Revokes the tokens of this session (`sid`).
    pub fn session(session_id: impl Into<String>) -> Self {
        Self::new(Target::Session, session_id.into())
    }

    /// Revokes the tokens of this client that were issued up to now, or up to
    /// [`issued_before`](Self::issued_before).
    pub fn client(client_id: impl Into<String>) -> Self {
        Self::new(Target::Client, client_id.into())
    }

    /// Restricts the revocation to tokens of one issuer. Use it if the service trusts multiple issuers,
    /// because two issuers may use the same name for different subjects.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Revokes only the tokens of this subject or client that were issued before `time`. The default is the
    /// time of the revocation. Other kinds of revocation ignore it.
    pub fn issued_before(mut self, time: SystemTime) -> Self {
        self.issued_before = Some(time);
        self
    }

    /// Sets the time by which the revoked tokens have expired, after which the revocation is removed. The
    /// default is the `exp` of a JWT, and otherwise the maximum lifetime of a token from now on
    /// ([`RevocationsBuilder::token_lifetime`](crate::verify::RevocationsBuilder::token_lifetime)).
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }
}

impl Revocation {
    /// Returns the subject, if this revokes the tokens of a subject.
    pub(crate) fn revoked_subject(&self) -> Option<&str> {
        (self.target == Target::Subject).then_some(&*self.value)
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match self.target {
            Target::Client => "client",
            Target::Session => "session",
            Target::Subject => "subject",
            Target::Token => "token",
            Target::TokenId => "token id",
        };
        match &self.issuer {
            Some(issuer) => write!(f, "Revocation({target} of {issuer})"),
            None => write!(f, "Revocation({target})"),
        }
    }
}
