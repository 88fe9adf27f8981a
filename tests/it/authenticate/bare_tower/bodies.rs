//! Body types, and what passes through the layer unchanged.

use std::{convert::Infallible, io};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{
    BodyExt, Empty, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};
use portcullis::{
    AuthenticateLayer, Error, ErrorBody, RequireScopeLayer, Scope,
    response::{RejectionBody, ResponseBody},
};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use super::{TestVerifier, request, respond};

/// The rejections of a service with bodies of type `B`: one by the layer, one by a guard.
async fn rejections<B: RejectionBody + 'static>(inner: fn() -> B) -> [Response<B>; 2] {
    let inner =
        service_fn(
            move |_: Request<()>| async move { Ok::<_, Infallible>(Response::new(inner())) },
        );
    let service = ServiceBuilder::new()
        .layer(AuthenticateLayer::bearer(TestVerifier::Ready).error_body(ErrorBody::oauth()))
        .layer(RequireScopeLayer::new(Scope::from_static("write")))
        .service(inner);
    [
        service.clone().oneshot(request(None)).await.unwrap(),
        service.oneshot(request(Some("valid"))).await.unwrap(),
    ]
}

const BODIES: [&str; 2] = [
    r#"{"error_description":"Authentication required."}"#,
    r#"{"error":"insufficient_scope","error_description":"Token lacks the required scope."}"#,
];

fn statuses<B>(rejections: &[Response<B>; 2]) -> [u16; 2] {
    rejections.each_ref().map(|rejection| rejection.status().as_u16())
}

#[tokio::test]
async fn rejections_support_strings_and_bytes_as_bodies() {
    let texts = rejections(|| "in".to_owned()).await;
    assert_eq!(statuses(&texts), [401, 403]);
    assert_eq!(texts.map(Response::into_body), BODIES);

    let vecs = rejections(|| b"in".to_vec()).await;
    assert_eq!(statuses(&vecs), [401, 403]);
    assert_eq!(vecs.map(Response::into_body), BODIES.map(Vec::from));

    let bytes = rejections(|| Bytes::from("in")).await;
    assert_eq!(statuses(&bytes), [401, 403]);
    assert_eq!(bytes.map(Response::into_body), BODIES);
}

async fn read<B: http_body::Body<Data = Bytes>>(rejections: [Response<B>; 2]) -> [String; 2]
where
    B::Error: std::fmt::Debug,
{
    let [one, other] = rejections.map(|rejection| rejection.into_body().collect());
    let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    [text(one.await.unwrap().to_bytes()), text(other.await.unwrap().to_bytes())]
}

#[tokio::test]
async fn rejections_support_bodies_of_http_body_util_and_axum() {
    let full = rejections(|| Full::new(Bytes::from("in"))).await;
    assert_eq!(statuses(&full), [401, 403]);
    assert_eq!(read(full).await, BODIES);

    let boxed = rejections::<BoxBody<Bytes, io::Error>>(|| {
        Full::from("in").map_err(|never: Infallible| match never {}).boxed()
    });
    assert_eq!(read(boxed.await).await, BODIES);

    let unsync = rejections::<UnsyncBoxBody<Bytes, io::Error>>(|| {
        Full::from("in").map_err(|never: Infallible| match never {}).boxed_unsync()
    });
    assert_eq!(read(unsync.await).await, BODIES);

    assert_eq!(read(rejections(|| axum::body::Body::from("in")).await).await, BODIES);
}

#[tokio::test]
async fn response_body_wraps_any_other_body_type() {
    let wrapped = rejections(|| ResponseBody::inner(Empty::<Bytes>::new())).await;
    assert_eq!(statuses(&wrapped), [401, 403]);
    let hints =
        wrapped.each_ref().map(|rejection| http_body::Body::size_hint(rejection.body()).exact());
    assert_eq!(hints, BODIES.map(|body| Some(body.len() as u64)));
    assert_eq!(read(wrapped).await, BODIES);

    let inner = ResponseBody::inner(Full::new(Bytes::from("in")));
    assert!(!http_body::Body::is_end_stream(&inner));
    assert_eq!(inner.collect().await.unwrap().to_bytes(), "in");
}

/// A custom body type.
#[derive(Debug, PartialEq)]
struct Pages(Vec<Vec<u8>>);

impl RejectionBody for Pages {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(vec![bytes])
    }
}

#[tokio::test]
async fn a_custom_body_type_implements_one_method() {
    let pages = rejections(|| Pages(vec![])).await;
    assert_eq!(pages.map(Response::into_body), BODIES.map(|body| Pages(vec![body.into()])));
}

#[tokio::test]
async fn a_request_body_of_any_type_reaches_the_service() {
    struct Upload(Vec<u8>);
    let inner = service_fn(|request: Request<Upload>| async move {
        Ok::<_, Infallible>(Response::new(request.into_body().0))
    });
    for verifier in [TestVerifier::Ready, TestVerifier::Pending] {
        let service = AuthenticateLayer::bearer(verifier).layer(inner);
        let request = request(Some("valid")).map(|()| Upload(b"scan".to_vec()));
        assert_eq!(service.oneshot(request).await.unwrap().into_body(), b"scan", "{verifier:?}");
    }
}

#[tokio::test]
async fn service_errors_pass_through() {
    let inner = service_fn(async |_: Request<()>| {
        Err::<Response<String>, BoxError>("the disk is full".into())
    });
    for verifier in [TestVerifier::Ready, TestVerifier::Pending] {
        let service = ServiceBuilder::new()
            .layer(AuthenticateLayer::bearer(verifier))
            .layer(RequireScopeLayer::new(Scope::from_static("read")))
            .service(inner);
        let error = service.clone().oneshot(request(Some("valid"))).await.unwrap_err();
        assert_eq!(error.to_string(), "the disk is full", "{verifier:?}");
        assert_eq!(service.oneshot(request(Some("invalid"))).await.unwrap().status(), 401);
    }
}

#[tokio::test]
async fn clones_of_a_layer_are_configured_independently() {
    let plain = AuthenticateLayer::bearer(TestVerifier::Ready);
    let named = plain.clone().realm("orders");
    let mut service = named.layer(service_fn(respond));
    let anonymous = plain.clone().allow_anonymous().layer(service_fn(respond));
    let mut clone = service.clone();
    for (service, challenge) in
        [(&mut service, r#"Bearer realm="orders""#), (&mut clone, r#"Bearer realm="orders""#)]
    {
        let response = service.ready().await.unwrap().call(request(None)).await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], challenge);
    }
    let response = plain.layer(service_fn(respond)).oneshot(request(None)).await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], r#"Bearer realm="restricted""#);
    assert_eq!(anonymous.oneshot(request(None)).await.unwrap().into_body(), "in");
}

#[tokio::test]
async fn the_error_is_in_the_extensions_of_a_plain_response() {
    let service = AuthenticateLayer::bearer(TestVerifier::Pending).layer(service_fn(respond));
    let response = service.oneshot(request(Some("invalid"))).await.unwrap();
    let error = Error::from_extensions(response.extensions()).unwrap();
    assert_eq!(error.to_string(), "access token rejected: Token revoked.");
}

#[test]
fn services_and_futures_are_send() {
    fn assert_send<T: Send>(_: &T) {}
    let mut service = ServiceBuilder::new()
        .layer(AuthenticateLayer::bearer(TestVerifier::Pending))
        .layer(RequireScopeLayer::new(Scope::from_static("read")))
        .service(service_fn(respond));
    assert_send(&service);
    let future = service.call(request(Some("valid")));
    assert_send(&future);
    assert!(format!("{future:?}").starts_with("ResponseFuture { state: \"verifying\""));
}
