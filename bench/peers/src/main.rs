//! Our crate beside others that do the same, in one interleaved run, on the same tokens.
//!
//! ```text
//! cargo run --release                       # all on aws-lc-rs, where a peer leaves the choice
//! cargo run --release -- --defaults         # those that leave it, as they come
//! cargo run --release -- --quick --tsv figures.tsv 'accepted, RS256'
//! ```
//!
//! What the rows mean, and how they are compared, is as in our own bench, whose runner this is. Keys come
//! from JWK Sets on loopback, from this process.

#[path = "../../measure/mod.rs"]
#[allow(dead_code, reason = "each bench uses another part")]
mod measure;
#[path = "../../support/mod.rs"]
#[allow(dead_code, reason = "each bench uses another part")]
mod support;

mod app;
mod peers;
mod rows;
mod served;

use axum::http::StatusCode;

use measure::{options::Options, report, rounds, tsv::Tsv};
use peers::provider::{self, Provider};
use rows::Answers;
use support::rows::Row;

/// How many requests come before a token comes again.
const POOL_SIZE: usize = 512;

fn main() {
    let options = Options::from_env();
    let defaults = options.others.iter().any(|option| option == "--defaults");
    provider::choose(if defaults { Provider::Default } else { Provider::AwsLc });
    let bench = if defaults { "peers by default" } else { "peers" };
    let mut tsv = Tsv::create(bench, options.tsv.as_deref());

    let answers = Answers::default();
    let rows = chosen(rows::all(defaults, &answers), &options);
    let fixture = served::fixture(POOL_SIZE);
    let rounds = if options.quick { 50 } else { 500 };
    report::header(rounds, &format!("pools of {POOL_SIZE} tokens; {bench}"));
    print_versions(&mut tsv);
    report::table(&rows, &rounds::measure(&rows, &fixture, rounds), &mut tsv);
    print_answers(&answers, &mut tsv);
    print_left_out(defaults);
}

/// The rows that were asked for, and all that have no peer in them.
fn chosen(mut rows: Vec<Row>, options: &Options) -> Vec<Row> {
    rows.retain(|row| !row.name.contains(": ") || options.chooses(row.name));
    rows
}

fn print_versions(tsv: &mut Tsv) {
    let lock = include_str!("../Cargo.lock");
    for peer in peers::all() {
        // Of several versions in the lock file the last is the one that we name.
        let entry = format!("name = \"{}\"\nversion = \"", peer.package);
        let version = lock.rsplit(&entry).next().and_then(|rest| rest.split('"').next());
        let version = version.unwrap_or("unknown");
        println!("{} {version}", peer.package);
        tsv.write(peer.name, "version", version, None);
    }
}

/// What was answered, to people only where that isn't 200 or 401.
fn print_answers(answers: &Answers, tsv: &mut Tsv) {
    println!();
    for (name, answers) in &*answers.borrow() {
        let [answer, ..] = answers.as_slice() else { continue };
        let status = answer.status.as_u16();
        tsv.write(name, "answer", status, None);
        tsv.write(name, "challenge", u8::from(answer.has_challenge), None);
        if let Some(bytes) = answer.bytes {
            tsv.write(name, "answer bytes", bytes, None);
        }
        let is_expected = matches!(answer.status, StatusCode::OK | StatusCode::UNAUTHORIZED);
        if answers.len() > 1 || !is_expected {
            println!("{name}: answered {status}, in {} ways", answers.len());
        }
    }
}

fn print_left_out(defaults: bool) {
    println!("\nleft out:");
    if defaults {
        println!("- peers that leave no choice of back end: they are in the other run");
    } else {
        println!(
            "- the peers' default back ends, where they leave the choice: `--defaults`, a run of its own,"
        );
        println!("  for jsonwebtoken has one for the whole process");
        println!("- huskarl-axum has no aws-lc-rs: a platform of ours puts it there");
    }
    if !cfg!(feature = "openssl") {
        println!("- ES256 with aliri, which needs OpenSSL: `--features openssl`");
    }
    println!("- EdDSA with aliri, ES256 and EdDSA with axum-jwks: they don't have it");
    println!("- axum-keycloak-auth: it finds its keys only at a Keycloak");
    println!("- jwt-authorizer is for axum 0.7, and is held against a router of that");
}
