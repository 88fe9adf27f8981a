//! HTTP clients of one's own.

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
    host::{Host, Talk},
    verdict::{ACCEPTED, UNAVAILABLE, verdict},
};

const LIMIT: usize = 256 * 1024;

fn verifier(issuer: &TestIssuer, client: impl HttpClient) -> JwtVerifier {
    issuer.verifier().http_client(client).audience(API).build().unwrap()
}

/// A body of equal chunks without an end, which counts those that were asked for.
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
async fn a_body_is_read_no_further_than_its_bound() {
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
async fn a_client_that_does_not_keep_to_the_bound_is_held_to_it() {
    #[derive(Debug)]
    struct Careless(TestClient);
    impl HttpClient for Careless {
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
        let client = Careless(TestClient::new(move |_| {
            let set = set.clone();
            async move { Ok(Response::new(set)) }
        }));
        let verifier = issuer.verifier().http_client(client).jwks_uri(issuer.jwks_uri());
        let verifier = verifier.audience(API).build().unwrap();
        assert_eq!(verdict(&verifier, &token).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn any_service_is_a_client_and_is_made_ready_first() {
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
    // This layer panics when it is called without being ready.
    let service = ServiceBuilder::new().concurrency_limit(1).service(service);
    let verifier = verifier(&issuer, ServiceClient::new(service));
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_is_a_failed_fetch() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).mint();
    let client = ServiceClient::new(service_fn(async |_: Request<Full<Bytes>>| {
        Err::<Response<Full<Bytes>>, _>(io::Error::other("no route to host"))
    }));
    assert_eq!(verdict(&verifier(&issuer, client), &token).await, UNAVAILABLE);
}

#[tokio::test]
async fn a_reqwest_client_of_ones_own_is_a_client() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = issuer.token().audience(API).mint();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = ReqwestClient::from(client.build().unwrap());
    assert_eq!(verdict(&verifier(&issuer, client), &token).await, ACCEPTED);
}

#[tokio::test]
async fn keys_that_a_reqwest_client_brings_from_where_it_was_redirected_are_not_taken() {
    let mut host = Host::down();
    let issuer = TestIssuer::named(host.url());
    let token = issuer.token().audience(API).mint();
    let elsewhere = Host::up(Talk::Issuer(issuer.clone()));
    let redirect =
        Response::builder().status(302).header("location", format!("{}/jwks", elsewhere.url()));
    let redirect = crate::support::host::wire_format(&redirect.body(Vec::new()).unwrap());
    host.start(Talk::Bytes(redirect.into()));
    // It follows redirects, as `reqwest` does by default.
    let client = ReqwestClient::from(reqwest::Client::new());
    let verifier = issuer.verifier().http_client(client).jwks_uri(issuer.jwks_uri());
    let verifier = verifier.audience(API).build().unwrap();
    assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE);
}
