//! One trusted issuer: its rules, its keys, and the judgement of its tokens.

use std::{fmt, sync::Arc};

use super::{
    compact::Compact,
    header::Header,
    key_source::{KeySource, Keys, KeysRef},
    payload::Payload,
    rules::Rules,
};
use crate::claims::scope_claim::ScopeClaim;
use crate::{
    Clock, Error, Identity, TokenFault,
    claims::NumericDate,
    jose::{algorithm::AlgorithmSet, base64url},
    verify::{
        Readiness,
        jwks::{Key, KeySet, Waiter},
    },
};

/// The longest signature of an algorithm that we verify: RSA with 8192 bits.
const MAX_SIGNATURE: usize = 1024;

pub(crate) type ClaimCheck = dyn Fn(&Identity) -> Result<(), Error> + Send + Sync;

/// What a verifier knows of one issuer.
pub(crate) struct Issuer {
    pub(crate) rules: Rules,
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) scope_claims: Vec<ScopeClaim>,
    pub(crate) checks: Vec<Box<ClaimCheck>>,
    pub(crate) keys: KeySource,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A token of which the header was read.
struct Opened<'a> {
    compact: Compact<'a>,
    header: Header,
}

/// A token that was read, and judged by nobody.
pub(crate) struct Unverified<'a> {
    compact: Compact<'a>,
    pub(crate) header: Header,
    pub(crate) payload: Payload,
}

/// A token that was found good.
pub(crate) struct Judged {
    pub(crate) identity: Identity,
    /// The key set that verified it.
    pub(crate) generation: u64,
}

/// Why a judgement ends without an identity.
pub(crate) enum Stop {
    Refused(Error),
    /// Keys are on their way; ask again when they are there.
    Wait(Waiter),
}

/// What the keys at hand say of a signature.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    Valid,
    Invalid(TokenFault),
    /// Invalid by these keys; newer ones may say otherwise.
    InvalidUntilNewer(TokenFault),
}

impl<'a> Opened<'a> {
    fn open(token: &'a str) -> Result<Self, TokenFault> {
        let compact = Compact::split(token)?;
        Ok(Self { header: Header::read(compact.header)?, compact })
    }

    /// Reads the rest. `choose` finds who judges the token, by the issuer that it names.
    fn read<'i, E: From<TokenFault>>(
        self,
        choose: impl FnOnce(Option<&str>) -> Result<&'i Arc<Issuer>, E>,
    ) -> Result<(Unverified<'a>, &'i Arc<Issuer>), E> {
        let Self { compact, header } = self;
        let choose =
            |name: Option<&str>| choose(name).map(|issuer| (issuer, &*issuer.scope_claims));
        let (payload, issuer) = Payload::read(compact.payload, choose)?;
        Ok((Unverified { compact, header, payload }, issuer))
    }
}

impl<'a> Unverified<'a> {
    /// Reads a token. `choose` finds who judges it, by the issuer that it names.
    pub(crate) fn read<'i, E: From<TokenFault>>(
        token: &'a str,
        choose: impl FnOnce(Option<&str>) -> Result<&'i Arc<Issuer>, E>,
    ) -> Result<(Self, &'i Arc<Issuer>), E> {
        Opened::open(token)?.read(choose)
    }

    pub(crate) fn check_signature(&self, keys: &KeySet) -> Signature {
        let Header { algorithm, kid, .. } = &self.header;
        let mut buffer = [0; MAX_SIGNATURE];
        let Some(signature) = base64url::decode_into(self.compact.signature, &mut buffer) else {
            return Signature::Invalid(TokenFault::Signature);
        };
        let message = self.compact.signing_input.as_bytes();
        let is_signer = |key: &Key| key.verify(*algorithm, message, signature);
        let kid = kid.as_deref();
        if keys.candidates(kid, *algorithm).any(is_signer) {
            return Signature::Valid;
        }
        let fault = keys.misfit(kid, *algorithm).unwrap_or(TokenFault::Signature);
        if kid.is_some_and(|kid| keys.knows(kid)) {
            Signature::Invalid(fault)
        } else {
            // Keys without a name were tried, or none at all.
            Signature::InvalidUntilNewer(fault)
        }
    }
}

impl Issuer {
    /// The name that its tokens have in `iss`.
    pub(crate) fn name(&self) -> &str {
        &self.rules.issuer
    }

    /// Has keys fetched, if there are none, and then waits for them: the fetch is under way before
    /// anyone does.
    pub(crate) fn warm_up(&self) -> impl Future<Output = Result<(), Error>> + Send {
        let fetch = self.keys.bring(self.now());
        async {
            let Some(mut waiter) = fetch? else { return Ok(()) };
            waiter.wait().await;
            self.keys.settled(self.now()).map(drop)
        }
    }

    /// Has figures call it by another name.
    pub(crate) fn label(&self, label: &Arc<str>) {
        self.keys.label(label);
    }

    pub(crate) fn readiness(&self) -> Readiness {
        self.keys.readiness(self.name(), self.now())
    }

    /// Judges a token of which the issuer isn't asked first, as where there is but one.
    pub(crate) fn judge_only(self: &Arc<Self>, token: &str) -> Result<Judged, Stop> {
        let opened = Opened::open(token)?;
        self.glance(&opened.header)?;
        let (token, issuer) = opened.read(|_| Ok::<_, Stop>(self))?;
        issuer.judge(token)
    }

    /// Refuses a header that no key of this issuer's is for, so that made-up keys cost little. Where that
    /// may need a fetch it is left to the judgement of the whole.
    fn glance(&self, header: &Header) -> Result<(), TokenFault> {
        if !self.algorithms.contains(header.algorithm) {
            return Err(TokenFault::Algorithm);
        }
        self.keys.misfit(header, self.now()).map_or(Ok(()), Err)
    }

    /// Judges a token that names this issuer.
    pub(crate) fn judge(&self, token: Unverified<'_>) -> Result<Judged, Stop> {
        let now = self.now();
        self.judge_claims(&token, now)?;
        let keys = match self.keys.current(now) {
            Keys::Ready(keys) => keys,
            Keys::Wait(waiter) => return Err(Stop::Wait(waiter)),
            Keys::Refuse(error) => return Err(Stop::Refused(error)),
        };
        match token.check_signature(&keys) {
            Signature::Valid => Ok(self.accept(token.payload, &keys)?),
            Signature::Invalid(fault) => Err(fault.into()),
            Signature::InvalidUntilNewer(fault) => {
                Err(Stop::Wait(self.keys.newer(now, keys.generation(), fault.into())?))
            }
        }
    }

    /// Judges a token, and waits for keys where it must.
    pub(crate) async fn judge_in_time(self: &Arc<Self>, token: &str) -> Result<Judged, Error> {
        let judged = Unverified::read(token, |_| Ok::<_, Stop>(self))
            .and_then(|(unverified, issuer)| issuer.judge(unverified));
        match judged {
            Ok(judged) => Ok(judged),
            Err(Stop::Refused(error)) => Err(error),
            Err(Stop::Wait(waiter)) => self.judge_later(token, waiter).await,
        }
    }

    /// Judges a token after `waiter`, with whatever keys there are then.
    pub(crate) async fn judge_later(
        self: &Arc<Self>,
        token: &str,
        mut waiter: Waiter,
    ) -> Result<Judged, Error> {
        loop {
            let landed = waiter.wait().await;
            let (token, _) = Unverified::read(token, |_| Ok::<_, Error>(self))?;
            let now = self.now();
            self.judge_claims(&token, now)?;
            let keys = self.keys.settled(now)?;
            return match token.check_signature(&keys) {
                Signature::Valid => self.accept(token.payload, &keys),
                Signature::Invalid(fault) => Err(fault.into()),
                // Patience is for keys that are known. This one may be on its way.
                Signature::InvalidUntilNewer(_) if !landed => continue,
                Signature::InvalidUntilNewer(fault) => {
                    Err(self.keys.still_unknown(now, fault.into()))
                }
            };
        }
    }

    /// All that needs no key. What fails here never causes a fetch.
    fn judge_claims(&self, token: &Unverified<'_>, now: NumericDate) -> Result<(), TokenFault> {
        if !self.algorithms.contains(token.header.algorithm) {
            return Err(TokenFault::Algorithm);
        }
        self.rules.judge(token.header.token_type, &token.payload, now)
    }

    /// Whether a token that was found good by the keys of `generation` still is.
    pub(crate) fn stands_by(&self, identity: &Identity, generation: u64) -> bool {
        let now = self.now();
        let same_keys = match self.keys.current(now) {
            Keys::Ready(keys) => keys.generation() == generation,
            Keys::Wait(_) | Keys::Refuse(_) => false,
        };
        same_keys
            && self.rules.judge_times(identity.registered(), now).is_ok()
            && self.check(identity).is_ok()
    }

    fn accept(&self, payload: Payload, keys: &KeysRef<'_>) -> Result<Judged, Error> {
        let identity = Identity::new(payload.raw, payload.registered, payload.scopes);
        self.check(&identity)?;
        Ok(Judged { identity, generation: keys.generation() })
    }

    /// The checks of the service's own.
    fn check(&self, identity: &Identity) -> Result<(), Error> {
        self.checks.iter().try_for_each(|check| check(identity))
    }

    pub(crate) fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("rules", &self.rules)
            .field("algorithms", &self.algorithms)
            .field("scope_claims", &self.scope_claims)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}
