//! The checks of a proof, in order of their cost (RFC 9449 §4.3).

use std::{fmt, hash::BuildHasherDefault, sync::Arc, time::Duration};

use http::HeaderValue;
use quick_cache::{UnitWeighter, sync::Cache};

use super::{
    builder::DpopBuilder,
    nonce::Nonces,
    proof::{DecodedProof, Proof},
    replay::{ReplayKey, ReplayState, ReplayStore},
    target::PublicUrl,
};
use crate::{
    Algorithm, Clock, Error, ErrorKind, TokenFault,
    claims::NumericDate,
    error::DpopFault,
    identity::Confirmation,
    jose::{algorithm::AlgorithmSet, base64url, crypto::VerifyingKey},
    verify::{
        binding::verdict::{BindingVerdict, BoundRequest},
        digest_hasher::DigestHasher,
    },
};

/// How old a proof may be if no nonce says when it was made.
pub(super) const MAX_AGE: Duration = Duration::from_secs(60);

/// How far the client's clock may be ahead.
const MAX_AHEAD: Duration = Duration::from_secs(5);

/// Verifies that the client of a request has the key that its token is bound to ([RFC 9449]).
///
/// Pass it to [`AuthenticateLayer::dpop`](crate::AuthenticateLayer::dpop). Clones share nonces and replays.
///
/// ```
/// use portcullis::{Secret, binding::Dpop};
///
/// let dpop = Dpop::builder("https://api.example")
///     .nonces(Secret::from("a secret of 32 bytes or more, the same on all replicas"))
///     .build()?;
/// # let _ = dpop;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// # What is checked
///
/// In this order, so that a forged proof costs no more than a forged token:
///
/// 1. there is one `DPoP` header, with a JWT of at most 8 KiB whose `typ` is `dpop+jwt`, whose `alg` is accepted and
///    asymmetric, and whose `jwk` is a public key;
/// 2. `htm` is the method of the request, and `htu` its URL under the public URL, without query and fragment;
/// 3. `nonce` is one of this service that hasn't expired, if nonces are configured; else `iat` is at most 60 s
///    before and 5 s after the current time;
/// 4. `ath` is the digest of the token;
/// 5. the key's thumbprint is the one in the token's `cnf`;
/// 6. the signature is valid;
/// 7. `jti` hasn't been used with this key.
///
/// Proofs are never cached: each is verified, for cached tokens too.
///
/// [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449
#[derive(Clone)]
pub struct Dpop(Arc<Inner>);

pub(super) struct Inner {
    pub(super) public_url: PublicUrl,
    pub(super) algorithms: AlgorithmSet,
    pub(super) nonces: Option<Nonces>,
    pub(super) replays: Arc<dyn ReplayStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) is_required: bool,
    /// Decoded keys by thumbprint. Only keys of verified tokens enter.
    pub(super) keys:
        Cache<[u8; 32], Arc<VerifyingKey>, UnitWeighter, BuildHasherDefault<DigestHasher>>,
}

impl Dpop {
    /// Creates a builder. `public_url` is the URL under which clients reach the service, such as
    /// `https://api.example`, with the path that a proxy removes, if it does. `htu` is compared with it, never with
    /// what a request says in `Host`.
    pub fn builder(public_url: impl Into<String>) -> DpopBuilder {
        DpopBuilder::new(public_url.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns whether tokens without a binding are rejected.
    pub(crate) fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// Returns the algorithms for `algs` in a challenge, separated by spaces.
    pub(crate) fn algorithms(&self) -> String {
        let names =
            Algorithm::ASYMMETRIC.into_iter().filter(|one| self.0.algorithms.contains(*one));
        names.map(Algorithm::name).collect::<Vec<_>>().join(" ")
    }

    /// Makes a nonce for the client's next proof, if nonces are configured.
    pub(in crate::verify::binding) fn new_nonce(&self) -> Option<HeaderValue> {
        // base64url, which is valid in a header.
        HeaderValue::try_from(self.0.nonces.as_ref()?.make(self.now())).ok()
    }

    /// Verifies the proof of a request whose token has been verified and is bound to a key.
    pub(in crate::verify::binding) fn verify(
        &self,
        request: BoundRequest<'_>,
        confirmation: &Confirmation,
    ) -> BindingVerdict {
        let decoded = DecodedProof::of_request(request.headers);
        let checked = decoded.map_err(Error::from).and_then(|decoded| {
            let proof = decoded.read()?;
            self.0.check(&proof, request, confirmation)
        });
        let Checked { key, expires_at, renews_nonce } = match checked {
            Ok(checked) => checked,
            Err(error) => return BindingVerdict::Rejected(error),
        };
        // A date that the system's clock can't express is far in the future.
        let Some(expires_at) = expires_at.to_system_time() else {
            return BindingVerdict::Rejected(DpopFault::Time.into());
        };
        match self.0.replays.insert(key, expires_at).0 {
            ReplayState::Ready(is_new) => match accept_new(is_new) {
                Ok(()) => BindingVerdict::Verified { renews_nonce },
                Err(error) => BindingVerdict::Rejected(error),
            },
            ReplayState::Pending(is_new) => BindingVerdict::Pending {
                outcome: Box::pin(async { accept_new(is_new.await) }),
                renews_nonce,
            },
        }
    }

    fn now(&self) -> NumericDate {
        self.0.now()
    }
}

/// Rejects a proof that the store knows.
fn accept_new(is_new: Result<bool, Error>) -> Result<(), Error> {
    if is_new? { Ok(()) } else { Err(DpopFault::Replayed.into()) }
}

/// A proof that is valid if it is new.
struct Checked {
    key: ReplayKey,
    /// When the proof is no longer accepted, whether it is stored or not.
    expires_at: NumericDate,
    /// Whether the nonce is past half its lifetime.
    renews_nonce: bool,
}

impl Inner {
    fn check(
        &self,
        proof: &Proof<'_>,
        request: BoundRequest<'_>,
        confirmation: &Confirmation,
    ) -> Result<Checked, Error> {
        let claims = &proof.claims;
        if !self.algorithms.contains(proof.algorithm) {
            return Err(DpopFault::Algorithm.into());
        }
        if claims.htm != request.method.as_str() {
            return Err(DpopFault::Method.into());
        }
        if !self.public_url.matches(&claims.htu, request.path) {
            return Err(DpopFault::Url.into());
        }
        let now = self.now();
        let (expires_at, renews_nonce) = self.check_time(proof, now)?;
        let mut buffer = [0; 34];
        let ath = claims.ath.as_deref().and_then(|ath| base64url::decode_into(ath, &mut buffer));
        if ath != Some(&confirmation.token_hash(request.token)[..]) {
            return Err(DpopFault::TokenHash.into());
        }
        let thumbprint = proof.jwk.thumbprint();
        if Some(thumbprint) != confirmation.key_thumbprint() {
            return Err(TokenFault::Binding.into());
        }
        let (message, signature) = proof.signed()?;
        let cached = self.keys.get(thumbprint);
        let key = match &cached {
            Some(key) => Arc::clone(key),
            None => Arc::new(proof.jwk.verifying_key()?),
        };
        if !key.verify(proof.algorithm, message, &signature) {
            return Err(DpopFault::Signature.into());
        }
        if cached.is_none() {
            self.keys.insert(*thumbprint, key);
        }
        Ok(Checked { key: ReplayKey::new(thumbprint, &claims.jti), expires_at, renews_nonce })
    }

    /// Checks when the proof was made. Returns when it is no longer accepted, which is how long it has to be stored,
    /// and whether its nonce is old.
    fn check_time(
        &self,
        proof: &Proof<'_>,
        now: NumericDate,
    ) -> Result<(NumericDate, bool), Error> {
        let claims = &proof.claims;
        if let Some(nonces) = &self.nonces {
            let nonce = claims.nonce.as_deref();
            let made_at = nonce.and_then(|nonce| nonces.verify(nonce, now));
            let made_at = made_at.ok_or(ErrorKind::UseDpopNonce)?;
            return Ok((nonces.expiry(made_at), nonces.is_old(made_at, now)));
        }
        let expires_at = claims.issued_at.saturating_add(MAX_AGE);
        if now >= expires_at || claims.issued_at > now.saturating_add(MAX_AHEAD) {
            return Err(DpopFault::Time.into());
        }
        Ok((expires_at, false))
    }

    fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop")
            .field("public_url", &self.0.public_url)
            .field("algorithms", &self.0.algorithms)
            .field("nonces", &self.0.nonces.is_some())
            .field("replays", &self.0.replays)
            .field("is_required", &self.0.is_required)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests report by panic")]
mod tests {
    use std::time::SystemTime;

    use http::{HeaderMap, Method};

    use super::*;
    use crate::scheme::Scheme;

    #[derive(Debug)]
    struct At(u64);

    impl Clock for At {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)
        }
    }

    /// The protected resource request of RFC 9449 §7.1, with the thumbprint of §6.1.
    #[test]
    fn the_request_of_rfc_9449_section_7_1() {
        let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        let thumbprint: [u8; 32] = base64url::decode("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
            .unwrap()
            .try_into()
            .unwrap();
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("dpop"),
            HeaderValue::from_static(proof),
        )]);
        let verify = |time: u64, method, path, token: &str, thumbprint: &[u8; 32]| {
            let token = token.as_bytes();
            let dpop =
                Dpop::builder("https://resource.example.org").clock(At(time)).build().unwrap();
            let scheme = Scheme::Dpop;
            let extensions = &http::Extensions::new();
            let request =
                BoundRequest { method, path, headers: &headers, extensions, scheme, token };
            let outcome = |outcome| match outcome {
                BindingVerdict::Verified { .. } => Ok(()),
                BindingVerdict::Rejected(error) => Err(error.kind()),
                BindingVerdict::Pending { .. } => panic!("the store is in memory"),
            };
            let first = outcome(dpop.verify(request, &Confirmation::dpop(*thumbprint)));
            if first.is_ok() {
                let second = outcome(dpop.verify(request, &Confirmation::dpop(*thumbprint)));
                assert_eq!(second, Err(DpopFault::Replayed.into()));
            }
            first
        };
        let path = "/protectedresource";
        let rejected = |fault: DpopFault| Err(fault.into());
        let time = 1_562_262_618;
        for (time, method, path, token, thumbprint, expected) in [
            (time, &Method::GET, path, token, &thumbprint, Ok(())),
            (time + 59, &Method::GET, path, token, &thumbprint, Ok(())),
            (time - 5, &Method::GET, path, token, &thumbprint, Ok(())),
            (time + 60, &Method::GET, path, token, &thumbprint, rejected(DpopFault::Time)),
            (time - 6, &Method::GET, path, token, &thumbprint, rejected(DpopFault::Time)),
            (time, &Method::POST, path, token, &thumbprint, rejected(DpopFault::Method)),
            (time, &Method::GET, "/other", token, &thumbprint, rejected(DpopFault::Url)),
            (time, &Method::GET, path, "other", &thumbprint, rejected(DpopFault::TokenHash)),
            (time, &Method::GET, path, token, &[0; 32], Err(TokenFault::Binding.into())),
        ] {
            let outcome = verify(time, method, path, token, thumbprint);
            assert_eq!(outcome, expected, "{time} {method} {path} {token}");
        }
    }
}
