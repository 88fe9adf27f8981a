//! The verification of a JWT access token, cheap checks first.

use std::{fmt, sync::Arc};

use super::{
    JwtVerifierBuilder,
    builder::AudienceMissing,
    compact::Compact,
    header::Header,
    key_source::{KeySource, Keys},
    payload::Payload,
    rules::Rules,
    scope_claim::ScopeClaim,
};
use crate::{
    BearerToken, Clock, Error, Identity, TokenFault, Verification, Verify,
    algorithm::AlgorithmSet,
    base64url,
    claims::NumericDate,
    jwks::{Key, KeySet, Waiter},
};

/// The longest signature of an algorithm that we verify: RSA with 8192 bits.
const MAX_SIGNATURE: usize = 1024;

/// Verifies JWT access tokens of one issuer ([RFC 7519], [RFC 9068], [RFC 8725]).
///
/// ```
/// use portcullis::JwtVerifier;
///
/// let verifier = JwtVerifier::builder("https://as.example")
///     .audience("https://api.example")
///     .jwks_uri("https://as.example/jwks")
///     .build()?;
/// # let _ = verifier;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// What a token must pass, in this order: three parts; a header with a known `alg`, an acceptable
/// `typ` and no `crit`; claims without duplicates, with our `iss`, our `aud`, an `exp` to come and no
/// `nbf` or `iat` to come; a key of the issuer's that fits; the signature; the checks of your own.
///
/// Keys that aren't given are fetched when the first token needs them, so building it asks no one.
/// A clone shares keys and caches.
///
/// [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519
/// [RFC 8725]: https://www.rfc-editor.org/rfc/rfc8725
/// [RFC 9068]: https://www.rfc-editor.org/rfc/rfc9068
#[derive(Clone)]
pub struct JwtVerifier(Arc<Verifier>);

pub(super) type ClaimCheck = dyn Fn(&Identity) -> Result<(), Error> + Send + Sync;

pub(super) struct Verifier {
    pub(super) rules: Rules,
    pub(super) algorithms: AlgorithmSet,
    pub(super) scope_claims: Vec<ScopeClaim>,
    pub(super) checks: Vec<Box<ClaimCheck>>,
    pub(super) keys: KeySource,
    pub(super) clock: Arc<dyn Clock>,
}

/// A token whose claims are acceptable, if only its signature is.
struct Unverified<'a> {
    compact: Compact<'a>,
    header: Header,
    payload: Payload,
}

/// What the keys at hand say of a signature.
#[derive(Debug, PartialEq, Eq)]
enum Signature {
    Valid,
    Invalid(TokenFault),
    /// Invalid by these keys; newer ones may say otherwise.
    InvalidUntilNewer(TokenFault),
}

impl JwtVerifier {
    /// Begins with the issuer: what `iss` must be, byte for byte. It is an `https` URL; loopback may
    /// go without TLS.
    pub fn builder(issuer: impl Into<String>) -> JwtVerifierBuilder<AudienceMissing> {
        JwtVerifierBuilder::new(issuer.into())
    }

    pub(super) fn new(verifier: Verifier) -> Self {
        Self(Arc::new(verifier))
    }
}

impl Verify<BearerToken<'_>> for JwtVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let verifier = &self.0;
        let now = verifier.now();
        match verifier.verify(token.as_str(), now) {
            Ok(identity) => Verification::ready(Ok(identity)),
            Err(Stop::Refused(error)) => Verification::ready(Err(error)),
            Err(Stop::Wait(waiter)) => {
                let (verifier, token) = (Arc::clone(verifier), token.into_owned());
                Verification::pending(async move {
                    waiter.wait().await;
                    verifier.verify_with_settled_keys(token.as_str())
                })
            }
        }
    }
}

/// Why a verification ends without an identity.
enum Stop {
    Refused(Error),
    Wait(Waiter),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl Verifier {
    fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }

    fn verify(&self, token: &str, now: NumericDate) -> Result<Identity, Stop> {
        let token = self.judge_claims(token, now)?;
        let signature = match self.keys.current(now) {
            Keys::Ready(keys) => token.check_signature(&keys),
            Keys::Wait(waiter) => return Err(Stop::Wait(waiter)),
            Keys::Refuse(error) => return Err(Stop::Refused(error)),
        };
        match signature {
            Signature::Valid => Ok(self.accept(token.payload)?),
            Signature::Invalid(fault) => Err(fault.into()),
            Signature::InvalidUntilNewer(fault) => {
                Err(Stop::Wait(self.keys.newer(now, fault.into())?))
            }
        }
    }

    /// The second look, with whatever keys there are after a wait. It never waits again.
    fn verify_with_settled_keys(&self, token: &str) -> Result<Identity, Error> {
        let now = self.now();
        let token = self.judge_claims(token, now)?;
        let signature = token.check_signature(&*self.keys.settled(now)?);
        match signature {
            Signature::Valid => self.accept(token.payload),
            Signature::Invalid(fault) => Err(fault.into()),
            Signature::InvalidUntilNewer(fault) => Err(self.keys.still_unknown(now, fault.into())),
        }
    }

    /// All that needs no key. What fails here never causes a fetch.
    fn judge_claims<'a>(
        &self,
        token: &'a str,
        now: NumericDate,
    ) -> Result<Unverified<'a>, TokenFault> {
        let compact = Compact::split(token)?;
        let header = Header::read(compact.header, self.rules.profile)?;
        if !self.algorithms.contains(header.algorithm) {
            return Err(TokenFault::Algorithm);
        }
        let payload = Payload::read(compact.payload, &self.scope_claims)?;
        self.rules.judge(&payload, now)?;
        Ok(Unverified { compact, header, payload })
    }

    fn accept(&self, payload: Payload) -> Result<Identity, Error> {
        let identity = Identity::new(payload.raw, payload.registered, payload.scopes);
        self.checks.iter().try_for_each(|check| check(&identity))?;
        Ok(identity)
    }
}

impl Unverified<'_> {
    fn check_signature(&self, keys: &KeySet) -> Signature {
        let Header { algorithm, kid } = &self.header;
        let mut buffer = [0; MAX_SIGNATURE];
        let Some(signature) = base64url::decode_into(self.compact.signature, &mut buffer) else {
            return Signature::Invalid(TokenFault::Signature);
        };
        let message = self.compact.signing_input.as_bytes();
        let is_signer = |key: &Key| key.verify(*algorithm, message, signature);
        let mut candidates = keys.candidates(kid.as_deref(), *algorithm).peekable();
        let fits = candidates.peek().is_some();
        if candidates.any(is_signer) {
            return Signature::Valid;
        }
        match kid {
            Some(kid) if keys.knows(kid) => {
                Signature::Invalid(if fits { TokenFault::Signature } else { TokenFault::Algorithm })
            }
            // Keys without a name were tried, or none at all.
            _ if fits => Signature::InvalidUntilNewer(TokenFault::Signature),
            _ => Signature::InvalidUntilNewer(TokenFault::UnknownKey),
        }
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("rules", &self.0.rules)
            .field("algorithms", &self.0.algorithms)
            .field("scope_claims", &self.0.scope_claims)
            .field("keys", &self.0.keys)
            .finish_non_exhaustive()
    }
}
