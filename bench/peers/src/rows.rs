//! Each of the peers, and ours, with all that is sent to them.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

use axum::{Router, http::StatusCode};
use axum_0_7::routing::get;
use portcullis::{
    Algorithm::{self, EdDsa, Es256, Rs256},
    ErrorBody,
};
use tokio::time;

use crate::{
    app::Answer,
    peers::{self, ANSWER, App, Building, Peer},
    support::{
        figure::Figure::{Allocations, Difference, NetOf, Ratio},
        fixture::{Fixture, Memory},
        issuer::Issuer,
        rows::{self, BY_HAND_EMPTY, BY_HAND_INVALID, CONSTANT, ROUTER, Row},
        services, strangers,
        subject::Subject,
    },
};

/// The least that a service of the older axum costs, which jwt-authorizer needs.
const OLD_ROUTER: &str = "router alone, axum 0.7";

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    Good(Algorithm),
    Nothing,
    Garbage,
    Long,
    UnknownKid,
    BadSignature,
}

impl Sent {
    pub const ALL: [Self; 8] = [
        Self::Good(Rs256),
        Self::Good(Es256),
        Self::Good(EdDsa),
        Self::Nothing,
        Self::Garbage,
        Self::Long,
        Self::UnknownKid,
        Self::BadSignature,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Good(Rs256) => "accepted, RS256",
            Self::Good(Es256) => "accepted, ES256",
            Self::Good(_) => "accepted, EdDSA",
            Self::Nothing => "no token",
            Self::Garbage => "garbage",
            Self::Long => "16 KB without a dot",
            Self::UnknownKid => "unknown kid",
            Self::BadSignature => "bad signature, RS256",
        }
    }

    /// What the issuer's key is for.
    fn algorithm(self) -> Algorithm {
        if let Self::Good(algorithm) = self { algorithm } else { Rs256 }
    }

    fn lines(self, issuer: &Issuer) -> Arc<[Option<String>]> {
        let tokens = match self {
            Self::Good(algorithm) => issuer.tokens(algorithm),
            Self::Nothing => return [None].into(),
            Self::Garbage => strangers::garbage(),
            Self::Long => strangers::long(),
            Self::UnknownKid => strangers::unknown_kid(issuer),
            Self::BadSignature => strangers::bad_signature(issuer),
        };
        tokens.iter().map(|token| Some(format!("Bearer {token}"))).collect()
    }
}

/// What a row was answered, by its name. 200 where it is good, and 401 where it isn't, is expected.
pub type Answers = Rc<RefCell<BTreeMap<&'static str, Vec<Answer>>>>;

/// Every row, those of one kind together. Only peers that have a choice of back end, if so asked.
pub fn all(only_with_choice: bool, answers: &Answers) -> Vec<Row> {
    let peers: Vec<_> =
        peers::all().into_iter().filter(|peer| !only_with_choice || peer.has_choice).collect();
    let mut all = rows::baselines();
    all.push(row(OLD_ROUTER, Sent::Good(Rs256), |_, _| Box::pin(async { old_router() }), answers));
    all.extend(
        rows::raw().into_iter().filter(|row| !["raw PS256", "raw HS256"].contains(&row.name)),
    );
    for sent in Sent::ALL {
        all.extend(ours(sent, answers));
        for peer in &peers {
            if peer.algorithms.contains(&sent.algorithm()) {
                all.push(of(peer, sent, answers));
            }
        }
    }
    all
}

fn ours(sent: Sent, answers: &Answers) -> Vec<Row> {
    let named = |name: &str| -> &'static str { format!("{}: {name}", sent.name()).leak() };
    let Sent::Good(algorithm) = sent else {
        let row = our_row(named("portcullis"), sent, Memory::Default, answers);
        if matches!(sent, Sent::BadSignature) {
            return vec![row.shows(Ratio("raw RS256"))];
        }
        // Most peers respond without a body.
        let (name, answers) = (named("portcullis, no body"), Answers::clone(answers));
        let without_body = Row::new(name, move |it| {
            let layer = it.layer(&it.issuer, Memory::Default).error_body(ErrorBody::empty());
            let app = App::Current(services::for_identity().layer(layer));
            checked(app, name, sent, it, &answers)
        });
        return vec![
            row.shows(Difference(BY_HAND_INVALID)),
            without_body.shows(Difference(BY_HAND_EMPTY)),
        ];
    };
    let raw = raw(algorithm);
    vec![
        our_row(named("portcullis, seen before"), sent, Memory::Default, answers)
            .shows(Ratio(CONSTANT))
            .shows(NetOf(ROUTER, raw)),
        our_row(named("portcullis, no cache"), sent, Memory::None, answers)
            .shows(NetOf(ROUTER, raw))
            .shows(Allocations(ROUTER)),
        // As the peers' handlers do.
        row_of(
            named("portcullis, no cache, typed claims"),
            sent,
            Memory::None,
            services::for_claims,
            answers,
        )
        .shows(NetOf(ROUTER, raw))
        .shows(Allocations(ROUTER)),
    ]
}

fn our_row(name: &'static str, sent: Sent, memory: Memory, answers: &Answers) -> Row {
    row_of(name, sent, memory, services::for_identity, answers)
}

fn row_of(
    name: &'static str,
    sent: Sent,
    memory: Memory,
    service: fn() -> Router,
    answers: &Answers,
) -> Row {
    let answers = Answers::clone(answers);
    Row::new(name, move |it| {
        let app = App::Current(service().layer(it.layer(&it.issuer, memory)));
        checked(app, name, sent, it, &answers)
    })
}

fn of(peer: &Peer, sent: Sent, answers: &Answers) -> Row {
    let name = format!("{}: {}", sent.name(), peer.name).leak();
    let row = row(name, sent, peer.app, answers);
    let router = if peer.name == "jwt-authorizer" { OLD_ROUTER } else { ROUTER };
    match sent {
        Sent::Good(algorithm) => {
            row.shows(NetOf(router, raw(algorithm))).shows(Allocations(router))
        }
        Sent::BadSignature => row.shows(Ratio("raw RS256")),
        _ => row.shows(Difference(BY_HAND_EMPTY)),
    }
}

fn raw(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Rs256 => "raw RS256",
        Es256 => "raw ES256",
        _ => "raw EdDSA",
    }
}

fn row(
    name: &'static str,
    sent: Sent,
    app: fn(&Issuer, Algorithm) -> Building<'_>,
    answers: &Answers,
) -> Row {
    let answers = Answers::clone(answers);
    Row::new(name, move |it| {
        let app = it.runtime.block_on(app(&it.issuer, sent.algorithm()));
        checked(app, name, sent, it, &answers)
    })
}

/// With keys at hand, and what it answers noted.
fn checked(app: App, name: &'static str, sent: Sent, it: &Fixture, answers: &Answers) -> Subject {
    let good = Sent::Good(sent.algorithm()).lines(&it.issuer);
    // Some begin without keys, and fetch them in a task of their own.
    let mut left = 100;
    let is_good = |answers: &[Answer]| matches!(answers, [one] if one.status == StatusCode::OK);
    while !is_good(&it.runtime.block_on(app.answers(&good))) {
        assert_ne!(left, 0, "{name}: good tokens are rejected");
        left -= 1;
        it.runtime.block_on(async { time::sleep(Duration::from_millis(20)).await });
    }
    let lines = sent.lines(&it.issuer);
    answers.borrow_mut().insert(name, it.runtime.block_on(app.answers(&lines)));
    app.subject(lines)
}

fn old_router() -> App {
    App::Old(axum_0_7::Router::new().route("/", get(|| async { ANSWER })))
}
