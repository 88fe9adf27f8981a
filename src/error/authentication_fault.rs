//! Why a user has to authenticate again.

/// The reason why the authentication of the user is insufficient ([RFC 9470 §3]).
///
/// ```
/// use portcullis::{ErrorKind, error::AuthenticationFault};
///
/// let kind = ErrorKind::InsufficientUserAuthentication(AuthenticationFault::Age);
/// assert_eq!(kind.description(), "More recent authentication is required");
/// ```
///
/// [RFC 9470 §3]: https://www.rfc-editor.org/rfc/rfc9470#section-3
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthenticationFault {
    /// The user authenticated too long ago, or at an unknown time (`auth_time`).
    Age,
    /// The authentication class (`acr`) is missing or isn't one of the accepted ones.
    Class,
}

impl AuthenticationFault {
    /// Returns the text of the examples in RFC 9470 §3.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Age => "More recent authentication is required",
            Self::Class => "A different authentication level is required",
        }
    }
}
