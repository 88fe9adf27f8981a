//! The introspection endpoints of the document.

use std::sync::Arc;

use super::{
    attempts::build_reporting_all,
    claim_members::{ClaimMembers, audiences},
    environment::Environment,
    node::Node,
    problems::Problems,
    table::Table,
};
use crate::{ConfigError, IntrospectionVerifier};

/// Builds the verifier of an endpoint, and reports every problem. Digests of files are added to `digests`.
pub(super) fn verifier(
    node: &Node,
    path: &str,
    environment: &Environment<'_>,
    digests: &mut Vec<u8>,
    problems: &mut Problems,
) -> Option<IntrospectionVerifier> {
    build_reporting_all((node, path), problems, member_of, |table, problems| {
        attempt(table, environment, digests, problems)
    })
}

/// Returns the member that an error of the builder is about.
fn member_of(what: &str) -> Option<&'static str> {
    Some(match what {
        "bearer token" => "bearer_token",
        "client id" => "client_id",
        "client secret of" => "client_secret",
        "introspection endpoint" => "endpoint",
        "issuer" => "issuer",
        _ => return ClaimMembers::member_of(what),
    })
}

/// The way in which the service authenticates itself.
#[derive(Clone, Copy)]
enum Authentication {
    Basic,
    Post,
}

fn attempt(
    mut table: Table<'_>,
    environment: &Environment<'_>,
    digests: &mut Vec<u8>,
    problems: &mut Problems,
) -> Result<IntrospectionVerifier, ConfigError> {
    let endpoint = table.required_text("endpoint", problems);
    let builder = IntrospectionVerifier::builder(
        // Replaces an endpoint that was reported, so that other problems are found as well.
        endpoint.unwrap_or("https://endpoint.invalid"),
    );
    let choices = [("basic", Authentication::Basic), ("post", Authentication::Post)];
    let authentication = table.choice("authentication", &choices, problems);
    let has_token = table.has("bearer_token") || table.has("bearer_token_file");
    let token = table.secret(["bearer_token", "bearer_token_file"], digests, problems);
    let id = table.text("client_id", problems);
    let secret = table.secret(["client_secret", "client_secret_file"], digests, problems);
    if has_token {
        for name in ["client_id", "client_secret", "client_secret_file", "authentication"] {
            if table.has(name) {
                problems.add(table.path_of(name), "can't be combined with `bearer_token`");
            }
        }
    } else {
        if !table.has("client_id") {
            problems.add(table.path_of("client_id"), "must be set");
        }
        if !table.has("client_secret") && !table.has("client_secret_file") {
            problems
                .add(table.path_of("client_secret"), "this or `client_secret_file` must be set");
        }
    }
    let (id, secret) = (id.unwrap_or("-"), secret.unwrap_or_else(|| "-".into()));
    let mut builder = match (token, authentication) {
        (Some(token), _) => builder.bearer_token(token),
        (None, Some(Authentication::Post)) => builder.client_secret_post(id, secret),
        (None, Some(Authentication::Basic) | None) => builder.client_secret_basic(id, secret),
    };
    builder = builder.clock(Arc::clone(&environment.clock));
    if let Some(client) = &environment.client {
        builder = builder.http_client(Arc::clone(client));
    }
    if let Some(issuer) = table.text("issuer", problems) {
        builder = builder.issuer(issuer);
    }
    ClaimMembers::read(&mut table, problems).apply(builder.claim_options_mut());
    if let Some(time) = table.seconds("cache_seconds", problems) {
        builder = builder.cache_for(time);
    }
    if let Some(time) = table.seconds("negative_cache_seconds", problems) {
        builder = builder.negative_cache_for(time);
    }
    let mut takes_any_audience = false;
    if let Some(mut dangerous) = table.table("dangerous", problems) {
        takes_any_audience = dangerous.flag("any_audience", problems);
        if dangerous.flag("plain_http", problems) {
            builder = builder.dangerous().plain_http();
        }
        if dangerous.flag("private_addresses", problems) {
            builder = builder.dangerous().private_addresses();
        }
        dangerous.finish(problems);
    }
    let ignores_audience = table.flag("ignore_audience", problems);
    let given = table.texts("audience", problems);
    let needs_audience = !ignores_audience && !takes_any_audience;
    let audiences = audiences(&given, needs_audience, &table, environment, problems);
    if ignores_audience && !given.is_empty() {
        problems.add(table.path_of("audience"), "can't be combined with `ignore_audience`");
    }
    table.finish(problems);
    match &audiences[..] {
        _ if takes_any_audience => builder.dangerous().any_audience().build(),
        [first, rest @ ..] if !ignores_audience => rest
            .iter()
            .fold(builder.audience(*first), |builder, audience| builder.audience(*audience))
            .build(),
        _ => builder.without_audience().build(),
    }
}
