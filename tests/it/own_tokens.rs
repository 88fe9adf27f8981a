//! API tokens that the service issues itself, such as personal access tokens.

use std::{
    error::Error as StdError,
    future,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, SystemTime},
};

use axum::{Router, routing::get};
use portcullis::{
    AuthenticateLayer, BearerToken, Claims, Clock, Error, ErrorKind, Identity, Issuers,
    OwnTokenVerifier, RequireScopeLayer, Scope, ScopeSet, Verification, Verify,
    error::TokenFault,
    own_tokens::{
        MemoryTokenStore, NewToken, OwnTokenFormat, TokenDigest, TokenLookup, TokenRecord,
        TokenStore, TokenUse,
    },
    testing::{TestClock, TestIssuer},
    verify::Revocation,
};
use serde_json::{Value, json};

use crate::support::{API, send, whoami, with_token};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SOON: Duration = Duration::from_secs(10);

fn format() -> OwnTokenFormat {
    OwnTokenFormat::new("hcms_pat").unwrap()
}

/// A store that counts look-ups.
#[derive(Clone, Default)]
struct Counted {
    tokens: MemoryTokenStore,
    look_ups: Arc<AtomicUsize>,
}

impl Counted {
    fn look_ups(&self) -> usize {
        self.look_ups.load(Ordering::SeqCst)
    }

    /// Issues a token for alice. `more` changes its record.
    fn issue(&self, id: &str, more: impl FnOnce(TokenRecord) -> TokenRecord) -> NewToken {
        let token = format().generate().unwrap();
        self.tokens.insert(token.digest(), more(TokenRecord::new(id, "alice")));
        token
    }
}

impl TokenStore for Counted {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        self.look_ups.fetch_add(1, Ordering::SeqCst);
        self.tokens.find(digest)
    }

    fn used(&self, uses: &[TokenUse]) {
        self.tokens.used(uses);
    }
}

fn verifier(store: impl TokenStore) -> OwnTokenVerifier {
    OwnTokenVerifier::builder(format(), store).build().unwrap()
}

fn app(verifier: OwnTokenVerifier) -> Router {
    whoami().layer(AuthenticateLayer::bearer(verifier))
}

#[tokio::test]
async fn a_token_is_valid_if_its_record_is() {
    let (store, clock) = (Counted::default(), TestClock::new());
    let now = clock.now();
    let app = app(OwnTokenVerifier::builder(format(), store.clone()).clock(clock).build().unwrap());

    for (case, token, outcome) in [
        ("no expiry", store.issue("1", |one| one), Ok("alice")),
        ("a day left", store.issue("2", |one| one.expires_at(now + DAY)), Ok("alice")),
        ("expires now", store.issue("3", |one| one.expires_at(now)), Err(TokenFault::Expired)),
        ("expired", store.issue("4", |one| one.expires_at(now - DAY)), Err(TokenFault::Expired)),
        ("revoked", store.issue("5", |one| one.revoked_at(now)), Err(TokenFault::Revoked)),
        (
            "revoked by a clock ahead",
            store.issue("6", |one| one.revoked_at(now + DAY)),
            Err(TokenFault::Revoked),
        ),
        (
            "revoked and expired",
            store.issue("7", |one| one.revoked_at(now).expires_at(now)),
            Err(TokenFault::Revoked),
        ),
        ("unknown", format().generate().unwrap(), Err(TokenFault::Rejected)),
    ] {
        let before = store.look_ups();
        let response = send(&app, with_token(token.reveal())).await;
        assert_eq!(store.look_ups(), before + 1, "{case}");
        match outcome {
            Ok(subject) => assert_eq!((response.status.as_u16(), &*response.body), (200, subject)),
            Err(fault) => {
                let kind = ErrorKind::from(fault);
                assert_eq!(response.status, 401, "{case}");
                assert_eq!(response.error.as_ref().map(Error::kind), Some(kind), "{case}");
                let challenge = response.challenge().unwrap();
                assert!(challenge.contains(r#"error="invalid_token""#), "{case}: {challenge}");
                assert_eq!(response.json()["message"], kind.description(), "{case}");
                assert!(!format!("{response:?}").contains(token.reveal()), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn expiry_is_validated_for_each_request() {
    let (store, clock) = (Counted::default(), TestClock::new());
    let token = store.issue("1", |one| one.expires_at(clock.now() + DAY));
    let app = app(OwnTokenVerifier::builder(format(), store).clock(clock.clone()).build().unwrap());

    assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);
    clock.advance(DAY);
    let response = send(&app, with_token(token.reveal())).await;
    assert_eq!(response.error.unwrap().kind(), TokenFault::Expired.into());
}

#[tokio::test]
async fn a_revocation_takes_effect_with_the_next_request() {
    let store = Counted::default();
    let (lost, other) = (store.issue("lost", |one| one), store.issue("other", |one| one));
    let app = app(verifier(store.clone()));

    assert_eq!(send(&app, with_token(lost.reveal())).await.status, 200);
    assert!(store.tokens.revoke("lost", SystemTime::now()));
    let response = send(&app, with_token(lost.reveal())).await;
    assert_eq!(response.error.unwrap().kind(), TokenFault::Revoked.into());
    assert_eq!(send(&app, with_token(other.reveal())).await.status, 200);

    assert!(store.tokens.remove("other"));
    let response = send(&app, with_token(other.reveal())).await;
    assert_eq!(response.error.unwrap().kind(), TokenFault::Rejected.into());
}

#[tokio::test]
async fn a_token_is_revoked_by_its_text() {
    let store = Counted::default();
    let (lost, other) = (store.issue("lost", |one| one), store.issue("other", |one| one));
    let verifier = verifier(store);
    let app = app(verifier.clone());
    assert_eq!(send(&app, with_token(lost.reveal())).await.status, 200);
    verifier.revoke(&Revocation::token(lost.reveal())).await.unwrap();
    let response = send(&app, with_token(lost.reveal())).await;
    assert_eq!(response.error.unwrap().kind(), TokenFault::Revoked.into());
    assert_eq!(send(&app, with_token(other.reveal())).await.status, 200);
}

#[tokio::test]
async fn malformed_tokens_are_rejected_without_a_look_up() {
    let store = Counted::default();
    let token = store.issue("1", |one| one);
    let text = token.reveal();
    let app = app(verifier(store.clone()));

    let other = OwnTokenFormat::new("other_pat").unwrap().generate().unwrap();
    let (body, check) = text.split_at(text.len() - 6);
    let swapped = if text.ends_with('0') { "1" } else { "0" };
    for junk in [
        "x".to_owned(),
        "hcms_pat_".to_owned(),
        "Hcms_pat_".to_owned() + &text[9..],
        text[..text.len() - 1].to_owned(),
        text.to_owned() + "0",
        text.to_owned() + "=",
        text[..text.len() - 1].to_owned() + swapped,
        format!("{check}{body}"),
        text.to_ascii_uppercase(),
        "a".repeat(16 * 1024),
        other.reveal().to_owned(),
        TestIssuer::new().token().audience(API).mint(),
    ] {
        let response = send(&app, with_token(&junk)).await;
        assert_eq!(response.status, 401, "{junk}");
        assert_eq!(response.error.unwrap().kind(), TokenFault::Malformed.into(), "{junk}");
    }
    assert_eq!(store.look_ups(), 0);
    assert_eq!(send(&app, with_token(text)).await.status, 200);
}

#[tokio::test]
async fn guards_read_the_scopes_of_the_record() {
    const WRITE: Scope = Scope::from_static("posts:write");
    let store = Counted::default();
    let guarded = Router::new()
        .route("/", get(async || "written").route_layer(RequireScopeLayer::new(WRITE)))
        .layer(AuthenticateLayer::bearer(verifier(store.clone())));

    for (scopes, status) in [
        ("posts:read posts:write", 200),
        ("posts:read", 403),
        ("posts:writer", 403),
        ("posts", 403),
        ("", 403),
    ] {
        let token = store.issue(scopes, |one| one.scopes(ScopeSet::from_wire(scopes)));
        let response = send(&guarded, with_token(token.reveal())).await;
        assert_eq!(response.status, status, "{scopes:?}");
        if status == 403 {
            assert!(response.challenge().unwrap().contains(r#"scope="posts:write""#), "{scopes:?}");
        }
    }
    let expired = store.issue("expired", |one| one.expires_at(SystemTime::UNIX_EPOCH));
    assert_eq!(send(&guarded, with_token(expired.reveal())).await.status, 401);
}

#[tokio::test]
async fn handlers_read_typed_claims_of_the_record() {
    let store = Counted::default();
    let token = store.issue("42", |one| {
        one.scopes(ScopeSet::from_wire("a b")).claims_json(r#"{"tenant":"acme","sub":"mallory"}"#)
    });
    let claims = async |claims: Claims<Value>, identity: Identity| {
        assert_eq!((identity.issuer(), identity.token_id()), (Some("own"), Some("42")));
        claims.to_string()
    };
    let verifier =
        OwnTokenVerifier::builder(format(), store.clone()).issuer("own").build().unwrap();
    let app =
        Router::new().route("/", get(claims)).layer(AuthenticateLayer::bearer(verifier.clone()));

    let response = send(&app, with_token(token.reveal())).await;
    let expected =
        json!({ "iss": "own", "sub": "alice", "jti": "42", "scope": "a b", "tenant": "acme" });
    assert_eq!(response.json(), expected);

    let broken = store.issue("43", |one| one.claims_json("s3cret"));
    let response = send(&app, with_token(broken.reveal())).await;
    assert_eq!((response.status.as_u16(), response.challenge()), (500, None));
    assert!(!format!("{response:?}").contains("s3cret"));
}

/// A store that fails.
struct Down;

impl TokenStore for Down {
    fn find(&self, _: TokenDigest) -> TokenLookup<'_> {
        Box::pin(async { Err("database is locked at /srv/tokens.db".into()) })
    }
}

#[tokio::test]
async fn a_failing_store_is_503_and_its_error_is_not_sent_to_clients() {
    let token = format().generate().unwrap();
    let app = app(verifier(Down));
    let response = send(&app, with_token(token.reveal())).await;
    assert_eq!((response.status.as_u16(), response.challenge()), (503, None));
    assert_eq!(response.headers["retry-after"], "5");
    assert!(!response.body.contains("database"), "{}", response.body);
    assert!(!format!("{response:?}").contains(token.reveal()));
    let error = response.error.unwrap();
    assert_eq!(error.source().unwrap().to_string(), "database is locked at /srv/tokens.db");

    // Malformed tokens don't need the store, so they are rejected.
    assert_eq!(send(&app, with_token("junk")).await.status, 401);
}

/// A store whose look-up never ends. Sends a message when the look-up is dropped.
struct Hangs(mpsc::Sender<()>);

struct SendOnDrop(mpsc::Sender<()>);

impl Drop for SendOnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

impl TokenStore for Hangs {
    fn find(&self, _: TokenDigest) -> TokenLookup<'_> {
        let guard = SendOnDrop(self.0.clone());
        Box::pin(async move {
            future::pending::<()>().await;
            drop(guard);
            Ok(None)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_up_is_cancelled_with_its_request() {
    let (sender, dropped) = mpsc::channel();
    let token = format().generate().unwrap();
    let app = app(verifier(Hangs(sender)));
    let request = send(&app, with_token(token.reveal()));
    assert!(tokio::time::timeout(SOON, request).await.is_err());
    dropped.try_recv().unwrap();
}

/// A working store with a custom hook for uses.
struct Hooked<F> {
    tokens: MemoryTokenStore,
    hook: F,
}

impl<F: Fn(&[TokenUse]) + Send + Sync + 'static> TokenStore for Hooked<F> {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        self.tokens.find(digest)
    }

    fn used(&self, uses: &[TokenUse]) {
        (self.hook)(uses);
    }
}

fn hooked<F: Fn(&[TokenUse])>(store: &Counted, hook: F) -> Hooked<F> {
    Hooked { tokens: store.tokens.clone(), hook }
}

#[tokio::test]
async fn each_use_is_reported_in_order_and_rejections_are_not() {
    let (store, clock) = (Counted::default(), TestClock::new());
    let (first, second) = (store.issue("1", |one| one), store.issue("2", |one| one));
    let revoked = store.issue("3", |one| one.revoked_at(SystemTime::UNIX_EPOCH));
    let (sender, receiver) = mpsc::channel();
    let hooked = hooked(&store, move |uses| {
        for used in uses {
            sender.send(used.clone()).unwrap();
        }
    });
    let verifier = OwnTokenVerifier::builder(format(), hooked).clock(clock.clone());
    let app = app(verifier.build().unwrap());

    let start = clock.now();
    for token in [&first, &revoked, &second, &first] {
        send(&app, with_token(token.reveal())).await;
        clock.advance(DAY);
    }
    send(&app, with_token("junk")).await;
    for (token, id, days) in [(&first, "1", 0), (&second, "2", 2), (&first, "1", 3)] {
        let used = receiver.recv_timeout(SOON).unwrap();
        assert_eq!(used.token_id(), id);
        assert_eq!(used.digest(), token.digest());
        assert_eq!(used.at(), start + DAY * days);
        assert!(!format!("{used:?}").contains(token.reveal()));
    }
    assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
}

#[tokio::test]
async fn a_blocking_hook_delays_no_request() {
    let store = Counted::default();
    let token = store.issue("1", |one| one);
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let (entered, has_entered) = mpsc::channel();
    let hook_gate = Arc::clone(&gate);
    let app = app(verifier(hooked(&store, move |_| {
        let _ = entered.send(());
        let (open, changed) = &*hook_gate;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open));
    })));

    // This runtime has one thread. If the hook ran on it, it would block forever.
    assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);
    has_entered.recv_timeout(SOON).unwrap();
    for _ in 0..2_000 {
        assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);
    }
    assert!(has_entered.try_recv().is_err(), "one call at a time");
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
}

#[tokio::test]
async fn a_panicking_hook_fails_no_request() {
    let store = Counted::default();
    let token = store.issue("1", |one| one);
    let (sender, receiver) = mpsc::channel();
    let app = app(verifier(hooked(&store, move |_| {
        let _ = sender.send(());
        // Like a panic, but without a message in the output of the tests.
        std::panic::resume_unwind(Box::new(()));
    })));
    for _ in 0..3 {
        assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);
        receiver.recv_timeout(SOON).unwrap();
        // Until the panic has ended the worker, it also accepts the next use.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_hook_may_block_on_an_async_client() {
    let store = Counted::default();
    let token = store.issue("1", |one| one);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let app = app(verifier(hooked(&store, move |_| {
        tokio::runtime::Handle::current().block_on(async {
            tokio::task::yield_now().await;
            if let Some(sender) = sender.lock().unwrap().take() {
                let _ = sender.send(());
            }
        });
    })));
    assert_eq!(send(&app, with_token(token.reveal())).await.status, 200);
    tokio::time::timeout(SOON, receiver).await.unwrap().unwrap();
}

/// Records the tokens that it receives, and rejects them.
struct RejectingVerifier(Arc<Mutex<Vec<String>>>);

impl Verify<BearerToken<'_>> for RejectingVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        self.0.lock().unwrap().push(token.as_str().to_owned());
        Verification::ready(Err(TokenFault::Issuer.into()))
    }
}

#[tokio::test]
async fn own_tokens_jwts_and_others_are_dispatched_to_their_verifiers() {
    let (issuer, store, received) = (TestIssuer::new(), Counted::default(), Arc::default());
    let token = store.issue("1", |one| one);
    let issuers = Issuers::builder()
        .prefix(format().prefix(), verifier(store.clone()))
        .trust(issuer.verifier().audience(API).build().unwrap())
        .opaque(RejectingVerifier(Arc::clone(&received)))
        .build()
        .unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(issuers));

    let jwt = issuer.token().audience(API).subject("bob").mint();
    assert_eq!(send(&app, with_token(&jwt)).await.body, "bob");
    assert_eq!(store.look_ups(), 0);
    assert_eq!(send(&app, with_token(token.reveal())).await.body, "alice");
    assert_eq!(store.look_ups(), 1);

    // A token with the prefix goes to no other verifier, so it isn't sent to an authorization server.
    let unknown = format().generate().unwrap();
    for text in [unknown.reveal(), "hcms_pat_", &token.reveal()[..57]] {
        assert_eq!(send(&app, with_token(text)).await.status, 401, "{text}");
    }
    assert!(received.lock().unwrap().is_empty());
    assert_eq!(send(&app, with_token("hcms_pa")).await.status, 401);
    assert_eq!(*received.lock().unwrap(), ["hcms_pa"]);

    // `Issuers` caches verified JWTs, but must not cache own tokens.
    assert!(store.tokens.revoke("1", SystemTime::now()));
    let response = send(&app, with_token(token.reveal())).await;
    assert_eq!(response.error.unwrap().kind(), TokenFault::Revoked.into());
}

#[tokio::test]
async fn debug_shows_no_token() {
    let store = Counted::default();
    let token = store.issue("1", |one| one);
    let verifier = verifier(Arc::new(store.clone()));
    let response = send(&app(verifier.clone()), with_token(token.reveal())).await;
    assert_eq!(response.status, 200);

    let secret = token.reveal().strip_prefix("hcms_pat_").unwrap();
    let digest = token.digest().to_string();
    let records = store.tokens.list("alice");
    let shown = format!("{token:?} {verifier:?} {:?} {records:?} {response:?}", store.tokens);
    assert!(!shown.contains(secret), "{shown}");
    assert!(!shown.contains(&digest), "{shown}");
    assert!(!digest.contains(secret));
}
