//! The findings of all rules about a token, for operators.
//!
//! This runs after a rejection or on request, never before a decision, and doesn't affect any decision. `rules`
//! and `key_source` decide.

use std::borrow::Cow;

use super::{
    Profile,
    header::HeaderTexts,
    issuer::Issuer,
    jws::{Jws, SignatureBuffer},
    key_trials::Signature,
    rules::Rules,
    token_type,
    unverified_token::claims_of,
};
use crate::{
    Error, ErrorKind, Identity,
    claims::{ClaimSet, ClaimText, NumericDate, OtherKind},
    error::{Finding, Report, TokenFault},
    jose::json::{self, Value},
    verify::{
        Findings,
        claim_findings::{ID_TOKEN, audience_finding, issuer_finding, skew},
        hint,
    },
};

/// The hint for times that are out of range.
const CLOCKS: &str =
    "synchronize the clocks of this service and of the issuer (NTP), or raise `leeway`";

impl Issuer {
    /// Applies every rule to a token. With a `rejection`, the signature isn't verified again, because the error
    /// says whether it is invalid.
    pub(crate) fn findings(&self, token: &str, rejection: Option<&Error>) -> Findings {
        let now = self.now();
        let mut findings = Findings::new();
        findings.set_now(now.as_secs());
        let Some(jws) = read_form(&mut findings, token) else { return findings };
        findings.push(self.algorithm_finding(&jws));
        let options = |_: Option<&str>| Ok::<_, Error>(&self.claim_options);
        let Some(claims) = read_claims(&mut findings, &jws, options) else { return findings };
        self.rules.examine(&mut findings, &jws, &claims, now);
        self.examine_keys(&mut findings, &jws, now, rejection);
        if rejection.is_none() {
            let ClaimSet { raw, registered, scopes, .. } = claims;
            let identity = Identity::new(raw, registered, scopes);
            if !self.checks.is_empty() {
                findings.push(match self.check(&identity).map_err(|error| error.kind()) {
                    Ok(()) => Finding::passed("check"),
                    Err(ErrorKind::InvalidToken(fault)) => Finding::failed("check", fault),
                    Err(kind) => {
                        Finding::failed("check", TokenFault::Rejected).found(kind.reason())
                    }
                });
            }
            let revoked = self.revocations.check(None, token.as_bytes(), &identity).is_err();
            findings.push(if revoked {
                Finding::failed("revocation", TokenFault::Revoked)
            } else {
                Finding::passed("revocation")
            });
        }
        findings
    }

    fn algorithm_finding(&self, jws: &Jws<'_>) -> Finding {
        let algorithm = jws.header.algorithm;
        let finding = if self.algorithms.contains(algorithm) {
            Finding::passed("alg")
        } else {
            let hint = if algorithm.is_symmetric() {
                "the issuer signs with a secret: have it sign with an asymmetric key, or configure the secret"
            } else {
                "the token is signed with an algorithm that isn't configured: add it to `algorithms`, or have the issuer \
                 use a configured one"
            };
            Finding::failed("alg", TokenFault::Algorithm).hint(hint)
        };
        let allowed = self.algorithms.iter().map(crate::Algorithm::name);
        finding.expected_one_of(allowed).found(algorithm.name())
    }

    fn examine_keys(
        &self,
        findings: &mut Findings,
        jws: &Jws<'_>,
        now: NumericDate,
        rejection: Option<&Error>,
    ) {
        let status = self.keys.status(now);
        let Some(keys) = self.keys.peek(now) else {
            let error = status.and_then(|status| status.last_error);
            let found = error.as_deref().map(|error| Report(error).to_string());
            let hint = error.as_deref().and_then(crate::verify::jwks::FetchError::hint);
            let found = found.as_deref().unwrap_or("no keys have been fetched yet");
            findings.push(Finding::unknown("keys").found(found).maybe_hint(hint));
            return;
        };
        if rejection.is_none() {
            let age = status.as_ref().and_then(|status| status.age);
            let origin = match age {
                Some(age) => format!("fetched {} ago", hint::duration(age.as_secs())),
                None => "configured".to_owned(),
            };
            findings.push(Finding::passed("keys").found(&format!("{} keys, {origin}", keys.len())));
        }
        let (kid, algorithm) = (jws.header.kid.as_deref(), jws.header.algorithm);
        let mismatch = keys.mismatch(kid, algorithm);
        let found = kid.unwrap_or("no `kid`");
        let Some(fault) = mismatch else {
            findings.push(Finding::passed("kid").expected_one_of(keys.key_ids()).found(found));
            self.examine_signature(findings, jws, now, rejection);
            return;
        };
        if fault == TokenFault::Algorithm {
            findings.push(
                Finding::failed("kid", fault)
                    .expected(&format!("a key for {}", algorithm.name()))
                    .found(found)
                    .hint("the key with this `kid` is for other algorithms: the issuer's key set or the token is wrong"),
            );
            return;
        }
        let left_out = kid.and_then(|kid| keys.left_out().reason(kid));
        let cooldown = status.as_ref().and_then(|status| status.cooldown);
        let hint = match (left_out, cooldown) {
            (Some(reason), _) => format!(
                "the key is in the issuer's set, but it was left out, because {reason}: have the issuer publish it \
                 correctly"
            ),
            (None, Some(left)) => format!(
                "the issuer's keys were fetched recently without it, and the next fetch for an unknown `kid` is in \
                 {} s at the earliest: if the issuer has just changed its keys, wait for that",
                left.as_secs().saturating_add(1)
            ),
            (None, None) => "the issuer doesn't publish such a key: the token may be from another environment, or \
                             the configured keys may be outdated"
                .to_owned(),
        };
        findings.push(
            Finding::failed("kid", fault).expected_one_of(keys.key_ids()).found(found).hint(hint),
        );
    }

    fn examine_signature(
        &self,
        findings: &mut Findings,
        jws: &Jws<'_>,
        now: NumericDate,
        rejection: Option<&Error>,
    ) {
        const INVALID: &str = "the token was modified, or signed with a different key with the same `kid`: check that it comes \
             from this issuer and environment";
        let invalid = || Finding::failed("signature", TokenFault::Signature).hint(INVALID);
        if rejection.is_some() {
            // Regardless of the rejection, only this finding is about the signature.
            findings.push(invalid());
            return;
        }
        let mut buffer = SignatureBuffer::default();
        findings.push(match jws.decode_signature(&mut buffer) {
            Err(fault) => Finding::failed("signature", fault).hint(
                "the signature is empty or truncated: its length is invalid for its algorithm",
            ),
            Ok(signature) => match self.keys.try_keys(jws, signature, now) {
                Signature::Valid => Finding::passed("signature"),
                Signature::Limited => Finding::unknown("signature"),
                _ => invalid(),
            },
        });
    }
}

impl Rules {
    /// Applies every rule, in the order of [`validate`](Self::validate).
    fn examine(&self, findings: &mut Findings, jws: &Jws<'_>, claims: &ClaimSet, now: NumericDate) {
        let typ = jws.typ();
        if self.profile != Profile::JwtSvid {
            let found = claims.registered.issuer.get(&claims.raw);
            findings.push(issuer_finding([&*self.issuer], found));
        }
        findings.push(audience_finding(
            &self.audience,
            claims,
            is_id_token(claims, typ.as_deref()),
        ));
        findings.push(self.type_finding(jws, claims, typ.as_deref()));
        self.examine_times(findings, claims, now);
        if let Some(max) = self.max_lifetime {
            let (exp, iat) = (claims.registered.expires_at, claims.registered.issued_at);
            let lifetime = exp.zip(iat).and_then(|(exp, iat)| exp.since(iat));
            let finding = match (iat, lifetime) {
                (None, _) => Finding::failed("lifetime", TokenFault::Claims)
                    .found("no `iat`")
                    .hint("a maximum lifetime needs `iat`"),
                (_, Some(lifetime)) if lifetime > max => {
                    Finding::failed("lifetime", TokenFault::Lifetime)
                        .found(&format!("{} s", lifetime.as_secs()))
                        .hint("have the issuer shorten the lifetime of access tokens, or raise `max_lifetime`")
                }
                _ => Finding::passed("lifetime"),
            };
            findings.push(finding.expected(&format!("at most {} s", max.as_secs())));
        }
        match self.profile {
            Profile::JwtSvid => {
                let finding = match self.require_trust_domain(claims) {
                    Ok(()) => Finding::passed("sub"),
                    // The subject itself isn't shown.
                    Err(fault) => Finding::failed("sub", fault)
                        .found("another trust domain, or not a SPIFFE ID"),
                };
                findings.push(finding.expected(&format!("{}/\u{2026}", self.issuer)));
            }
            Profile::Relaxed => {}
            Profile::Rfc9068 => findings.push(required_by_rfc9068(claims)),
        }
        for required in &self.required {
            let finding = match required.find_in(claims) {
                Ok(()) => Finding::passed("required claim"),
                Err(fault) => Finding::failed("required claim", fault)
                    .found(kind_of_member(claims, &required.name))
                    .hint("the token lacks a claim that this service requires, or the claim has a different value"),
            };
            let prefix = if required.is_prefix { "\u{2026}" } else { "" };
            findings
                .push(finding.expected(&format!("{}={}{prefix}", required.name, required.text)));
        }
    }

    fn type_finding(&self, jws: &Jws<'_>, claims: &ClaimSet, typ: Option<&str>) -> Finding {
        let is_accepted = self.accepts_kind(claims.other_kind) && self.accepts_type(jws);
        let expected = match self.profile {
            Profile::JwtSvid => "JWT or JOSE, or none",
            Profile::Relaxed => "at+jwt or JWT, or none",
            Profile::Rfc9068 => "at+jwt",
        };
        if is_accepted {
            return Finding::passed("typ").expected(expected).found(typ.unwrap_or("none"));
        }
        let hint = if is_id_token(claims, typ) {
            ID_TOKEN
        } else if claims.other_kind.is_some() {
            "the claims mark this as a refresh token, a logout token or another token that isn't an access token: send \
             the access token"
        } else if self.profile == Profile::Rfc9068 {
            "the issuer doesn't declare its access tokens with `typ: at+jwt`: configure it to, or use the relaxed \
             profile"
        } else {
            "this isn't a type of access tokens; if the issuer uses it for them, see `accept_type`"
        };
        let found = match (typ, claims.other_kind) {
            (Some(typ), None) => typ,
            (_, Some(OtherKind::IdToken)) => "an ID token, by its claims",
            (_, Some(OtherKind::Other)) => "another kind of token, by its claims",
            (None, None) => "none",
        };
        Finding::failed("typ", TokenFault::Type).expected(expected).found(found).hint(hint)
    }

    fn examine_times(&self, findings: &mut Findings, claims: &ClaimSet, now: NumericDate) {
        let registered = &claims.registered;
        let leeway = self.leeway.as_secs();
        let now_shown = now.as_secs();
        findings.push(match registered.expires_at {
            None => Finding::failed("exp", TokenFault::Claims)
                .expected("a time")
                .found("no `exp`")
                .hint("tokens without an expiry aren't accepted: have the issuer add `exp`"),
            Some(expires_at) => {
                let is_expired = now >= expires_at.saturating_add(self.leeway);
                let finding = if is_expired {
                    let ago = now.since(expires_at).unwrap_or_default().as_secs();
                    Finding::failed("exp", TokenFault::Expired).hint(format!(
                        "expired {} ago: the client has to request a new token; if it did, {CLOCKS}",
                        hint::duration(ago)
                    ))
                } else {
                    Finding::passed("exp")
                };
                finding
                    .expected(&format!("later than {now_shown} (now), less {leeway} s"))
                    .found(&expires_at.as_secs().to_string())
                    .skew(skew(expires_at, now))
            }
        });
        for (rule, start) in [("nbf", registered.not_before), ("iat", registered.issued_at)] {
            let Some(start) = start else { continue };
            let is_future = start > now.saturating_add(self.leeway);
            let finding = if is_future {
                let ahead = start.since(now).unwrap_or_default().as_secs();
                Finding::failed(rule, TokenFault::NotYetValid)
                    .hint(format!("`{rule}` is {} in the future: {CLOCKS}", hint::duration(ahead)))
            } else {
                Finding::passed(rule)
            };
            findings.push(
                finding
                    .expected(&format!("not later than {now_shown} (now), plus {leeway} s"))
                    .found(&start.as_secs().to_string())
                    .skew(skew(start, now)),
            );
        }
    }
}

/// Reads the form and the header of a token.
pub(crate) fn read_form<'t>(findings: &mut Findings, token: &'t str) -> Option<Jws<'t>> {
    let texts = HeaderTexts::read(token.split('.').next().unwrap_or_default().as_bytes());
    findings.set_header(texts.algorithm.clone(), texts.kid);
    let fault = match Jws::parse(token.as_bytes()) {
        Ok(jws) => {
            findings.push(Finding::passed("form"));
            return Some(jws);
        }
        Err(fault) => fault,
    };
    let parts = token.split('.').take(6).count();
    findings.push(match (fault, parts) {
        (TokenFault::Algorithm, _) => {
            let found = texts.algorithm.as_deref().unwrap_or_default();
            let hint = if found.eq_ignore_ascii_case("none") {
                "the token isn't signed"
            } else {
                "this crate doesn't support this algorithm: have the issuer sign with another one"
            };
            Finding::failed("alg", fault).found(found).hint(hint)
        }
        (_, 5) => Finding::failed("form", fault)
            .expected("a signed JWT with three parts")
            .found("five parts")
            .hint("this is a JWE: have the issuer sign the access tokens for this API instead of encrypting them"),
        (_, 1) => Finding::failed("form", fault)
            .expected("a signed JWT with three parts")
            .found("one part")
            .hint(
                "this is an opaque token: have the issuer issue JWTs for this API (some do so only for a registered \
                 audience), or introspect such tokens with `Issuers::builder().opaque(\u{2026})`",
            ),
        (_, 3) => Finding::failed("form", fault)
            .found(if texts.is_object { "a header that this crate doesn't accept" } else { "no JSON header" })
            .maybe_hint(texts.problem.map(Cow::Borrowed)),
        (_, parts) => Finding::failed("form", fault)
            .expected("a signed JWT with three parts")
            .found(&if parts > 5 { "more than five parts".to_owned() } else { format!("{parts} parts") }),
    });
    None
}

/// Reads the claims of a token.
pub(crate) fn read_claims<'o>(
    findings: &mut Findings,
    jws: &Jws<'_>,
    options: impl FnOnce(Option<&str>) -> Result<&'o crate::claims::ClaimOptions, Error>,
) -> Option<ClaimSet> {
    match claims_of(jws.payload, options) {
        Ok(claims) => {
            let (registered, raw) = (&claims.registered, &*claims.raw);
            findings.set_claims(registered.issuer.get(raw), registered.subject.get(raw), raw);
            findings.push(Finding::passed("claims"));
            Some(claims)
        }
        Err(error) => {
            let (rule, fault) = match error.kind() {
                ErrorKind::InvalidToken(TokenFault::Malformed) => ("claims", TokenFault::Malformed),
                ErrorKind::InvalidToken(fault) => ("claims", fault),
                _ => ("claims", TokenFault::Claims),
            };
            let finding = Finding::failed(rule, fault);
            findings.push(match std::error::Error::source(&error) {
                Some(source) => finding.found(&source.to_string()),
                None if fault == TokenFault::Malformed => {
                    finding.found("not a JSON object, or one with a duplicate member")
                }
                None => finding.found(
                    "a claim with scopes or roles that is neither a string nor an array of strings",
                ),
            });
            None
        }
    }
}

/// Returns whether a token is probably an ID token. This is only for hints: `nonce` alone doesn't
/// reject a token.
fn is_id_token(claims: &ClaimSet, typ: Option<&str>) -> bool {
    claims.other_kind == Some(OtherKind::IdToken)
        || typ
            .is_some_and(|typ| token_type::ID_TOKEN.iter().any(|one| token_type::is_same(typ, one)))
        || has_member(claims, "nonce")
}

fn has_member(claims: &ClaimSet, name: &str) -> bool {
    json::object(&claims.raw, |_, _| ()).is_ok_and(|object| object.find(name).is_some())
}

/// Describes what is found in place of a required claim, without its value, which may be personal
/// data.
fn kind_of_member(claims: &ClaimSet, name: &str) -> &'static str {
    let Ok(object) = json::object(&claims.raw, |_, _| ()) else { return "no claims" };
    match object.find(name) {
        None => "no such claim",
        Some(Value::String(_)) => "another string",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
        Some(Value::Number(_)) => "a number",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Null) => "null",
    }
}

fn required_by_rfc9068(claims: &ClaimSet) -> Finding {
    let registered = &claims.registered;
    let has = |text: &ClaimText| !matches!(text, ClaimText::Absent);
    let required = [
        ("aud", !registered.audience.as_slice().is_empty()),
        ("client_id", claims.has_client_id),
        ("iat", registered.issued_at.is_some()),
        ("jti", has(&registered.token_id)),
        ("sub", has(&registered.subject)),
    ];
    let missing: Vec<_> =
        required.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect();
    let expected = required.iter().map(|(name, _)| *name);
    if missing.is_empty() {
        return Finding::passed("RFC 9068").expected_one_of(expected);
    }
    Finding::failed("RFC 9068", TokenFault::Claims)
        .expected_one_of(expected)
        .found(&format!("no {}", missing.join(", ")))
        .hint("the issuer doesn't follow RFC 9068: configure it to, or use the relaxed profile")
}
