//! The members that issuers and introspection endpoints share: audiences, the places of claims, and rules for claims.

use std::time::Duration;

use super::{environment::Environment, problems::Problems, table::Table};
use crate::claims::GivenClaimOptions;

/// The members that configure claims.
pub(super) struct ClaimMembers<'a> {
    scope_claims: Vec<&'a str>,
    role_claims: Vec<&'a str>,
    numeric_identifiers: bool,
    max_lifetime: Option<Duration>,
}

impl<'a> ClaimMembers<'a> {
    pub(super) fn read(table: &mut Table<'a>, problems: &mut Problems) -> Self {
        Self {
            scope_claims: table.texts("scope_claims", problems),
            role_claims: table.texts("role_claims", problems),
            numeric_identifiers: table.flag("numeric_identifiers", problems),
            max_lifetime: table.seconds("max_lifetime_seconds", problems),
        }
    }

    /// Returns the member that an error of the builder is about, if it is one of these.
    pub(super) fn member_of(what: &str) -> Option<&'static str> {
        Some(match what {
            "audience" => "audience",
            "maximum lifetime" => "max_lifetime_seconds",
            "roles" => "role_claims",
            "scope claim" => "scope_claims",
            _ => return None,
        })
    }

    /// Sets these options of a builder.
    pub(super) fn apply(self, options: &mut GivenClaimOptions) {
        let owned = |place: &str| place.to_owned();
        options.places.scopes.extend(self.scope_claims.into_iter().map(owned));
        options.places.roles.extend(self.role_claims.into_iter().map(owned));
        options.numeric_identifiers |= self.numeric_identifiers;
        options.max_lifetime = self.max_lifetime.or(options.max_lifetime);
    }
}

/// Returns the audiences of an entry, or those of the document if it sets none and `needs_audience`. Reports an entry
/// that has none.
pub(super) fn audiences<'a>(
    given: &[&'a str],
    needs_audience: bool,
    table: &Table<'_>,
    environment: &Environment<'a>,
    problems: &mut Problems,
) -> Vec<&'a str> {
    if !given.is_empty() || !needs_audience {
        return given.to_vec();
    }
    if environment.audience.is_empty() && !table.has("audience") {
        problems.add(table.path_of("audience"), "must be set, here or at the top level");
    }
    environment.audience.clone()
}
