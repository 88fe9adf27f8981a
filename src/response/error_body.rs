//! The format of error bodies.

use std::{fmt, sync::Arc};

use http::HeaderValue;

use super::{
    Content, Rejection,
    json::{error_member, escaped},
    json_form::JsonForm,
};
use crate::ErrorKind;

/// The format of error bodies. It affects neither status nor challenge, which always follow the standards.
///
/// ```
/// use portcullis::{response::Content, ErrorBody};
///
/// let plain = ErrorBody::custom(|rejection| Content::text(rejection.error().kind().description()));
/// assert_eq!(format!("{plain:?}"), "ErrorBody(custom)");
/// ```
#[derive(Clone)]
pub struct ErrorBody(Form);

#[derive(Clone)]
enum Form {
    Empty,
    Json(JsonForm),
    OAuth,
    Problem,
    TokenEndpoint,
    Custom(Arc<dyn Fn(&Rejection<'_>) -> Content + Send + Sync>),
}

impl ErrorBody {
    /// Returns the default format, `application/json` with the members `statusCode`, `statusText`, `message`, `date`,
    /// `statusFamily`, `method` and `uri`, and with `error` if [`Error::code`](crate::Error::code) has one.
    ///
    /// ```json
    /// {"statusCode":401,"statusText":"Unauthorized","message":"Token expired.",
    ///  "date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET",
    ///  "uri":"/ws/rest/Cargo","error":"invalid_token"}
    /// ```
    ///
    /// [`JsonBody`](crate::response::JsonBody) makes it with an absolute `uri`, or without `error`.
    #[must_use]
    pub const fn json() -> Self {
        Self(Form::Json(JsonForm::DEFAULT))
    }

    pub(super) const fn with(form: JsonForm) -> Self {
        Self(Form::Json(form))
    }

    /// Returns the format `application/problem+json` ([RFC 9457]) with `title`, `status`, `detail` and `instance`, and
    /// with `error` if [`Error::code`](crate::Error::code) has one.
    ///
    /// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
    #[must_use]
    pub const fn problem_json() -> Self {
        Self(Form::Problem)
    }

    /// Returns the format of OAuth endpoints ([RFC 6749 §5.2]), with `error` and `error_description`.
    ///
    /// [RFC 6749 §5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    #[must_use]
    pub const fn oauth() -> Self {
        Self(Form::OAuth)
    }

    /// Returns the format of OAuth endpoints, with the code `invalid_client` for a client that isn't authenticated
    /// ([RFC 6749 §5.2]).
    ///
    /// Use it with [`AuthenticateLayer::basic_only`](crate::AuthenticateLayer) in front of a token endpoint.
    ///
    /// ```json
    /// {"error":"invalid_client","error_description":"Invalid credentials."}
    /// ```
    ///
    /// [RFC 6749 §5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    #[must_use]
    pub const fn token_endpoint() -> Self {
        Self(Form::TokenEndpoint)
    }

    /// Returns no body and no `Content-Type`. Clients learn the reason from the status and from `WWW-Authenticate`.
    ///
    /// ```
    /// # #[derive(Debug)] struct RejectAll;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{Request, Response};
    /// use portcullis::{AuthenticateLayer, ErrorBody};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # let verifier = RejectAll;
    ///
    /// let layer = AuthenticateLayer::bearer(verifier).error_body(ErrorBody::empty());
    /// # let inner = service_fn(async |_: Request<()>| {
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    /// let rejected = layer.layer(inner).oneshot(Request::new(())).await?;
    /// assert_eq!(rejected.status(), 401);
    /// assert!(rejected.body().is_empty());
    /// assert_eq!(rejected.headers()["www-authenticate"], "Bearer realm=\"restricted\"");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn empty() -> Self {
        Self(Form::Empty)
    }

    /// Returns a custom format. `body` is called for each rejection.
    #[must_use]
    pub fn custom(body: impl Fn(&Rejection<'_>) -> Content + Send + Sync + 'static) -> Self {
        Self(Form::Custom(Arc::new(body)))
    }

    pub(crate) fn content(&self, rejection: &Rejection<'_>) -> Content {
        match &self.0 {
            Form::Empty => Content::empty(),
            Form::Json(form) => form.content(rejection),
            Form::OAuth => oauth(rejection, rejection.error.kind().code()),
            Form::Problem => problem(rejection),
            Form::TokenEndpoint => token_endpoint(rejection),
            Form::Custom(body) => body(rejection),
        }
    }
}

fn problem(rejection: &Rejection<'_>) -> Content {
    let kind = rejection.error.kind();
    let status = kind.status();
    let (uri, [error, code, end]) = (rejection.uri(), error_member(kind.code()));
    let text = [
        r#"{"title":""#,
        status.canonical_reason().unwrap_or_default(),
        r#"","status":"#,
        status.as_str(),
        r#","detail":""#,
        kind.description(),
        r#"","instance":""#,
        &escaped(&uri),
        "\"",
        error,
        code,
        end,
        "}",
    ];
    Content::new(HeaderValue::from_static("application/problem+json"), text.concat())
}

fn oauth(rejection: &Rejection<'_>, code: Option<&'static str>) -> Content {
    let [start, code, end] = match code {
        Some(code) => [r#""error":""#, code, "\","],
        None => [""; 3],
    };
    let description = rejection.error.kind().description();
    Content::json(["{", start, code, end, r#""error_description":""#, description, "\"}"].concat())
}

fn token_endpoint(rejection: &Rejection<'_>) -> Content {
    let code = match rejection.error.kind() {
        ErrorKind::InvalidCredentials | ErrorKind::MissingCredentials => Some("invalid_client"),
        kind => kind.code(),
    };
    oauth(rejection, code)
}

/// Returns [`ErrorBody::json`].
impl Default for ErrorBody {
    fn default() -> Self {
        Self::json()
    }
}

impl fmt::Debug for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.0 {
            Form::Empty => "empty",
            Form::Json(_) => "json",
            Form::OAuth => "oauth",
            Form::Problem => "problem_json",
            Form::TokenEndpoint => "token_endpoint",
            Form::Custom(_) => "custom",
        };
        write!(f, "ErrorBody({form})")
    }
}
