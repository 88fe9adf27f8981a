//! The claims that contain a token's roles.

use super::ClaimPlace;
use crate::{
    jose::json::{Object, Value},
    role::{RoleSet, RoleSetBuilder},
};

/// An error for a value that can't contain roles. It contains no part of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the roles in `{place}` are neither a string, nor an array of strings, nor an object")]
pub(crate) struct MalformedRoles {
    place: Box<str>,
}

/// Reads the roles at these places, and combines them.
pub(crate) fn read(places: &[ClaimPlace], claims: Object<'_>) -> Result<RoleSet, MalformedRoles> {
    let mut roles = RoleSetBuilder::default();
    for place in places {
        if let Some(value) = place.find(claims) {
            add(&mut roles, value)
                .ok_or_else(|| MalformedRoles { place: place.as_str().into() })?;
        }
    }
    Ok(roles.build())
}

/// Reads an array with one role per element, the words of a string, the keys of an object, or null for no
/// roles. Returns `None` for any other value.
fn add(roles: &mut RoleSetBuilder, value: Value<'_>) -> Option<()> {
    match value {
        Value::Null => {}
        Value::String(text) => text.to_cow().split(' ').for_each(|role| roles.add(role)),
        Value::Array(array) => {
            for role in array.iter() {
                let Value::String(role) = role else { return None };
                roles.add(&role.to_cow());
            }
        }
        Value::Object(object) => {
            for (role, value) in object.iter() {
                // `{"admin":false}` means that the role isn't assigned.
                if !matches!(value, Value::Bool(false) | Value::Null) {
                    roles.add(&role.to_cow());
                }
            }
        }
        Value::Bool(_) | Value::Number(_) => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    #[test]
    fn roles_are_array_elements_words_or_object_keys() {
        let zitadel = "urn:zitadel:iam:org:project:roles";
        for (claims, places, expected) in [
            (r#"{"roles":["admin","a b"]}"#, &["roles"][..], Ok(&["admin", "a b"][..])),
            (r#"{"roles":"admin user"}"#, &["roles"], Ok(&["admin", "user"])),
            (r#"{"roles":" admin  "}"#, &["roles"], Ok(&["admin"])),
            (r#"{"role":"\u0061dmin"}"#, &["role"], Ok(&["admin"])),
            (r#"{"roles":{"admin":{"1":"acme"},"user":{}}}"#, &["roles"], Ok(&["admin", "user"])),
            (
                r#"{"urn:zitadel:iam:org:project:roles":{"admin":{"1":"acme.example"}}}"#,
                &[zitadel],
                Ok(&["admin"]),
            ),
            (r#"{"roles":{"admin":true,"user":false,"guest":null}}"#, &["/roles"], Ok(&["admin"])),
            (r#"{"realm_access":{"roles":["admin"]}}"#, &["/realm_access/roles"], Ok(&["admin"])),
            (r#"{"https://acme.example/r":["a"]}"#, &["https://acme.example/r"], Ok(&["a"])),
            (r#"{"a":["x"],"b":"y z"}"#, &["a", "c", "b"], Ok(&["x", "y", "z"])),
            (r#"{"roles":["user\nadmin","","user"]}"#, &["roles"], Ok(&["user"])),
            (r#"{"roles":"user\nadmin"}"#, &["roles"], Ok(&[])),
            (r#"{"roles":{"user\nadmin":1}}"#, &["roles"], Ok(&[])),
            (r#"{"roles":[]}"#, &["roles"], Ok(&[])),
            (r#"{"roles":null}"#, &["roles"], Ok(&[])),
            (r#"{"roles":"admin"}"#, &[], Ok(&[])),
            (r#"{"Roles":"admin"}"#, &["roles"], Ok(&[])),
            (r#"{"realm_access":"admin"}"#, &["/realm_access/roles"], Ok(&[])),
            (r#"{"roles":[{"name":"admin"}]}"#, &["roles"], Err("/roles")),
            (r#"{"roles":["admin",1]}"#, &["roles"], Err("/roles")),
            (r#"{"roles":1}"#, &["roles"], Err("/roles")),
            (r#"{"roles":true}"#, &["roles"], Err("/roles")),
        ] {
            let object = json::object(claims, |_, _| ()).ok().unwrap();
            let places: Vec<_> =
                places.iter().map(|place| ClaimPlace::parse(place).unwrap()).collect();
            let roles = read(&places, object);
            let roles = roles.as_ref().map(|roles| roles.iter().collect::<Vec<_>>());
            let roles = roles.map_err(|error| &*error.place);
            assert_eq!(roles, expected.map(<[_]>::to_vec), "{claims}");
        }
    }
}
