//! Where a token's scopes stand.

use crate::{
    ScopeSet, TokenFault,
    jose::json::{self, Object, Value},
};

/// A place for scopes beside `scope` and `scp`: a claim, or a JSON pointer (RFC 6901) to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScopeClaim(String);

impl ScopeClaim {
    /// What begins with `/` is a pointer, anything else a name.
    pub(crate) fn new(place: &str) -> Self {
        if place.starts_with('/') {
            Self(place.to_owned())
        } else {
            Self(format!("/{}", place.replace('~', "~0").replace('/', "~1")))
        }
    }
}

/// The scopes of `scope`, `scp` and the other places together.
pub(crate) fn read(
    scope: Option<Value<'_>>,
    scp: Option<Value<'_>>,
    elsewhere: &[ScopeClaim],
    claims: Object<'_>,
) -> Result<ScopeSet, TokenFault> {
    if scp.is_none() && elsewhere.is_empty() {
        return match scope {
            None => Ok(ScopeSet::new()),
            Some(scope) => scopes_of(scope),
        };
    }
    let mut all = Vec::new();
    for value in scope.into_iter().chain(scp) {
        all.push(scopes_of(value)?);
    }
    for claim in elsewhere {
        if let Some(value) = json::pointer(Value::Object(claims), &claim.0) {
            all.push(scopes_of(value)?);
        }
    }
    Ok(all.iter().flat_map(ScopeSet::iter).collect())
}

/// A string of scopes with spaces between, an array with one each, or null for none.
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

    fn scopes(claims: &str, places: &[&str]) -> Result<String, TokenFault> {
        let (mut scope, mut scp) = (None, None);
        let claims = json::object(claims, |name, value| match &*name.to_cow() {
            "scope" => scope = Some(value),
            "scp" => scp = Some(value),
            _ => {}
        });
        let Ok(claims) = claims else { panic!("not an object") };
        let places: Vec<_> = places.iter().copied().map(ScopeClaim::new).collect();
        read(scope, scp, &places, claims).map(|scopes| scopes.to_string())
    }

    #[test]
    fn scopes_stand_in_scope_and_scp_and_where_the_configuration_says() {
        let keycloak = r#"{"scope":"profile","realm_access":{"roles":["admin","a b"]}}"#;
        for (claims, places, found) in [
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
            assert_eq!(scopes(claims, places), found.map(str::to_owned), "{claims}");
        }
    }
}
