//! The ways to send a Bearer token.

/// A way to send a Bearer token ([RFC 6750 §2]).
///
/// ```
/// use portcullis::resource_metadata::BearerMethod;
///
/// assert_eq!(BearerMethod::Header.as_str(), "header");
/// ```
///
/// [RFC 6750 §2]: https://www.rfc-editor.org/rfc/rfc6750#section-2
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerMethod {
    /// A form parameter in the body. This crate doesn't read it.
    Body,
    /// The `Authorization` header.
    Header,
    /// The query parameter `access_token`.
    Query,
}

impl BearerMethod {
    /// Returns the value in `bearer_methods_supported`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Header => "header",
            Self::Query => "query",
        }
    }
}
