//! The answer of an introspection endpoint (RFC 7662 §2.2), read in one pass.

use crate::{
    ScopeSet,
    claims::{
        Audience, ClaimText, NumericDate, RegisteredClaims,
        scope_claim::{self, ScopeClaim},
        value::{self, is_one_of},
    },
    jose::json::{self, JsonError, Text, Value},
};

/// What the endpoint says of a token.
#[derive(Debug)]
pub(super) enum Answer {
    Active(Box<Claims>),
    Inactive,
}

/// What it says of an active one.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) raw: Box<str>,
    pub(super) registered: RegisteredClaims,
    pub(super) scopes: ScopeSet,
    /// The endpoint says that it is another kind of token: it answers for refresh tokens too.
    pub(super) is_other_token: bool,
}

/// Why a text is no answer: the endpoint's fault, never the token's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnswerFault {
    #[error("no boolean `active`")]
    Active,
    #[error("{0}")]
    Json(JsonError),
    #[error("`{0}` has a value that it can't have")]
    Member(&'static str),
}

impl Answer {
    pub(super) fn read(raw: Box<str>, scope_claims: &[ScopeClaim]) -> Result<Self, AnswerFault> {
        let mut reader = Reader::default();
        let members = json::object(&raw, |name, value| reader.member(name, value))
            .map_err(AnswerFault::Json)?;
        if !reader.active.ok_or(AnswerFault::Active)? {
            return Ok(Self::Inactive);
        }
        if let Some(name) = reader.malformed {
            return Err(AnswerFault::Member(name));
        }
        let mut registered = reader.registered;
        if matches!(registered.client_id, ClaimText::Absent) {
            registered.client_id = match reader.authorized_party {
                ClaimText::Absent => reader.client,
                authorized_party => authorized_party,
            };
        }
        let scopes = scope_claim::read(reader.scope, reader.scp, scope_claims, members)
            .map_err(|_| AnswerFault::Member("scope"))?;
        let is_other_token = reader.is_other_token;
        Ok(Self::Active(Box::new(Claims { raw, registered, scopes, is_other_token })))
    }
}

/// Takes the members in, one after another.
#[derive(Default)]
struct Reader<'a> {
    active: Option<bool>,
    registered: RegisteredClaims,
    authorized_party: ClaimText,
    client: ClaimText,
    scope: Option<Value<'a>>,
    scp: Option<Value<'a>>,
    is_other_token: bool,
    malformed: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn member(&mut self, name: Text<'a>, value: Value<'a>) {
        let name = name.to_cow();
        if name == "active" {
            self.active = if let Value::Bool(active) = value { Some(active) } else { None };
            return;
        }
        // Many servers write null for what they would rather leave out.
        if matches!(value, Value::Null) {
            return;
        }
        let registered = &mut self.registered;
        let malformed = match &*name {
            "iss" => set("iss", &mut registered.issuer, text(value)),
            "sub" => set("sub", &mut registered.subject, text(value)),
            "jti" => set("jti", &mut registered.token_id, text(value)),
            "client_id" => set("client_id", &mut registered.client_id, text(value)),
            "aud" => set("aud", &mut registered.audience, audience(value)),
            "exp" => set("exp", &mut registered.expires_at, date(value).map(Some)),
            "nbf" => set("nbf", &mut registered.not_before, date(value).map(Some)),
            "iat" => set("iat", &mut registered.issued_at, date(value).map(Some)),
            "scope" => set("scope", &mut self.scope, Some(Some(value))),
            "scp" => set("scp", &mut self.scp, Some(Some(value))),
            // Names of the client at other issuers. Nobody relies on them, so other types are let be.
            "azp" => {
                set("azp", &mut self.authorized_party, text(value).or(Some(ClaimText::Absent)))
            }
            "cid" => set("cid", &mut self.client, text(value).or(Some(ClaimText::Absent))),
            "typ" | "token_use" | "token_type" if is_one_of(value, &OTHER_TOKENS) => {
                set("typ", &mut self.is_other_token, Some(true))
            }
            _ => None,
        };
        self.malformed = self.malformed.or(malformed);
    }
}

/// What Keycloak (`typ`), Ory Hydra and Amazon Cognito (`token_use`), and others (`token_type`) call
/// tokens that give no access.
const OTHER_TOKENS: [&str; 9] = [
    "ID",
    "Logout",
    "Offline",
    "Refresh",
    "id",
    "id_token",
    "refresh_token",
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:refresh_token",
];

/// Names the member if it had no value to set.
fn set<T>(name: &'static str, place: &mut T, value: Option<T>) -> Option<&'static str> {
    let Some(value) = value else { return Some(name) };
    *place = value;
    None
}

fn text(value: Value<'_>) -> Option<ClaimText> {
    value::text(value)
}

fn audience(value: Value<'_>) -> Option<Audience> {
    value::audience(value)
}

fn date(value: Value<'_>) -> Option<NumericDate> {
    value::date(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Answer, AnswerFault> {
        Answer::read(text.into(), &[])
    }

    fn active(text: &str) -> Claims {
        match read(text) {
            Ok(Answer::Active(claims)) => *claims,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn only_the_boolean_true_is_active() {
        for (text, active) in [
            (r#"{"active":true}"#, Ok(true)),
            (r#"{"active":false}"#, Ok(false)),
            (r#"{"\u0061ctive":true}"#, Ok(true)),
            (r#"{"active":false,"exp":"never","sub":7}"#, Ok(false)),
            (r#"{"active":"true"}"#, Err(AnswerFault::Active)),
            (r#"{"active":"false"}"#, Err(AnswerFault::Active)),
            (r#"{"active":1}"#, Err(AnswerFault::Active)),
            (r#"{"active":null}"#, Err(AnswerFault::Active)),
            (r#"{"active":[true]}"#, Err(AnswerFault::Active)),
            (r#"{"active":{}}"#, Err(AnswerFault::Active)),
            (r#"{"Active":true}"#, Err(AnswerFault::Active)),
            (r#"{"sub":"alice"}"#, Err(AnswerFault::Active)),
            ("{}", Err(AnswerFault::Active)),
        ] {
            let read = read(text).map(|answer| matches!(answer, Answer::Active(_)));
            assert_eq!(read, active, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_object_or_says_a_thing_twice_is_no_answer() {
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
            assert_eq!(read(text).unwrap_err(), AnswerFault::Json(fault), "{text}");
        }
    }

    #[test]
    fn every_dialect_of_an_active_token_is_read() {
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
            let Claims { raw, registered, scopes: found, is_other_token } = active(text);
            assert_eq!(registered.subject.get(&raw), subject, "{text}");
            assert_eq!(registered.client_id.get(&raw), client, "{text}");
            let audience = registered.audience.as_slice().iter().filter_map(|one| one.get(&raw));
            assert_eq!(audience.collect::<Vec<_>>(), audiences, "{text}");
            assert_eq!(found.to_string(), scopes, "{text}");
            assert!(!is_other_token, "{text}");
            assert_eq!(&*raw, text);
        }
    }

    #[test]
    fn times_are_numbers_maybe_with_a_fraction() {
        for (exp, seconds) in [
            ("1796181312", Some(1_796_181_312)),
            ("1796181312.064554", Some(1_796_181_312)),
            ("1.796181312e9", Some(1_796_181_312)),
            ("\"1796181312\"", None),
            ("-1", None),
            ("1e400", None),
            ("true", None),
        ] {
            let answer = read(&format!("{{\"active\":true,\"exp\":{exp}}}"));
            match (answer, seconds) {
                (Ok(Answer::Active(claims)), Some(_)) => {
                    let expires_at = claims.registered.expires_at;
                    assert_eq!(expires_at.map(NumericDate::as_secs), seconds, "{exp}");
                }
                (answer, None) => {
                    assert_eq!(answer.unwrap_err(), AnswerFault::Member("exp"), "{exp}");
                }
                (answer, _) => panic!("{exp}: {answer:?}"),
            }
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_the_endpoints_fault() {
        for (member, name) in [
            (r#""iss":1"#, "iss"),
            (r#""sub":1"#, "sub"),
            (r#""aud":{"a":1}"#, "aud"),
            (r#""aud":["a",1]"#, "aud"),
            (r#""nbf":"soon""#, "nbf"),
            (r#""scope":1"#, "scope"),
        ] {
            let fault = read(&format!("{{\"active\":true,{member}}}")).unwrap_err();
            assert_eq!(fault, AnswerFault::Member(name), "{member}");
        }
    }

    #[test]
    fn refresh_and_id_tokens_are_known_by_what_servers_call_them() {
        for (member, is_other) in [
            (r#""token_type":"refresh_token""#, true),
            (r#""token_use":"refresh_token""#, true),
            (r#""typ":"Refresh""#, true),
            (r#""typ":"ID""#, true),
            (r#""typ":"Offline""#, true),
            (r#""token_use":"id""#, true),
            (r#""token_use":"access_token""#, false),
            (r#""token_use":"access""#, false),
            (r#""typ":"Bearer""#, false),
            (r#""token_type":"Bearer""#, false),
            (r#""token_type":7"#, false),
        ] {
            let claims = active(&format!("{{\"active\":true,{member}}}"));
            assert_eq!(claims.is_other_token, is_other, "{member}");
        }
    }

    #[test]
    fn scopes_stand_where_the_configuration_says() {
        let text = r#"{"active":true,"scope":"a","realm_access":{"roles":["b"]}}"#;
        let places = [ScopeClaim::new("/realm_access/roles")];
        let Ok(Answer::Active(claims)) = Answer::read(text.into(), &places) else {
            panic!("not active");
        };
        assert_eq!(claims.scopes.to_string(), "a b");
    }
}
