//! The claims that contain a token's scopes.

use super::place::ClaimPlace;
use crate::{
    ScopeSet, TokenFault,
    jose::json::{Object, Value},
};

/// Reads the scopes of `scope`, `scp` and the other places, and joins them.
pub(crate) fn read(
    scope: Option<Value<'_>>,
    scp: Option<Value<'_>>,
    other_places: &[ClaimPlace],
    claims: Object<'_>,
) -> Result<ScopeSet, TokenFault> {
    if scp.is_none() && other_places.is_empty() {
        return match scope {
            None => Ok(ScopeSet::new()),
            Some(scope) => scopes_of(scope),
        };
    }
    let mut all = Vec::new();
    for value in scope.into_iter().chain(scp) {
        all.push(scopes_of(value)?);
    }
    for place in other_places {
        if let Some(value) = place.find(claims) {
            all.push(scopes_of(value)?);
        }
    }
    Ok(all.iter().flat_map(ScopeSet::iter).collect())
}

/// Reads a space-separated string, an array with one scope in each element, or null for no scopes.
fn scopes_of(value: Value<'_>) -> Result<ScopeSet, TokenFault> {
    match value {
        Value::Null => Ok(ScopeSet::new()),
        Value::String(text) => Ok(ScopeSet::from_wire(&text.to_cow())),
        Value::Array(scopes) => {
            let texts = scopes.iter().map(|scope| match scope {
                Value::String(text) => Some(text.to_cow()),
                _ => None,
            });
            let texts: Option<Vec<_>> = texts.collect();
            Ok(texts.ok_or(TokenFault::Claims)?.iter().map(AsRef::as_ref).collect())
        }
        _ => Err(TokenFault::Claims),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    fn scopes(claims: &str, claim_names: &[&str]) -> Result<String, TokenFault> {
        let (mut scope, mut scp) = (None, None);
        let claims = json::object(claims, |name, value| match &*name.to_cow() {
            "scope" => scope = Some(value),
            "scp" => scp = Some(value),
            _ => {}
        });
        let Ok(claims) = claims else { panic!("not an object") };
        let places: Vec<_> =
            claim_names.iter().map(|place| ClaimPlace::parse(place).unwrap()).collect();
        read(scope, scp, &places, claims).map(|scopes| scopes.to_string())
    }

    #[test]
    fn scopes_are_read_from_scope_scp_and_the_configured_claims() {
        let keycloak = r#"{"scope":"profile","realm_access":{"roles":["admin","a b"]}}"#;
        for (claims, claim_names, found) in [
            (r#"{"scope":"a b"}"#, &[][..], Ok("a b")),
            (r#"{"scope":["a","b"]}"#, &[], Ok("a b")),
            (r#"{"scp":"a b"}"#, &[], Ok("a b")),
            (r#"{"scp":["a"],"scope":"b"}"#, &[], Ok("b a")),
            (r#"{"scope":null}"#, &[], Ok("")),
            (r#"{"scope":"\u0061"}"#, &[], Ok("a")),
            ("{}", &[], Ok("")),
            (r#"{"scope":1}"#, &[], Err(TokenFault::Claims)),
            (r#"{"scope":["a",1]}"#, &[], Err(TokenFault::Claims)),
            (r#"{"permissions":["a"]}"#, &["permissions"], Ok("a")),
            (r#"{"permissions":["a"]}"#, &[], Ok("")),
            (r#"{"https://acme.example/roles":["a"]}"#, &["https://acme.example/roles"], Ok("a")),
            (keycloak, &["/realm_access/roles"], Ok("profile admin")),
            (keycloak, &["/realm_access/groups"], Ok("profile")),
            (keycloak, &["/realm_access"], Err(TokenFault::Claims)),
        ] {
            assert_eq!(scopes(claims, claim_names), found.map(str::to_owned), "{claims}");
        }
    }
}
