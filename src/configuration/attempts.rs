//! Finds every problem of a builder that reports only the first.

use super::{node::Node, problems::Problems, table::Table};
use crate::ConfigError;

/// Builds a verifier from the table at `path`, and reports every problem.
///
/// The builder reports the first invalid setting, and `member_of` returns the member that it belongs to. Each attempt
/// leaves out the members that were reported, so that the builder reports the next one.
pub(super) fn build_reporting_all<V>(
    (node, path): (&Node, &str),
    problems: &mut Problems,
    member_of: fn(&str) -> Option<&'static str>,
    mut attempt: impl FnMut(Table<'_>, &mut Problems) -> Result<V, ConfigError>,
) -> Option<V> {
    let mut ignored = Vec::new();
    loop {
        // Problems of the table itself are the same in each attempt, so they are reported once.
        let (mut repeated, is_first) = (Problems::new(), ignored.is_empty());
        let reported = if is_first { &mut *problems } else { &mut repeated };
        let table = Table::of(node, path.to_owned(), reported)?.ignoring(&ignored);
        let error = match attempt(table, reported) {
            Ok(verifier) => return ignored.is_empty().then_some(verifier),
            Err(error) => error,
        };
        let member = member_of(error.what());
        let at = member.map_or_else(|| path.to_owned(), |member| format!("{path}.{member}"));
        problems.add_error(at, &error);
        match member {
            Some(member) if !ignored.contains(&member) => ignored.push(member),
            _ => return None,
        }
    }
}
