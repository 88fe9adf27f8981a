//! Dataloy, as described on its page on authentication and authorization.

use serde_json::{Value, json};

use crate::support::{Client, Response, Service};

const TOKEN: &str = r#"curl -X POST $TOKEN_URL -d '{
  "client_id": "demo-client",
  "client_secret": "demo-secret",
  "audience": "https://dataloy",
  "grant_type": "client_credentials"
}'"#;
const CARGO: &str = r#"curl $URL/ws/rest/Cargo -H "Authorization: Bearer $TOKEN""#;
const FILTERED: &str = r#"curl "$URL/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000" -H "Authorization: Bearer $TOKEN""#;
const EXPIRED: &str = r#"curl "$URL/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000" -H "Authorization: Bearer $EXPIRED""#;
const PRINTED_PAYLOAD: &str = r#"curl -X POST $TOKEN_URL -d '{
"client_id":"demo-client",
"client_secret":"demo-secret",
"audience":"https://dataloy.internal",
"grant_type":"client_credentials"
}'"#;
const AT_INTERNAL: &str =
    r#"curl $INTERNAL_URL/ws/rest/Cargo -H "Authorization: Bearer $INTERNAL_TOKEN""#;
const AT_TEST: &str = r#"curl $TEST_URL/ws/rest/Cargo -H "Authorization: Bearer $TOKEN""#;

#[test]
fn documented_commands_get_the_documented_responses() {
    check_documented_commands(Client::Socket);
}

#[test]
#[ignore = "needs curl"]
fn documented_commands_by_curl_get_the_documented_responses() {
    check_documented_commands(Client::Curl);
}

fn check_documented_commands(client: Client) {
    let service = Service::start("dataloy");
    let response = service.documented(client, TOKEN, &[]);
    assert_eq!(response.status, 200);
    let mut response = response.json();
    let token = response.as_object_mut().unwrap().remove("access_token").unwrap();
    assert_eq!(response, json!({ "expires_in": 86400, "token_type": "Bearer" }));

    let variables = [("TOKEN", token.as_str().unwrap())];
    for (command, found) in [(CARGO, vec![1, 2, 3]), (FILTERED, vec![1, 3])] {
        let response = service.documented(client, command, &variables);
        assert_eq!(response.status, 200, "{command}");
        assert_eq!(keys(&response), found, "{command}");
    }
    assert_eq!(service.documented(client, AT_TEST, &variables).status, 401);

    let response = service.documented(client, PRINTED_PAYLOAD, &[]);
    assert_eq!(response.status, 200);
    let internal = response.json()["access_token"].as_str().unwrap().to_owned();
    let variables = [("INTERNAL_TOKEN", internal.as_str()), ("TOKEN", internal.as_str())];
    assert_eq!(keys(&service.documented(client, AT_INTERNAL, &variables)), [1, 2, 3]);
    for command in [CARGO, AT_TEST] {
        assert_eq!(service.ask(command, &variables).status, 401, "{command}");
    }

    let response = service.documented(client, EXPIRED, &[]);
    assert_eq!(response.status, 401);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let date = response.json()["date"].as_str().unwrap().to_owned();
    let shape = date.replace(|it: char| it.is_ascii_digit(), "0");
    assert_eq!(shape, "0000-00-00T00:00:00");
    // The members of the document, in the same order.
    assert_eq!(
        response.body,
        format!(
            r#"{{"statusCode":401,"statusText":"Unauthorized","message":"Token expired.","date":"{date}","statusFamily":"CLIENT_ERROR","method":"GET","uri":"{}/ws/rest/Cargo?filter=subCargos.freight%28GTE%292500000"}}"#,
            service.url()
        )
    );
}

fn keys(response: &Response) -> Vec<u64> {
    response.json().as_array().unwrap().iter().map(|cargo| cargo["key"].as_u64().unwrap()).collect()
}

/// Requests a token for one of the environments.
fn token(service: &Service, audience: &str) -> String {
    let command = TOKEN.replace("\"https://dataloy\"", &format!("\"{audience}\""));
    service.ask(&command, &[]).json()["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_for_one_environment_is_rejected_in_the_other() {
    let service = Service::start("dataloy");
    let tokens = ["https://dataloy", "https://dataloy.dev"].map(|name| token(&service, name));
    for (url, statuses) in [("$URL", [200, 401]), ("$TEST_URL", [401, 200])] {
        for (token, status) in tokens.iter().zip(statuses) {
            let command = CARGO.replace("$URL", url);
            let response = service.ask(&command, &[("TOKEN", token)]);
            assert_eq!(response.status, status, "{url}");
            if status == 401 {
                let message = "Token not intended for this audience.";
                assert_eq!(response.json()["message"], message, "{url}");
            }
        }
    }
}

#[test]
fn every_rejection_has_the_seven_members_and_the_requested_uri() {
    let service = Service::start("dataloy");
    let valid = token(&service, "https://dataloy");
    let (signed, signature) = valid.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{other}{}", &signature[1..]);
    for (authorization, status, message) in [
        ("", 401, "Authentication required."),
        ("-H 'Authorization: Basic eDp5'", 401, "Authentication required."),
        ("-H 'Authorization: Bearer abc'", 401, "Token malformed."),
        ("-H \"Authorization: Bearer $FORGED\"", 401, "Token signature invalid."),
        ("-H 'Authorization: Bearer a b'", 400, "Malformed credentials."),
    ] {
        let path = "/ws/rest/Cargo?filter=subCargos.freight(GTE)1";
        let command =
            format!(r#"curl -H 'X-Forwarded-Host: evil.example' {authorization} "$URL{path}""#);
        let response = service.ask(&command, &[("FORGED", &forged)]);
        let mut body = response.json();
        assert!(body.as_object_mut().unwrap().remove("date").is_some_and(|date| date.is_string()));
        assert_eq!(response.status, status, "{authorization}");
        let text = if status == 400 { "Bad Request" } else { "Unauthorized" };
        let expected = json!({
            "statusCode": status,
            "statusText": text,
            "message": message,
            "statusFamily": "CLIENT_ERROR",
            "method": "GET",
            "uri": format!("{}{path}", service.url()),
        });
        assert_eq!(body, expected, "{authorization}");
    }
}

#[test]
fn a_filter_consists_of_name_comparison_and_number() {
    let service = Service::start("dataloy");
    let token = token(&service, "https://dataloy");
    for (filter, status, found) in [
        ("subCargos.freight(GTE)2500000", 200, vec![1, 3]),
        ("subCargos.freight(GT)2500000", 200, vec![1]),
        ("subCargos.freight(EQ)900000", 200, vec![2]),
        ("subCargos.freight(LT)900000", 200, vec![]),
        ("subCargos.freight(LTE)900000", 200, vec![2]),
        ("subCargos.freight(LIKE)900000", 400, vec![]),
        ("subCargos.freight(GTE)many", 400, vec![]),
        ("freight", 400, vec![]),
    ] {
        let command = FILTERED.replace("subCargos.freight%28GTE%292500000", filter);
        let response = service.ask(&command, &[("TOKEN", &token)]);
        assert_eq!(response.status, status, "{filter}");
        if status == 200 {
            assert_eq!(keys(&response), found, "{filter}");
        }
    }
}

#[test]
fn the_issuer_rejects_invalid_token_requests() {
    let service = Service::start("dataloy");
    for (valid, invalid, status, error) in [
        ("demo-secret", "demo-secreT", 401, "invalid_client"),
        ("demo-client", "other-client", 401, "invalid_client"),
        ("client_credentials", "password", 400, "unsupported_grant_type"),
        ("https://dataloy", "https://dataloy.example", 400, "invalid_target"),
        ("\"audience\"", "\"resource\"", 400, "invalid_request"),
    ] {
        let response = service.ask(&TOKEN.replace(valid, invalid), &[]);
        assert_eq!(response.status, status, "{invalid}");
        assert_eq!(response.json(), json!({ "error": error }), "{invalid}");
    }
    let as_json = TOKEN.replace("-d ", "-H 'Content-Type: application/json' -d ");
    assert!(matches!(service.ask(&as_json, &[]).json()["access_token"], Value::String(_)));
}
