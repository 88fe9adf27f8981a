//! Scope hierarchies: wherever scopes are required, a broader one is sufficient, and nothing else is.

use std::collections::BTreeSet;

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, BasicCredentials, BearerToken, Error, Identity, OwnTokenVerifier, Policies,
    RequestIdentity, RequireLayer, RequireScopeLayer, Scope, ScopeSet, Verification, Verify,
    own_tokens::{MemoryTokenStore, OwnTokenFormat, TokenRecord},
    scope::{ScopeHierarchy, ScopePolicy},
    testing::TestIssuer,
};
use proptest::prelude::*;

use crate::support::{API, TestResponse, send, with_authorization, with_token};

const READ: Scope = Scope::from_static("read");
const WRITE: Scope = Scope::from_static("write");
const ADMIN: Scope = Scope::from_static("admin");

/// `admin` implies `write`, which implies `read`.
fn hierarchy() -> ScopeHierarchy {
    ScopeHierarchy::builder().implies(ADMIN, [WRITE]).implies(WRITE, [READ]).build().unwrap()
}

fn policies(policy: impl Into<ScopePolicy>) -> Policies {
    Policies::builder().any_method("/", policy.into()).build().unwrap()
}

/// Accepts tokens that consist of scopes with dots between them.
struct Scoped;

impl Verify<BearerToken<'_>> for Scoped {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let scopes = token.as_str().split('.').collect::<ScopeSet>();
        Verification::ready(Ok(Identity::assertion().subject("alice").scopes(scopes).build()))
    }
}

/// Accepts every password of `user`, whose name consists of scopes with dots between them.
impl Verify<BasicCredentials> for Scoped {
    fn verify(&self, credentials: BasicCredentials) -> Verification {
        let scopes = credentials.user_id().split('.').collect::<ScopeSet>();
        Verification::ready(Ok(Identity::assertion().subject("alice").scopes(scopes).build()))
    }
}

fn scope(response: &TestResponse) -> Option<&str> {
    response.error.as_ref().and_then(Error::scope)
}

/// Every place that can require `policy`, as a service without and with a layer around it.
fn places(policy: &ScopePolicy) -> Vec<(&'static str, Router, Option<Policies>)> {
    let plain = || Router::new().route("/", get("in"));
    let [of_handler, of_extension, of_check] = [(); 3].map(|()| policy.clone());
    let handler = async move |identity: Identity| identity.require(of_handler).map(|()| "in");
    let extension = async move |request: Request<Body>| -> Result<&'static str, Error> {
        request.identity()?.require(of_extension)?;
        Ok("in")
    };
    let check = RequireLayer::new(move |identity| identity.require(of_check.clone()));
    vec![
        ("guard", plain().layer(RequireScopeLayer::new(policy.clone())), None),
        ("table", plain(), Some(policies(policy.clone()))),
        ("handler", Router::new().route("/", get(handler)), None),
        ("request identity", Router::new().route("/", get(extension)), None),
        ("custom check", plain().layer(check), None),
    ]
}

/// Each place that requires `policy`, behind a layer.
fn services(
    policy: impl Into<ScopePolicy>,
    layer: impl Fn() -> AuthenticateLayer,
) -> Vec<(&'static str, Router)> {
    let places = places(&policy.into()).into_iter();
    let services = places.map(|(place, router, policies)| {
        let layer = match policies {
            Some(policies) => layer().policies(policies),
            None => layer(),
        };
        (place, router.layer(layer))
    });
    services.collect()
}

#[tokio::test]
async fn a_broader_scope_is_sufficient_everywhere() {
    for hierarchical in [false, true] {
        let layer = || match hierarchical {
            true => AuthenticateLayer::bearer(Scoped).scope_hierarchy(hierarchy()),
            false => AuthenticateLayer::bearer(Scoped),
        };
        for (required, token, allowed) in [
            (READ, "read", true),
            (READ, "write", hierarchical),
            (READ, "admin", hierarchical),
            (READ, "x.admin", hierarchical),
            (READ, "administrator", false),
            (READ, "Admin", false),
            (WRITE, "read", false),
            (WRITE, "admin", hierarchical),
            (ADMIN, "read.write", false),
            (ADMIN, "admin", true),
        ] {
            for (place, app) in services(required.clone(), layer) {
                let response = send(&app, with_token(token)).await;
                let status = if allowed { 200 } else { 403 };
                assert_eq!(response.status, status, "{place} {required} {token}");
                assert_eq!(scope(&response), (!allowed).then_some(required.as_str()), "{place}");
            }
        }
    }
}

#[tokio::test]
async fn a_challenge_names_the_narrowest_scopes_that_are_sufficient() {
    let layer = || AuthenticateLayer::bearer(Scoped).scope_hierarchy(hierarchy());
    for (policy, token, named) in [
        (ADMIN.or(READ), "x", "read"),
        (ADMIN.or(WRITE).or(READ), "x", "read"),
        (ADMIN.or(WRITE), "read", "write"),
        (WRITE.and(READ), "read", "write read"),
        // Either `x` and `write` or `admin` would be sufficient.
        (Scope::from_static("x").and(WRITE).or(ADMIN), "x", "x write"),
    ] {
        for (place, app) in services(policy.clone(), layer) {
            let response = send(&app, with_token(token)).await;
            assert_eq!(response.status, 403, "{place} {policy}");
            let challenge = response.challenge().unwrap();
            assert!(challenge.ends_with(&format!("scope=\"{named}\"")), "{place}: {challenge}");
        }
    }
}

#[tokio::test]
async fn a_401_names_the_narrowest_scopes_too() {
    let layer = || AuthenticateLayer::bearer(Scoped).scope_hierarchy(hierarchy());
    let policy = || ADMIN.or(READ);
    let table = layer().policies(policies(policy()));
    let table_first =
        AuthenticateLayer::bearer(Scoped).policies(policies(policy())).scope_hierarchy(hierarchy());
    let guard = Router::new().route("/", get("in")).layer(RequireScopeLayer::new(policy()));
    let plain = || Router::new().route("/", get("in"));
    for (place, app) in [
        ("table", plain().layer(table)),
        ("table before the hierarchy", plain().layer(table_first)),
        ("guard", guard.layer(layer().allow_anonymous())),
    ] {
        let response = send(&app, Request::new(Body::empty())).await;
        assert_eq!(response.status, 401, "{place}");
        assert_eq!(scope(&response), Some("read"), "{place}");
    }
}

#[tokio::test]
async fn has_scope_asks_the_hierarchy_and_scopes_are_as_granted() {
    let handler = async |identity: Identity| {
        let has = |scope: &str| if identity.has_scope(scope) { "y" } else { "n" };
        let has: String = ["read", "write", "admin"].map(has).concat();
        format!("{} {}", identity.scopes().as_str(), has)
    };
    let router = || Router::new().route("/", get(handler));
    let layer = || AuthenticateLayer::bearer(Scoped);
    let with = router().layer(layer().scope_hierarchy(hierarchy()));
    assert_eq!(send(&with, with_token("write")).await.body, "write yyn");
    assert_eq!(send(&router().layer(layer()), with_token("write")).await.body, "write nyn");
}

#[tokio::test]
async fn every_kind_of_credentials_is_compared_by_the_hierarchy() {
    let issuer = TestIssuer::new();
    let format = OwnTokenFormat::new("demo_pat").unwrap();
    let store = MemoryTokenStore::new();
    let own = |scopes: &str| {
        let token = format.generate().unwrap();
        let record = TokenRecord::new(scopes, "alice").scopes(ScopeSet::from_wire(scopes));
        store.insert(token.digest(), record);
        format!("Bearer {}", token.reveal())
    };
    let [own_broad, own_narrow] = ["admin", "read"].map(own);
    let own = OwnTokenVerifier::builder(format.clone(), store.clone()).build().unwrap();
    let jwts = issuer.verifier().audience(API).build().unwrap();
    let opaque = issuer.introspection().audience(API).build().unwrap();
    let token = |scope: &str| issuer.token().audience(API).scope(scope);

    let basic = |user: &str| {
        format!("Basic {}", base64_simd::STANDARD.encode_to_string(format!("{user}:x")))
    };
    for (kind, layer, broad, narrow) in [
        (
            "JWT",
            AuthenticateLayer::bearer(jwts),
            format!("Bearer {}", token("admin").mint()),
            format!("Bearer {}", token("read").mint()),
        ),
        (
            "introspection",
            AuthenticateLayer::bearer(opaque),
            format!("Bearer {}", token("admin").mint_opaque()),
            format!("Bearer {}", token("read").mint_opaque()),
        ),
        ("own token", AuthenticateLayer::bearer(own), own_broad, own_narrow),
        ("Basic", AuthenticateLayer::basic_only(Scoped), basic("admin"), basic("read")),
        (
            "Basic beside Bearer",
            AuthenticateLayer::bearer(Scoped).basic(Scoped),
            basic("admin"),
            basic("read"),
        ),
        (
            "custom verifier",
            AuthenticateLayer::bearer(Scoped),
            "Bearer admin".into(),
            "Bearer read".into(),
        ),
    ] {
        let layer = || layer.clone().scope_hierarchy(hierarchy());
        for (place, app) in services(WRITE, layer) {
            // The second time, the token was seen before.
            for _ in 0..2 {
                let allowed = send(&app, with_authorization(&broad)).await;
                assert_eq!(allowed.status, 200, "{kind} {place}");
                let rejected = send(&app, with_authorization(&narrow)).await;
                assert_eq!(rejected.status, 403, "{kind} {place}");
            }
        }
    }
}

#[tokio::test]
async fn layers_that_share_a_verifier_have_hierarchies_of_their_own() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let layer = || AuthenticateLayer::bearer(verifier.clone());
    let guarded = || Router::new().route("/", get("in")).layer(RequireScopeLayer::new(READ));
    let other = ScopeHierarchy::builder().implies(WRITE, [READ]).build().unwrap();
    let apps = [
        (guarded().layer(layer().scope_hierarchy(hierarchy())), 200),
        (guarded().layer(layer()), 403),
        (guarded().layer(layer().scope_hierarchy(other)), 403),
        // The hierarchy is that of the layer that the identity comes from.
        (guarded().layer(layer()).layer(layer().scope_hierarchy(hierarchy())), 403),
        (guarded().layer(layer().scope_hierarchy(hierarchy())).layer(layer()), 200),
    ];
    let token = issuer.token().audience(API).scope("admin").mint();
    for _ in 0..2 {
        for (place, (app, status)) in apps.iter().enumerate() {
            assert_eq!(send(app, with_token(&token)).await.status, *status, "{place}");
        }
    }
}

#[test]
fn a_cycle_is_rejected_and_named() {
    let cycle = ScopeHierarchy::builder().implies(ADMIN, [READ]).implies(READ, [WRITE, ADMIN]);
    let error = cycle.build().unwrap_err();
    assert_eq!((error.what(), error.value()), ("scope hierarchy", "admin > read > admin"));
    let error = "a > b; b > c; c > a".parse::<ScopeHierarchy>().unwrap_err();
    assert_eq!(error.to_string(), "scope hierarchy `a > b > c > a`: a scope implies itself");
}

#[cfg(feature = "tracing")]
#[test]
fn scopes_without_effect_are_logged_once() {
    use crate::telemetry::capture::Capture;
    use portcullis::ProtectedResource;
    let misspelled = || "admin > write raed; root > admin".parse::<ScopeHierarchy>().unwrap();
    let layer = || AuthenticateLayer::bearer(Scoped).scope_hierarchy(misspelled());
    let resource = |scopes: &[Scope]| {
        let resource = ProtectedResource::builder(API).scopes(scopes.iter().cloned());
        resource.build().unwrap()
    };
    let table = || Policies::builder().route(http::Method::GET, "/", WRITE).build().unwrap();
    for (case, layer, expected) in [
        ("a table", layer().policies(table()), Some("raed")),
        ("a resource", layer().resource(resource(&[WRITE])), Some("raed")),
        ("both", layer().policies(table()).resource(resource(&[Scope::from_static("raed")])), None),
        ("a default", layer().challenge_scope([READ]), Some("admin raed root write")),
        ("guards alone", layer(), None),
        ("a resource without scopes", layer().resource(resource(&[])), None),
        ("no hierarchy", AuthenticateLayer::bearer(Scoped).policies(table()), None),
        (
            "a correct hierarchy",
            AuthenticateLayer::bearer(Scoped)
                .policies(table())
                .scope_hierarchy("admin > write".parse().unwrap()),
            None,
        ),
    ] {
        let (capture, _guard) = Capture::start();
        for _ in 0..3 {
            drop(Router::<()>::new().route("/", get("in")).layer(layer.clone()));
        }
        let lines = capture.take();
        let texts: Vec<_> = lines.iter().map(|line| &*line.text).collect();
        match expected {
            None => assert_eq!(texts, [""; 0], "{case}"),
            Some(scopes) => {
                assert_eq!(lines.len(), 1, "{case}: {texts:?}");
                assert_eq!(lines[0].level, tracing::Level::WARN, "{case}");
                assert!(texts[0].contains(&format!("scopes={scopes:?}")), "{case}: {texts:?}");
            }
        }
    }
}

/// The scopes of the property tests.
const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

fn names(indices: &BTreeSet<usize>) -> impl Iterator<Item = Scope> {
    indices.iter().map(|index| Scope::from_static(NAMES[*index]))
}

/// Each scope implies some of those after it, so there is no cycle.
fn arbitrary_edges() -> impl Strategy<Value = BTreeSet<(usize, usize)>> {
    let edge = (0..NAMES.len(), 0..NAMES.len()).prop_filter("down", |(from, to)| from < to);
    prop::collection::btree_set(edge, 0..10)
}

fn arbitrary_scopes(at_least: usize) -> impl Strategy<Value = BTreeSet<usize>> {
    prop::collection::btree_set(0..NAMES.len(), at_least..4)
}

/// The granted scopes and all that they imply, step by step.
fn closure(granted: &BTreeSet<usize>, edges: &BTreeSet<(usize, usize)>) -> BTreeSet<usize> {
    let mut closure = granted.clone();
    loop {
        let implied = edges.iter().filter(|(from, _)| closure.contains(from));
        let implied: BTreeSet<_> = implied.map(|(_, to)| *to).collect();
        if implied.is_subset(&closure) {
            return closure;
        }
        closure.extend(implied);
    }
}

fn build(edges: &BTreeSet<(usize, usize)>) -> ScopeHierarchy {
    let mut builder = ScopeHierarchy::builder();
    for (from, to) in edges {
        let [from, to] = [from, to].map(|index| Scope::from_static(NAMES[*index]));
        builder = builder.implies(from, [to]);
    }
    builder.build().unwrap()
}

proptest! {
    /// Every place allows exactly the tokens whose closure contains all scopes of an alternative, and so does a request
    /// with a token of the closure itself, without a hierarchy.
    #[test]
    fn no_token_is_granted_more_than_the_closure_of_its_scopes(
        edges in arbitrary_edges(),
        granted in arbitrary_scopes(0),
        alternatives in prop::collection::vec(arbitrary_scopes(1), 1..4),
    ) {
        let closure = closure(&granted, &edges);
        let is_allowed = alternatives.iter().any(|scopes| scopes.is_subset(&closure));
        let mut policy = ScopePolicy::all([]);
        for scopes in &alternatives {
            policy = policy.or(ScopePolicy::all(names(scopes)));
        }

        let hierarchy = build(&edges);
        let token = |scopes: &BTreeSet<usize>| {
            let scopes: Vec<_> = names(scopes).map(|scope| scope.to_string()).collect();
            if scopes.is_empty() { "-".to_owned() } else { scopes.join(".") }
        };
        let scopes: ScopeSet = granted.iter().map(|index| NAMES[*index]).collect();
        for (index, name) in NAMES.iter().enumerate() {
            prop_assert_eq!(hierarchy.grants(&scopes, name), closure.contains(&index));
            prop_assert_eq!(hierarchy.expand(&scopes).contains(name), closure.contains(&index));
        }

        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let with = || AuthenticateLayer::bearer(Scoped).scope_hierarchy(hierarchy.clone());
            let without = || AuthenticateLayer::bearer(Scoped);
            let expanded = services(policy.clone(), without).into_iter();
            for ((place, app), (_, reference)) in services(policy.clone(), with).into_iter().zip(expanded) {
                let response = send(&app, with_token(&token(&granted))).await;
                prop_assert_eq!(response.status == 200, is_allowed, "{}", place);
                prop_assert_eq!(response.status == 403, !is_allowed, "{}", place);
                let by_name = send(&reference, with_token(&token(&closure))).await;
                prop_assert_eq!(by_name.status, response.status, "{}", place);
                if !is_allowed {
                    // What the challenge names is an alternative, it is sufficient, and no narrower one would be.
                    let named: BTreeSet<_> = scope(&response).unwrap().split(' ').map(|name| {
                        NAMES.iter().position(|one| *one == name).unwrap()
                    }).collect();
                    prop_assert!(alternatives.contains(&named), "{}", place);
                    let sufficient = send(&app, with_token(&token(&named))).await;
                    prop_assert_eq!(sufficient.status, 200, "{}", place);
                    let all = self::closure(&named, &edges);
                    for other in &alternatives {
                        let narrower = other.is_subset(&all) && !named.is_subset(&self::closure(other, &edges));
                        prop_assert!(!narrower, "{}: {:?} instead of {:?}", place, named, other);
                    }
                }
            }
            Ok(())
        })?;
    }
}
