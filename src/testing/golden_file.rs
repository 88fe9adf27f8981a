//! Compares generated text with a file.

use std::{env, fmt::Write, fs, path::Path};

/// Asserts that the content of a file is `text`, and shows the difference otherwise. With the environment
/// variable `UPDATE_FILES=1`, writes the file instead.
///
/// Use it for text that is derived from the configuration of a service and reviewed with it, such
/// as the [matrix](crate::Policies::matrix) of its policies.
///
/// ```no_run
/// use portcullis::{Policies, policies::Persona, testing::assert_matches_file};
///
/// let policies = Policies::builder().build()?;
/// let matrix = policies.matrix(&[Persona::anonymous()]);
/// assert_matches_file("tests/policies.txt", &matrix.to_string());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// # Panics
///
/// Panics if the file is missing or differs.
pub fn assert_matches_file(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    if env::var_os("UPDATE_FILES").is_some_and(|value| value == "1") {
        fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let file = fs::read_to_string(path).unwrap_or_default();
    if let Some(difference) = difference(&file, text) {
        panic!("`{}` doesn't match; UPDATE_FILES=1 writes it:\n{difference}", path.display());
    }
}

/// Returns the lines that were removed and added, with one line of context before each block.
fn difference(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let mut shown = String::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        // The next line that is in both.
        let next = (i..old.len()).find_map(|at| {
            new[j..].iter().position(|line| *line == old[at]).map(|to| (at, j + to))
        });
        let (to_old, to_new) = next.unwrap_or((old.len(), new.len()));
        for line in &old[i..to_old] {
            let _ = writeln!(shown, "- {line}");
        }
        for line in &new[j..to_new] {
            let _ = writeln!(shown, "+ {line}");
        }
        (i, j) = (to_old, to_new);
    }
    if shown.is_empty() {
        shown.push_str("(the ends of lines, or of the file, differ)\n");
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_removed_and_added_lines() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n").unwrap(), "- b\n+ x\n");
        assert_eq!(difference("a\nc\n", "a\nb\nc\nd\n").unwrap(), "+ b\n+ d\n");
        assert_eq!(difference("", "a\n").unwrap(), "+ a\n");
        assert!(difference("a", "a\n").unwrap().contains("the ends of lines"));
    }

    #[test]
    #[should_panic(expected = "+ GET /orders")]
    fn a_missing_file_fails() {
        assert_matches_file("no such file", "GET /orders\n");
    }
}
