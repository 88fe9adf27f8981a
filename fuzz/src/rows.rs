//! Finds the row of a request in a table of policies, segment by segment, as axum's router finds a route.

use http::Method;

/// What a segment of a path must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Static(String),
    /// Any segment that isn't empty.
    Parameter,
    /// Everything that follows.
    Rest,
}

/// A method, or any, and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pub method: Option<Method>,
    pub segments: Vec<Part>,
}

impl Pattern {
    /// Reads a path such as `/orders/{id}`, or that of a gRPC row, such as `/package.Service/*`.
    #[must_use]
    pub fn new(method: Option<Method>, path: &str) -> Self {
        let part = |text: &str| match text {
            "*" => Part::Parameter,
            _ if text.starts_with("{*") => Part::Rest,
            _ if text.starts_with('{') => Part::Parameter,
            _ => Part::Static(text.to_owned()),
        };
        let path = path.strip_prefix('/').unwrap_or(path);
        Self { method, segments: path.split('/').map(part).collect() }
    }

    fn fits(&self, path: &[&str], ignores_case: bool) -> bool {
        let same = |one: &str, other: &str| match ignores_case {
            true => one.eq_ignore_ascii_case(other),
            false => one == other,
        };
        let mut rest = path;
        for part in &self.segments {
            let [first, after @ ..] = rest else { return false };
            match part {
                Part::Rest => return rest != [""],
                Part::Parameter if first.is_empty() => return false,
                Part::Static(text) if !same(text, first) => return false,
                Part::Parameter | Part::Static(_) => rest = after,
            }
        }
        rest.is_empty()
    }

    /// Returns what is compared from the left: static text comes before a parameter before the rest.
    fn rank(&self) -> Vec<u8> {
        let rank = |part: &Part| match part {
            Part::Static(_) => 0,
            Part::Parameter => 1,
            Part::Rest => 2,
        };
        self.segments.iter().map(rank).collect()
    }
}

/// Returns the place of the row of a request. With `ignores_case`, finds it as a server that ignores the case of paths.
#[must_use]
pub fn find(rows: &[Pattern], method: &Method, path: &str, ignores_case: bool) -> Option<usize> {
    let path: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let fitting = || rows.iter().enumerate().filter(|(_, row)| row.fits(&path, ignores_case));
    let best = fitting().map(|(_, row)| row.rank()).min()?;
    let of = |method: Option<&Method>| {
        let mut rows = fitting().filter(|(_, row)| row.rank() == best);
        rows.find(|(_, row)| row.method.as_ref() == method).map(|(place, _)| place)
    };
    let of_get = || (*method == Method::HEAD).then(|| of(Some(&Method::GET))).flatten();
    of(Some(method)).or_else(of_get).or_else(|| of(None))
}
