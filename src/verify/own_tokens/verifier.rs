//! The verifier of tokens that the service issued itself.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    OwnTokenFormat, TokenDigest, TokenRecord, TokenStore, token_use::TokenUse, use_queue::UseQueue,
};
use crate::{BearerToken, Clock, Error, Identity, SystemClock, TokenFault, Verification, Verify};

/// When a store will answer again nobody knows. Soon, as a rule, if nobody presses it.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Verifies tokens that the service issued itself, by asking its [`TokenStore`] about each request.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::time::SystemTime;
///
/// use http::{HeaderMap, header::AUTHORIZATION};
/// use portcullis::{
///     BearerToken, own_tokens::{MemoryTokenStore, OwnTokenFormat, TokenRecord},
///     OwnTokenVerifier, Verify,
/// };
///
/// let format = OwnTokenFormat::new("hcms_pat")?;
/// let store = MemoryTokenStore::new();
/// let verifier = OwnTokenVerifier::new(format.clone(), store.clone());
///
/// let token = format.generate()?;
/// store.insert(token.digest(), TokenRecord::new("42", "alice"));
///
/// let mut headers = HeaderMap::new();
/// headers.insert(AUTHORIZATION, format!("Bearer {}", token.reveal()).parse()?);
/// let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
/// assert_eq!(identity.subject(), Some("alice"));
///
/// store.revoke("42", SystemTime::now());
/// let refused = verifier.verify(BearerToken::from_headers(&headers)?).wait().await.unwrap_err();
/// assert_eq!(refused.kind().description(), "Token revoked.");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// | token | answer | asks the store |
/// |---|---|---|
/// | not of the format, or with a wrong checksum | 401, malformed | no |
/// | that the store doesn't know | 401, rejected | yes |
/// | revoked | 401, revoked | yes |
/// | expired | 401, expired | yes |
/// | any, while the store fails | 503, try again in 5 s | yes |
///
/// Nothing is remembered from one request to the next: a token that was revoked is refused from then
/// on. A store that answers from a memory of its own decides for itself how late it may be.
///
/// For a service that takes JWTs too, [`Issuers`](crate::Issuers) give each its tokens:
///
/// ```
/// use portcullis::{
///     Issuers, JwtVerifier, own_tokens::{MemoryTokenStore, OwnTokenFormat}, OwnTokenVerifier,
/// };
///
/// let format = OwnTokenFormat::new("hcms_pat")?;
/// let own = OwnTokenVerifier::new(format.clone(), MemoryTokenStore::new());
/// let jwts = JwtVerifier::builder("https://as.example").audience("https://cms.example").build()?;
/// let verifier = Issuers::builder().prefix(format.prefix(), own).trust(jwts).build()?;
/// # let _ = verifier;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct OwnTokenVerifier(Arc<Judge>);

#[derive(Clone)]
struct Judge {
    format: OwnTokenFormat,
    store: Arc<dyn TokenStore>,
    uses: Arc<UseQueue>,
    clock: Arc<dyn Clock>,
    issuer: Option<Arc<str>>,
}

impl OwnTokenVerifier {
    /// Accepts tokens of `format` that `store` knows.
    pub fn new(format: OwnTokenFormat, store: impl TokenStore) -> Self {
        let store: Arc<dyn TokenStore> = Arc::new(store);
        Self(Arc::new(Judge {
            format,
            uses: UseQueue::new(Arc::clone(&store)),
            store,
            clock: Arc::new(SystemClock),
            issuer: None,
        }))
    }

    /// Sets [`Identity::issuer`], by which handlers know these tokens from others. None by default.
    pub fn issuer(mut self, issuer: impl Into<Arc<str>>) -> Self {
        self.judge_mut().issuer = Some(issuer.into());
        self
    }

    /// The clock that tokens expire by. [`SystemClock`] by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.judge_mut().clock = Arc::new(clock);
        self
    }

    fn judge_mut(&mut self) -> &mut Judge {
        Arc::make_mut(&mut self.0)
    }
}

impl Verify<BearerToken<'_>> for OwnTokenVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let Some(digest) = self.0.format.digest(token.as_str()) else {
            return Verification::ready(Err(TokenFault::Malformed.into()));
        };
        let judge = Arc::clone(&self.0);
        Verification::pending(async move { judge.look_up(digest).await })
    }
}

impl Judge {
    async fn look_up(&self, digest: TokenDigest) -> Result<Identity, Error> {
        match self.store.find(digest).await {
            Ok(record) => self.judge(digest, record),
            Err(error) => Err(Error::unavailable(error).with_retry_after(RETRY_AFTER)),
        }
    }

    fn judge(&self, digest: TokenDigest, record: Option<TokenRecord>) -> Result<Identity, Error> {
        // Not `Revoked`: it may be a token of another deployment, and nobody revoked it.
        let record = record.ok_or(TokenFault::Rejected)?;
        let now = self.clock.now();
        record.judge(now)?;
        let identity = record.to_identity(self.issuer.as_deref())?;
        self.uses.put(TokenUse::new(digest, record.id, now));
        Ok(identity)
    }
}

impl fmt::Debug for OwnTokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnTokenVerifier")
            .field("format", &self.0.format)
            .field("issuer", &self.0.issuer)
            .field("clock", &self.0.clock)
            .finish_non_exhaustive()
    }
}
