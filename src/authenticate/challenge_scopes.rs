//! The scopes that challenges name, prepared for each row of the table.

use std::sync::Arc;

use http::StatusCode;

use crate::{
    Access, Error, ErrorKind, Policies, ScopeHierarchy, ScopeSet, authorize::policies::Rule,
};

/// The scopes that a client should request, by what its request was for.
#[derive(Debug, Clone, Default)]
pub(super) struct ChallengeScopes {
    /// For each row of the table.
    rows: Vec<RowScopes>,
    /// What no row is for.
    unlisted: RowScopes,
    /// Where the table names none.
    pub(super) default: Option<Arc<str>>,
}

/// What a row says about scopes.
#[derive(Debug, Clone, Default)]
enum RowScopes {
    /// No scope is sufficient.
    #[default]
    Denied,
    Named(Arc<str>),
    /// Any scope, or none.
    Unnamed,
}

impl ChallengeScopes {
    /// Prepares the scopes of each row.
    pub(super) fn prepare(&mut self, policies: &Policies, hierarchy: Option<&ScopeHierarchy>) {
        let of = |access: &Access| match (access, access.scopes()) {
            (Access::Deny, _) => RowScopes::Denied,
            (_, Some(policy)) => {
                RowScopes::Named(policy.nearest(&ScopeSet::new(), hierarchy).into())
            }
            (_, None) => RowScopes::Unnamed,
        };
        self.rows = policies.rows().iter().map(|row| of(row.access())).collect();
        self.unlisted = of(policies.unlisted());
    }

    /// Adds what the request needs to a rejection by this layer.
    pub(super) fn complete(&self, error: Error, rule: Option<Rule>) -> Error {
        // A step-up names the scopes that the token lacks, and keeps the others (RFC 9470 §3).
        let is_step_up = matches!(error.kind(), ErrorKind::InsufficientUserAuthentication(_));
        if error.status() != StatusCode::UNAUTHORIZED || is_step_up {
            return error;
        }
        let scopes = match rule.map(|rule| self.row(rule)) {
            Some(RowScopes::Denied) => None,
            Some(RowScopes::Named(scopes)) => Some(scopes),
            Some(RowScopes::Unnamed) | None => self.default.as_ref(),
        };
        match scopes {
            Some(scopes) if !scopes.is_empty() => error.with_scope(Arc::clone(scopes)),
            _ => error,
        }
    }

    /// Adds what the request needs to a rejection by an inner service. If that names scopes, those of the row are
    /// needed too: a client may request just what the challenge names.
    pub(super) fn complete_inner(&self, error: Error, rule: Option<Rule>) -> Error {
        let Some(scopes) = error.scope() else { return self.complete(error, rule) };
        let Some(RowScopes::Named(row)) = rule.map(|rule| self.row(rule)) else { return error };
        let of_row = ScopeSet::from_wire(row);
        let mut needed = row.to_string();
        for scope in scopes.split(' ').filter(|scope| !of_row.contains(scope)) {
            needed.extend([" ", scope]);
        }
        error.with_scope(needed.into())
    }

    fn row(&self, rule: Rule) -> &RowScopes {
        match rule {
            Rule::Row(place) => self.rows.get(place).unwrap_or(&RowScopes::Denied),
            Rule::Unlisted => &self.unlisted,
            Rule::Unclear => &RowScopes::Denied,
        }
    }
}
