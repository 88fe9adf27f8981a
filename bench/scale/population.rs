//! The tokens that clients use.

use std::time::Duration;

use crate::{clock::SimulatedClock, random::Random};

/// Opaque tokens, of which each is replaced when it expires.
#[derive(Debug, Clone, Copy)]
pub struct Population {
    pub tokens: u64,
    pub lifetime: Duration,
}

impl Population {
    /// Returns a token of any client.
    pub fn any(&self, random: &mut Random, clock: SimulatedClock) -> String {
        let client = random.below(self.tokens);
        // The lifetimes of different clients' tokens begin at different times.
        let lifetime = self.lifetime.as_secs();
        let phase = Random::new(client).below(lifetime);
        let used = (clock.seconds() as u64 + phase) / lifetime;
        let epoch = SimulatedClock::epoch().duration_since(std::time::UNIX_EPOCH);
        let start = epoch.unwrap_or_default().as_secs() + used * lifetime - phase;
        format!("{client}.{}", start + lifetime)
    }
}
