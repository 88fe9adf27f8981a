//! A parsed token, of which nothing has been verified.

use super::jws::Jws;
use crate::{
    Error,
    claims::{ClaimOptions, ClaimSet, JwtReader},
    error::TokenFault,
    jose::{base64url, json},
};

/// The parts of a token, with its parsed claims.
pub(crate) struct UnverifiedToken<'a> {
    pub(crate) jws: Jws<'a>,
    pub(crate) payload: ClaimSet,
}

impl<'a> UnverifiedToken<'a> {
    /// Parses a token. `options` returns the options of the issuer with this `iss`, or fails if the issuer isn't
    /// trusted.
    pub(crate) fn parse<'o, E: From<TokenFault> + From<Error>>(
        token: &'a [u8],
        options: impl FnOnce(Option<&str>) -> Result<&'o ClaimOptions, E>,
    ) -> Result<Self, E> {
        Self::read(Jws::parse(token)?, options)
    }

    /// Reads the claims of a token whose header was read.
    pub(crate) fn read<'o, E: From<TokenFault> + From<Error>>(
        jws: Jws<'a>,
        options: impl FnOnce(Option<&str>) -> Result<&'o ClaimOptions, E>,
    ) -> Result<Self, E> {
        let payload = claims_of(jws.payload, options)?;
        Ok(Self { jws, payload })
    }
}

/// Reads the claims of an encoded payload (RFC 7519 §4).
pub(super) fn claims_of<'o, E: From<TokenFault> + From<Error>>(
    encoded: &[u8],
    options: impl FnOnce(Option<&str>) -> Result<&'o ClaimOptions, E>,
) -> Result<ClaimSet, E> {
    let bytes = base64url::decode(encoded).ok_or(TokenFault::Malformed)?;
    let text = String::from_utf8(bytes).map_err(|_| TokenFault::Malformed)?;
    parse(text.into_boxed_str(), options)
}

fn parse<'o, E: From<TokenFault> + From<Error>>(
    raw: Box<str>,
    options: impl FnOnce(Option<&str>) -> Result<&'o ClaimOptions, E>,
) -> Result<ClaimSet, E> {
    // Texts are stored as 32-bit ranges.
    if u32::try_from(raw.len()).is_err() {
        return Err(TokenFault::Malformed.into());
    }
    let mut reader = JwtReader::default();
    let object = json::object(&raw, |name, value| reader.member(name, value))
        .map_err(|_| TokenFault::Malformed)?;
    reader.finish().map_err(malformed)?;
    let options = options(reader.registered.issuer.get(&raw))?;
    let scopes = reader.apply(options, object).map_err(malformed)?;
    let JwtReader { registered, has_client_id, other_kind, .. } = reader;
    Ok(ClaimSet { raw, registered, scopes, has_client_id, other_kind })
}

#[cold]
fn malformed(claim: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::from(TokenFault::Claims).with_source(claim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, claims::GivenPlaces};

    fn parse(text: &str) -> Result<ClaimSet, Error> {
        let options = ClaimOptions::default();
        super::parse(text.into(), |_| Ok::<_, Error>(&options))
    }

    fn kind(text: &str) -> ErrorKind {
        parse(text).unwrap_err().kind()
    }

    #[test]
    fn a_value_of_the_wrong_type_makes_the_claims_invalid() {
        for claims in [
            r#"{"sub":1}"#,
            r#"{"iss":null}"#,
            r#"{"jti":[]}"#,
            r#"{"client_id":{}}"#,
            r#"{"aud":null}"#,
            r#"{"aud":["a",1]}"#,
            r#"{"exp":null}"#,
            r#"{"exp":"1796181312"}"#,
            r#"{"\u0065xp":-1}"#,
            r#"{"scope":1}"#,
        ] {
            assert_eq!(kind(claims), TokenFault::Claims.into(), "{claims}");
        }
    }

    #[test]
    fn a_payload_that_is_not_a_json_object_is_malformed() {
        for claims in
            ["", "[]", "null", r#"{"exp":NaN}"#, r#"{"exp":Infinity}"#, r#"{"sub":"a"} {}"#]
        {
            assert_eq!(kind(claims), TokenFault::Malformed.into(), "{claims}");
        }
    }

    #[test]
    fn a_duplicate_member_name_is_rejected() {
        for claims in
            [r#"{"sub":"a","sub":"a"}"#, r#"{"x":{"y":1,"y":2}}"#, r#"{"exp":1,"\u0065xp":2}"#]
        {
            assert_eq!(kind(claims), TokenFault::Malformed.into(), "{claims}");
        }
    }

    #[test]
    fn places_are_configured_for_each_issuer() {
        let (scopes, roles) = (vec!["permissions".to_owned()], vec!["roles".to_owned()]);
        let places = GivenPlaces { scopes, roles }.validate().unwrap();
        let options = ClaimOptions { places, ..ClaimOptions::default() };
        let raw = r#"{"permissions":["a"],"iss":"https://as.example","scope":"b","roles":["c"]}"#;
        let read = |trusted: &str| {
            let read = super::parse(raw.into(), |issuer| {
                if issuer == Some(trusted) {
                    Ok(&options)
                } else {
                    Err(Error::from(TokenFault::Issuer))
                }
            });
            let read = read.map(|claims| {
                let roles: Vec<_> = claims.registered.roles.iter().collect();
                (claims.scopes.to_string(), roles.join(" "))
            });
            read.map_err(|error| error.kind())
        };
        assert_eq!(read("https://as.example"), Ok(("b a".to_owned(), "c".to_owned())));
        assert_eq!(read("https://other.example"), Err(TokenFault::Issuer.into()));
    }

    #[test]
    fn the_error_names_the_malformed_claim() {
        let source = |text| {
            let error = parse(text).unwrap_err();
            std::error::Error::source(&error).unwrap().to_string()
        };
        assert!(source(r#"{"sub":7}"#).starts_with("the claim `sub` is a number"));
        assert!(source(r#"{"sub":"7","exp":"7"}"#).starts_with("the claim `exp` is a string"));
    }
}
