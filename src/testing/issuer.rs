//! The test issuer.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::{Fault, TestClock, keys::Keys};
use crate::{Algorithm, Secret};

/// An authorization server for tests, also known as a mock issuer. Clones refer to the same issuer.
///
/// ```
/// use portcullis::{Algorithm, testing::TestIssuer};
///
/// let issuer = TestIssuer::new();
/// let token = issuer.token().algorithm(Algorithm::EdDsa).audience("https://api.example").mint();
/// assert_eq!(token.split('.').count(), 3);
/// ```
#[derive(Clone)]
pub struct TestIssuer(Arc<Inner>);

struct Inner {
    issuer: String,
    clock: TestClock,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) keys: Keys,
    pub(super) fault: Option<Fault>,
    pub(super) cache_control: Option<String>,
    pub(super) clients: BTreeMap<String, String>,
    pub(super) users: BTreeMap<String, String>,
    /// The claims of opaque tokens, by token.
    pub(super) opaque: BTreeMap<String, Value>,
    pub(super) revoked: Vec<String>,
    pub(super) requests: Vec<String>,
}

impl TestIssuer {
    /// Creates an issuer with the name `https://issuer.test`.
    #[must_use]
    pub fn new() -> Self {
        Self::named("https://issuer.test")
    }

    /// Creates an issuer with this name, which is also the base of its URLs.
    #[must_use]
    pub fn named(issuer: impl Into<String>) -> Self {
        Self::with_clock(issuer, TestClock::new())
    }

    /// Creates an issuer with this name, which uses `clock` for the times in its tokens. The clock
    /// can be a [running](TestClock::running) one.
    ///
    /// ```
    /// use portcullis::testing::{TestClock, TestIssuer};
    ///
    /// let issuer = TestIssuer::with_clock("https://issuer.test", TestClock::running());
    /// assert_eq!(issuer.issuer(), "https://issuer.test");
    /// ```
    #[must_use]
    pub fn with_clock(issuer: impl Into<String>, clock: TestClock) -> Self {
        Self(Arc::new(Inner { issuer: issuer.into(), clock, state: Mutex::default() }))
    }

    /// Returns the name of the issuer, which is the `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Returns the URL of its JWK Set.
    #[must_use]
    pub fn jwks_uri(&self) -> String {
        self.address("/jwks")
    }

    /// Returns the clock that determines the times in its tokens.
    #[must_use]
    pub fn clock(&self) -> TestClock {
        self.0.clock.clone()
    }

    /// Generates the key for `algorithm`, so that it is in the JWK Set before a token is signed with
    /// it.
    pub fn publish(&self, algorithm: Algorithm) {
        self.state().keys.signing_key(algorithm);
    }

    /// Returns the current JWK Set. It contains the keys that were used or
    /// [published](Self::publish), or otherwise a key for ES256.
    #[must_use]
    pub fn jwk_set(&self) -> String {
        self.state().keys.jwk_set().to_string()
    }

    /// Returns the secret with which tokens are signed for this HMAC algorithm.
    #[must_use]
    pub fn hmac_secret(&self, algorithm: Algorithm) -> Secret {
        let key = self.state().keys.signing_key(algorithm);
        Secret::from(key.secret().expect("an HMAC algorithm"))
    }

    /// Replaces all keys. If `keep` is true, the old public keys stay published.
    pub fn rotate_keys(&self, keep: bool) {
        self.state().keys.rotate(keep);
    }

    /// Sets the `Cache-Control` header of the JWK Set.
    pub fn set_cache_control(&self, value: impl Into<String>) {
        self.state().cache_control = Some(value.into());
    }

    /// Makes requests fail in this way, until [`recover`](Self::recover) is called.
    pub fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Ends a failure.
    pub fn recover(&self) {
        self.state().fault = None;
    }

    /// Registers a client for the token and introspection endpoints.
    pub fn register_client(&self, client_id: impl Into<String>, secret: impl Into<String>) {
        self.state().clients.insert(client_id.into(), secret.into());
    }

    /// Registers a user for the password grant.
    pub fn register_user(&self, username: impl Into<String>, password: impl Into<String>) {
        self.state().users.insert(username.into(), password.into());
    }

    /// Revokes a token. Introspection reports it as inactive from now on.
    pub fn revoke(&self, token: impl Into<String>) {
        self.state().revoked.push(token.into());
    }

    /// Returns the number of requests to `path`.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        self.state().requests.iter().filter(|asked| *asked == path).count()
    }

    /// Returns the URL of an endpoint. The name of the issuer may end in a slash, as with Auth0.
    pub(super) fn address(&self, place: &str) -> String {
        format!("{}{place}", self.issuer().trim_end_matches('/'))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}
