//! Where a service keeps what it knows of its tokens.

use std::{error::Error as StdError, pin::Pin, sync::Arc};

use super::{TokenDigest, TokenRecord, TokenUse};

/// A service's own store of tokens: a database, as a rule.
///
/// It is asked by the digest of a token and never sees the token. It answers with what it knows of it,
/// revoked and expired tokens too: judging them is [`OwnTokenVerifier`](crate::OwnTokenVerifier)'s.
///
/// ```
/// use portcullis::{ScopeSet, own_tokens::{TokenDigest, TokenLookup, TokenRecord, TokenStore}};
///
/// # struct Row { id: i64, owner: String, scopes: String }
/// # struct Database;
/// # impl Database {
/// #     async fn row(&self, _: &[u8]) -> Result<Option<Row>, std::io::Error> {
/// #         Ok(Some(Row { id: 7, owner: "alice".into(), scopes: "posts:read".into() }))
/// #     }
/// # }
/// struct Tokens(Database);
///
/// impl TokenStore for Tokens {
///     fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
///         Box::pin(async move {
///             let Some(row) = self.0.row(digest.as_bytes()).await? else { return Ok(None) };
///             let record = TokenRecord::new(row.id.to_string(), row.owner);
///             Ok(Some(record.scopes(ScopeSet::from_wire(&row.scopes))))
///         })
///     }
/// }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let record = Tokens(Database).find(TokenDigest::of("a token")).await.unwrap().unwrap();
/// assert_eq!(record.subject, "alice");
/// # });
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// Looks for the token with this digest, on every request that presents one.
    ///
    /// What it fails with is told to the operator, and the request is refused with 503: the token was
    /// never judged. How long it may take is its own matter. The future is dropped when the request
    /// is, and a client may end its request anywhere.
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_>;

    /// Is told which tokens were used, in the order of use, for a "last used" or an audit trail. Does
    /// nothing by default.
    ///
    /// It runs beside the requests, on a thread that may block, one call at a time. No request waits
    /// for it, none fails when it panics. What comes in meanwhile is told by the next call: one
    /// transaction can hold it all. An async client is waited for with
    /// [`Handle::current().block_on(..)`](tokio::runtime::Handle::block_on).
    ///
    /// While a call takes its time up to 1,024 uses wait for the next one; further ones are lost, and
    /// counted. Uses that wait when the process ends are lost too.
    fn used(&self, uses: &[TokenUse]) {
        let _ = uses;
    }
}

/// The future of a look-up.
pub type TokenLookup<'a> = Pin<
    Box<
        dyn Future<Output = Result<Option<TokenRecord>, Box<dyn StdError + Send + Sync>>>
            + Send
            + 'a,
    >,
>;

impl<S: TokenStore + ?Sized> TokenStore for Arc<S> {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        (**self).find(digest)
    }

    fn used(&self, uses: &[TokenUse]) {
        (**self).used(uses);
    }
}
