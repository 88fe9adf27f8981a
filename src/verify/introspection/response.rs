//! The response of an introspection endpoint (RFC 7662 §2.2), read in one pass.

use crate::{
    claims::{ClaimOptions, ClaimSet, ClaimsError, IntrospectionReader},
    jose::json::{self, JsonError, Value},
};

/// The content of an introspection response.
#[derive(Debug)]
pub(super) enum IntrospectionResponse {
    Active(Box<ClaimSet>),
    Inactive,
}

/// The reason why a text isn't an introspection response. This is an error of the endpoint, never
/// of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResponseFault {
    #[error("no boolean `active`")]
    Active,
    #[error("{0}")]
    Json(JsonError),
    #[error("{0}")]
    Claims(ClaimsError),
}

impl IntrospectionResponse {
    pub(super) fn read(raw: Box<str>, options: &ClaimOptions) -> Result<Self, ResponseFault> {
        let (mut active, mut reader) = (None, IntrospectionReader::default());
        let object = json::object(&raw, |name, value| match value {
            Value::Bool(is_active) if name.is("active") => active = Some(is_active),
            _ => reader.member(name, value),
        });
        let object = object.map_err(ResponseFault::Json)?;
        if !active.ok_or(ResponseFault::Active)? {
            return Ok(Self::Inactive);
        }
        reader.finish().map_err(|claim| ResponseFault::Claims(ClaimsError::Claim(claim)))?;
        let scopes = reader.apply(options, object).map_err(ResponseFault::Claims)?;
        let IntrospectionReader { registered, has_client_id, other_kind, .. } = reader;
        let claims = ClaimSet { raw, registered, scopes, has_client_id, other_kind };
        Ok(Self::Active(Box::new(claims)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{GivenPlaces, NumericDate};

    fn read(text: &str) -> Result<IntrospectionResponse, ResponseFault> {
        IntrospectionResponse::read(text.into(), &ClaimOptions::default())
    }

    fn malformed(fault: ResponseFault) -> &'static str {
        match fault {
            ResponseFault::Claims(ClaimsError::Claim(claim)) => claim.name(),
            ResponseFault::Claims(ClaimsError::Scopes(_)) => "scope",
            fault => panic!("{fault}"),
        }
    }

    fn active(text: &str) -> ClaimSet {
        match read(text) {
            Ok(IntrospectionResponse::Active(claims)) => *claims,
            other => panic!("{text}: {other:?}"),
        }
    }

    // Verifies rfc7662-2.2-active.
    #[test]
    fn only_the_boolean_true_is_active() {
        for (text, active) in [
            (r#"{"active":true}"#, Ok(true)),
            (r#"{"active":false}"#, Ok(false)),
            (r#"{"\u0061ctive":true}"#, Ok(true)),
            (r#"{"active":false,"exp":"never","sub":7}"#, Ok(false)),
            (r#"{"active":"true"}"#, Err(ResponseFault::Active)),
            (r#"{"active":"false"}"#, Err(ResponseFault::Active)),
            (r#"{"active":1}"#, Err(ResponseFault::Active)),
            (r#"{"active":null}"#, Err(ResponseFault::Active)),
            (r#"{"active":[true]}"#, Err(ResponseFault::Active)),
            (r#"{"active":{}}"#, Err(ResponseFault::Active)),
            (r#"{"Active":true}"#, Err(ResponseFault::Active)),
            (r#"{"sub":"alice"}"#, Err(ResponseFault::Active)),
            ("{}", Err(ResponseFault::Active)),
        ] {
            let read = read(text).map(|it| matches!(it, IntrospectionResponse::Active(_)));
            assert_eq!(read, active, "{text}");
        }
    }

    #[test]
    fn a_response_must_be_a_json_object_without_duplicate_names() {
        for (text, fault) in [
            (r#"{"active":true,"active":true}"#, JsonError::DuplicateName),
            (r#"{"active":false,"\u0061ctive":true}"#, JsonError::DuplicateName),
            (r#"{"active":true,"sub":"alice","sub":"bob"}"#, JsonError::DuplicateName),
            (r#"{"active":true,"cnf":{"a":1,"a":2}}"#, JsonError::DuplicateName),
            ("true", JsonError::NotAnObject),
            (r#"[{"active":true}]"#, JsonError::NotAnObject),
            ("", JsonError::NotAnObject),
            ("<html>", JsonError::NotAnObject),
            (r#"{"active":true"#, JsonError::Syntax),
            (r#"{"active":true} {}"#, JsonError::Syntax),
        ] {
            assert_eq!(read(text).unwrap_err(), ResponseFault::Json(fault), "{text}");
        }
    }

    #[test]
    fn the_dialects_of_common_servers_are_read() {
        for (text, subject, client, audiences, scopes) in [
            (r#"{"active":true}"#, None, None, vec![], ""),
            (
                r#"{"active":true,"sub":"alice","client_id":"app","aud":"api","scope":"a b"}"#,
                Some("alice"),
                Some("app"),
                vec!["api"],
                "a b",
            ),
            (
                r#"{"active":true,"aud":["api","other"],"scope":["a","b"],"azp":"app"}"#,
                None,
                Some("app"),
                vec!["api", "other"],
                "a b",
            ),
            (
                r#"{"active":true,"sub":null,"aud":null,"scope":null,"exp":null,"client_id":null}"#,
                None,
                None,
                vec![],
                "",
            ),
            (r#"{"active":true,"token_type":"bearer","scope":""}"#, None, None, vec![], ""),
            (r#"{"active":true,"token_type":"BEARER","aud":[]}"#, None, None, vec![], ""),
        ] {
            let ClaimSet { raw, registered, scopes: found, other_kind, .. } = active(text);
            assert_eq!(registered.subject.get(&raw), subject, "{text}");
            assert_eq!(registered.client_id.get(&raw), client, "{text}");
            let audience = registered.audience.as_slice().iter().filter_map(|one| one.get(&raw));
            assert_eq!(audience.collect::<Vec<_>>(), audiences, "{text}");
            assert_eq!(found.to_string(), scopes, "{text}");
            assert_eq!(other_kind, None, "{text}");
            assert_eq!(&*raw, text);
        }
    }

    #[test]
    fn times_are_numbers_that_may_have_a_fraction() {
        for (exp, seconds) in [
            ("1796181312", Some(1_796_181_312)),
            ("1796181312.064554", Some(1_796_181_312)),
            ("1.796181312e9", Some(1_796_181_312)),
            ("\"1796181312\"", None),
            ("-1", None),
            ("1e400", None),
            ("true", None),
        ] {
            let response = read(&format!("{{\"active\":true,\"exp\":{exp}}}"));
            match (response, seconds) {
                (Ok(IntrospectionResponse::Active(claims)), Some(_)) => {
                    let expires_at = claims.registered.expires_at;
                    assert_eq!(expires_at.map(NumericDate::as_secs), seconds, "{exp}");
                }
                (response, None) => {
                    assert_eq!(malformed(response.unwrap_err()), "exp", "{exp}");
                }
                (response, _) => panic!("{exp}: {response:?}"),
            }
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_a_failure_of_the_endpoint() {
        for (member, name) in [
            (r#""iss":1"#, "iss"),
            (r#""sub":1"#, "sub"),
            (r#""aud":{"a":1}"#, "aud"),
            (r#""aud":["a",1]"#, "aud"),
            (r#""nbf":"soon""#, "nbf"),
            (r#""scope":1"#, "scope"),
        ] {
            let fault = read(&format!("{{\"active\":true,{member}}}")).unwrap_err();
            assert_eq!(malformed(fault), name, "{member}");
        }
    }

    #[test]
    fn another_kind_of_token_is_active_and_recognized() {
        for (member, is_other) in [
            (r#""token_type":"refresh_token""#, true),
            (r#""token_use":"REFRESH_TOKEN""#, true),
            (r#""typ":"Refresh""#, true),
            (r#""at_hash":"x""#, true),
            (r#""token_use":"access_token""#, false),
            (r#""typ":"Bearer""#, false),
            (r#""token_type":"Bearer""#, false),
        ] {
            let claims = active(&format!("{{\"active\":true,{member}}}"));
            assert_eq!(claims.other_kind.is_some(), is_other, "{member}");
        }
    }

    #[test]
    fn scopes_and_roles_are_read_from_the_configured_places() {
        let text =
            r#"{"active":true,"scope":"a","permissions":["b"],"realm_access":{"roles":["c"]}}"#;
        let (scopes, roles) =
            (vec!["permissions".to_owned()], vec!["/realm_access/roles".to_owned()]);
        let places = GivenPlaces { scopes, roles }.validate().unwrap();
        let options = ClaimOptions { places, ..ClaimOptions::default() };
        let Ok(IntrospectionResponse::Active(claims)) =
            IntrospectionResponse::read(text.into(), &options)
        else {
            panic!("not active");
        };
        assert_eq!(claims.scopes.to_string(), "a b");
        assert_eq!(claims.registered.roles.iter().collect::<Vec<_>>(), ["c"]);
        let fault = IntrospectionResponse::read(
            r#"{"active":true,"realm_access":{"roles":7}}"#.into(),
            &options,
        );
        let fault = fault.err();
        assert!(matches!(fault, Some(ResponseFault::Claims(ClaimsError::Roles(_)))), "{fault:?}");
    }
}
