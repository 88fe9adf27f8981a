//! The `access_token` query parameter (RFC 6750 §2.3).

use std::borrow::Cow;

use http::{Uri, uri::PathAndQuery};

use super::percent::PercentDecoder;
use crate::error::RequestFault;

const NAME: &[u8] = b"access_token";

/// Returns whether there is a token, valid or malformed.
pub(super) fn has_token(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(is_token))
}

/// Returns the decoded token. A repeated parameter is rejected.
pub(super) fn token(uri: &Uri) -> Result<Option<String>, RequestFault> {
    let parameters = uri.query().into_iter().flat_map(|query| query.split('&'));
    let mut values = parameters.filter(|parameter| is_token(parameter)).map(value);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(RequestFault::Repeated);
    }
    decode(value).map(Some).ok_or(RequestFault::Malformed)
}

/// Returns the target without any `access_token`, however its name is encoded.
///
/// A token is only read from a parameter that `&` separates, but it is removed after a `;` too: an inner service
/// may split there, and the client may have intended it.
pub(crate) fn without_access_token(target: &PathAndQuery) -> Cow<'_, str> {
    let whole = Cow::Borrowed(target.as_str());
    let Some(query) = target.query() else { return whole };
    if !query.split(['&', ';']).any(is_token) {
        return whole;
    }
    let parameters = query.split('&').filter(|parameter| !is_token(parameter));
    let kept: Vec<_> = parameters.filter_map(without_parts).collect();
    if kept.is_empty() {
        Cow::Borrowed(target.path())
    } else {
        Cow::Owned(format!("{}?{}", target.path(), kept.join("&")))
    }
}

/// Returns a parameter without the parts after a `;` that are tokens, or `None` if no part is left.
fn without_parts(parameter: &str) -> Option<Cow<'_, str>> {
    if !parameter.split(';').any(is_token) {
        return Some(parameter.into());
    }
    let kept: Vec<_> = parameter.split(';').filter(|part| !is_token(part)).collect();
    (!kept.is_empty()).then(|| kept.join(";").into())
}

fn is_token(parameter: &str) -> bool {
    let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
    let mut decoded = PercentDecoder::form(name.as_bytes());
    NAME.iter().all(|&byte| decoded.next() == Some(Some(byte))) && decoded.next().is_none()
}

fn value(parameter: &str) -> &str {
    parameter.split_once('=').map_or("", |(_, value)| value)
}

fn decode(value: &str) -> Option<String> {
    String::from_utf8(PercentDecoder::form(value.as_bytes()).collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn the_token_is_read_from_any_position_in_the_query() {
        use RequestFault::{Malformed, Repeated};
        for (query, found) in [
            ("/", Ok(None)),
            ("/?a=b", Ok(None)),
            ("/?access_token=abc", Ok(Some("abc"))),
            ("/?a=b&access_token=abc&c", Ok(Some("abc"))),
            ("/?access_token=a%2Bb%3d", Ok(Some("a+b="))),
            ("/?access_token=a+b", Ok(Some("a b"))),
            ("/?access%5Ftoken=abc", Ok(Some("abc"))),
            ("/?access_token=", Ok(Some(""))),
            ("/?access_token", Ok(Some(""))),
            ("/?access_tokens=abc", Ok(None)),
            ("/?Access_Token=abc", Ok(None)),
            ("/?access_token=a&access_token=a", Err(Repeated)),
            ("/?access_token=a&access%5ftoken=b", Err(Repeated)),
            ("/?access_token=%", Err(Malformed)),
            ("/?access_token=%zz", Err(Malformed)),
            ("/?access_token=%ff", Err(Malformed)),
        ] {
            assert_eq!(token(&uri(query)), found.map(|found| found.map(str::to_owned)), "{query}");
        }
    }

    #[test]
    fn every_token_is_removed_from_the_query() {
        for (text, left) in [
            ("/", "/"),
            ("/a?b=c", "/a?b=c"),
            ("/a?access_token=s3cret", "/a"),
            ("/a?b=c&access_token=s3cret&d=e", "/a?b=c&d=e"),
            ("/a?access%5Ftoken=s3cret", "/a"),
            ("/a?%61ccess_toke%6e=s3cret&x", "/a?x"),
            ("/a?access_token=s3cret&access_token=s3cret", "/a"),
            ("/a?access_tokens=other", "/a?access_tokens=other"),
            ("/a?b;access_token=s3cret", "/a?b"),
            ("/a?b=c;access%5Ftoken=s3cret;d=e&f;g", "/a?b=c;d=e&f;g"),
            ("/a?;access_token=s3cret", "/a?"),
            ("/a?b&access_token=s3cret;c=s3cret", "/a?b"),
            ("/a?access_token;b=c", "/a?b=c"),
            ("/a?b;access_token=s3cret&access_token=s3cret&c", "/a?b&c"),
            ("/a?b;c;d", "/a?b;c;d"),
            ("/a?access%ZZtoken=other", "/a?access%ZZtoken=other"),
            ("http://host/a?b=%28c", "/a?b=%28c"),
            ("*", "*"),
        ] {
            assert_eq!(without_access_token(uri(text).path_and_query().unwrap()), left);
        }
    }
}
