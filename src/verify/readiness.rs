//! The state of an issuer's keys, for health checks.

use std::{sync::Arc, time::Duration};

/// The state of an issuer's keys, for health checks and diagnostics.
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
    /// Returns the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns whether there are usable keys: configured keys, fetched keys that haven't expired,
    /// or expired ones that are still used during an outage of the issuer.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Returns the number of keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// Returns the time since the keys were fetched. `None` for configured keys, and if no keys
    /// have been fetched.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// Returns the error of the last fetch, with its causes. `None` if the fetch succeeded.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Returns the time after which a request starts the next fetch: the rest of the backoff after
    /// a failure, or the time until the refresh. `None` for configured keys.
    #[must_use]
    pub fn next_fetch(&self) -> Option<Duration> {
        self.next_fetch
    }
}
