//! The rule for `aud` (RFC 7519 §4.1.3), which determines whether a token is meant for this
//! service.

use super::{Audience, ClaimSet, ClaimText, ResourceIdentifier};

/// The audiences that a verifier accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AudienceRule {
    /// Accepts every token.
    Any,
    /// Accepts a token without `aud` whose `client_id` is one of these. The access tokens of some issuers,
    /// such as Amazon Cognito, contain only the client.
    ClientOneOf(Vec<Box<str>>),
    /// Accepts a token whose `aud` contains one of these.
    OneOf(AudienceNames),
    /// Accepts a token whose `aud` contains one of these, or that has no audience.
    OneOfOrNone(AudienceNames),
}

/// The accepted names of this service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AudienceNames {
    /// Compared byte for byte.
    pub(crate) exact: Vec<Box<str>>,
    /// Compared with [`ResourceIdentifier::is`].
    pub(crate) resources: Vec<ResourceIdentifier>,
}

impl AudienceNames {
    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.resources.is_empty()
    }

    fn contains(&self, name: &str) -> bool {
        self.exact.iter().any(|one| **one == *name) || self.resources.iter().any(|it| it.is(name))
    }
}

impl AudienceRule {
    /// Returns the names, one of which a token must have.
    pub(crate) fn expected(&self) -> Vec<&str> {
        match self {
            Self::Any => vec!["any"],
            Self::ClientOneOf(clients) => clients.iter().map(|client| &**client).collect(),
            Self::OneOf(names) | Self::OneOfOrNone(names) => {
                let resources = names.resources.iter().map(ResourceIdentifier::as_str);
                names.exact.iter().map(|name| &**name).chain(resources).collect()
            }
        }
    }

    /// Returns whether a token with these claims is meant for this service.
    pub(crate) fn accepts(&self, claims: &ClaimSet) -> bool {
        let audience = &claims.registered.audience;
        let is_one_of = |names: &AudienceNames, text: &ClaimText| {
            text.get(&claims.raw).is_some_and(|text| names.contains(text))
        };
        let contains_one_of =
            |names: &AudienceNames| audience.as_slice().iter().any(|text| is_one_of(names, text));
        match self {
            Self::Any => true,
            // An empty array is an `aud` as well, so the client isn't considered.
            Self::ClientOneOf(clients) => {
                matches!(audience, Audience::None)
                    && claims.has_client_id
                    && claims
                        .registered
                        .client_id
                        .get(&claims.raw)
                        .is_some_and(|id| clients.iter().any(|client| **client == *id))
            }
            Self::OneOf(names) => contains_one_of(names),
            Self::OneOfOrNone(names) => audience.as_slice().is_empty() || contains_one_of(names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ScopeSet, claims::IntrospectionReader, jose::json};

    /// The claims of an introspection response, in which null is an absent member.
    fn claims(members: &str) -> ClaimSet {
        let raw = format!("{{{members}}}").into_boxed_str();
        let mut reader = IntrospectionReader::default();
        assert!(json::object(&raw, |name, value| reader.member(name, value)).is_ok(), "{raw}");
        reader.finish().unwrap();
        let IntrospectionReader { registered, has_client_id, other_kind, .. } = reader;
        ClaimSet { raw, registered, scopes: ScopeSet::new(), has_client_id, other_kind }
    }

    fn names(names: &[&str]) -> AudienceNames {
        let exact = names.iter().map(|name| (*name).into()).collect();
        AudienceNames { exact, ..AudienceNames::default() }
    }

    #[test]
    fn case_is_ignored_only_in_scheme_and_host_of_resources() {
        let mut names = names(&["https://api.example/exact"]);
        let resource = ResourceIdentifier::new("https://api.example/mcp".to_owned()).unwrap();
        names.resources.push(resource);
        let rule = AudienceRule::OneOf(names);
        for (members, accepted) in [
            (r#""aud":"https://api.example/mcp""#, true),
            (r#""aud":"HTTPS://api.EXAMPLE/mcp""#, true),
            (r#""aud":["x","https://API.example/mcp"]"#, true),
            (r#""aud":"https://api.example/Mcp""#, false),
            (r#""aud":"https://api.example/exact""#, true),
            (r#""aud":"https://API.example/exact""#, false),
        ] {
            assert_eq!(rule.accepts(&claims(members)), accepted, "{members}");
        }
    }

    #[test]
    fn an_audience_is_accepted_if_the_rule_contains_it() {
        let one_of = AudienceRule::OneOf(names(&["api", "api2"]));
        let or_none = AudienceRule::OneOfOrNone(names(&["api"]));
        let none = AudienceRule::OneOfOrNone(names(&[]));
        for (members, by_one_of, by_or_none, by_none) in [
            (r#""aud":"api""#, true, true, false),
            (r#""aud":["x","api"]"#, true, true, false),
            (r#""aud":["api2","x"]"#, true, false, false),
            (r#""aud":"\u0061pi""#, true, true, false),
            (r#""aud":"x""#, false, false, false),
            (r#""aud":"api/""#, false, false, false),
            (r#""aud":"API""#, false, false, false),
            (r#""aud":"api x""#, false, false, false),
            (r#""aud":"""#, false, false, false),
            (r#""aud":[]"#, false, true, true),
            (r#""aud":null"#, false, true, true),
            (r#""client_id":"api""#, false, true, true),
            ("", false, true, true),
        ] {
            let claims = claims(members);
            assert_eq!(one_of.accepts(&claims), by_one_of, "{members}");
            assert_eq!(or_none.accepts(&claims), by_or_none, "{members}");
            assert_eq!(none.accepts(&claims), by_none, "{members}");
            assert!(AudienceRule::Any.accepts(&claims), "{members}");
        }
    }

    #[test]
    fn a_client_is_accepted_by_client_id_if_there_is_no_audience() {
        let rule = AudienceRule::ClientOneOf(names(&["app", "web"]).exact);
        for (members, accepted) in [
            (r#""client_id":"app""#, true),
            (r#""client_id":"web""#, true),
            (r#""client_id":"apps""#, false),
            (r#""client_id":"App""#, false),
            (r#""azp":"app""#, false),
            (r#""cid":"app""#, false),
            (r#""aud":"app""#, false),
            (r#""client_id":"app","aud":"api""#, false),
            (r#""client_id":"app","aud":[]"#, false),
            ("", false),
        ] {
            assert_eq!(rule.accepts(&claims(members)), accepted, "{members}");
        }
    }
}
