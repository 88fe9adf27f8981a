//! Findings about the claims of JWTs and introspected tokens, for operators.

use std::borrow::Cow;

use super::hint;
use crate::{
    claims::{AudienceRule, ClaimSet, DEFAULT_LEEWAY, NumericDate},
    error::{Finding, TokenFault},
    jose::json::{self, Value},
};

pub(crate) const ID_TOKEN: &str = "this is an ID token, which is for the client: have the client send the access \
     token, and request it for this API";

/// Compares the issuer of a token with the trusted ones.
pub(crate) fn issuer_finding<'a>(
    trusted: impl IntoIterator<Item = &'a str> + Clone,
    found: Option<&str>,
) -> Finding {
    let finding = match found {
        Some(found) if trusted.clone().into_iter().any(|one| one == found) => {
            Finding::passed("iss").found(found)
        }
        Some(found) => Finding::failed("iss", TokenFault::Issuer)
            .found(found)
            .maybe_hint(hint::for_name("iss", trusted.clone(), found)),
        None => Finding::failed("iss", TokenFault::Issuer).found("no `iss`"),
    };
    finding.expected_one_of(trusted)
}

/// Compares the audience of a token with the accepted ones.
pub(crate) fn audience_finding(
    rule: &AudienceRule,
    claims: &ClaimSet,
    is_id_token: bool,
) -> Finding {
    let registered = &claims.registered;
    let found = || registered.audience.as_slice().iter().filter_map(|one| one.get(&claims.raw));
    if rule.accepts(claims) {
        return Finding::passed("aud").expected_one_of(rule.expected()).found_all(found());
    }
    let client = registered.client_id.get(&claims.raw);
    let azp = json::object(&claims.raw, |_, _| ()).ok().and_then(|object| object.find("azp"));
    let names_client = client.is_some_and(|client| found().any(|one| one == client))
        || matches!(azp, Some(Value::String(azp)) if found().any(|one| azp.is(one)));
    let slash = found().find_map(|one| hint::for_name("aud", rule.expected(), one));
    let hint = match slash {
        Some(hint) => Some(hint),
        None if is_id_token || names_client => Some(Cow::Borrowed(ID_TOKEN)),
        None if matches!(rule, AudienceRule::ClientOneOf(_)) => None,
        None if found().next().is_none() => Some(Cow::Borrowed(
            "the token isn't for a particular API: have the client request it for this one (`resource`, `audience` or a \
             scope, depending on the issuer)",
        )),
        None => Some(Cow::Borrowed(
            "the token is for another API: have the client request it for this one, or add the name to the accepted \
             audiences if it identifies this service",
        )),
    };
    let finding = Finding::failed("aud", TokenFault::Audience)
        .expected_one_of(rule.expected())
        .maybe_hint(hint);
    match (rule, found().next()) {
        (AudienceRule::ClientOneOf(_), None) => finding.found(client.unwrap_or("no `client_id`")),
        (_, None) => finding.found("no `aud`"),
        _ => finding.found_all(found()),
    }
}

/// Returns how many seconds `time` is after `now`.
pub(crate) fn skew(time: NumericDate, now: NumericDate) -> i64 {
    let seconds = |time: NumericDate| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    seconds(time).saturating_sub(seconds(now))
}

/// Compares the clock of another server with that of this service.
pub(crate) fn clock_finding(server_time: NumericDate, now: NumericDate) -> Finding {
    let skew = skew(server_time, now);
    let finding = if skew.unsigned_abs() > DEFAULT_LEEWAY.as_secs() {
        Finding::failed("clock", TokenFault::NotYetValid).hint(
            "the clocks of this service and of the server differ by more than the default leeway: synchronize them (NTP), \
             or tokens will be rejected as expired or not yet valid",
        )
    } else {
        Finding::passed("clock")
    };
    finding
        .expected(&format!(
            "{} (this service), within {} s",
            now.as_secs(),
            DEFAULT_LEEWAY.as_secs()
        ))
        .found(&server_time.as_secs().to_string())
        .skew(skew)
}
