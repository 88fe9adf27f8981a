//! Limits on the work that tenants without a verified token cause.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use portcullis::{
    Error, ErrorKind, Identity, Issuers, JwtVerifier,
    error::TokenFault,
    issuers::{Tenant, TenantPattern, TenantResolution},
    testing::{TestClock, TestIssuer},
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{
    API, issuer_with, jws,
    outcome::{run_until_idle, seconds, verify_token},
    wire::Wire,
};

const PATTERN: &str = "https://login.test/{tenant}";

/// A login service whose `issuer` signs for all tenants.
struct LoginService {
    issuer: TestIssuer,
    wire: Wire,
    resolver_calls: Arc<AtomicUsize>,
    clock: TestClock,
}

impl LoginService {
    fn new() -> Self {
        let issuer = TestIssuer::named(PATTERN.replace("{tenant}", "acme"));
        issuer.publish(portcullis::Algorithm::Es256);
        let wire = Wire::to(issuer.http_client());
        let clock = issuer.clock();
        Self { issuer, wire, resolver_calls: Arc::default(), clock }
    }

    /// Issuers whose resolver knows every tenant of this service.
    fn issuers(&self, pattern: TenantPattern) -> Issuers {
        let (wire, calls, clock) =
            (self.wire.clone(), Arc::clone(&self.resolver_calls), self.clock.clone());
        let resolve = move |tenant: Tenant| {
            calls.fetch_add(1, Ordering::Relaxed);
            let builder = JwtVerifier::builder(tenant.issuer()).audience(API);
            let verifier = builder.http_client(wire.clone()).clock(clock.clone()).build();
            async { Ok(TenantResolution::Use(verifier.map_err(Error::misconfigured)?)) }
        };
        let builder = Issuers::builder().clock(self.clock.clone());
        builder.tenants_with(pattern, resolve).build().unwrap()
    }

    fn resolver_calls(&self) -> usize {
        self.resolver_calls.load(Ordering::Relaxed)
    }

    /// A token that is valid if the tenant is `acme`.
    fn token(&self, tenant: &str) -> String {
        let issuer = PATTERN.replace("{tenant}", tenant);
        self.issuer.token().audience(API).claim("iss", json!(issuer)).mint()
    }
}

/// Sends this number of tokens of unknown tenants at the same time.
fn flood(
    service: &LoginService,
    issuers: &Issuers,
    count: usize,
) -> JoinSet<Result<Identity, Error>> {
    let requests = (0..count).map(|number| {
        let (issuers, token) = (issuers.clone(), service.token(&format!("invented-{number}")));
        async move { verify_token(&issuers, &token).await }
    });
    requests.collect()
}

#[tokio::test(start_paused = true)]
async fn forged_tokens_cause_ten_calls_and_ten_fetches_at_a_time() {
    let service = LoginService::new();
    let issuers = service.issuers(TenantPattern::new(PATTERN));
    assert!(verify_token(&issuers, &service.token("acme")).await.is_ok());
    let (calls, requests) = (service.resolver_calls(), service.wire.requests().len());

    service.wire.hold();
    let mut rejected = flood(&service, &issuers, 5_000);
    for _ in 0..20 {
        run_until_idle().await;
        assert!(service.wire.in_progress() <= 10, "{}", service.wire.in_progress());
        assert!(verify_token(&issuers, &service.token("acme")).await.is_ok(), "a verified tenant");
    }
    assert_eq!(service.resolver_calls() - calls, 59, "60 in a minute, with the first tenant");
    assert_eq!(service.wire.requests().len() - requests, 10, "one request of each fetch");
    service.wire.release();
    while let Some(rejection) = rejected.join_next().await {
        let error = rejection.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.retry_after().is_some_and(|after| after <= seconds(60)));
    }
    assert_eq!(service.resolver_calls() - calls, 59);
    assert!(verify_token(&issuers, &service.token("acme")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_than_sixty_calls_and_sixty_fetches() {
    let service = LoginService::new();
    let issuers = service.issuers(TenantPattern::new(PATTERN));
    let fetches = |service: &LoginService| service.wire.requests_to("/openid-configuration");
    let (mut calls, mut number) = (Vec::new(), 0);
    for _ in 0..300 {
        for _ in 0..7 {
            number += 1;
            let token = service.token(&format!("invented-{number}"));
            assert_eq!(
                verify_token(&issuers, &token).await.unwrap_err().kind(),
                ErrorKind::Unavailable
            );
        }
        // Half of the requests are for the first location of the metadata, half for the second one.
        calls.push((service.resolver_calls(), fetches(&service) / 2));
        service.clock.advance(seconds(1));
    }
    for (second, [(calls_before, fetches_before), .., (calls, fetches)]) in
        calls.windows(60).map(|minute| <[_; 60]>::try_from(minute).unwrap()).enumerate()
    {
        assert!(calls - calls_before <= 60, "{} calls from second {second}", calls - calls_before);
        assert!(fetches - fetches_before <= 60, "from second {second}");
    }
    assert_eq!(service.resolver_calls(), 5 * 60);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_tokens_are_503_until_retry_after() {
    let service = LoginService::new();
    let issuers = service.issuers(TenantPattern::new(PATTERN).max_per_minute(2));
    for tenant in ["one", "two"] {
        assert!(verify_token(&issuers, &service.token(tenant)).await.is_err());
        service.clock.advance(seconds(10));
    }
    assert_eq!(service.resolver_calls(), 2);
    let error = verify_token(&issuers, &service.token("acme")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Unavailable, Some(seconds(40))));
    assert_eq!(service.resolver_calls(), 2);
    service.clock.advance(seconds(40));
    assert!(verify_token(&issuers, &service.token("acme")).await.is_ok());
    assert_eq!(service.resolver_calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_verified_tenant_fetches_its_keys_whatever_others_do() {
    let service = LoginService::new();
    let issuers = service.issuers(TenantPattern::new(PATTERN).max_per_minute(2).max_in_flight(1));
    assert!(verify_token(&issuers, &service.token("acme")).await.is_ok());
    let fetched = service.wire.requests_to("/jwks");
    for minute in 1..10 {
        for number in 0..10 {
            let token = service.token(&format!("invented-{number}"));
            assert!(verify_token(&issuers, &token).await.is_err());
        }
        // An unknown key: the set is fetched again.
        service.clock.advance(seconds(60));
        service.issuer.rotate_keys(true);
        assert!(verify_token(&issuers, &service.token("acme")).await.is_ok());
        run_until_idle().await;
        assert_eq!(service.wire.requests_to("/jwks"), fetched + minute);
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalid_token_causes_no_call_and_is_401_beyond_the_limit() {
    let service = LoginService::new();
    let issuers = service.issuers(TenantPattern::new(PATTERN).max_per_minute(1));
    let forged = jws::with_signature(&service.token("acme"), []);
    let invalid = ErrorKind::InvalidToken(TokenFault::Signature);
    assert_eq!(verify_token(&issuers, &forged).await.unwrap_err().kind(), invalid);
    assert_eq!(service.resolver_calls(), 0);
    assert!(verify_token(&issuers, &service.token("other")).await.is_err());
    assert_eq!(verify_token(&issuers, &forged).await.unwrap_err().kind(), invalid);
    assert_eq!(service.resolver_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_no_longer_counts_as_in_flight() {
    let service = LoginService::new();
    let hangs = Issuers::builder()
        .clock(service.clock.clone())
        .tenants_with(TenantPattern::new(PATTERN).max_in_flight(3), async |_| {
            std::future::pending().await
        })
        .build()
        .unwrap();
    for _ in 0..5 {
        let mut hanging = flood(&service, &hangs, 100);
        run_until_idle().await;
        let mut rejected = 0;
        while let Some(rejection) = hanging.try_join_next() {
            assert_eq!(rejection.unwrap().unwrap_err().retry_after(), Some(seconds(1)));
            rejected += 1;
        }
        assert_eq!((rejected, hanging.len()), (97, 3));
        hanging.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_pattern_has_its_own_limit() {
    let service = LoginService::new();
    let other = issuer_with([portcullis::Algorithm::Es256]);
    let verifier = other.verifier().audience(API).build().unwrap();
    let resolve = move |tenant: Tenant| {
        assert_eq!(tenant.name(), "issuer");
        let verifier = verifier.clone();
        async { Ok(Some(verifier)) }
    };
    let limited = TenantPattern::new(PATTERN).max_per_minute(1);
    let unknown = async |_: Tenant| Ok(TenantResolution::Unknown);
    let issuers = Issuers::builder()
        .clock(service.clock.clone())
        .tenants_with(limited, unknown)
        .tenants("https://{tenant}.test", resolve)
        .build()
        .unwrap();
    let statuses = [401, 503, 503];
    for status in statuses {
        assert_eq!(
            verify_token(&issuers, &service.token("acme")).await.unwrap_err().status(),
            status
        );
    }
    assert!(verify_token(&issuers, &other.token().audience(API).mint()).await.is_ok());
}

#[cfg(feature = "tracing")]
#[tokio::test(start_paused = true)]
async fn a_flood_is_logged_once_per_minute_with_a_count() {
    use tracing::Level;

    use crate::telemetry::capture::Capture;

    let service = LoginService::new();
    let issuers = service.issuers(TenantPattern::new(PATTERN).max_per_minute(1));
    let app = crate::support::whoami();
    let app = app.layer(portcullis::AuthenticateLayer::bearer(issuers));
    let (capture, _guard) = Capture::start();
    for minute in 0..3 {
        for number in 0..100 {
            let token = service.token(&format!("invented-{minute}-{number}"));
            let request = crate::support::with_token(&token);
            assert_eq!(crate::support::send(&app, request).await.status, 503);
        }
        let lines = capture.take().into_iter();
        let warnings = lines.filter(|line| line.level <= Level::WARN);
        let (limited, others): (Vec<_>, Vec<_>) =
            warnings.partition(|line| line.text.contains("without a verified token"));
        // The fetch for the tenant that was resolved fails, so its token can't be verified.
        assert!(others.len() <= 2, "{others:#?}");
        let [line] = &limited[..] else { panic!("{limited:#?}") };
        assert!(line.text.contains(&format!("issuer=\"{PATTERN}\"")), "{line:?}");
        let suppressed = if minute == 0 { "" } else { " suppressed=98" };
        assert!(line.text.contains(suppressed), "{line:?}");
        service.clock.advance(seconds(60));
    }
}
