//! Scope hierarchies: scopes that imply other scopes.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    str::FromStr,
    sync::Arc,
};

use crate::{ConfigError, Scope, ScopeSet};

/// A scope hierarchy: which scopes imply which others. A token with a broader scope may do what the narrower ones
/// allow.
///
/// Pass it to [`AuthenticateLayer::scope_hierarchy`](crate::AuthenticateLayer::scope_hierarchy). Without a hierarchy,
/// each required scope must be granted by name.
///
/// ```
/// use portcullis::{Scope, ScopeSet, scope::ScopeHierarchy};
///
/// const ADMIN: Scope = Scope::from_static("admin");
/// const READ: Scope = Scope::from_static("orders:read");
/// const WRITE: Scope = Scope::from_static("orders:write");
///
/// let hierarchy = ScopeHierarchy::builder()
///     .implies(ADMIN, [WRITE])
///     .implies(WRITE, [READ])
///     .build()?;
///
/// assert!(hierarchy.grants(&ScopeSet::from_wire("admin"), "orders:read"));
/// assert!(!hierarchy.grants(&ScopeSet::from_wire("orders:read"), "orders:write"));
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// It can also be parsed from a configuration file or an environment variable:
///
/// ```
/// use portcullis::{ScopeSet, scope::ScopeHierarchy};
///
/// let hierarchy: ScopeHierarchy = "admin > orders:read orders:write; root > admin".parse()?;
/// assert!(hierarchy.grants(&ScopeSet::from_wire("root"), "orders:read"));
///
/// let error = "admin > ".parse::<ScopeHierarchy>().unwrap_err();
/// assert_eq!(error.to_string(), "scope hierarchy `admin`: implies nothing");
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// A clone only increments a reference count.
#[derive(Clone)]
pub struct ScopeHierarchy(Arc<Closure>);

/// The transitive closure, computed when the hierarchy is built.
struct Closure {
    /// Each scope that another one implies, in order, with all scopes that imply it.
    broader: Vec<(Scope, Vec<Scope>)>,
    /// All scopes in the hierarchy, in order.
    scopes: BTreeSet<Scope>,
}

/// Builds a [`ScopeHierarchy`].
///
/// ```
/// use portcullis::{Scope, scope::ScopeHierarchy};
///
/// const READ: Scope = Scope::from_static("read");
/// const WRITE: Scope = Scope::from_static("write");
///
/// let error = ScopeHierarchy::builder()
///     .implies(WRITE, [READ])
///     .implies(READ, [WRITE])
///     .build()
///     .unwrap_err();
/// assert_eq!(error.to_string(), "scope hierarchy `read > write > read`: a scope implies itself");
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct ScopeHierarchyBuilder {
    lines: Vec<(Scope, Vec<Scope>)>,
}

impl ScopeHierarchy {
    /// Creates a builder without any scopes.
    pub fn builder() -> ScopeHierarchyBuilder {
        ScopeHierarchyBuilder::default()
    }

    /// Returns whether a token with these scopes has `scope`, by name or because another scope implies it.
    #[must_use]
    pub fn grants(&self, granted: &ScopeSet, scope: &str) -> bool {
        granted.contains(scope)
            || self.broader(scope).iter().any(|broader| granted.contains(broader.as_str()))
    }

    /// Returns the granted scopes, followed by all scopes that they imply.
    ///
    /// ```
    /// use portcullis::{Scope, ScopeSet, scope::ScopeHierarchy};
    ///
    /// let [admin, read] = ["admin", "read"].map(Scope::from_static);
    /// let hierarchy = ScopeHierarchy::builder().implies(admin, [read]).build()?;
    /// assert_eq!(hierarchy.expand(&ScopeSet::from_wire("admin")).as_str(), "admin read");
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    #[must_use]
    pub fn expand(&self, granted: &ScopeSet) -> ScopeSet {
        let implied = self.0.broader.iter().filter(|(scope, broader)| {
            !granted.contains(scope.as_str())
                && broader.iter().any(|broader| granted.contains(broader.as_str()))
        });
        granted.iter().chain(implied.map(|(scope, _)| scope.as_str())).collect()
    }

    /// Returns all scopes in the hierarchy, sorted and without duplicates.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.0.scopes.iter()
    }

    /// Returns the scopes that have no effect on a service that requires only the `required` ones, because they neither
    /// are required nor imply a required scope. These may be misspelled.
    ///
    /// ```
    /// use portcullis::{Scope, scope::ScopeHierarchy};
    ///
    /// let hierarchy: ScopeHierarchy = "admin > read; root > admin raed".parse()?;
    /// let unknown = hierarchy.unknown_scopes([Scope::from_static("read")]);
    /// assert!(unknown.map(Scope::as_str).eq(["raed"]));
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    /// To compare the hierarchy with a policy table, pass `policies.scopes().cloned()`. A layer logs these scopes: see
    /// [`AuthenticateLayer::scope_hierarchy`](crate::AuthenticateLayer::scope_hierarchy).
    /// [`AuthenticateLayer::scope_hierarchy`](crate::AuthenticateLayer::scope_hierarchy).
    pub fn unknown_scopes(
        &self,
        required: impl IntoIterator<Item = Scope>,
    ) -> impl Iterator<Item = &Scope> {
        let required: BTreeSet<_> = required.into_iter().collect();
        let implies_required: BTreeSet<_> =
            required.iter().flat_map(|it| self.broader(it.as_str())).map(Scope::as_str).collect();
        let is_unknown = move |scope: &&Scope| {
            !required.contains(*scope) && !implies_required.contains(scope.as_str())
        };
        self.scopes().filter(is_unknown)
    }

    /// Returns the scopes that imply `scope`.
    pub(crate) fn broader(&self, scope: &str) -> &[Scope] {
        let place = self.0.broader.binary_search_by(|(one, _)| one.as_str().cmp(scope));
        let found = place.ok().and_then(|place| self.0.broader.get(place));
        found.map_or(&[], |(_, broader)| broader)
    }
}

impl ScopeHierarchyBuilder {
    /// Adds that `scope` implies each of the `narrower` scopes, and the scopes that those imply.
    pub fn implies(mut self, scope: Scope, narrower: impl IntoIterator<Item = Scope>) -> Self {
        self.lines.push((scope, narrower.into_iter().collect()));
        self
    }

    /// Builds the hierarchy.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if a scope implies itself, directly or indirectly (the error names the cycle), or if a
    /// scope implies no others.
    pub fn build(self) -> Result<ScopeHierarchy, ConfigError> {
        let mut narrower = BTreeMap::<&Scope, Vec<&Scope>>::new();
        for (scope, implied) in &self.lines {
            if implied.is_empty() {
                return Err(ConfigError::new("scope hierarchy", scope.as_str(), "implies nothing"));
            }
            narrower.entry(scope).or_default().extend(implied);
        }
        let mut broader = BTreeMap::<&Scope, Vec<Scope>>::new();
        for scope in narrower.keys() {
            for implied in reachable(scope, &narrower)? {
                broader.entry(implied).or_default().push((*scope).clone());
            }
        }
        let scopes =
            self.lines.iter().flat_map(|(scope, implied)| [scope].into_iter().chain(implied));
        let scopes = scopes.cloned().collect();
        let broader =
            broader.into_iter().map(|(scope, broader)| (scope.clone(), broader)).collect();
        Ok(ScopeHierarchy(Arc::new(Closure { broader, scopes })))
    }
}

/// Returns the scopes that `start` implies, directly or indirectly.
fn reachable<'a>(
    start: &'a Scope,
    narrower: &BTreeMap<&'a Scope, Vec<&'a Scope>>,
) -> Result<impl Iterator<Item = &'a Scope>, ConfigError> {
    // Maps each reached scope to the one that implies it.
    let mut reached = BTreeMap::<&Scope, &Scope>::new();
    let mut queue = VecDeque::from([start]);
    while let Some(scope) = queue.pop_front() {
        for &implied in narrower.get(scope).into_iter().flatten() {
            if implied == start {
                return Err(cycle(start, scope, &reached));
            }
            if !reached.contains_key(implied) {
                reached.insert(implied, scope);
                queue.push_back(implied);
            }
        }
    }
    Ok(reached.into_keys())
}

/// Returns the error for a cycle from `start` to `last`, which implies `start`.
fn cycle(start: &Scope, last: &Scope, reached: &BTreeMap<&Scope, &Scope>) -> ConfigError {
    let mut names = vec![start.as_str(), last.as_str()];
    let mut scope = last;
    // `start` has no predecessor, so the loop ends there.
    while let Some(before) = reached.get(scope) {
        names.push(before.as_str());
        scope = before;
    }
    names.reverse();
    ConfigError::new("scope hierarchy", names.join(" > "), "a scope implies itself")
}

/// Parses lines such as `admin > orders:read orders:write`, separated by semicolons. Spaces around `>` and `;` are
/// ignored, and so are empty lines. Use the builder for scopes that contain `>` or `;`.
impl FromStr for ScopeHierarchy {
    type Err = ConfigError;

    /// # Errors
    ///
    /// Returns a [`ConfigError`] that names the line, if a line doesn't contain exactly one `>` or contains an invalid
    /// scope. Also returns the errors of [`ScopeHierarchyBuilder::build`].
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let mut builder = Self::builder();
        for line in text.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            let invalid = |problem: String| ConfigError::new("scope hierarchy", line, problem);
            let (scope, narrower) = match line.split_once('>') {
                Some((scope, narrower)) if !narrower.contains('>') => (scope, narrower),
                Some(_) => return Err(invalid("has more than one `>`".to_owned())),
                None => {
                    return Err(invalid(
                        "has no `>` between a scope and what it implies".to_owned(),
                    ));
                }
            };
            let parse = |name: &str| Scope::new(name).map_err(|error| invalid(error.to_string()));
            let narrower: Result<Vec<_>, _> = narrower.split_whitespace().map(parse).collect();
            builder = builder.implies(parse(scope.trim())?, narrower?);
        }
        builder.build()
    }
}

/// Shows each scope, with the scopes that imply it.
impl fmt::Debug for ScopeHierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broader = self.0.broader.iter().map(|(scope, broader)| (scope, broader));
        f.write_str("ScopeHierarchy ")?;
        f.debug_map().entries(broader).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(name: &str) -> Scope {
        Scope::new(name).unwrap()
    }

    /// Builds a hierarchy from lines such as `a > b c`.
    fn hierarchy(lines: &[&str]) -> Result<ScopeHierarchy, ConfigError> {
        let mut builder = ScopeHierarchy::builder();
        for line in lines {
            let (broad, narrow) = line.split_once(" > ").unwrap();
            let narrow = narrow.split(' ').filter(|name| !name.is_empty()).map(scope);
            builder = builder.implies(scope(broad), narrow.collect::<Vec<_>>());
        }
        builder.build()
    }

    #[test]
    fn a_scope_grants_itself_and_everything_below_it() {
        let hierarchy = hierarchy(&["a > b c", "c > d", "e > d", "a > f"]).unwrap();
        for (granted, expanded) in [
            ("a", "a b c d f"),
            ("b", "b"),
            ("c", "c d"),
            ("d", "d"),
            ("e c", "e c d"),
            ("b e", "b e d"),
            ("x", "x"),
            ("", ""),
        ] {
            let granted = ScopeSet::from_wire(granted);
            assert_eq!(hierarchy.expand(&granted).as_str(), expanded, "{granted}");
            for name in ["a", "b", "c", "d", "e", "f", "x"] {
                let is_granted = expanded.split(' ').any(|one| one == name);
                assert_eq!(hierarchy.grants(&granted, name), is_granted, "{granted} {name}");
            }
        }
        let named: Vec<_> = hierarchy.scopes().map(Scope::as_str).collect();
        assert_eq!(named, ["a", "b", "c", "d", "e", "f"]);
    }

    #[test]
    fn a_cycle_is_an_error_that_names_it() {
        for (lines, named) in [
            (&["a > a"] as &[_], "a > a"),
            (&["a > b", "b > a"], "a > b > a"),
            (&["a > b", "b > c d", "d > a"], "a > b > d > a"),
            (&["x > a", "a > b", "b > c", "c > b"], "b > c > b"),
        ] {
            let error = hierarchy(lines).unwrap_err();
            let expected = format!("scope hierarchy `{named}`: a scope implies itself");
            assert_eq!(error.to_string(), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_scope_that_implies_nothing_is_an_error() {
        let error = ScopeHierarchy::builder().implies(scope("a"), []).build().unwrap_err();
        assert_eq!(error.to_string(), "scope hierarchy `a`: implies nothing");
    }

    #[test]
    fn a_text_has_a_line_for_each_scope() {
        for (text, shown) in [
            (
                "a>b c;d>a",
                r#"{Scope("a"): [Scope("d")], Scope("b"): [Scope("a"), Scope("d")], Scope("c"): [Scope("a"), Scope("d")]}"#,
            ),
            (" a  >  b ; ; a > c ;", r#"{Scope("b"): [Scope("a")], Scope("c"): [Scope("a")]}"#),
            ("", "{}"),
        ] {
            let hierarchy: ScopeHierarchy = text.parse().unwrap();
            assert_eq!(format!("{hierarchy:?}"), format!("ScopeHierarchy {shown}"), "{text}");
        }
        for (text, error) in [
            ("a>b;c d", "scope hierarchy `c d`: has no `>` between a scope and what it implies"),
            ("a>b>c", "scope hierarchy `a>b>c`: has more than one `>`"),
            ("a>", "scope hierarchy `a`: implies nothing"),
            ("a>b;b>a", "scope hierarchy `a > b > a`: a scope implies itself"),
        ] {
            assert_eq!(text.parse::<ScopeHierarchy>().unwrap_err().to_string(), error);
        }
        for (text, line) in
            [("a>b;>c", ">c"), ("a b>c", "a b>c"), ("a>\"b", "a>\"b"), ("\u{e9}>a", "\u{e9}>a")]
        {
            let error = text.parse::<ScopeHierarchy>().unwrap_err();
            assert_eq!(error.value(), line);
            assert!(error.problem().contains("is not a scope"), "{error}");
        }
    }

    #[test]
    fn scopes_without_effect_are_unknown() {
        let hierarchy = hierarchy(&["a > b", "c > a d", "e > f"]).unwrap();
        for (required, unknown) in [
            ("b", "d e f"),
            ("a", "b d e f"),
            ("b d", "e f"),
            ("f c", "a b d"),
            ("", "a b c d e f"),
        ] {
            let required = required.split(' ').filter_map(|name| Scope::new(name).ok());
            let found: Vec<_> = hierarchy.unknown_scopes(required).map(Scope::as_str).collect();
            assert_eq!(found.join(" "), unknown);
        }
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion() {
        let names: Vec<_> = (0..300).map(|n| scope(&format!("s{n:04}"))).collect();
        let mut builder = ScopeHierarchy::builder();
        for pair in names.windows(2) {
            builder = builder.implies(pair[0].clone(), [pair[1].clone()]);
        }
        let hierarchy = builder.build().unwrap();
        assert!(hierarchy.grants(&ScopeSet::from_wire("s0000"), "s0299"));
        assert!(!hierarchy.grants(&ScopeSet::from_wire("s0299"), "s0298"));
    }

    #[test]
    fn debug_shows_what_implies_each_scope() {
        let hierarchy = hierarchy(&["a > b"]).unwrap();
        assert_eq!(format!("{hierarchy:?}"), r#"ScopeHierarchy {Scope("b"): [Scope("a")]}"#);
    }
}
