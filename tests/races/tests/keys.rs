//! The life cycle of an issuer's keys, and the single flight of their fetches.

use std::thread;

use portcullis::error::TokenFault;
use shuttle::future::block_on;
use tokio::runtime::Runtime;

use crate::support::{
    Accepted, Issuer, KEYS, Rejected, Unavailable, advance, begin, check, join, request,
    spawn_request,
};

const UNKNOWN: crate::support::Outcome = Rejected(TokenFault::UnknownKey);

#[test]
fn requests_that_need_the_first_keys_share_one_fetch() {
    check(|| {
        let issuer = Issuer::new();
        let verifier = issuer.verifier(0);
        let others =
            [KEYS[0].token, KEYS[0].other_token].map(|token| spawn_request(&verifier, token));
        assert_eq!(request(&verifier, KEYS[0].token), Accepted);
        assert_eq!(others.map(join), [Accepted; 2]);
        assert_eq!(issuer.fetches(), 1);
    });
}

#[test]
fn requests_with_a_new_key_share_one_refetch_and_succeed() {
    check(|| {
        let issuer = Issuer::new();
        let verifier = issuer.warm_verifier(0);
        issuer.publish(&[0, 1]);
        let new = [KEYS[1].token, KEYS[1].other_token].map(|token| spawn_request(&verifier, token));
        assert_eq!(request(&verifier, KEYS[0].token), Accepted);
        assert_eq!(new.map(join), [Accepted; 2]);
        assert_eq!(issuer.fetches(), 2);
    });
}

#[test]
fn a_new_key_is_found_although_a_made_up_one_was_first() {
    check(|| {
        let issuer = Issuer::new();
        let verifier = issuer.warm_verifier(0);
        issuer.publish(&[0, 1]);
        // The third key isn't published.
        let made_up = spawn_request(&verifier, KEYS[2].token);
        let other = spawn_request(&verifier, KEYS[2].other_token);
        assert_eq!(request(&verifier, KEYS[1].token), Accepted);
        assert_eq!([join(made_up), join(other)], [UNKNOWN; 2]);
        assert_eq!(issuer.fetches(), 2);
    });
}

#[test]
fn a_failed_fetch_is_repeated_once_and_only_after_the_backoff() {
    check(|| {
        let issuer = Issuer::new();
        issuer.fail();
        let verifier = issuer.verifier(0);
        let others =
            [KEYS[0].token, KEYS[0].other_token].map(|token| spawn_request(&verifier, token));
        assert_eq!(request(&verifier, KEYS[0].token), Unavailable);
        assert_eq!(others.map(join), [Unavailable; 2]);
        assert_eq!(issuer.fetches(), 1);
        issuer.publish(&[0]);
        advance(60);
        let others =
            [KEYS[0].token, KEYS[0].other_token].map(|token| spawn_request(&verifier, token));
        assert_eq!(request(&verifier, KEYS[0].token), Accepted);
        assert_eq!(others.map(join), [Accepted; 2]);
        assert_eq!(issuer.fetches(), 2);
    });
}

#[test]
fn stale_keys_are_used_during_an_outage_and_fetched_once() {
    check(|| {
        let issuer = Issuer::new();
        let verifier = issuer.warm_verifier(0);
        issuer.fail();
        advance(601);
        let others =
            [KEYS[0].token, KEYS[0].other_token].map(|token| spawn_request(&verifier, token));
        assert_eq!(request(&verifier, KEYS[0].token), Accepted);
        assert_eq!(others.map(join), [Accepted; 2]);
        assert_eq!(issuer.fetches(), 2);
    });
}

#[test]
fn a_client_that_disconnects_cancels_no_fetch() {
    check(|| {
        let issuer = Issuer::new();
        let verifier = issuer.verifier(0);
        let disconnects = thread::spawn({
            let verifier = verifier.clone();
            move || drop(begin(&verifier, KEYS[0].token))
        });
        assert_eq!(request(&verifier, KEYS[0].other_token), Accepted);
        join(disconnects);
        assert_eq!(issuer.fetches(), 1);
    });
}

#[test]
fn a_verifier_that_is_dropped_aborts_its_fetch() {
    check(|| {
        let issuer = Issuer::new();
        issuer.deliver(0);
        let verifier = issuer.verifier(0);
        let other = thread::spawn({
            let verifier = verifier.clone();
            move || drop(begin(&verifier, KEYS[0].token))
        });
        drop(begin(&verifier, KEYS[0].token));
        drop(verifier);
        join(other);
        // A fetch that never began is dropped as well, so only one that did is waited for.
        if issuer.fetches() > 0 {
            issuer.wait_for_dropped_fetch();
        }
    });
}

#[test]
fn a_late_fetch_does_not_replace_the_keys_of_its_successor() {
    check(|| {
        let issuer = Issuer::new();
        issuer.deliver(0);
        let verifier = issuer.verifier(0);
        let first = begin(&verifier, KEYS[0].token);
        issuer.wait_for_fetch();
        issuer.publish(&[1]);
        // From here on, the first fetch completes with the old key at any moment, unless it times out.
        issuer.deliver(usize::MAX);
        advance(20);
        let new = request(&verifier, KEYS[1].token);
        // The request may have joined the first fetch.
        assert!([Accepted, Unavailable, UNKNOWN].contains(&new), "{new:?}");
        // Not before the first fetch has completed, too.
        drop(block_on(first.wait()));
        if new == Accepted {
            assert_eq!(request(&verifier, KEYS[0].token), UNKNOWN);
            assert_eq!(verifier.readiness().last_error(), None);
        }
    });
}

#[test]
fn a_runtime_that_shuts_down_strands_no_request() {
    check(|| {
        let issuer = Issuer::new();
        let verifier = issuer.verifier(0);
        let runtime = Runtime::new();
        let other = thread::spawn({
            let (verifier, runtime) = (verifier.clone(), runtime.clone());
            move || {
                runtime.enter();
                request(&verifier, KEYS[0].token)
            }
        });
        let joins = spawn_request(&verifier, KEYS[0].other_token);
        runtime.shut_down();
        for outcome in [join(other), join(joins)] {
            assert!([Accepted, Unavailable].contains(&outcome), "{outcome:?}");
        }
        advance(60);
        assert_eq!(request(&verifier, KEYS[0].token), Accepted);
    });
}
