//! A connection that is closed while a request is sent on it (RFC 9112 §9.3.1).

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response};
use portcullis::{
    IntrospectionVerifier, JwtVerifier,
    http_client::{HttpClient, HttpError, NewConnection, ReqwestClient},
    testing::{TestClient, TestIssuer},
};
use tokio::time::Instant;

use super::server::{Close, Server, as_issuer};
use crate::support::{
    API,
    outcome::{ACCEPTED, UNAVAILABLE, outcome, seconds},
};

fn active(_path: &str) -> Response<Vec<u8>> {
    let body = format!(r#"{{"active":true,"aud":"{API}"}}"#).into_bytes();
    Response::builder().header("content-type", "application/json").body(body).unwrap()
}

fn introspection(server: &Server) -> IntrospectionVerifier {
    IntrospectionVerifier::builder(format!("{}/introspect", server.url()))
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .build()
        .unwrap()
}

#[tokio::test]
async fn closed_idle_connections_do_not_cause_503() {
    let idle = Duration::from_millis(20);
    let server = Server::start(Close::AfterIdle(idle), active).await;
    let verifier = introspection(&server);
    for token in 0..50_u32 {
        // Around the time when the server closes the connection.
        let start = std::time::Instant::now();
        assert_eq!(outcome(&verifier, &format!("opaque{token}")).await, ACCEPTED, "{token}");
        let pause = idle + Duration::from_micros(100 * u64::from(token % 10));
        tokio::time::sleep(pause.saturating_sub(start.elapsed())).await;
    }
}

#[tokio::test]
async fn a_request_is_sent_again_if_its_connection_is_closed_on_reuse() {
    for close in [Close::OnReuse, Close::OnReuseWithReset] {
        let server = Server::start(close, active).await;
        let verifier = introspection(&server);
        for token in 0..6 {
            assert_eq!(outcome(&verifier, &format!("opaque{token}")).await, ACCEPTED, "{close:?}");
        }
        // Tokens 2, 4 and 6 find a connection of the pool closed, and get a new one.
        assert_eq!((server.connections(), server.requests()), (6, 9), "{close:?}");
    }
}

#[tokio::test]
async fn requests_for_metadata_and_keys_are_sent_again_too() {
    for close in [Close::OnReuse, Close::OnReuseWithReset] {
        let names = Arc::new(Mutex::new(None::<TestIssuer>));
        let respond = {
            let names = Arc::clone(&names);
            move |path: &str| as_issuer(names.lock().unwrap().clone().unwrap())(path)
        };
        let server = Server::start(close, respond).await;
        let issuer = TestIssuer::named(server.url());
        *names.lock().unwrap() = Some(issuer.clone());
        let token = issuer.token().audience(API).mint();
        let verifier = JwtVerifier::builder(server.url()).audience(API).clock(issuer.clock());
        assert_eq!(outcome(&verifier.build().unwrap(), &token).await, ACCEPTED, "{close:?}");
        // The metadata, the keys on the same connection, and the keys again.
        assert_eq!((server.connections(), server.requests()), (2, 3), "{close:?}");
    }
}

#[tokio::test]
async fn a_request_is_sent_again_only_once() {
    let server = Server::start(Close::OnEveryRequest, active).await;
    assert_eq!(outcome(&introspection(&server), "opaque").await, UNAVAILABLE);
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_request_without_a_response_is_not_sent_again() {
    let server = Server::start(Close::Never, active).await;
    let verifier = introspection(&server);
    let waiting = tokio::spawn(async move { outcome(&verifier, "opaque").await });
    while server.requests() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    assert_eq!(waiting.await.unwrap(), UNAVAILABLE);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_connection_is_closed_after_20_seconds_without_a_request() {
    let server = Server::start(Close::AfterIdle(seconds(3600)), active).await;
    let verifier = introspection(&server);
    for (token, idle, connections) in [("one", 0, 1), ("two", 19, 1), ("three", 21, 2)] {
        tokio::time::pause();
        tokio::time::sleep(seconds(idle)).await;
        tokio::time::resume();
        assert_eq!(outcome(&verifier, token).await, ACCEPTED);
        assert_eq!(server.connections(), connections, "{token}");
    }
}

#[tokio::test]
async fn a_request_that_cannot_connect_is_not_sent_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let request = Request::get(format!("http://127.0.0.1:{port}/jwks")).body(Vec::new()).unwrap();
    let error = ReqwestClient::new().send(request, 1024).await.unwrap_err();
    assert!(matches!(error, HttpError::Transport(_)), "{error:?}");
}

/// A client that records whether each request asks for a new connection, and fails according to `outcomes`.
fn scripted(
    outcomes: impl IntoIterator<Item = Result<Response<Vec<u8>>, HttpError>>,
) -> (TestClient, Arc<Mutex<Vec<bool>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&sent);
    let outcomes: Vec<_> = outcomes.into_iter().collect();
    let outcomes = Arc::new(Mutex::new(outcomes.into_iter()));
    let client = TestClient::new(move |request: Request<Vec<u8>>| {
        notes.lock().unwrap().push(NewConnection::is_requested(&request));
        let outcome = outcomes.lock().unwrap().next().expect("a request that was expected");
        async move { outcome }
    });
    (client, sent)
}

fn asking(client: TestClient) -> IntrospectionVerifier {
    IntrospectionVerifier::builder("https://as.example/introspect")
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .http_client(client)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_request_of_a_custom_client_is_sent_again_with_a_mark() {
    let closed = || Err(HttpError::connection_closed("closed"));
    for (outcomes, expected, marks) in [
        (vec![Ok(active("/"))], ACCEPTED, &[false][..]),
        (vec![closed(), Ok(active("/"))], ACCEPTED, &[false, true]),
        (vec![closed(), closed()], UNAVAILABLE, &[false, true]),
        (vec![Err(HttpError::transport("no route"))], UNAVAILABLE, &[false]),
        (vec![closed(), Err(HttpError::transport("no route"))], UNAVAILABLE, &[false, true]),
    ] {
        let (client, sent) = scripted(outcomes);
        assert_eq!(outcome(&asking(client), "opaque").await, expected);
        assert_eq!(*sent.lock().unwrap(), marks);
    }
}

#[tokio::test(start_paused = true)]
async fn both_attempts_share_one_time_limit() {
    let client = TestClient::new(|request: Request<Vec<u8>>| async move {
        if !NewConnection::is_requested(&request) {
            tokio::time::sleep(seconds(4)).await;
            return Err(HttpError::connection_closed("closed"));
        }
        std::future::pending().await
    });
    let start = Instant::now();
    assert_eq!(outcome(&asking(client), "opaque").await, UNAVAILABLE);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[cfg(feature = "http-body")]
#[tokio::test]
async fn a_service_client_reports_closed_connections_of_hyper() {
    use bytes::Bytes;
    use http_body_util::Full;
    use portcullis::http_client::ServiceClient;

    for close in [Close::OnReuse, Close::OnReuseWithReset, Close::OnEveryRequest] {
        let server = Server::start(close, active).await;
        let pool = reqwest::Client::builder().no_proxy().build().unwrap();
        let client = ServiceClient::new(tower::service_fn(move |request: Request<Full<Bytes>>| {
            let pool = pool.clone();
            async move {
                let response = pool.execute(request.map(reqwest::Body::wrap).try_into()?).await?;
                Ok::<_, reqwest::Error>(Response::<reqwest::Body>::from(response))
            }
        }));
        let mut outcomes = Vec::new();
        for _ in 0..2 {
            let request = Request::get(format!("{}/jwks", server.url())).body(Vec::new()).unwrap();
            outcomes.push(client.send(request, 1024).await);
        }
        assert!(matches!(outcomes.pop(), Some(Err(HttpError::ConnectionClosed(_)))), "{close:?}");
    }
}
