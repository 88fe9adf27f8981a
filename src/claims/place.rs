//! Places in the claims, from which scopes and roles are read.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    ConfigError,
    jose::json::{self, Object, Value},
};

/// A place in the claims, as a JSON pointer (RFC 6901).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClaimPlace(Box<str>);

impl ClaimPlace {
    /// Parses a pointer, which begins with `/`, or the name of a claim. Returns the problem if it is invalid.
    pub(crate) fn parse(place: &str) -> Result<Self, &'static str> {
        if place.is_empty() {
            return Err("must be the name of a claim, or a JSON pointer");
        }
        if !place.starts_with('/') {
            let name = place.replace('~', "~0").replace('/', "~1");
            return Ok(Self(format!("/{name}").into_boxed_str()));
        }
        if place.split('~').skip(1).all(|after| after.starts_with(['0', '1'])) {
            Ok(Self(place.into()))
        } else {
            Err("must be a JSON pointer, in which `~` is followed by `0` or `1`")
        }
    }

    /// Returns the value at this place.
    pub(crate) fn find<'a>(&self, claims: Object<'a>) -> Option<Value<'a>> {
        json::pointer(Value::Object(claims), &self.0)
    }

    /// Returns the pointer.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the place is the claim with this name, or within it.
    fn is_within(&self, claim: &str) -> bool {
        let rest = self.0.strip_prefix('/').and_then(|place| place.strip_prefix(claim));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Debug for ClaimPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The configured places, before they are validated.
#[derive(Debug, Default)]
pub(crate) struct GivenPlaces {
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
}

impl GivenPlaces {
    pub(crate) fn validate(&self) -> Result<ClaimPlaces, ConfigError> {
        let parse = |what, places: &[String]| {
            let parse = |place: &String| {
                ClaimPlace::parse(place).map_err(|problem| ConfigError::new(what, place, problem))
            };
            places.iter().map(parse).collect::<Result<Vec<_>, _>>()
        };
        let scopes = parse("scope claim", &self.scopes)?;
        let roles = parse("roles", &self.roles)?;
        let chosen_by_clients =
            roles.iter().find(|place| ["scope", "scp"].iter().any(|claim| place.is_within(claim)));
        if let Some(place) = chosen_by_clients {
            let problem = "must not be a claim with scopes, because clients choose them";
            return Err(ConfigError::new("roles", place.as_str(), problem));
        }
        let unsearched = AtomicBool::new(!scopes.is_empty() || !roles.is_empty());
        Ok(ClaimPlaces { scopes, roles, unsearched })
    }
}

/// The places from which the scopes (in addition to `scope` and `scp`) and the roles of one
/// issuer's tokens are read.
#[derive(Default)]
pub(crate) struct ClaimPlaces {
    pub(crate) scopes: Vec<ClaimPlace>,
    pub(crate) roles: Vec<ClaimPlace>,
    /// Whether there are places, and no verified token has been searched for them yet.
    unsearched: AtomicBool,
}

impl ClaimPlaces {
    /// Calls `report` with each place that the first verified token lacks. Does nothing for later tokens.
    #[inline]
    pub(crate) fn report_absent(&self, raw_claims: &str, report: impl FnMut(&str)) {
        if self.unsearched.load(Ordering::Relaxed) {
            self.search(raw_claims, report);
        }
    }

    #[cold]
    fn search(&self, raw_claims: &str, mut report: impl FnMut(&str)) {
        if !self.unsearched.swap(false, Ordering::Relaxed) {
            return;
        }
        let Ok(claims) = json::object(raw_claims, |_, _| ()) else { return };
        for place in self.scopes.iter().chain(&self.roles) {
            if place.find(claims).is_none() {
                report(place.as_str());
            }
        }
    }
}

impl fmt::Debug for ClaimPlaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimPlaces")
            .field("scopes", &self.scopes)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(scopes: &[&str], roles: &[&str]) -> Result<ClaimPlaces, String> {
        let owned = |places: &[&str]| places.iter().map(|&place| place.to_owned()).collect();
        let given = GivenPlaces { scopes: owned(scopes), roles: owned(roles) };
        given.validate().map_err(|error| error.to_string())
    }

    #[test]
    fn a_place_is_a_pointer_or_the_name_of_a_claim() {
        for (place, pointer) in [
            ("roles", "/roles"),
            ("/realm_access/roles", "/realm_access/roles"),
            ("/a~1b/~0", "/a~1b/~0"),
            ("/", "/"),
            ("realm_access/roles", "/realm_access~1roles"),
            ("https://acme.example/roles", "/https:~1~1acme.example~1roles"),
            ("urn:zitadel:iam:org:project:roles", "/urn:zitadel:iam:org:project:roles"),
            ("a~b", "/a~0b"),
        ] {
            assert_eq!(ClaimPlace::parse(place).unwrap().as_str(), pointer, "{place}");
        }
    }

    #[test]
    fn a_place_that_is_not_a_pointer_is_rejected_by_its_value() {
        for place in ["/~", "/a~", "/a~2b", "/~~0", "/realm_access/~roles"] {
            let problem = "must be a JSON pointer, in which `~` is followed by `0` or `1`";
            let error = given(&[], &["roles", place]).unwrap_err();
            assert_eq!(error, format!("roles `{place}`: {problem}"));
            let error = given(&[place], &[]).unwrap_err();
            assert_eq!(error, format!("scope claim `{place}`: {problem}"));
        }
        let error = given(&[], &[""]).unwrap_err();
        assert_eq!(error, "roles ``: must be the name of a claim, or a JSON pointer");
    }

    #[test]
    fn roles_are_not_read_from_claims_with_scopes() {
        for place in ["scope", "/scope", "/scope/0", "scp", "/scp", "/scp/0"] {
            let error = given(&[], &[place]).unwrap_err();
            assert!(
                error.ends_with("must not be a claim with scopes, because clients choose them"),
                "{error}"
            );
        }
        for place in ["scopes", "/scope~1", "/a/scope", "Scope"] {
            assert!(given(&[place], &[place]).is_ok(), "{place}");
        }
        assert!(given(&["scope"], &[]).is_ok());
    }

    #[test]
    fn absent_places_are_reported_once() {
        let claims = r#"{"permissions":[],"realm_access":{}}"#;
        let places = given(&["permissions", "groups"], &["roles", "/realm_access/roles"]).unwrap();
        let mut reported = Vec::new();
        for _ in 0..3 {
            places.report_absent(claims, |place| reported.push(place.to_owned()));
        }
        assert_eq!(reported, ["/groups", "/roles", "/realm_access/roles"]);
        given(&[], &[]).unwrap().report_absent(claims, |place| panic!("{place}"));
    }
}
