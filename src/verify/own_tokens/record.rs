//! What a store knows of a token.

use std::{fmt, time::SystemTime};

use serde_json::{Map, Value};

use crate::{
    Error, Identity, ScopeSet, TokenFault,
    claims::{NumericDate, RegisteredClaims},
};

/// What a [`TokenStore`](crate::verify::own_tokens::TokenStore) knows of a token, and what becomes of it: the
/// [`Identity`] of the requests that present it.
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
/// assert!(record.is_valid_at(SystemTime::now()));
/// assert!(!record.revoked_at(SystemTime::now()).is_valid_at(SystemTime::now()));
/// ```
///
/// `Debug` doesn't show the claims.
#[derive(Clone)]
#[non_exhaustive]
#[must_use]
pub struct TokenRecord {
    /// What it is known by, in lists and logs: [`Identity::token_id`]. No secret.
    pub id: String,
    /// Who acts with it.
    pub subject: String,
    /// What its user calls it, for lists.
    pub name: Option<String>,
    /// The program that it was made for.
    pub client_id: Option<String>,
    /// What it may be used for.
    pub scopes: ScopeSet,
    /// When it was made.
    pub issued_at: Option<SystemTime>,
    /// From when on it is refused.
    pub expires_at: Option<SystemTime>,
    /// When it was revoked.
    pub revoked_at: Option<SystemTime>,
    /// Further claims, a JSON object.
    pub claims_json: Option<String>,
}

impl TokenRecord {
    /// The token of `subject` with that id. Without further ado it has no scopes and no end.
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

    /// Sets what its user calls it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets [`Identity::client_id`]: the program that it was made for.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets what it may be used for. Nothing by default.
    pub fn scopes(mut self, scopes: ScopeSet) -> Self {
        self.scopes = scopes;
        self
    }

    /// Sets when it was made.
    pub fn issued_at(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.issued_at = time.into();
        self
    }

    /// Sets from when on it is refused as expired. Never by default, or for `None`.
    pub fn expires_at(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.expires_at = time.into();
        self
    }

    /// Sets that it was revoked. It is refused whatever time this is: a revocation that another
    /// machine wrote down, whose clock is ahead, holds at once.
    pub fn revoked_at(mut self, time: impl Into<Option<SystemTime>>) -> Self {
        self.revoked_at = time.into();
        self
    }

    /// Sets further claims, a JSON object, for handlers that take typed claims. `iss`, `sub`, `jti`,
    /// `client_id`, `scope`, `iat` and `exp` are as this record has them, whatever stands there.
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

    /// Marks it as revoked, unless it is already.
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

    /// What a JWT would say in its place, so that handlers read typed claims of either.
    fn raw_claims(
        &self,
        issuer: Option<&str>,
        registered: &RegisteredClaims,
    ) -> Result<String, Error> {
        let mut claims: Map<String, Value> = match &self.claims_json {
            None => Map::new(),
            // The message of serde_json may quote a claim.
            Some(claims) => serde_json::from_str(claims).map_err(|_| {
                let id = &self.id;
                Error::misconfigured(format!("the claims of token `{id}` are no JSON object"))
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
    fn an_identity_has_what_the_record_has() {
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
    fn typed_claims_are_the_records_and_then_its_further_ones() {
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
    fn claims_that_are_no_object_are_the_services_fault_and_quoted_nowhere() {
        for claims in ["", "s3cret", r#"["s3cret"]"#, r#"{"s3cret""#] {
            let record = TokenRecord::new("42", "alice").claims_json(claims);
            let error = record.to_identity(None).unwrap_err();
            assert_eq!(error.status(), 500);
            assert!(!format!("{record:?} {error:?}").contains("s3cret"));
        }
    }
}
