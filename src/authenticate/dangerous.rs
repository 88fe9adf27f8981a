//! Options of a layer that weaken security.

use super::{AuthenticateLayer, config::Anonymous};

impl AuthenticateLayer {
    /// Returns options that weaken security. The documentation of each says what is lost.
    pub fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }
}

/// Options of a layer that weaken security: see [`AuthenticateLayer::dangerous`].
#[derive(Debug)]
#[must_use]
pub struct Dangerous(AuthenticateLayer);

impl Dangerous {
    /// Accepts tokens that are bound to a key (`cnf`) without a proof that the client has that key.
    ///
    /// Anyone who steals such a token can use it. By default, a bound token is rejected with 401 unless
    /// its binding has been verified. Use this only while clients or proxies are being migrated.
    pub fn without_binding_verification(mut self) -> AuthenticateLayer {
        self.0.config_mut().bindings.allow_unproven = true;
        self.0
    }

    /// Admits requests without credentials, and treats requests with an expired or otherwise invalid access token as
    /// anonymous. Replaces [`allow_anonymous`](AuthenticateLayer::allow_anonymous).
    ///
    /// A client doesn't learn that its token has expired, and silently gets the response for anonymous users. A revoked
    /// token reaches handlers that accept anonymous requests, and guessed tokens get 200. Use this only for public
    /// routes, and for clients that always send the token they have.
    ///
    /// Guards and extractors that need an identity still reject the request, with the error of the token. Malformed credentials (400), wrong passwords (401) and tokens that could not be verified (503) are
    /// rejected too. With [`policies`](AuthenticateLayer::policies), this has no effect: a row
    /// [`Access::DangerouslyAnonymous`](crate::Access::DangerouslyAnonymous) does the same for its path.
    ///
    /// ```
    /// use portcullis::AuthenticateLayer;
    /// # use portcullis::{BearerToken, Verification, Verify, error::TokenFault};
    /// # use http::{Request, Response};
    /// # use tower::{Layer, ServiceExt, service_fn};
    /// # #[derive(Debug)] struct Expired;
    /// # impl Verify<BearerToken<'_>> for Expired {
    /// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
    /// #         Verification::ready(Err(TokenFault::Expired.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let verifier = Expired;
    /// # let inner = service_fn(async |_: Request<()>| {
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    ///
    /// let layer = AuthenticateLayer::bearer(verifier).dangerous().anonymous_with_invalid_token();
    /// let request = Request::get("/news").header("authorization", "Bearer expired").body(())?;
    /// assert_eq!(layer.layer(inner).oneshot(request).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn anonymous_with_invalid_token(mut self) -> AuthenticateLayer {
        self.0.config_mut().anonymous = Anonymous::WithInvalidToken;
        self.0
    }
}
