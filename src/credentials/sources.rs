//! Where a layer reads credentials, and in which order.

use std::{borrow::Cow, fmt, mem, sync::Arc};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, COOKIE, Entry},
};

use super::{
    Authorization, BearerToken, Credentials, CredentialsRejection, RequestHead, TokenCharacters,
    TokenHeader, cookie::TokenCookie, query, token_header::bare_token, websocket,
};
use crate::scheme::Scheme;
use crate::{Error, error::RequestFault};

/// The places that a layer reads. A place that isn't enabled isn't read.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) schemes: Vec<Scheme>,
    /// Whether `Authorization` is read, before all others.
    pub(crate) authorization: bool,
    /// Whether the query is read. Then it is one of `others`.
    pub(crate) query: bool,
    /// Whether subprotocols are read. Then they are one of `others`.
    pub(crate) websocket: bool,
    /// The other places, in the order in which they are read.
    others: Vec<Place>,
    /// The maximum length of a token, in bytes.
    pub(crate) max_token_length: usize,
    /// The characters of tokens in headers with a scheme, and in custom sources.
    pub(crate) characters: TokenCharacters,
}

/// A place other than `Authorization`.
#[derive(Clone)]
enum Place {
    Cookie(TokenCookie),
    Custom(Arc<CustomSource>),
    Header(TokenHeader),
    Query,
    WebSocket,
}

pub(crate) type CustomSource =
    dyn Fn(&RequestHead<'_>) -> Result<Option<String>, Error> + Send + Sync;

/// Credentials, and where they were found.
#[derive(Debug)]
pub(crate) struct Presented<'a> {
    pub(crate) credentials: Credentials<'a>,
    pub(crate) scheme: Scheme,
    pub(crate) source: Source,
    /// Whether they are a [`PlainToken`].
    pub(crate) is_plain: bool,
}

/// The content of `Authorization`.
pub(crate) enum AuthorizationLine<'a> {
    Absent,
    Plain(PlainToken<'a>),
    /// Another scheme or form, or more than one line.
    Other,
}

/// An [`AuthorizationLine`] without the token, so that the headers are no longer borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineForm {
    Absent,
    Plain,
    Other,
}

/// A token in `Authorization`, after its scheme in the spelling of the RFC and exactly one space.
pub(crate) struct PlainToken<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) token: &'a [u8],
}

/// Where credentials were found, as far as the response depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Authorization,
    /// A place that shared caches ignore: a cookie, another header, a subprotocol, a custom source.
    Other,
    Query,
}

impl Sources {
    /// Creates sources that read only `Authorization`, with this scheme.
    pub(crate) fn new(scheme: Scheme) -> Self {
        Self {
            schemes: vec![scheme],
            authorization: true,
            query: false,
            websocket: false,
            others: Vec::new(),
            max_token_length: 16 * 1024,
            characters: TokenCharacters::Token68,
        }
    }

    /// Reads `Authorization: DPoP`, and `Bearer` only if `allows_bearer`.
    #[cfg(all(feature = "dpop", feature = "_jwt"))]
    pub(crate) fn set_dpop(&mut self, allows_bearer: bool) {
        self.schemes.retain(|scheme| match scheme {
            Scheme::Dpop => false,
            Scheme::Bearer | Scheme::Token => allows_bearer,
            Scheme::Basic => true,
        });
        self.schemes.push(Scheme::Dpop);
    }

    /// Adds a header, or changes the form in which it is read.
    pub(crate) fn add_header(&mut self, header: TokenHeader) {
        let same =
            |place: &&mut Place| matches!(place, Place::Header(it) if it.name == header.name);
        match self.others.iter_mut().find(same) {
            Some(place) => *place = Place::Header(header),
            None => self.others.push(Place::Header(header)),
        }
    }

    /// Adds a cookie, or changes the requests for which it is read.
    pub(crate) fn add_cookie(&mut self, cookie: TokenCookie) {
        let same =
            |place: &&mut Place| matches!(place, Place::Cookie(it) if it.name == cookie.name);
        match self.others.iter_mut().find(same) {
            Some(place) => *place = Place::Cookie(cookie),
            None => self.others.push(Place::Cookie(cookie)),
        }
    }

    /// Adds the query.
    pub(crate) fn add_query(&mut self) {
        if !mem::replace(&mut self.query, true) {
            self.others.push(Place::Query);
        }
    }

    /// Adds the subprotocols of a WebSocket.
    pub(crate) fn add_websocket(&mut self) {
        if !mem::replace(&mut self.websocket, true) {
            self.others.push(Place::WebSocket);
        }
    }

    /// Adds a custom function.
    pub(crate) fn add_custom(&mut self, source: Arc<CustomSource>) {
        self.others.push(Place::Custom(source));
    }

    /// Does the same as [`read`](Self::read) in fewer steps for a request in which
    /// [`mark_sensitive`](Self::mark_sensitive) found a line of this form.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub(crate) fn read_line<'a>(
        &self,
        form: LineForm,
        head: &RequestHead<'a>,
    ) -> Result<Option<Presented<'a>>, CredentialsRejection> {
        match form {
            LineForm::Absent => self.read_others(head),
            LineForm::Other => self.read(head),
            LineForm::Plain => match self.read_plain(head.headers()) {
                Some(presented) => Ok(Some(presented)),
                // The token has invalid characters. `read` returns the reason.
                None => self.read(head),
            },
        }
    }

    fn read_plain<'a>(&self, headers: &'a HeaderMap) -> Option<Presented<'a>> {
        let PlainToken { scheme, token } = self.plain_token(headers)?;
        let credentials = Credentials::parse(scheme, token, self.characters).ok()?;
        Some(Presented { credentials, scheme, source: Source::Authorization, is_plain: true })
    }

    /// Returns the credentials of the first place that has some. The other places aren't read.
    ///
    /// # Errors
    ///
    /// [`RequestFault::Repeated`] for two methods of RFC 6750 §2 in one request: `Authorization` twice, or
    /// `Authorization` and the query. The error of a custom source.
    pub(crate) fn read<'a>(
        &self,
        head: &RequestHead<'a>,
    ) -> Result<Option<Presented<'a>>, CredentialsRejection> {
        if self.authorization
            && let Some(found) =
                self.scheme_and_credentials(head.headers(), &AUTHORIZATION, Source::Authorization)
        {
            return match found {
                _ if self.query && query::has_token(head.uri()) => {
                    Err(RequestFault::Repeated.into())
                }
                found => found.map(Some),
            };
        }
        self.read_others(head)
    }

    fn read_others<'a>(
        &self,
        head: &RequestHead<'a>,
    ) -> Result<Option<Presented<'a>>, CredentialsRejection> {
        self.others.iter().find_map(|place| self.read_place(place, head)).transpose()
    }

    /// Marks the headers that are read as sensitive, so that they are neither logged nor added to a compression table
    /// (RFC 7541 §7.1.3).
    ///
    /// Also returns the content of `Authorization`, because both need the same look-up of the header.
    pub(crate) fn mark_sensitive<'a>(&self, headers: &'a mut HeaderMap) -> AuthorizationLine<'a> {
        for place in &self.others {
            match place {
                Place::Header(header) => mark_lines(headers, &header.name),
                Place::Cookie(_) => mark_lines(headers, &COOKIE),
                Place::Custom(_) | Place::Query | Place::WebSocket => {}
            }
        }
        // Usually, each header has one line.
        if headers.len() != headers.keys_len()
            && headers.get_all(AUTHORIZATION).iter().nth(1).is_some()
        {
            mark_lines(headers, &AUTHORIZATION);
            return AuthorizationLine::Other;
        }
        let Some(line) = headers.get_mut(AUTHORIZATION) else { return AuthorizationLine::Absent };
        line.set_sensitive(true);
        self.plain_token_in(line).map_or(AuthorizationLine::Other, AuthorizationLine::Plain)
    }

    /// Returns the bytes after the scheme in the only line of `Authorization`, unless another place could change the
    /// result. They haven't been parsed: a cache compares them with tokens that have been.
    pub(crate) fn plain_token<'a>(&self, headers: &'a HeaderMap) -> Option<PlainToken<'a>> {
        self.plain_token_in(headers.get(AUTHORIZATION)?)
    }

    fn plain_token_in<'a>(&self, line: &'a HeaderValue) -> Option<PlainToken<'a>> {
        // The other places aren't read if there is a token in `Authorization`, except for the query.
        let Self { authorization: true, query: false, .. } = self else { return None };
        let (scheme, token) = match line.as_bytes() {
            [b'B', b'e', b'a', b'r', b'e', b'r', b' ', token @ ..] => (Scheme::Bearer, token),
            [b'D', b'P', b'o', b'P', b' ', token @ ..] => (Scheme::Dpop, token),
            _ => return None,
        };
        // `read` leaves out white space around credentials, which are something else with it.
        if matches!(token, [b' ', ..] | [.., b' ' | b'\t']) {
            return None;
        }
        let fits = token.len() <= self.max_token_length && self.schemes.contains(&scheme);
        fits.then_some(PlainToken { scheme, token })
    }

    fn read_place<'a>(
        &self,
        place: &Place,
        head: &RequestHead<'a>,
    ) -> Option<Result<Presented<'a>, CredentialsRejection>> {
        let (text, source) = match place {
            Place::Header(header) if header.has_scheme(head.headers()) => {
                return self.scheme_and_credentials(head.headers(), &header.name, Source::Other);
            }
            Place::Custom(source) => {
                let text = match source(head).transpose()? {
                    Ok(text) => text,
                    Err(error) => return Some(Err(error.into())),
                };
                let token = self.token(text.into(), Source::Other, self.characters);
                return Some(token.map_err(bearer_rejection));
            }
            Place::Header(header) => {
                let token = bare_token(head.headers(), &header.name).transpose()?;
                (token.and_then(as_text), Source::Other)
            }
            Place::Cookie(cookie) => (cookie.token(head).transpose()?, Source::Other),
            Place::Query => (query::token(head.uri()).transpose()?.map(Cow::Owned), Source::Query),
            Place::WebSocket => (websocket::token(head).transpose()?, Source::Other),
        };
        let token = text.and_then(|text| self.token(text, source, TokenCharacters::Token68));
        Some(token.map_err(bearer_rejection))
    }

    /// Reads a header in the form of `Authorization`.
    fn scheme_and_credentials<'a>(
        &self,
        headers: &'a HeaderMap,
        name: &HeaderName,
        source: Source,
    ) -> Option<Result<Presented<'a>, CredentialsRejection>> {
        let line = match Authorization::from_headers(headers, name) {
            Ok(line) => line?,
            Err(fault) => return Some(Err(fault.into())),
        };
        let scheme = self.schemes.iter().copied().find(|scheme| line.is(scheme.name()));
        let read = line.read(|line| scheme.map(|scheme| self.header_line(line, scheme, source)))?;
        Some(read.map_err(|fault| CredentialsRejection::of_fault(fault, scheme)))
    }

    fn header_line<'a>(
        &self,
        line: &Authorization<'a>,
        scheme: Scheme,
        source: Source,
    ) -> Result<Presented<'a>, RequestFault> {
        self.check_length(line.credentials.len())?;
        let credentials = Credentials::parse(scheme, line.credentials, self.characters)?;
        Ok(Presented { credentials, scheme, source, is_plain: false })
    }

    fn token<'a>(
        &self,
        text: Cow<'a, str>,
        source: Source,
        characters: TokenCharacters,
    ) -> Result<Presented<'a>, RequestFault> {
        self.check_length(text.len())?;
        let token = match text {
            Cow::Borrowed(text) => BearerToken::parse_with(text.as_bytes(), characters),
            Cow::Owned(text) => BearerToken::parse_owned(text, characters),
        };
        let credentials = Credentials::Bearer(token?);
        Ok(Presented { credentials, scheme: Scheme::Bearer, source, is_plain: false })
    }

    fn check_length(&self, bytes: usize) -> Result<(), RequestFault> {
        if bytes > self.max_token_length { Err(RequestFault::TooLong) } else { Ok(()) }
    }
}

fn bearer_rejection(fault: RequestFault) -> CredentialsRejection {
    CredentialsRejection::of_fault(fault, Some(Scheme::Bearer))
}

fn as_text(bytes: &[u8]) -> Result<Cow<'_, str>, RequestFault> {
    str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| RequestFault::Malformed)
}

/// Marks each line of a header as sensitive: HTTP/2 may split cookies into several.
fn mark_lines(headers: &mut HeaderMap, name: &HeaderName) {
    if headers.contains_key(name)
        && let Ok(Entry::Occupied(mut lines)) = headers.try_entry(name)
    {
        lines.iter_mut().for_each(|line| line.set_sensitive(true));
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("schemes", &self.schemes)
            .field("authorization", &self.authorization)
            .field("others", &self.others)
            .field("max_token_length", &self.max_token_length)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(cookie) => cookie.fmt(f),
            Self::Custom(_) => f.write_str("Custom"),
            Self::Header(header) => header.fmt(f),
            Self::Query => f.write_str("Query"),
            Self::WebSocket => f.write_str("WebSocket"),
        }
    }
}
