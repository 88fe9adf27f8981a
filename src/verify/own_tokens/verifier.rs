//! The verifier of API tokens that the service issues itself.

use std::{fmt, sync::Arc};

use super::{
    OwnTokenFormat, TokenDigest, TokenRecord, TokenStore,
    builder::OwnTokenVerifierBuilder,
    lookups::Lookups,
    token_use::{Call, TokenUse},
    use_queue::UseQueue,
};
use crate::{
    BearerToken, Clock, Error, Identity, Verification, Verify,
    credentials::RequestHead,
    error::{TokenFault, retry_after},
    verify::{Revocation, Revocations, RevokeFuture},
};

/// A verifier of API tokens that the service issues itself, such as personal access tokens. It
/// looks them up in the service's [`TokenStore`].
///
/// ```
/// use http::{HeaderMap, header::AUTHORIZATION};
/// use portcullis::{
///     BearerToken, OwnTokenVerifier, Verify,
///     own_tokens::{MemoryTokenStore, OwnTokenFormat, TokenRecord},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (format, store) = (OwnTokenFormat::new("hcms_pat")?, MemoryTokenStore::new());
/// let verifier = OwnTokenVerifier::builder(format.clone(), store.clone())
///     .issuer("https://cms.example")
///     .build()?;
///
/// let token = format.generate()?;
/// store.insert(token.digest(), TokenRecord::new("42", "alice"));
///
/// let mut headers = HeaderMap::new();
/// headers.insert(AUTHORIZATION, format!("Bearer {}", token.reveal()).parse()?);
/// let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
/// assert_eq!(identity.subject(), Some("alice"));
/// assert_eq!(identity.issuer(), Some("https://cms.example"));
/// # Ok(())
/// # }
/// ```
///
/// | token | response | store queried |
/// |---|---|---|
/// | another format, or an incorrect checksum | 401, [`TokenFault::Malformed`] | no |
/// | unknown to the store | 401, [`TokenFault::Rejected`] | once in 2 seconds |
/// | revoked | 401, [`TokenFault::Revoked`] | yes |
/// | expired | 401, [`TokenFault::Expired`] | yes |
/// | any, while the store fails | 503 with `Retry-After: 5`, [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) | yes |
/// | any, with too many concurrent look-ups | 503 with `Retry-After: 1`, [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) | no |
///
/// Valid tokens are looked up for each request, so revocations take effect with the next request. If your
/// store caches records, they take effect when its cache expires.
///
/// # Floods of random tokens
///
/// Anyone can generate tokens with a correct checksum, and each of them is looked up. The verifier limits
/// the load on the store: at most 100 look-ups run at a time
/// ([`max_lookups`](OwnTokenVerifierBuilder::max_lookups)), and a token that the store doesn't know is
/// rejected without another look-up for 2 seconds
/// ([`cache_unknown_for`](OwnTokenVerifierBuilder::cache_unknown_for)). For tokens that were valid within
/// the last 24 hours, there is a separate limit of 100 look-ups. Any other token waits behind at most
/// 1,100 look-ups, or is rejected with 503. If a look-up takes 5 ms, the token waits for at most 55 ms.
///
/// For this purpose, the digests of up to 10,000 valid and 10,000 unknown tokens are cached.
///
/// # With other kinds of tokens
///
/// A service that also accepts JWTs uses [`Issuers`](crate::Issuers), which selects the verifier by the
/// prefix of the token:
///
/// ```
/// use portcullis::{
///     Issuers, JwtVerifier, OwnTokenVerifier, own_tokens::{MemoryTokenStore, OwnTokenFormat},
/// };
///
/// let format = OwnTokenFormat::new("hcms_pat")?;
/// let own = OwnTokenVerifier::builder(format.clone(), MemoryTokenStore::new()).build()?;
/// let jwts = JwtVerifier::builder("https://as.example").audience("https://cms.example").build()?;
/// let verifier = Issuers::builder().prefix(format.prefix(), own).trust(jwts).build();
/// assert!(verifier.is_ok());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct OwnTokenVerifier(Arc<Inner>);

pub(super) struct Inner {
    pub(super) format: OwnTokenFormat,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) lookups: Lookups,
    pub(super) uses: Arc<UseQueue>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) issuer: Option<Arc<str>>,
    pub(super) revocations: Revocations,
}

impl OwnTokenVerifier {
    /// Creates a builder for a verifier that accepts the tokens in `store`, all of which have
    /// `format`.
    pub fn builder(format: OwnTokenFormat, store: impl TokenStore) -> OwnTokenVerifierBuilder {
        OwnTokenVerifierBuilder::new(format, store)
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Verify<BearerToken<'_>> for OwnTokenVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        self.start(&token, None)
    }

    fn verify_request(&self, token: BearerToken<'_>, request: &RequestHead<'_>) -> Verification {
        self.start(&token, Some(request))
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        self.0.revocations.revoke(revocation)
    }
}

impl OwnTokenVerifier {
    fn start(&self, token: &BearerToken<'_>, request: Option<&RequestHead<'_>>) -> Verification {
        let Some(digest) = self.0.format.digest(token.as_str()) else {
            return Verification::ready(Err(TokenFault::Malformed.into()));
        };
        if self.0.lookups.is_unknown(&digest, self.0.clock.now()) {
            return Verification::ready(Err(TokenFault::Rejected.into()));
        }
        let inner = Arc::clone(&self.0);
        let call = request.map(Call::of);
        let token = inner.revocations.is_used().then(|| token.as_str().to_owned());
        Verification::pending(async move {
            let identity = inner.verify(digest, call).await?;
            inner.revocations.check(None, token.unwrap_or_default().as_bytes(), &identity)?;
            Ok(identity)
        })
    }
}

impl Inner {
    async fn verify(&self, digest: TokenDigest, call: Option<Call>) -> Result<Identity, Error> {
        let permit = self.lookups.acquire(&digest, self.clock.now()).await?;
        // Another request may have looked up the same token while this one waited.
        if self.lookups.is_unknown(&digest, self.clock.now()) {
            return Err(TokenFault::Rejected.into());
        }
        let found = self.store.find(digest).await;
        drop(permit);
        match found {
            Ok(Some(record)) => self.validate(digest, record, call),
            Ok(None) => {
                self.lookups.insert_unknown(digest, self.clock.now());
                // Not `Revoked`, because the token may belong to another deployment.
                Err(TokenFault::Rejected.into())
            }
            Err(error) => {
                Err(Error::unavailable(error).with_retry_after(retry_after::STORE_FAILURE))
            }
        }
    }

    fn validate(
        &self,
        digest: TokenDigest,
        record: TokenRecord,
        call: Option<Call>,
    ) -> Result<Identity, Error> {
        let now = self.clock.now();
        if let Err(fault) = record.validate(now) {
            self.lookups.remove_valid(&digest);
            return Err(fault.into());
        }
        self.lookups.insert_valid(digest, now);
        let identity = record.to_identity(self.issuer.as_deref())?;
        self.uses.push(TokenUse::new(digest, record.id, now, call));
        Ok(identity)
    }
}

impl fmt::Debug for OwnTokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnTokenVerifier")
            .field("format", &self.0.format)
            .field("issuer", &self.0.issuer)
            .field("lookups", &self.0.lookups)
            .field("clock", &self.0.clock)
            .finish_non_exhaustive()
    }
}
