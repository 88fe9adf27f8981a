//! Issuers that are replaced while the service runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use axum::Router;
use portcullis::{
    AuthenticateLayer, BearerToken, Identity, Issuers, JwtVerifier, Verification, Verify,
    issuers::{IssuersHandle, Tenant},
    testing::{TestClient, TestIssuer},
    verify::{Revocation, Revocations},
};
use tokio::sync::Notify;

use crate::support::{API, send, verify, whoami, with_token};

const DISCOVERY: &str = "/.well-known/openid-configuration";

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).subject("alice").mint()
}

fn protected(handle: &IssuersHandle) -> Router {
    whoami().layer(AuthenticateLayer::bearer(handle.clone()))
}

async fn status(app: &Router, token: &str) -> u16 {
    send(app, with_token(token)).await.status.as_u16()
}

/// Two issuers, a handle to both, and a service behind it.
struct Setting {
    stays: TestIssuer,
    goes: TestIssuer,
    staying: JwtVerifier,
    handle: IssuersHandle,
    app: Router,
}

impl Setting {
    fn new() -> Self {
        let (stays, goes) =
            (TestIssuer::named("https://stays.example"), TestIssuer::named("https://goes.example"));
        let staying = verifier(&stays);
        let both = Issuers::builder().trust(staying.clone()).trust(verifier(&goes));
        let handle = IssuersHandle::new(both.build().unwrap());
        let app = protected(&handle);
        Self { stays, goes, staying, handle, app }
    }

    fn only_staying(&self) -> Issuers {
        Issuers::builder().trust(self.staying.clone()).build().unwrap()
    }
}

#[tokio::test]
async fn tokens_of_a_removed_issuer_are_rejected_immediately() {
    let setting = Setting::new();
    let (stays, goes) = (token(&setting.stays), token(&setting.goes));
    for _ in 0..2 {
        assert_eq!(status(&setting.app, &stays).await, 200);
        assert_eq!(status(&setting.app, &goes).await, 200);
    }
    setting.handle.replace(&setting.only_staying());
    assert_eq!(status(&setting.app, &goes).await, 401);
    assert_eq!(status(&setting.app, &stays).await, 200);
    assert_eq!(setting.handle.readiness().len(), 1);
}

#[tokio::test]
async fn an_issuer_that_stays_keeps_its_keys_and_its_cached_tokens() {
    let setting = Setting::new();
    let (stays, goes) = (token(&setting.stays), token(&setting.goes));
    assert_eq!(status(&setting.app, &stays).await, 200);
    assert_eq!(status(&setting.app, &goes).await, 200);
    let is_cached = |token: &str| setting.handle.cached(token.as_bytes()).is_some();
    assert!(is_cached(&stays) && is_cached(&goes));

    setting.handle.replace(&setting.only_staying());
    assert!(is_cached(&stays) && !is_cached(&goes));
    let others = TestIssuer::named("https://comes.example");
    setting.handle.update(|issuers| issuers.trust(verifier(&others))).unwrap();
    assert!(is_cached(&stays));
    assert_eq!(status(&setting.app, &token(&others)).await, 200);
    assert_eq!(setting.stays.requests_to(DISCOVERY), 1);
}

#[tokio::test]
async fn an_issuer_that_returns_begins_anew() {
    let setting = Setting::new();
    let goes = token(&setting.goes);
    assert_eq!(status(&setting.app, &goes).await, 200);
    setting.handle.replace(&setting.only_staying());
    let returning = verifier(&setting.goes);
    setting.handle.update(|issuers| issuers.trust(returning)).unwrap();
    assert!(setting.handle.cached(goes.as_bytes()).is_none());
    assert_eq!(status(&setting.app, &goes).await, 200);
    assert_eq!(setting.goes.requests_to(DISCOVERY), 2);
}

#[tokio::test]
async fn changed_rules_apply_to_tokens_that_were_cached_before() {
    let setting = Setting::new();
    let stays = token(&setting.stays);
    assert_eq!(status(&setting.app, &stays).await, 200);
    let other = setting.stays.verifier().audience("https://other.example").build().unwrap();
    setting.handle.replace(&Issuers::builder().trust(other).build().unwrap());
    assert_eq!(status(&setting.app, &stays).await, 401);
}

#[tokio::test]
async fn a_failed_update_changes_nothing() {
    let setting = Setting::new();
    let again = verifier(&setting.stays);
    let error = setting.handle.update(|issuers| issuers.trust(again)).unwrap_err();
    assert_eq!(error.to_string(), "issuer `https://stays.example`: trusted twice");
    assert_eq!(setting.handle.readiness().len(), 2);
    assert_eq!(status(&setting.app, &token(&setting.goes)).await, 200);
}

#[tokio::test]
async fn what_was_revoked_stays_revoked() {
    let setting = Setting::new();
    let (revoked, other) =
        (token(&setting.stays), setting.stays.token().audience(API).subject("bob").mint());
    assert_eq!(status(&setting.app, &revoked).await, 200);
    setting.handle.revoke(&Revocation::token(&*revoked)).await.unwrap();
    for next in [setting.only_staying(), setting.handle.current()] {
        setting.handle.replace(&next);
        assert_eq!(status(&setting.app, &revoked).await, 401);
        assert_eq!(status(&setting.app, &other).await, 200);
    }
    setting.handle.update(|issuers| issuers.distrust("https://goes.example")).unwrap();
    assert_eq!(status(&setting.app, &revoked).await, 401);

    // The configuration of another list is an explicit decision.
    let next = Issuers::builder().trust(setting.staying.clone()).revocations(Revocations::new());
    setting.handle.replace(&next.build().unwrap());
    assert_eq!(status(&setting.app, &revoked).await, 200);
}

/// Accepts tokens that begin with `api_`.
struct ApiTokens;

impl Verify<BearerToken<'_>> for ApiTokens {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().subject("robot").build()))
    }
    fn revoke(&self, _: &Revocation) -> portcullis::verify::RevokeFuture {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn what_was_revoked_stays_revoked_when_its_verifier_is_replaced() {
    let setting = Setting::new();
    let with_api = |issuers: portcullis::issuers::IssuersBuilder| issuers.prefix("api_", ApiTokens);
    setting.handle.update(with_api).unwrap();
    assert_eq!(status(&setting.app, "api_1").await, 200);
    setting.handle.revoke(&Revocation::token("api_1")).await.unwrap();
    assert_eq!(status(&setting.app, "api_1").await, 401);
    let next = Issuers::builder().trust(setting.staying.clone());
    setting.handle.replace(&with_api(next).build().unwrap());
    assert_eq!(status(&setting.app, "api_1").await, 401);
    assert_eq!(status(&setting.app, "api_2").await, 200);
}

#[tokio::test]
async fn tenants_are_kept_by_an_update_and_dropped_by_a_replacement() {
    let login = TestIssuer::named("https://login.example/acme");
    let calls = Arc::new(AtomicUsize::new(0));
    let resolver = {
        let (login, calls) = (login.clone(), Arc::clone(&calls));
        move |_: Tenant| {
            calls.fetch_add(1, Ordering::Relaxed);
            let verifier = verifier(&login);
            async { Ok(Some(verifier)) }
        }
    };
    let setting = Setting::new();
    let with_tenants = |issuers: portcullis::issuers::IssuersBuilder| {
        issuers.tenants("https://login.example/{tenant}", resolver.clone())
    };
    setting.handle.update(with_tenants).unwrap();
    let of_tenant = token(&login);
    assert_eq!(status(&setting.app, &of_tenant).await, 200);

    setting.handle.update(|issuers| issuers.distrust("https://goes.example")).unwrap();
    assert!(setting.handle.cached(of_tenant.as_bytes()).is_some());
    assert_eq!(status(&setting.app, &of_tenant).await, 200);
    assert_eq!(
        (calls.load(Ordering::Relaxed), login.requests_to(&format!("/acme{DISCOVERY}"))),
        (1, 1)
    );
    setting.handle.forget_tenant("https://login.example/acme");
    assert!(setting.handle.cached(of_tenant.as_bytes()).is_none());
    assert_eq!(status(&setting.app, &of_tenant).await, 200);
    assert_eq!(calls.load(Ordering::Relaxed), 2);

    let next = with_tenants(Issuers::builder()).build().unwrap();
    setting.handle.replace(&next);
    assert!(setting.handle.cached(of_tenant.as_bytes()).is_none());
    assert_eq!(status(&setting.app, &of_tenant).await, 200);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn requests_that_wait_for_keys_are_verified_by_the_new_issuers() {
    let issuer = TestIssuer::named("https://goes.example");
    let (asked, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let client = {
        let (asked, release, inner) =
            (Arc::clone(&asked), Arc::clone(&release), Arc::new(issuer.http_client()));
        TestClient::new(move |request| {
            let (asked, release, inner) =
                (Arc::clone(&asked), Arc::clone(&release), Arc::clone(&inner));
            async move {
                asked.notify_one();
                release.notified().await;
                portcullis::http_client::HttpClient::send(&*inner, request, 1 << 20).await
            }
        })
    };
    let waiting = issuer.verifier().audience(API).http_client(client).build().unwrap();
    let staying = TestIssuer::named("https://stays.example");
    let both = Issuers::builder().trust(waiting).trust(verifier(&staying)).build().unwrap();
    let handle = IssuersHandle::new(both);
    let (app, goes) = (protected(&handle), token(&issuer));
    let request = tokio::spawn(async move { status(&app, &goes).await });
    asked.notified().await;
    handle.update(|issuers| issuers.distrust("https://goes.example")).unwrap();
    // Metadata, then keys.
    release.notify_one();
    asked.notified().await;
    release.notify_one();
    assert_eq!(request.await.unwrap(), 401);
}

#[test]
fn ten_thousand_replacements_under_load_cause_no_wrong_response() {
    const REPLACEMENTS: u64 = 10_000;
    // In a phase, both are trusted if it is even. The highest bit is set while that changes.
    const CHANGING: u64 = 1 << 63;
    let setting = Setting::new();
    let handle = &setting.handle;
    // Tokens that are cached, and for each round one that isn't.
    let stays: Vec<_> = (0..50).map(|_| token(&setting.stays)).collect();
    let goes: Vec<_> = (0..50).map(|_| token(&setting.goes)).collect();
    let invalid = setting.stays.token().audience("https://other.example").mint();
    let going = verifier(&setting.goes);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(verify(handle, &stays[0]).await.is_ok());
        assert!(verify(handle, &goes[0]).await.is_ok());
        going.warm_up().await.unwrap();
    });

    let (phase, is_done) = (AtomicU64::new(0), AtomicBool::new(false));
    let (checked, undecided) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for reader in 0..4 {
            let (phase, is_done, checked, undecided) = (&phase, &is_done, &checked, &undecided);
            let (stays, goes, invalid, runtime) = (&stays, &goes, &invalid, runtime.handle());
            scope.spawn(move || {
                let mut round = reader;
                while !is_done.load(Ordering::SeqCst) {
                    round += 1;
                    let (stays, goes) = (&stays[round % stays.len()], &goes[round % goes.len()]);
                    let before = phase.load(Ordering::SeqCst);
                    let [staying, going, invalid] = runtime.block_on(async {
                        [
                            verify(handle, stays).await.is_ok(),
                            verify(handle, goes).await.is_ok(),
                            verify(handle, invalid).await.is_ok(),
                        ]
                    });
                    let after = phase.load(Ordering::SeqCst);
                    assert!(staying, "a token of the issuer that stays was rejected");
                    assert!(!invalid, "an invalid token was accepted");
                    if before == after && before & CHANGING == 0 {
                        assert_eq!(going, before % 2 == 0, "in phase {before}");
                        checked.fetch_add(1, Ordering::SeqCst);
                    } else {
                        undecided.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let both = Issuers::builder().trust(setting.staying.clone()).trust(going).build().unwrap();
        let one = setting.only_staying();
        for replacement in 1..=REPLACEMENTS {
            phase.store(replacement | CHANGING, Ordering::SeqCst);
            handle.replace(if replacement % 2 == 0 { &both } else { &one });
            phase.store(replacement, Ordering::SeqCst);
            // Now and then, until a request begins and ends between two replacements.
            let known = checked.load(Ordering::SeqCst);
            while replacement % 200 == 0 && checked.load(Ordering::SeqCst) == known {
                thread::yield_now();
            }
        }
        is_done.store(true, Ordering::SeqCst);
    });
    let (checked, undecided) = (checked.into_inner(), undecided.into_inner());
    assert!(checked >= 50, "{checked} requests, and {undecided} during a replacement");
    assert_eq!(setting.stays.requests_to(DISCOVERY), 1, "the keys were kept");
    assert_eq!(handle.readiness().len(), 2);
}
