//! The scopes in challenges, prepared for each row of the policies.

use std::sync::Arc;

use http::StatusCode;

use crate::{
    Access, Error, ErrorKind, Policies, ScopeSet,
    authorize::policies::Rule,
    scope::{ScopeHierarchy, ScopePolicy},
};

/// The scopes that a client should request, depending on its request.
#[derive(Debug, Clone, Default)]
pub(super) struct ChallengeScopes {
    /// For each row of the policies.
    rows: Vec<RowScopes>,
    /// For each MCP endpoint: the scopes of all its rows, and those for an unknown operation.
    endpoints: Vec<(RowScopes, RowScopes)>,
    /// For requests that no row matches.
    unlisted: RowScopes,
    /// If the policies name none.
    pub(super) default: Option<Arc<str>>,
}

/// The scopes of a row.
#[derive(Debug, Clone, Default)]
enum RowScopes {
    /// No scope is sufficient.
    #[default]
    Denied,
    Named(Arc<str>),
    /// No scope is required.
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
        let endpoints = policies.every_operation().map(|rule| {
            let every =
                RowScopes::all(policies.rows_of(rule).map(|row| of(row.access())), hierarchy);
            let otherwise = match policies.otherwise_of(rule) {
                Rule::Row(place) => self.rows.get(place).cloned().unwrap_or_default(),
                _ => every.clone(),
            };
            (every, otherwise)
        });
        self.endpoints = endpoints.collect();
    }

    /// Adds the required scopes to a rejection by this layer.
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

    /// Adds the required scopes to a rejection by an inner service. If that names scopes, those of the row are added,
    /// because a client may request exactly what the challenge names.
    pub(super) fn complete_inner(&self, error: Error, rule: Option<Rule>) -> Error {
        let Some(scopes) = error.scope() else { return self.complete(error, rule) };
        if matches!(rule, Some(Rule::OperationsInBody(_))) {
            // A service that has read the body names all of them.
            return error;
        }
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
            Rule::EveryOperation(place) => {
                self.endpoints.get(place).map_or(&RowScopes::Denied, |(every, _)| every)
            }
            Rule::OperationsInBody(place) => {
                self.endpoints.get(place).map_or(&RowScopes::Denied, |(_, otherwise)| otherwise)
            }
            Rule::Unclear => &RowScopes::Denied,
        }
    }
}

impl RowScopes {
    /// Returns the scopes that several rows require together.
    fn all(rows: impl Iterator<Item = Self>, hierarchy: Option<&ScopeHierarchy>) -> Self {
        let mut named = Vec::new();
        for row in rows {
            match row {
                Self::Denied => return Self::Denied,
                Self::Named(scopes) => named.push(scopes),
                Self::Unnamed => {}
            }
        }
        if named.is_empty() {
            return Self::Unnamed;
        }
        Self::Named(ScopePolicy::union(named.iter(), hierarchy).into())
    }
}
