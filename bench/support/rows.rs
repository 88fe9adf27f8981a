//! All that is measured, and what it is held against.

use std::sync::Arc;

use axum::Router;
use http::StatusCode;
use portcullis::{
    Algorithm::{self, EdDsa, Es256, Hs256, MlDsa44, MlDsa65, MlDsa87, Ps256, Rs256},
    AuthenticateLayer, ErrorBody, ProtectedResource, Scope,
    scope::ScopeHierarchy,
    testing::TestClock,
    verify::{Revocation, Revocations},
};
use serde_json::json;

pub use super::figure::ROUTER;
use super::{
    baseline::Reject,
    figure::Figure::{self, Allocations, Change, Difference, Net, NetDifference, Ratio},
    fixture::{Fixture, Memory},
    issuer::{API, Issuer, READ},
    proofs,
    raw::Raw,
    services, strangers,
    subject::Subject,
};

/// The least that a layer can cost which says who it is.
pub const CONSTANT: &str = "constant `Arc`, `Extension`";
/// How many entries a full list has here. `benches/revocations` has a million.
const FULL: usize = 100_000;
/// The rejections of requests without a token, with an invalid one, and without a body, by a service that makes the same
/// responses itself, without reading the request.
pub const BY_HAND_MISSING: &str = "401 by hand, no token";
pub const BY_HAND_INVALID: &str = "401 by hand, invalid token";
pub const BY_HAND_EMPTY: &str = "401 by hand, no body";

/// One line of the table.
pub struct Row {
    pub name: &'static str,
    /// What it is held against, and how far it may go.
    pub figures: Vec<(Figure, Option<f64>)>,
    /// Whether it is measured on two threads, too.
    pub two_threads: bool,
    make: Box<dyn Fn(&Fixture) -> Subject>,
}

impl Row {
    pub fn new(name: &'static str, make: impl Fn(&Fixture) -> Subject + 'static) -> Self {
        Self { name, figures: Vec::new(), two_threads: false, make: Box::new(make) }
    }

    /// Shows a figure.
    pub fn shows(mut self, figure: Figure) -> Self {
        self.figures.push((figure, None));
        self
    }

    /// Shows a figure that is to be at most `limit`.
    pub fn bar(mut self, figure: Figure, limit: f64) -> Self {
        self.figures.push((figure, Some(limit)));
        self
    }

    pub fn on_two_threads(mut self) -> Self {
        self.two_threads = true;
        self
    }

    pub fn subject(&self, fixture: &Fixture) -> Subject {
        (self.make)(fixture)
    }
}

/// Every row, those of one kind together.
pub fn all() -> Vec<Row> {
    let groups =
        [baselines(), known(), raw(), first_seen(), seen(), proven(), post_quantum(), rejected()];
    groups.into_iter().flatten().collect()
}

const MISSING: Reject = Reject {
    message: "Authentication required.",
    code: None,
    challenge: r#"Bearer realm="restricted""#,
    has_body: true,
};

const INVALID: Reject = Reject {
    message: "Token expired.",
    code: Some("invalid_token"),
    challenge: r#"Bearer realm="restricted", error="invalid_token", error_description="Token expired.""#,
    has_body: true,
};

fn by_hand(name: &'static str, reject: Reject) -> Row {
    Row::new(name, move |it| {
        rejected_with(services::behind_rejection(reject), &it.issuer.tokens(Rs256))
    })
}

pub fn baselines() -> Vec<Row> {
    vec![
        Row::new(ROUTER, |it| ok(services::plain(), it, Rs256)).on_two_threads(),
        Row::new("layer that does nothing", |it| ok(services::behind_nothing(), it, Rs256))
            .shows(Ratio(ROUTER)),
        Row::new(CONSTANT, |it| ok(services::for_someone(), it, Rs256)).shows(Ratio(ROUTER)),
        by_hand(BY_HAND_MISSING, MISSING),
        by_hand(BY_HAND_INVALID, INVALID),
        by_hand(BY_HAND_EMPTY, Reject { has_body: false, ..INVALID }),
    ]
}

/// The layer alone: its verifier knows the answer.
fn known() -> Vec<Row> {
    let known =
        |app: Router| move |it: &Fixture| ok(app.clone().layer(services::vouching()), it, Rs256);
    vec![
        Row::new("identity known", known(services::for_identity()))
            .shows(Ratio(CONSTANT))
            .shows(Allocations(CONSTANT))
            .on_two_threads(),
        Row::new("identity known, `Claims<T>`", known(services::for_claims()))
            .shows(Difference("identity known"))
            .bar(Allocations("identity known"), 0.0),
        Row::new(
            "identity known, layer that does nothing",
            known(services::for_identity_behind_nothing()),
        ),
        Row::new("identity known, scope guard", known(services::for_identity_behind_guard()))
            .bar(Difference("identity known, layer that does nothing"), 50.0)
            .shows(Allocations("identity known, layer that does nothing")),
        Row::new("identity known, scope guard, hierarchy", |it| {
            let app = services::for_identity_behind_guard();
            ok(app.layer(services::vouching_with_hierarchy()), it, Rs256)
        })
        .shows(Difference("identity known, scope guard"))
        .bar(Allocations("identity known, scope guard"), 0.0),
    ]
}

pub fn raw() -> Vec<Row> {
    let raw = |algorithm| move |it: &Fixture| Subject::raw(Raw::new(&it.issuer, algorithm));
    vec![
        Row::new("raw RS256", raw(Rs256)).on_two_threads(),
        Row::new("raw PS256", raw(Ps256)),
        Row::new("raw ES256", raw(Es256)).on_two_threads(),
        Row::new("raw EdDSA", raw(EdDsa)),
        Row::new("raw HS256", raw(Hs256)),
    ]
}

fn first_seen() -> Vec<Row> {
    let first = |app: fn() -> Router, algorithm| {
        move |it: &Fixture| ok(app().layer(it.layer(&it.issuer, Memory::None)), it, algorithm)
    };
    let algorithm = |name, algorithm| Row::new(name, first(services::for_identity, algorithm));
    vec![
        algorithm("first seen, RS256", Rs256)
            .bar(Net("raw RS256"), 1.08)
            .bar(Allocations(ROUTER), 12.0)
            .on_two_threads(),
        algorithm("first seen, PS256", Ps256)
            .bar(Net("raw PS256"), 1.08)
            .bar(Allocations(ROUTER), 12.0),
        algorithm("first seen, ES256", Es256)
            .bar(Net("raw ES256"), 1.015)
            .bar(Allocations(ROUTER), 12.0)
            .on_two_threads(),
        algorithm("first seen, EdDSA", EdDsa)
            .bar(Net("raw EdDSA"), 1.03)
            .bar(Allocations(ROUTER), 12.0),
        Row::new("first seen, HS256", |it| {
            ok(services::for_identity().layer(it.hmac_layer(Memory::None)), it, Hs256)
        })
        .shows(Net("raw HS256"))
        .bar(Allocations(ROUTER), 12.0),
        Row::new("first seen, RS256, `Claims<T>`", first(services::for_claims, Rs256))
            .shows(Difference("first seen, RS256"))
            .shows(Allocations("first seen, RS256")),
        Row::new("first seen, RS256, and remembered", |it| {
            ok(services::for_identity().layer(it.layer(&it.issuer, Memory::Little)), it, Rs256)
        })
        .shows(Difference("first seen, RS256"))
        .shows(Allocations("first seen, RS256")),
        Row::new("first seen, RS256, 100 keys", |it| {
            let issuer = it.issuer_with_100_keys();
            let app = services::for_identity().layer(it.layer(issuer, Memory::None));
            Subject::bearers(app, &*issuer.tokens(Rs256), StatusCode::OK)
        })
        .bar(Change("first seen, RS256"), 3.0),
        Row::new("first seen, RS256, 20 issuers", |it| {
            ok(services::for_identity().layer(it.layer_of_20_issuers(Memory::None)), it, Rs256)
        })
        .bar(Change("first seen, RS256"), 3.0),
    ]
}

/// Tokens that the verifier has met before.
fn seen() -> Vec<Row> {
    let one = |app: fn() -> Router, algorithm| {
        move |it: &Fixture| {
            let app = app().layer(it.layer(&it.issuer, Memory::Default));
            Subject::bearers(app, it.issuer.tokens(algorithm).first(), StatusCode::OK)
        }
    };
    let algorithm = |name, algorithm| {
        Row::new(name, one(services::for_identity, algorithm))
            .bar(Ratio(CONSTANT), 1.2)
            .bar(Allocations(CONSTANT), 0.0)
    };
    vec![
        algorithm("seen, RS256", Rs256).on_two_threads(),
        algorithm("seen, ES256", Es256),
        Row::new("seen, RS256, one of many", |it| {
            ok(services::for_identity().layer(it.layer(&it.issuer, Memory::Default)), it, Rs256)
        })
        .bar(Ratio(CONSTANT), 1.5)
        .on_two_threads(),
        Row::new("seen, RS256, `Claims<T>`", one(services::for_claims, Rs256))
            .shows(Difference("seen, RS256"))
            .bar(Allocations("seen, RS256"), 0.0),
        Row::new("seen, RS256, 100 keys", |it| {
            let issuer = it.issuer_with_100_keys();
            let app = services::for_identity().layer(it.layer(issuer, Memory::Default));
            Subject::bearers(app, issuer.tokens(Rs256).first(), StatusCode::OK)
        })
        .bar(Change("seen, RS256"), 3.0),
        Row::new("seen, RS256, 20 issuers", |it| {
            let app = services::for_identity().layer(it.layer_of_20_issuers(Memory::Default));
            Subject::bearers(app, it.issuer.tokens(Rs256).first(), StatusCode::OK)
        })
        .bar(Change("seen, RS256"), 3.0),
        configured("seen, RS256, empty revocation list", |it| {
            it.layer_with_revocations(&Revocations::new())
        }),
        configured("seen, RS256, full revocation list", |it| {
            let revocations = Revocations::new();
            for number in 0..FULL {
                drop(revocations.revoke(&Revocation::token_id(number.to_string())));
            }
            it.layer_with_revocations(&revocations)
        }),
        configured("seen, RS256, hierarchy", |it| {
            let hierarchy = ScopeHierarchy::builder()
                .implies(Scope::from_static("admin"), [Scope::from_static(READ)])
                .build();
            let layer = it.layer(&it.issuer, Memory::Default);
            layer.scope_hierarchy(hierarchy.expect("a good hierarchy"))
        }),
        configured("seen, RS256, roles", |it| {
            let builder = it.issuer.verifier().roles("roles");
            it.verified_by(builder.build().expect("a good configuration"))
        }),
        configured("seen, RS256, resource metadata", |it| {
            let resource = ProtectedResource::builder(API).build().expect("a good resource");
            it.layer(&it.issuer, Memory::Default).resource(resource)
        }),
    ]
}

/// A token that was verified before, behind a layer that does more.
fn configured(name: &'static str, layer: fn(&Fixture) -> AuthenticateLayer) -> Row {
    Row::new(name, move |it| {
        let app = services::for_identity().layer(layer(it));
        Subject::bearers(app, it.issuer.tokens(Rs256).first(), StatusCode::OK)
    })
    .bar(Change("seen, RS256"), 3.0)
}

/// Tokens that the verifier has met before, bound to a key that each request proves.
fn proven() -> Vec<Row> {
    let proven = |algorithm| {
        move |it: &Fixture| {
            proofs::with_proofs(it, it.layer(&it.issuer, Memory::Default), algorithm)
        }
    };
    vec![
        Row::new("seen, RS256, with a proof, ES256", proven(Es256))
            .bar(NetDifference("raw ES256"), 3000.0)
            .shows(Allocations("seen, RS256")),
        Row::new("seen, RS256, with a proof, EdDSA", proven(EdDsa))
            .bar(NetDifference("raw EdDSA"), 3000.0),
        Row::new("seen, RS256, with a proof, RS256", proven(Rs256))
            .bar(NetDifference("raw RS256"), 3000.0),
        Row::new("seen, RS256, unbound, proofs accepted", |it| {
            let layer = it.layer(&it.issuer, Memory::Default);
            let layer = proofs::layer(layer, &TestClock::new());
            let app = services::for_identity().layer(layer);
            Subject::bearers(app, it.issuer.tokens(Rs256).first(), StatusCode::OK)
        })
        .shows(Difference("seen, RS256"))
        .bar(Allocations("seen, RS256"), 0.0),
    ]
}

/// Tokens that are signed with ML-DSA (RFC 9964).
fn post_quantum() -> Vec<Row> {
    let raw =
        |algorithm| move |it: &Fixture| Subject::raw(Raw::new(it.post_quantum_issuer(), algorithm));
    let first = |algorithm| {
        move |it: &Fixture| {
            let issuer = it.post_quantum_issuer();
            let app = services::for_identity().layer(it.layer(issuer, Memory::None));
            Subject::bearers(app, &*issuer.tokens(algorithm), StatusCode::OK)
        }
    };
    vec![
        Row::new("raw ML-DSA-44", raw(MlDsa44)),
        Row::new("raw ML-DSA-65", raw(MlDsa65)),
        Row::new("raw ML-DSA-87", raw(MlDsa87)),
        Row::new("first seen, ML-DSA-44", first(MlDsa44)).shows(Net("raw ML-DSA-44")),
        Row::new("first seen, ML-DSA-65", first(MlDsa65)).shows(Net("raw ML-DSA-65")),
        Row::new("first seen, ML-DSA-87", first(MlDsa87)).shows(Net("raw ML-DSA-87")),
        Row::new("seen, ML-DSA-65", |it| {
            let issuer = it.post_quantum_issuer();
            let app = services::for_identity().layer(it.layer(issuer, Memory::Default));
            Subject::bearers(app, issuer.tokens(MlDsa65).first(), StatusCode::OK)
        })
        .shows(Ratio(CONSTANT)),
    ]
}

/// What strangers send. None of it needs a signature checked, but the last.
fn rejected() -> Vec<Row> {
    let row = |name, tokens: fn(&Issuer) -> Arc<[String]>| {
        Row::new(name, move |it| rejected_with(protected(it), &tokens(&it.issuer)))
    };
    let cheap = |name, tokens| row(name, tokens).bar(Difference(BY_HAND_INVALID), 500.0);
    vec![
        Row::new("rejected, no token", |it| {
            Subject::anonymous(protected(it), StatusCode::UNAUTHORIZED)
        })
        .bar(Difference(BY_HAND_MISSING), 500.0),
        cheap("rejected, garbage", |_| strangers::garbage()).on_two_threads(),
        cheap("rejected, 16 KB without a dot", |_| strangers::long()),
        cheap("rejected, unknown kid", strangers::unknown_kid).on_two_threads(),
        cheap("rejected, wrong issuer", |issuer| {
            issuer.pool(|token| token.claim("iss", json!("https://evil.test")).mint())
        }),
        cheap("rejected, expired", |issuer| {
            issuer.pool(|token| token.claim("exp", json!(1_700_000_000)).mint())
        }),
        Row::new("rejected, unknown kid, 100 keys", |it| {
            let issuer = it.issuer_with_100_keys();
            let app = services::for_identity().layer(it.layer(issuer, Memory::Default));
            rejected_with(app, &strangers::unknown_kid(issuer))
        })
        .bar(Change("rejected, unknown kid"), 3.0),
        Row::new("rejected, wrong issuer, 20 issuers", |it| {
            let app = services::for_identity().layer(it.layer_of_20_issuers(Memory::Default));
            let evil = json!("https://evil.test");
            rejected_with(app, &it.issuer.pool(|token| token.claim("iss", evil.clone()).mint()))
        })
        .bar(Change("rejected, wrong issuer"), 3.0),
        Row::new("rejected, garbage, no body", |it| {
            let layer = it.layer(&it.issuer, Memory::Default).error_body(ErrorBody::empty());
            rejected_with(services::for_identity().layer(layer), &strangers::garbage())
        })
        .bar(Difference(BY_HAND_EMPTY), 500.0),
        row("rejected, bad signature, RS256", strangers::bad_signature).shows(Ratio("raw RS256")),
    ]
}

fn protected(it: &Fixture) -> Router {
    services::for_identity().layer(it.layer(&it.issuer, Memory::Default))
}

/// Requests with the issuer's good tokens, which are let through.
fn ok(app: Router, it: &Fixture, algorithm: Algorithm) -> Subject {
    Subject::bearers(app, &*it.issuer.tokens(algorithm), StatusCode::OK)
}

fn rejected_with(app: Router, tokens: &[String]) -> Subject {
    Subject::bearers(app, tokens, StatusCode::UNAUTHORIZED)
}
