//! The kinds of rejections, and their status codes.

use http::StatusCode;

use super::{AuthenticationFault, DpopFault};

/// The kind of a rejection. It determines the HTTP status, the `error` code, the gRPC code and the description.
///
/// | kind | HTTP | `error` | gRPC |
/// |---|---|---|---|
/// | `AccessDenied` | 403 | none | `PERMISSION_DENIED` |
/// | `InsufficientScope` | 403 | `insufficient_scope` | `PERMISSION_DENIED` |
/// | `InsufficientUserAuthentication` | 401 | `insufficient_user_authentication` | `UNAUTHENTICATED` |
/// | `InvalidCredentials` | 401 | none | `UNAUTHENTICATED` |
/// | `InvalidDpopProof` | 401 | `invalid_dpop_proof` | `UNAUTHENTICATED` |
/// | `InvalidRequest` | 400 | `invalid_request` | `INVALID_ARGUMENT` |
/// | `InvalidToken` | 401 | `invalid_token` | `UNAUTHENTICATED` |
/// | `MissingCredentials` | 401 | none | `UNAUTHENTICATED` |
/// | `Misconfigured` | 500 | none | `INTERNAL` |
/// | `TooManyAttempts` | 429 | none | `RESOURCE_EXHAUSTED` |
/// | `Unavailable` | 503 | none | `UNAVAILABLE` |
/// | `UseDpopNonce` | 401 | `use_dpop_nonce` | `UNAUTHENTICATED` |
///
/// A rejection because of the client or its credentials is a 4xx. If the credentials could not be verified, it is a
/// 5xx.
///
/// ```
/// use portcullis::{ErrorKind, error::TokenFault};
///
/// let expired = ErrorKind::InvalidToken(TokenFault::Expired);
/// assert_eq!(expired.status(), 401);
/// assert_eq!(expired.code(), Some("invalid_token"));
/// assert_eq!(expired.description(), "Token expired.");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is authenticated, but a rule that isn't about scopes forbids it.
    AccessDenied,
    /// The request is authenticated, but its token lacks a scope ([RFC 6750 §3.1]).
    ///
    /// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    InsufficientScope,
    /// The request is authenticated, but not as recently or as strongly as required ([RFC 9470 §3]).
    ///
    /// [RFC 9470 §3]: https://www.rfc-editor.org/rfc/rfc9470#section-3
    InsufficientUserAuthentication(AuthenticationFault),
    /// The password or the client secret is wrong.
    InvalidCredentials,
    /// The proof of possession of the token's key is missing or invalid ([RFC 9449 §7.1]).
    ///
    /// [RFC 9449 §7.1]: https://www.rfc-editor.org/rfc/rfc9449#section-7.1
    InvalidDpopProof(DpopFault),
    /// The credentials in the request are malformed, repeated or too long.
    InvalidRequest(RequestFault),
    /// The access token is invalid.
    InvalidToken(TokenFault),
    /// The request has no credentials that this layer reads.
    MissingCredentials,
    /// The service is misconfigured. For example, a guard is used without an authentication layer.
    Misconfigured,
    /// Too many failed attempts were made for this user. The password was not verified.
    TooManyAttempts,
    /// The credentials could not be verified, because something that is needed for this is unavailable.
    Unavailable,
    /// The proof needs a nonce from this service, which the response contains ([RFC 9449 §9]).
    ///
    /// [RFC 9449 §9]: https://www.rfc-editor.org/rfc/rfc9449#section-9
    UseDpopNonce,
}

impl ErrorKind {
    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::AccessDenied | Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::InsufficientUserAuthentication(_)
            | Self::InvalidCredentials
            | Self::InvalidDpopProof(_)
            | Self::InvalidToken(_)
            | Self::MissingCredentials
            | Self::UseDpopNonce => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest(_) => StatusCode::BAD_REQUEST,
            Self::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the `error` code of [RFC 6750 §3.1] or of the RFC that defines it, if there is one.
    ///
    /// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    #[must_use]
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::InsufficientScope => Some("insufficient_scope"),
            Self::InsufficientUserAuthentication(_) => Some("insufficient_user_authentication"),
            Self::InvalidDpopProof(_) => Some("invalid_dpop_proof"),
            Self::InvalidRequest(_) => Some("invalid_request"),
            Self::InvalidToken(_) => Some("invalid_token"),
            Self::UseDpopNonce => Some("use_dpop_nonce"),
            _ => None,
        }
    }

    /// Returns the [gRPC status code](https://grpc.io/docs/guides/status-codes/).
    #[must_use]
    pub const fn grpc_code(self) -> i32 {
        match self {
            Self::InvalidRequest(_) => 3,
            Self::AccessDenied | Self::InsufficientScope => 7,
            Self::TooManyAttempts => 8,
            Self::Misconfigured => 13,
            Self::Unavailable => 14,
            Self::InsufficientUserAuthentication(_)
            | Self::InvalidCredentials
            | Self::InvalidDpopProof(_)
            | Self::InvalidToken(_)
            | Self::MissingCredentials
            | Self::UseDpopNonce => 16,
        }
    }

    /// Returns the message for clients, a fixed sentence that discloses no details.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::AccessDenied => "Access denied.",
            Self::InsufficientScope => "Token lacks the required scope.",
            Self::InsufficientUserAuthentication(fault) => fault.description(),
            Self::InvalidCredentials => "Invalid credentials.",
            Self::InvalidDpopProof(fault) => fault.description(),
            Self::InvalidRequest(fault) => fault.description(),
            Self::InvalidToken(fault) => fault.description(),
            Self::MissingCredentials => "Authentication required.",
            Self::Misconfigured => "Internal error.",
            Self::TooManyAttempts => "Too many attempts.",
            Self::Unavailable => "Authentication temporarily unavailable.",
            Self::UseDpopNonce => "DPoP proof needs the nonce of this response.",
        }
    }

    /// Returns a short, stable name for logs and metrics, such as `token_expired`.
    ///
    /// It is the field `reason` of log events, and the label `outcome` of `portcullis_requests_total`. The
    /// [front page](crate#metrics-and-logging) lists all metrics.
    #[doc(alias = "metrics")]
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication(_) => "insufficient_user_authentication",
            Self::InvalidCredentials => "invalid_credentials",
            Self::InvalidDpopProof(fault) => fault.reason(),
            Self::InvalidRequest(fault) => fault.reason(),
            Self::InvalidToken(fault) => fault.reason(),
            Self::MissingCredentials => "missing_credentials",
            Self::Misconfigured => "misconfigured",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Unavailable => "unavailable",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// Returns the rule that the request breaks, for errors without a [`Finding`](crate::error::Finding).
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::AccessDenied => "access",
            Self::InsufficientScope => "scope",
            Self::InsufficientUserAuthentication(_) => "acr, auth_time",
            Self::InvalidCredentials => "password",
            Self::InvalidDpopProof(_) | Self::UseDpopNonce => "dpop",
            Self::InvalidRequest(_) => "credentials",
            Self::InvalidToken(fault) => fault.rule(),
            Self::MissingCredentials => "authentication",
            Self::Misconfigured => "configuration",
            Self::TooManyAttempts => "attempts",
            Self::Unavailable => "availability",
        }
    }
}

/// The reason why the credentials of a request can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestFault {
    /// The credentials don't follow the grammar of their scheme.
    Malformed,
    /// The request carries more than one set of credentials.
    Repeated,
    /// The access token is longer than this service accepts.
    TooLong,
}

impl RequestFault {
    const fn description(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed credentials.",
            Self::Repeated => "More than one set of credentials.",
            Self::TooLong => "Access token too long.",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_credentials",
            Self::Repeated => "repeated_credentials",
            Self::TooLong => "token_too_long",
        }
    }
}

/// The reason why an access token is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenFault {
    /// Its signature algorithm isn't accepted, or doesn't match the key.
    Algorithm,
    /// It is intended for another service (`aud`), or for none.
    Audience,
    /// It is bound to a key (`cnf`), and the request contains no valid proof of possession.
    Binding,
    /// A required claim is missing, or a claim has an invalid value.
    Claims,
    /// It has expired (`exp`).
    Expired,
    /// The introspection endpoint reports it as inactive: it was revoked, has expired, or never existed.
    Inactive,
    /// Its issuer isn't trusted (`iss`).
    Issuer,
    /// It is valid for longer than this service accepts (`exp` minus `iat`).
    Lifetime,
    /// It isn't a token in a supported format.
    Malformed,
    /// It isn't valid yet (`nbf`, `iat`).
    NotYetValid,
    /// A custom check rejected it.
    Rejected,
    /// It was revoked.
    Revoked,
    /// Its signature is invalid.
    Signature,
    /// It is another kind of token, such as an ID token.
    Type,
    /// The issuer has no key with its `kid`, or none that verifies its signature.
    UnknownKey,
}

impl TokenFault {
    const fn description(self) -> &'static str {
        match self {
            Self::Algorithm => "Token algorithm not accepted.",
            Self::Audience => "Token not intended for this audience.",
            Self::Binding => "Token is bound to a key that was not proven.",
            Self::Claims => "Token claims invalid.",
            Self::Expired => "Token expired.",
            Self::Inactive => "Token inactive.",
            Self::Issuer => "Token issuer not trusted.",
            Self::Lifetime => "Token lifetime too long.",
            Self::Malformed => "Token malformed.",
            Self::NotYetValid => "Token not yet valid.",
            Self::Rejected => "Token not accepted.",
            Self::Revoked => "Token revoked.",
            Self::Signature => "Token signature invalid.",
            Self::Type => "Token is not an access token.",
            Self::UnknownKey => "Token key unknown.",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Algorithm => "token_algorithm",
            Self::Audience => "token_audience",
            Self::Binding => "token_binding",
            Self::Claims => "token_claims",
            Self::Expired => "token_expired",
            Self::Inactive => "token_inactive",
            Self::Issuer => "token_issuer",
            Self::Lifetime => "token_lifetime",
            Self::Malformed => "token_malformed",
            Self::NotYetValid => "token_not_yet_valid",
            Self::Rejected => "token_rejected",
            Self::Revoked => "token_revoked",
            Self::Signature => "token_signature",
            Self::Type => "token_type",
            Self::UnknownKey => "token_unknown_key",
        }
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::Algorithm => "alg",
            Self::Audience => "aud",
            Self::Binding => "cnf",
            Self::Claims => "claims",
            Self::Expired => "exp",
            Self::Inactive => "active",
            Self::Issuer => "iss",
            Self::Lifetime => "lifetime",
            Self::Malformed => "form",
            Self::NotYetValid => "nbf, iat",
            Self::Rejected => "check",
            Self::Revoked => "revocation",
            Self::Signature => "signature",
            Self::Type => "typ",
            Self::UnknownKey => "kid",
        }
    }
}

impl From<AuthenticationFault> for ErrorKind {
    fn from(fault: AuthenticationFault) -> Self {
        Self::InsufficientUserAuthentication(fault)
    }
}

impl From<RequestFault> for ErrorKind {
    fn from(fault: RequestFault) -> Self {
        Self::InvalidRequest(fault)
    }
}

/// A request with more than one proof is malformed, like one with more than one token.
impl From<DpopFault> for ErrorKind {
    fn from(fault: DpopFault) -> Self {
        match fault {
            DpopFault::Repeated => Self::InvalidRequest(RequestFault::Repeated),
            fault => Self::InvalidDpopProof(fault),
        }
    }
}

impl From<TokenFault> for ErrorKind {
    fn from(fault: TokenFault) -> Self {
        Self::InvalidToken(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_matches_its_row_of_the_error_table() {
        for (kind, status, code, grpc) in [
            (ErrorKind::AccessDenied, 403, None, 7),
            (ErrorKind::InsufficientScope, 403, Some("insufficient_scope"), 7),
            (AuthenticationFault::Class.into(), 401, Some("insufficient_user_authentication"), 16),
            (ErrorKind::InvalidCredentials, 401, None, 16),
            (RequestFault::Malformed.into(), 400, Some("invalid_request"), 3),
            (TokenFault::Expired.into(), 401, Some("invalid_token"), 16),
            (ErrorKind::MissingCredentials, 401, None, 16),
            (ErrorKind::Misconfigured, 500, None, 13),
            (ErrorKind::TooManyAttempts, 429, None, 8),
            (ErrorKind::Unavailable, 503, None, 14),
        ] {
            assert_eq!(kind.status().as_u16(), status, "{kind:?}");
            assert_eq!(kind.code(), code, "{kind:?}");
            assert_eq!(kind.grpc_code(), grpc, "{kind:?}");
        }
    }
}
