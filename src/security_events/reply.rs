//! Responses to transmitters (RFC 8935 §2.3 and §2.4) and to issuers that log out (Back-Channel Logout §2.8).

use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER},
};

use crate::{
    Error, ErrorKind,
    error::{TokenFault, retry_after},
};

/// The reason why an event is rejected: `err` of RFC 8935 §2.4, with a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    AccessDenied(&'static str),
    AuthenticationFailed,
    InvalidAudience(&'static str),
    InvalidIssuer(&'static str),
    InvalidKey(&'static str),
    InvalidRequest(&'static str),
}

/// The outcome of a request.
#[derive(Debug)]
pub(super) enum Reply {
    Accepted,
    MethodNotAllowed,
    Rejected(Fault),
    TooLarge,
    /// The event could not be verified or shared, so the transmitter has to send it again.
    Unavailable(Error),
}

impl Fault {
    fn code(self) -> &'static str {
        match self {
            Self::AccessDenied(_) => "access_denied",
            Self::AuthenticationFailed => "authentication_failed",
            Self::InvalidAudience(_) => "invalid_audience",
            Self::InvalidIssuer(_) => "invalid_issuer",
            Self::InvalidKey(_) => "invalid_key",
            Self::InvalidRequest(_) => "invalid_request",
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "The transmitter is not authenticated.",
            Self::AccessDenied(text)
            | Self::InvalidAudience(text)
            | Self::InvalidIssuer(text)
            | Self::InvalidKey(text)
            | Self::InvalidRequest(text) => text,
        }
    }
}

impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        let ErrorKind::InvalidToken(fault) = error.kind() else { return Self::Unavailable(error) };
        Self::Rejected(match fault {
            TokenFault::Audience => Fault::InvalidAudience("The audience is not this service."),
            TokenFault::Issuer => Fault::InvalidIssuer("The issuer is not trusted."),
            TokenFault::Algorithm => Fault::InvalidKey("The algorithm is not accepted."),
            TokenFault::Signature => Fault::InvalidKey("The signature is invalid."),
            TokenFault::UnknownKey => Fault::InvalidKey("The key is unknown."),
            TokenFault::Claims => Fault::InvalidRequest("A claim is missing or invalid."),
            TokenFault::Expired => Fault::InvalidRequest("The token has expired."),
            TokenFault::NotYetValid => Fault::InvalidRequest("The token is not yet valid."),
            TokenFault::Type => Fault::InvalidRequest("The type is not that of an event."),
            _ => Fault::InvalidRequest("The token is malformed."),
        })
    }
}

impl Reply {
    /// Returns the response, in the format of RFC 6749 §5.2 for a logout token, and of RFC 8935 otherwise.
    pub(super) fn into_response(self, is_logout: bool) -> Response<String> {
        let mut response = Response::new(String::new());
        let (status, fault) = match self {
            Self::Accepted if is_logout => (StatusCode::OK, None),
            Self::Accepted => (StatusCode::ACCEPTED, None),
            Self::MethodNotAllowed => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                (StatusCode::METHOD_NOT_ALLOWED, None)
            }
            Self::Rejected(fault) => (StatusCode::BAD_REQUEST, Some(fault)),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::Unavailable(error) => {
                let delay = error.retry_after().unwrap_or(retry_after::SOON);
                let seconds = HeaderValue::from(retry_after::whole_seconds(delay));
                response.headers_mut().insert(RETRY_AFTER, seconds);
                (error.status(), None)
            }
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(fault) = fault {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static("en"));
            let (code, text) = (fault.code(), fault.description());
            // Both are constants without characters that need escapes in JSON.
            *response.body_mut() = if is_logout {
                format!(r#"{{"error":"invalid_request","error_description":"{text}"}}"#)
            } else {
                format!(r#"{{"err":"{code}","description":"{text}"}}"#)
            };
        }
        response
    }
}
