//! Verifies any header and any claims with a valid signature, and compares with the same rules over serde_json.
#![cfg_attr(fuzzing, no_main)]

use std::{collections::BTreeMap, sync::LazyLock};

use arbitrary::Arbitrary;
use portcullis::{Algorithm, JwtVerifier, jwt::Profile};
use portcullis_fuzz::{
    strict_json::{self, Json},
    tokens::{AUDIENCE, ISSUER, NOW, OTHER_KINDS, OURS, verifier, verify},
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    strict: bool,
    text: Text<'a>,
}

#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Claims(&'a str),
    Header(&'a str),
    Members(Vec<(u8, u8)>),
    HeaderMembers(Vec<(u8, u8)>),
}

const NAMES: &[&str] = &[
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "sub",
    "client_id",
    "jti",
    "azp",
    "cid",
    "appid",
    "scope",
    "scp",
    "at_hash",
    "s_hash",
    "type",
    "token_type",
    "token_class",
    "c_hash",
    "events",
    "typ",
    "token_use",
    "\\u0065xp",
    "nonce",
    "alg",
    "kid",
    "crit",
    "b64",
    "tenant",
    "jwk",
    "cty",
];
const VALUES: &[&str] = &[
    "\"https://issuer.test\"",
    "\"https://api.test\"",
    "[\"x\",\"https://api.test\"]",
    "1800000300",
    "1800000000",
    "1799999940",
    "1799999941",
    "1800000060",
    "1800000061",
    "1800000060.5",
    "1e9",
    "-1",
    "1e400",
    "null",
    "true",
    "false",
    "\"\"",
    "\"alice\"",
    "[]",
    "{}",
    "[1]",
    "\"ID\"",
    "\"id\"",
    "\"access\"",
    "\"HS256\"",
    "\"none\"",
    "\"at+jwt\"",
    "\"JWT\"",
    "\"application/at+jwt\"",
    "\"logout+jwt\"",
    "\"acme\"",
    "\"https:\\/\\/issuer.test\"",
    "\"read write\"",
    "18446744073709551615",
    "18446744073709551616",
    "\"hs256-0\"",
    "1799999940.5",
    "\"Refresh\"",
    "\"ID_TOKEN\"",
    "0.0",
    "-0",
    "\"\\ud83d\\ude00\"",
];

static VERIFIERS: LazyLock<[JwtVerifier; 2]> = LazyLock::new(|| {
    [Profile::Relaxed, Profile::Rfc9068]
        .map(|profile| verifier().profile(profile).require_claim("tenant", "acme").build().unwrap())
});

portcullis_fuzz::target!(|input: Input| {
    let verifier = &VERIFIERS[usize::from(input.strict)];
    let members = |members: &[(u8, u8)]| {
        let members = members.iter().map(|(name, value)| {
            let name = NAMES[usize::from(*name) % NAMES.len()];
            format!("\"{name}\":{}", VALUES[usize::from(*value) % VALUES.len()])
        });
        members.collect::<Vec<_>>().join(",")
    };
    let token = OURS.token().algorithm(Algorithm::Hs256).audience(AUDIENCE);
    let token = token.claim("tenant", "acme".into());
    let (token, expected) = match input.text {
        Text::Claims(claims) => (token.mint_raw(claims), expected(claims, input.strict)),
        Text::Members(pairs) => {
            let claims = format!("{{{}}}", members(&pairs));
            let expected = expected(&claims, input.strict);
            (token.mint_raw(&claims), expected)
        }
        Text::Header(header) => (token.mint_with_raw_header(header), allows(header, input.strict)),
        Text::HeaderMembers(pairs) => {
            let header = format!("{{{}}}", members(&pairs));
            let expected = allows(&header, input.strict);
            (token.mint_with_raw_header(&header), expected)
        }
    };
    let Some(result) = verify(verifier, &token) else { return };
    match (result, expected) {
        (_, None) => {}
        (Ok(identity), Some(true)) => {
            assert_eq!(identity.issuer(), Some(ISSUER));
            assert!(identity.audience().any(|audience| audience == AUDIENCE));
        }
        (Err(error), Some(true)) => panic!("rejected: {error:?}"),
        (Ok(_), Some(false)) => panic!("accepted"),
        (Err(error), Some(false)) => assert_eq!(error.status(), 401),
    }
});

/// Returns whether a token with these claims has to be accepted. `None` where JSON parsers may differ.
fn expected(text: &str, strict: bool) -> Option<bool> {
    if strict_json::is_out_of_range(text.as_bytes()) {
        return None;
    }
    let Some(claims) = strict_json::object(text.as_bytes()) else { return Some(false) };
    if Json::Object(claims.clone()).depth() > 32 {
        return Some(false);
    }
    Some(is_good(&claims, strict))
}

fn is_good(claims: &BTreeMap<String, Json>, strict: bool) -> bool {
    let text = |name: &str| claims.get(name).map(Json::as_str);
    let well_formed =
        ["iss", "sub", "jti", "client_id"].iter().all(|name| text(name) != Some(None));
    let audiences = match claims.get("aud") {
        None => Some(vec![]),
        Some(Json::String(one)) => Some(vec![&**one]),
        Some(Json::Array(all)) => all.iter().map(Json::as_str).collect(),
        Some(_) => None,
    };
    let Some(audiences) = audiences else { return false };
    let date = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(Json::Whole(number)) => Ok(Some(*number as f64)),
        Some(Json::Number(number)) if (0.0..18_446_744_073_709_551_616.0).contains(number) => {
            Ok(Some(*number))
        }
        Some(_) => Err(()),
    };
    let (Ok(exp), Ok(nbf), Ok(iat)) = (date("exp"), date("nbf"), date("iat")) else { return false };
    let now = NOW as f64;
    let in_time = exp.is_some_and(|exp| now < exp + 60.0)
        && [nbf, iat].into_iter().flatten().all(|begin| begin <= now + 60.0);
    let names_other_kind = |name: &&str| {
        let kind = text(name).flatten().map(str::to_ascii_lowercase);
        kind.is_some_and(|kind| OTHER_KINDS.contains(&&*kind))
    };
    let is_other =
        ["at_hash", "s_hash", "type", "token_type", "token_class", "c_hash", "s_hash", "events"]
            .iter()
            .any(|name| claims.contains_key(*name))
            || ["typ", "type", "token_type", "token_use", "token_class"]
                .iter()
                .any(names_other_kind);
    let scopes = |name: &str| match claims.get(name) {
        None | Some(Json::Null | Json::String(_)) => true,
        Some(Json::Array(all)) => all.iter().all(|one| one.as_str().is_some()),
        Some(_) => false,
    };
    let complete =
        !strict || ["sub", "jti", "client_id", "iat"].iter().all(|name| claims.contains_key(*name));
    well_formed
        && text("iss") == Some(Some(ISSUER))
        && audiences.contains(&AUDIENCE)
        && in_time
        && !is_other
        && scopes("scope")
        && scopes("scp")
        && complete
        && text("tenant") == Some(Some("acme"))
}

/// Does the same for a header.
fn allows(text: &str, strict: bool) -> Option<bool> {
    if text.len() > 5000 || strict_json::is_out_of_range(text.as_bytes()) {
        return None;
    }
    let Some(header) = strict_json::object(text.as_bytes()) else { return Some(false) };
    let text = |name: &str| header.get(name).map(Json::as_str);
    let typ = match text("typ") {
        None => !strict,
        Some(None) => false,
        Some(Some(typ)) => {
            let typ = typ.to_ascii_lowercase();
            let typ = typ.strip_prefix("application/").unwrap_or(&typ);
            typ == "at+jwt" || typ == "jwt" && !strict
        }
    };
    Some(
        Json::Object(header.clone()).depth() <= 32
            && text("alg") == Some(Some("HS256"))
            && typ
            && text("kid") != Some(None)
            && !header.contains_key("crit")
            && header.get("b64").is_none_or(|b64| *b64 == Json::Bool(true)),
    )
}
