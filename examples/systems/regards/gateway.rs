//! The gateway: it rejects requests without a valid token, and forwards the others unchanged, including the token.

use std::{collections::BTreeMap, error::Error, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{CONNECTION, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
    },
    response::Response,
    routing::any,
};

use super::access::Access;

const MAX_BODY: usize = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Headers of a single connection (RFC 9110 §7.6.1).
const HOP_BY_HOP: [HeaderName; 5] = [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

#[derive(Clone)]
struct Gateway {
    client: reqwest::Client,
    services: Arc<BTreeMap<&'static str, String>>,
}

/// Forwards token requests without a token. All other requests need a valid one. What it allows is decided by the
/// service.
pub(crate) fn router(
    access: &Access,
    services: BTreeMap<&'static str, String>,
) -> Result<Router, Box<dyn Error>> {
    // No proxy, because loopback isn't reachable through one. Redirects are left to the client.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()?;
    let open = Router::new().route("/api/v1/rs-authentication/{*path}", any(authentication));
    let protected = Router::new().route("/api/v1/{service}/{*path}", any(service));
    Ok(open
        .merge(protected.layer(access.layer()?))
        .with_state(Gateway { client, services: Arc::new(services) }))
}

async fn authentication(gateway: State<Gateway>, request: Request) -> Result<Response, StatusCode> {
    gateway.forward("rs-authentication", request).await
}

async fn service(
    gateway: State<Gateway>,
    Path((name, _)): Path<(String, String)>,
    request: Request,
) -> Result<Response, StatusCode> {
    gateway.forward(&name, request).await
}

impl Gateway {
    async fn forward(&self, service: &str, request: Request) -> Result<Response, StatusCode> {
        let url = self.services.get(service).ok_or(StatusCode::NOT_FOUND)?;
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let url = format!("{url}{target}");
        let (mut head, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        head.headers.remove(HOST);
        remove_hop_by_hop(&mut head.headers);
        let forwarded = self.client.request(head.method, url).headers(head.headers).body(body);

        let answer = forwarded.send().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        remove_hop_by_hop(response.headers_mut());
        *response.body_mut() = answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?.into();
        Ok(response)
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}
