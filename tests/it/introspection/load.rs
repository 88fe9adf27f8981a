//! Introspection under load: random tokens use up neither the permits of known tokens nor those of new ones.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Response;
use portcullis::{
    Error, ErrorKind, IntrospectionVerifier,
    error::TokenFault,
    introspection::{ClientGiven, IntrospectionVerifierBuilder},
    jwt::AudienceMissing,
    testing::{TestClient, TestClock},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::support::outcome::verify_token;

/// An endpoint that takes `latency` for each response, and reports a token as active if it begins with `valid`.
#[derive(Clone, Default)]
struct SlowEndpoint(Arc<Counts>);

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
    tokens: Mutex<Vec<String>>,
}

impl SlowEndpoint {
    fn client(&self, latency: Duration) -> TestClient {
        let counts = Arc::clone(&self.0);
        TestClient::new(move |request| {
            let counts = Arc::clone(&counts);
            async move {
                let body = String::from_utf8(request.into_body()).unwrap();
                let token = body.split(['=', '&']).nth(1).unwrap().to_owned();
                let is_active = token.starts_with("valid");
                counts.tokens.lock().unwrap().push(token);
                counts.requests.fetch_add(1, Ordering::Relaxed);
                let running = counts.running.fetch_add(1, Ordering::Relaxed) + 1;
                counts.most_running.fetch_max(running, Ordering::Relaxed);
                sleep(latency).await;
                counts.running.fetch_sub(1, Ordering::Relaxed);
                let response = Response::builder().header("content-type", "application/json");
                let body = format!(r#"{{"active":{is_active},"sub":"alice"}}"#);
                Ok(response.body(body.into_bytes()).unwrap())
            }
        })
    }

    fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Relaxed)
    }

    fn most_running(&self) -> usize {
        self.0.most_running.load(Ordering::Relaxed)
    }
}

/// A builder for a verifier that introspects a token at each request.
fn verifier(
    endpoint: &SlowEndpoint,
    latency: Duration,
) -> IntrospectionVerifierBuilder<ClientGiven, AudienceMissing> {
    IntrospectionVerifier::builder("https://as.example/introspect")
        .client_secret_basic("orders-api", "s3cret")
        .http_client(endpoint.client(latency))
        .cache_for(Duration::ZERO)
}

/// Starts clients that send one random token after another, until the test ends.
fn flood(verifier: &IntrospectionVerifier, clients: usize) {
    for client in 0..clients {
        let verifier = verifier.clone();
        tokio::spawn(async move {
            for n in 0_u64.. {
                let error =
                    verify_token(&verifier, &format!("random.{client}.{n}")).await.unwrap_err();
                if error.kind() == ErrorKind::Unavailable {
                    // Like a client that follows `Retry-After`.
                    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
                    sleep(Duration::from_secs(1)).await;
                }
            }
        });
    }
}

/// Sends these tokens, one every 10 ms, and returns how many were rejected.
async fn rejected(
    verifier: &IntrospectionVerifier,
    tokens: impl Iterator<Item = String>,
) -> Vec<ErrorKind> {
    let mut requests = JoinSet::new();
    for token in tokens {
        let verifier = verifier.clone();
        requests.spawn(async move { verify_token(&verifier, &token).await.err() });
        sleep(Duration::from_millis(10)).await;
    }
    requests.join_all().await.into_iter().flatten().map(|error: Error| error.kind()).collect()
}

#[tokio::test(start_paused = true)]
async fn random_tokens_of_150_clients_displace_no_valid_token() {
    for latency in [500, 2000].map(Duration::from_millis) {
        let endpoint = SlowEndpoint::default();
        let verifier = verifier(&endpoint, latency).without_audience().build().unwrap();
        let known = || (0..100).map(|n| format!("valid.known.{n}"));
        assert_eq!(rejected(&verifier, known()).await, []);
        flood(&verifier, 150);
        sleep(latency).await;
        assert_eq!(rejected(&verifier, known()).await, [], "{latency:?}");
        let new = (0..50).map(|n| format!("valid.new.{n}"));
        assert_eq!(rejected(&verifier, new).await, [], "{latency:?}");
        assert!(endpoint.most_running() <= 100, "{}", endpoint.most_running());
    }
}

#[tokio::test(start_paused = true)]
async fn a_recently_active_token_does_not_wait_for_made_up_ones() {
    let latency = Duration::from_secs(1);
    let endpoint = SlowEndpoint::default();
    let verifier = verifier(&endpoint, latency).without_audience().build().unwrap();
    assert!(verify_token(&verifier, "valid.known").await.is_ok());
    flood(&verifier, 1200);
    sleep(latency).await;
    for _ in 0..3 {
        let started = Instant::now();
        assert!(verify_token(&verifier, "valid.known").await.is_ok());
        assert_eq!(started.elapsed(), latency);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_recently_active_ten_minutes_after_its_cache_entry() {
    let clock = TestClock::new();
    for (minutes, kind) in [(10, None), (11, Some(ErrorKind::Unavailable))] {
        let endpoint = SlowEndpoint::default();
        let verifier = verifier(&endpoint, Duration::from_secs(3))
            .without_audience()
            .cache_for(Duration::from_secs(60))
            .clock(clock.clone())
            .max_concurrent(4)
            .queue_timeout(Duration::ZERO)
            .build()
            .unwrap();
        assert!(verify_token(&verifier, "valid").await.is_ok());
        clock.advance(Duration::from_secs(minutes * 60 + 30));
        flood(&verifier, 3);
        sleep(Duration::from_secs(1)).await;
        let result = verify_token(&verifier, "valid").await;
        assert_eq!(result.err().map(|error| error.kind()), kind, "{minutes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_became_inactive_is_no_longer_recently_active() {
    let is_active = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let client = {
        let is_active = Arc::clone(&is_active);
        TestClient::new(move |_| {
            let body = format!(r#"{{"active":{}}}"#, is_active.load(Ordering::Relaxed));
            async move {
                sleep(Duration::from_secs(1)).await;
                Ok(Response::new(body.into_bytes()))
            }
        })
    };
    let verifier = verifier(&SlowEndpoint::default(), Duration::ZERO)
        .without_audience()
        .http_client(client)
        .negative_cache_for(Duration::ZERO)
        .max_concurrent(4)
        .queue_timeout(Duration::ZERO)
        .build()
        .unwrap();
    assert!(verify_token(&verifier, "t").await.is_ok());
    is_active.store(false, Ordering::Relaxed);
    let inactive = ErrorKind::from(TokenFault::Inactive);
    assert_eq!(verify_token(&verifier, "t").await.unwrap_err().kind(), inactive);
    flood(&verifier, 3);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(verify_token(&verifier, "t").await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn no_more_introspections_run_or_wait_than_configured() {
    let endpoint = SlowEndpoint::default();
    let verifier = verifier(&endpoint, Duration::from_secs(4)).without_audience();
    let verifier = verifier.max_concurrent(8).build().unwrap();
    let started = Instant::now();
    let requests: Vec<_> = (0..1100)
        .map(|n| {
            let verifier = verifier.clone();
            tokio::spawn(async move {
                let result = verify_token(&verifier, &format!("valid.{n}")).await;
                (result.is_ok(), started.elapsed().as_secs())
            })
        })
        .collect();
    let mut outcomes = std::collections::BTreeMap::new();
    for request in requests {
        *outcomes.entry(request.await.unwrap()).or_insert(0) += 1;
    }
    // Six run, 1,000 wait, and 94 are rejected at once. After four seconds six more run. After five seconds, those
    // that still wait are rejected.
    let expected = [((false, 0), 94), ((false, 5), 994), ((true, 4), 6), ((true, 8), 6)];
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!((endpoint.most_running(), endpoint.requests()), (6, 12));
}

#[tokio::test(start_paused = true)]
async fn requests_with_the_same_token_share_one_place_in_the_queue() {
    let endpoint = SlowEndpoint::default();
    let verifier = verifier(&endpoint, Duration::from_secs(1)).without_audience();
    let verifier = verifier.max_concurrent(1).build().unwrap();
    let mut requests = Vec::new();
    for token in ["valid.1", "valid.2", "valid.2", "valid.2"] {
        let verifier = verifier.clone();
        requests.push(tokio::spawn(async move { verify_token(&verifier, token).await.is_ok() }));
    }
    for request in requests {
        assert!(request.await.unwrap());
    }
    assert_eq!(*endpoint.0.tokens.lock().unwrap(), ["valid.1", "valid.2"]);
}

#[tokio::test(start_paused = true)]
async fn a_longer_queue_timeout_is_rejected_by_build() {
    let endpoint = SlowEndpoint::default();
    let verifier = verifier(&endpoint, Duration::ZERO).without_audience();
    let error = verifier.queue_timeout(Duration::from_secs(6)).build().unwrap_err();
    assert_eq!(error.to_string(), "queue_timeout `6s`: must be at most 5s");
}

#[cfg(feature = "tracing")]
mod log {
    use axum::Router;
    use portcullis::AuthenticateLayer;
    use tracing::Level;

    use super::*;
    use crate::{
        support::{send, whoami, with_token},
        telemetry::capture::{Capture, Line},
    };

    fn warnings(capture: &Capture) -> Vec<Line> {
        let mut lines = capture.take();
        lines.retain(|line| line.level <= Level::WARN);
        lines
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_logged_once_a_minute_with_a_count() {
        let endpoint = SlowEndpoint::default();
        let clock = TestClock::new();
        let verifier = verifier(&endpoint, Duration::from_secs(1))
            .without_audience()
            .max_concurrent(4)
            .queue_timeout(Duration::ZERO)
            .clock(clock.clone())
            .build()
            .unwrap();
        let app: Router = whoami().layer(AuthenticateLayer::bearer(verifier));
        let (capture, _guard) = Capture::start();
        let send_100 = async |name: &str| {
            let mut rejected = 0;
            let mut requests = JoinSet::new();
            for n in 0..100 {
                let (app, token) = (app.clone(), format!("{name}.{n}"));
                requests.spawn(async move { send(&app, with_token(&token)).await.status });
            }
            while let Some(status) = requests.join_next().await {
                rejected += usize::from(status.unwrap() == 503);
            }
            rejected
        };
        assert_eq!(send_100("a").await, 97);
        let lines = warnings(&capture);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert_eq!(lines[0].level, Level::WARN);
        for part in [
            "introspection failed",
            " endpoint=as.example",
            " failures=1",
            "4 introspections are running and 0 are waiting, which is the limit",
        ] {
            assert!(lines[0].text.contains(part), "{part}: {:?}", lines[0]);
        }
        clock.advance(Duration::from_secs(59));
        assert_eq!(send_100("b").await, 97);
        assert_eq!(warnings(&capture).len(), 0);
        clock.advance(Duration::from_secs(1));
        assert_eq!(send_100("c").await, 97);
        let lines = warnings(&capture);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        // The rest of both floods, and the first of this one.
        assert!(lines[0].text.contains(" failures=194"), "{:?}", lines[0]);
    }

    #[tokio::test]
    async fn an_outage_is_logged_once_a_minute_for_each_reason() {
        let (clock, status) = (TestClock::new(), Arc::new(AtomicUsize::new(500)));
        let client = {
            let status = Arc::clone(&status);
            TestClient::new(move |_| {
                let status = u16::try_from(status.load(Ordering::Relaxed)).unwrap();
                let response = Response::builder().status(status).body(Vec::new());
                async move { Ok(response.unwrap()) }
            })
        };
        let verifier = verifier(&SlowEndpoint::default(), Duration::ZERO)
            .without_audience()
            .http_client(client)
            .clock(clock.clone())
            .build()
            .unwrap();
        let app: Router = whoami().layer(AuthenticateLayer::bearer(verifier));
        let (capture, _guard) = Capture::start();
        for (status_now, level, source) in
            [(500, Level::WARN, "status 500"), (401, Level::ERROR, "status 401")]
        {
            status.store(status_now, Ordering::Relaxed);
            for n in 0..100 {
                send(&app, with_token(&format!("t{n}"))).await;
            }
            let lines = warnings(&capture);
            assert_eq!(lines.len(), 1, "{lines:#?}");
            assert_eq!(lines[0].level, level);
            assert!(lines[0].text.contains(source), "{:?}", lines[0]);
        }
        clock.advance(Duration::from_secs(60));
        for n in 0..100 {
            send(&app, with_token(&format!("t{n}"))).await;
        }
        let lines = warnings(&capture);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].text.contains(" failures=100"), "{:?}", lines[0]);
    }
}
