//! The record of a token in a store.

use std::{fmt, time::SystemTime};

use serde_json::{Map, Value};

use crate::{
    Error, Identity, ScopeSet,
    claims::{NumericDate, RegisteredClaims},
    error::TokenFault,
};

/// The record of a token in a [`TokenStore`](super::TokenStore).
///
/// Requests with the token are authenticated as an [`Identity`] with the values of the record.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use portcullis::{ScopeSet, own_tokens::TokenRecord};
///
/// let record = TokenRecord::new("42", "alice")
///     .name("laptop")
///     .scopes(ScopeSet::from_wire("posts:read"))
///     .expires_at(SystemTime::now() + Duration::from_secs(90 * 24 * 60 * 60));
/// assert_eq!(record.name.as_deref(), Some("laptop"));
/// assert_eq!(record.subject, "alice");
/// assert!(record.is_valid_at(SystemTime::now()));
/// assert!(!record.revoked_at(SystemTime::now()).is_valid_at(SystemTime::now()));
/// ```
///
/// `Debug` doesn't show the claims.
#[derive(Clone)]
#[non_exhaustive]
#[must_use]
pub struct TokenRecord {
    /// The id of the token in lists and logs, which isn't secret. Becomes [`Identity::token_id`].
    pub id: String,
    /// The user or service on whose behalf the token acts. Becomes [`Identity::subject`].
    pub subject: String,
    /// The name that the user gave the token, for lists. Not part of the identity.
    pub name: Option<String>,
    /// The client to which the token was issued. Becomes [`Identity::client_id`].
    pub client_id: Option<String>,
    /// The scopes of the token. They become [`Identity::scopes`].
    pub scopes: ScopeSet,
    /// The time at which the token was issued. Becomes [`Identity::issued_at`].
    pub issued_at: Option<SystemTime>,
    /// The time at which the token expires, or `None` if it never does. Becomes
    /// [`Identity::expires_at`].
    pub expires_at: Option<SystemTime>,
    /// The time at which the token was revoked, or `None` if it wasn't.
    pub revoked_at: Option<SystemTime>,
    /// Additional claims, as a JSON object.
    pub claims_json: Option<String>,
}

impl TokenRecord {
    /// Creates a record for a token of `subject`, without scopes and without an expiry.
    pub fn new(id: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            subject: subject.into(),
            name: None,
            client_id: None,
            scopes: ScopeSet::new(),
            issued_at: None,
            expires_at: None,
            revoked_at: None,
            claims_json: None,
        }
    }

    /// Sets the name that the user gave the token.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the client to which the token was issued.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets the scopes of the token. The default is none.
    pub fn scopes(mut self, scopes: ScopeSet) -> Self {
        self.scopes = scopes;
        self
    }

    /// Sets the time at which the token was issued. By default, it isn't set.
    pub fn issued_at(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.issued_at = time.into();
        self
    }

    /// Sets the time at which the token expires. By default, and with `None`, it never expires.
    pub fn expires_at(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = time.into();
        self
    }

    /// Sets the time at which the token was revoked. The token is rejected even if this time is in the
    /// future, because the clock of the machine that revoked it may be ahead.
    pub fn revoked_at(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.revoked_at = time.into();
        self
    }

    /// Sets additional claims as a JSON object, for handlers that read typed claims
    /// ([`Identity::claims`]).
    ///
    /// `iss`, `sub`, `jti`, `client_id`, `scope`, `iat` and `exp` ([RFC 9068 §2.2]) are always taken from
    /// the record and the verifier. If the text isn't a JSON object, requests with the token are rejected
    /// with 500.
    ///
    /// [RFC 9068 §2.2]: https://www.rfc-editor.org/rfc/rfc9068#section-2.2
    pub fn claims_json(mut self, claims: impl Into<String>) -> Self {
        self.claims_json = Some(claims.into());
        self
    }

    /// Returns whether the token is neither revoked nor expired at `time`.
    #[must_use]
    pub fn is_valid_at(&self, time: SystemTime) -> bool {
        self.validate(time).is_ok()
    }

    pub(super) fn validate(&self, now: SystemTime) -> Result<(), TokenFault> {
        if self.revoked_at.is_some() {
            Err(TokenFault::Revoked)
        } else if self.expires_at.is_some_and(|end| end <= now) {
            Err(TokenFault::Expired)
        } else {
            Ok(())
        }
    }

    /// Marks the token as revoked. Keeps the time of an earlier revocation.
    pub(super) fn revoke(&mut self, at: SystemTime) {
        self.revoked_at.get_or_insert(at);
    }

    pub(super) fn to_identity(&self, issuer: Option<&str>) -> Result<Identity, Error> {
        let text = |text: &str| text.to_owned().into();
        let registered = RegisteredClaims {
            issuer: issuer.map(text).unwrap_or_default(),
            subject: text(&self.subject),
            client_id: self.client_id.as_deref().map(text).unwrap_or_default(),
            token_id: text(&self.id),
            issued_at: self.issued_at.map(NumericDate::from_system_time),
            expires_at: self.expires_at.map(NumericDate::from_system_time),
            ..RegisteredClaims::default()
        };
        let raw_claims = self.raw_claims(issuer, &registered)?;
        Ok(Identity::new(raw_claims.into_boxed_str(), registered, self.scopes.clone()))
    }

    /// Returns the claims that a JWT access token would have, so that handlers can read the typed claims of
    /// either kind of token.
    fn raw_claims(
        &self,
        issuer: Option<&str>,
        registered: &RegisteredClaims,
    ) -> Result<String, Error> {
        let mut claims: Map<String, Value> = match &self.claims_json {
            None => Map::new(),
            // The error of serde_json is omitted, because it may quote a claim.
            Some(claims) => serde_json::from_str(claims).map_err(|_| {
                let id = &self.id;
                Error::misconfigured(format!("the claims of token `{id}` aren't a JSON object"))
            })?,
        };
        let seconds = |date: Option<NumericDate>| date.map(|date| date.as_secs().into());
        for (name, value) in [
            ("iss", issuer.map(Value::from)),
            ("sub", Some(self.subject.as_str().into())),
            ("jti", Some(self.id.as_str().into())),
            ("client_id", self.client_id.as_deref().map(Value::from)),
            ("scope", Some(self.scopes.as_str().into())),
            ("iat", seconds(registered.issued_at)),
            ("exp", seconds(registered.expires_at)),
        ] {
            match value {
                Some(value) => claims.insert(name.to_owned(), value),
                None => claims.remove(name),
            };
        }
        Ok(Value::Object(claims).to_string())
    }
}

impl fmt::Debug for TokenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRecord")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("name", &self.name)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .field("revoked_at", &self.revoked_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[expect(clippy::arithmetic_side_effects, reason = "small numbers")]
    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_revoked_token_is_revoked_before_it_is_expired() {
        let record = TokenRecord::new("1", "alice");
        for (record, expected) in [
            (record.clone(), Ok(())),
            (record.clone().expires_at(None).revoked_at(None), Ok(())),
            (record.clone().expires_at(at(101)), Ok(())),
            (record.clone().expires_at(at(100)), Err(TokenFault::Expired)),
            (record.clone().expires_at(at(0)), Err(TokenFault::Expired)),
            (record.clone().revoked_at(at(99)), Err(TokenFault::Revoked)),
            (record.clone().revoked_at(at(200)), Err(TokenFault::Revoked)),
            (record.expires_at(at(99)).revoked_at(at(99)), Err(TokenFault::Revoked)),
        ] {
            assert_eq!(record.validate(at(100)), expected, "{record:?}");
            assert_eq!(record.is_valid_at(at(100)), expected.is_ok(), "{record:?}");
        }
    }

    #[test]
    fn an_identity_has_the_values_of_the_record() {
        let identity = TokenRecord::new("42", "alice")
            .name("laptop")
            .client_id("cli")
            .scopes(ScopeSet::from_wire("posts:read"))
            .issued_at(at(10))
            .expires_at(at(20))
            .to_identity(Some("https://cms.example"))
            .unwrap();
        assert_eq!(identity.token_id(), Some("42"));
        assert_eq!(identity.subject(), Some("alice"));
        assert_eq!(identity.client_id(), Some("cli"));
        assert_eq!(identity.issuer(), Some("https://cms.example"));
        assert_eq!(identity.scopes().as_str(), "posts:read");
        assert_eq!(identity.issued_at(), Some(at(10)));
        assert_eq!(identity.expires_at(), Some(at(20)));
        assert_eq!(identity.audience().count(), 0);
    }

    #[test]
    fn registered_claims_of_the_record_override_additional_claims() {
        let record = TokenRecord::new("42", "alice")
            .expires_at(at(20))
            .claims_json(r#"{"sub":"mallory","iat":1,"iss":"else","tenant":"acme"}"#);
        let claims = record.to_identity(None).unwrap().claims::<Value>().unwrap();
        let expected = serde_json::json!({
            "sub": "alice", "jti": "42", "scope": "", "exp": 20, "tenant": "acme",
        });
        assert_eq!(*claims, expected);
    }

    #[test]
    fn claims_that_are_not_an_object_are_500_and_never_quoted() {
        for claims in ["", "s3cret", r#"["s3cret"]"#, r#"{"s3cret""#] {
            let record = TokenRecord::new("42", "alice").claims_json(claims);
            let error = record.to_identity(None).unwrap_err();
            assert_eq!(error.status(), 500);
            assert!(!format!("{record:?} {error:?}").contains("s3cret"));
        }
    }
}
