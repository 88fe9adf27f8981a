//! Key sets from a source of the `jwks_client_rs` crate.

use std::{fmt, sync::Arc};

use http::HeaderValue;
use jwks_client_rs::{JsonWebKey, source::JwksSource};
use serde_json::{Value, json};

use super::{
    KeySet, KeyUse,
    fetch::{FetchError, FetchFuture, FetchKeys, Fetched},
};
use crate::{
    error::redacted,
    http_client::{FETCH_TIMEOUT, HttpError},
};

/// An adapter for a source, so that its keys are cached, refreshed and retained like those that are
/// fetched over HTTP.
pub(crate) struct SourceKeys<S> {
    source: Arc<S>,
    max_keys: usize,
}

impl<S> SourceKeys<S> {
    pub(crate) fn new(source: S, max_keys: usize) -> Self {
        Self { source: Arc::new(source), max_keys }
    }
}

impl<S: JwksSource + Send + Sync + 'static> FetchKeys for SourceKeys<S> {
    fn fetch(&self, _etag: Option<HeaderValue>) -> FetchFuture {
        let (source, max_keys) = (Arc::clone(&self.source), self.max_keys);
        Box::pin(async move {
            // A source may have no timeout.
            let keys = tokio::time::timeout(FETCH_TIMEOUT, source.fetch_keys()).await;
            let keys = keys.map_err(|_| FetchError::Source(HttpError::timed_out().into()))?;
            let keys = keys.map_err(|error| FetchError::Source(redacted(error.into())))?.keys();
            let keys: Vec<_> = keys.iter().map(jwk).collect();
            let keys = KeySet::from_values(&keys, max_keys, KeyUse::Signature)
                .map_err(|error| FetchError::Source(error.into()))?;
            Ok(Fetched { keys: Some(keys), etag: None, freshness: None })
        })
    }
}

/// Converts a key back into a JWK. The crate provides `use` only for RSA keys.
fn jwk(key: &JsonWebKey) -> Value {
    let mut jwk = match key {
        JsonWebKey::Ec(ec) => {
            json!({ "kty": "EC", "crv": ec.curve(), "x": ec.x(), "y": ec.y() })
        }
        JsonWebKey::Okp(okp) => json!({ "kty": "OKP", "crv": okp.curve(), "x": okp.x() }),
        JsonWebKey::Rsa(rsa) => {
            // The type of `use` can't be named outside of the crate, but implements `Debug`.
            let is_for_encryption = rsa.r#use().is_some_and(|it| format!("{it:?}") == "Enc");
            let public_key_use = if is_for_encryption { "enc" } else { "sig" };
            json!({ "kty": "RSA", "n": rsa.modulus(), "e": rsa.exponent(), "use": public_key_use })
        }
    };
    if let Value::Object(members) = &mut jwk {
        members.insert("kid".to_owned(), key.key_id().into());
        if let Some(algorithm) = key.alg() {
            members.insert("alg".to_owned(), algorithm.into());
        }
    }
    jwk
}

impl<S> fmt::Debug for SourceKeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceKeys({})", std::any::type_name::<S>())
    }
}
