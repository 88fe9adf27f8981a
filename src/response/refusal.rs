//! What an error body may show.

use std::{borrow::Cow, time::SystemTime};

use http::{Method, Uri};

use crate::Error;

/// A refused request, as the body of the refusal may show it.
#[derive(Debug)]
pub struct Refusal<'a> {
    pub(super) error: &'a Error,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) time: SystemTime,
}

impl Refusal<'_> {
    /// Why the request is refused.
    #[must_use]
    pub fn error(&self) -> &Error {
        self.error
    }

    /// The request's method. For HEAD it is GET: HEAD is told how long the body for GET is.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The request's target, without any `access_token` in its query.
    #[must_use]
    pub fn uri(&self) -> Cow<'_, str> {
        without_access_token(self.uri)
    }

    /// When the request is refused.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }
}

/// The URI with each query parameter left out whose name reads `access_token`, percent-encoded or not.
fn without_access_token(uri: &Uri) -> Cow<'_, str> {
    let path = match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => {
            Cow::Owned(format!("{scheme}://{authority}{}", uri.path()))
        }
        (None, Some(authority)) if uri.path().is_empty() => Cow::Borrowed(authority.as_str()),
        _ => Cow::Borrowed(uri.path()),
    };
    let Some(query) = uri.query() else { return path };
    let is_token = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        decoded_eq(name.as_bytes(), b"access_token")
    };
    let kept: Vec<_> = query.split('&').filter(|parameter| !is_token(parameter)).collect();
    if kept.is_empty() { path } else { Cow::Owned(format!("{path}?{}", kept.join("&"))) }
}

/// Whether `encoded` reads as `plain` once its percent-encoding is undone.
fn decoded_eq(mut encoded: &[u8], plain: &[u8]) -> bool {
    let hex = |digit: u8| char::from(digit).to_digit(16);
    for &byte in plain {
        let decoded = match encoded {
            [b'%', high, low, rest @ ..] => {
                encoded = rest;
                match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => (high << 4) | low,
                    _ => return false,
                }
            }
            [first, rest @ ..] => {
                encoded = rest;
                u32::from(*first)
            }
            [] => return false,
        };
        if decoded != u32::from(byte) {
            return false;
        }
    }
    encoded.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_token_in_the_query_is_never_shown() {
        for (uri, shown) in [
            ("/", "/"),
            ("/a?b=c", "/a?b=c"),
            ("/a?access_token=s3cret", "/a"),
            ("/a?b=c&access_token=s3cret&d=e", "/a?b=c&d=e"),
            ("/a?access%5Ftoken=s3cret", "/a"),
            ("/a?%61ccess_toke%6e=s3cret&x", "/a?x"),
            ("/a?access_token=s3cret&access_token=s3cret", "/a"),
            ("/a?access_tokens=kept", "/a?access_tokens=kept"),
            ("/a?access%ZZtoken=kept", "/a?access%ZZtoken=kept"),
            ("http://host/a?b=%28c", "http://host/a?b=%28c"),
            ("*", "*"),
            ("host:443", "host:443"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(without_access_token(&uri), shown);
        }
    }
}
