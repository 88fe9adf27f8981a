//! Metrics of requests and fetches.

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::Request;
use metrics_util::{
    MetricKind,
    debugging::{DebugValue, DebuggingRecorder, Snapshotter},
};
use portcullis::{
    Algorithm, AuthenticateLayer, Error, Issuers, JwtVerifier, RequireScopeLayer, Scope,
    testing::{Fault, TestIssuer},
};
use serde_json::json;

use crate::support::{API, protected, send, whoami, with_authorization, with_token};

/// Every series by its name and labels, as `name{label=value}`, with the count of a counter or the number of
/// values in a histogram.
fn series(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let read = |(key, _, _, value)| {
        let key: metrics_util::CompositeKey = key;
        let (kind, key) = key.into_parts();
        let labels: Vec<_> =
            key.labels().map(|one| format!("{}={}", one.key(), one.value())).collect();
        let value = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => {
                assert_eq!(kind, MetricKind::Histogram);
                values.len().try_into().unwrap()
            }
            DebugValue::Gauge(_) => panic!("no gauge is ours"),
        };
        (format!("{}{{{}}}", key.name(), labels.join(",")), value)
    };
    snapshotter.snapshot().into_vec().into_iter().map(read).collect()
}

fn recorder() -> (DebuggingRecorder, Snapshotter) {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    (recorder, snapshotter)
}

fn counts(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
    counts.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

#[tokio::test]
async fn each_request_is_counted_once_by_its_outcome() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let verifier = || issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
    let strict = Router::new()
        .route("/", get(async || "in"))
        .layer(RequireScopeLayer::new(Scope::from_static("read")))
        .layer(AuthenticateLayer::bearer(verifier()));
    let open = whoami().layer(AuthenticateLayer::bearer(verifier()).allow_anonymous());

    let (recorder, snapshotter) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let token = || issuer.token().audience(API);
    let (valid, without_scope) = (token().scope("read").mint(), token().mint());
    let expired = token().claim("exp", json!(0)).mint();
    let plain = || Request::get("/").body(Body::empty()).unwrap();
    for (app, request, status) in [
        (&strict, with_token(&valid), 200),
        (&strict, with_token(&valid), 200),
        (&strict, with_token(&without_scope), 403),
        (&strict, with_token(&expired), 401),
        (&strict, with_token(&expired), 401),
        (&strict, with_token("junk"), 401),
        (&strict, with_authorization("Bearer"), 400),
        (&strict, plain(), 401),
        (&open, plain(), 200),
        (&open, with_token(&expired), 401),
    ] {
        assert_eq!(send(app, request).await.status, status);
    }
    let expected = [
        // The request with insufficient scope was authenticated first, and rejected by the guard.
        ("portcullis_requests_total{outcome=authenticated}", 3),
        ("portcullis_requests_total{outcome=insufficient_scope}", 1),
        ("portcullis_requests_total{outcome=token_expired}", 3),
        ("portcullis_requests_total{outcome=token_malformed}", 1),
        ("portcullis_requests_total{outcome=malformed_credentials}", 1),
        ("portcullis_requests_total{outcome=missing_credentials}", 1),
        ("portcullis_requests_total{outcome=anonymous}", 1),
    ];
    assert_eq!(series(&snapshotter), counts(&expected));
}

#[tokio::test]
async fn requests_that_wait_for_keys_are_counted() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let (recorder, snapshotter) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let token = issuer.token().audience(API).mint();
    assert_eq!(send(&app, with_token(&token)).await.status, 200);
    let expected = [
        ("portcullis_key_fetch_seconds{issuer=https://issuer.test}", 1),
        ("portcullis_key_fetches_total{issuer=https://issuer.test,outcome=success}", 1),
        ("portcullis_requests_total{outcome=authenticated}", 1),
    ];
    assert_eq!(series(&snapshotter), counts(&expected));
}

#[tokio::test]
async fn fetches_are_counted_by_outcome_and_timed_for_each_issuer() {
    let (alpha, beta) =
        (TestIssuer::named("https://alpha.test"), TestIssuer::named("https://beta.test"));
    let of = |issuer: &TestIssuer| issuer.verifier().audience(API).build().unwrap();
    let issuers = Issuers::builder().trust(of(&alpha)).trust(of(&beta)).build().unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(issuers));
    let (recorder, snapshotter) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);

    let token = |issuer: &TestIssuer| with_token(&issuer.token().audience(API).mint());
    beta.fail(Fault::Status(500));
    for _ in 0..3 {
        assert_eq!(send(&app, token(&alpha)).await.status, 200);
        assert_eq!(send(&app, token(&beta)).await.status, 503);
        beta.clock().advance(Duration::from_secs(60));
    }
    beta.recover();
    beta.clock().advance(Duration::from_secs(60));
    assert_eq!(send(&app, token(&beta)).await.status, 200);
    let expected = [
        ("portcullis_key_fetch_seconds{issuer=https://alpha.test}", 1),
        ("portcullis_key_fetch_seconds{issuer=https://beta.test}", 4),
        ("portcullis_key_fetches_total{issuer=https://alpha.test,outcome=success}", 1),
        ("portcullis_key_fetches_total{issuer=https://beta.test,outcome=failure}", 3),
        ("portcullis_key_fetches_total{issuer=https://beta.test,outcome=success}", 1),
        ("portcullis_requests_total{outcome=authenticated}", 4),
        ("portcullis_requests_total{outcome=unavailable}", 3),
    ];
    assert_eq!(series(&snapshotter), counts(&expected));
}

#[tokio::test]
async fn no_input_from_clients_becomes_a_label() {
    const UNTRUSTED: &str = "x-untrusted-x";
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let (recorder, snapshotter) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let token = || issuer.token().audience(API);
    assert_eq!(send(&app, with_token(&token().mint())).await.status, 200);
    let before = series(&snapshotter).len();
    for number in 0..100 {
        let untrusted = format!("https://{UNTRUSTED}-{number}.test");
        for token in [
            token().claim("iss", json!(untrusted)),
            token().header("kid", json!(untrusted)),
            token().header("alg", json!(untrusted)),
            token().header("typ", json!(untrusted)),
            token().claim("aud", json!(untrusted)),
            token().claim("sub", json!(untrusted)).claim("exp", json!(0)),
            token().claim("client_id", json!(untrusted)).claim("nbf", json!(1e12)),
        ] {
            assert_eq!(send(&app, with_token(&token.mint())).await.status, 401);
        }
        send(&app, with_authorization(&format!("{UNTRUSTED}{number} a"))).await;
    }
    let after = series(&snapshotter);
    assert!(after.keys().all(|key| !key.contains(UNTRUSTED)), "{after:#?}");
    assert!(after.len() - before <= 8, "{after:#?}");
}

#[tokio::test]
async fn tenants_are_labelled_with_their_pattern() {
    const PATTERN: &str = "https://login.test/{tenant}/v2.0";
    let acme = TestIssuer::named(PATTERN.replace("{tenant}", "acme"));
    let client = acme.http_client();
    let issuers = Issuers::builder().tenants(PATTERN, move |tenant| {
        let verifier = JwtVerifier::builder(tenant.issuer()).audience(API);
        let verifier = verifier.http_client(client.clone()).build();
        async { verifier.map(Some).map_err(Error::misconfigured) }
    });
    let app = whoami().layer(AuthenticateLayer::bearer(issuers.build().unwrap()));
    let (recorder, snapshotter) = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);

    assert_eq!(send(&app, with_token(&acme.token().audience(API).mint())).await.status, 200);
    // As many as may be resolved in a minute.
    for number in 0..59 {
        let unknown_tenant = PATTERN.replace("{tenant}", &format!("unknown-{number}"));
        let token = acme.token().audience(API).claim("iss", json!(unknown_tenant));
        assert_eq!(send(&app, with_token(&token.mint())).await.status, 503);
    }
    let expected = [
        (&*format!("portcullis_key_fetch_seconds{{issuer={PATTERN}}}"), 60),
        (&*format!("portcullis_key_fetches_total{{issuer={PATTERN},outcome=failure}}"), 59),
        (&*format!("portcullis_key_fetches_total{{issuer={PATTERN},outcome=success}}"), 1),
        ("portcullis_requests_total{outcome=authenticated}", 1),
        ("portcullis_requests_total{outcome=unavailable}", 59),
    ];
    assert_eq!(series(&snapshotter), counts(&expected));
}
