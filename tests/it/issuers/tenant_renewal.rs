//! Tenants with a verified token, which are resolved again while they are used.

use std::sync::{Arc, Mutex};

use portcullis::{
    Algorithm, Clock, Error, ErrorKind, Issuers, JwtVerifier,
    error::TokenFault,
    issuers::{Tenant, TenantPattern, TenantResolution},
    testing::{TestClock, TestIssuer},
};
use tokio::sync::Semaphore;

use crate::support::{
    API,
    outcome::{
        ACCEPTED, DAY, Outcome, UNAVAILABLE, immediate_outcome, outcome, pass, run_until_idle,
        seconds,
    },
};

const ISSUER: &str = "https://login.test/acme";
const PATTERN: &str = "https://login.test/{tenant}";
const UNTRUSTED: Outcome = Err(ErrorKind::InvalidToken(TokenFault::Issuer));
const AUDIENCE: Outcome = Err(ErrorKind::InvalidToken(TokenFault::Audience));

type Answer = Result<TenantResolution, Error>;

/// A service whose only tenant is resolved as the test configures.
struct Service {
    issuer: TestIssuer,
    issuers: Issuers,
    answer: Arc<Mutex<Box<dyn Fn() -> Answer + Send>>>,
    /// Whether the tenant was known, for each call of the resolver.
    calls: Arc<Mutex<Vec<bool>>>,
    /// Calls of the resolver wait for a permit.
    gate: Arc<Semaphore>,
}

impl Service {
    fn new(configure: impl FnOnce(TenantPattern) -> TenantPattern) -> Self {
        let issuer = TestIssuer::named(ISSUER);
        issuer.publish(Algorithm::Es256);
        let built = verifier(&issuer, API);
        let answer: Box<dyn Fn() -> Answer + Send> =
            Box::new(move || Ok(TenantResolution::Use(built.clone())));
        let answer = Arc::new(Mutex::new(answer));
        let calls = Arc::<Mutex<Vec<_>>>::default();
        let gate = Arc::new(Semaphore::new(1_000_000));
        let resolve = {
            let (answer, calls, gate) =
                (Arc::clone(&answer), Arc::clone(&calls), Arc::clone(&gate));
            move |tenant: Tenant| {
                calls.lock().unwrap().push(tenant.is_known());
                let (answer, gate) = (Arc::clone(&answer), Arc::clone(&gate));
                async move {
                    gate.acquire().await.unwrap().forget();
                    let answer = answer.lock().unwrap();
                    answer()
                }
            }
        };
        let pattern = configure(TenantPattern::new(PATTERN));
        let issuers = Issuers::builder().clock(issuer.clock()).tenants_with(pattern, resolve);
        Self { issuer, issuers: issuers.build().unwrap(), answer, calls, gate }
    }

    /// A service whose tenant has a verified token, which is returned.
    async fn verified() -> (Self, String) {
        let service = Self::new(|pattern| pattern);
        let token = service.token();
        assert_eq!(service.outcome(&token).await, ACCEPTED);
        assert_eq!(service.calls(), [false]);
        (service, token)
    }

    fn token(&self) -> String {
        self.issuer.token().audience(API).expires_in(60 * DAY).mint()
    }

    async fn outcome(&self, token: &str) -> Outcome {
        outcome(&self.issuers, token).await
    }

    fn at_once(&self, token: &str) -> Option<Outcome> {
        immediate_outcome(&self.issuers, token)
    }

    fn clock(&self) -> TestClock {
        self.issuer.clock()
    }

    fn answers(&self, answer: impl Fn() -> Answer + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    fn calls(&self) -> Vec<bool> {
        self.calls.lock().unwrap().clone()
    }

    /// From now on, calls of the resolver hang.
    fn close(&self) {
        self.gate.forget_permits(1_000_000);
    }

    fn open(&self) {
        self.gate.add_permits(1_000_000);
    }
}

fn verifier(issuer: &TestIssuer, audience: &str) -> JwtVerifier {
    issuer.verifier().audience(audience).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_renewed_once_a_minute_in_the_background() {
    let (service, cached) = Service::verified().await;
    for second in 1..=600 {
        service.clock().advance(seconds(1));
        for token in [&cached, &service.token()] {
            assert_eq!(service.at_once(token), Some(ACCEPTED), "after {second} s");
        }
        run_until_idle().await;
        assert_eq!(service.calls().len(), 1 + second / 60, "after {second} s");
    }
    assert!(service.calls()[1..].iter().all(|is_known| *is_known));
    assert_eq!(service.issuer.requests_to("/acme/jwks"), 2, "its keys were kept");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_requests_at_once_resolve_a_tenant_once() {
    let (service, cached) = Service::verified().await;
    service.close();
    service.clock().advance(seconds(60));
    for _ in 0..100 {
        assert_eq!(service.at_once(&cached), Some(ACCEPTED));
        assert_eq!(service.at_once(&service.token()), Some(ACCEPTED));
    }
    run_until_idle().await;
    assert_eq!(service.calls(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tenant_and_its_cached_tokens_end_within_a_minute() {
    for verdict_of in [Ok(()), Err(Error::from(TokenFault::Rejected)), Err(Error::access_denied())]
    {
        let (service, cached) = Service::verified().await;
        service.answers(move || verdict_of.clone().map(|()| TenantResolution::Unknown));
        let mut rejected_after = None;
        for second in 1..=70 {
            service.clock().advance(seconds(1));
            let outcome = service.outcome(&cached).await;
            if outcome != ACCEPTED {
                rejected_after = rejected_after.or(Some(second));
                assert_ne!(service.outcome(&service.token()).await, ACCEPTED);
            }
            run_until_idle().await;
        }
        assert_eq!(rejected_after, Some(61));
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_tenant_is_renewed_before_its_next_token_is_accepted() {
    let (service, cached) = Service::verified().await;
    service.clock().advance(30 * DAY);
    assert_eq!(service.outcome(&cached).await, ACCEPTED);
    assert_eq!(service.calls().len(), 2);
    service.answers(|| Ok(TenantResolution::Unknown));
    service.clock().advance(2 * DAY);
    assert_eq!(service.outcome(&cached).await, UNTRUSTED, "the first one");
    assert_eq!(service.calls().len(), 3, "once is enough");
    assert_eq!(service.outcome(&cached).await, UNTRUSTED);
}

#[tokio::test(start_paused = true)]
async fn an_idle_tenant_waits_one_second_per_minute_for_the_resolver() {
    let (service, cached) = Service::verified().await;
    service.close();
    for hour in 1..=3 {
        pass(&service.clock(), seconds(3600)).await;
        let started = tokio::time::Instant::now();
        assert_eq!(service.outcome(&cached).await, ACCEPTED);
        assert_eq!(started.elapsed(), seconds(1));
        for _ in 0..100 {
            assert_eq!(service.at_once(&cached), Some(ACCEPTED));
        }
        // The call is aborted meanwhile.
        tokio::time::sleep(seconds(20)).await;
        assert_eq!(service.calls().len(), 1 + hour);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_resolver_keeps_tenants_for_the_outage_tolerance() {
    for (tolerance, days) in [(None, 1), (Some(3 * DAY), 3)] {
        let service = Service::new(|pattern| match tolerance {
            Some(tolerance) => pattern.outage_tolerance(tolerance),
            None => pattern,
        });
        let cached = service.token();
        assert_eq!(service.outcome(&cached).await, ACCEPTED);
        service.answers(|| Err(Error::unavailable("the directory is down")));
        for minute in 1..days * 24 * 60 {
            service.clock().advance(seconds(60));
            assert_eq!(service.outcome(&cached).await, ACCEPTED, "after {minute} min");
            run_until_idle().await;
            assert!(service.calls().len() <= 1 + minute, "after {minute} min");
        }
        service.clock().advance(seconds(60));
        assert_eq!(service.outcome(&cached).await, UNAVAILABLE, "the outage takes too long");
        assert_eq!(service.outcome(&service.token()).await, UNAVAILABLE);

        let built = verifier(&service.issuer, API);
        service.answers(move || Ok(TenantResolution::Use(built.clone())));
        service.clock().advance(seconds(60));
        assert_eq!(service.outcome(&cached).await, ACCEPTED);
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_panics_or_hangs_is_one_that_fails() {
    let (service, cached) = Service::verified().await;
    service.answers(|| panic!("a bug of the resolver"));
    for _ in 0..10 {
        service.clock().advance(seconds(60));
        assert_eq!(service.outcome(&cached).await, ACCEPTED);
        run_until_idle().await;
        // The mutex of the resolution is poisoned from now on, so each call panics.
    }
    assert!(service.calls().len() > 5);
    service.close();
    for _ in 0..10 {
        pass(&service.clock(), seconds(60)).await;
        assert_eq!(service.outcome(&cached).await, ACCEPTED);
    }
}

#[tokio::test(start_paused = true)]
async fn only_replace_replaces_the_verifier_of_a_tenant() {
    let (service, cached) = Service::verified().await;
    let (issuer, other) = (service.issuer.clone(), "https://other.example");
    let resolved: [(fn(JwtVerifier) -> TenantResolution, bool); 3] = [
        (|_| TenantResolution::Keep, false),
        (TenantResolution::Use, false),
        (TenantResolution::Replace, true),
    ];
    for (resolution, is_replaced) in resolved {
        let built = verifier(&issuer, other);
        service.answers(move || Ok(resolution(built.clone())));
        service.clock().advance(seconds(60));
        assert_eq!(service.outcome(&cached).await, ACCEPTED, "it doesn't wait");
        run_until_idle().await;
        let expected = if is_replaced { AUDIENCE } else { ACCEPTED };
        assert_eq!(service.outcome(&cached).await, expected);
        assert_eq!(service.outcome(&service.token()).await, expected);
    }
    let token = issuer.token().audience(other).mint();
    assert_eq!(service.outcome(&token).await, ACCEPTED);
    assert_eq!(service.calls().len(), 4, "a replaced tenant is a verified one");
}

#[tokio::test(start_paused = true)]
async fn invalid_resolutions_are_errors_and_keep_the_tenant() {
    let service = Service::new(|pattern| pattern);
    service.answers(|| Ok(TenantResolution::Keep));
    let misconfigured = Err(ErrorKind::Misconfigured);
    assert_eq!(service.outcome(&service.token()).await, misconfigured);

    let (service, cached) = Service::verified().await;
    let other = verifier(&TestIssuer::named("https://login.test/other"), API);
    service.answers(move || Ok(TenantResolution::Replace(other.clone())));
    for _ in 0..3 {
        service.clock().advance(seconds(60));
        assert_eq!(service.outcome(&cached).await, ACCEPTED, "a resolver that fails");
        run_until_idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_tenant_is_rejected_and_resolved_when_it_returns() {
    let (service, cached) = Service::verified().await;
    let built = verifier(&service.issuer, API);
    service.answers(|| Ok(TenantResolution::Unknown));
    assert_eq!(service.outcome(&cached).await, ACCEPTED);
    service.issuers.forget_tenant("https://login.test/other");
    service.issuers.forget_tenant("acme");
    assert_eq!(service.outcome(&cached).await, ACCEPTED);
    service.issuers.forget_tenant(ISSUER);
    assert_eq!(service.outcome(&cached).await, UNTRUSTED);
    assert_eq!(service.outcome(&service.token()).await, UNTRUSTED);
    service.issuers.forget_tenant(ISSUER);

    service.answers(move || Ok(TenantResolution::Use(built.clone())));
    assert_eq!(service.outcome(&cached).await, ACCEPTED);
    assert_eq!(service.calls(), [false; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_forgotten_while_its_request_waits_for_keys() {
    for is_verified in [false, true] {
        let service = Service::new(|pattern| pattern);
        let cached = service.token();
        if is_verified {
            assert_eq!(service.outcome(&cached).await, ACCEPTED);
            service.issuer.rotate_keys(true);
        }
        // Waits for a fetch, and holds on to the tenant.
        service.issuer.fail(portcullis::testing::Fault::Hang);
        let (issuers, token) = (service.issuers.clone(), service.token());
        let waiting = tokio::spawn(async move { outcome(&issuers, &token).await });
        run_until_idle().await;
        assert!(!waiting.is_finished());

        service.issuers.forget_tenant(ISSUER);
        service.answers(|| Ok(TenantResolution::Unknown));
        assert_eq!(service.outcome(&cached).await, UNTRUSTED);
        assert_eq!(waiting.await.unwrap(), UNAVAILABLE);
        assert_eq!(service.outcome(&cached).await, UNTRUSTED);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_in_progress_does_not_restore_a_forgotten_tenant() {
    // Forgotten while the resolver is asked.
    let service = Service::new(|pattern| pattern);
    service.close();
    let (issuers, token) = (service.issuers.clone(), service.token());
    let waiting = tokio::spawn({
        let token = token.clone();
        async move { outcome(&issuers, &token).await }
    });
    run_until_idle().await;
    service.issuers.forget_tenant(ISSUER);
    service.open();
    // The tenant was resolved before.
    assert_eq!(waiting.await.unwrap(), ACCEPTED);
    service.answers(|| Ok(TenantResolution::Unknown));
    assert_eq!(
        service.outcome(&token).await,
        UNTRUSTED,
        "neither the tenant nor its token is cached"
    );

    // Forgotten while it is resolved again.
    let (service, cached) = Service::verified().await;
    service.close();
    service.clock().advance(seconds(60));
    assert_eq!(service.outcome(&cached).await, ACCEPTED);
    run_until_idle().await;
    assert_eq!(service.calls().len(), 2);
    service.issuers.forget_tenant(ISSUER);
    service.open();
    run_until_idle().await;
    service.answers(|| Ok(TenantResolution::Unknown));
    assert_eq!(service.outcome(&cached).await, UNTRUSTED);
}

#[tokio::test(start_paused = true)]
async fn a_resolver_may_forget_its_tenant() {
    let (service, cached) = Service::verified().await;
    let issuers = service.issuers.clone();
    service.answers(move || {
        issuers.forget_tenant(ISSUER);
        Ok(TenantResolution::Keep)
    });
    service.clock().advance(seconds(60));
    assert_eq!(service.outcome(&cached).await, ACCEPTED);
    run_until_idle().await;
    assert_eq!(service.outcome(&cached).await, Err(ErrorKind::Misconfigured), "a new tenant");
    // The resolver holds on to the issuers.
    service.answers(|| Ok(TenantResolution::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_retained_verifier_accepts_no_token_of_a_forgotten_tenant() {
    let issuer = TestIssuer::named(ISSUER);
    issuer.publish(Algorithm::Es256);
    let (built, known) = (verifier(&issuer, API), Arc::new(Mutex::new(true)));
    let (resolver, is_known) = (built.clone(), Arc::clone(&known));
    let resolve = move |_: Tenant| {
        let verifier = is_known.lock().unwrap().then(|| resolver.clone());
        async { Ok(verifier) }
    };
    let issuers = Issuers::builder().tenants(PATTERN, resolve).build().unwrap();
    let token = issuer.token().audience(API).mint();
    assert_eq!(outcome(&issuers, &token).await, ACCEPTED);
    *known.lock().unwrap() = false;
    issuers.forget_tenant(ISSUER);
    assert_eq!(outcome(&issuers, &token).await, UNTRUSTED);
    assert_eq!(outcome(&built, &token).await, ACCEPTED, "by itself it goes on");
}

#[tokio::test(start_paused = true)]
async fn an_unverified_tenant_is_also_renewed_after_a_minute() {
    let service = Service::new(|pattern| pattern);
    let stranger = TestIssuer::named(ISSUER);
    stranger.clock().set(service.clock().now());
    let forged = stranger.token().audience(API).expires_in(DAY).mint();
    let invalid = Err(ErrorKind::InvalidToken(TokenFault::Signature));
    assert_eq!(service.outcome(&forged).await, invalid);
    service.answers(|| Ok(TenantResolution::Unknown));
    service.clock().advance(seconds(60));
    assert_eq!(service.outcome(&service.token()).await, UNTRUSTED);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_turned_back_has_a_tenant_resolved_again() {
    let (service, cached) = Service::verified().await;
    let now = service.clock().now();
    service.clock().set(now - seconds(3600));
    // The token is not yet valid by that clock, but for the leeway.
    let token = service.token();
    assert_eq!(service.outcome(&token).await, ACCEPTED);
    run_until_idle().await;
    assert_eq!(service.calls().len(), 2);
    drop(cached);
}

#[cfg(feature = "tracing")]
#[tokio::test(start_paused = true)]
async fn a_failing_resolver_is_logged_once_a_minute_for_all_tenants() {
    use tracing::Level;

    use crate::telemetry::capture::Capture;

    let (service, cached) = Service::verified().await;
    service.answers(|| Err(Error::unavailable("the directory is down")));
    let (capture, _guard) = Capture::start();
    for _ in 0..3 {
        service.clock().advance(seconds(60));
        assert_eq!(service.outcome(&cached).await, ACCEPTED);
        run_until_idle().await;
        let mut lines = capture.take();
        lines.retain(|line| line.level <= Level::WARN);
        let [line] = &lines[..] else { panic!("{lines:#?}") };
        for part in ["could not resolve a tenant again", "the directory is down", ISSUER] {
            assert!(line.text.contains(part), "{part}: {line:?}");
        }
    }
}
