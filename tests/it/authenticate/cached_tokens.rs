//! Cached tokens: when the layer looks one up, and what it still validates on a hit.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use axum::body::Body;
use http::{HeaderName, Request, header::AUTHORIZATION};
use portcullis::{
    Access, AuthenticateLayer, BearerToken, Identity, JwtVerifier, Policies, Verification, Verify,
    testing::TestIssuer, verify::Revocation,
};

use crate::support::{API, protected, send, verify, whoami, with_authorization, with_token};

/// Accepts one token, and records which methods were called.
#[derive(Debug, Clone, Default)]
struct RecordingVerifier(Arc<Mutex<Vec<&'static str>>>);

impl RecordingVerifier {
    fn alice() -> Identity {
        Identity::assertion().subject("alice").build()
    }

    fn record(&self, method: &'static str) {
        self.0.lock().unwrap().push(method);
    }
}

impl Verify<BearerToken<'_>> for RecordingVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        self.record("verify");
        assert_eq!(token.as_str(), "known");
        Verification::ready(Ok(Self::alice()))
    }

    fn cached(&self, token: &[u8]) -> Option<Identity> {
        self.record("cached");
        (token == b"known").then(Self::alice)
    }
}

type Configure = fn(AuthenticateLayer) -> AuthenticateLayer;

#[tokio::test]
async fn the_cache_is_queried_first_unless_other_sources_matter() {
    let plain: Configure = |layer| layer;
    let other_sources: [Configure; 4] = [
        |layer| layer.cookie("token"),
        |layer| layer.header(HeaderName::from_static("authentication")),
        AuthenticateLayer::websocket_protocol,
        |layer| layer.source(|_| Ok(None)),
    ];
    let looked_up_later = (200, &["cached"][..]);
    let cases = [
        (plain, "Bearer known", (200, &["cached"][..])),
        (|layer| layer.max_token_length(5), "Bearer known", (200, &["cached"])),
        (|layer| layer.max_token_length(4), "Bearer known", (400, &[])),
        (|layer| layer.token_scheme(), "Bearer known", (200, &["cached"])),
        (|layer| layer.token_scheme(), "token known", looked_up_later),
        (plain, "bearer known", looked_up_later),
        (plain, "Bearer  known", looked_up_later),
        (plain, "Bearer known, Bearer known", (400, &["cached"])),
        (plain, "Bearer k\u{e4}nown", (400, &["cached"])),
        (plain, "Basic known", (401, &[])),
        (AuthenticateLayer::query_parameter, "Bearer known", looked_up_later),
        (|layer| layer.without_authorization_header(), "Bearer known", (401, &[])),
    ];
    let other_sources =
        other_sources.map(|configure| (configure, "Bearer known", (200, &["cached"][..])));
    for (configure, line, (status, calls)) in cases.into_iter().chain(other_sources) {
        let verifier = RecordingVerifier::default();
        let app = whoami().layer(configure(AuthenticateLayer::bearer(verifier.clone())));
        assert_eq!(send(&app, with_authorization(line)).await.status, status, "{line}");
        assert_eq!(*verifier.0.lock().unwrap(), calls, "{line}");
    }
}

#[tokio::test]
async fn two_authorization_headers_are_400_for_a_cached_token() {
    let verifier = RecordingVerifier::default();
    let app = whoami().layer(AuthenticateLayer::bearer(verifier.clone()));
    let request = Request::get("/").header(AUTHORIZATION, "Bearer known");
    let request = request.header(AUTHORIZATION, "Bearer known").body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await.status, 400);
    assert!(verifier.0.lock().unwrap().is_empty());
}

// Verifies rfc9700-2.3-actions.
#[tokio::test]
async fn policies_apply_to_cached_tokens() {
    let policies = Policies::builder().any_method("/", Access::Deny).build().unwrap();
    let layer = AuthenticateLayer::bearer(RecordingVerifier::default()).policies(policies);
    assert_eq!(send(&whoami().layer(layer), with_token("known")).await.status, 403);
}

#[tokio::test]
async fn the_layer_rejects_a_cached_token_once_it_has_expired() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let token = issuer.token().audience(API).expires_in(Duration::from_secs(60)).mint();
    for (passed, status) in [(0, 200), (60, 200), (59, 200), (1, 401), (3600, 401)] {
        issuer.clock().advance(Duration::from_secs(passed));
        assert_eq!(send(&app, with_token(&token)).await.status, status, "{passed}");
    }
}

/// A verifier that calls `interruption` once during a verification: after the signature check, and before
/// the token is cached.
fn interrupted(
    issuer: &TestIssuer,
    interruption: impl Fn(&JwtVerifier) + Send + Sync + 'static,
) -> JwtVerifier {
    let itself = Arc::new(OnceLock::new());
    let (verifier, done) = (Arc::clone(&itself), AtomicBool::new(false));
    let check = move |_: &Identity| {
        if let Some(verifier) = verifier.get()
            && !done.swap(true, Ordering::Relaxed)
        {
            interruption(verifier);
        }
        Ok(())
    };
    let verifier = issuer.verifier().audience(API).check(check).build().unwrap();
    itself.set(verifier.clone()).unwrap();
    verifier
}

#[tokio::test]
async fn a_token_that_is_revoked_during_its_verification_is_rejected() {
    for revoke in [false, true] {
        let issuer = TestIssuer::new();
        let verifier = interrupted(&issuer, move |verifier| {
            if revoke {
                drop(verifier.revoke(&Revocation::subject("alice")));
            }
        });
        let token = issuer.token().audience(API).subject("alice").mint();
        assert_eq!(verify(&verifier, &token).await.is_err(), revoke);
        assert_eq!(verifier.cached(token.as_bytes()).is_none(), revoke);
    }
}

#[tokio::test]
async fn a_token_whose_key_is_withdrawn_meanwhile_is_not_cached() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).mint();
    let rotating = issuer.clone();
    let verifier = interrupted(&issuer, move |verifier| {
        rotating.rotate_keys(false);
        rotating.clock().advance(Duration::from_secs(60));
        let (token, verifier) = (rotating.token().audience(API).mint(), verifier.clone());
        let request = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(verify(&verifier, &token)).map(drop)
        };
        thread::spawn(request).join().unwrap().unwrap();
    });
    verify(&verifier, &token).await.unwrap();
    assert!(verifier.cached(token.as_bytes()).is_none());
    assert!(verify(&verifier, &token).await.is_err());
}
