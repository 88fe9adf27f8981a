//! The cache of verified tokens, while keys and issuers change.

use std::thread;

use portcullis::{
    Algorithm, Issuers, JwtVerifier, error::TokenFault, issuers::IssuersHandle, verify::Revocations,
};

use crate::support::{
    API, Accepted, ISSUER, Issuer, KEYS, ModelClock, Rejected, check, join, request, spawn_request,
    verifier_with_one_key,
};

const CACHE: usize = 1_000_000;

#[test]
fn no_token_of_a_withdrawn_key_is_cached_beyond_the_refetch() {
    check(|| {
        let issuer = Issuer::new();
        let verifier = issuer.warm_verifier(CACHE);
        issuer.publish(&[1]);
        // One token is in the cache. The other one is verified and cached while the key set is replaced.
        let old = spawn_request(&verifier, KEYS[0].token);
        assert_eq!(request(&verifier, KEYS[1].token), Accepted);
        let is_withdrawn = || {
            for token in [KEYS[0].token, KEYS[0].other_token] {
                assert_eq!(request(&verifier, token), Rejected(TokenFault::UnknownKey));
            }
        };
        is_withdrawn();
        let outcome = join(old);
        assert!([Accepted, Rejected(TokenFault::UnknownKey)].contains(&outcome), "{outcome:?}");
        is_withdrawn();
        assert_eq!(request(&verifier, KEYS[1].token), Accepted);
        assert_eq!(issuer.fetches(), 2);
    });
}

#[test]
fn no_token_of_a_removed_issuer_is_accepted_after_its_removal() {
    check(|| {
        let other = JwtVerifier::builder("https://other.example")
            .audience(API)
            .hmac_secret(Algorithm::Hs256, "0123456789abcdef0123456789abcdef")
            .clock(ModelClock)
            .build()
            .unwrap();
        let issuers = Issuers::builder()
            .trust(verifier_with_one_key(&Revocations::new()))
            .trust(other)
            .clock(ModelClock)
            .build()
            .unwrap();
        let handle = IssuersHandle::new(issuers);
        assert_eq!(request(&handle, KEYS[0].other_token), Accepted);
        let racing =
            [KEYS[0].token, KEYS[0].other_token].map(|token| spawn_request(&handle, token));
        handle.update(|issuers| issuers.distrust(ISSUER)).unwrap();
        for token in [KEYS[0].token, KEYS[0].other_token] {
            assert_eq!(request(&handle, token), Rejected(TokenFault::Issuer));
        }
        for outcome in racing.map(join) {
            assert!([Accepted, Rejected(TokenFault::Issuer)].contains(&outcome), "{outcome:?}");
        }
        for token in [KEYS[0].token, KEYS[0].other_token] {
            assert_eq!(request(&handle, token), Rejected(TokenFault::Issuer));
        }
    });
}

#[test]
fn two_changes_of_the_issuers_are_both_in_effect() {
    check(|| {
        let issuers = Issuers::builder()
            .trust(verifier_with_one_key(&Revocations::new()))
            .clock(ModelClock)
            .build()
            .unwrap();
        let handle = IssuersHandle::new(issuers);
        let add = |handle: IssuersHandle, name: &'static str| {
            let added = JwtVerifier::builder(name)
                .audience(API)
                .hmac_secret(Algorithm::Hs256, "0123456789abcdef0123456789abcdef")
                .clock(ModelClock)
                .build()
                .unwrap();
            handle.update(|issuers| issuers.trust(added)).unwrap();
        };
        let one = thread::spawn({
            let handle = handle.clone();
            move || add(handle, "https://one.example")
        });
        add(handle.clone(), "https://two.example");
        join(one);
        assert_eq!(handle.readiness().len(), 3);
    });
}
