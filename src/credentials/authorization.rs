//! The `Authorization` request header (RFC 9110 §11.6.2): a scheme and what follows it.

use http::{HeaderMap, HeaderName, header::AUTHORIZATION};

use crate::{Error, ErrorKind, error::RequestFault};

/// The parts of a header of the form `scheme credentials`. The credentials haven't been parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authorization<'a> {
    pub(crate) scheme: &'a [u8],
    /// The rest of the line, without the spaces before and after it.
    pub(crate) credentials: &'a [u8],
}

impl<'a> Authorization<'a> {
    /// Splits the only line of a header. Returns `None` if the header is missing or empty.
    ///
    /// # Errors
    ///
    /// [`RequestFault::Repeated`] for more than one line, because it would be a guess which one counts.
    pub(crate) fn from_headers(
        headers: &'a HeaderMap,
        name: &HeaderName,
    ) -> Result<Option<Self>, RequestFault> {
        Ok(one_line(headers, name)?.and_then(Self::parse))
    }

    /// Returns the result of `parse`, which is `None` for a scheme that it doesn't support.
    ///
    /// # Errors
    ///
    /// The errors of `parse`. [`RequestFault::Repeated`] for a list of credentials in one line. The supported schemes
    /// don't allow commas, so only credentials that couldn't be parsed are searched for one.
    pub(crate) fn read<T>(
        &self,
        parse: impl FnOnce(&Self) -> Option<Result<T, RequestFault>>,
    ) -> Option<Result<T, RequestFault>> {
        match parse(self) {
            Some(Ok(credentials)) => Some(Ok(credentials)),
            _ if self.is_list() => Some(Err(RequestFault::Repeated)),
            unread => unread,
        }
    }

    /// Parses the credentials in `Authorization`, which must have this scheme.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`] without the header, or with another scheme in it; the
    /// errors of [`from_headers`](Self::from_headers) and [`read`](Self::read).
    pub(crate) fn read_only<T>(
        headers: &'a HeaderMap,
        scheme: &str,
        parse: impl FnOnce(&'a [u8]) -> Result<T, RequestFault>,
    ) -> Result<T, Error> {
        let line = Self::from_headers(headers, &AUTHORIZATION)?;
        let parse = |line: &Self| line.is(scheme).then(|| parse(line.credentials));
        match line.and_then(|line| line.read(parse)) {
            Some(credentials) => Ok(credentials?),
            None => Err(ErrorKind::MissingCredentials.into()),
        }
    }

    fn parse(line: &'a [u8]) -> Option<Self> {
        let line = trim(line);
        if line.is_empty() {
            return None;
        }
        let end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (scheme, mut credentials) = line.split_at_checked(end)?;
        while let [b' ', rest @ ..] = credentials {
            credentials = rest;
        }
        Some(Self { scheme, credentials })
    }

    /// Returns whether these are several credentials, which a proxy has joined with commas. Commas also separate the
    /// parameters of one credential (RFC 9110 §11.4), but never follow a `token68`.
    fn is_list(&self) -> bool {
        self.credentials.contains(&b',')
            && !self.credentials.split(|&byte| byte == b',').next().is_some_and(is_parameter)
    }

    /// Compares the scheme case-insensitively.
    pub(crate) fn is(&self, scheme: &str) -> bool {
        // Most clients write it as the RFC does, so that is compared first.
        self.scheme == scheme.as_bytes() || self.scheme.eq_ignore_ascii_case(scheme.as_bytes())
    }
}

/// Returns the only line of a header.
///
/// # Errors
///
/// [`RequestFault::Repeated`] if there is more than one line: it would be a guess which one counts.
pub(super) fn one_line<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a [u8]>, RequestFault> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    match lines.next() {
        Some(_) => Err(RequestFault::Repeated),
        None => Ok(Some(line.as_bytes())),
    }
}

/// Returns whether this is a parameter, and not a `token68` with its padding.
fn is_parameter(element: &[u8]) -> bool {
    let mut halves = element.splitn(2, |&byte| byte == b'=');
    let (_, value) = (halves.next(), halves.next().unwrap_or_default());
    !matches!(trim(value), [] | [b'=', ..])
}

/// Removes optional white space (RFC 9110 §5.6.3) at both ends. A tab inside is kept: it isn't a separator, and no
/// supported scheme allows it.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_scheme_is_separated_from_its_parameters() {
        let cases: [(&[u8], Option<(&[u8], &[u8])>); 10] = [
            (b"Bearer abc", Some((b"Bearer", b"abc"))),
            (b"Bearer    abc", Some((b"Bearer", b"abc"))),
            (b"  Bearer abc  ", Some((b"Bearer", b"abc"))),
            (b"Bearer", Some((b"Bearer", b""))),
            (b"Bearer ", Some((b"Bearer", b""))),
            (b"Bearer\tabc", Some((b"Bearer\tabc", b""))),
            (b"Bearer \tabc", Some((b"Bearer", b"\tabc"))),
            (b"Bearer a b", Some((b"Bearer", b"a b"))),
            (b"", None),
            (b"   ", None),
        ];
        for (line, parts) in cases {
            let parsed = Authorization::parse(line).map(|a| (a.scheme, a.credentials));
            assert_eq!(parsed, parts, "{line:?}");
        }
    }

    #[test]
    fn a_second_header_is_rejected_even_if_it_is_equal() {
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        let error = Authorization::from_headers(&headers, &AUTHORIZATION).unwrap_err();
        assert_eq!(error, RequestFault::Repeated);
    }

    #[test]
    fn a_list_of_credentials_is_rejected_but_not_one_of_parameters() {
        for (line, is_list) in [
            ("Bearer a, Bearer b", true),
            ("Bearer a,Bearer b", true),
            ("Bearer a,", true),
            ("Bearer ,a", true),
            ("Basic YQ==, Bearer b", true),
            ("Basic YWE=, Bearer b", true),
            ("Negotiate , Bearer b", true),
            ("Bearer a", false),
            ("Digest username=\"a\", realm=\"b, c\"", false),
            ("Digest username = a , realm=b", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(AUTHORIZATION, HeaderValue::from_static(line));
            let line = Authorization::from_headers(&headers, &AUTHORIZATION).unwrap().unwrap();
            let others: [Option<Result<(), _>>; 2] = [None, Some(Err(RequestFault::Malformed))];
            for other in others {
                let expected = if is_list { Some(Err(RequestFault::Repeated)) } else { other };
                assert_eq!(line.read(|_| other), expected, "{line:?}");
            }
            assert_eq!(line.read(|_| Some(Ok(()))), Some(Ok(())), "{line:?}");
        }
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        assert!(Authorization::parse(b"bEARER x").unwrap().is("Bearer"));
        assert!(!Authorization::parse(b"Bearers x").unwrap().is("Bearer"));
    }
}
