//! Options of the default error body.

use std::sync::Arc;

use super::{ErrorBody, json_form::JsonForm};
use crate::{
    ConfigError,
    url::{self, Query},
};

/// Options of the default error body, from which [`build`](Self::build) creates an [`ErrorBody`].
///
/// ```
/// use http::{Request, Response};
/// use portcullis::{AuthenticateLayer, response::JsonBody};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[derive(Debug)] struct RejectAll;
/// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
/// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
/// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let verifier = RejectAll;
/// # let service = service_fn(async |_: Request<()>| {
/// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
/// # });
/// let body = JsonBody::new().base_uri("https://api.example").without_error_code().build()?;
/// let service = AuthenticateLayer::bearer(verifier).error_body(body).layer(service);
///
/// let rejected = service.oneshot(Request::get("/ws/rest/Cargo?a=b").body(())?).await?;
/// assert!(rejected.body().ends_with(r#""uri":"https://api.example/ws/rest/Cargo?a=b"}"#));
/// # Ok(())
/// # }
/// ```
///
/// The body for an expired token then has exactly seven members:
///
/// ```json
/// {"statusCode":401,"statusText":"Unauthorized","message":"Token expired.",
///  "date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET",
///  "uri":"https://api.example/ws/rest/Cargo?filter=freight%28GTE%292500"}
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct JsonBody {
    base_uri: Option<String>,
    without_error_code: bool,
}

impl JsonBody {
    /// Creates the default options: `uri` contains path and query of the request, and `error` is present if
    /// [`Error::code`](crate::Error::code) has a code.
    pub const fn new() -> Self {
        Self { base_uri: None, without_error_code: false }
    }

    /// Makes `uri` absolute. It consists of this base, followed by path and query of the request without any
    /// `access_token`.
    ///
    /// Use the address under which clients know the service, such as `https://api.example`, including a path that a
    /// proxy removes. It is never derived from the request, because the client controls `Host`.
    pub fn base_uri(mut self, uri: impl Into<String>) -> Self {
        self.base_uri = Some(uri.into());
        self
    }

    /// Omits the member `error`. The challenge still contains the code.
    pub fn without_error_code(mut self) -> Self {
        self.without_error_code = true;
        self
    }

    /// Builds the format, for [`AuthenticateLayer::error_body`](crate::AuthenticateLayer::error_body).
    ///
    /// ```
    /// use portcullis::response::JsonBody;
    ///
    /// let error = JsonBody::new().base_uri("api.example").build().unwrap_err();
    /// assert_eq!(error.to_string(), "base URI `api.example`: not an absolute URL");
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the base URI isn't an absolute `http` or `https` URL, or contains a user name, a
    /// query or a fragment.
    pub fn build(self) -> Result<ErrorBody, ConfigError> {
        let base = self.base_uri.map(|uri| {
            // It is only shown and never called, so plain `http` is fine.
            url::parse(&uri, Query::Forbidden, true)
                .map(|_| Arc::from(uri.trim_end_matches('/')))
                .map_err(|problem| ConfigError::new("base URI", &uri, problem.to_string()))
        });
        let base = base.transpose()?;
        Ok(ErrorBody::with(JsonForm { base, without_error_code: self.without_error_code }))
    }
}
