//! The issuers of the document.

use std::sync::Arc;

use super::{
    attempts::build_reporting_all,
    claim_members::{ClaimMembers, audiences},
    environment::Environment,
    node::Node,
    problems::Problems,
    table::{Table, read_file},
};
use crate::{
    Algorithm, ConfigError, JwtVerifier,
    jwt::{JwtVerifierBuilder, Profile},
    verify::AudienceMissing,
};

/// Replaces an issuer that was reported, so that other problems are found as well.
const PLACEHOLDER: &str = "https://issuer.invalid";

const PROFILES: [(&str, Profile); 3] =
    [("jwt-svid", Profile::JwtSvid), ("relaxed", Profile::Relaxed), ("rfc9068", Profile::Rfc9068)];

const HMAC: [(&str, Algorithm); 3] =
    [("HS256", Algorithm::Hs256), ("HS384", Algorithm::Hs384), ("HS512", Algorithm::Hs512)];

/// Builds the verifier of an issuer, and reports every problem. Digests of files are added to `digests`.
pub(super) fn verifier(
    node: &Node,
    path: &str,
    environment: &Environment<'_>,
    digests: &mut Vec<u8>,
    problems: &mut Problems,
) -> Option<JwtVerifier> {
    build_reporting_all((node, path), problems, member_of, |table, problems| {
        attempt(table, environment, digests, problems)
    })
}

/// Returns the member that an error of the builder is about.
fn member_of(what: &str) -> Option<&'static str> {
    Some(match what {
        "JWK Set" => "jwk_set_file",
        "PEM key" => "public_key_files",
        "accepted type" => "accepted_types",
        "algorithm" | "algorithms" => "algorithms",
        "client" => "clients",
        "issuer" => "issuer",
        "jwks_uri" => "jwks_uri",
        "maximum number of keys" => "max_keys",
        "metadata_issuer" => "metadata_issuer",
        "metadata_url" => "metadata_url",
        "secret for" => "hmac_secret",
        _ => return ClaimMembers::member_of(what),
    })
}

fn attempt(
    mut table: Table<'_>,
    environment: &Environment<'_>,
    digests: &mut Vec<u8>,
    problems: &mut Problems,
) -> Result<JwtVerifier, ConfigError> {
    let issuer = table.required_text("issuer", problems);
    let mut builder =
        JwtVerifier::builder(issuer.unwrap_or(PLACEHOLDER)).clock(Arc::clone(&environment.clock));
    if let Some(client) = &environment.client {
        builder = builder.http_client(Arc::clone(client));
    }
    builder = with_keys(builder, &mut table, digests, problems);
    builder = with_rules(builder, &mut table, problems);
    let mut any_audience = false;
    if let Some(mut dangerous) = table.table("dangerous", problems) {
        any_audience = dangerous.flag("any_audience", problems);
        if dangerous.flag("accept_id_tokens", problems) {
            builder = builder.dangerous().accept_id_tokens();
        }
        if dangerous.flag("plain_http", problems) {
            builder = builder.dangerous().plain_http();
        }
        if dangerous.flag("private_addresses", problems) {
            builder = builder.dangerous().private_addresses();
        }
        dangerous.finish(problems);
    }
    let given = table.texts("audience", problems);
    let clients = table.texts("clients", problems);
    let needs_audience = clients.is_empty() && !any_audience;
    let audiences = audiences(&given, needs_audience, &table, environment, problems);
    table.finish(problems);
    // The builder reports combinations that aren't allowed. If neither is set, that was reported above.
    let mut builder = match (&audiences[..], &clients[..]) {
        ([first, ..], _) if !any_audience => builder.audience(*first),
        ([], [first, ..]) if !any_audience => builder.client(*first),
        _ => builder.dangerous().any_audience(),
    };
    let skipped = usize::from(!any_audience);
    for audience in audiences.iter().skip(skipped) {
        builder = builder.audience(*audience);
    }
    let skipped = usize::from(!any_audience && audiences.is_empty());
    for client in clients.iter().skip(skipped) {
        builder = builder.client(*client);
    }
    builder.build()
}

/// Reads the source of the keys.
fn with_keys(
    mut builder: JwtVerifierBuilder<AudienceMissing>,
    table: &mut Table<'_>,
    digests: &mut Vec<u8>,
    problems: &mut Problems,
) -> JwtVerifierBuilder<AudienceMissing> {
    if let Some(uri) = table.text("jwks_uri", problems) {
        builder = builder.jwks_uri(uri);
    }
    if let Some(url) = table.text("metadata_url", problems) {
        builder = builder.metadata_url(url);
    }
    if let Some(name) = table.text("metadata_issuer", problems) {
        builder = builder.metadata_issuer(name);
    }
    if let Some(keys) = table.size("max_keys", problems) {
        builder = builder.max_keys(keys);
    }
    if let Some(tolerance) = table.seconds("outage_tolerance_seconds", problems) {
        builder = builder.outage_tolerance(tolerance);
    }
    if let Some(set) = table.file("jwk_set_file", digests, problems) {
        builder = builder.jwk_set(set);
    }
    let path = table.path_of("public_key_files");
    for file in table.texts("public_key_files", problems) {
        if let Some(pem) = read_file(file, path.clone(), digests, problems) {
            builder = builder.pem_key(pem);
        }
    }
    let has_algorithm = table.has("hmac_algorithm");
    let has_secret = table.has("hmac_secret") || table.has("hmac_secret_file");
    let algorithm = table.choice("hmac_algorithm", &HMAC, problems);
    let secret = table.secret(["hmac_secret", "hmac_secret_file"], digests, problems);
    if has_secret && !has_algorithm {
        problems.add(table.path_of("hmac_algorithm"), "must be set with `hmac_secret`");
    }
    if has_algorithm && !has_secret {
        problems.add(table.path_of("hmac_secret"), "must be set with `hmac_algorithm`");
    }
    match algorithm.zip(secret) {
        Some((algorithm, secret)) => builder.hmac_secret(algorithm, secret),
        None => builder,
    }
}

/// Reads the rules for tokens, and the places of their claims.
fn with_rules(
    mut builder: JwtVerifierBuilder<AudienceMissing>,
    table: &mut Table<'_>,
    problems: &mut Problems,
) -> JwtVerifierBuilder<AudienceMissing> {
    let mut algorithms = Vec::new();
    for name in table.texts("algorithms", problems) {
        match name.parse::<Algorithm>() {
            Ok(algorithm) => algorithms.push(algorithm),
            Err(error) => problems.add(table.path_of("algorithms"), error),
        }
    }
    if !algorithms.is_empty() {
        builder = builder.algorithms(algorithms);
    }
    if let Some(profile) = table.choice("profile", &PROFILES, problems) {
        builder = builder.profile(profile);
    }
    for typ in table.texts("accepted_types", problems) {
        builder = builder.accept_type(typ);
    }
    if let Some(leeway) = table.seconds("leeway_seconds", problems) {
        builder = builder.leeway(leeway);
    }
    if let Some(claims) = table.table("required_claims", problems) {
        for (name, value) in claims.members() {
            match value {
                Node::Text(text) => builder = builder.require_claim(name, text),
                other => {
                    let path = claims.path_of(name);
                    problems.add(path, format_args!("must be a string, not {}", other.kind()));
                }
            }
        }
    }
    ClaimMembers::read(table, problems).apply(builder.claim_options_mut());
    builder
}
