//! Where a layer reads credentials.

use std::sync::Arc;

use super::AuthenticateLayer;
use crate::{
    Error,
    credentials::{RequestHead, TokenCharacters, TokenCookie, TokenHeader},
    scheme::Scheme,
};

impl AuthenticateLayer {
    /// Accepts `Authorization: token …` too: an access token under another scheme's name, as some
    /// services have it. A new service should ask for Bearer.
    pub fn token_scheme(self) -> Self {
        self.scheme(Scheme::Token)
    }

    /// Reads this header too: a name, for a header in the form of `Authorization` such as
    /// `Authentication: Bearer …`, or a [`TokenHeader`], for a token without a scheme.
    ///
    /// A request in which the header appears twice is rejected with 400.
    pub fn header(mut self, header: impl Into<TokenHeader>) -> Self {
        self.config_mut().sources.add_header(header.into());
        self
    }

    /// Reads the query parameter `access_token` too ([RFC 6750 §2.3]).
    ///
    /// Tokens in URLs end up in logs and histories, so enable this only for clients that can't do better. A request
    /// with credentials in both `Authorization` and the query is rejected with 400. The parameter is removed from
    /// the URI that inner services and error bodies see, including axum's `OriginalUri`, whether it was used or
    /// not. What is outside this layer sees it. Responses with a status of 2xx or 304 get `Cache-Control: private`.
    ///
    /// [RFC 6750 §2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
    pub fn query_parameter(mut self) -> Self {
        self.config_mut().sources.add_query();
        self
    }

    /// Reads this cookie too, for `GET`, `HEAD` and `OPTIONS`.
    ///
    /// A browser also sends cookies with requests that other sites make (CSRF). So the cookie isn't read for methods
    /// that may change something, nor for a WebSocket: see [`cookie_for_every_method`](Self::cookie_for_every_method).
    ///
    /// A token that is too long for one cookie is read from the cookies `name.0`, `name.1` and so on, at most 16 of
    /// them, if there is no cookie `name`. Of two cookies with the same name, the first one is used. The service is
    /// responsible for the cookie's attributes: `Secure`, `HttpOnly`, `SameSite`, and a name that begins with
    /// `__Host-`.
    pub fn cookie(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), false)
    }

    /// Reads this cookie too, for every method and for a WebSocket.
    ///
    /// With this, the service has to prevent requests that other sites make in the name of its users: by
    /// `SameSite=Strict` or `Lax` together with a check of `Origin`, or by CSRF tokens. As a second line of defence,
    /// the cookie isn't read if the browser says that the request comes from another site
    /// (`Sec-Fetch-Site: cross-site`), except for `GET`, `HEAD` and `OPTIONS` without an upgrade. Older browsers
    /// don't say so, and Chromium doesn't with the handshake of a WebSocket: any site may open one, so the check of
    /// `Origin` is indispensable there.
    pub fn cookie_for_every_method(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), true)
    }

    /// Reads the subprotocols of a WebSocket handshake too, the only place where a script in a browser can put a
    /// token. Over HTTP/2, the handshake is a `CONNECT` ([RFC 8441]).
    ///
    /// The token follows the subprotocol `bearer`: `new WebSocket(url, ["bearer", token])`. The form of Kubernetes is
    /// accepted too: `base64url.bearer.authorization.k8s.io.` and then the token in base64url, as one subprotocol
    /// beside those of the application.
    ///
    /// Inner services don't see the token. If a client offers `bearer`, and no inner service chooses another
    /// subprotocol, this layer chooses `bearer`.
    ///
    /// [RFC 8441]: https://www.rfc-editor.org/rfc/rfc8441
    pub fn websocket_protocol(mut self) -> Self {
        self.config_mut().sources.add_websocket();
        self
    }

    /// Reads an access token from where `source` finds it. The token must have the form that it has in
    /// `Authorization: Bearer`.
    ///
    /// An error rejects the request. Mark a header that the function reads as sensitive yourself, outside this layer,
    /// because this layer doesn't know it.
    ///
    /// ```
    /// use portcullis::{AuthenticateLayer, credentials::RequestHead};
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
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

    /// Doesn't read `Authorization`, which belongs to something else: a gateway that authenticates itself, or a
    /// second layer.
    ///
    /// Enable another place, or every request lacks credentials. Challenges stay the same, because a 401 needs one
    /// ([RFC 9110 §15.5.2]).
    ///
    /// ```
    /// use http::HeaderName;
    /// use portcullis::AuthenticateLayer;
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
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

    /// Rejects longer tokens with 400 before anyone reads them. 16 KiB by default.
    pub fn max_token_length(mut self, bytes: usize) -> Self {
        self.config_mut().sources.max_token_length = bytes;
        self
    }

    /// Accepts tokens that have characters which [RFC 6750 §2.1] doesn't allow, such as `|`, `:` and `,`, for issuers like
    /// Laravel Sanctum (`1|abc…`) and Rancher (`token-abc:xyz…`). Off by default, when such a token is rejected with 400.
    ///
    /// It applies to the schemes `Bearer` and `token`, in `Authorization` and in other headers of that form, and to
    /// [`source`](Self::source). A token may then have every visible ASCII character, except for quotation marks and the
    /// backslash. So `Bearer a,b` is one token, and `Bearer a, Bearer b` still is two, which are rejected.
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
