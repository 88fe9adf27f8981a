//! Whether a verifier can judge tokens, and why not.

use std::{sync::Arc, time::Duration};

/// Whether the keys of an issuer are at hand: for a health check, or a look at what goes on.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use portcullis::{Algorithm, testing::{Fault, TestIssuer}};
///
/// let issuer = TestIssuer::new();
/// issuer.publish(Algorithm::Es256);
/// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
/// assert!(!verifier.readiness().is_ready());
///
/// issuer.fail(Fault::Status(500));
/// assert_eq!(verifier.warm_up().await.unwrap_err().status(), 503);
/// assert!(verifier.readiness().last_error().unwrap().contains("status 500"));
///
/// issuer.recover();
/// issuer.clock().advance(verifier.readiness().next_fetch().unwrap());
/// verifier.warm_up().await.unwrap();
/// assert!(verifier.readiness().is_ready());
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Readiness {
    pub(crate) issuer: Arc<str>,
    pub(crate) is_ready: bool,
    pub(crate) keys: usize,
    pub(crate) age: Option<Duration>,
    pub(crate) last_error: Option<String>,
    pub(crate) next_fetch: Option<Duration>,
}

impl Readiness {
    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether there are keys that may be used now: given ones, fresh ones, or those that serve
    /// through an outage.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// How many keys there are.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// How long ago the keys were fetched. `None` for given keys, or none.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// Why the last fetch failed, with its causes; `None` if it didn't.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// How long until a request starts the next fetch: the rest of the pause after a failure, or
    /// the time to the refresh. `None` for given keys.
    #[must_use]
    pub fn next_fetch(&self) -> Option<Duration> {
        self.next_fetch
    }
}
