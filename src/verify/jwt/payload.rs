//! The payload of a JWT: a claims set (RFC 7519 §4), encoded in base64url.

use crate::{
    TokenFault,
    claims::{ClaimSet, JwtReader, scope_claim::ScopeClaim},
    jose::{base64url, json},
};

/// Reads the claims of a JWT. `scope_claims` returns the places for scopes besides `scope` and `scp` in the
/// tokens of an issuer, given its name in `iss`, or fails if the issuer is not trusted.
pub(super) fn read<'s, E: From<TokenFault>>(
    encoded: &str,
    scope_claims: impl FnOnce(Option<&str>) -> Result<&'s [ScopeClaim], E>,
) -> Result<ClaimSet, E> {
    let bytes = base64url::decode(encoded).ok_or(TokenFault::Malformed)?;
    let text = String::from_utf8(bytes).map_err(|_| TokenFault::Malformed)?;
    parse(text.into_boxed_str(), scope_claims)
}

fn parse<'s, E: From<TokenFault>>(
    raw: Box<str>,
    scope_claims: impl FnOnce(Option<&str>) -> Result<&'s [ScopeClaim], E>,
) -> Result<ClaimSet, E> {
    // Texts are kept as ranges of 32 bits.
    if u32::try_from(raw.len()).is_err() {
        return Err(TokenFault::Malformed.into());
    }
    let mut reader = JwtReader::default();
    let object = json::object(&raw, |name, value| reader.member(name, value))
        .map_err(|_| TokenFault::Malformed)?;
    reader.finish().map_err(|_| TokenFault::Claims)?;
    let scope_claims = scope_claims(reader.registered.issuer.get(&raw))?;
    let scopes = reader.scopes(scope_claims, object)?;
    let JwtReader { registered, has_client_id, is_other_token, .. } = reader;
    Ok(ClaimSet { raw, registered, scopes, has_client_id, is_other_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ClaimSet, TokenFault> {
        super::parse(text.into(), |_| Ok::<_, TokenFault>(&[]))
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
            assert_eq!(parse(claims).unwrap_err(), TokenFault::Claims, "{claims}");
        }
    }

    #[test]
    fn a_payload_that_is_not_a_json_object_is_malformed() {
        for claims in
            ["", "[]", "null", r#"{"exp":NaN}"#, r#"{"exp":Infinity}"#, r#"{"sub":"a"} {}"#]
        {
            assert_eq!(parse(claims).unwrap_err(), TokenFault::Malformed, "{claims}");
        }
    }

    #[test]
    fn a_duplicate_member_name_is_rejected() {
        for claims in
            [r#"{"sub":"a","sub":"a"}"#, r#"{"x":{"y":1,"y":2}}"#, r#"{"exp":1,"\u0065xp":2}"#]
        {
            assert_eq!(parse(claims).unwrap_err(), TokenFault::Malformed, "{claims}");
        }
    }

    #[test]
    fn scope_claims_are_configured_for_each_issuer() {
        let places = [ScopeClaim::new("permissions")];
        let raw = r#"{"permissions":["a"],"iss":"https://as.example","scope":"b"}"#;
        let scopes = |trusted: &str| {
            let read = super::parse(raw.into(), |issuer| {
                if issuer == Some(trusted) { Ok(&places[..]) } else { Err(TokenFault::Issuer) }
            });
            read.map(|claims| claims.scopes.to_string())
        };
        assert_eq!(scopes("https://as.example"), Ok("b a".to_owned()));
        assert_eq!(scopes("https://other.example"), Err(TokenFault::Issuer));
    }
}
