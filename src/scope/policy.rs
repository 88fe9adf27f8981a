//! The scopes that a route requires.

use std::fmt;

use crate::{Scope, ScopeSet, scope::ScopeHierarchy};

/// The scopes that a request requires: all of them, any of them, or a combination.
///
/// ```
/// use portcullis::{Scope, ScopeSet, scope::ScopePolicy};
///
/// const READ: Scope = Scope::from_static("orders:read");
/// const WRITE: Scope = Scope::from_static("orders:write");
/// const ADMIN: Scope = Scope::from_static("admin");
///
/// let policy = READ.and(WRITE).or(ADMIN);
/// assert!(policy.allows(&ScopeSet::from_wire("orders:read orders:write")));
/// assert!(policy.allows(&ScopeSet::from_wire("admin")));
/// assert!(!policy.allows(&ScopeSet::from_wire("orders:read")));
///
/// assert_eq!(ScopePolicy::all([READ, WRITE]), READ.and(WRITE));
/// assert_eq!(ScopePolicy::any([READ, WRITE]), READ.or(WRITE));
/// ```
///
/// A policy without scopes, such as `all` of an empty list from a configuration file, allows no token. A table of
/// [`Policies`](crate::Policies) with such a policy fails at `build()`. To require only authentication, use an
/// [`AuthenticateLayer`](crate::AuthenticateLayer) without a guard, or
/// [`Access::Authenticated`](crate::Access::Authenticated).
///
/// ```
/// use portcullis::{ScopeSet, scope::ScopePolicy};
///
/// assert!(ScopePolicy::all([]).is_empty());
/// assert!(!ScopePolicy::all([]).allows(&ScopeSet::from_wire("admin")));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ScopePolicy {
    /// The token must have all scopes of one alternative. No alternative is empty.
    alternatives: Vec<Vec<Scope>>,
}

impl ScopePolicy {
    /// Creates a policy that requires all of these scopes.
    #[must_use]
    pub fn all(scopes: impl IntoIterator<Item = Scope>) -> Self {
        let scopes: Vec<_> = scopes.into_iter().collect();
        let alternatives = if scopes.is_empty() { Vec::new() } else { vec![scopes] };
        Self { alternatives }
    }

    /// Creates a policy that requires at least one of these scopes.
    #[must_use]
    pub fn any(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self { alternatives: scopes.into_iter().map(|scope| vec![scope]).collect() }
    }

    /// Creates a policy that allows a token if both this policy and `other` allow it.
    #[must_use]
    pub fn and(self, other: impl Into<ScopePolicy>) -> Self {
        let other = other.into();
        let both = |ours: &Vec<Scope>, theirs: &Vec<Scope>| {
            let mut scopes = ours.clone();
            scopes.extend(theirs.iter().filter(|scope| !ours.contains(scope)).cloned());
            scopes
        };
        let pairs = self
            .alternatives
            .iter()
            .flat_map(|ours| other.alternatives.iter().map(move |theirs| both(ours, theirs)));
        Self { alternatives: pairs.collect() }
    }

    /// Creates a policy that allows a token if this policy or `other` allows it.
    #[must_use]
    pub fn or(mut self, other: impl Into<ScopePolicy>) -> Self {
        self.alternatives.extend(other.into().alternatives);
        self
    }

    /// Returns whether the policy contains no scope, and so allows no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// Returns whether the granted scopes are sufficient.
    #[must_use]
    pub fn allows(&self, granted: &ScopeSet) -> bool {
        self.alternatives
            .iter()
            .any(|needed| needed.iter().all(|scope| granted.contains(scope.as_str())))
    }

    /// Returns whether the granted scopes are sufficient, together with the scopes that they imply.
    pub(crate) fn allows_with(
        &self,
        granted: &ScopeSet,
        hierarchy: Option<&ScopeHierarchy>,
    ) -> bool {
        let Some(hierarchy) = hierarchy else { return self.allows(granted) };
        let is_held = |scope: &Scope| hierarchy.grants(granted, scope.as_str());
        self.alternatives.iter().any(|needed| needed.iter().all(is_held))
    }

    /// Returns all scopes in the policy, possibly with duplicates.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.alternatives.iter().flatten()
    }

    /// Returns the alternatives. A token must have all scopes of one of them.
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = &[Scope]> {
        self.alternatives.iter().map(Vec::as_slice)
    }

    /// Returns the scopes that a client should request, separated by spaces, for the `scope` of a challenge.
    ///
    /// These are the scopes of the alternative of which `granted` lacks the fewest, or of the first one if there are
    /// several. An alternative that implies another one isn't considered, because the narrower one is sufficient.
    pub(crate) fn nearest(&self, granted: &ScopeSet, hierarchy: Option<&ScopeHierarchy>) -> String {
        let lacking = |needed: &&Vec<Scope>| {
            let is_lacking = |scope: &&Scope| match hierarchy {
                None => !granted.contains(scope.as_str()),
                Some(hierarchy) => !hierarchy.grants(granted, scope.as_str()),
            };
            needed.iter().filter(is_lacking).count()
        };
        let is_narrowest = |needed: &&Vec<Scope>| {
            hierarchy.is_none_or(|hierarchy| {
                let implies = |broad: &[Scope], narrow: &[Scope]| {
                    let is_held = |scope| {
                        broad.contains(scope)
                            || hierarchy.broader(scope.as_str()).iter().any(|it| broad.contains(it))
                    };
                    narrow.iter().all(is_held)
                };
                let is_narrower =
                    |other: &Vec<Scope>| implies(needed, other) && !implies(other, needed);
                !self.alternatives.iter().any(is_narrower)
            })
        };
        let nearest = self.alternatives.iter().filter(is_narrowest).min_by_key(lacking);
        let scopes: Vec<_> = nearest.into_iter().flatten().map(Scope::as_str).collect();
        scopes.join(" ")
    }

    /// Joins scope lists that are all required. Each list is separated by spaces. A scope that another one implies is
    /// left out.
    pub(crate) fn union(
        lists: impl Iterator<Item = impl AsRef<str>>,
        hierarchy: Option<&ScopeHierarchy>,
    ) -> String {
        let mut needed: Vec<String> = Vec::new();
        for list in lists {
            for scope in list.as_ref().split(' ').filter(|scope| !scope.is_empty()) {
                if !needed.iter().any(|it| it == scope) {
                    needed.push(scope.to_owned());
                }
            }
        }
        let is_implied = |scope: &String| {
            hierarchy.is_some_and(|hierarchy| {
                let mut broader = hierarchy.broader(scope).iter();
                broader.any(|broader| needed.iter().any(|it| it == broader.as_str()))
            })
        };
        let needed: Vec<_> =
            needed.iter().filter(|it| !is_implied(it)).map(String::as_str).collect();
        needed.join(" ")
    }
}

impl Scope {
    /// Creates a policy that requires both this scope and `other`.
    ///
    /// ```
    /// # use portcullis::{Scope, ScopeSet};
    /// const READ: Scope = Scope::from_static("read");
    /// const WRITE: Scope = Scope::from_static("write");
    /// assert!(!READ.and(WRITE).allows(&ScopeSet::from_wire("read")));
    /// assert!(READ.and(WRITE).allows(&ScopeSet::from_wire("write read")));
    /// ```
    #[must_use]
    pub fn and(self, other: impl Into<ScopePolicy>) -> ScopePolicy {
        ScopePolicy::from(self).and(other)
    }

    /// Creates a policy that requires this scope or `other`.
    #[must_use]
    pub fn or(self, other: impl Into<ScopePolicy>) -> ScopePolicy {
        ScopePolicy::from(self).or(other)
    }
}

impl From<Scope> for ScopePolicy {
    fn from(scope: Scope) -> Self {
        Self::all([scope])
    }
}

impl fmt::Debug for ScopePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopePolicy({self})")
    }
}

/// Shows the policy, such as `orders:read and orders:write, or admin`.
impl fmt::Display for ScopePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alternatives.is_empty() {
            return f.write_str("never");
        }
        for (index, needed) in self.alternatives.iter().enumerate() {
            if index > 0 {
                f.write_str(", or ")?;
            }
            for (index, scope) in needed.iter().enumerate() {
                if index > 0 {
                    f.write_str(" and ")?;
                }
                fmt::Display::fmt(scope, f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Scope = Scope::from_static("a");
    const B: Scope = Scope::from_static("b");
    const C: Scope = Scope::from_static("c");
    const D: Scope = Scope::from_static("d");

    #[test]
    fn all_and_any_can_be_combined() {
        let cases: [(ScopePolicy, &[&str], &[&str]); 9] = [
            (A.into(), &["a", "b a"], &["", "b", "aa"]),
            (A.and(B), &["a b", "b c a"], &["a", "b", ""]),
            (A.or(B), &["a", "b"], &["", "c"]),
            (A.and(B).or(C), &["c", "a b"], &["a", "b"]),
            (A.or(B).and(C), &["a c", "b c"], &["a b", "c"]),
            (ScopePolicy::all([]), &[], &["", "a"]),
            (ScopePolicy::all([]).or(A), &["a"], &["", "b"]),
            (A.and(ScopePolicy::all([])), &[], &["", "a"]),
            (ScopePolicy::any([]), &[], &["", "a"]),
        ];
        for (policy, allowed, rejected) in cases {
            for scopes in allowed {
                assert!(policy.allows(&ScopeSet::from_wire(scopes)), "{policy:?} {scopes:?}");
            }
            for scopes in rejected {
                assert!(!policy.allows(&ScopeSet::from_wire(scopes)), "{policy:?} {scopes:?}");
            }
        }
    }

    #[test]
    fn the_challenge_names_all_scopes_of_the_closest_alternative() {
        for (policy, granted, named) in [
            (A.and(B), "", "a b"),
            (A.and(B), "a", "a b"),
            (A.and(B).or(C), "a", "a b"),
            (A.and(B).or(C), "", "c"),
            (A.or(B), "", "a"),
            (ScopePolicy::any([]), "", ""),
        ] {
            assert_eq!(policy.nearest(&ScopeSet::from_wire(granted), None), named, "{policy:?}");
        }
    }

    #[test]
    fn the_challenge_names_the_narrowest_alternative() {
        // a implies b and c, and c implies d.
        let hierarchy = ScopeHierarchy::builder().implies(A, [B, C]).implies(C, [D]);
        let hierarchy = hierarchy.build().unwrap();
        for (policy, granted, named) in [
            (A.or(B), "", "b"),
            (A.or(C).or(D), "", "d"),
            (A.or(B.and(D)), "", "b d"),
            (A.or(B.and(D)), "d", "b d"),
            (B.or(D), "", "b"),
            (B.or(D), "c", "d"),
            (B.and(D), "c", "b d"),
            (A.and(D), "", "a d"),
            (A.and(D).or(A), "", "a"),
        ] {
            let nearest = policy.nearest(&ScopeSet::from_wire(granted), Some(&hierarchy));
            assert_eq!(nearest, named, "{policy:?} {granted}");
        }
    }

    #[test]
    fn implied_scopes_count_as_granted() {
        let hierarchy = ScopeHierarchy::builder().implies(A, [B, C]).build().unwrap();
        for (policy, granted, allowed) in [
            (ScopePolicy::from(B), "a", true),
            (B.and(C), "a", true),
            (B.and(C), "b", false),
            (B.and(D), "a", false),
            (B.and(D), "a d", true),
            (A.into(), "b c", false),
            (ScopePolicy::any([]), "a", false),
        ] {
            let granted = ScopeSet::from_wire(granted);
            assert_eq!(policy.allows_with(&granted, Some(&hierarchy)), allowed, "{policy:?}");
        }
    }

    #[test]
    fn joined_lists_leave_out_what_another_of_their_scopes_implies() {
        let hierarchy = ScopeHierarchy::builder().implies(A, [B, C]).build().unwrap();
        for (lists, joined) in [
            (&["b", "d"] as &[_], "b d"),
            (&["b d", "d c"], "b d c"),
            (&["b", "a d"], "a d"),
            (&["", "b"], "b"),
        ] {
            assert_eq!(ScopePolicy::union(lists.iter(), Some(&hierarchy)), joined, "{lists:?}");
        }
    }

    #[test]
    fn display_shows_the_policy() {
        assert_eq!(A.and(B).or(C).to_string(), "a and b, or c");
    }
}
