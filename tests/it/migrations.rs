//! The code and the tables of the migration guides (`docs/migrating-from-*.md`).

use std::time::{Duration, UNIX_EPOCH};

use axum::{Router, body::Body, routing::get};
use http::{HeaderValue, Method, Request, header::AUTHORIZATION};
use portcullis::{
    Access, Algorithm, AuthenticateLayer, Claims, Clock, ConfigError, Error, ErrorKind, Identity,
    JwtVerifier, Policies, RequireLayer, RequireScopeLayer, Scope,
    testing::{Fault, TestIssuer},
};
use serde::Deserialize;
use serde_json::json;

use crate::support::{API, send};

const PAGES: [&str; 3] = [
    include_str!("../../docs/migrating-from-jwt-authorizer.md"),
    include_str!("../../docs/migrating-from-middleware.md"),
    include_str!("../../docs/migrating-from-spring-security.md"),
];

/// The code of the guides, which shows whole functions.
mod shown {
    use super::*;

    pub fn app() -> Result<Router, ConfigError> {
        let verifier = JwtVerifier::builder("https://as.example")
            .audience("https://api.example")
            .algorithms([Algorithm::Rs256, Algorithm::Es256])
            .leeway(Duration::from_secs(20))
            .build()?;
        let of_staff = RequireLayer::new(|identity| match &identity.claims::<User>()?.email {
            Some(email) if email.ends_with("@staff.example") => Ok(()),
            _ => Err(ErrorKind::AccessDenied.into()),
        });
        Ok(Router::new()
            .route("/admin", get(protected).route_layer(of_staff))
            .route("/protected", get(protected))
            .layer(AuthenticateLayer::bearer(verifier)))
    }

    #[derive(Deserialize)]
    pub struct User {
        pub sub: String,
        email: Option<String>,
    }

    pub async fn protected(user: Claims<User>) -> String {
        format!("Welcome, {}!", user.sub)
    }

    pub fn orders() -> Result<Router, ConfigError> {
        let verifier =
            JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
        Ok(Router::new().route("/orders", get(list)).layer(AuthenticateLayer::bearer(verifier)))
    }

    async fn list(identity: Identity, user: Claims<User>) -> Result<String, Error> {
        identity.require(Scope::from_static("orders:read"))?;
        Ok(format!("orders of {}", user.sub))
    }

    pub fn spring() -> Result<AuthenticateLayer, ConfigError> {
        let verifier = JwtVerifier::builder("https://as.example")
            .audience("https://api.example")
            .algorithms([Algorithm::Rs256, Algorithm::Es256])
            .roles("roles")
            .build()?;
        let policies = Policies::builder()
            .any_method("/health", Access::Anonymous)
            .route(Method::GET, "/orders/{*rest}", Scope::from_static("orders:read"))
            .route(Method::POST, "/orders", Scope::from_static("orders:write"))
            .any_method("/admin/{*rest}", Access::role("admin"))
            .build()?;
        Ok(AuthenticateLayer::bearer(verifier).policies(policies))
    }
}

#[tokio::test]
async fn the_code_of_the_guides_runs() {
    let request = |uri: &str| Request::get(uri.to_owned()).body(Body::empty()).unwrap();
    for uri in ["/admin", "/protected", "/unknown"] {
        assert_eq!(send(&shown::app().unwrap(), request(uri)).await.status, 401, "{uri}");
    }
    assert_eq!(send(&shown::orders().unwrap(), request("/orders")).await.status, 401);
    let app = Router::new().route("/health", get("ok")).layer(shown::spring().unwrap());
    assert_eq!(send(&app, request("/health")).await.status, 200);
    assert_eq!(send(&app, request("/orders/1")).await.status, 401);
}

#[test]
fn the_guides_show_code_of_this_file() {
    // rustfmt breaks lines in two ways, depending on the indentation.
    let comparable = |text: &str| {
        let text = text.replace("pub ", "");
        text.split_whitespace().collect::<String>()
    };
    let source = comparable(include_str!("migrations.rs"));
    for page in PAGES {
        let blocks: Vec<_> = page.split("```rust\n").skip(1).collect();
        assert_eq!(blocks.len(), 1);
        for block in blocks {
            let (block, _) = block.split_once("```").expect("the end of a block");
            assert!(source.contains(&comparable(block)), "no such code:\n{block}");
        }
    }
}

/// A service with one scope, one check of the claims, and one table.
struct Service {
    issuer: TestIssuer,
    app: Router,
}

impl Service {
    fn new() -> Self {
        let issuer = TestIssuer::new();
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let scope = RequireScopeLayer::new(Scope::from_static("orders:read"));
        let check = RequireLayer::new(|_| Err(ErrorKind::AccessDenied.into()));
        let app = Router::new()
            .route("/", get(async |identity: Identity| drop(identity)))
            .route("/typed", get(shown::protected))
            .route("/scope", get("in").route_layer(scope))
            .route("/check", get("in").route_layer(check))
            .layer(AuthenticateLayer::bearer(verifier))
            .route("/without-layer", get(shown::protected));
        Self { issuer, app }
    }

    /// Sends a request with these values of `Authorization`.
    async fn get(&self, uri: &str, lines: &[&str]) -> u16 {
        let mut request = Request::get(uri).body(Body::empty()).unwrap();
        for line in lines {
            request.headers_mut().append(AUTHORIZATION, HeaderValue::from_str(line).unwrap());
        }
        send(&self.app, request).await.status.as_u16()
    }

    /// Returns the status that the guides state for a request.
    async fn status(request: &str) -> u16 {
        let service = Self::new();
        let issuer = &service.issuer;
        let token = issuer.token().subject("alice").audience(API);
        let in_an_hour = json!(now(issuer) + 3600);
        let (uri, token) = match request {
            "without a token" => return service.get("/", &[]).await,
            "to a path that no route has" => return service.get("/unknown", &[]).await,
            "to a path that no route has, with a valid token" => {
                let verifier = issuer.verifier().audience(API).build().unwrap();
                let policies = Policies::builder().any_method("/", Access::Anonymous);
                let policies = policies.build().unwrap();
                let layer = AuthenticateLayer::bearer(verifier).policies(policies);
                let app = Router::new().route("/", get("in")).layer(layer);
                let service = Self { app, issuer: service.issuer.clone() };
                return service.get("/unknown", &[&format!("Bearer {}", token.mint())]).await;
            }
            "to a route without a layer whose handler needs the claims" => {
                return service.get("/without-layer", &[]).await;
            }
            "with Authorization twice" => {
                let line = format!("Bearer {}", token.mint());
                return service.get("/", &[&line, &line]).await;
            }
            "with authorization: bearer … in lower case" => {
                return service.get("/", &[&format!("bearer {}", token.mint())]).await;
            }
            "with a token for another audience" => ("/", token.audience("https://other.example")),
            "with a token of another issuer, signed by a trusted key" => {
                ("/", token.claim("iss", json!("https://other.example")))
            }
            "with a token without aud" => ("/", token.without_claim("aud")),
            "with a token without exp" => ("/", token.without_claim("exp")),
            "with a token whose nbf is in the future" => ("/", token.claim("nbf", in_an_hour)),
            "with a token with the typ at+jwt" => ("/", token.header("typ", json!("at+jwt"))),
            "with an ID token" => ("/", token.claim("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ"))),
            "with a bound token (cnf) as Bearer" => {
                ("/", token.claim("cnf", json!({"x5t#S256": "A".repeat(43)})))
            }
            "with a token with an unknown crit" => {
                ("/", token.header("crit", json!(["exp"])).header("exp", json!(1)))
            }
            "with a token that fails the check of its claims" => ("/check", token),
            "without the scope" => ("/scope", token),
            "with a token of which a claim doesn't match the type" => {
                let token = token.claim("email", json!(["alice@staff.example"]));
                let line = format!("Bearer {}", token.clone().mint());
                assert_eq!(service.get("/", &[&line]).await, 200);
                ("/typed", token)
            }
            "with a token of a new key" => {
                let line = format!("Bearer {}", token.clone().mint());
                assert_eq!(service.get("/", &[&line]).await, 200);
                issuer.rotate_keys(true);
                ("/", issuer.token().audience(API))
            }
            "while the keys can't be fetched" => {
                issuer.fail(Fault::Status(503));
                ("/", token)
            }
            _ => panic!("a guide has a row for a request {request}"),
        };
        service.get(uri, &[&format!("Bearer {}", token.mint())]).await
    }
}

fn now(issuer: &TestIssuer) -> u64 {
    issuer.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn the_guides_say_what_changes_in_behaviour() {
    for page in PAGES {
        let (title, _) = page.split_once('\n').unwrap();
        let (_, section) = page.split_once("\n## What changes in behaviour\n").unwrap();
        let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
        let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
        assert!(rows.len() > 5, "{title}");
        for row in rows {
            let row = row.replace('`', "");
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [request, _, status] = cells[..] else { panic!("{row}") };
            let (status, _) = status.split_once(' ').unwrap_or((status, ""));
            assert_eq!(Service::status(request).await.to_string(), status, "{title}: {request}");
        }
    }
}
