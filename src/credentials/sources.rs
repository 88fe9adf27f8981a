//! Where a layer looks for credentials.

use std::{borrow::Cow, fmt, sync::Arc};

use http::{HeaderMap, HeaderName, header::AUTHORIZATION};

use super::{
    Authorization, BearerToken, Credentials, CredentialsRejection, RequestHead,
    cookie::TokenCookie, query, websocket,
};
use crate::scheme::Scheme;
use crate::{Error, RequestFault};

/// The places that a layer looks at. What isn't switched on isn't looked at.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) schemes: Vec<Scheme>,
    /// Headers of the same form as `Authorization`.
    pub(crate) headers: Vec<HeaderName>,
    pub(crate) query: bool,
    pub(crate) cookie: Option<TokenCookie>,
    pub(crate) websocket: bool,
    pub(crate) custom: Vec<Arc<CustomSource>>,
    /// Longer tokens aren't read.
    pub(crate) max_token_length: usize,
}

pub(crate) type CustomSource =
    dyn Fn(&RequestHead<'_>) -> Result<Option<String>, Error> + Send + Sync;

/// Credentials, and where they were.
#[derive(Debug)]
pub(crate) struct Presented<'a> {
    pub(crate) credentials: Credentials<'a>,
    pub(crate) scheme: Scheme,
    pub(crate) source: Source,
}

/// A place whose token must not be seen further inside, or whose response needs care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Header,
    Query,
    WebSocket,
}

impl Sources {
    /// `Authorization` with these schemes.
    pub(crate) fn new(scheme: Scheme) -> Self {
        Self {
            schemes: vec![scheme],
            headers: vec![AUTHORIZATION],
            query: false,
            cookie: None,
            websocket: false,
            custom: Vec::new(),
            max_token_length: 16 * 1024,
        }
    }

    /// Returns the bytes behind `Bearer ` if that header is the only place in which this layer looks for
    /// credentials. They haven't been parsed: a cache compares them with those of tokens that have.
    pub(crate) fn plain_bearer_token<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]> {
        let Self { query: false, cookie: None, websocket: false, .. } = self else { return None };
        let [name] = &*self.headers else { return None };
        let mut lines = headers.get_all(name).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else { return None };
        let token = line.as_bytes().strip_prefix(b"Bearer ")?;
        let fits = token.len() <= self.max_token_length
            && self.custom.is_empty()
            && self.schemes.contains(&Scheme::Bearer);
        fits.then_some(token)
    }

    /// The one set of credentials in the request, if there is one.
    ///
    /// # Errors
    ///
    /// [`RequestFault::Repeated`] if there are two, wherever they stand: which counts is not ours to
    /// guess (RFC 6750 §2). What a source of the user's own says.
    pub(crate) fn read<'a>(
        &self,
        head: &RequestHead<'a>,
    ) -> Result<Option<Presented<'a>>, CredentialsRejection> {
        let mut found = Found(None);
        for name in &self.headers {
            let Some(line) = Authorization::from_headers(head.headers(), name)? else { continue };
            let scheme = self.schemes.iter().copied().find(|scheme| line.is(scheme.name()));
            let read = line.read(|line| scheme.map(|scheme| self.header_line(line, scheme)));
            if let Some(read) = read {
                found.put(read, scheme)?;
            }
        }
        if self.query
            && let Some(text) = query::token(head.uri())?
        {
            found.put(self.token(text.into(), Source::Query), Some(Scheme::Bearer))?;
        }
        if let Some(cookie) = &self.cookie
            && let Some(text) = cookie.token(head)?
        {
            let text = str::from_utf8(text).map_err(|_| RequestFault::Malformed)?;
            found.put(self.token(text.into(), Source::Header), Some(Scheme::Bearer))?;
        }
        if self.websocket
            && let Some(text) = websocket::token(head)?
        {
            found.put(self.token(text.into(), Source::WebSocket), Some(Scheme::Bearer))?;
        }
        for source in &self.custom {
            if let Some(text) = source(head)? {
                found.put(self.token(text.into(), Source::Header), Some(Scheme::Bearer))?;
            }
        }
        found.0.transpose()
    }

    fn header_line<'a>(
        &self,
        line: &Authorization<'a>,
        scheme: Scheme,
    ) -> Result<Presented<'a>, RequestFault> {
        self.check_length(line.credentials.len())?;
        let credentials = Credentials::parse(scheme, line.credentials)?;
        Ok(Presented { credentials, scheme, source: Source::Header })
    }

    fn token<'a>(&self, text: Cow<'a, str>, source: Source) -> Result<Presented<'a>, RequestFault> {
        self.check_length(text.len())?;
        let token = match text {
            Cow::Borrowed(text) => BearerToken::parse(text.as_bytes()),
            Cow::Owned(text) => BearerToken::parse_owned(text),
        };
        Ok(Presented { credentials: Credentials::Bearer(token?), scheme: Scheme::Bearer, source })
    }

    fn check_length(&self, bytes: usize) -> Result<(), RequestFault> {
        if bytes > self.max_token_length { Err(RequestFault::TooLong) } else { Ok(()) }
    }
}

/// What was found so far. Unreadable credentials count as some: beside others they are one too many.
struct Found<'a>(Option<Result<Presented<'a>, CredentialsRejection>>);

impl<'a> Found<'a> {
    fn put(
        &mut self,
        found: Result<Presented<'a>, RequestFault>,
        scheme: Option<Scheme>,
    ) -> Result<(), RequestFault> {
        if self.0.is_some() {
            return Err(RequestFault::Repeated);
        }
        self.0 = Some(found.map_err(|fault| CredentialsRejection::of_fault(fault, scheme)));
        Ok(())
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("schemes", &self.schemes)
            .field("headers", &self.headers)
            .field("query", &self.query)
            .field("cookie", &self.cookie)
            .field("websocket", &self.websocket)
            .field("custom", &self.custom.len())
            .field("max_token_length", &self.max_token_length)
            .finish()
    }
}
