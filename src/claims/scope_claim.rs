//! The claims that contain a token's scopes.

use super::place::ClaimPlace;
use crate::{
    ScopeSet,
    jose::json::{Object, Value},
};

/// An error for scopes of the wrong type. It names the place, and contains no part of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scopes in `{place}` are neither a string nor an array of strings{hint}")]
pub(crate) struct MalformedScopes {
    place: Box<str>,
    hint: &'static str,
}

/// Reads the scopes of `scope`, `scp` and the other places, and combines them.
pub(crate) fn read(
    scope: Option<Value<'_>>,
    scp: Option<Value<'_>>,
    other_places: &[ClaimPlace],
    claims: Object<'_>,
) -> Result<ScopeSet, MalformedScopes> {
    if scp.is_none() && other_places.is_empty() {
        return match scope {
            None => Ok(ScopeSet::new()),
            Some(scope) => scopes_of(scope, "scope"),
        };
    }
    let mut all = Vec::new();
    for (value, name) in [(scope, "scope"), (scp, "scp")] {
        if let Some(value) = value {
            all.push(scopes_of(value, name)?);
        }
    }
    for place in other_places {
        if let Some(value) = place.find(claims) {
            all.push(scopes_of(value, place.as_str())?);
        }
    }
    Ok(all.iter().flat_map(ScopeSet::iter).collect())
}

/// Reads a space-separated string, an array with one scope per element, or null for no scopes.
fn scopes_of(value: Value<'_>, place: &str) -> Result<ScopeSet, MalformedScopes> {
    match value {
        Value::Null => Ok(ScopeSet::new()),
        Value::String(text) => Ok(ScopeSet::from_wire(&text.to_cow())),
        Value::Array(scopes) => {
            let texts = scopes.iter().map(|scope| match scope {
                Value::String(text) => Some(text.to_cow()),
                _ => None,
            });
            let texts: Option<Vec<_>> = texts.collect();
            let texts = texts.ok_or_else(|| MalformedScopes::new(value, place))?;
            Ok(texts.iter().map(AsRef::as_ref).collect())
        }
        _ => Err(MalformedScopes::new(value, place)),
    }
}

impl MalformedScopes {
    #[cold]
    fn new(value: Value<'_>, place: &str) -> Self {
        let hint = match value {
            Value::Object(_) => " (the option `roles` reads the names of an object's members)",
            _ => "",
        };
        Self { place: place.into(), hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    fn scopes(claims: &str, claim_names: &[&str]) -> Result<String, String> {
        let (mut scope, mut scp) = (None, None);
        let claims = json::object(claims, |name, value| match &*name.to_cow() {
            "scope" => scope = Some(value),
            "scp" => scp = Some(value),
            _ => {}
        });
        let Ok(claims) = claims else { panic!("not an object") };
        let places: Vec<_> =
            claim_names.iter().map(|place| ClaimPlace::parse(place).unwrap()).collect();
        let scopes = read(scope, scp, &places, claims);
        scopes.map(|scopes| scopes.to_string()).map_err(|error| error.place.into())
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
            (r#"{"scope":1}"#, &[], Err("scope")),
            (r#"{"scp":true}"#, &[], Err("scp")),
            (r#"{"scope":["a",1]}"#, &[], Err("scope")),
            (r#"{"permissions":["a"]}"#, &["permissions"], Ok("a")),
            (r#"{"permissions":["a"]}"#, &[], Ok("")),
            (r#"{"https://acme.example/roles":["a"]}"#, &["https://acme.example/roles"], Ok("a")),
            (keycloak, &["/realm_access/roles"], Ok("profile admin")),
            (keycloak, &["/realm_access/groups"], Ok("profile")),
            (keycloak, &["/realm_access"], Err("/realm_access")),
        ] {
            let found = found.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(scopes(claims, claim_names), found, "{claims}");
        }
    }
}
