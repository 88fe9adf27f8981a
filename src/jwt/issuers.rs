//! The verifier of several issuers' tokens.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    JwtVerifier, Tenant,
    issuer::{Issuer, Stop, Unverified},
    tenants::{NewTenant, Tenants},
};
use crate::{BearerToken, ConfigError, Error, Readiness, TokenFault, Verification, Verify};

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
#[derive(Clone)]
pub struct Issuers(Arc<Trusted>);

struct Trusted {
    by_name: HashMap<Box<str>, Arc<Issuer>>,
    tenants: Vec<Arc<Tenants>>,
}

/// Whom a token is given to.
struct Choice {
    issuer: Arc<Issuer>,
    /// Where to say so if the token is good: the issuer is a tenant that has had none yet.
    unproven_in: Option<Arc<Tenants>>,
}

/// Why there is nobody to judge a token now.
enum Unchosen {
    Refused(Error),
    New(NewTenant),
}

impl Issuers {
    /// Begins without any issuer.
    pub fn builder() -> IssuersBuilder {
        IssuersBuilder::default()
    }

    /// Fetches the keys of each issuer that has none yet, one after another. Tenants aren't known
    /// yet.
    ///
    /// # Errors
    ///
    /// The first that failed; the others are tried all the same.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let mut result = Ok(());
        for issuer in self.0.by_name.values() {
            result = result.and(issuer.warm_up().await);
        }
        result
    }

    /// Whether the keys of each issuer are at hand, tenants left out.
    #[must_use]
    pub fn readiness(&self) -> Vec<Readiness> {
        self.0.by_name.values().map(|issuer| issuer.readiness()).collect()
    }
}

impl Verify<BearerToken<'_>> for Issuers {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let mut choice = None;
        let read = Unverified::read(token.as_str(), |name| {
            let name = name.ok_or(TokenFault::Issuer)?;
            let choice: &Choice = choice.insert(self.0.choose(name)?);
            Ok(&choice.issuer)
        });
        let unverified = match read {
            Ok((unverified, _)) => unverified,
            Err(Unchosen::Refused(error)) => return Verification::ready(Err(error)),
            Err(Unchosen::New(tenant)) => {
                return Verification::pending(tenant.judge(token.as_str().to_owned()));
            }
        };
        // A token that could be read has been given to someone.
        let Some(Choice { issuer, unproven_in }) = choice else {
            return Verification::ready(Err(TokenFault::Issuer.into()));
        };
        match issuer.judge(unverified) {
            Ok(identity) => {
                if let Some(tenants) = unproven_in {
                    tenants.prove(&issuer);
                }
                Verification::ready(Ok(identity))
            }
            Err(Stop::Refused(error)) => Verification::ready(Err(error)),
            Err(Stop::Wait(waiter)) => {
                Verification::pending(issuer.judge_later(token.as_str().to_owned(), waiter))
            }
        }
    }
}

impl Trusted {
    fn choose(&self, name: &str) -> Result<Choice, Unchosen> {
        if let Some(issuer) = self.by_name.get(name) {
            return Ok(Choice { issuer: Arc::clone(issuer), unproven_in: None });
        }
        let found = self.tenants.iter().find_map(|tenants| Some((tenants, tenants.tenant(name)?)));
        let (tenants, tenant) = found.ok_or(TokenFault::Issuer)?;
        if let Some(issuer) = tenants.proven(name) {
            return Ok(Choice { issuer, unproven_in: None });
        }
        let tenants = Arc::clone(tenants);
        match tenants.unproven(name) {
            Some(issuer) => Ok(Choice { issuer, unproven_in: Some(tenants) }),
            None => Err(Unchosen::New(NewTenant { tenants, tenant })),
        }
    }
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

/// Makes [`Issuers`].
#[derive(Debug, Default)]
#[must_use]
pub struct IssuersBuilder {
    trusted: Vec<JwtVerifier>,
    tenants: Vec<Result<Tenants, ConfigError>>,
}

impl IssuersBuilder {
    /// Trusts the issuer of this verifier.
    pub fn trust(mut self, verifier: JwtVerifier) -> Self {
        self.trusted.push(verifier);
        self
    }

    /// Trusts every issuer of a form, such as the tenants of one login service. `{tenant}` stands in
    /// `pattern` for a name of letters, digits, `-` and `_`, at most 64 of them.
    ///
    /// `resolve` makes the verifier of a tenant when its first token comes: for the issuer that
    /// [`Tenant::issuer`] names, which has the form of the pattern, or `None` for a tenant that is
    /// not known here. Up to 1,000 verifiers of tenants that have proved themselves by a good token
    /// are kept, and 100 of others, so that made-up tenants push out no real one.
    ///
    /// ```
    /// use portcullis::{Issuers, JwtVerifier, Tenant};
    ///
    /// let issuers = Issuers::builder()
    ///     .tenants("https://login.example/{tenant}/v2.0", async |tenant: Tenant| {
    ///         if tenant.name() != "acme" {
    ///             return Ok(None);
    ///         }
    ///         let verifier = JwtVerifier::builder(tenant.issuer()).audience("https://api.example");
    ///         verifier.build().map(Some).map_err(portcullis::Error::misconfigured)
    ///     })
    ///     .build()?;
    /// # let _ = issuers;
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn tenants<F, R>(mut self, pattern: &str, resolve: F) -> Self
    where
        F: Fn(Tenant) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Option<JwtVerifier>, Error>> + Send + 'static,
    {
        let resolve = Box::new(move |tenant| Box::pin(resolve(tenant)) as _);
        self.tenants.push(Tenants::new(pattern, resolve));
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if an issuer is named twice, a pattern is not one, or nobody is trusted.
    pub fn build(self) -> Result<Issuers, ConfigError> {
        let mut by_name = HashMap::new();
        for verifier in self.trusted {
            let issuer = verifier.issuer;
            if let Some(twice) = by_name.insert(issuer.name().into(), issuer) {
                return Err(ConfigError::new("issuer", twice.name(), "trusted twice"));
            }
        }
        let tenants: Result<Vec<_>, _> =
            self.tenants.into_iter().map(|tenants| tenants.map(Arc::new)).collect();
        let tenants = tenants?;
        if by_name.is_empty() && tenants.is_empty() {
            return Err(ConfigError::new("issuers", "[]", "at least one is needed"));
        }
        Ok(Issuers(Arc::new(Trusted { by_name, tenants })))
    }
}
