//! Nonces (RFC 9449 §9): authenticated timestamps, so that nothing has to be stored.

use std::time::Duration;

use crate::{Secret, claims::NumericDate, digest::KeyedDigest, jose::base64url};

/// How far the clocks of other replicas may be ahead.
const SKEW: Duration = Duration::from_secs(5);

/// The number of digest bytes in a nonce: 128 bits can't be guessed.
const TAG: usize = 16;

/// The keys of nonces. Replicas with the same keys accept each other's nonces.
#[derive(Debug)]
pub(super) struct Nonces {
    /// Generates and accepts nonces.
    current: KeyedDigest,
    /// Only accepts nonces, during a change of keys.
    previous: Option<KeyedDigest>,
    lifetime: Duration,
}

impl Nonces {
    pub(super) fn new(current: &Secret, previous: Option<&Secret>, lifetime: Duration) -> Self {
        let key = |secret: &Secret| KeyedDigest::with_key(secret.expose());
        Self { current: key(current), previous: previous.map(key), lifetime }
    }

    /// Generates a nonce: the time in milliseconds as eight bytes, followed by their digest.
    pub(super) fn make(&self, now: NumericDate) -> String {
        let time = now.as_millis().to_be_bytes();
        let digest = self.current.of(&[b"dpop nonce", &time]);
        base64url::encode(&[&time[..], digest.bytes().get(..TAG).unwrap_or_default()].concat())
    }

    /// Returns the time at which a nonce was generated, if it is authentic and hasn't expired.
    pub(super) fn verify(&self, nonce: &str, now: NumericDate) -> Option<NumericDate> {
        let mut buffer = [0; 8 + TAG + 2];
        let bytes = base64url::decode_into(nonce, &mut buffer)?;
        let (time, tag) = bytes.split_first_chunk::<8>()?;
        let is_ours = |key: &KeyedDigest| key.of(&[b"dpop nonce", time]).starts_with(tag);
        if tag.len() != TAG
            || !(is_ours(&self.current) || self.previous.as_ref().is_some_and(is_ours))
        {
            return None;
        }
        let made_at = NumericDate::from_millis(u64::from_be_bytes(*time));
        let is_fresh = made_at <= now.saturating_add(SKEW) && now < self.expiry(made_at);
        is_fresh.then_some(made_at)
    }

    /// Returns the time at which a nonce that was generated at `made_at` expires.
    pub(super) fn expiry(&self, made_at: NumericDate) -> NumericDate {
        made_at.saturating_add(self.lifetime)
    }

    /// Returns whether the client should get a new nonce, because half of the lifetime has passed.
    pub(super) fn is_old(&self, made_at: NumericDate, now: NumericDate) -> bool {
        now.since(made_at).is_some_and(|age| age.saturating_mul(2) >= self.lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(300);

    fn nonces(current: &str, previous: Option<&str>) -> Nonces {
        let previous = previous.map(Secret::from);
        Nonces::new(&Secret::from(current), previous.as_ref(), LIFETIME)
    }

    fn at(seconds: u64) -> NumericDate {
        NumericDate::from_secs(seconds)
    }

    // Verifies rfc9449-8-mismatch.
    #[test]
    fn a_nonce_is_accepted_for_its_lifetime_and_renewed_halfway() {
        let nonces = nonces("a", None);
        let nonce = nonces.make(at(1000));
        for (now, is_accepted, is_old) in [
            (1000, true, false),
            (1149, true, false),
            (1150, true, true),
            (1299, true, true),
            (1300, false, true),
            (995, true, false),
            (994, false, false),
        ] {
            let made_at = nonces.verify(&nonce, at(now));
            assert_eq!(made_at, is_accepted.then_some(at(1000)), "{now}");
            assert_eq!(nonces.is_old(at(1000), at(now)), is_old, "{now}");
        }
    }

    #[test]
    fn two_keys_overlap_during_a_change() {
        let (old, both, new) = (nonces("a", None), nonces("b", Some("a")), nonces("b", None));
        let (of_old, of_new) = (old.make(at(1000)), both.make(at(1000)));
        assert!(both.verify(&of_old, at(1000)).is_some());
        assert!(new.verify(&of_new, at(1000)).is_some());
        assert!(new.verify(&of_old, at(1000)).is_none());
        assert!(old.verify(&of_new, at(1000)).is_none());
    }

    // Verifies rfc9449-8-unpredictable.
    #[test]
    fn nothing_else_is_a_nonce() {
        let nonces = nonces("a", None);
        let nonce = nonces.make(at(1000));
        let mut forged = base64url::decode(&nonce).unwrap();
        forged[7] ^= 1;
        let short = base64url::encode(&base64url::decode(&nonce).unwrap()[..23]);
        let time_only = base64url::encode(&base64url::decode(&nonce).unwrap()[..8]);
        for text in [
            "",
            "a",
            &base64url::encode(&forged),
            &short,
            &time_only,
            &format!("{nonce}AA"),
            &format!("{nonce}="),
        ] {
            assert!(nonces.verify(text, at(1000)).is_none(), "{text}");
        }
    }
}
