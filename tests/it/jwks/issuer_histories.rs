//! The rules for key rotation and issuer outages, as a model that predicts the outcome of every request in a random
//! history of an issuer.
//!
//! The model shares no code with the crate. It knows what the documentation promises: how long keys are fresh, when a
//! request waits, when a fetch may start, and what a request gets when there is no key for it.

use std::{
    future::{Future, poll_fn},
    task::Poll,
    time::Duration,
};

use portcullis::{
    JwtVerifier,
    testing::{Fault, TestIssuer},
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;
use tokio::{runtime::Builder, time::Instant};

use crate::support::{
    API,
    outcome::{ACCEPTED, DAY, Outcome, UNAVAILABLE, UNKNOWN_KEY, seconds, verify_token},
};

const FAULTS: [Fault; 8] = [
    Fault::Garbage,
    Fault::Hang,
    Fault::Html,
    Fault::Huge,
    Fault::Redirect,
    Fault::Status(404),
    Fault::Status(500),
    Fault::Unreachable,
];

/// What happens next.
#[derive(Debug, Clone)]
enum Event {
    /// So many seconds without a request.
    Pass(u64),
    /// A new key signs from now on. The others stay published or are withdrawn, as after an incident.
    Rotate {
        keep: bool,
    },
    Fail(Fault),
    Recover,
    /// The key set has this `max-age` from now on, or none.
    MaxAge(Option<u64>),
    /// Requests that arrive at the same time.
    Requests(Vec<Signer>),
}

/// What has signed a token.
#[derive(Debug, Clone, Copy)]
enum Signer {
    /// A key, counted back from the current one.
    Key(usize),
    /// A key that the issuer never had.
    MadeUp,
    /// The current key, but the token has expired.
    Expired,
}

fn event() -> impl Strategy<Value = Event> {
    let signer = prop_oneof![
        4 => Just(Signer::Key(0)),
        2 => (1_usize..4).prop_map(Signer::Key),
        2 => Just(Signer::MadeUp),
        1 => Just(Signer::Expired),
    ];
    let pauses = [1, 2, 5, 9, 10, 11, 30, 48, 60, 240, 480, 599, 600, 3600, 86_400, 90_000];
    let ages =
        [None, Some(0), Some(30), Some(60), Some(300), Some(7200), Some(86_400), Some(900_000)];
    prop_oneof![
        4 => prop::sample::select(pauses.to_vec()).prop_map(Event::Pass),
        1 => any::<bool>().prop_map(|keep| Event::Rotate { keep }),
        1 => prop::sample::select(FAULTS.to_vec()).prop_map(Event::Fail),
        1 => Just(Event::Recover),
        1 => prop::sample::select(ages.to_vec()).prop_map(Event::MaxAge),
        6 => vec(signer, 1..4).prop_map(Event::Requests),
    ]
}

/// What the verifier has to know, in seconds since the beginning.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    /// The keys that the issuer publishes, by number.
    published: Vec<usize>,
    fault: Option<Fault>,
    max_age: Option<u64>,
    set: Option<Set>,
    failures: u32,
    /// The last failure since the last success.
    failed_at: Option<u64>,
    /// The last refetch for a token that no key verified.
    refetched_at: Option<u64>,
}

/// A key set in memory.
#[derive(Debug, Clone)]
struct Set {
    keys: Vec<usize>,
    fetched_at: u64,
    max_age: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Age {
    Fresh,
    RefreshDue,
    Stale,
    Unusable,
}

/// Whether a fetch starts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fetches {
    No,
    /// The backoff may be over, because its length is random.
    Maybe,
    Yes,
}

impl Set {
    fn freshness(&self) -> u64 {
        self.max_age.unwrap_or(600).clamp(60, 86_400)
    }
}

impl Model {
    fn age(&self) -> Age {
        let Some(set) = &self.set else { return Age::Unusable };
        let (age, freshness) = (self.now - set.fetched_at, set.freshness());
        if 5 * age < 4 * freshness {
            Age::Fresh
        } else if age < freshness {
            Age::RefreshDue
        } else if age < freshness + 86_400 {
            Age::Stale
        } else {
            Age::Unusable
        }
    }

    /// After a failure, the next fetch starts after 1, 2, 4 … 60 seconds, or up to half of that earlier.
    fn backoff(&self) -> Fetches {
        let Some(failed_at) = self.failed_at else { return Fetches::Yes };
        let longest = 60.min(1 << (self.failures - 1).min(6));
        let since = self.now - failed_at;
        if 2 * since < longest {
            Fetches::No
        } else if since <= longest {
            Fetches::Maybe
        } else {
            Fetches::Yes
        }
    }

    fn is_cooling_down(&self) -> bool {
        self.refetched_at.is_some_and(|at| self.now - at < 10)
    }

    fn has(&self, key: Option<usize>) -> bool {
        let keys = self.set.as_ref().map_or(&[][..], |set| &set.keys);
        key.is_some_and(|key| keys.contains(&key))
    }

    /// Whether a request with a token that this key has signed starts a fetch, if none is running.
    fn fetches_for(&self, key: Option<usize>) -> Fetches {
        let is_needed = self.age() != Age::Fresh || !self.has(key) && !self.is_cooling_down();
        if is_needed { self.backoff() } else { Fetches::No }
    }

    /// Completes a fetch.
    fn fetch(&mut self) {
        if self.fault.is_some() {
            self.failures += 1;
            self.failed_at = Some(self.now);
            return;
        }
        let before = self.set.as_ref().filter(|set| set.keys == self.published);
        // A 304 keeps the `max-age` of before if it has none.
        let max_age = self.max_age.or(before.and_then(|set| set.max_age));
        let (keys, fetched_at) = (self.published.clone(), self.now);
        self.set = Some(Set { keys, fetched_at, max_age });
        (self.failures, self.failed_at) = (0, None);
    }
}

/// A request that was sent, and how it went.
struct Sent {
    outcome: Outcome,
    waited: Duration,
    is_immediate: bool,
    retry_after: Option<Duration>,
}

/// The issuer, a verifier, and a token of each key.
struct History {
    issuer: TestIssuer,
    verifier: JwtVerifier,
    tokens: Vec<String>,
    model: Model,
}

impl History {
    fn new(is_discovered: bool, has_cache: bool) -> Self {
        let issuer = TestIssuer::new();
        let mut verifier = issuer.verifier().audience(API);
        if !is_discovered {
            verifier = verifier.jwks_uri(issuer.jwks_uri());
        }
        if !has_cache {
            verifier = verifier.token_cache(0);
        }
        let verifier = verifier.build().unwrap();
        let mut history = Self { issuer, verifier, tokens: Vec::new(), model: Model::default() };
        history.add_key();
        history
    }

    fn add_key(&mut self) {
        self.model.published.push(self.tokens.len());
        self.tokens.push(self.issuer.token().audience(API).expires_in(3650 * DAY).mint());
    }

    /// Fetches that have reached the issuer, with or without discovery.
    fn requests(&self) -> usize {
        let metadata = "/.well-known/openid-configuration";
        self.issuer.requests_to("/jwks") + self.issuer.requests_to(metadata)
    }

    async fn apply(&mut self, event: Event) {
        match event {
            Event::Pass(time) => {
                self.issuer.clock().advance(seconds(time));
                self.model.now += time;
            }
            Event::Rotate { keep } => {
                self.issuer.rotate_keys(keep);
                if !keep {
                    self.model.published.clear();
                }
                self.add_key();
            }
            Event::Fail(fault) => {
                self.issuer.fail(fault);
                self.model.fault = Some(fault);
            }
            Event::Recover => {
                self.issuer.recover();
                self.model.fault = None;
            }
            Event::MaxAge(max_age) => {
                let value = max_age.map_or("private".to_owned(), |age| format!("max-age={age}"));
                self.issuer.set_cache_control(value);
                self.model.max_age = max_age;
            }
            Event::Requests(signers) => self.requests_at_once(signers).await,
        }
        let is_usable = self.model.age() != Age::Unusable;
        assert_eq!(self.verifier.readiness().is_ready(), is_usable);
    }

    /// The token, and the number of the key that has signed it.
    fn token(&self, signer: Signer) -> (String, Option<usize>) {
        let token = || self.issuer.token().audience(API);
        match signer {
            Signer::Key(back) => {
                let key = self.tokens.len().saturating_sub(back + 1);
                (self.tokens[key].clone(), Some(key))
            }
            Signer::MadeUp => {
                (token().header("kid", json!("made-up")).expires_in(DAY).mint(), None)
            }
            Signer::Expired => {
                let expired = self.issuer.clock();
                let exp = portcullis::Clock::now(&expired) - seconds(3600);
                let exp = exp.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
                (token().claim("exp", json!(exp)).mint(), None)
            }
        }
    }

    async fn requests_at_once(&mut self, signers: Vec<Signer>) {
        let tokens: Vec<_> = signers.iter().map(|signer| self.token(*signer)).collect();
        let requests_before = self.requests();
        let sent = send_at_once(&self.verifier, &tokens).await;
        // A fetch that no request waits for completes now, or times out.
        tokio::time::sleep(seconds(20)).await;
        let fetches = self.requests() - requests_before;

        let keys: Vec<_> = signers
            .iter()
            .zip(&tokens)
            .filter(|(signer, _)| !matches!(signer, Signer::Expired))
            .map(|(_, (_, key))| *key)
            .collect();
        let expected: Vec<_> = keys.iter().map(|key| self.model.fetches_for(*key)).collect();
        if !expected.contains(&Fetches::Maybe) {
            assert_eq!(fetches > 0, expected.contains(&Fetches::Yes), "{fetches} requests");
        }
        // One fetch is one request for keys, and up to two for metadata.
        assert!(self.issuer.requests_to("/jwks") <= fetches + requests_before);
        assert!(fetches <= 4, "{fetches} requests");

        let age = self.model.age();
        let was_failing = self.model.failed_at.is_some();
        let before = self.model.set.clone();
        let was_cooling = self.model.is_cooling_down();
        let had = |key: Option<usize>| {
            key.is_some_and(|key| before.as_ref().is_some_and(|set| set.keys.contains(&key)))
        };
        if fetches > 0 {
            if age == Age::Fresh {
                self.model.refetched_at = Some(self.model.now);
            }
            self.model.fetch();
        }
        let has_failed = fetches > 0 && self.model.fault.is_some();
        let hangs = has_failed && self.model.fault == Some(Fault::Hang);
        for ((signer, (_, key)), sent) in signers.iter().zip(&tokens).zip(sent) {
            let Sent { outcome, waited, is_immediate, retry_after } = sent;
            if matches!(signer, Signer::Expired) {
                assert!(
                    matches!(outcome, Err(portcullis::ErrorKind::InvalidToken(_))),
                    "{outcome:?}"
                );
                assert!(is_immediate, "an expired token waits for nothing");
                continue;
            }
            let was_known = age != Age::Unusable && had(*key);
            // Whether the request sees the outcome of the fetch.
            let waits = fetches > 0
                && match age {
                    Age::Fresh | Age::RefreshDue => !was_known,
                    Age::Stale => !was_known || !was_failing,
                    Age::Unusable => true,
                };
            let expected = if waits && !has_failed {
                if self.model.has(*key) { ACCEPTED } else { UNKNOWN_KEY }
            } else if was_known {
                ACCEPTED
            } else if has_failed || was_failing || age == Age::Unusable {
                UNAVAILABLE
            } else {
                assert!(age == Age::Fresh && was_cooling, "{signer:?} at {age:?}");
                UNKNOWN_KEY
            };
            assert_eq!(outcome, expected, "{signer:?} at {age:?}, {fetches} requests");
            assert_eq!(!is_immediate, waits, "{signer:?} at {age:?}, {fetches} requests");
            let longest = match (hangs, was_known) {
                (false, _) => Duration::ZERO,
                (true, true) => seconds(1),
                (true, false) => seconds(10),
            };
            assert!(waited <= longest, "{signer:?} at {age:?} waited {waited:?}");
            if outcome == UNAVAILABLE {
                assert!(retry_after.is_some_and(|after| after <= seconds(60)), "{retry_after:?}");
            }
        }
    }
}

/// Sends the requests before any of them gets a response.
async fn send_at_once(verifier: &JwtVerifier, tokens: &[(String, Option<usize>)]) -> Vec<Sent> {
    let start = Instant::now();
    let mut pending: Vec<_> =
        tokens.iter().map(|(token, _)| Box::pin(verify_token(verifier, token))).collect();
    let mut sent: Vec<Option<Sent>> = pending.iter().map(|_| None).collect();
    let mut is_immediate = true;
    poll_fn(|context| {
        for (request, sent) in pending.iter_mut().zip(&mut sent) {
            if sent.is_some() {
                continue;
            }
            if let Poll::Ready(result) = request.as_mut().poll(context) {
                let retry_after = result.as_ref().err().and_then(portcullis::Error::retry_after);
                let outcome = result.map(drop).map_err(|error| error.kind());
                *sent = Some(Sent { outcome, waited: start.elapsed(), is_immediate, retry_after });
            }
        }
        is_immediate = false;
        if sent.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    sent.into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_request_in_a_random_history_gets_what_the_rules_say(
        events in vec(event(), 1..60),
        is_discovered in any::<bool>(),
        has_cache in any::<bool>(),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut history = History::new(is_discovered, has_cache);
            for event in events {
                history.apply(event).await;
            }
        });
    }
}
