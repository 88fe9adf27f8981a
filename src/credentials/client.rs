//! The credentials of a client at a token endpoint (RFC 6749 §2.3.1).

use std::fmt;

use http::HeaderMap;
use zeroize::Zeroizing;

use super::{BasicCredentials, form};
use crate::{Error, ErrorKind, Secret, error::RequestFault};

/// The unverified identifier and secret of an OAuth client, which it sends to a token endpoint ([RFC 6749 §2.3.1]). For
/// services that issue tokens themselves.
///
/// In `Authorization: Basic`, both are form-encoded first, so that an identifier can contain a colon. In a form, they
/// are parameters. `Debug` shows the identifier, which is public, and not the secret.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::{Secret, credentials::ClientCredentials};
///
/// let mut headers = HeaderMap::new();
/// let line = HeaderValue::from_static("Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
/// headers.insert(AUTHORIZATION, line);
/// let body = "grant_type=client_credentials&scope=orders%3Aread";
/// let client = ClientCredentials::from_request(&headers, body)?;
/// assert_eq!(client.client_id(), "s6BhdRkqt3");
/// assert_eq!(client.secret(), &Secret::from("gX1fBat3bV"));
/// # Ok::<(), portcullis::Error>(())
/// ```
///
/// To verify them with a [`BasicVerifier`](crate::BasicVerifier), convert them into [`BasicCredentials`] with `From`.
///
/// [RFC 6749 §2.3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
#[derive(Clone)]
pub struct ClientCredentials {
    client_id: Box<str>,
    secret: Secret,
}

impl ClientCredentials {
    /// Reads the credentials from the header or the form of a token request. With the header, the form may repeat the
    /// same `client_id`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`] if neither holds identifier and secret;
    /// [`ErrorKind::InvalidRequest`] if both do (RFC 6749 §2.3), or one breaks its grammar.
    pub fn from_request(headers: &HeaderMap, form: &str) -> Result<Self, Error> {
        let parameters = Parameters::parse(form)?;
        match Self::from_headers(headers) {
            Ok(client) => {
                let is_same = parameters.client_id.is_none_or(|id| *id == *client.client_id);
                if parameters.client_secret.is_some() || !is_same {
                    return Err(RequestFault::Repeated.into());
                }
                Ok(client)
            }
            Err(error) if error.kind() == ErrorKind::MissingCredentials => {
                parameters.into_credentials()
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the credentials from the `Authorization` header, with the scheme Basic.
    ///
    /// # Errors
    ///
    /// Those of [`BasicCredentials::from_headers`], and [`ErrorKind::InvalidRequest`] if the identifier or the secret isn't
    /// form-encoded.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        BasicCredentials::from_headers(headers)?.try_into()
    }

    /// Reads the parameters `client_id` and `client_secret` of a form in a request's body. Never pass the query of a URL,
    /// because URLs are logged.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`] unless both are there;
    /// [`ErrorKind::InvalidRequest`] if one is there twice or isn't form-encoded.
    pub fn from_form(form: &str) -> Result<Self, Error> {
        Parameters::parse(form)?.into_credentials()
    }

    /// Returns the client's identifier.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the client's secret. Compare it in constant time, or better, verify it against a hash.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }
}

impl TryFrom<BasicCredentials> for ClientCredentials {
    type Error = Error;

    fn try_from(credentials: BasicCredentials) -> Result<Self, Error> {
        let client_id = form::decode(credentials.user_id())?;
        let secret = form::decode(credentials.password())?;
        Ok(Self { client_id: client_id.as_str().into(), secret: secret.as_str().into() })
    }
}

impl From<ClientCredentials> for BasicCredentials {
    fn from(client: ClientCredentials) -> Self {
        // These are decoded texts, so they are always UTF-8.
        Self::new(&client.client_id, str::from_utf8(client.secret.expose()).unwrap_or_default())
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("client_id", &self.client_id)
            .field("secret", &self.secret)
            .finish()
    }
}

/// The two parameters of a token request that are read here. Others aren't decoded.
#[derive(Default)]
struct Parameters {
    client_id: Option<Zeroizing<String>>,
    client_secret: Option<Zeroizing<String>>,
}

impl Parameters {
    fn parse(text: &str) -> Result<Self, RequestFault> {
        let mut parameters = Self::default();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Names may be encoded too. One that can't be decoded is another parameter.
            let parameter = match form::decode(name).as_ref().map(|name| name.as_str()) {
                Ok("client_id") => &mut parameters.client_id,
                Ok("client_secret") => &mut parameters.client_secret,
                _ => continue,
            };
            if parameter.replace(form::decode(value)?).is_some() {
                return Err(RequestFault::Repeated);
            }
        }
        Ok(parameters)
    }

    fn into_credentials(self) -> Result<ClientCredentials, Error> {
        // An empty value counts as missing (RFC 6749 §3.2), and an identifier is never empty.
        match (self.client_id, self.client_secret) {
            (Some(client_id), Some(secret)) if !client_id.is_empty() => Ok(ClientCredentials {
                client_id: client_id.as_str().into(),
                secret: secret.as_str().into(),
            }),
            _ => Err(ErrorKind::MissingCredentials.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64_simd::STANDARD;
    use http::header::AUTHORIZATION;

    use super::*;

    const MISSING: ErrorKind = ErrorKind::MissingCredentials;
    const MALFORMED: ErrorKind = ErrorKind::InvalidRequest(RequestFault::Malformed);
    const REPEATED: ErrorKind = ErrorKind::InvalidRequest(RequestFault::Repeated);

    fn basic(text: &str) -> HeaderMap {
        let line = format!("Basic {}", STANDARD.encode_to_string(text));
        HeaderMap::from_iter([(AUTHORIZATION, line.parse().unwrap())])
    }

    fn parts(client: Result<ClientCredentials, Error>) -> Result<(String, String), ErrorKind> {
        let client = client.map_err(|error| error.kind())?;
        let basic = BasicCredentials::from(client.clone());
        assert_eq!(client.client_id(), basic.user_id());
        assert_eq!(client.secret(), &Secret::from(basic.password()));
        Ok((basic.user_id().into(), basic.password().into()))
    }

    #[test]
    fn identifier_and_secret_are_form_decoded() {
        for (text, expected) in [
            ("s6BhdRkqt3:gX1fBat3bV", Ok(("s6BhdRkqt3", "gX1fBat3bV"))),
            ("a%3Ab:c+d%2Be", Ok(("a:b", "c d+e"))),
            ("+%25%26%2B%C2%A3%E2%82%AC:%20", Ok((" %&+\u{a3}\u{20ac}", " "))),
            ("a:%c3%A9", Ok(("a", "\u{e9}"))),
            ("a:b:c", Ok(("a", "b:c"))),
            ("a:", Ok(("a", ""))),
            ("a:\u{e9}", Ok(("a", "\u{e9}"))),
            ("a%:b", Err(MALFORMED)),
            ("a:%4", Err(MALFORMED)),
            ("a:%zz", Err(MALFORMED)),
            ("a:%+1", Err(MALFORMED)),
            ("a:%\u{e9}1", Err(MALFORMED)),
            ("a:%ff", Err(MALFORMED)),
            ("a:%00", Err(MALFORMED)),
            ("a%0a:b", Err(MALFORMED)),
        ] {
            let expected = expected.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
            assert_eq!(parts(ClientCredentials::from_headers(&basic(text))), expected, "{text}");
        }
    }

    #[test]
    fn credentials_are_read_from_a_form() {
        for (form, expected) in [
            ("client_id=a&client_secret=b", Ok(("a", "b"))),
            ("grant_type=password&client_secret=b%26&x&client_id=a%3A", Ok(("a:", "b&"))),
            ("client%5Fid=a&client_secret=b=c", Ok(("a", "b=c"))),
            ("client_id=a&client_secret=", Ok(("a", ""))),
            ("client_id=a&client_secret=b&scope=%zz&%zz=1", Ok(("a", "b"))),
            ("", Err(MISSING)),
            ("client_id=a", Err(MISSING)),
            ("client_secret=b", Err(MISSING)),
            ("client_id=&client_secret=b", Err(MISSING)),
            ("Client_Id=a&client_secret=b", Err(MISSING)),
            ("client_id=a&client_secret=b&client_id=a", Err(REPEATED)),
            ("client_id=a&client_secret=b&client%5fsecret=b", Err(REPEATED)),
            ("client_id=a&client_secret=%", Err(MALFORMED)),
            ("client_id=%0d&client_secret=b", Err(MALFORMED)),
        ] {
            let expected = expected.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
            assert_eq!(parts(ClientCredentials::from_form(form)), expected, "{form}");
        }
    }

    #[test]
    fn a_request_authenticates_its_client_in_one_way_only() {
        let bearer = HeaderMap::from_iter([(AUTHORIZATION, "Bearer x".parse().unwrap())]);
        let (header, none) = (basic("a:b"), HeaderMap::new());
        for (headers, form, expected) in [
            (&header, "grant_type=client_credentials", Ok(())),
            (&header, "client_id=a", Ok(())),
            (&none, "client_id=a&client_secret=b", Ok(())),
            (&bearer, "client_id=a&client_secret=b", Ok(())),
            (&none, "", Err(MISSING)),
            (&none, "client_id=a", Err(MISSING)),
            (&header, "client_id=a&client_secret=b", Err(REPEATED)),
            (&header, "client_secret=b", Err(REPEATED)),
            (&header, "client_id=other", Err(REPEATED)),
            (&header, "client_id=a&client_id=a", Err(REPEATED)),
            (&basic("%:b"), "client_id=a&client_secret=b", Err(MALFORMED)),
        ] {
            let client = ClientCredentials::from_request(headers, form);
            assert_eq!(parts(client).map(|_| ()), expected, "{headers:?} {form}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let client = ClientCredentials::from_form("client_id=orders&client_secret=s3cret").unwrap();
        assert_eq!(
            format!("{client:?}"),
            r#"ClientCredentials { client_id: "orders", secret: Secret([redacted]) }"#
        );
    }
}
