//! The response bodies that a rejection can be written into.

/// A response body that a rejection can be written into.
///
/// The layers return the body type of the inner service, so a request that is let through doesn't pay for a wrapper.
/// The trait is implemented for `String` and `Vec<u8>`, for axum's body (feature `axum`), and for the bodies of
/// `http-body-util` (feature `http-body`). That feature also provides `ResponseBody`, which wraps any other body.
///
/// If a layer inside `AuthenticateLayer` changes the body type, for example to compress it, a `tower::ServiceBuilder`
/// needs a conversion between the two. `axum::Router::layer` converts by itself.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # fn main() {
/// use axum::{Router, body::Body};
/// use http::Response;
/// use portcullis::AuthenticateLayer;
/// use tower::ServiceBuilder;
/// # #[derive(Debug)] struct RejectAll;
/// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
/// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
/// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
/// #     }
/// # }
/// # let verifier = RejectAll;
/// # let compression = tower::util::MapResponseLayer::new(|response: Response<Body>| {
/// #     response.map(http_body_util::BodyExt::boxed_unsync).map(|body| http_body_util::Limited::new(body, 9))
/// # });
///
/// let layers = ServiceBuilder::new()
///     .layer(AuthenticateLayer::bearer(verifier))
///     .map_response(|response: Response<_>| response.map(Body::new))
///     .layer(compression);
/// let app: Router = Router::new().route("/", axum::routing::get("in")).layer(layers);
/// # assert!(app.has_routes());
/// # }
/// # #[cfg(not(feature = "axum"))]
/// # fn main() {}
/// ```
///
/// ```
/// use portcullis::response::RejectionBody;
///
/// struct MyBody(Vec<u8>);
///
/// impl RejectionBody for MyBody {
///     fn from_bytes(bytes: Vec<u8>) -> Self {
///         Self(bytes)
///     }
/// }
/// assert_eq!(MyBody::from_bytes(b"{}".to_vec()).0, b"{}");
/// ```
#[diagnostic::on_unimplemented(
    message = "a rejection can't be written into the response body `{Self}`",
    label = "not a `RejectionBody`"
)]
#[cfg_attr(
    feature = "axum",
    diagnostic::on_unimplemented(
        note = "a layer inside portcullis's layer changes the body type: after portcullis's layer, add `.map_response(|response: axum::http::Response<_>| response.map(axum::body::Body::new))` to the `ServiceBuilder`, or add each layer with a separate call of `Router::layer`",
    )
)]
#[cfg_attr(
    feature = "http-body",
    diagnostic::on_unimplemented(
        note = "for any other body, convert responses with `.map_response(|response: http::Response<_>| response.map(portcullis::response::ResponseBody::inner))`",
    )
)]
#[cfg_attr(
    not(feature = "http-body"),
    diagnostic::on_unimplemented(
        note = "for the bodies of `http-body-util`, and to wrap any other body, enable portcullis's feature `http-body`",
    )
)]
#[cfg_attr(
    not(any(feature = "axum", feature = "http-body")),
    diagnostic::on_unimplemented(note = "for axum, enable portcullis's feature `axum`")
)]
#[diagnostic::on_unimplemented(
    note = "or implement `portcullis::response::RejectionBody` for the body"
)]
pub trait RejectionBody {
    /// Creates a complete body from these bytes.
    fn from_bytes(bytes: Vec<u8>) -> Self;
}

impl RejectionBody for Vec<u8> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        bytes
    }
}

impl RejectionBody for String {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        // The bodies of this crate are UTF-8. In a custom body, invalid sequences are replaced.
        Self::from_utf8(bytes)
            .unwrap_or_else(|error| Self::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

#[cfg(feature = "axum")]
impl RejectionBody for axum::body::Body {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self::from(bytes)
    }
}
