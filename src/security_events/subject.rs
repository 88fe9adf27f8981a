//! Subject identifiers of events (RFC 9493).

use crate::jose::json::{Object, Value};

/// A subject identifier whose tokens can be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// `email`: an address, for which a custom function finds the subject.
    Email(String),
    /// `jwt_id`: one token.
    Token { issuer: String, token_id: String },
    /// `iss_sub`: a subject of an issuer.
    Named { issuer: String, subject: String },
    /// `opaque`: an identifier that the issuer and the service agree on.
    Opaque(String),
    /// The member `session` of a complex subject, with its issuer, if it names one.
    Session { issuer: Option<String>, id: String },
}

/// The reason why the tokens of a subject can't be revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SubjectFault {
    #[error("the subject is malformed")]
    Malformed,
    #[error("the subject has an unsupported format")]
    Unsupported,
}

impl Subject {
    /// Reads a subject identifier. For a complex one, this is its session if it has one, and its user otherwise. An
    /// identifier with aliases results in several subjects.
    pub(super) fn read(value: Value<'_>) -> Result<Vec<Self>, SubjectFault> {
        let Value::Object(members) = value else { return Err(SubjectFault::Malformed) };
        match members.find("format") {
            None => Self::read_complex(members),
            Some(Value::String(format)) if format.is("complex") => Self::read_complex(members),
            Some(_) => Self::read_simple(members),
        }
    }

    /// Reads a subject identifier that isn't complex. Complex ones have no others inside.
    fn read_simple(members: Object<'_>) -> Result<Vec<Self>, SubjectFault> {
        let text = |name: &str| match members.find(name) {
            Some(Value::String(text)) => Ok(text.to_cow().into_owned()),
            _ => Err(SubjectFault::Malformed),
        };
        let subject = match &*text("format")? {
            "aliases" => return Self::read_aliases(members),
            "email" => Self::Email(text("email")?),
            "iss_sub" => Self::Named { issuer: text("iss")?, subject: text("sub")? },
            "jwt_id" => Self::Token { issuer: text("iss")?, token_id: text("jti")? },
            "opaque" => Self::Opaque(text("id")?),
            _ => return Err(SubjectFault::Unsupported),
        };
        Ok(vec![subject])
    }

    /// The members of a complex subject restrict each other, so a session with a user is only that session.
    fn read_complex(members: Object<'_>) -> Result<Vec<Self>, SubjectFault> {
        let member = |name: &str| match members.find(name) {
            Some(Value::Object(members)) => Self::read_simple(members).map(Some),
            Some(_) => Err(SubjectFault::Malformed),
            None => Ok(None),
        };
        if let Some(sessions) = member("session")? {
            let sessions = sessions.into_iter().map(|session| match session {
                Self::Opaque(id) => Ok(Self::Session { issuer: None, id }),
                Self::Named { issuer, subject } => {
                    Ok(Self::Session { issuer: Some(issuer), id: subject })
                }
                token @ Self::Token { .. } => Ok(token),
                Self::Email(_) | Self::Session { .. } => Err(SubjectFault::Unsupported),
            });
            return sessions.collect();
        }
        member("user")?.ok_or(SubjectFault::Unsupported)
    }

    /// All aliases identify the same subject. Aliases in unsupported formats are ignored.
    fn read_aliases(members: Object<'_>) -> Result<Vec<Self>, SubjectFault> {
        let Some(Value::Array(identifiers)) = members.find("identifiers") else {
            return Err(SubjectFault::Malformed);
        };
        let mut subjects = Vec::new();
        for identifier in identifiers.iter() {
            let Value::Object(members) = identifier else { return Err(SubjectFault::Malformed) };
            // RFC 9493 §3.2.8: aliases must not be nested.
            if matches!(members.find("format"), Some(Value::String(format)) if format.is("aliases"))
            {
                return Err(SubjectFault::Malformed);
            }
            match Self::read_simple(members) {
                Ok(subject) => subjects.extend(subject),
                Err(SubjectFault::Unsupported) => {}
                Err(fault) => return Err(fault),
            }
        }
        if subjects.is_empty() { Err(SubjectFault::Unsupported) } else { Ok(subjects) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    #[test]
    fn the_formats_of_rfc_9493_are_read() {
        let named = |issuer: &str, subject: &str| {
            Ok(vec![Subject::Named { issuer: issuer.into(), subject: subject.into() }])
        };
        let session = |id: &str| Ok(vec![Subject::Session { issuer: None, id: id.into() }]);
        for (text, expected) in [
            (r#"{"format":"iss_sub","iss":"https://a","sub":"1"}"#, named("https://a", "1")),
            (r#"{"format":"opaque","id":"7"}"#, Ok(vec![Subject::Opaque("7".into())])),
            (r#"{"format":"email","email":"a@b"}"#, Ok(vec![Subject::Email("a@b".into())])),
            (
                r#"{"format":"jwt_id","iss":"https://a","jti":"t"}"#,
                Ok(vec![Subject::Token { issuer: "https://a".into(), token_id: "t".into() }]),
            ),
            (
                r#"{"format":"complex","user":{"format":"iss_sub","iss":"https://a","sub":"1"},"tenant":{"format":"opaque","id":"x"}}"#,
                named("https://a", "1"),
            ),
            (
                r#"{"format":"complex","user":{"format":"iss_sub","iss":"https://a","sub":"1"},"session":{"format":"opaque","id":"s"}}"#,
                session("s"),
            ),
            (
                r#"{"user":{"format":"iss_sub","iss":"https://a","sub":"1"}}"#,
                named("https://a", "1"),
            ),
            (
                r#"{"format":"aliases","identifiers":[{"format":"phone_number","phone_number":"+1"},{"format":"iss_sub","iss":"https://a","sub":"1"}]}"#,
                named("https://a", "1"),
            ),
            (r#"{"format":"phone_number","phone_number":"+1"}"#, Err(SubjectFault::Unsupported)),
            (r#"{"format":"did","url":"did:x"}"#, Err(SubjectFault::Unsupported)),
            (
                r#"{"format":"aliases","identifiers":[{"format":"did","url":"did:x"}]}"#,
                Err(SubjectFault::Unsupported),
            ),
            (
                r#"{"format":"aliases","identifiers":[{"format":"aliases"}]}"#,
                Err(SubjectFault::Malformed),
            ),
            (
                r#"{"session":{"format":"iss_sub","iss":"https://a","sub":"s"}}"#,
                Ok(vec![Subject::Session { issuer: Some("https://a".into()), id: "s".into() }]),
            ),
            (
                r#"{"session":{"format":"complex","user":{"format":"opaque","id":"7"}}}"#,
                Err(SubjectFault::Unsupported),
            ),
            (r#"{"user":{"user":{"format":"opaque","id":"7"}}}"#, Err(SubjectFault::Malformed)),
            (
                r#"{"format":"aliases","identifiers":[{"user":{"format":"opaque","id":"7"}}]}"#,
                Err(SubjectFault::Malformed),
            ),
            (r#"{"format":"iss_sub","iss":"https://a"}"#, Err(SubjectFault::Malformed)),
            (r#"{"format":"opaque","id":7}"#, Err(SubjectFault::Malformed)),
            (r#"{"format":1}"#, Err(SubjectFault::Malformed)),
            ("{}", Err(SubjectFault::Unsupported)),
        ] {
            let members = json::object(text, |_, _| ()).unwrap();
            assert_eq!(Subject::read(Value::Object(members)), expected, "{text}");
        }
    }
}
