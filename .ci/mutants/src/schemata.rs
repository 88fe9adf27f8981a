use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Range;

use crate::mutant::{Genre, Mutant};
use crate::site::{Kind, Site, Sites};

/// The text of a file with a switch at each site.
#[derive(Debug)]
pub struct Schemata {
    pub text: String,
    /// The bytes of `text` that belong to one mutant.
    owned: Vec<(Range<usize>, usize)>,
    /// The bytes of `text` that belong to the sites, with their mutants.
    regions: Vec<(Range<usize>, Vec<usize>)>,
}

impl Schemata {
    /// Inserts the mutants of `sites` into `text`, except those in `left_out`.
    pub fn new(text: &str, sites: &Sites, mutants: &[Mutant], left_out: &BTreeSet<usize>) -> Self {
        let text = &without_const(text, sites, left_out);
        let mut insertions = Vec::new();
        for (index, site) in sites.list.iter().enumerate() {
            let wrapped = wrap(text, site, mutants, left_out);
            let (length, kind) = (site.bytes.len(), site.kind as usize);
            // At the same position, a site ends before the next one starts, an outer site starts before an inner
            // one, and an inner one ends before an outer one.
            let start = (site.bytes.start, true, usize::MAX - length, kind);
            insertions.push((start, index, wrapped.before));
            if !site.bytes.is_empty() {
                let end = (site.bytes.end, false, length, usize::MAX - kind);
                insertions.push((end, index, wrapped.after));
            }
        }
        insertions.sort_by_key(|&(order, _, _)| order);
        let mut made = Self { text: String::new(), owned: Vec::new(), regions: Vec::new() };
        let mut starts = vec![0; sites.list.len()];
        let mut from = 0;
        for ((position, is_start, ..), index, pieces) in insertions {
            made.text.push_str(&text[from..position]);
            from = position;
            if is_start {
                starts[index] = made.text.len();
            }
            for piece in pieces {
                let start = made.text.len();
                made.text.push_str(&piece.text);
                if let Some(mutant) = piece.mutant {
                    made.owned.push((start..made.text.len(), mutant));
                }
            }
            let site = &sites.list[index];
            if !is_start || site.bytes.is_empty() {
                let of_site = site.mutants.iter().map(|&(number, _)| number);
                made.regions.push((starts[index]..made.text.len(), of_site.collect()));
            }
        }
        made.text.push_str(&text[from..]);
        made
    }

    /// Returns the mutant that the byte at `offset` belongs to.
    pub fn owner(&self, offset: usize) -> Option<usize> {
        let found = self.owned.iter().find(|(bytes, _)| bytes.contains(&offset));
        found.map(|&(_, mutant)| mutant)
    }

    /// Returns the mutants of the smallest site around `offset` that has any left.
    pub fn around(&self, offset: usize, left_out: &BTreeSet<usize>) -> Vec<usize> {
        let left = |mutants: &[usize]| -> Vec<usize> {
            mutants.iter().copied().filter(|mutant| !left_out.contains(mutant)).collect()
        };
        self.regions
            .iter()
            .filter(|(bytes, mutants)| bytes.contains(&offset) && !left(mutants).is_empty())
            .min_by_key(|(bytes, _)| bytes.len())
            .map(|(_, mutants)| left(mutants))
            .unwrap_or_default()
    }
}

/// Makes constants with mutants to functions.
fn without_const(text: &str, sites: &Sites, left_out: &BTreeSet<usize>) -> String {
    let mut text = text.to_owned();
    for function in &sites.functions {
        if function.mutants.iter().any(|mutant| !left_out.contains(mutant)) {
            for (bytes, replacement) in &function.edits {
                text.replace_range(bytes.clone(), replacement);
            }
        }
    }
    text
}

struct Piece {
    text: String,
    mutant: Option<usize>,
}

#[derive(Default)]
struct Wrapped {
    before: Vec<Piece>,
    after: Vec<Piece>,
}

impl Wrapped {
    fn shared(pieces: &mut Vec<Piece>, text: &str) {
        pieces.push(Piece { text: text.to_owned(), mutant: None });
    }
}

fn wrap(text: &str, site: &Site, mutants: &[Mutant], left_out: &BTreeSet<usize>) -> Wrapped {
    let mut wrapped = Wrapped::default();
    let Wrapped { before, after } = &mut wrapped;
    let chosen: Vec<_> =
        site.mutants.iter().filter(|(number, _)| !left_out.contains(number)).collect();
    if chosen.is_empty() {
        return wrapped;
    }
    let mut nesting = String::new();
    for &&(number, ref bytes) in &chosen {
        let Mutant { genre, replacement, .. } = &mutants[number];
        let is = format!("crate::mutant::is({number})");
        let piece = match site.kind {
            Kind::Body => format!("if {is} {{ return {replacement}; }} "),
            Kind::IteratorBody => {
                let either = "crate::mutant::Either";
                let piece = format!(
                    "if {is} {{ return {nesting}{either}::Left({replacement}){}; }} ",
                    ")".repeat(nesting.matches('(').count()),
                );
                let _ = write!(nesting, "{either}::Right(");
                piece
            }
            Kind::Pattern => format!(" if !{is}"),
            Kind::Guard if *genre == Genre::MatchArm => {
                before.insert(0, Piece { text: format!("!{is} && "), mutant: Some(number) });
                continue;
            }
            Kind::Guard => format!("if {is} {{ {replacement} }} else "),
            Kind::Expression => {
                let copy = [
                    &text[site.bytes.start..bytes.start],
                    replacement,
                    &text[bytes.end..site.bytes.end],
                ];
                format!("if {is} {{ {} }} else ", copy.concat())
            }
        };
        before.push(Piece { text: piece, mutant: Some(number) });
    }
    match site.kind {
        Kind::Body | Kind::Pattern => {}
        Kind::IteratorBody => {
            Wrapped::shared(before, &format!("{nesting}{{"));
            let closing = ")".repeat(nesting.matches('(').count());
            Wrapped::shared(after, &format!("}}{closing}"));
        }
        Kind::Guard => {
            let deletions = before.iter().take_while(|piece| piece.text.ends_with("&& ")).count();
            before.insert(deletions, Piece { text: "(".to_owned(), mutant: None });
            Wrapped::shared(before, "{ ");
            Wrapped::shared(after, " })");
        }
        Kind::Expression => {
            before.insert(0, Piece { text: "(".to_owned(), mutant: None });
            Wrapped::shared(before, "{ ");
            Wrapped::shared(after, " })");
        }
    }
    wrapped
}
