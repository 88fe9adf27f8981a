//! Where a layer reads credentials.

use std::sync::Arc;

use super::AuthenticateLayer;
use crate::{
    Error,
    credentials::{RequestHead, TokenCharacters, TokenCookie, TokenHeader},
    scheme::Scheme,
};

impl AuthenticateLayer {
    /// Also accepts `Authorization: token …`, which some services use for access tokens. New services should use Bearer.
    pub fn token_scheme(self) -> Self {
        self.scheme(Scheme::Token)
    }

    /// Also reads this header. Pass a name for a header in the form of `Authorization`, such as
    /// `Authentication: Bearer …`, or a [`TokenHeader`] for a token without a scheme.
    ///
    /// A request in which the header appears twice is rejected with 400.
    pub fn header(mut self, header: impl Into<TokenHeader>) -> Self {
        self.config_mut().sources.add_header(header.into());
        self
    }

    /// Also reads the query parameter `access_token` ([RFC 6750 §2.3]).
    ///
    /// Tokens in URLs end up in logs and histories, so enable this only for clients that can't send headers. A request
    /// with credentials in both `Authorization` and the query is rejected with 400. The parameter is removed from
    /// the URI that inner services and error bodies see, including axum's `OriginalUri`, whether it was used or
    /// not. Layers outside this one see it. Responses with a status of 2xx or 304 get `Cache-Control: private`.
    ///
    /// [RFC 6750 §2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
    pub fn query_parameter(mut self) -> Self {
        self.config_mut().sources.add_query();
        self
    }

    /// Also reads this cookie, for `GET`, `HEAD` and `OPTIONS`.
    ///
    /// Browsers also send cookies with cross-site requests (CSRF). So the cookie isn't read for methods that may change
    /// something, nor for WebSockets: see [`cookie_for_every_method`](Self::cookie_for_every_method).
    ///
    /// A token that is too long for one cookie is read from the cookies `name.0`, `name.1` and so on, at most 16 of
    /// them, if there is no cookie `name`. Of two cookies with the same name, the first one is used. The service is
    /// responsible for the cookie's attributes: `Secure`, `HttpOnly`, `SameSite`, and a name that begins with
    /// `__Host-`.
    pub fn cookie(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), false)
    }

    /// Also reads this cookie, for every method and for WebSockets.
    ///
    /// Then the service has to prevent cross-site request forgery: with `SameSite=Strict` or `Lax` and a check of `Origin`,
    /// or with CSRF tokens. As a second line of defence, the cookie isn't read if the browser marks the request as
    /// cross-site (`Sec-Fetch-Site: cross-site`), except for `GET`, `HEAD` and `OPTIONS` without an upgrade. Older browsers
    /// don't send this header, and Chromium doesn't send it when a WebSocket is opened, which any site may do. So the
    /// check of `Origin` is indispensable for WebSockets.
    pub fn cookie_for_every_method(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), true)
    }

    /// Also reads the subprotocols of a WebSocket handshake, the only place where a script in a browser can send a
    /// token. Over HTTP/2, the handshake is a `CONNECT` ([RFC 8441]).
    ///
    /// The token follows the subprotocol `bearer`: `new WebSocket(url, ["bearer", token])`. The form of Kubernetes is
    /// also accepted: `base64url.bearer.authorization.k8s.io.` followed by the token in base64url, as one subprotocol
    /// in addition to those of the application.
    ///
    /// Inner services don't see the token. If a client offers `bearer`, and no inner service chooses another
    /// subprotocol, this layer chooses `bearer`.
    ///
    /// [RFC 8441]: https://www.rfc-editor.org/rfc/rfc8441
    pub fn websocket_protocol(mut self) -> Self {
        self.config_mut().sources.add_websocket();
        self
    }

    /// Also reads the access token that `source` returns. It must have the form of a token in `Authorization: Bearer`.
    ///
    /// If it returns an error, the request is rejected. This layer doesn't know which headers the function reads, so mark
    /// them as sensitive in a layer outside this one.
    ///
    /// ```
    /// use portcullis::{AuthenticateLayer, credentials::RequestHead};
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # let verifier = Nobody;
    ///
    /// let layer = AuthenticateLayer::bearer(verifier).source(|request: &RequestHead<'_>| {
    ///     let ticket = request.uri().query().and_then(|query| query.strip_prefix("ticket="));
    ///     Ok(ticket.map(str::to_owned))
    /// });
    /// # let _ = layer;
    /// ```
    pub fn source(
        mut self,
        source: impl Fn(&RequestHead<'_>) -> Result<Option<String>, Error> + Send + Sync + 'static,
    ) -> Self {
        self.config_mut().sources.add_custom(Arc::new(source));
        self
    }

    /// Ignores `Authorization`, for services where it belongs to something else: a gateway that authenticates itself, or a
    /// second layer.
    ///
    /// Enable another place, because every request lacks credentials otherwise. Challenges stay the same, because a 401
    /// needs one
    /// ([RFC 9110 §15.5.2]).
    ///
    /// ```
    /// use http::HeaderName;
    /// use portcullis::AuthenticateLayer;
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # let verifier = Nobody;
    ///
    /// // Google's API Gateway puts a token of its own into `Authorization`, and the client's here.
    /// let layer = AuthenticateLayer::bearer(verifier)
    ///     .header(HeaderName::from_static("x-forwarded-authorization"))
    ///     .without_authorization_header();
    /// # let _ = layer;
    /// ```
    ///
    /// [RFC 9110 §15.5.2]: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
    pub fn without_authorization_header(mut self) -> Self {
        self.config_mut().sources.authorization = false;
        self
    }

    /// Sets the maximum length of a token, in bytes. Longer ones are rejected with 400 before they are parsed. The default
    /// is 16 KiB.
    pub fn max_token_length(mut self, bytes: usize) -> Self {
        self.config_mut().sources.max_token_length = bytes;
        self
    }

    /// Accepts tokens with characters that [RFC 6750 §2.1] doesn't allow, such as `|`, `:` and `,`, for issuers like
    /// Laravel Sanctum (`1|abc…`) and Rancher (`token-abc:xyz…`). Off by default: such a token is rejected with 400.
    ///
    /// It applies to the schemes `Bearer` and `token`, in `Authorization` and in other headers of that form, and to
    /// [`source`](Self::source). A token may then have every visible ASCII character, except for quotation marks and the
    /// backslash. So `Bearer a,b` is one token, but `Bearer a, Bearer b` is still rejected as two.
    ///
    /// ```
    /// use http::{Request, Response, header::AUTHORIZATION};
    /// use portcullis::AuthenticateLayer;
    /// # use portcullis::{BearerToken, Identity, Verification, Verify};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # struct Anyone;
    /// # impl Verify<BearerToken<'_>> for Anyone {
    /// #     fn verify(&self, token: BearerToken<'_>) -> Verification {
    /// #         assert_eq!(token.as_str(), "1|abc");
    /// #         Verification::ready(Ok(Identity::assertion().build()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let verifier = Anyone;
    /// # let inner = service_fn(async |_: Request<()>| {
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    /// let service = AuthenticateLayer::bearer(verifier).lenient_token_characters().layer(inner);
    ///
    /// let request = Request::get("/").header(AUTHORIZATION, "Bearer 1|abc");
    /// assert_eq!(service.oneshot(request.body(())?).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    pub fn lenient_token_characters(mut self) -> Self {
        self.config_mut().sources.characters = TokenCharacters::Visible;
        self
    }

    fn with_cookie(mut self, name: String, for_every_method: bool) -> Self {
        let name = name.into_boxed_str();
        self.config_mut().sources.add_cookie(TokenCookie { name, for_every_method });
        self
    }
}
