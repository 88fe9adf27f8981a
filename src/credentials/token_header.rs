//! Credentials in request headers other than `Authorization`.

use http::{HeaderMap, HeaderName};

use super::{BearerToken, authorization::one_line};
use crate::error::RequestFault;

/// A request header other than `Authorization` in which clients or proxies send a token.
///
/// By default, its value has the form of `Authorization`: `Bearer mF_9.B5f-4.1JqM`. With [`bare`](Self::bare), the
/// value is the token alone.
///
/// ```
/// use http::{HeaderName, Request, Response};
/// use portcullis::{AuthenticateLayer, credentials::TokenHeader};
/// # use portcullis::{BearerToken, Identity, Verification, Verify};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # struct Anyone;
/// # impl Verify<BearerToken<'_>> for Anyone {
/// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
/// #         Verification::ready(Ok(Identity::assertion().build()))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let verifier = Anyone;
/// # let inner = service_fn(async |_: Request<()>| {
/// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
/// # });
/// // Behind Cloudflare Access. Google's IAP has `x-goog-iap-jwt-assertion`.
/// let header = TokenHeader::new(HeaderName::from_static("cf-access-jwt-assertion")).bare();
/// let service = AuthenticateLayer::bearer(verifier).header(header).layer(inner);
///
/// let request = Request::get("/").header("cf-access-jwt-assertion", "mF_9.B5f-4.1JqM");
/// assert_eq!(service.oneshot(request.body(())?).await?.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct TokenHeader {
    pub(super) name: HeaderName,
    form: Form,
}

/// The form of the header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The form of `Authorization`.
    Scheme,
    Bare,
    Either,
}

impl TokenHeader {
    /// Reads this header in the form of `Authorization`.
    pub const fn new(name: HeaderName) -> Self {
        Self { name, form: Form::Scheme }
    }

    /// Reads the whole value as an access token, without a scheme before it.
    pub const fn bare(mut self) -> Self {
        self.form = Form::Bare;
        self
    }

    /// Reads a value with a scheme in the form of `Authorization`, and a value without one as an access token. No token contains a
    /// space, which follows every scheme.
    ///
    /// ```
    /// use http::HeaderName;
    /// use portcullis::credentials::TokenHeader;
    ///
    /// let header = TokenHeader::new(HeaderName::from_static("x-access-token"));
    /// assert_ne!(header.clone().optional_scheme(), header.bare());
    /// ```
    pub const fn optional_scheme(mut self) -> Self {
        self.form = Form::Either;
        self
    }

    /// Returns whether the value is to be read in the form of `Authorization`.
    pub(super) fn has_scheme(&self, headers: &HeaderMap) -> bool {
        match self.form {
            Form::Scheme => true,
            Form::Bare => false,
            Form::Either => {
                let line = headers.get(&self.name).map(|line| line.as_bytes().trim_ascii());
                // No scheme allows a comma, so a proxy has joined two tokens.
                let end = line.and_then(|line| line.iter().position(|byte| b" ,".contains(byte)));
                line.zip(end).is_some_and(|(line, end)| line.get(end) == Some(&b' '))
            }
        }
    }
}

impl From<HeaderName> for TokenHeader {
    fn from(name: HeaderName) -> Self {
        Self::new(name)
    }
}

/// Returns the bytes of a token that is the whole value of a header. An empty value isn't a token.
///
/// # Errors
///
/// [`RequestFault::Repeated`] if there are two lines, or if a proxy has joined two lines with a comma.
pub(super) fn bare_token<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a [u8]>, RequestFault> {
    let line = one_line(headers, name)?.map(<[u8]>::trim_ascii);
    let Some(token) = line.filter(|line| !line.is_empty()) else { return Ok(None) };
    // A list whose parts are tokens. Anything else with a comma is malformed.
    let mut parts = token.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    if token.contains(&b',') && parts.all(|part| BearerToken::parse(part).is_ok()) {
        return Err(RequestFault::Repeated);
    }
    Ok(Some(token))
}
