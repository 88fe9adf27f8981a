//! The interface to a service's store of tokens.

use std::{error::Error as StdError, pin::Pin, sync::Arc};

use super::{TokenDigest, TokenRecord, TokenUse};

/// The tokens of a service, such as a table in a database.
///
/// The store looks tokens up by digest and never sees the token itself. It also returns the records of
/// expired and revoked tokens: [`OwnTokenVerifier`](crate::OwnTokenVerifier) rejects them, with the reason.
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
    /// Looks up the token with this digest. This is called for every request with a token in the
    /// correct format, unless the token was recently unknown.
    /// [`max_lookups`](super::OwnTokenVerifierBuilder::max_lookups) limits the number of concurrent
    /// calls.
    ///
    /// There is no timeout, so add one if your database client has none. The future is dropped if the
    /// client cancels its request, so it must be cancel safe.
    ///
    /// # Errors
    ///
    /// If the look-up fails, the request is rejected with 503, and the error is the `source()` of the
    /// [`Error`](crate::Error) for the operator. The client doesn't see it.
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_>;

    /// Records uses of tokens in the order in which they happened, for a "last used" column or an audit
    /// log. The default implementation does nothing.
    ///
    /// It is called in the background, on a thread on which it may block, and never concurrently. Requests
    /// don't wait for it, and don't fail if it panics. Uses that happen during a call are passed to the
    /// next call, so that you can write all of them in one transaction. To await an async client, use
    /// [`Handle::current().block_on(..)`](tokio::runtime::Handle::block_on).
    ///
    /// At most 1,024 uses wait for the next call. Further uses are dropped, and counted in
    /// `portcullis_token_uses_lost_total`. Uses that are waiting when the process ends are lost.
    fn used(&self, uses: &[TokenUse]) {
        let _ = uses;
    }
}

/// The future that [`TokenStore::find`] returns.
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
