//! Environment variables, and the errors that name them.

use std::{
    env::{self, VarError},
    fmt::Display,
    str::FromStr,
};

/// The value of a variable, if it is set and not empty.
pub(crate) fn read<T: FromStr<Err: Display>>(name: &str) -> Result<Option<T>, String> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => value.parse().map(Some).map_err(|error| bad(name, &value, error)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(value)) => Err(bad(name, value.display(), "not UTF-8")),
    }
}

pub(crate) fn require(name: &str) -> Result<String, String> {
    read(name)?.ok_or_else(|| format!("{name} must be set"))
}

/// The values of a variable, with commas between them.
pub(crate) fn list(name: &str) -> Result<Vec<String>, String> {
    let values = read::<String>(name)?.unwrap_or_default();
    let values = values.split(',').map(str::trim).filter(|value| !value.is_empty());
    Ok(values.map(str::to_owned).collect())
}

pub(crate) fn is_on(name: &str) -> Result<bool, String> {
    Ok(choice(name, &[("0", false), ("1", true)])?.unwrap_or(false))
}

/// One of these values.
pub(crate) fn choice<T: Copy>(name: &str, choices: &[(&str, T)]) -> Result<Option<T>, String> {
    let Some(value) = read::<String>(name)? else { return Ok(None) };
    match choices.iter().find(|(choice, _)| *choice == value) {
        Some((_, meaning)) => Ok(Some(*meaning)),
        None => {
            let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            Err(bad(name, value, format!("not one of {}", names.join(", "))))
        }
    }
}

pub(crate) fn bad(name: &str, value: impl Display, problem: impl Display) -> String {
    format!("{name} `{value}`: {problem}")
}
