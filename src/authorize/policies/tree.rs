//! Finding the row of a path: a tree of segments.
//!
//! The most particular row wins, as in axum's router: a static segment before a parameter, a parameter
//! before the rest.

use std::str::Split;

use http::Method;

use super::{path::could_be, pattern::Segment};

/// What may follow one segment.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Ordered by `text`.
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

/// Rows of one pattern, as places in the table.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    methods: Vec<(Method, usize)>,
    any_method: Option<usize>,
}

/// The path isn't what a row says, but could be read as that: by case, by encoding, by a slash.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NearMiss;

/// Why a row can't stand beside the others.
pub(super) enum Clash {
    /// With the row at this place: they are for the same requests.
    Same(usize),
    /// With a static segment that differs in its spelling only.
    Spelling(String),
}

impl Node {
    /// The rows of the pattern that is nearest to a path, given as its segments. `may_have_rest` is
    /// false for a path with a slash at its end, which is no spelling of one without.
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
            // A router takes the slash for a part of the rest.
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

    /// Calls `compare` with the rows of each two patterns that differ by a slash at the end: without it, with it.
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

    /// A static segment that the segment isn't, but could be read as.
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
            // It was found or put there.
            None => Err(Clash::Spelling(text.to_owned())),
        }
    }
}

impl Leaf {
    /// Returns the methods that have a row of their own.
    pub(super) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.methods.iter().map(|(method, _)| method)
    }

    /// Returns the row for the methods that have none of their own.
    pub(super) const fn any_method(&self) -> Option<usize> {
        self.any_method
    }

    /// The row for a method. HEAD is GET where it has no row of its own, as axum answers it.
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
