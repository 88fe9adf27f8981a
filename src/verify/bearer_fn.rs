//! A verifier of access tokens that is a function.

use std::{fmt, future::Future};

use super::{Verification, Verify};
use crate::{BearerToken, Error, Identity, TokenFault};

/// Verifies access tokens with a function of the service: for tokens that are looked up in a database or verified by a
/// library, and for tests.
///
/// The function returns `None` for an unknown token, which is then rejected with 401 `invalid_token`
/// ([`TokenFault::Rejected`]), and an error for any other outcome: a [`TokenFault`] for a token that is rejected for
/// a reason which clients may know, and [`Error::unavailable`] if there is no verdict.
///
/// It is called for every request, because nothing is cached. It must not log the token.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use portcullis::{AuthenticateLayer, BearerToken, Identity, verify::BearerFn};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// async fn user_of(token: &str) -> std::io::Result<Option<String>> {
///     // A query of the service's database.
///     Ok((token == "letmein").then(|| "guest".to_owned()))
/// }
///
/// let verifier = BearerFn::new(async |token: BearerToken<'static>| {
///     let user = user_of(token.as_str()).await.map_err(portcullis::Error::unavailable)?;
///     Ok(user.map(|user| Identity::assertion().subject(user).build()))
/// });
/// # let inner = service_fn(async |_: Request<()>| {
/// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
/// # });
/// let service = AuthenticateLayer::bearer(verifier).layer(inner);
///
/// for (token, status) in [("letmein", 200), ("unknown", 401)] {
///     let request = Request::get("/").header("authorization", format!("Bearer {token}"));
///     assert_eq!(service.clone().oneshot(request.body(())?).await?.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BearerFn<F>(F);

impl<F, Fut> BearerFn<F>
where
    F: Fn(BearerToken<'static>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Identity>, Error>> + Send + 'static,
{
    /// Creates a verifier that calls `verify` for each token.
    #[must_use]
    pub const fn new(verify: F) -> Self {
        Self(verify)
    }
}

impl<F, Fut> Verify<BearerToken<'_>> for BearerFn<F>
where
    F: Fn(BearerToken<'static>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Identity>, Error>> + Send + 'static,
{
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let identity = (self.0)(token.into_owned());
        Verification::pending(async { identity.await?.ok_or_else(|| TokenFault::Rejected.into()) })
    }
}

impl<F> fmt::Debug for BearerFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerFn")
    }
}
