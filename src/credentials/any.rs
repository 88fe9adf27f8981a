//! Credentials of any scheme.

use http::{HeaderMap, header::AUTHORIZATION};

use super::{Authorization, BearerToken, CredentialsRejection, TokenCharacters};
use crate::BasicCredentials;
use crate::scheme::Scheme;
use crate::{Error, ErrorKind, error::RequestFault};

/// The unverified credentials of an `Authorization` header, of any scheme that this crate supports.
///
/// `Debug` doesn't show secrets.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::credentials::Credentials;
///
/// let mut headers = HeaderMap::new();
/// headers.insert(AUTHORIZATION, HeaderValue::from_static("token mF_9.B5f-4.1JqM"));
/// match Credentials::from_headers(&headers)? {
///     Credentials::Bearer(token) | Credentials::Token(token) => {
///         assert_eq!(token.as_str(), "mF_9.B5f-4.1JqM");
///     }
///     _ => panic!("another scheme"),
/// }
/// # Ok::<(), portcullis::Error>(())
/// ```
///
/// With the `axum` feature this is also an extractor, which doesn't need a layer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials<'a> {
    /// `Authorization: Basic` ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
    Basic(BasicCredentials),
    /// `Authorization: Bearer` ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    Bearer(BearerToken<'a>),
    /// `Authorization: DPoP` ([RFC 9449 §7.1](https://www.rfc-editor.org/rfc/rfc9449#section-7.1)). It must not be
    /// accepted without the proof of the same request.
    Dpop(BearerToken<'a>),
    /// `Authorization: token`, which some services use instead of Bearer.
    Token(BearerToken<'a>),
}

impl<'a> Credentials<'a> {
    /// The schemes, in the order of their challenges.
    pub(crate) const SCHEMES: &'static [Scheme] = &[Scheme::Bearer, Scheme::Basic, Scheme::Token];

    /// Reads the credentials from the `Authorization` header.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`] without the header, or with an unsupported scheme;
    /// [`ErrorKind::InvalidRequest`] if the header is repeated or malformed.
    pub fn from_headers(headers: &'a HeaderMap) -> Result<Self, Error> {
        Self::read(headers).map_err(|unreadable| unreadable.error)
    }

    pub(crate) fn read(headers: &'a HeaderMap) -> Result<Self, CredentialsRejection> {
        let missing = || CredentialsRejection::from(Error::new(ErrorKind::MissingCredentials));
        let line = Authorization::from_headers(headers, &AUTHORIZATION)?.ok_or_else(missing)?;
        let scheme = Self::SCHEMES.iter().copied().find(|scheme| line.is(scheme.name()));
        let characters = TokenCharacters::Token68;
        let parse = |scheme| Self::parse(scheme, line.credentials, characters);
        let read = line.read(|_| scheme.map(parse));
        read.ok_or_else(missing)?.map_err(|fault| CredentialsRejection::of_fault(fault, scheme))
    }

    /// Parses credentials. `characters` applies to the schemes `Bearer` and `token`.
    pub(crate) fn parse(
        scheme: Scheme,
        credentials: &'a [u8],
        characters: TokenCharacters,
    ) -> Result<Self, RequestFault> {
        let token = |credentials| BearerToken::parse_with(credentials, characters);
        match scheme {
            Scheme::Basic => BasicCredentials::parse(credentials).map(Self::Basic),
            Scheme::Bearer => token(credentials).map(Self::Bearer),
            Scheme::Dpop => BearerToken::parse(credentials).map(Self::Dpop),
            Scheme::Token => token(credentials).map(Self::Token),
        }
    }

    /// Returns an owned copy of the credentials.
    #[must_use]
    pub fn into_owned(self) -> Credentials<'static> {
        match self {
            Self::Basic(credentials) => Credentials::Basic(credentials),
            Self::Bearer(token) => Credentials::Bearer(token.into_owned()),
            Self::Dpop(token) => Credentials::Dpop(token.into_owned()),
            Self::Token(token) => Credentials::Token(token.into_owned()),
        }
    }
}
