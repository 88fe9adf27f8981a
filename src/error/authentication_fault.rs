//! Why a user has to authenticate again.

/// What is insufficient about the authentication of the user ([RFC 9470 §3]).
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
    /// It is too long ago, or its time (`auth_time`) is unknown.
    Age,
    /// Its class (`acr`) is none of the accepted ones, or unknown.
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
