//! The configuration of [`Dpop`].

use std::{fmt, hash::BuildHasherDefault, sync::Arc, time::Duration};

use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

use super::{
    memory_replay_store::MemoryReplayStore,
    nonce::Nonces,
    replay::ReplayStore,
    target::PublicUrl,
    verifier::{Dpop, Inner},
};
use crate::{
    Algorithm, Clock, ConfigError, Secret,
    clock::SystemClock,
    jose::crypto::{self, MlDsa},
};

/// The minimum length of a secret for nonces, in bytes.
const MIN_SECRET: usize = 32;

/// The shortest and the longest lifetime of a nonce.
const NONCE_LIFETIMES: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_secs(24 * 60 * 60);

/// The maximum number of cached keys.
const KEYS: usize = 10_000;

/// A builder for [`Dpop`].
///
/// ```
/// use portcullis::binding::Dpop;
///
/// let error = Dpop::builder("api.example").build().unwrap_err();
/// assert_eq!(error.to_string(), "public URL `api.example`: not an absolute URL");
/// ```
#[must_use]
pub struct DpopBuilder {
    public_url: String,
    algorithms: Vec<Algorithm>,
    secrets: Option<(Secret, Option<Secret>)>,
    nonce_lifetime: Duration,
    replays: Option<Arc<dyn ReplayStore>>,
    clock: Arc<dyn Clock>,
    is_required: bool,
}

impl DpopBuilder {
    pub(super) fn new(public_url: String) -> Self {
        Self {
            public_url,
            algorithms: default_algorithms(),
            secrets: None,
            nonce_lifetime: Duration::from_secs(5 * 60),
            replays: None,
            clock: Arc::new(SystemClock),
            is_required: false,
        }
    }

    /// Rejects tokens without a binding. By default, they are accepted as Bearer tokens, and a proof is
    /// required only for bound tokens.
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Requires nonces ([RFC 9449 §9]), which are generated with this secret of at least 32 bytes. All replicas
    /// must have the same secret. By default, no nonce is required, and the age of a proof is determined by its
    /// `iat`.
    ///
    /// A nonce limits how long a proof can be prepared in advance, and makes the client's clock irrelevant.
    ///
    /// [RFC 9449 §9]: https://www.rfc-editor.org/rfc/rfc9449#section-9
    pub fn nonces(mut self, secret: impl Into<Secret>) -> Self {
        self.secrets = Some((secret.into(), None));
        self
    }

    /// Requires nonces like [`nonces`](Self::nonces), and also accepts those that were generated with the
    /// previous secret. To change the secret, first configure both on all replicas, then remove the previous
    /// one.
    pub fn nonces_during_change(
        mut self,
        current: impl Into<Secret>,
        previous: impl Into<Secret>,
    ) -> Self {
        self.secrets = Some((current.into(), Some(previous.into())));
        self
    }

    /// Sets how long a nonce is accepted, from 10 s to 24 h. The default is 5 minutes. A client that uses a
    /// nonce past half of its lifetime gets a new one with the response.
    pub fn nonce_lifetime(mut self, lifetime: Duration) -> Self {
        self.nonce_lifetime = lifetime;
        self
    }

    /// Sets the accepted algorithms of proofs. By default, all asymmetric algorithms except ML-DSA are accepted.
    ///
    /// A proof with ML-DSA is 6 to 12 KB long, because it contains the public key as well as a signature, and
    /// each request contains a proof in addition to its token. Many servers reject headers of that size, so
    /// ML-DSA must be enabled explicitly.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets the store for used proofs. The default is a [`MemoryReplayStore`], which is for a single
    /// process.
    pub fn replay_store(mut self, store: impl ReplayStore) -> Self {
        self.replays = Some(Arc::new(store));
        self
    }

    /// Sets the clock. The default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the public URL isn't absolute or has a query, if a secret is too short, if
    /// the lifetime of nonces is out of range, or if the list of algorithms is empty, or contains a symmetric
    /// one, or ML-DSA in a build that doesn't implement it.
    pub fn build(self) -> Result<Dpop, ConfigError> {
        let public_url = PublicUrl::parse(&self.public_url).map_err(|problem| {
            ConfigError::new("public URL", self.public_url, problem.to_string())
        })?;
        if self.algorithms.is_empty() {
            return Err(ConfigError::new("DPoP algorithms", "[]", "at least one is needed"));
        }
        if let Some(one) = self.algorithms.iter().find(|one| one.is_symmetric()) {
            return Err(ConfigError::new("DPoP algorithm", one.name(), "must be asymmetric"));
        }
        if let Some(one) = self.algorithms.iter().find(|one| !crypto::supports(**one)) {
            return Err(ConfigError::new("DPoP algorithm", one.name(), crypto::UNSUPPORTED));
        }
        if !NONCE_LIFETIMES.contains(&self.nonce_lifetime) {
            let seconds = format!("{} s", self.nonce_lifetime.as_secs());
            return Err(ConfigError::new("nonce lifetime", seconds, "must be from 10 s to 24 h"));
        }
        let nonces = match self.secrets {
            None => None,
            Some((current, previous)) => {
                for secret in [Some(&current), previous.as_ref()].into_iter().flatten() {
                    let length = secret.expose().len();
                    if length < MIN_SECRET {
                        let problem = "must have at least 32 bytes";
                        return Err(ConfigError::new(
                            "nonce secret",
                            format!("{length} bytes"),
                            problem,
                        ));
                    }
                }
                Some(Nonces::new(&current, previous.as_ref(), self.nonce_lifetime))
            }
        };
        let clock = self.clock;
        let replays = self
            .replays
            .unwrap_or_else(|| Arc::new(MemoryReplayStore::new().clock(Arc::clone(&clock))));
        Ok(Dpop::new(Inner {
            public_url,
            algorithms: self.algorithms.into_iter().collect(),
            nonces,
            replays,
            clock,
            is_required: self.is_required,
            keys: Cache::with(
                KEYS,
                KEYS as u64,
                UnitWeighter,
                BuildHasherDefault::default(),
                DefaultLifecycle::default(),
            ),
        }))
    }
}

fn default_algorithms() -> Vec<Algorithm> {
    Algorithm::ASYMMETRIC.into_iter().filter(|one| MlDsa::of(*one).is_none()).collect()
}

impl fmt::Debug for DpopBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopBuilder")
            .field("public_url", &self.public_url)
            .field("algorithms", &self.algorithms)
            .field("nonces", &self.secrets.is_some())
            .field("is_required", &self.is_required)
            .finish_non_exhaustive()
    }
}
