use std::borrow::Cow;
use std::collections::HashSet;

use super::Text;

/// The names of the members of an object that have been read so far.
///
/// The first `FEW` are compared in place. If there are more, or some have escapes, all are moved
/// into a hash set. Its hashes are keyed, so that an attacker can't choose names that collide.
pub(super) struct Names<'a, const FEW: usize> {
    few: [&'a str; FEW],
    len: usize,
    /// The union of the [`looks`] of all names in `few`.
    looks: u64,
    many: Option<HashSet<Cow<'a, str>>>,
}

impl<'a, const FEW: usize> Names<'a, FEW> {
    /// Adds a name. Returns `false` if it was already added.
    #[inline]
    pub(super) fn insert(&mut self, name: Text<'a>) -> bool {
        let (Some(plain), None) = (name.as_plain(), &self.many) else {
            return self.insert_into_many(name);
        };
        let looks = looks(plain);
        if looks & self.looks != 0 && self.few().contains(&plain) {
            return false;
        }
        let Some(free) = self.few.get_mut(self.len) else {
            return self.insert_into_many(name);
        };
        *free = plain;
        self.len = self.len.wrapping_add(1);
        self.looks |= looks;
        true
    }

    #[cold]
    fn insert_into_many(&mut self, name: Text<'a>) -> bool {
        let mut many = self
            .many
            .take()
            .unwrap_or_else(|| self.few().iter().copied().map(Cow::Borrowed).collect());
        let new = many.insert(name.to_cow());
        self.many = Some(many);
        new
    }

    fn few(&self) -> &[&'a str] {
        self.few.get(..self.len).unwrap_or_default()
    }
}

impl<const FEW: usize> Default for Names<'_, FEW> {
    fn default() -> Self {
        Self { few: [""; FEW], len: 0, looks: 0, many: None }
    }
}

/// Returns a fingerprint of a name, which is one of 64 bits.
///
/// If the bit of a name hasn't been set by another name, the names need not be compared. The factors
/// were chosen so that the claims of common issuers have different bits.
#[inline]
fn looks(name: &str) -> u64 {
    let byte = |byte: Option<&u8>| byte.copied().unwrap_or_default();
    let first = byte(name.as_bytes().first()).wrapping_mul(3);
    let last = byte(name.as_bytes().last()).wrapping_mul(7);
    let [len, ..] = name.len().to_le_bytes();
    let bit = len.wrapping_mul(9).wrapping_add(first).wrapping_add(last);
    1_u64.rotate_left(bit.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Text<'_> {
        Text { raw, start: 0, escaped: raw.contains('\\') }
    }

    #[test]
    fn each_name_is_reported_as_new_once() {
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
    fn similar_names_are_distinguished() {
        let mut names = Names::<8>::default();
        for name in ["aba", "aca", "ab\0a", "", "\0", "a", "aa", "abcdefgha", "abcdefgja"] {
            assert!(names.insert(text(name)), "{name}");
            assert!(!names.insert(text(name)), "{name}");
        }
    }
}
