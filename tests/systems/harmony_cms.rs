//! HarmonyCMS, as described on its page on authorization.

use std::time::Duration;

use portcullis::testing::TestClock;
use serde_json::json;

use crate::support::{Client, InProcess, Service};

#[path = "../../examples/systems/harmony_cms/main.rs"]
#[allow(dead_code, reason = "a separate program")]
mod example;

const LOGIN: &str = r#"curl -X GET \
  "$URL/oauth/v2/token?client_id=demo-site&client_secret=demo-secret&grant_type=password&username=alice&password=wonderland" \
  -H 'Cache-Control: no-cache'"#;
const HEADER: &str = r#"curl -H "Authorization: token $TOKEN" $URL"#;
const PARAMETER: &str = "curl $URL/?access_token=$TOKEN";
const ROOT: &str = "curl $URL";
const LIST: &str = "curl -u alice:wonderland $URL/settings/api";
const REVOKE: &str =
    r#"curl -X POST $URL/oauth/v2/revoke -u demo-site:demo-secret -d "token=$TOKEN""#;

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
    let service = Service::start("harmony_cms");
    let response = service.documented(client, LOGIN, &[]);
    assert_eq!(response.status, 200);
    let mut tokens = response.json();
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| {
        let token = tokens.as_object_mut().unwrap().remove(name).unwrap();
        token.as_str().unwrap().to_owned()
    });
    assert_ne!(access, refresh);
    assert_eq!(tokens, json!({ "expires_in": 3600, "token_type": "bearer", "scope": null }));

    let variables = [("TOKEN", access.as_str())];
    let categories = json!({
        "pages_url": format!("{}/pages", service.url()),
        "user_url": format!("{}/user", service.url()),
    });
    for command in [HEADER, PARAMETER, ROOT] {
        let response = service.documented(client, command, &variables);
        assert_eq!(response.status, 200, "{command}");
        assert_eq!(response.json(), categories, "{command}");
    }
    for (command, status) in [
        ("curl -i $URL/pages", 401),
        (r#"curl -i -H "Authorization: token $TOKEN" $URL/pages"#, 200),
        ("curl -i $URL/pages?access_token=$TOKEN", 200),
        (REVOKE, 200),
        (r#"curl -i -H "Authorization: token $TOKEN" $URL/pages"#, 401),
    ] {
        assert_eq!(service.documented(client, command, &variables).status, status, "{command}");
    }
}

#[test]
fn a_token_is_accepted_by_each_method_if_it_is_valid() {
    let service = Service::start("harmony_cms");
    let tokens = service.ask(LOGIN, &[]).json();
    let variables = [
        ("TOKEN", tokens["access_token"].as_str().unwrap()),
        ("REFRESH", tokens["refresh_token"].as_str().unwrap()),
    ];
    let error = r#", error="invalid_token", error_description="Token inactive.""#;
    let challenges = |bearer, token| {
        let realm = "realm=\"HarmonyCMS API\"";
        vec![format!("Bearer {realm}{bearer}"), format!("token {realm}{token}")]
    };
    let (bare, inactive) = (challenges("", ""), challenges("", error));
    for (command, status, challenges) in [
        ("curl $URL/user", 401, bare.clone()),
        ("curl -H 'Authorization: Basic eDp5' $URL/user", 401, bare),
        ("curl -H \"Authorization: token $TOKEN\" $URL/user", 200, vec![]),
        ("curl -H \"authorization:TOKEN $TOKEN\" $URL/user", 200, vec![]),
        ("curl -H \"Authorization: Bearer $TOKEN\" $URL/user", 200, vec![]),
        ("curl $URL/user?access_token=$TOKEN", 200, vec![]),
        ("curl -H 'Authorization: token unknown' $URL/user", 401, inactive.clone()),
        ("curl -H 'Authorization: token unknown' $URL", 401, inactive.clone()),
        ("curl $URL/?access_token=unknown", 401, challenges(error, "")),
        ("curl -H \"Authorization: token $REFRESH\" $URL/user", 401, inactive),
    ] {
        let response = service.ask(command, &variables);
        assert_eq!(response.status, status, "{command}");
        assert_eq!(response.headers("www-authenticate"), challenges, "{command}");
    }
    let both = "curl -H \"Authorization: token $TOKEN\" $URL/user?access_token=$TOKEN";
    assert_eq!(service.ask(both, &variables).status, 400);
}

#[test]
fn a_response_to_a_token_in_the_query_is_private() {
    let service = Service::start("harmony_cms");
    let tokens = service.ask(LOGIN, &[]).json();
    let variables = [("TOKEN", tokens["access_token"].as_str().unwrap())];
    let response = service.ask("curl $URL/user?access_token=$TOKEN", &variables);
    assert_eq!(response.header("cache-control"), Some("private"));
    assert_eq!(response.json(), json!({ "username": "alice", "client_id": "demo-site" }));
    let rejection = service.ask("curl \"$URL/user?a=b&access_token=unknown&c=d\"", &[]);
    assert_eq!(rejection.json()["uri"], "/user?a=b&c=d");
}

#[test]
fn the_token_endpoint_rejects_invalid_requests() {
    let service = Service::start("harmony_cms");
    let client = "client_id=demo-site&client_secret=demo-secret";
    let password = "grant_type=password&username=alice&password=wonderland";
    for (query, status, error) in [
        (format!("{client}&grant_type=password&username=alice&password=no"), 400, "invalid_grant"),
        (format!("{client}&grant_type=password&username=no&password=no"), 400, "invalid_grant"),
        (format!("{client}&grant_type=refresh_token&refresh_token=no"), 400, "invalid_grant"),
        (format!("{client}&grant_type=password"), 400, "invalid_request"),
        (format!("{client}&grant_type=refresh_token"), 400, "invalid_request"),
        (client.to_owned(), 400, "invalid_request"),
        (format!("{client}&grant_type=unknown"), 400, "unsupported_grant_type"),
        (format!("client_id=demo-site&client_secret=no&{password}"), 401, "invalid_client"),
        (format!("client_id=no&client_secret=demo-secret&{password}"), 401, "invalid_client"),
        (password.to_owned(), 401, "invalid_client"),
    ] {
        let response = service.ask("curl \"$URL/oauth/v2/token?$QUERY\"", &[("QUERY", &query)]);
        assert_eq!(response.status, status, "{query}");
        assert_eq!(response.json(), json!({ "error": error }), "{query}");
        assert_eq!(response.header("cache-control"), Some("no-store"), "{query}");
    }
}

#[test]
fn the_settings_of_an_account_list_all_requested_access_tokens() {
    let service = Service::start("harmony_cms");
    let list = |options: &str| service.ask(&LIST.replace("-u alice:wonderland", options), &[]);
    assert_eq!(service.documented(Client::Socket, LIST, &[]).json(), json!([]));
    let first = service.ask(LOGIN, &[]).json();
    let second = service.ask(LOGIN, &[]).json();
    let variables = [("TOKEN", first["access_token"].as_str().unwrap())];
    assert_eq!(service.ask(REVOKE, &variables).status, 200);

    let response = service.documented(Client::Socket, LIST, &[]);
    for tokens in [&first, &second] {
        for name in ["access_token", "refresh_token"] {
            assert!(!response.body.contains(tokens[name].as_str().unwrap()), "it shows a token");
        }
    }
    let listed = response.json();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 2);
    for token in listed {
        assert_eq!(token["client_id"], "demo-site");
        let [issued, expires] =
            ["issued_at", "expires_at"].map(|name| token[name].as_u64().unwrap());
        assert_eq!(expires - issued, 3600);
    }
    // The revoked one is listed too.
    let active = listed.iter().filter(|token| token["active"] == true).count();
    assert_eq!(active, 1);

    assert_eq!(list("-u bob:builder").json(), json!([]));
    let token = second["access_token"].as_str().unwrap();
    for options in ["", "-u alice:wrong", &format!("-H 'Authorization: token {token}'")] {
        assert_eq!(list(options).status, 401, "{options}");
    }
}

#[test]
fn a_refresh_token_can_be_used_once() {
    let service = Service::start("harmony_cms");
    let first = service.ask(LOGIN, &[]).json();
    let refresh = r#"curl "$URL/oauth/v2/token?client_id=demo-site&client_secret=demo-secret&grant_type=refresh_token&refresh_token=$REFRESH""#;
    let variables = [("REFRESH", first["refresh_token"].as_str().unwrap())];
    let second = service.ask(refresh, &variables);
    assert_eq!(second.status, 200);
    let second = second.json();
    assert_ne!(first["access_token"], second["access_token"]);
    let token = [("TOKEN", second["access_token"].as_str().unwrap())];
    assert_eq!(service.ask("curl $URL/user?access_token=$TOKEN", &token).status, 200);
    assert_eq!(service.ask(refresh, &variables).status, 400);
}

#[test]
fn only_the_client_of_a_token_can_revoke_it() {
    let service = Service::start("harmony_cms");
    let tokens = service.ask(LOGIN, &[]).json();
    let variables = [("TOKEN", tokens["access_token"].as_str().unwrap())];
    let ask = "curl $URL/user?access_token=$TOKEN";
    let revoke = |client| format!("curl -u {client} $URL/oauth/v2/revoke -d \"token=$TOKEN\"");
    for (command, status) in [
        (ask.to_owned(), 200),
        (revoke("demo-site:wrong"), 401),
        (revoke("harmony-api:harmony-api-secret"), 401),
        (revoke("other-site:other-secret"), 200),
        (ask.to_owned(), 200),
        (revoke("demo-site:demo-secret"), 200),
        (ask.to_owned(), 401),
        (revoke("demo-site:demo-secret"), 200),
    ] {
        assert_eq!(service.ask(&command, &variables).status, status, "{command}");
    }
}

#[test]
fn tokens_expire() {
    let clock = TestClock::new();
    let service = InProcess::start(async || {
        example::start("http://harmony.test", clock.clone()).await.expect("a service")
    });
    let tokens = service.ask(LOGIN, &[]).json();
    let variables = [
        ("TOKEN", tokens["access_token"].as_str().unwrap()),
        ("REFRESH", tokens["refresh_token"].as_str().unwrap()),
    ];
    let user = "curl -H \"Authorization: token $TOKEN\" $URL/user";
    clock.advance(Duration::from_secs(3599));
    assert_eq!(service.ask(user, &variables).status, 200);
    clock.advance(Duration::from_secs(1));
    let response = service.ask(user, &variables);
    assert_eq!(response.status, 401);
    assert_eq!(response.json()["message"], "Token expired.");

    let refresh = r#"curl "$URL/oauth/v2/token?client_id=demo-site&client_secret=demo-secret&grant_type=refresh_token&refresh_token=$REFRESH""#;
    clock.advance(Duration::from_secs(14 * 24 * 60 * 60 - 3601));
    let next = service.ask(refresh, &variables);
    assert_eq!(next.status, 200);
    clock.advance(Duration::from_secs(14 * 24 * 60 * 60));
    let next = next.json()["refresh_token"].as_str().unwrap().to_owned();
    let response = service.ask(refresh, &[("REFRESH", &next)]);
    assert_eq!(response.status, 400);
    assert_eq!(response.json(), json!({ "error": "invalid_grant" }));
}
