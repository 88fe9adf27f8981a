//! The JOSE header (RFC 7515 §4).

use std::borrow::Cow;

use super::token_type::TokenType;
use crate::{
    error::TokenFault,
    jose::{
        algorithm::Algorithm,
        base64url,
        json::{self, Value},
    },
};

/// The maximum length of a decoded header, in bytes. It leaves room for an `x5c` of four certificates,
/// although that is ignored: three of them with RSA keys of 2048 to 4096 bits take 4 to 6 KB
/// (measured).
const MAX_HEADER: usize = 8 * 1024;

/// Nearly all headers are shorter than this, and are decoded on the stack.
const USUAL: usize = 512;

/// The relevant members of a header. `jwk`, `jku`, `x5u` and `x5c` aren't read, because a token
/// must not choose its key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Box<str>>,
    pub(crate) token_type: TokenType,
}

impl Header {
    pub(crate) fn read(encoded: &[u8]) -> Result<Self, TokenFault> {
        read(encoded, Self::parse)
    }

    /// Reads only the `typ`. Most verifiers need only the [`TokenType`].
    pub(super) fn read_typ(encoded: &[u8]) -> Option<String> {
        let typ = read(encoded, |text| {
            let header = json::object(text, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
            Ok(header.find("typ").and_then(string).map(Cow::into_owned))
        });
        typ.ok()?
    }

    fn parse(text: &str) -> Result<Self, TokenFault> {
        let (mut algorithm, mut kid, mut typ) = (None, None, None);
        let mut is_malformed = false;
        json::object(text, |name, value| {
            let read = match &*name.to_cow() {
                "alg" => string(value).map(|text| algorithm = Some(text)),
                "kid" => string(value).map(|text| kid = Some(text)),
                "typ" => string(value).map(|text| typ = Some(text)),
                // No extension is implemented, so any `crit` is rejected (RFC 7515 §4.1.11), and so
                // is a `b64: false` that isn't listed in `crit` (RFC 7797 §6).
                "crit" => None,
                "b64" => matches!(value, Value::Bool(true)).then_some(()),
                _ => Some(()),
            };
            is_malformed |= read.is_none();
        })
        .map_err(|_| TokenFault::Malformed)?;
        if is_malformed {
            return Err(TokenFault::Malformed);
        }
        let algorithm = algorithm.ok_or(TokenFault::Malformed)?;
        let algorithm = Algorithm::from_name(&algorithm).ok_or(TokenFault::Algorithm)?;
        let token_type = TokenType::of(typ.as_deref());
        Ok(Self { algorithm, kid: kid.map(|kid| kid.into_owned().into_boxed_str()), token_type })
    }
}

/// The texts of a header that operators see, even if the header is invalid.
#[derive(Debug, Default)]
pub(super) struct HeaderTexts {
    pub(super) algorithm: Option<String>,
    pub(super) kid: Option<String>,
    /// Whether it is a JSON object.
    pub(super) is_object: bool,
    /// Why the header is rejected, if it has an extension.
    pub(super) problem: Option<&'static str>,
}

impl HeaderTexts {
    pub(super) fn read(encoded: &[u8]) -> Self {
        let texts = read(encoded, |text| {
            let header = json::object(text, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
            let of = |name| header.find(name).and_then(string).map(Cow::into_owned);
            let has = |name| header.find(name).is_some();
            let problem = if has("crit") {
                Some(
                    "the header has `crit`, but this crate doesn't implement any critical extension",
                )
            } else if has("b64") {
                Some("the header has `b64`, but this crate doesn't support unencoded payloads")
            } else {
                None
            };
            Ok(Self { algorithm: of("alg"), kid: of("kid"), is_object: true, problem })
        });
        texts.unwrap_or_default()
    }
}

/// Decodes a header and reads its text.
fn read<T>(
    encoded: &[u8],
    read: impl FnOnce(&str) -> Result<T, TokenFault>,
) -> Result<T, TokenFault> {
    let (mut usual, mut long);
    let buffer: &mut [u8] = if encoded.len() <= USUAL {
        usual = [0; USUAL];
        &mut usual
    } else {
        long = vec![0; encoded.len().min(MAX_HEADER)];
        &mut long
    };
    let bytes = base64url::decode_into(encoded, buffer).ok_or(TokenFault::Malformed)?;
    read(str::from_utf8(bytes).map_err(|_| TokenFault::Malformed)?)
}

fn string(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.to_cow()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alg_kid_and_typ_are_read_and_critical_headers_rejected() {
        use TokenFault::{Algorithm as Alg, Malformed};
        for (text, result) in [
            (r#"{"alg":"RS256"}"#, Ok(None)),
            (r#"{"alg":"RS256","kid":"k","typ":"JWT"}"#, Ok(Some("k"))),
            (r#"{"alg":"RS256","kid":"\u006b"}"#, Ok(Some("k"))),
            (
                r#"{"alg":"RS256","jwk":{"kty":"oct"},"jku":"https://evil.example","x5c":[]}"#,
                Ok(None),
            ),
            (r#"{"alg":"RS256","b64":true}"#, Ok(None)),
            (r#"{"alg":"none"}"#, Err(Alg)),
            (r#"{"alg":"nOnE"}"#, Err(Alg)),
            (r#"{"alg":"rs256"}"#, Err(Alg)),
            (r#"{"alg":""}"#, Err(Alg)),
            (r#"{"alg":null}"#, Err(Malformed)),
            (r#"{"alg":["RS256"]}"#, Err(Malformed)),
            (r#"{"alg":"RS256","alg":"HS256"}"#, Err(Malformed)),
            (r#"{"alg":"RS256","\u0061lg":"HS256"}"#, Err(Malformed)),
            (r#"{"\u0063rit":["x"],"alg":"RS256"}"#, Err(Malformed)),
            (r#"{"alg":"RS256","kid":1}"#, Err(Malformed)),
            (r#"{"alg":"RS256","crit":["exp"]}"#, Err(Malformed)),
            (r#"{"alg":"RS256","crit":[]}"#, Err(Malformed)),
            (r#"{"alg":"RS256","b64":false}"#, Err(Malformed)),
            (r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#, Err(Malformed)),
            (r#"{"kid":"k"}"#, Err(Malformed)),
            ("{}", Err(Malformed)),
            ("[]", Err(Malformed)),
            ("", Err(Malformed)),
        ] {
            let header = Header::parse(text).map(|header| header.kid);
            assert_eq!(header, result.map(|kid: Option<&str>| kid.map(Box::from)), "{text}");
        }
    }
}
