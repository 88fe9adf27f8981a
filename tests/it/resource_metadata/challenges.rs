//! The challenges of a layer with a resource: `resource_metadata` and `scope`.

use http::Method;
use portcullis::{Access, AuthenticateLayer, Policies, RequireLayer, RequireScopeLayer, Scope};

use super::{METADATA, bearer, get, handlers, request, resource};
use crate::{
    credentials::{self, Source},
    support::{TestResponse, send, with_token},
};

const READ: Scope = Scope::from_static("read");
const WRITE: Scope = Scope::from_static("write");
const ADMIN: Scope = Scope::from_static("admin");

fn challenges(response: &TestResponse) -> Vec<&str> {
    let lines = response.headers.get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

/// The parameter `scope` of the only challenge.
fn scope(response: &TestResponse) -> Option<&str> {
    let (_, rest) = response.challenge()?.split_once("scope=\"")?;
    let (scope, rest) = rest.split_once('"').unwrap();
    assert!(!rest.contains("scope="), "two scopes");
    Some(scope)
}

#[tokio::test]
async fn each_scheme_with_tokens_names_the_metadata() {
    let app = credentials::service(credentials::all_sources().resource(resource()));
    let basic = r#"Basic realm="restricted", charset="UTF-8""#.to_owned();
    let named = |scheme: &str, rest: &str| format!("{scheme} {METADATA}{rest}");
    let inactive = r#", error="invalid_token", error_description="Token inactive.""#;
    let malformed = r#", error="invalid_request", error_description="Malformed credentials.""#;
    for (source, text, status, [bearer, token]) in [
        (None, "", 401, ["", ""]),
        (Some(Source::Bearer), "unknown", 401, [inactive, ""]),
        (Some(Source::Cookie), "unknown", 401, [inactive, ""]),
        (Some(Source::Query), "unknown", 401, [inactive, ""]),
        (Some(Source::Token), "unknown", 401, ["", inactive]),
        (Some(Source::Basic), credentials::INVALID_BASIC, 401, ["", ""]),
        (Some(Source::Bearer), "a=b", 400, [malformed, ""]),
    ] {
        let mut request = credentials::request();
        if let Some(source) = source {
            source.put(&mut request, text);
        }
        let response = send(&app, request).await;
        assert_eq!(response.status, status, "{source:?} {text}");
        let expected = [named("Bearer", bearer), basic.clone(), named("token", token)];
        assert_eq!(challenges(&response), expected, "{source:?} {text}");
    }
}

#[tokio::test]
async fn a_realm_of_the_layer_stays_beside_the_metadata() {
    for layer in [
        bearer().realm("orders").resource(resource()),
        bearer().resource(resource()).realm("orders"),
    ] {
        let response = get(&handlers().layer(layer), "/").await;
        assert_eq!(response.challenge(), Some(&*format!(r#"Bearer realm="orders", {METADATA}"#)));
    }
}

#[cfg(feature = "dpop")]
#[tokio::test]
async fn a_challenge_for_dpop_names_the_metadata_and_the_scopes() {
    use portcullis::{Algorithm, binding::Dpop};
    let dpop = || Dpop::builder("https://api.example").algorithms([Algorithm::Es256]);
    let layer = || bearer().challenge_scope([READ]);
    let bearer = format!(r#"Bearer {METADATA}, scope="read""#);
    let proof = format!(r#"DPoP algs="ES256", {METADATA}, scope="read""#);
    for layer in [
        layer().resource(resource()).dpop(dpop().build().unwrap()),
        layer().dpop(dpop().build().unwrap()).resource(resource()),
    ] {
        let response = get(&handlers().layer(layer), "/").await;
        assert_eq!(challenges(&response), [&*bearer, &*proof]);
    }
    let layer = layer().dpop(dpop().required().build().unwrap()).resource(resource());
    assert_eq!(challenges(&get(&handlers().layer(layer), "/").await), [&*proof]);
}

#[tokio::test]
async fn a_layer_for_passwords_alone_names_nothing() {
    let layer = AuthenticateLayer::basic_only(credentials::TestVerifier).resource(resource());
    let response = get(&handlers().layer(layer.challenge_scope([READ])), "/").await;
    assert_eq!(response.challenge(), Some(r#"Basic realm="restricted", charset="UTF-8""#));
}

// Verifies rfc6750-3-parameter.
#[tokio::test]
async fn every_challenge_has_a_parameter() {
    use credentials::TestVerifier;
    for (layer, schemes) in [
        (AuthenticateLayer::bearer(TestVerifier), 1),
        (AuthenticateLayer::basic_only(TestVerifier), 1),
        (credentials::all_sources(), 3),
        (credentials::all_sources().resource(resource()), 3),
        (credentials::all_sources().challenge_scope([READ]), 3),
        (credentials::all_sources().realm(""), 3),
    ] {
        let response = get(&handlers().layer(layer), "/").await;
        let lines = challenges(&response);
        assert_eq!(lines.len(), schemes);
        for line in lines {
            let (_, parameters) = line.split_once(' ').unwrap();
            assert!(parameters.contains("=\""), "{line}");
        }
    }
}

fn table() -> Policies {
    Policies::builder()
        .route(Method::GET, "/orders", READ)
        .route(Method::POST, "/orders", READ.and(WRITE))
        .route(Method::GET, "/reports", ADMIN.or(READ.and(WRITE)))
        .route(Method::GET, "/me", Access::Authenticated)
        .route(Method::GET, "/secret", Access::Deny)
        .route(Method::GET, "/news", Access::Anonymous)
        .route(Method::GET, "/feed", Access::DangerouslyAnonymous)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_401_names_all_the_scopes_of_the_row() {
    for default in [None, Some("profile")] {
        let mut layer = bearer().policies(table()).resource(resource());
        if let Some(default) = default {
            layer = layer.challenge_scope([Scope::from_static(default)]);
        }
        let app = handlers().layer(layer);
        for (method, path, expected) in [
            (Method::GET, "/orders", Some("read")),
            (Method::HEAD, "/orders", Some("read")),
            (Method::POST, "/orders", Some("read write")),
            (Method::GET, "/reports", Some("admin")),
            // No scopes are required. A client should request the default first.
            (Method::GET, "/me", default),
            // No scope is sufficient.
            (Method::GET, "/secret", None),
            (Method::GET, "/unlisted", None),
            (Method::GET, "/orders/../orders", None),
        ] {
            for token in [None, Some("invalid")] {
                let mut request = request(&method, path);
                if let Some(token) = token {
                    request.headers_mut().extend(with_token(token).headers().clone());
                }
                let response = send(&app, request).await;
                assert_eq!(response.status, 401, "{method} {path}");
                assert_eq!(scope(&response), expected, "{method} {path} {token:?}");
                assert!(response.challenge().unwrap().contains(METADATA));
                let error = response.error.as_ref().unwrap();
                assert_eq!(error.scope(), expected, "{method} {path} {token:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_403_names_all_the_scopes_of_the_row_and_the_metadata() {
    let app = handlers().layer(bearer().policies(table()).resource(resource()));
    for (method, path, token, expected) in [
        (Method::GET, "/orders", "none", "read"),
        (Method::POST, "/orders", "none", "read write"),
        (Method::POST, "/orders", "write", "read write"),
        (Method::GET, "/reports", "none", "admin"),
        (Method::GET, "/reports", "read.x", "admin"),
    ] {
        let mut request = request(&method, path);
        request.headers_mut().extend(with_token(token).headers().clone());
        let response = send(&app, request).await;
        let error =
            r#"error="insufficient_scope", error_description="Token lacks the required scope.""#;
        let challenge = format!(r#"Bearer {METADATA}, {error}, scope="{expected}""#);
        assert_eq!(response.status, 403, "{path}");
        assert_eq!(response.challenge(), Some(&*challenge), "{path} {token}");
    }
    // No token would be sufficient, so there is no challenge.
    let mut request = request(&Method::GET, "/secret");
    request.headers_mut().extend(with_token("read").headers().clone());
    let denied = send(&app, request).await;
    assert_eq!((denied.status.as_u16(), challenges(&denied)), (403, vec![]));
}

#[tokio::test]
async fn a_401_names_the_scopes_that_the_layer_is_configured_with() {
    for (layer, expected) in [
        (bearer(), None),
        (bearer().challenge_scope([]), None),
        (bearer().challenge_scope([READ]), Some("read")),
        (bearer().challenge_scope([READ, WRITE]), Some("read write")),
        (bearer().challenge_scope([READ]).challenge_scope([ADMIN]), Some("admin")),
        (bearer().challenge_scope([READ]).challenge_scope([]), None),
    ] {
        let app = handlers().layer(layer);
        for request in [request(&Method::GET, "/"), with_token("invalid")] {
            let response = send(&app, request).await;
            assert_eq!((response.status.as_u16(), scope(&response)), (401, expected));
        }
        // Another token doesn't help with these.
        let malformed = send(&app, with_token("a b")).await;
        assert_eq!((malformed.status.as_u16(), scope(&malformed)), (400, None));
        assert_eq!(send(&app, with_token("none")).await.status, 200);
    }
}

#[tokio::test]
async fn a_guard_names_its_scopes_to_anonymous_requests() {
    let guarded = |layer: AuthenticateLayer| {
        handlers().layer(RequireScopeLayer::new(READ.and(WRITE))).layer(layer)
    };
    let anonymous = || bearer().allow_anonymous().resource(resource());
    let ignoring = || bearer().dangerous().anonymous_with_invalid_token().resource(resource());
    let open = |access: Access| {
        let table = Policies::builder().any_method("/", access).build().unwrap();
        bearer().policies(table).resource(resource())
    };
    for (case, layer, token, error) in [
        ("anonymous", anonymous(), None, ""),
        ("a default", anonymous().challenge_scope([ADMIN]), None, ""),
        (
            "an ignored token",
            ignoring(),
            Some("invalid"),
            r#", error="invalid_token", error_description="Token revoked.""#,
        ),
        ("no token", ignoring(), None, ""),
        ("an open row", open(Access::Anonymous), None, ""),
        (
            "a row that ignores tokens",
            open(Access::DangerouslyAnonymous),
            Some("invalid"),
            r#", error="invalid_token", error_description="Token revoked.""#,
        ),
    ] {
        let request = match token {
            Some(token) => with_token(token),
            None => request(&Method::GET, "/"),
        };
        let response = send(&guarded(layer), request).await;
        assert_eq!(response.status, 401, "{case}");
        let challenge = format!(r#"Bearer {METADATA}{error}, scope="read write""#);
        assert_eq!(response.challenge(), Some(&*challenge), "{case}");
    }
}

#[tokio::test]
async fn a_guard_that_requires_no_scopes_names_the_default() {
    let check = RequireLayer::new(|_| Ok(()));
    let none = RequireScopeLayer::new(portcullis::scope::ScopePolicy::all([]));
    let layer = || bearer().allow_anonymous().challenge_scope([READ]);
    for app in [handlers().layer(check).layer(layer()), handlers().layer(none).layer(layer())] {
        let response = get(&app, "/").await;
        assert_eq!((response.status.as_u16(), scope(&response)), (401, Some("read")));
    }
}

#[tokio::test]
async fn the_scopes_of_the_row_and_of_a_guard_are_in_one_challenge() {
    let table = Policies::builder()
        .route(Method::GET, "/", READ)
        .route(Method::POST, "/", Access::Authenticated)
        .build()
        .unwrap();
    let guard = RequireScopeLayer::new(WRITE.and(READ));
    let app = handlers().layer(guard).layer(bearer().policies(table).resource(resource()));
    for (method, token, expected) in [
        (Method::GET, "none", "read"),
        // The row is met, but the guard isn't. The challenge contains both, because a client may request only these
        // scopes.
        (Method::GET, "read", "read write"),
        (Method::POST, "none", "write read"),
    ] {
        let mut request = with_token(token);
        *request.method_mut() = method.clone();
        let response = send(&app, request).await;
        assert_eq!(response.status, 403, "{method} {token}");
        assert_eq!(scope(&response), Some(expected), "{method} {token}");
        assert!(response.challenge().unwrap().contains(METADATA));
    }
}

#[tokio::test]
async fn a_rejection_that_no_token_avoids_has_no_challenge() {
    let denied = RequireLayer::new(|_| Err(portcullis::Error::access_denied()));
    let layer = bearer().challenge_scope([READ]).resource(resource());
    let response = send(&handlers().layer(denied).layer(layer), with_token("read")).await;
    assert_eq!((response.status.as_u16(), challenges(&response)), (403, vec![]));
}

#[tokio::test]
async fn handlers_and_extractors_are_rejected_alike() {
    use axum::{Router, routing::get};
    use portcullis::{Claims, Error, Identity};
    let handler = async |identity: Identity| -> Result<&'static str, Error> {
        identity.require(READ.and(WRITE))?;
        Ok("in")
    };
    let app = Router::new()
        .route("/", get(handler))
        .route("/claims", get(async |_: Claims<serde_json::Value>| "in"))
        .layer(bearer().allow_anonymous().challenge_scope([READ]).resource(resource()));
    let lacking = send(&app, with_token("read")).await;
    assert_eq!((lacking.status.as_u16(), scope(&lacking)), (403, Some("read write")));
    for path in ["/", "/claims"] {
        let missing = super::get(&app, path).await;
        assert_eq!(missing.status, 401, "{path}");
        assert_eq!(missing.challenge(), Some(&*format!(r#"Bearer {METADATA}, scope="read""#)));
    }
}
