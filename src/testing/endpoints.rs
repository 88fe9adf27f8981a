//! The HTTP endpoints of the test issuer.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use http::{
    Method, Request, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};
use serde_json::{Value, json};

use super::TestIssuer;
use crate::{BearerToken, Clock, Verify, http_client::HttpError, jose::base64url};

const SIGNED_RESPONSE: &str = "application/token-introspection+jwt";

type Parameters = BTreeMap<String, String>;

/// Responds to a request to the issuer, in memory or from a socket.
pub(super) async fn respond(
    issuer: &TestIssuer,
    request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, HttpError> {
    let path = request.uri().path().to_owned();
    let fault = {
        let mut state = issuer.state();
        state.requests.push(path.clone());
        state.fault
    };
    if let Some(fault) = fault {
        return fault.response().await;
    }
    let base =
        issuer.issuer().splitn(4, '/').nth(3).map_or(String::new(), |path| format!("/{path}"));
    let place = path.strip_prefix(base.trim_end_matches('/')).unwrap_or(&path);
    Ok(match (request.method(), place) {
        (&Method::GET, "/.well-known/openid-configuration") => metadata(issuer),
        (&Method::GET, place) if place.starts_with("/.well-known/oauth-authorization-server") => {
            metadata(issuer)
        }
        (&Method::GET, "/jwks") => jwks(issuer, &request),
        (&Method::POST, "/token") => token(issuer, &request),
        (&Method::POST, "/introspect") => introspect(issuer, &request).await,
        _ => status(StatusCode::NOT_FOUND),
    })
}

fn metadata(issuer: &TestIssuer) -> Response<Vec<u8>> {
    ok(&json!({
        "issuer": issuer.issuer(),
        "jwks_uri": issuer.jwks_uri(),
        "token_endpoint": issuer.address("/token"),
        "introspection_endpoint": issuer.address("/introspect"),
        "grant_types_supported": ["client_credentials", "password"],
    }))
}

fn jwks(issuer: &TestIssuer, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let set = issuer.jwk_set();
    let etag = etag(&set);
    let unchanged = request.headers().get(IF_NONE_MATCH).is_some_and(|known| *known == etag);
    let mut response = if unchanged {
        status(StatusCode::NOT_MODIFIED)
    } else {
        json_response(StatusCode::OK, set)
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, etag.parse().expect("a header value"));
    if let Some(value) = &issuer.state().cache_control {
        headers.insert(CACHE_CONTROL, value.parse().expect("a header value"));
    }
    response
}

/// Returns an `ETag`, which differs for different texts.
fn etag(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("\"{:x}\"", hasher.finish())
}

/// Responds like a token endpoint (RFC 6749 §4.3, §4.4). `audience` or `resource` sets the
/// audience, as with many issuers.
fn token(issuer: &TestIssuer, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let form = form(request.body());
    let get = |name: &str| form.get(name).map(String::as_str);
    let Some(client_id) = authenticated_client(issuer, request, &form) else {
        return reject(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let subject = match get("grant_type") {
        Some("client_credentials") => client_id.clone(),
        Some("password") => {
            let (Some(username), Some(password)) = (get("username"), get("password")) else {
                return reject(StatusCode::BAD_REQUEST, "invalid_request");
            };
            if issuer.state().users.get(username).is_none_or(|right| right != password) {
                return reject(StatusCode::BAD_REQUEST, "invalid_grant");
            }
            username.to_owned()
        }
        _ => return reject(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    };
    let mut token = issuer.token().subject(&subject).claim("client_id", json!(client_id));
    if let Some(audience) = get("audience").or(get("resource")) {
        token = token.audience(audience);
    }
    if let Some(scope) = get("scope") {
        token = token.scope(scope);
    }
    ok(&json!({
        "access_token": token.mint(),
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": get("scope"),
    }))
}

/// Responds like an introspection endpoint (RFC 7662).
async fn introspect(issuer: &TestIssuer, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let form = form(request.body());
    let Some(client_id) = authenticated_client(issuer, request, &form) else {
        return reject(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let Some(token) = form.get("token") else {
        return reject(StatusCode::BAD_REQUEST, "invalid_request");
    };
    let response = introspection_response(issuer, token).await;
    if request.headers().get(ACCEPT).is_some_and(|accept| accept == SIGNED_RESPONSE) {
        signed_response(issuer, &client_id, response)
    } else {
        ok(&response)
    }
}

async fn introspection_response(issuer: &TestIssuer, token: &str) -> Value {
    let inactive = json!({ "active": false });
    if issuer.state().revoked.iter().any(|revoked| revoked == token) {
        return inactive;
    }
    let opaque = issuer.state().opaque.get(token).cloned();
    let claims = match opaque {
        Some(claims) if is_current(issuer, &claims) => claims,
        Some(_) => return inactive,
        None => match own_claims(issuer, token).await {
            Some(claims) => claims,
            None => return inactive,
        },
    };
    let mut response = claims;
    response["active"] = json!(true);
    if response.get("token_type").is_none() {
        response["token_type"] = json!("Bearer");
    }
    response
}

/// Returns a signed introspection response (RFC 9701).
fn signed_response(issuer: &TestIssuer, client_id: &str, claims: Value) -> Response<Vec<u8>> {
    let token = issuer.token().header("typ", json!("token-introspection+jwt"));
    let token = token.audience(client_id).claim("token_introspection", claims);
    let own = ["sub", "client_id", "exp", "jti"];
    let token = own.into_iter().fold(token, super::TokenBuilder::without_claim);
    let mut response = json_response(StatusCode::OK, token.mint());
    let content_type = http::HeaderValue::from_static(SIGNED_RESPONSE);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn is_current(issuer: &TestIssuer, claims: &Value) -> bool {
    let now = issuer.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    claims["exp"].as_u64().is_none_or(|expires_at| now.as_secs() < expires_at)
}

/// Returns the claims of a JWT, if this issuer signed it.
async fn own_claims(issuer: &TestIssuer, token: &str) -> Option<Value> {
    let verifier = crate::JwtVerifier::builder(issuer.issuer())
        .jwk_set(issuer.jwk_set())
        .clock(issuer.clock())
        .leeway(std::time::Duration::ZERO)
        .dangerous()
        .any_audience()
        .build()
        .ok()?;
    let token = BearerToken::parse(token.as_bytes()).ok()?;
    let identity = verifier.verify(token).wait().await.ok()?;
    serde_json::from_str(identity.raw_claims()).ok()
}

/// Returns the client that a request authenticates, with `client_secret_basic` or
/// `client_secret_post` (RFC 6749 §2.3.1).
fn authenticated_client(
    issuer: &TestIssuer,
    request: &Request<Vec<u8>>,
    form: &Parameters,
) -> Option<String> {
    let basic = request.headers().get(AUTHORIZATION).and_then(|line| {
        let encoded = line.to_str().ok()?.strip_prefix("Basic ")?;
        let decoded = String::from_utf8(decode_base64(encoded)?).ok()?;
        let (client_id, secret) = decoded.split_once(':')?;
        Some((form_decode(client_id), form_decode(secret)))
    });
    let posted = || Some((form.get("client_id")?.clone(), form.get("client_secret")?.clone()));
    let (client_id, secret) = basic.or_else(posted)?;
    let known = issuer.state().clients.get(&client_id).cloned();
    known.filter(|right| *right == secret).map(|_| client_id)
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let url_safe = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    base64url::decode(&url_safe)
}

fn form(body: &[u8]) -> Parameters {
    form_urlencoded::parse(body).into_owned().collect()
}

fn form_decode(text: &str) -> String {
    let pair = form_urlencoded::parse(text.as_bytes()).next();
    pair.map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn ok(body: &Value) -> Response<Vec<u8>> {
    json_response(StatusCode::OK, body.to_string())
}

fn reject(status: StatusCode, code: &str) -> Response<Vec<u8>> {
    json_response(status, json!({ "error": code }).to_string())
}

fn json_response(status: StatusCode, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn status(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
