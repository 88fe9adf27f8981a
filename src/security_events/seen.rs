//! The most recent events that took effect.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use crate::digest::sha256;

/// The maximum number of events, of about 60 bytes each. If an older event is sent again, it revokes the same tokens
/// again, because it contains its time.
const MAX: usize = 10_000;

/// The most recent events, as digests of issuer and `jti`.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Events>);

#[derive(Debug, Default)]
struct Events {
    known: HashSet<[u8; 16]>,
    order: VecDeque<[u8; 16]>,
}

impl Seen {
    pub(super) fn contains(&self, issuer: &str, id: &str) -> bool {
        self.events(|events| events.known.contains(&digest(issuer, id)))
    }

    /// Adds an event that took effect.
    pub(super) fn insert(&self, issuer: &str, id: &str) {
        let event = digest(issuer, id);
        self.events(|events| {
            if events.known.insert(event) {
                events.order.push_back(event);
            }
            if events.order.len() > MAX
                && let Some(oldest) = events.order.pop_front()
            {
                events.known.remove(&oldest);
            }
        });
    }

    fn events<T>(&self, with: impl FnOnce(&mut Events) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn digest(issuer: &str, id: &str) -> [u8; 16] {
    let length = (issuer.len() as u64).to_be_bytes();
    let digest = sha256(&[&length, issuer.as_bytes(), id.as_bytes()].concat());
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_events_are_known() {
        let seen = Seen::default();
        for number in 0..=MAX {
            seen.insert("https://as.example", &number.to_string());
        }
        let is_known = |issuer: &str, id: usize| seen.contains(issuer, &id.to_string());
        assert!(!is_known("https://as.example", 0));
        assert!(is_known("https://as.example", 1) && is_known("https://as.example", MAX));
        assert!(!is_known("https://other.example", MAX));
    }
}
