//! Receives any response of an introspection endpoint, and compares with the same rules over serde_json.
#![cfg_attr(fuzzing, no_main)]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use http::{HeaderMap, HeaderValue, Response, header::AUTHORIZATION};
use portcullis::{BearerToken, IntrospectionVerifier, Verify, testing::TestClient};
use portcullis_fuzz::{
    strict_json::{self, Json},
    tokens::{AUDIENCE, ISSUER, NOW, OTHER_KINDS, OURS},
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    audience: u8,
    has_issuer: bool,
    has_scope_claim: bool,
    status: Option<u16>,
    body: Body<'a>,
}

#[derive(Arbitrary, Debug)]
enum Body<'a> {
    Bytes(&'a [u8]),
    Members(Vec<(u8, u8)>),
}

const NAMES: &[&str] = &[
    "active",
    "iss",
    "aud",
    "exp",
    "nbf",
    "iat",
    "sub",
    "client_id",
    "jti",
    "azp",
    "cid",
    "scope",
    "scp",
    "typ",
    "token_use",
    "token_type",
    "username",
    "\\u0061ctive",
    "error",
    "roles",
    "cnf",
];
const VALUES: &[&str] = &[
    "true",
    "false",
    "null",
    "\"true\"",
    "1",
    "0",
    "\"https://issuer.test\"",
    "\"https://issuer.test/\"",
    "\"https://api.test\"",
    "[\"x\",\"https://api.test\"]",
    "[]",
    "{}",
    "\"\"",
    "[1]",
    "1800000000",
    "1800000001",
    "1800000000.5",
    "1800000060",
    "1800000061",
    "1e400",
    "-1",
    "\"read write\"",
    "[\"read\",\"write\"]",
    "\"Refresh\"",
    "\"refresh_token\"",
    "\"id\"",
    "\"Bearer\"",
    "\"alice\"",
    "\"invalid_client\"",
    "\"unsupported_token_type\"",
    "\"https:\\/\\/api.test\"",
    "{\"a\":1,\"a\":2}",
];

portcullis_fuzz::target!(|input: Input| {
    let body = match input.body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Members(ref members) => {
            let members = members.iter().map(|(name, value)| {
                let name = NAMES[usize::from(*name) % NAMES.len()];
                format!("\"{name}\":{}", VALUES[usize::from(*value) % VALUES.len()])
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into_bytes()
        }
    };
    let status = input.status.map_or(200, |status| 200 + status % 400);
    let answer = body.clone();
    let client = TestClient::new(move |_| {
        let mut response = Response::new(answer.clone());
        *response.status_mut() = status.try_into().expect("a status");
        async { Ok(response) }
    });
    let builder = IntrospectionVerifier::builder("https://issuer.test/introspect")
        .client_secret_basic("api", "s3cret-of-the-client")
        .http_client(client)
        .clock(OURS.clock());
    let mut builder = match input.audience % 3 {
        0 => builder.audience(AUDIENCE),
        1 => builder.without_audience(),
        _ => builder.audience(AUDIENCE).without_audience(),
    };
    if input.has_issuer {
        builder = builder.issuer(ISSUER);
    }
    if input.has_scope_claim {
        builder = builder.scope_claim("roles");
    }
    let verifier = builder.build().expect("a verifier");
    let headers =
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer opaque"))]);
    let ask = || {
        let token = BearerToken::from_headers(&headers).expect("a token");
        RUNTIME.with(|runtime| runtime.block_on(async { verifier.verify(token).wait().await }))
    };
    let (first, again) = (ask(), ask());
    assert_eq!(
        first.as_ref().err().map(portcullis::Error::status),
        again.as_ref().err().map(portcullis::Error::status)
    );
    match (first, expected(&input, status, &body)) {
        (Ok(_), Expected::Accepted | Expected::Anything) => {}
        (Ok(identity), expected) => panic!("accepted {identity:?}, expected {expected:?}"),
        (Err(error), expected) => {
            let shown = format!("{error:?} {error}");
            assert!(
                !shown.contains("s3cret-of-the-client") && !shown.contains("opaque"),
                "{shown}"
            );
            match (error.status().as_u16(), expected) {
                (401, Expected::Rejected)
                | (500 | 503, Expected::Failed)
                | (_, Expected::Either | Expected::Anything) => {}
                (status, expected) => panic!("{status}, expected {expected:?}: {error:?}"),
            }
        }
    }
});

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Accepted,
    /// The token is rejected.
    Rejected,
    /// The endpoint failed.
    Failed,
    /// JSON parsers may differ.
    Anything,
    /// Not accepted, for either reason.
    Either,
}

fn expected(input: &Input, status: u16, body: &[u8]) -> Expected {
    if status != 200 {
        // One error code is about the kind of the token.
        return if body.windows(22).any(|it| it == b"unsupported_token_type")
            || body.contains(&b'\\')
        {
            Expected::Either
        } else {
            Expected::Failed
        };
    }
    if strict_json::is_out_of_range(body) {
        return Expected::Anything;
    }
    let Some(members) = strict_json::object(body) else { return Expected::Failed };
    if Json::Object(members.clone()).depth() > 32 {
        return Expected::Failed;
    }
    match members.get("active") {
        Some(Json::Bool(true)) => judge(input, &members),
        Some(Json::Bool(false)) => Expected::Rejected,
        _ => Expected::Failed,
    }
}

fn judge(input: &Input, members: &BTreeMap<String, Json>) -> Expected {
    let member = |name: &str| members.get(name).filter(|value| **value != Json::Null);
    let texts = ["iss", "sub", "jti", "client_id"];
    let well_formed = texts.iter().all(|name| member(name).is_none_or(|it| it.as_str().is_some()))
        && member("cnf").is_none_or(|it| matches!(it, Json::Object(_)));
    let audiences: Option<Vec<&str>> = match member("aud") {
        None => Some(vec![]),
        Some(Json::String(one)) => Some(vec![&**one]),
        Some(Json::Array(all)) => all.iter().map(Json::as_str).collect(),
        Some(_) => None,
    };
    let date = |name: &str| match member(name) {
        None => Ok(None),
        Some(Json::Whole(number)) => Ok(Some(*number as f64)),
        Some(Json::Number(number)) if (0.0..18_446_744_073_709_551_616.0).contains(number) => {
            Ok(Some(*number))
        }
        Some(_) => Err(()),
    };
    let are_scopes = |value: Option<&Json>| match value {
        None | Some(Json::Null | Json::String(_)) => true,
        Some(Json::Array(all)) => all.iter().all(|one| one.as_str().is_some()),
        Some(_) => false,
    };
    let scopes = are_scopes(member("scope"))
        && are_scopes(member("scp"))
        && (!input.has_scope_claim || are_scopes(members.get("roles")));
    let (Some(audiences), true, true, Ok(exp), Ok(nbf), Ok(_)) =
        (audiences, well_formed, scopes, date("exp"), date("nbf"), date("iat"))
    else {
        return Expected::Failed;
    };
    let issuer = member("iss").and_then(Json::as_str);
    let is_ours = match input.audience % 3 {
        0 => audiences.contains(&AUDIENCE),
        1 => audiences.is_empty(),
        _ => audiences.is_empty() || audiences.contains(&AUDIENCE),
    };
    let names_other_kind = |name: &&str| {
        let kind = member(name).and_then(Json::as_str).map(str::to_ascii_lowercase);
        kind.is_some_and(|kind| OTHER_KINDS.contains(&&*kind))
    };
    let is_other = ["at_hash", "c_hash", "s_hash", "events"]
        .iter()
        .any(|name| member(name).is_some())
        || ["typ", "type", "token_type", "token_use", "token_class"].iter().any(names_other_kind);
    let now = NOW as f64;
    let good = is_ours
        && (!input.has_issuer || issuer.is_none_or(|issuer| issuer == ISSUER))
        && !is_other
        && exp.is_none_or(|exp| now < exp)
        && nbf.is_none_or(|nbf| nbf <= now + 60.0);
    if good { Expected::Accepted } else { Expected::Rejected }
}
