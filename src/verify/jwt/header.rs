//! The JOSE header (RFC 7515 §4).

use std::borrow::Cow;

use super::token_type::TokenType;
use crate::{
    TokenFault,
    jose::{
        algorithm::Algorithm,
        base64url,
        json::{self, Value},
    },
};

/// Longer headers hold nothing that we read. There is room for an `x5c` of four certificates, though we
/// don't look at it: three with RSA keys of 2048 to 4096 bits take 4 to 6 KB (measured).
const MAX_HEADER: usize = 8 * 1024;

/// Nearly all are shorter, and decoded on the stack.
const USUAL: usize = 512;

/// What of a header matters. `jwk`, `jku`, `x5u` and `x5c` don't: a token doesn't choose its key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Box<str>>,
    pub(crate) token_type: TokenType,
}

impl Header {
    pub(crate) fn read(encoded: &str) -> Result<Self, TokenFault> {
        read(encoded, Self::parse)
    }

    /// Reads `typ` alone. Most verifiers need no more of it than the [`TokenType`].
    pub(super) fn read_typ(encoded: &str) -> Option<String> {
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
                // We implement no extension, so each one that must be understood isn't
                // (RFC 7515 §4.1.11). `b64: false` is one that forgets to say so (RFC 7797 §6).
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

/// What operators see of a header, whatever else is wrong with it.
#[derive(Debug, Default)]
pub(super) struct HeaderTexts {
    pub(super) algorithm: Option<String>,
    pub(super) kid: Option<String>,
    /// Whether it is a JSON object.
    pub(super) is_object: bool,
    /// Why it is rejected, if it names an extension.
    pub(super) problem: Option<&'static str>,
}

impl HeaderTexts {
    pub(super) fn read(encoded: &str) -> Self {
        let texts = read(encoded, |text| {
            let header = json::object(text, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
            let of = |name| header.find(name).and_then(string).map(Cow::into_owned);
            let has = |name| header.find(name).is_some();
            let problem = if has("crit") {
                Some(
                    "the header has `crit`: this crate implements no extension that has to be understood",
                )
            } else if has("b64") {
                Some("the header has `b64`: this crate implements no unencoded payloads")
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
    encoded: &str,
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
