//! Finds the row of a path, in a tree of segments.
//!
//! The most specific row wins, as in axum's router: a static segment before a parameter, and a parameter before the
//! rest.

use std::str::Split;

use http::Method;

use super::{path::could_be, pattern::Segment};

/// The segments that may follow a segment.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Sorted by `text`.
    statics: Vec<Static>,
    parameter: Option<Box<Node>>,
    rest: Option<Leaf>,
    leaf: Option<Leaf>,
}

#[derive(Debug)]
struct Static {
    text: Box<str>,
    node: Node,
}

/// The rows of one pattern, as positions in the table.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    methods: Vec<(Method, usize)>,
    any_method: Option<usize>,
}

/// The path doesn't match a row, but a server might read it as if it did, because of case, encoding or a slash.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NearMiss;

/// A conflict between a row and the ones before it.
pub(super) enum Clash {
    /// The row at this position is for the same requests.
    Same(usize),
    /// This static segment differs only in its spelling.
    Spelling(String),
}

impl Node {
    /// Returns the rows of the most specific pattern that matches a path, given as its segments. `may_have_rest` is
    /// false for a path with a trailing slash, which must not match as if it had none.
    pub(super) fn find(
        &self,
        mut path: Split<'_, char>,
        may_have_rest: bool,
    ) -> Result<Option<&Leaf>, NearMiss> {
        let Some(segment) = path.next() else {
            return match &self.leaf {
                Some(leaf) => Ok(Some(leaf)),
                None if self.get("").is_some() => Err(NearMiss),
                None => Ok(None),
            };
        };
        if let Some(it) = self.get(segment) {
            if let Some(leaf) = it.node.find(path.clone(), may_have_rest)? {
                return Ok(Some(leaf));
            }
        } else if self.nearly(segment).is_some() || segment.is_empty() && self.leaf.is_some() {
            return Err(NearMiss);
        }
        if !segment.is_empty()
            && let Some(node) = &self.parameter
            && let Some(leaf) = node.find(path, may_have_rest)?
        {
            return Ok(Some(leaf));
        }
        match &self.rest {
            // A router treats the slash as a part of the rest.
            Some(_) if !may_have_rest && !segment.is_empty() => Err(NearMiss),
            rest => Ok(rest.as_ref().filter(|_| may_have_rest)),
        }
    }

    /// Adds the row at `place` of the table.
    pub(super) fn insert(
        &mut self,
        pattern: &[Segment<'_>],
        method: Option<&Method>,
        place: usize,
    ) -> Result<(), Clash> {
        let (leaf, pattern) = match pattern {
            [] => (&mut self.leaf, pattern),
            [Segment::Rest, after @ ..] => (&mut self.rest, after),
            [Segment::Parameter, after @ ..] => {
                return self.parameter.get_or_insert_default().insert(after, method, place);
            }
            [Segment::Static(text), after @ ..] => {
                return self.at(text)?.insert(after, method, place);
            }
        };
        debug_assert!(pattern.is_empty(), "nothing follows the rest");
        leaf.get_or_insert_default().insert(method, place).map_err(Clash::Same)
    }

    /// Calls `compare` with the rows of each pair of patterns that differ only by a trailing slash: without it, with
    /// it.
    pub(super) fn slash_twins<E>(
        &self,
        compare: &mut impl FnMut(&Leaf, &Leaf) -> Result<(), E>,
    ) -> Result<(), E> {
        let with_slash = self.get("").and_then(|it| it.node.leaf.as_ref());
        if let (Some(without), Some(with)) = (&self.leaf, with_slash) {
            compare(without, with)?;
        }
        let nodes = self.statics.iter().map(|it| &it.node).chain(self.parameter.as_deref());
        nodes.into_iter().try_for_each(|node| node.slash_twins(compare))
    }

    fn place(&self, segment: &str) -> Result<usize, usize> {
        self.statics.binary_search_by(|it| (*it.text).cmp(segment))
    }

    fn get(&self, segment: &str) -> Option<&Static> {
        self.statics.get(self.place(segment).ok()?)
    }

    /// Returns a static segment that isn't equal to `segment`, but that a server might read as equal.
    fn nearly(&self, segment: &str) -> Option<&Static> {
        self.statics.iter().find(|it| could_be(segment, &it.text))
    }

    fn at(&mut self, text: &str) -> Result<&mut Self, Clash> {
        let place = match self.place(text) {
            Ok(place) => place,
            Err(place) => {
                if let Some(other) = self.nearly(text) {
                    return Err(Clash::Spelling(other.text.to_string()));
                }
                self.statics.insert(place, Static { text: text.into(), node: Self::default() });
                place
            }
        };
        match self.statics.get_mut(place) {
            Some(it) => Ok(&mut it.node),
            // Unreachable: the segment was found or inserted above.
            None => Err(Clash::Spelling(text.to_owned())),
        }
    }
}

impl Leaf {
    /// Returns the methods that have a separate row.
    pub(super) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.methods.iter().map(|(method, _)| method)
    }

    /// Returns the row for the remaining methods.
    pub(super) const fn any_method(&self) -> Option<usize> {
        self.any_method
    }

    /// Returns the row for a method. HEAD uses the row of GET if it has no other, because axum also routes it to
    /// the handler of GET.
    pub(super) fn row(&self, method: &Method) -> Option<usize> {
        let of = |method: &Method| {
            self.methods.iter().find_map(|(one, place)| (one == method).then_some(*place))
        };
        let of_get = || (method == Method::HEAD).then(|| of(&Method::GET)).flatten();
        of(method).or_else(of_get).or(self.any_method)
    }

    fn insert(&mut self, method: Option<&Method>, place: usize) -> Result<(), usize> {
        let Some(method) = method else {
            return match self.any_method.replace(place) {
                Some(other) => Err(other),
                None => Ok(()),
            };
        };
        if let Some((_, other)) = self.methods.iter().find(|(one, _)| one == method) {
            return Err(*other);
        }
        self.methods.push((method.clone(), place));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::policies::pattern;

    /// The place of the row that is found for a path, in a table with rows for these patterns.
    fn find(patterns: &[&str], path: &str) -> Result<Option<usize>, NearMiss> {
        let mut tree = Node::default();
        for (place, path) in patterns.iter().enumerate() {
            let pattern = pattern::http(path).expect("a pattern");
            assert!(tree.insert(&pattern, None, place).is_ok(), "{path}");
        }
        let mut segments = path.split('/');
        segments.next();
        let leaf = tree.find(segments, !path.ends_with('/'))?;
        Ok(leaf.and_then(Leaf::any_method))
    }

    #[test]
    fn a_path_that_differs_from_a_row_by_a_slash_is_a_near_miss() {
        for (patterns, path, found) in [
            (&["/docs/"][..], "/docs/", Ok(Some(0))),
            (&["/docs/"], "/docs", Err(NearMiss)),
            (&["/docs"], "/docs", Ok(Some(0))),
            (&["/docs"], "/docs/", Err(NearMiss)),
            (&["/docs", "/docs/"], "/docs", Ok(Some(0))),
            (&["/docs", "/docs/"], "/docs/", Ok(Some(1))),
            (&["/{id}"], "/7/", Err(NearMiss)),
            (&["/{id}/"], "/7", Err(NearMiss)),
            (&["/{id}/"], "/7/", Ok(Some(0))),
            (&["/{*rest}"], "/docs", Ok(Some(0))),
            (&["/{*rest}"], "/docs/", Err(NearMiss)),
            (&["/{*rest}"], "/", Ok(None)),
            // No row has such a path, with a slash or without.
            (&["/docs/{id}"], "/docs", Ok(None)),
            (&["/docs/{id}"], "/docs/", Ok(None)),
            (&["/docs/{*rest}"], "/docs", Ok(None)),
            (&["/docs/{*rest}"], "/docs/", Ok(None)),
            (&["/docs"], "/other", Ok(None)),
            (&["/docs"], "/docs/7", Ok(None)),
            (&["/"], "/", Ok(Some(0))),
            (&[], "/", Ok(None)),
        ] {
            assert_eq!(find(patterns, path), found, "{path} in {patterns:?}");
        }
    }

    #[test]
    fn a_different_spelling_of_a_row_is_a_near_miss() {
        for (patterns, path, found) in [
            (&["/docs"][..], "/Docs", Err(NearMiss)),
            (&["/docs", "/{id}"], "/DOCS", Err(NearMiss)),
            (&["/docs/a", "/{*rest}"], "/docs/A", Err(NearMiss)),
            (&["/docs/a", "/{*rest}"], "/docs/b", Ok(Some(1))),
            (&["/docs/a", "/{id}/b"], "/docs/b", Ok(Some(1))),
            (&["/docs/a", "/{id}/b"], "/docs/a", Ok(Some(0))),
        ] {
            assert_eq!(find(patterns, path), found, "{path} in {patterns:?}");
        }
    }

    #[test]
    fn a_method_has_its_own_row_or_that_of_any_method() {
        let mut leaf = Leaf::default();
        assert_eq!(leaf.row(&Method::HEAD), None);
        assert_eq!(leaf.insert(Some(&Method::GET), 1), Ok(()));
        assert_eq!(leaf.insert(Some(&Method::PUT), 2), Ok(()));
        assert_eq!(leaf.row(&Method::HEAD), Some(1));
        assert_eq!(leaf.row(&Method::PUT), Some(2));
        assert_eq!(leaf.row(&Method::POST), None);
        assert_eq!(leaf.insert(None, 3), Ok(()));
        assert_eq!(leaf.row(&Method::POST), Some(3));
        assert_eq!(leaf.row(&Method::HEAD), Some(1));
        assert_eq!(leaf.insert(Some(&Method::HEAD), 4), Ok(()));
        assert_eq!(leaf.row(&Method::HEAD), Some(4));
        assert_eq!(leaf.insert(Some(&Method::PUT), 5), Err(2));
        assert_eq!(leaf.insert(None, 6), Err(3));
        let methods = [Method::GET, Method::PUT, Method::HEAD];
        assert!(leaf.methods().eq(&methods));
    }

    #[test]
    fn rows_that_differ_by_a_slash_are_compared() {
        let mut tree = Node::default();
        let rows = ["/a", "/a/", "/b", "/c/", "/{id}/d", "/{id}/d/"];
        for (place, path) in rows.iter().enumerate() {
            assert!(tree.insert(&pattern::http(path).unwrap(), None, place).is_ok());
        }
        let mut twins = Vec::new();
        let compared = tree.slash_twins(&mut |without, with| {
            twins.push((without.any_method(), with.any_method()));
            if twins.len() < 2 { Ok(()) } else { Err("stop") }
        });
        assert_eq!(compared, Err("stop"));
        assert_eq!(twins, [(Some(0), Some(1)), (Some(4), Some(5))]);
    }
}
