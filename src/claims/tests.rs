//! The claims of JWTs and of introspection responses, as [`Reader`] reads them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests report by panic")]

use super::{
    ClaimOptions, ClaimSet, ClaimText, ClaimsError, MalformedClaim, NumericDate, reader::Reader,
    token_kind::OtherKind,
};
use crate::jose::json;

fn read<const NULL_IS_ABSENT: bool>(
    members: &str,
    numeric_identifiers: bool,
) -> Result<ClaimSet, &'static str> {
    let options = ClaimOptions { numeric_identifiers, ..ClaimOptions::default() };
    let raw = format!("{{{members}}}").into_boxed_str();
    let mut reader = Reader::<NULL_IS_ABSENT>::default();
    let object = json::object(&raw, |name, value| reader.member(name, value));
    let Ok(object) = object else { panic!("not an object: {raw}") };
    reader.finish().map_err(MalformedClaim::name)?;
    let scopes = match reader.apply(&options, object) {
        Ok(scopes) => scopes,
        Err(ClaimsError::Claim(claim)) => return Err(claim.name()),
        Err(other) => panic!("{other}"),
    };
    let Reader { registered, has_client_id, other_kind, .. } = reader;
    Ok(ClaimSet { raw, registered, scopes, has_client_id, other_kind })
}

fn jwt(members: &str) -> Result<ClaimSet, &'static str> {
    read::<false>(members, false)
}

fn introspection(members: &str) -> Result<ClaimSet, &'static str> {
    read::<true>(members, false)
}

#[test]
fn integers_are_identifiers_only_if_the_options_accept_them() {
    for (number, text) in [
        ("0", Some("0")),
        ("7", Some("7")),
        ("18446744073709551616", Some("18446744073709551616")),
        ("-1", None),
        ("1.0", None),
        ("1e3", None),
        ("true", None),
        ("[7]", None),
    ] {
        for name in ["sub", "jti", "client_id"] {
            let members = format!("\"{name}\":{number}");
            assert_eq!(jwt(&members).unwrap_err(), name, "{members}");
            assert_eq!(introspection(&members).unwrap_err(), name, "{members}");
            for claims in [read::<false>(&members, true), read::<true>(&members, true)] {
                let Some(text) = text else {
                    assert_eq!(claims.unwrap_err(), name, "{members}");
                    continue;
                };
                let ClaimSet { raw, registered, has_client_id, .. } = claims.unwrap();
                let found = match name {
                    "sub" => &registered.subject,
                    "jti" => &registered.token_id,
                    _ => &registered.client_id,
                };
                assert_eq!(found.get(&raw), Some(text), "{members}");
                assert_eq!(has_client_id, name == "client_id");
            }
        }
        for name in ["iss", "aud"] {
            let members = format!("\"{name}\":{number}");
            assert_eq!(read::<false>(&members, true).unwrap_err(), name, "{members}");
        }
    }
}

#[test]
fn a_numeric_identifier_stays_a_number_in_the_raw_claims() {
    let claims = read::<false>(r#""sub":7"#, true).unwrap();
    assert_eq!(&*claims.raw, r#"{"sub":7}"#);
}

#[test]
fn dates_are_numbers_within_the_range_of_the_clock() {
    for (date, seconds) in [
        ("1796181312", Some(1_796_181_312)),
        ("1796181312.064554", Some(1_796_181_312)),
        ("1.796181312e9", Some(1_796_181_312)),
        ("0", Some(0)),
        ("-1", None),
        ("1e400", None),
        ("1e30", None),
        ("\"1796181312\"", None),
        ("true", None),
        ("{}", None),
        ("[1796181312]", None),
    ] {
        for name in ["exp", "nbf", "iat"] {
            let members = format!("\"{name}\":{date}");
            for claims in [jwt(&members), introspection(&members)] {
                let read = claims.map(|claims| {
                    let claims = claims.registered;
                    let dates = [claims.expires_at, claims.not_before, claims.issued_at];
                    dates.into_iter().flatten().map(NumericDate::as_secs).collect()
                });
                let expected = seconds.map(|seconds| vec![seconds]);
                assert_eq!(read, expected.ok_or(name), "{members}");
            }
        }
    }
}

#[test]
fn string_claims_are_strings_and_are_unescaped() {
    let members = r#""sub":"al\u0069ce","\u0069ss":"https://as.example""#;
    for claims in [jwt(members), introspection(members)] {
        let ClaimSet { raw, registered, .. } = claims.unwrap();
        assert_eq!(registered.subject.get(&raw), Some("alice"));
        assert_eq!(registered.issuer.get(&raw), Some("https://as.example"));
    }
    for name in ["iss", "sub", "jti", "client_id"] {
        for value in ["1", "true", "[]", r#"["a"]"#, "{}"] {
            let members = format!("\"{name}\":{value}");
            for claims in [jwt(&members), introspection(&members)] {
                assert_eq!(claims.unwrap_err(), name, "{members}");
            }
        }
    }
}

#[test]
fn an_audience_is_a_string_or_an_array_of_strings() {
    for (aud, audiences) in [
        (r#""a""#, Some(vec!["a"])),
        (r#"["a","b"]"#, Some(vec!["a", "b"])),
        ("[]", Some(vec![])),
        ("1", None),
        (r#"["a",1]"#, None),
        (r#"["a",null]"#, None),
        (r#"{"a":"b"}"#, None),
    ] {
        let members = format!("\"aud\":{aud}");
        for claims in [jwt(&members), introspection(&members)] {
            let read = claims.as_ref().ok().map(|claims| {
                let texts = claims.registered.audience.as_slice().iter();
                texts.filter_map(|text| text.get(&claims.raw)).collect::<Vec<_>>()
            });
            assert_eq!(read, audiences, "{aud}");
        }
    }
}

#[test]
fn null_is_malformed_in_jwts_and_absent_in_introspection() {
    for name in ["iss", "sub", "jti", "client_id", "aud", "exp", "nbf", "iat"] {
        let members = format!("\"{name}\":null");
        assert_eq!(jwt(&members).unwrap_err(), name, "{name}");
        assert!(introspection(&members).is_ok(), "{name}");
    }
    for name in ["scope", "scp", "azp", "appid", "cid", "typ", "other"] {
        let members = format!("\"{name}\":null");
        for claims in [jwt(&members).unwrap(), introspection(&members).unwrap()] {
            assert!(claims.scopes.is_empty() && claims.other_kind.is_none(), "{name}");
            assert!(matches!(claims.registered.client_id, ClaimText::Absent), "{name}");
        }
    }
}

#[test]
fn the_first_of_several_malformed_claims_is_reported() {
    let members = r#""sub":"alice","nbf":"soon","exp":"never""#;
    assert_eq!(jwt(members).unwrap_err(), "nbf");
}

#[test]
fn the_client_is_read_from_client_id_azp_appid_or_cid() {
    for (members, client, by_client_id) in [
        (r#""client_id":"a","azp":"b","cid":"c""#, Some("a"), true),
        (r#""azp":"b","client_id":"a""#, Some("a"), true),
        (r#""azp":"b","cid":"c""#, Some("b"), false),
        (r#""appid":"d","azp":"b""#, Some("b"), false),
        (r#""cid":"c""#, Some("c"), false),
        (r#""appid":"d""#, Some("d"), false),
        (r#""azp":7,"appid":"d""#, Some("d"), false),
        (r#""azp":7"#, None, false),
        (r#""cid":["c"]"#, None, false),
        ("", None, false),
    ] {
        for claims in [jwt(members).unwrap(), introspection(members).unwrap()] {
            assert_eq!(claims.registered.client_id.get(&claims.raw), client, "{members}");
            assert_eq!(claims.has_client_id, by_client_id, "{members}");
        }
    }
}

#[test]
fn scopes_are_read_from_scope_and_scp() {
    for (members, scopes) in [
        (r#""scope":"a b""#, "a b"),
        (r#""scp":["a","b"]"#, "a b"),
        (r#""scp":"b","scope":"a""#, "a b"),
        ("", ""),
    ] {
        for claims in [jwt(members).unwrap(), introspection(members).unwrap()] {
            assert_eq!(claims.scopes.to_string(), scopes, "{members}");
        }
    }
}

#[test]
fn other_kinds_of_tokens_are_recognized_by_each_claim() {
    let kinds = [
        "refresh",
        "refresh_token",
        "id",
        "id_token",
        "offline",
        "logout",
        "urn:ietf:params:oauth:token-type:refresh_token",
        "urn:ietf:params:oauth:token-type:id_token",
    ];
    let spellings = |kind: &str| {
        let (first, rest) = kind.split_at(1);
        [kind.to_owned(), kind.to_uppercase(), format!("{}{rest}", first.to_uppercase())]
    };
    for name in ["typ", "type", "token_type", "token_use", "token_class"] {
        for kind in kinds.into_iter().flat_map(spellings) {
            for members in [
                format!("\"{name}\":\"{kind}\""),
                format!("\"sub\":\"alice\",\"{name}\":\"{kind}\",\"token_kind\":\"access\""),
            ] {
                assert!(jwt(&members).unwrap().other_kind.is_some(), "{members}");
                assert!(introspection(&members).unwrap().other_kind.is_some(), "{members}");
            }
        }
        for value in [
            r#""access""#,
            r#""access_token""#,
            r#""at+jwt""#,
            r#""Bearer""#,
            r#""DPoP""#,
            r#""JWT""#,
            r#""""#,
            r#""i""#,
            r#""idle""#,
            r#""id token""#,
            r#""refreshing""#,
            r#""refresh_tokens""#,
            r#"" refresh""#,
            r#""not_id_token""#,
            r#""urn:ietf:params:oauth:token-type:access_token""#,
            r#""urn:ietf:params:oauth:token-type:jwt""#,
            r#"["refresh"]"#,
            r#"{"refresh":true}"#,
            "7",
            "true",
            "null",
        ] {
            let members = format!("\"{name}\":{value}");
            assert!(jwt(&members).unwrap().other_kind.is_none(), "{members}");
            assert!(introspection(&members).unwrap().other_kind.is_none(), "{members}");
        }
    }
    let escaped = r#""typ":"r\u0045fresh""#;
    assert!(jwt(escaped).unwrap().other_kind.is_some());
    assert!(introspection(escaped).unwrap().other_kind.is_some());
}

#[test]
fn claims_of_other_kinds_of_tokens_identify_them() {
    for name in ["at_hash", "c_hash", "s_hash", "events"] {
        for value in [r#""x""#, "{}", "[]", "7", "false"] {
            let members = format!("\"{name}\":{value}");
            assert!(jwt(&members).unwrap().other_kind.is_some(), "{members}");
            assert!(introspection(&members).unwrap().other_kind.is_some(), "{members}");
        }
        let null = format!("\"{name}\":null");
        assert!(jwt(&null).unwrap().other_kind.is_some(), "{null}");
        assert!(introspection(&null).unwrap().other_kind.is_none(), "{null}");
    }
}

#[test]
fn an_id_token_is_distinguished_from_other_kinds() {
    for (members, is_id_token) in [
        (r#""at_hash":"x""#, true),
        (r#""c_hash":"x","s_hash":"y""#, true),
        (r#""typ":"ID""#, true),
        (r#""token_use":"id""#, true),
        (r#""token_type":"urn:ietf:params:oauth:token-type:id_token","at_hash":"x""#, true),
        (r#""events":{}"#, false),
        (r#""typ":"Refresh""#, false),
        (r#""typ":"Logout","at_hash":"x""#, false),
        (r#""at_hash":"x","token_use":"refresh_token""#, false),
        (r#""sub":"alice""#, false),
    ] {
        for claims in [jwt(members).unwrap(), introspection(members).unwrap()] {
            let found = claims.other_kind == Some(OtherKind::IdToken);
            assert_eq!(found, is_id_token, "{members}");
        }
    }
}

#[test]
fn names_of_claims_are_case_sensitive() {
    for members in [
        r#""Typ":"Refresh""#,
        r#""TOKEN_TYPE":"refresh_token""#,
        r#""At_Hash":"x""#,
        r#""access_type":"offline""#,
        r#""acr":"id""#,
    ] {
        assert!(jwt(members).unwrap().other_kind.is_none(), "{members}");
        assert!(introspection(members).unwrap().other_kind.is_none(), "{members}");
    }
}
