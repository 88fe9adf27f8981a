//! The tables and the code of `docs/layers.md`: what each order of layers and routers returns.

use std::{cell::RefCell, iter::once, time::Duration};

use axum::{Router, body::Body, response::Html, routing::get};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use portcullis::{
    AuthenticateLayer, BearerToken, Identity, RequireScopeLayer, Scope, Verification, Verify,
    error::TokenFault,
};
use tower::ServiceBuilder;
use tower_http::{
    classify::{ServerErrorsAsFailures, SharedClassifier},
    compression::CompressionLayer,
    cors::CorsLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    timeout::TimeoutLayer,
    trace::{DefaultMakeSpan, TraceLayer},
};
use tracing::Span;

use crate::support::send;

const PAGE: &str = include_str!("../../docs/layers.md");

/// Accepts `good`, rejects other tokens, and never comes to a verdict about `slow`.
struct Known;

impl Verify<BearerToken<'_>> for Known {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        match token.as_str() {
            "good" => Verification::ready(Ok(Identity::assertion().subject("alice").build())),
            "slow" => Verification::pending(std::future::pending()),
            _ => Verification::ready(Err(TokenFault::Revoked.into())),
        }
    }
}

fn auth() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Known).query_parameter()
}

fn orders() -> axum::routing::MethodRouter {
    get("two teapots and a kettle, in a response that is long enough to be compressed")
}

/// What the table calls `routes`.
fn routes() -> Router {
    Router::new().route("/orders", orders())
}

fn public() -> Router {
    Router::new().route("/health", get("ok"))
}

async fn page() -> Html<&'static str> {
    Html("not here")
}

/// The rows of the table below `heading`, as lists of cells without backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).expect("a section");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let rows = section.lines().skip_while(|line| !line.starts_with("|---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.map(cells).collect()
}

/// Pairs of an expression, as shown on the page, and its value.
macro_rules! orders {
    ($($order:expr),* $(,)?) => { vec![$((shown(stringify!($order)), $order)),*] };
}

/// The functions above are variables on the page.
fn shown(code: &str) -> String {
    code.split_whitespace().collect::<String>().replace("()", "").replace(',', ", ")
}

#[tokio::test]
async fn the_page_says_what_each_order_of_routers_returns() {
    let routers = orders![
        routes().layer(auth()),
        routes().route_layer(auth()),
        public().route("/orders", orders().layer(auth())),
        public().route("/orders", orders().route_layer(auth())),
        routes().layer(auth()).merge(public()),
        public().merge(routes().layer(auth())),
        public().merge(routes().route_layer(auth())),
        routes().merge(public()).layer(auth()),
        public().nest("/api", routes().layer(auth())),
        public().nest("/api", routes().layer(auth())).fallback(page),
        public().nest("/api", routes().fallback(page).layer(auth())),
        public().nest_service("/api", routes().layer(auth())),
        public().nest("/api", routes()).layer(auth()),
        routes().fallback(page).layer(auth()),
        routes().layer(auth()).fallback(page),
    ];
    let mut measured = Vec::new();
    let rows = table("Routes, and paths without a route");
    for row in &rows {
        let [order, request, ..] = &row[..] else { panic!("{row:?}") };
        let (_, app) = routers.iter().find(|(shown, _)| shown == order).expect(order);
        let (method, uri) = request.split_once(' ').expect("a method and a path");
        let mut measured_row = vec![order.clone(), request.clone()];
        for token in [None, Some("good")] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let mut request =
                Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
            if let Some(token) = token {
                let line = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
                request.headers_mut().insert(header::AUTHORIZATION, line);
            }
            let response = send(app, request).await;
            let from_page = if response.body == "not here" { " from page" } else { "" };
            measured_row.push(format!("{}{from_page}", response.status.as_u16()));
        }
        measured.push(measured_row);
    }
    assert_eq!(rows, measured);
    for (order, _) in &routers {
        assert!(rows.iter().any(|row| row[0] == *order), "the page lacks {order}");
    }
}

fn guard() -> RequireScopeLayer {
    RequireScopeLayer::new(Scope::from_static("orders:write"))
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin([HeaderValue::from_static("https://app.example")])
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("dpop"),
        ])
        .expose_headers([
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
            HeaderName::from_static("dpop-nonce"),
            HeaderName::from_static("x-request-id"),
        ])
}

fn ids() -> (SetRequestIdLayer<MakeRequestUuid>, PropagateRequestIdLayer) {
    (SetRequestIdLayer::x_request_id(MakeRequestUuid), PropagateRequestIdLayer::x_request_id())
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(10))
}

fn compression() -> CompressionLayer {
    CompressionLayer::new()
}

fn sensitive() -> SetSensitiveRequestHeadersLayer {
    SetSensitiveRequestHeadersLayer::new(once(header::AUTHORIZATION))
}

thread_local! {
    /// What `trace()` has logged on this thread, where a test runs from start to end.
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

type Trace = TraceLayer<
    SharedClassifier<ServerErrorsAsFailures>,
    DefaultMakeSpan,
    fn(&Request<Body>, &Span),
    fn(&Response<Body>, Duration, &Span),
>;

/// Logs URIs, headers and statuses.
fn trace() -> Trace {
    fn request(request: &Request<Body>, _: &Span) {
        let line = format!("{} {:?};", request.uri(), request.headers());
        LOG.with_borrow_mut(|log| log.push_str(&line));
    }
    fn response(response: &Response<Body>, _: Duration, _: &Span) {
        let line = format!("status {};", response.status().as_u16());
        LOG.with_borrow_mut(|log| log.push_str(&line));
    }
    TraceLayer::new_for_http().on_request(request as _).on_response(response as _)
}

/// The observable behaviour of the service, for a client or an operator.
async fn observe(app: &Router, what: &str) -> String {
    let get = |uri: &str, token: Option<&str>| {
        let mut request = Request::get(uri).header(header::ORIGIN, "https://app.example");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request.header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap()
    };
    LOG.take();
    let status = |response: &Response<Body>| response.status().as_u16().to_string();
    let send = async |request| {
        // The clock is paused, so a time-out ends at once.
        let response = tower::ServiceExt::oneshot(app.clone(), request);
        tokio::time::timeout(Duration::from_secs(3600), response).await.map(Result::unwrap).ok()
    };
    if let Some((header, of)) = what.split_once(" of a ") {
        let response = send(get("/orders", (of == "200").then_some("good"))).await.unwrap();
        assert_eq!(status(&response), of);
        let value = response.headers().get(header).map(|value| value.to_str().unwrap());
        return match (header, value) {
            (_, None) => "missing".to_owned(),
            ("x-request-id", Some(_)) => "present".to_owned(),
            (_, Some(value)) => value.to_owned(),
        };
    }
    match what {
        "preflight status" => {
            let mut request = get("/orders", None);
            *request.method_mut() = Method::OPTIONS;
            let method = HeaderValue::from_static("GET");
            request.headers_mut().insert(header::ACCESS_CONTROL_REQUEST_METHOD, method);
            status(&send(request).await.unwrap())
        }
        "status without the scope" => status(&send(get("/orders", Some("good"))).await.unwrap()),
        "status if verification hangs" => match send(get("/orders", Some("slow"))).await {
            Some(response) => status(&response),
            None => "no response".to_owned(),
        },
        "a 401 in the log" => {
            assert_eq!(status(&send(get("/orders", None)).await.unwrap()), "401");
            let logged = LOG.take().contains("status 401;");
            if logged { "yes" } else { "no" }.to_owned()
        }
        "a token of the query in the log" => {
            let response = send(get("/orders?access_token=good", None)).await.unwrap();
            assert_eq!(status(&response), "200");
            let log = LOG.take();
            assert!(log.contains("/orders"));
            if log.contains("good") { "yes" } else { "no" }.to_owned()
        }
        "a token of Authorization in the log" => {
            assert_eq!(status(&send(get("/orders", Some("good"))).await.unwrap()), "200");
            let log = LOG.take();
            assert!(log.contains("authorization"));
            if log.contains("good") { "yes" } else { "no" }.to_owned()
        }
        _ => panic!("the page asks for {what}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_says_what_each_order_of_layers_does() {
    let apps = orders![
        routes().layer(guard()).layer(auth()),
        routes().layer(auth()).layer(guard()),
        routes().layer(auth()).layer(cors()),
        routes().layer(cors()).layer(auth()),
        routes().layer(auth()).layer(ids()),
        routes().layer(ids()).layer(auth()),
        routes().layer(auth()).layer(trace()),
        routes().layer(auth()).layer(trace()).layer(sensitive()),
        routes().layer(trace()).layer(auth()),
        routes().layer(auth()).layer(timeout()),
        routes().layer(timeout()).layer(auth()),
        routes().layer(auth()).layer(compression()),
        routes().layer(compression()).layer(auth()),
    ];
    let rows = table("Layers of tower-http");
    let mut measured = Vec::new();
    for row in &rows {
        let [order, what, ..] = &row[..] else { panic!("{row:?}") };
        let (_, app) = apps.iter().find(|(shown, _)| shown == order).expect(order);
        measured.push(vec![order.clone(), what.clone(), observe(app, what).await]);
    }
    assert_eq!(rows, measured);
    for (order, _) in &apps {
        assert!(rows.iter().any(|row| row[0] == *order), "the page lacks {order}");
    }
}

/// The order that the page recommends.
fn recommended(routes: Router, auth: AuthenticateLayer) -> Router {
    routes
        .layer(auth)
        .layer(CompressionLayer::new())
        .layer(timeout())
        .layer(cors())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http())
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

fn recommended_as_service_builder(routes: Router, auth: AuthenticateLayer) -> Router {
    routes.layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
            .layer(TraceLayer::new_for_http())
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(cors())
            .layer(timeout())
            .layer(CompressionLayer::new())
            .layer(auth),
    )
}

/// With layers inside that change the type of the body.
fn body_changing_layers_inside(routes: Router, auth: AuthenticateLayer) -> Router {
    routes.layer(
        ServiceBuilder::new()
            .layer(auth)
            .map_response(|response: Response<_>| response.map(Body::new))
            .layer(TraceLayer::new_for_http())
            .layer(CompressionLayer::new()),
    )
}

#[tokio::test(start_paused = true)]
async fn both_forms_of_the_recommended_order_do_the_same() {
    for (form, app) in [
        ("calls", recommended(routes(), auth())),
        ("ServiceBuilder", recommended_as_service_builder(routes(), auth())),
    ] {
        for (what, expected) in [
            ("preflight status", "200"),
            ("status if verification hangs", "408"),
            ("access-control-allow-origin of a 401", "https://app.example"),
            ("content-encoding of a 401", "gzip"),
            ("content-encoding of a 200", "gzip"),
            ("x-request-id of a 401", "present"),
            ("x-request-id of a 200", "present"),
        ] {
            assert_eq!(observe(&app, what).await, expected, "{form}: {what}");
        }
    }
}

#[tokio::test]
async fn a_service_builder_may_have_body_changing_layers_inside() {
    let app = body_changing_layers_inside(routes(), auth());
    assert_eq!(observe(&app, "content-encoding of a 401").await, "missing");
    assert_eq!(observe(&app, "content-encoding of a 200").await, "gzip");
}

#[test]
fn the_page_shows_lines_of_this_file() {
    let without_space = |text: &str| text.split_whitespace().collect::<String>();
    let source = without_space(include_str!("layer_order.rs"));
    let blocks: Vec<_> = PAGE.split("```rust\n").skip(1).collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let (block, _) = block.split_once("```").expect("the end of a block");
        assert!(source.contains(&without_space(block)), "no such lines:\n{block}");
    }
}
