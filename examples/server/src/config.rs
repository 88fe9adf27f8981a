//! The file `CONFIG`, which contains the same settings, and is read again on SIGHUP.

use std::{
    collections::BTreeMap,
    env, fs,
    sync::{LazyLock, PoisonError, RwLock},
};

use portcullis::{
    configuration::{Configuration, Configured},
    issuers::IssuersHandle,
    verify::Revocations,
};
use toml::{Table, Value};

use crate::environment::{bad, is_set, list};

/// The members that the crate reads.
const TRUST: [&str; 4] = ["introspection", "issuers", "policies", "token_cache_bytes"];
/// The names of the variables, in lower case.
const SETTINGS: [&str; 35] = [
    "admin_token",
    "algorithms",
    "audience",
    "basic_scopes",
    "basic_users",
    "client_cert_header",
    "cookie",
    "dpop",
    "dpop_nonce_secret",
    "introspection_audience",
    "introspection_auth",
    "introspection_client_id",
    "introspection_client_secret",
    "introspection_url",
    "issuer",
    "jwks_uri",
    "listen",
    "log_format",
    "max_lifetime",
    "profile",
    "public_url",
    "query_token",
    "redis_outage",
    "redis_url",
    "require_claim",
    "resource",
    "roles_claim",
    "rust_log",
    "scope_claim",
    "scope_hierarchy",
    "security_events",
    "security_events_audience",
    "token_header",
    "token_scheme",
    "worker_threads",
];
/// The settings that may be in a separate file next to `CONFIG`.
const SECRETS: [&str; 5] =
    ["admin_token", "basic_users", "dpop_nonce_secret", "introspection_client_secret", "redis_url"];

#[derive(Clone, Default)]
struct File {
    /// The settings, in the form of variables, by name in lower case.
    settings: BTreeMap<String, String>,
    /// The members that the crate reads.
    trust: Table,
}

static FILE: LazyLock<RwLock<File>> = LazyLock::new(RwLock::default);

/// Reads the file, if one is configured.
pub(crate) fn load() -> Result<(), String> {
    if let Some(path) = path() {
        set(read(&path)?);
    }
    Ok(())
}

/// Returns the value of a setting in the file.
pub(crate) fn setting(variable: &str) -> Option<String> {
    let value = current().settings.get(&variable.to_lowercase()).cloned();
    value.filter(|value| !value.is_empty())
}

/// Returns the issuers and policies in the file, unless variables configure others.
pub(crate) fn trust(revocations: &Revocations) -> Result<Option<Configured>, String> {
    let File { mut trust, settings } = current();
    let is_replaced = is_set("ISSUER") || is_set("INTROSPECTION_URL");
    let is_described = trust.contains_key("issuers") || trust.contains_key("introspection");
    if is_replaced || !is_described {
        return match trust.keys().find(|name| !is_replaced && TRUST.contains(&&***name)) {
            Some(name) => Err(invalid(format!("{name}: has no effect without `issuers`"))),
            None => Ok(None),
        };
    }
    let about_issuers = ["introspection_url", "issuer"];
    if let Some(name) = about_issuers.iter().find(|name| settings.contains_key(**name)) {
        return Err(invalid(format!(
            "{name}: can't be combined with `issuers` or `introspection`"
        )));
    }
    let audience: Vec<_> = list("AUDIENCE")?.into_iter().map(Value::String).collect();
    if !audience.is_empty() {
        trust.insert("audience".to_owned(), Value::Array(audience));
    }
    let configuration: Configuration = Value::Table(trust)
        .try_into()
        .map_err(|error: toml::de::Error| invalid(error.message()))?;
    configuration.revocations(revocations.clone()).build().map(Some).map_err(invalid)
}

/// Replaces the issuers on each SIGHUP.
#[cfg(unix)]
pub(crate) fn reload_on_hangup(
    issuers: &IssuersHandle,
    revocations: &Revocations,
) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let Some(path) = path() else { return Ok(()) };
    let mut hangup = signal(SignalKind::hangup())?;
    let (issuers, revocations) = (issuers.clone(), revocations.clone());
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match reload(&path, &issuers, &revocations) {
                Ok(()) => tracing::info!("CONFIG was read again"),
                Err(problem) => tracing::error!("CONFIG was not read again: {problem}"),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn reload_on_hangup(_: &IssuersHandle, _: &Revocations) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn reload(path: &str, issuers: &IssuersHandle, revocations: &Revocations) -> Result<(), String> {
    let before = current();
    set(read(path)?);
    match crate::verifiers::issuers(revocations) {
        Ok((next, _)) => {
            issuers.replace(&next);
            Ok(())
        }
        Err(problem) => {
            set(before);
            Err(problem)
        }
    }
}

fn path() -> Option<String> {
    env::var("CONFIG").ok().filter(|path| !path.is_empty())
}

fn current() -> File {
    FILE.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn set(file: File) {
    *FILE.write().unwrap_or_else(PoisonError::into_inner) = file;
}

/// Adds the name of the variable to a problem in the file.
fn invalid(problem: impl std::fmt::Display) -> String {
    bad("CONFIG", path().unwrap_or_default(), problem)
}

fn read(path: &str) -> Result<File, String> {
    let text = fs::read_to_string(path).map_err(invalid)?;
    // The message must not quote the line, which may contain a secret.
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().and_then(|span| text.get(..span.start)).map(|it| it.lines().count());
        invalid(format!("line {}: {}", line.unwrap_or(0).max(1), error.message()))
    })?;
    let (mut settings, mut trust, mut problems) = (BTreeMap::new(), Table::new(), Vec::new());
    for (name, value) in table {
        if TRUST.contains(&&*name) {
            trust.insert(name, value);
            continue;
        }
        let secret = name.strip_suffix("_file").filter(|name| SECRETS.contains(name));
        let (setting, value) = match (secret, &value) {
            (Some(secret), Value::String(path)) => (secret.to_owned(), file(path)),
            (Some(_), _) => (name.clone(), Err("must be the path of a file".to_owned())),
            (None, value) if SETTINGS.contains(&&*name) => (name.clone(), as_variable(value)),
            (None, _) => (name.clone(), Err("unknown".to_owned())),
        };
        match value {
            Ok(value) => {
                if settings.insert(setting, value).is_some() {
                    problems.push(format!("{name}: given twice"));
                }
            }
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
    }
    if problems.is_empty() {
        Ok(File { settings, trust })
    } else {
        Err(invalid(problems.join("; ")))
    }
}

fn file(path: &str) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("`{path}`: {error}"))?;
    Ok(text.trim_end().to_owned())
}

/// Converts a value to the form of a variable.
fn as_variable(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(flag) => Ok(u8::from(*flag).to_string()),
        Value::Array(values) => {
            let values: Result<Vec<_>, _> = values.iter().map(as_variable).collect();
            values.map(|values| values.join(","))
        }
        other => Err(format!(
            "must be a string, a number, a boolean or an array, not {}",
            other.type_str()
        )),
    }
}
