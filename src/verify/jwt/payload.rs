//! The payload of a JWT: a claims set (RFC 7519 §4), encoded in base64url.

use crate::{
    TokenFault,
    claims::{ClaimSet, JwtReader, scope_claim::ScopeClaim},
    jose::{base64url, json},
};

/// Reads the claims of a JWT. Once the issuer is known, `choose` returns whatever validates the tokens of that
/// issuer, and the other places for scopes in them.
pub(crate) fn read<'s, V, E: From<TokenFault>>(
    encoded: &str,
    choose: impl FnOnce(Option<&str>) -> Result<(V, &'s [ScopeClaim]), E>,
) -> Result<(ClaimSet, V), E> {
    let bytes = base64url::decode(encoded).ok_or(TokenFault::Malformed)?;
    let text = String::from_utf8(bytes).map_err(|_| TokenFault::Malformed)?;
    parse(text.into_boxed_str(), choose)
}

fn parse<'s, V, E: From<TokenFault>>(
    raw: Box<str>,
    choose: impl FnOnce(Option<&str>) -> Result<(V, &'s [ScopeClaim]), E>,
) -> Result<(ClaimSet, V), E> {
    // Texts are kept as ranges of 32 bits.
    if u32::try_from(raw.len()).is_err() {
        return Err(TokenFault::Malformed.into());
    }
    let mut reader = JwtReader::default();
    let object = json::object(&raw, |name, value| reader.member(name, value))
        .map_err(|_| TokenFault::Malformed)?;
    reader.finish().map_err(|_| TokenFault::Claims)?;
    let (chosen, scope_claims) = choose(reader.registered.issuer.get(&raw))?;
    let scopes = reader.scopes(scope_claims, object)?;
    let JwtReader { registered, has_client_id, is_other_token, .. } = reader;
    Ok((ClaimSet { raw, registered, scopes, has_client_id, is_other_token }, chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ClaimSet, TokenFault> {
        super::parse(text.into(), |_| Ok::<_, TokenFault>(((), &[][..]))).map(|(claims, ())| claims)
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
    fn the_issuer_is_chosen_by_iss_before_the_scopes_are_read() {
        let places = [ScopeClaim::new("permissions")];
        let raw = r#"{"permissions":["a"],"iss":"https://as.example","scope":"b"}"#;
        let read = super::parse(raw.into(), |issuer| {
            Ok::<_, TokenFault>((issuer.map(str::to_owned), &places[..]))
        });
        let (claims, issuer) = read.unwrap();
        assert_eq!(issuer.as_deref(), Some("https://as.example"));
        assert_eq!(claims.scopes.to_string(), "b a");
    }
}
