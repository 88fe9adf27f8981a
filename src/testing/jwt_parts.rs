//! The header and the claims of a JWT, which a test can change, and its compact serialization.

use serde_json::{Map, Value};

use crate::jose::base64url;

/// The header and the claims of a JWT that is being built.
#[derive(Debug, Clone)]
pub(super) struct JwtParts {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl JwtParts {
    /// # Panics
    ///
    /// Panics if one of them isn't an object.
    pub(super) fn new(header: Value, claims: Value) -> Self {
        let (Value::Object(header), Value::Object(claims)) = (header, claims) else {
            unreachable!("two objects")
        };
        Self { header, claims }
    }

    pub(super) fn set_claim(&mut self, name: &str, value: Value) {
        self.claims.insert(name.to_owned(), value);
    }

    pub(super) fn remove_claim(&mut self, name: &str) {
        self.claims.remove(name);
    }

    pub(super) fn set_header(&mut self, name: &str, value: Value) {
        self.header.insert(name.to_owned(), value);
    }

    pub(super) fn remove_header(&mut self, name: &str) {
        self.header.remove(name);
    }

    pub(super) fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// Returns the header as JSON.
    pub(super) fn header_text(&self) -> String {
        Value::from(self.header.clone()).to_string()
    }

    /// Returns the claims as JSON.
    pub(super) fn claims_text(&self) -> String {
        Value::from(self.claims.clone()).to_string()
    }

    pub(super) fn into_claims(self) -> Value {
        self.claims.into()
    }

    /// Returns the compact serialization of a JWS with this header and these claims (RFC 7515 §7.1).
    pub(super) fn compact(
        header: &str,
        claims: &str,
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> String {
        let message = [header, claims].map(|part| base64url::encode(part.as_bytes())).join(".");
        let signature = base64url::encode(&sign(message.as_bytes()));
        [message, signature].join(".")
    }
}
