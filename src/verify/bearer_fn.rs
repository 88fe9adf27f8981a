//! A verifier that calls a function.

use std::{fmt, future::Future};

use super::{Verification, Verify};
use crate::{BearerToken, Error, Identity, error::TokenFault};

/// A verifier that calls a function of the service for each access token, for example to look it up in a
/// database or to verify it with another library.
///
/// | the function returns | outcome |
/// |---|---|
/// | `Ok(Some(identity))` | the request is authenticated |
/// | `Ok(None)` | 401 `invalid_token` ([`TokenFault::Rejected`]): the token is unknown |
/// | `Err`, with a [`TokenFault`] | 401 `invalid_token`, with a description that says why |
/// | `Err`, with [`Error::unavailable`] | 503: the token could not be verified |
///
/// The function is called for every request, because nothing is cached. It must not log the token.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use portcullis::{AuthenticateLayer, BearerToken, Identity, verify::BearerFn};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// async fn user_of(token: &str) -> std::io::Result<Option<String>> {
///     // Queries the service's database.
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
