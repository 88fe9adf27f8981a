//! The verifier of several issuers' tokens.

use std::{collections::HashMap, fmt, sync::Arc};

use memchr::memchr_iter;

use super::IssuersBuilder;
use super::tenants::{NewTenant, Tenants};
use crate::verify::jwt::{Issuer, Judged, Memory, SeenTokens, Stop, Unverified};
use crate::{
    BearerToken, Error, Identity, TokenFault, Verification, Verify,
    verify::{Readiness, Revocation},
};

/// Verifies JWT access tokens of several issuers, each by its own rules and its own keys.
///
/// A token goes to the issuer that its `iss` names, byte for byte, and to no other. What happens to
/// one issuer touches no other: keys, fetches and failures are each issuer's own.
///
/// ```
/// use portcullis::{AuthenticateLayer, Issuers, JwtVerifier};
///
/// const API: &str = "https://api.example";
///
/// let issuers = Issuers::builder()
///     .trust(JwtVerifier::builder("https://login.example").audience(API).build()?)
///     .trust(JwtVerifier::builder("https://partner.example").audience(API).build()?)
///     .build()?;
/// let layer = AuthenticateLayer::bearer(issuers);
/// # let _ = layer;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Tokens that aren't JWTs go by their form too: those with a prefix of their own to the verifier of
/// that prefix, any other to [`opaque`](IssuersBuilder::opaque). None is tried at one verifier after
/// another.
#[derive(Clone)]
pub struct Issuers(Arc<Trusted>);

/// Who judges which tokens.
pub(super) struct Trusted {
    pub(super) by_name: HashMap<Box<str>, Trust>,
    /// Those of them whose keys are ours to know, in the order in which they were given.
    pub(super) judged_here: Vec<Arc<Issuer>>,
    pub(super) tenants: Vec<Arc<Tenants>>,
    pub(super) by_prefix: Vec<(Box<str>, Arc<TokenVerifier>)>,
    pub(super) opaque: Option<Arc<TokenVerifier>>,
    pub(super) seen: SeenTokens,
}

pub(super) type TokenVerifier = dyn for<'a> Verify<BearerToken<'a>>;

/// How tokens of one issuer are judged.
pub(super) enum Trust {
    Here(Arc<Issuer>),
    /// By a verifier that asks someone, such as the issuer.
    Elsewhere(Arc<TokenVerifier>),
}

/// Whom a token is given to.
struct Choice {
    issuer: Arc<Issuer>,
    standing: Standing,
}

/// What an issuer is to us.
enum Standing {
    Trusted,
    Tenant,
    /// A tenant that has had no good token yet, and where to say so if it has.
    Unproven(Arc<Tenants>),
}

impl Choice {
    /// Remembers what came of a token that the issuer found good.
    fn keep(&self, memory: Memory, token: &str, judged: Judged) -> Identity {
        match &self.standing {
            Standing::Trusted => return memory.keep(token, judged, &self.issuer),
            Standing::Tenant => {}
            Standing::Unproven(tenants) => tenants.prove(&self.issuer),
        }
        memory.keep_of_tenant(token, judged, &self.issuer)
    }
}

/// Why there is nobody to judge a token now.
enum Unchosen {
    Refused(Error),
    Elsewhere(Arc<TokenVerifier>),
    New(NewTenant),
}

impl Issuers {
    /// Begins without any issuer.
    pub fn builder() -> IssuersBuilder {
        IssuersBuilder::default()
    }

    pub(super) fn new(trusted: Trusted) -> Self {
        Self(Arc::new(trusted))
    }

    /// Fetches the keys of each issuer that has none yet, all at the same time. Tenants aren't known
    /// yet.
    ///
    /// # Errors
    ///
    /// That of the first, in the order of trust, that failed; the others are tried all the same.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let fetches: Vec<_> = self.0.judged_here.iter().map(|issuer| issuer.warm_up()).collect();
        let mut result = Ok(());
        for fetch in fetches {
            result = result.and(fetch.await);
        }
        result
    }

    /// Forgets verdicts on what was revoked, those of the verifiers for opaque tokens included.
    ///
    /// A JWT that is verified here vouches for itself: see
    /// [`JwtVerifier::revoke`](crate::JwtVerifier::revoke).
    pub fn revoke(&self, revocation: &Revocation) {
        let trusted = &self.0;
        trusted.seen.revoke(revocation);
        let by_name = trusted.by_name.values().filter_map(|trust| match trust {
            Trust::Here(_) => None,
            Trust::Elsewhere(verifier) => Some(verifier),
        });
        let by_prefix = trusted.by_prefix.iter().map(|(_, verifier)| verifier);
        for verifier in by_name.chain(by_prefix).chain(&trusted.opaque) {
            verifier.revoke(revocation);
        }
    }

    /// Whether the keys of each issuer are at hand, in the order of trust, tenants left out.
    #[must_use]
    pub fn readiness(&self) -> Vec<Readiness> {
        self.0.judged_here.iter().map(|issuer| issuer.readiness()).collect()
    }
}

impl Verify<BearerToken<'_>> for Issuers {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        if let Some(verifier) = self.0.by_form(token.as_str()) {
            return verifier.verify(token);
        }
        if let Some(identity) = self.0.seen.get(token.as_str().as_bytes()) {
            return Verification::ready(Ok(identity));
        }
        let memory = self.0.seen.begin();
        let mut choice = None;
        let read = Unverified::read(token.as_str(), |name| {
            let name = name.ok_or(TokenFault::Issuer)?;
            let choice: &Choice = choice.insert(self.0.choose(name)?);
            Ok(&choice.issuer)
        });
        let unverified = match read {
            Ok((unverified, _)) => unverified,
            Err(Unchosen::Refused(error)) => return Verification::ready(Err(error)),
            Err(Unchosen::Elsewhere(verifier)) => return verifier.verify(token),
            Err(Unchosen::New(tenant)) => {
                let token = token.as_str().to_owned();
                return Verification::pending(async move { tenant.judge(&token, memory).await });
            }
        };
        // A token that could be read has been given to someone.
        let Some(choice) = choice else {
            return Verification::ready(Err(TokenFault::Issuer.into()));
        };
        match choice.issuer.judge(unverified) {
            Ok(judged) => Verification::ready(Ok(choice.keep(memory, token.as_str(), judged))),
            Err(Stop::Refused(error)) => Verification::ready(Err(error)),
            Err(Stop::Wait(waiter)) => {
                let token = token.as_str().to_owned();
                Verification::pending(async move {
                    let judged = choice.issuer.judge_later(&token, waiter).await?;
                    Ok(choice.keep(memory, &token, judged))
                })
            }
        }
    }

    fn recall(&self, token: &[u8]) -> Option<Identity> {
        self.0.seen.get(token)
    }

    fn revoke(&self, revocation: &Revocation) {
        Issuers::revoke(self, revocation);
    }
}

impl Trusted {
    /// Who judges a token that no issuer need be read from.
    fn by_form(&self, token: &str) -> Option<&Arc<TokenVerifier>> {
        let prefixed = self.by_prefix.iter().find(|(prefix, _)| token.starts_with(&**prefix));
        match prefixed {
            Some((_, verifier)) => Some(verifier),
            None if is_jwt(token) => None,
            None => self.opaque.as_ref(),
        }
    }

    fn choose(&self, name: &str) -> Result<Choice, Unchosen> {
        match self.by_name.get(name) {
            Some(Trust::Here(issuer)) => {
                let issuer = Arc::clone(issuer);
                return Ok(Choice { issuer, standing: Standing::Trusted });
            }
            Some(Trust::Elsewhere(verifier)) => {
                return Err(Unchosen::Elsewhere(Arc::clone(verifier)));
            }
            None => {}
        }
        let found = self.tenants.iter().find_map(|tenants| Some((tenants, tenants.tenant(name)?)));
        let (tenants, tenant) = found.ok_or(TokenFault::Issuer)?;
        if let Some(issuer) = tenants.proven(name) {
            return Ok(Choice { issuer, standing: Standing::Tenant });
        }
        let tenants = Arc::clone(tenants);
        match tenants.unproven(name) {
            Some(issuer) => Ok(Choice { issuer, standing: Standing::Unproven(tenants) }),
            None => Err(Unchosen::New(NewTenant { tenants, tenant })),
        }
    }
}

/// Whether a token has the form of a JWT: three parts.
fn is_jwt(token: &str) -> bool {
    memchr_iter(b'.', token.as_bytes()).take(3).count() == 2
}

impl<E: Into<Error>> From<E> for Unchosen {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl fmt::Debug for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuers")
            .field("trusted", &self.0.by_name.keys())
            .field("tenants", &self.0.tenants)
            .finish()
    }
}
