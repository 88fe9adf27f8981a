//! Environment variables, and errors that name them.

use std::{
    env::{self, VarError},
    fmt::Display,
    str::FromStr,
    time::Duration,
};

use portcullis::ConfigError;

use crate::config;

/// Returns the value of a variable, if it is set and not empty.
pub(crate) fn read<T: FromStr<Err: Display>>(name: &str) -> Result<Option<T>, String> {
    match env::var(name) {
        Ok(value) if value.is_empty() => from_file(name),
        Ok(value) => value.parse().map(Some).map_err(|error| bad(name, &value, error)),
        Err(VarError::NotPresent) => from_file(name),
        Err(VarError::NotUnicode(value)) => Err(bad(name, value.display(), "not UTF-8")),
    }
}

/// Returns the value of a variable in the file `CONFIG`.
fn from_file<T: FromStr<Err: Display>>(name: &str) -> Result<Option<T>, String> {
    let Some(value) = config::setting(name) else { return Ok(None) };
    value.parse().map(Some).map_err(|error| bad(name, &value, error))
}

/// Returns whether the variable itself is set, regardless of the file.
pub(crate) fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

pub(crate) fn require(name: &str) -> Result<String, String> {
    read(name)?.ok_or_else(|| format!("{name} must be set"))
}

/// Returns the comma-separated values of a variable.
pub(crate) fn list(name: &str) -> Result<Vec<String>, String> {
    let Some(values) = read::<String>(name)? else { return Ok(Vec::new()) };
    let not_empty = |value: &str| match value.trim() {
        "" => Err(bad(name, "", "empty")),
        value => Ok(value.to_owned()),
    };
    values.split(',').map(not_empty).collect()
}

pub(crate) fn is_on(name: &str) -> Result<bool, String> {
    Ok(choice(name, &[("0", false), ("1", true)])?.unwrap_or(false))
}

/// Returns a duration in whole seconds.
pub(crate) fn seconds(name: &str) -> Result<Option<Duration>, String> {
    Ok(read(name)?.map(Duration::from_secs))
}

/// Returns one of these choices.
pub(crate) fn choice<T: Copy>(name: &str, choices: &[(&str, T)]) -> Result<Option<T>, String> {
    let Some(value) = read::<String>(name)? else { return Ok(None) };
    if let Some((_, meaning)) = choices.iter().find(|(choice, _)| *choice == value) {
        Ok(Some(*meaning))
    } else {
        let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
        Err(bad(name, value, format!("not one of {}", names.join(", "))))
    }
}

pub(crate) fn bad(name: &str, value: impl Display, problem: impl Display) -> String {
    format!("{name} `{value}`: {problem}")
}

/// Names the variable for a setting that the crate rejects.
pub(crate) fn invalid(error: &ConfigError) -> String {
    let variable = match error.what() {
        "algorithm" | "algorithms" => "ALGORITHMS",
        "audience" => "AUDIENCE",
        "introspection endpoint" => "INTROSPECTION_URL",
        "issuer" | "issuers" => "ISSUER",
        "jwks_uri" => "JWKS_URI",
        "nonce secret" => "DPOP_NONCE_SECRET",
        "public URL" => "PUBLIC_URL",
        "Redis URL" => "REDIS_URL",
        "resource" => "RESOURCE",
        "scope claim" => "SCOPE_CLAIM",
        "trusted proxy" => "TRUSTED_PROXIES",
        "roles" => "ROLES_CLAIM",
        "maximum lifetime" => "MAX_LIFETIME",
        other => other,
    };
    bad(variable, error.value(), error.problem())
}
