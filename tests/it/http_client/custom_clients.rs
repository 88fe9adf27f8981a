//! Custom HTTP clients.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use portcullis::{
    JwtVerifier,
    http_client::{HttpClient, HttpError, ReqwestClient, ServiceClient},
    testing::{TestClient, TestIssuer},
};
use tower::{ServiceBuilder, service_fn};

use crate::support::{
    API,
    host::{Host, Reply},
    outcome::{ACCEPTED, UNAVAILABLE, outcome},
};

const LIMIT: usize = 256 * 1024;

fn verifier(issuer: &TestIssuer, client: impl HttpClient) -> JwtVerifier {
    issuer.verifier().http_client(client).audience(API).build().unwrap()
}

/// An endless body of equal chunks, which counts the chunks that were read.
struct Endless {
    chunk: Bytes,
    read: Arc<AtomicUsize>,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.read.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_only_up_to_its_size_limit() {
    for chunk in [1024, 64 * 1024, LIMIT, LIMIT + 1] {
        let read = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&read);
        let client = ServiceClient::new(service_fn(move |_: Request<Full<Bytes>>| {
            let body = Endless { chunk: vec![b' '; chunk].into(), read: Arc::clone(&count) };
            async move { Ok::<_, Infallible>(Response::new(body)) }
        }));
        let request = Request::get("https://issuer.test/jwks").body(Vec::new()).unwrap();
        let error = client.send(request, LIMIT).await.unwrap_err();
        assert!(matches!(error, HttpError::BodyTooLarge { max: LIMIT }), "{error}");
        assert_eq!(read.load(Ordering::SeqCst), LIMIT / chunk + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_size_limit_applies_even_if_the_client_ignores_it() {
    #[derive(Debug)]
    struct Unlimited(TestClient);
    impl HttpClient for Unlimited {
        fn send(
            &self,
            request: Request<Vec<u8>>,
            _: usize,
        ) -> portcullis::http_client::HttpResponseFuture {
            self.0.send(request, usize::MAX)
        }
    }
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).mint();
    for (length, expected) in [(LIMIT, ACCEPTED), (LIMIT + 1, UNAVAILABLE)] {
        let mut set = issuer.jwk_set().into_bytes();
        set.resize(length, b' ');
        let client = Unlimited(TestClient::new(move |_| {
            let set = set.clone();
            async move { Ok(Response::new(set)) }
        }));
        let verifier = issuer.verifier().http_client(client).jwks_uri(issuer.jwks_uri());
        let verifier = verifier.audience(API).build().unwrap();
        assert_eq!(outcome(&verifier, &token).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tower_service_is_polled_ready_before_each_request() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).mint();
    let client = issuer.http_client();
    let service = service_fn(move |request: Request<Full<Bytes>>| {
        let client = client.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap_or_else(|never| match never {}).to_bytes();
            let request = Request::from_parts(head, body.to_vec());
            client.send(request, usize::MAX).await.map(|response| response.map(Full::<Bytes>::from))
        }
    });
    // This layer panics if it is called before it was polled ready.
    let service = ServiceBuilder::new().concurrency_limit(1).service(service);
    let verifier = verifier(&issuer, ServiceClient::new(service));
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_service_error_is_a_failed_fetch() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).mint();
    let client = ServiceClient::new(service_fn(async |_: Request<Full<Bytes>>| {
        Err::<Response<Full<Bytes>>, _>(io::Error::other("no route to host"))
    }));
    assert_eq!(outcome(&verifier(&issuer, client), &token).await, UNAVAILABLE);
}

#[tokio::test]
async fn a_custom_reqwest_client_can_be_used() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = issuer.token().audience(API).mint();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = ReqwestClient::from(client.build().unwrap());
    assert_eq!(outcome(&verifier(&issuer, client), &token).await, ACCEPTED);
}

#[tokio::test]
async fn keys_from_a_redirect_that_reqwest_followed_are_rejected() {
    let mut host = Host::down();
    let issuer = TestIssuer::named(host.url());
    let token = issuer.token().audience(API).mint();
    let target = Host::up(Reply::Issuer(issuer.clone()));
    let redirect =
        Response::builder().status(302).header("location", format!("{}/jwks", target.url()));
    let redirect = crate::support::host::wire_format(&redirect.body(Vec::new()).unwrap());
    host.start(Reply::Bytes(redirect.into()));
    // It follows redirects, as `reqwest` does by default.
    let client = ReqwestClient::from(reqwest::Client::new());
    let verifier = issuer.verifier().http_client(client).jwks_uri(issuer.jwks_uri());
    let verifier = verifier.audience(API).build().unwrap();
    assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
}
