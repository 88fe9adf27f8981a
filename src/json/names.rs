use std::borrow::Cow;
use std::collections::HashSet;

use super::Text;

/// The names an object has shown so far.
///
/// The first `FEW` are compared in place. Those of a larger object go into a set, whose hashes are
/// keyed: whoever writes the names must not choose how long it takes to tell them apart.
pub(super) struct Names<'a, const FEW: usize> {
    few: [Option<Text<'a>>; FEW],
    len: usize,
    looks: u64,
    many: Option<HashSet<Cow<'a, str>>>,
}

impl<'a, const FEW: usize> Names<'a, FEW> {
    /// Adds a name, or returns `false` if it is there already.
    #[inline]
    pub(super) fn insert(&mut self, name: Text<'a>) -> bool {
        let looks = looks(name);
        if looks & self.looks != 0 && self.contains(name) {
            return false;
        }
        self.looks |= looks;
        match self.few.get_mut(self.len) {
            Some(free) => {
                *free = Some(name);
                self.len = self.len.wrapping_add(1);
                true
            }
            None => self.insert_into_many(name),
        }
    }

    fn contains(&self, name: Text<'a>) -> bool {
        self.few.iter().map_while(|known| *known).any(|known| known.same(name))
    }

    #[cold]
    fn insert_into_many(&mut self, name: Text<'a>) -> bool {
        self.many.get_or_insert_default().insert(name.to_cow())
    }
}

impl<const FEW: usize> Default for Names<'_, FEW> {
    fn default() -> Self {
        Self { few: [None; FEW], len: 0, looks: 0, many: None }
    }
}

/// What a name looks like at a glance, as one bit of 64, or as all of them if escapes hide it.
///
/// Names that are the same share a bit. Most that are not share none, which saves the comparison.
#[inline]
fn looks(name: Text<'_>) -> u64 {
    if name.escaped {
        return u64::MAX;
    }
    let bytes = name.raw.as_bytes();
    let byte = |byte: Option<&u8>| byte.copied().unwrap_or_default();
    let [len, ..] = bytes.len().to_le_bytes();
    let first = byte(bytes.first()).wrapping_mul(3);
    let last = byte(bytes.last()).wrapping_mul(7);
    1_u64.rotate_left(first.wrapping_add(last).wrapping_add(len.wrapping_mul(9)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Text<'_> {
        Text { raw, start: 0, escaped: raw.contains('\\') }
    }

    #[test]
    fn each_name_is_new_once_however_many_there_are() {
        let plain: Vec<_> = (0..20).map(|n| format!("n{n}")).collect();
        let escaped: Vec<_> = (0..20).map(|n| format!(r"\u006e{n}")).collect();
        for len in 0..20 {
            for (first, second) in [(&plain, &plain), (&plain, &escaped), (&escaped, &plain)] {
                let mut names = Names::<8>::default();
                assert!(first[..len].iter().all(|name| names.insert(text(name))), "{len}");
                assert!(!second[..len].iter().any(|name| names.insert(text(name))), "{len}");
                assert!(second[len..].iter().all(|name| names.insert(text(name))), "{len}");
            }
        }
    }

    #[test]
    fn names_that_look_alike_are_told_apart() {
        let mut names = Names::<8>::default();
        for name in ["aba", "aca", "ab\0a", "", "\0", "a", "aa", "abcdefgha", "abcdefgja"] {
            assert!(names.insert(text(name)), "{name}");
            assert!(!names.insert(text(name)), "{name}");
        }
    }
}
