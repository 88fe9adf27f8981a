//! Determines which tokens an event revokes.

use super::subject::{Subject, SubjectFault};
use crate::{
    claims::{ClaimSet, NumericDate},
    jose::json::{self, Object, Value},
};

/// The event of a logout token (OpenID Connect Back-Channel Logout §2.4).
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The common prefixes of the event types of CAEP and of RISC.
const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";

/// The events that invalidate tokens issued before them. After the CAEP events, a new token has other claims or results
/// from another authentication.
const CAEP_EVENTS: [&str; 3] = ["credential-change", "session-revoked", "token-claims-change"];
const RISC_EVENTS: [&str; 4] = [
    "account-credential-change-required",
    "account-disabled",
    "account-purged",
    "sessions-revoked",
];

/// Revokes the tokens of a subject that were issued up to a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) subject: Subject,
    pub(super) time: NumericDate,
}

/// Returns the effects of a security event token. Unknown events have no effect.
pub(super) fn effects(
    claims: &ClaimSet,
    issued_at: NumericDate,
) -> Result<Vec<Effect>, SubjectFault> {
    let members = json::object(&claims.raw, |_, _| ()).map_err(|_| SubjectFault::Malformed)?;
    let Some(Value::Object(events)) = members.find("events") else {
        return Err(SubjectFault::Malformed);
    };
    let mut effects = Vec::new();
    for (name, event) in events.iter() {
        if !is_known(&name.to_cow()) {
            continue;
        }
        let Value::Object(event) = event else { return Err(SubjectFault::Malformed) };
        let time = time_of(event, issued_at);
        let subjects = subjects(claims, members, event)?;
        effects.extend(subjects.into_iter().map(|subject| Effect { subject, time }));
    }
    Ok(effects)
}

/// Returns the effect of a logout token. If it has a `sid`, it ends only that session.
pub(super) fn logout(claims: &ClaimSet, time: NumericDate) -> Result<Effect, SubjectFault> {
    let members = json::object(&claims.raw, |_, _| ()).map_err(|_| SubjectFault::Malformed)?;
    let is_logout = match members.find("events") {
        Some(Value::Object(events)) => matches!(events.find(LOGOUT), Some(Value::Object(_))),
        _ => false,
    };
    // A token with a `nonce` is an ID token (Back-Channel Logout §2.4).
    if !is_logout || members.find("nonce").is_some() {
        return Err(SubjectFault::Malformed);
    }
    let text = |text: Option<&str>| text.map(str::to_owned);
    let registered = &claims.registered;
    let session = text(registered.session_id.get(&claims.raw));
    let session = session.map(|id| Subject::Session { issuer: None, id });
    let named = || {
        let (issuer, subject) =
            (registered.issuer.get(&claims.raw), registered.subject.get(&claims.raw));
        Some(Subject::Named { issuer: text(issuer)?, subject: text(subject)? })
    };
    let subject = session.or_else(named).ok_or(SubjectFault::Malformed)?;
    Ok(Effect { subject, time })
}

fn is_known(name: &str) -> bool {
    let is_one_of = |prefix, events: &[&str]| {
        name.strip_prefix(prefix).is_some_and(|event| events.contains(&event))
    };
    is_one_of(CAEP, &CAEP_EVENTS) || is_one_of(RISC, &RISC_EVENTS)
}

/// Returns when the event occurred. A token that was issued between the event and its report stays valid. A time after
/// the report is invalid, and replaced with the time of the report.
fn time_of(event: Object<'_>, issued_at: NumericDate) -> NumericDate {
    match event.find("event_timestamp") {
        Some(Value::Number(time)) => {
            let time = time.as_f64().and_then(NumericDate::from_secs_f64);
            time.filter(|time| *time <= issued_at).unwrap_or(issued_at)
        }
        _ => issued_at,
    }
}

/// Returns the subjects: `subject` of the event (earlier versions of CAEP), `sub_id` (RFC 9493 §4.1), or `sub`.
fn subjects(
    claims: &ClaimSet,
    members: Object<'_>,
    event: Object<'_>,
) -> Result<Vec<Subject>, SubjectFault> {
    if let Some(subject) = event.find("subject").or_else(|| members.find("sub_id")) {
        return Subject::read(subject);
    }
    let registered = &claims.registered;
    let (issuer, subject) =
        (registered.issuer.get(&claims.raw), registered.subject.get(&claims.raw));
    match (issuer, subject) {
        (Some(issuer), Some(subject)) => {
            Ok(vec![Subject::Named { issuer: issuer.to_owned(), subject: subject.to_owned() }])
        }
        _ => Err(SubjectFault::Malformed),
    }
}
