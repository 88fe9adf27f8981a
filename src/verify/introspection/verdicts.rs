//! What was found out about tokens, kept for a short while.

use std::{fmt, sync::Arc, time::Duration};

use quick_cache::sync::Cache;

use crate::{Identity, TokenFault, claims::NumericDate, verify::Revocation};

/// A longer token is judged each time.
const MAX_TOKEN: usize = 16 * 1024;

/// How many refused tokens are kept: enough for clients that try again, and a bound on what strangers
/// can put there.
const MAX_REFUSED: usize = 1000;

/// What an introspection said of a token.
pub(super) type Verdict = Result<Identity, TokenFault>;

/// A verdict, and what is to be remembered with it.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) expires_at: Option<NumericDate>,
}

/// Verdicts by the whole token. They belong to one endpoint, asked as one client.
///
/// Refused tokens are kept apart, so that made-up ones push out no good one.
pub(super) struct Verdicts {
    accepted: Cache<Arc<str>, Kept>,
    refused: Cache<Arc<str>, Kept>,
    accepted_for: Duration,
    refused_for: Duration,
}

#[derive(Clone)]
struct Kept {
    finding: Finding,
    since: NumericDate,
    until: NumericDate,
}

impl Verdicts {
    pub(super) fn new(capacity: usize, accepted_for: Duration, refused_for: Duration) -> Self {
        Self {
            accepted: Cache::new(capacity),
            refused: Cache::new(capacity.min(MAX_REFUSED)),
            accepted_for,
            refused_for,
        }
    }

    /// The verdict, if it is still good. A token whose time has come meanwhile is expired.
    pub(super) fn get(&self, token: &str, now: NumericDate) -> Option<Verdict> {
        let kept = self.refused.get(token).filter(|kept| kept.is_fresh(now));
        let kept = kept.or_else(|| self.accepted.get(token).filter(|kept| kept.is_fresh(now)))?;
        let is_over = kept.finding.expires_at.is_some_and(|expires_at| now >= expires_at);
        let verdict = kept.finding.verdict;
        Some(if is_over { verdict.and(Err(TokenFault::Expired)) } else { verdict })
    }

    /// Whether the token was known to end, and has.
    pub(super) fn is_known_to_be_over(&self, token: &str, now: NumericDate) -> bool {
        let kept = self.accepted.peek(token).or_else(|| self.refused.peek(token));
        let expires_at = kept.and_then(|kept| kept.finding.expires_at);
        expires_at.is_some_and(|expires_at| now >= expires_at)
    }

    pub(super) fn keep(&self, token: &Arc<str>, finding: Finding, now: NumericDate) {
        self.forget(token);
        let (cache, time) = match finding.verdict {
            Ok(_) => (&self.accepted, self.accepted_for),
            // It may be good any moment.
            Err(TokenFault::NotYetValid) => return,
            Err(_) => (&self.refused, self.refused_for),
        };
        if !time.is_zero() && token.len() <= MAX_TOKEN {
            let kept = Kept { finding, since: now, until: now.saturating_add(time) };
            cache.insert(Arc::clone(token), kept);
        }
    }

    pub(super) fn forget(&self, token: &str) {
        self.accepted.remove(token);
        self.refused.remove(token);
    }

    /// Forgets the tokens that were revoked. Refused ones stay refused.
    pub(super) fn forget_revoked(&self, revocation: &Revocation) {
        self.accepted.retain(|token, kept| match &kept.finding.verdict {
            Ok(identity) => !revocation.concerns(token, identity),
            Err(_) => true,
        });
    }
}

impl Kept {
    /// A clock that was turned back makes it worthless.
    fn is_fresh(&self, now: NumericDate) -> bool {
        (self.since..self.until).contains(&now)
    }
}

impl fmt::Debug for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdicts")
            .field("accepted", &self.accepted.len())
            .field("refused", &self.refused.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts() -> Verdicts {
        Verdicts::new(10, Duration::from_secs(60), Duration::from_secs(5))
    }

    fn accepted(subject: &str, expires_at: Option<u64>) -> Finding {
        let identity = Identity::assertion().subject(subject).build();
        Finding { verdict: Ok(identity), expires_at: expires_at.map(NumericDate::from_secs) }
    }

    fn refused(fault: TokenFault) -> Finding {
        Finding { verdict: Err(fault), expires_at: None }
    }

    fn get(verdicts: &Verdicts, now: u64) -> Option<Result<(), TokenFault>> {
        verdicts.get("t", NumericDate::from_secs(now)).map(|verdict| verdict.map(|_| ()))
    }

    #[test]
    fn a_verdict_is_kept_for_its_time_and_a_token_no_longer_than_its_own() {
        let expired = Some(Err(TokenFault::Expired));
        let inactive = Some(Err(TokenFault::Inactive));
        for (finding, now, kept) in [
            (accepted("alice", None), 1000, Some(Ok(()))),
            (accepted("alice", None), 1059, Some(Ok(()))),
            (accepted("alice", None), 1060, None),
            (accepted("alice", None), 999, None),
            (accepted("alice", Some(1030)), 1029, Some(Ok(()))),
            (accepted("alice", Some(1030)), 1030, expired),
            (accepted("alice", Some(1030)), 1060, None),
            (refused(TokenFault::Inactive), 1004, inactive),
            (refused(TokenFault::Inactive), 1005, None),
            (refused(TokenFault::Inactive), 999, None),
            (refused(TokenFault::NotYetValid), 1000, None),
        ] {
            let verdicts = verdicts();
            let shown = format!("{finding:?} at {now}");
            verdicts.keep(&"t".into(), finding, NumericDate::from_secs(1000));
            assert_eq!(get(&verdicts, now), kept, "{shown}");
        }
    }

    #[test]
    fn a_newer_verdict_takes_the_place_of_the_older_one() {
        let (verdicts, at) = (verdicts(), NumericDate::from_secs(1000));
        verdicts.keep(&"t".into(), accepted("alice", None), at);
        verdicts.keep(&"t".into(), refused(TokenFault::Inactive), at);
        assert_eq!(get(&verdicts, 1000), Some(Err(TokenFault::Inactive)));
        assert_eq!(get(&verdicts, 1006), None);
        verdicts.keep(&"t".into(), accepted("alice", None), at);
        assert_eq!(get(&verdicts, 1000), Some(Ok(())));
    }

    #[test]
    fn made_up_tokens_push_out_no_good_one() {
        let (verdicts, at) = (verdicts(), NumericDate::from_secs(1000));
        verdicts.keep(&"t".into(), accepted("alice", None), at);
        for token in 0..1000 {
            verdicts.keep(&token.to_string().into(), refused(TokenFault::Inactive), at);
        }
        assert_eq!(get(&verdicts, 1000), Some(Ok(())));
        assert!(verdicts.refused.len() <= 10);
    }

    #[test]
    fn the_number_of_good_ones_is_bounded_too() {
        let (verdicts, at) = (verdicts(), NumericDate::from_secs(1000));
        for token in 0..1000 {
            verdicts.keep(&token.to_string().into(), accepted("alice", None), at);
        }
        assert!(verdicts.accepted.len() <= 10);
        let long = "a".repeat(MAX_TOKEN + 1);
        verdicts.keep(&long.as_str().into(), accepted("alice", None), at);
        assert!(verdicts.get(&long, at).is_none());
    }

    #[test]
    fn revoked_tokens_are_forgotten_and_no_others() {
        for (revocation, alice, bob) in [
            (Revocation::Subject("alice".into()), false, true),
            (Revocation::Token("b".into()), true, false),
            (Revocation::TokenId("none".into()), true, true),
        ] {
            let (verdicts, at) = (verdicts(), NumericDate::from_secs(1000));
            verdicts.keep(&"a".into(), accepted("alice", None), at);
            verdicts.keep(&"b".into(), accepted("bob", None), at);
            verdicts.forget_revoked(&revocation);
            assert_eq!(verdicts.get("a", at).is_some(), alice, "{revocation:?}");
            assert_eq!(verdicts.get("b", at).is_some(), bob, "{revocation:?}");
        }
    }

    #[test]
    fn with_no_time_to_keep_nothing_is_kept() {
        let verdicts = Verdicts::new(10, Duration::ZERO, Duration::ZERO);
        for finding in [accepted("alice", None), refused(TokenFault::Inactive)] {
            verdicts.keep(&"t".into(), finding, NumericDate::from_secs(1000));
            assert_eq!(get(&verdicts, 1000), None);
        }
    }
}
