//! HALO's integrations, as described on its page on authentication.

use std::{sync::Arc, thread, time::Duration};

use portcullis::{Scope, testing::TestClock};
use serde_json::{Value, json};

use crate::support::{Client, InProcess, Response, Service};

#[path = "../../examples/systems/halo_integrations/main.rs"]
#[allow(dead_code, reason = "a separate program")]
mod example;

const LOG_IN: &str = r#"curl -X POST \
  -H "Authorization: Basic VVNFUk5BTUU6UEFTU1dPUkQ=" \
  -H "Content-Type: application/x-www-form-urlencoded" \
  -d "grant_type=password&username=EDITOR_USERNAME&password=EDITOR_PASSWORD" \
  "$URL/api/oauth/token?_user""#;
const REFRESH: &str = r#"curl -X POST -H "Authorization: Basic VVNFUk5BTUU6UEFTU1dPUkQ=" \
  -d "grant_type=refresh_token&refresh_token=$REFRESH_TOKEN" "$URL/api/oauth/token?_user""#;
const LIST: &str = r#"curl -H "Authentication: Bearer $TOKEN" "$URL/api/content""#;
const SHOW: &str = r#"curl -H "Authorization: Bearer $TOKEN" "$URL/api/content/2""#;
const UPDATE: &str = r#"curl -X PUT -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" -d '{"title":"Hello"}' "$URL/api/content/2""#;
const DELETE: &str = r#"curl -X DELETE -H "Authorization: Bearer $TOKEN" "$URL/api/content/2""#;
const DOCS: &str = r#"curl "$URL/api/docs""#;
const CREATE_USER: &str = r#"curl -X POST -H "Authorization: Bearer $ADMIN_TOKEN" -H "Content-Type: application/json" \
  -d '{"username":"alice","password":"wonderland","permissions":["content:see"]}' "$URL/api/users""#;
const CONFIGURE: &str = r#"curl -X PUT -H "Authorization: Bearer $ADMIN_TOKEN" -H "Content-Type: application/json" \
  -d '["content:see","content:update"]' "$URL/api/users/alice/permissions""#;
const REALM: &str = r#"Bearer realm="HALO""#;

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
    let service = Service::start("halo_integrations");
    let response = service.documented(client, LOG_IN, &[]);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let (token, refresh_token) = tokens(&response);
    let mut rest = response.json();
    rest.as_object_mut().unwrap().retain(|name, _| !name.ends_with("_token"));
    assert_eq!(
        rest,
        json!({ "expires_in": 3600, "scope": "content:see content:update", "token_type": "Bearer" })
    );

    let variables = [("TOKEN", token.as_str()), ("REFRESH_TOKEN", refresh_token.as_str())];
    let draft = json!({ "id": 2, "title": "A draft", "is_published": false });
    let updated = json!({ "id": 2, "title": "Hello", "is_published": false });
    let list = service.documented(client, LIST, &variables);
    assert_eq!(list.status, 200);
    assert_eq!(list.json()[1], draft);
    assert_eq!(service.documented(client, SHOW, &variables).json(), draft);
    assert_eq!(service.documented(client, UPDATE, &variables).json(), updated);
    assert_eq!(service.documented(client, DELETE, &variables).status, 403);

    let again = service.documented(client, REFRESH, &variables);
    assert_eq!(again.status, 200);
    let (token, _) = tokens(&again);
    assert_eq!(service.documented(client, SHOW, &[("TOKEN", &token)]).json(), updated);
}

#[test]
fn the_steps_of_the_document_lead_from_a_new_user_to_a_call() {
    let service = Service::start("halo_integrations");
    let admin = LOG_IN.replace("EDITOR", "ADMIN");
    let (admin, _) = tokens(&service.ask(&admin, &[]));
    let admin = [("ADMIN_TOKEN", admin.as_str())];
    assert_eq!(service.documented(Client::Socket, CREATE_USER, &admin).status, 201);
    assert_eq!(service.ask(CREATE_USER, &admin).status, 409);

    let log_in =
        LOG_IN.replace("EDITOR_USERNAME", "alice").replace("EDITOR_PASSWORD", "wonderland");
    let (token, _) = tokens(&service.ask(&log_in, &[]));
    let variables = [("TOKEN", token.as_str())];
    assert_eq!(service.ask(LIST, &variables).status, 200);
    assert_eq!(service.ask(UPDATE, &variables).status, 403);
    assert_eq!(service.documented(Client::Socket, CONFIGURE, &admin).status, 204);
    // With the same token, from the next request on.
    assert_eq!(service.ask(UPDATE, &variables).status, 200);
    let permissions = CONFIGURE.replace("-X PUT", "-X GET");
    let permissions = permissions.replace(r#"-d '["content:see","content:update"]' "#, "");
    let shown = service.ask(&permissions, &admin);
    assert_eq!(shown.json(), json!(["content:see", "content:update"]));

    // A user who may not manage users.
    let alice = [("ADMIN_TOKEN", token.as_str())];
    for command in [CREATE_USER, CONFIGURE, &permissions] {
        let response = service.ask(command, &alice);
        assert_eq!(response.status, 403, "{command}");
        let challenge = response.header("www-authenticate").unwrap();
        assert!(challenge.ends_with(r#"scope="users:manage""#), "{challenge}");
        let anonymous = command.replace(r#"-H "Authorization: Bearer $ADMIN_TOKEN""#, "");
        assert_eq!(service.ask(&anonymous, &[]).status, 401, "{command}");
    }
    for (wrong, status) in [
        (CONFIGURE.replace("alice", "nobody"), 404),
        (CONFIGURE.replace("alice", "USERNAME"), 404),
        (CONFIGURE.replace("content:update", "root"), 403),
        (CREATE_USER.replace(r#""alice""#, r#""a:b""#), 400),
        (CREATE_USER.replace("wonderland", ""), 400),
        (CREATE_USER.replace(r#""alice""#, r#""bob""#).replace("content:see", "root"), 403),
    ] {
        assert_eq!(service.ask(&wrong, &admin).status, status, "{wrong}");
    }
}

#[test]
fn the_documentation_of_the_services_is_public() {
    let service = Service::start("halo_integrations");
    let response = service.documented(Client::Socket, DOCS, &[]);
    assert_eq!(response.status, 200);
    let document = response.json();
    let (admin, _) = tokens(&service.ask(&LOG_IN.replace("EDITOR", "ADMIN"), &[]));
    for (path, methods) in document["paths"].as_object().unwrap() {
        let url = path.replace("{id}", "1").replace("{name}", "READER_USERNAME");
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            // Deleted content isn't requested again.
            let url = if method == "DELETE" { url.clone() } else { url.replace("/1", "/2") };
            let command = format!("curl -X {method} $URL{url}");
            assert_eq!(service.ask(&command, &[]).status, 401, "{command}");
            if operation.get("security").is_some() {
                let command = format!("{command} -H 'Authorization: Bearer {admin}'");
                let status = service.ask(&command, &[]).status;
                assert!(!matches!(status, 401 | 403 | 404 | 405), "{command}: {status}");
            }
        }
    }
    // No layer responds for paths that don't exist.
    let unknown = service.ask("curl $URL/api/nothing", &[]);
    assert_eq!((unknown.status, unknown.header("www-authenticate")), (404, None));
}

#[test]
fn both_headers_are_accepted_and_authorization_comes_first() {
    let service = Service::start("halo_integrations");
    let (token, refresh_token) = tokens(&service.ask(LOG_IN, &[]));
    let variables = [("TOKEN", token.as_str()), ("REFRESH_TOKEN", refresh_token.as_str())];
    let repeated =
        r#"error="invalid_request", error_description="More than one set of credentials.""#;
    let malformed = r#"error="invalid_token", error_description="Token malformed.""#;
    for (headers, status, error) in [
        (r#"-H "Authentication: Bearer $TOKEN""#, 200, None),
        (r#"-H "Authorization: Bearer $TOKEN""#, 200, None),
        (r#"-H "authentication:bearer   $TOKEN""#, 200, None),
        ("", 401, Some("")),
        (r#"-H "Authentication: $TOKEN""#, 401, Some("")),
        (r#"-H "X-Token: Bearer $TOKEN""#, 401, Some("")),
        ("-u EDITOR_USERNAME:EDITOR_PASSWORD", 401, Some("")),
        (r#"-H "Authentication: Bearer made-up" -H "Authorization: Bearer $TOKEN""#, 200, None),
        (
            r#"-H "Authentication: Bearer $TOKEN" -H "Authorization: Bearer unknown""#,
            401,
            Some(malformed),
        ),
        (
            r#"-H "Authentication: Bearer $TOKEN" -H "Authentication: Bearer $TOKEN""#,
            400,
            Some(repeated),
        ),
        (r#"-H "Authorization: Bearer $REFRESH_TOKEN""#, 401, Some(malformed)),
        (r#"-H "Authorization: Bearer x$TOKEN""#, 401, Some(malformed)),
        (r#"-H "Authorization: Bearer unknown""#, 401, Some(malformed)),
    ] {
        let response = service.ask(&format!("curl {headers} $URL/api/content"), &variables);
        let challenge = error.map(|error| match error {
            "" => REALM.to_owned(),
            error => format!("{REALM}, {error}"),
        });
        assert_eq!(response.status, status, "{headers}");
        assert_eq!(response.header("www-authenticate"), challenge.as_deref(), "{headers}");
    }
    let in_query = service.ask("curl $URL/api/content?access_token=$TOKEN", &variables);
    assert_eq!(in_query.status, 401);
}

#[test]
fn permissions_control_what_users_can_read_update_and_delete() {
    let service = Service::start("halo_integrations");
    for (user, titles, show, update, delete) in [
        ("READER", &["Welcome"][..], 404, 403, 403),
        ("EDITOR", &["Welcome", "A draft"], 200, 200, 403),
        ("ADMIN", &["Welcome", "Hello"], 200, 200, 204),
    ] {
        let (token, _) = tokens(&service.ask(&LOG_IN.replace("EDITOR", user), &[]));
        let variables = [("TOKEN", token.as_str())];
        let list = service.ask(LIST, &variables).json();
        let seen: Vec<_> = list.as_array().unwrap().iter().map(|one| &one["title"]).collect();
        assert_eq!(seen, titles, "{user}");
        for (command, status, scope) in [
            (SHOW, show, "content:see"),
            (UPDATE, update, "content:update"),
            (DELETE, delete, "content:delete"),
        ] {
            let response = service.ask(command, &variables);
            assert_eq!(response.status, status, "{user}: {command}");
            if status == 403 {
                let challenge = response.header("www-authenticate").unwrap();
                assert!(challenge.ends_with(&format!(r#"scope="{scope}""#)), "{user}: {challenge}");
            }
        }
    }
}

#[test]
fn the_token_endpoint_rejects_invalid_requests() {
    let service = Service::start("halo_integrations");
    let editor = "grant_type=password&username=EDITOR_USERNAME&password=EDITOR_PASSWORD";
    let form = "application/x-www-form-urlencoded";
    for (options, body, status, error) in [
        ("-u USERNAME:PASSWORD", editor, 200, None),
        ("-u EDITOR_USERNAME:EDITOR_PASSWORD", editor, 200, None),
        ("", editor, 401, Some("invalid_client")),
        ("-u USERNAME:wrong", editor, 401, Some("invalid_client")),
        ("-u nobody:PASSWORD", editor, 401, Some("invalid_client")),
        ("-H 'Authorization: Bearer x'", editor, 401, Some("invalid_client")),
        ("-H 'Authorization: Basic ?'", editor, 400, Some("invalid_request")),
        ("-u READER_USERNAME:READER_PASSWORD", editor, 400, Some("unauthorized_client")),
        (
            "-u USERNAME:PASSWORD",
            "grant_type=password&username=EDITOR_USERNAME&password=wrong",
            400,
            Some("invalid_grant"),
        ),
        (
            "-u USERNAME:PASSWORD",
            "grant_type=password&username=nobody&password=PASSWORD",
            400,
            Some("invalid_grant"),
        ),
        (
            "-u USERNAME:PASSWORD",
            "grant_type=password&username=USERNAME&password=PASSWORD",
            400,
            Some("invalid_grant"),
        ),
        (
            "-u USERNAME:PASSWORD",
            "grant_type=password&username=EDITOR_USERNAME",
            400,
            Some("invalid_request"),
        ),
        (
            "-u USERNAME:PASSWORD",
            "grant_type=password&username=a&username=b&password=c",
            400,
            Some("invalid_request"),
        ),
        (
            "-u USERNAME:PASSWORD",
            "grant_type=client_credentials",
            400,
            Some("unsupported_grant_type"),
        ),
        (
            "-u USERNAME:PASSWORD",
            "grant_type=refresh_token&refresh_token=unknown",
            400,
            Some("invalid_grant"),
        ),
        ("-u USERNAME:PASSWORD", "", 400, Some("invalid_request")),
    ] {
        let command = format!(
            r#"curl {options} -H "Content-Type: {form}" -d "{body}" "$URL/api/oauth/token?_user""#
        );
        let response = service.ask(&command, &[]);
        assert_eq!(response.status, status, "{options} {body}");
        assert_eq!(response.json().get("error").and_then(Value::as_str), error, "{options} {body}");
        let challenge = (status == 401).then_some(r#"Basic realm="HALO", charset="UTF-8""#);
        if status != 400 {
            assert_eq!(response.header("www-authenticate"), challenge, "{options} {body}");
        }
    }
    let as_json = "curl -u USERNAME:PASSWORD -H 'Content-Type: application/json' -d '{}' \
         $URL/api/oauth/token?_user";
    assert_eq!(service.ask(as_json, &[]).json(), json!({ "error": "invalid_request" }));
}

#[test]
fn guesses_in_the_form_and_in_the_header_share_a_limit() {
    // The clock doesn't advance, so no attempts are restored.
    let service = InProcess::start(async || {
        example::app(Arc::new(example::users::demo().unwrap()), TestClock::new()).unwrap()
    });
    let (token, _) = tokens(&service.ask(&LOG_IN.replace("EDITOR", "ADMIN"), &[]));
    for guess in 0..10 {
        let in_form = LOG_IN.replace("EDITOR_PASSWORD", &format!("in-form-{guess}"));
        assert_eq!(service.ask(&in_form, &[]).status, 400);
        let in_header = format!(
            r#"curl -u EDITOR_USERNAME:in-header-{guess} -d a=b "$URL/api/oauth/token?_user""#
        );
        assert_eq!(service.ask(&in_header, &[]).status, 401);
    }
    let in_header = LOG_IN.replace(
        r#"-H "Authorization: Basic VVNFUk5BTUU6UEFTU1dPUkQ=""#,
        "-u EDITOR_USERNAME:EDITOR_PASSWORD",
    );
    for command in [LOG_IN, &in_header] {
        let response = service.ask(command, &[]);
        assert_eq!(response.status, 429, "{command}");
        assert_eq!(response.header("retry-after"), Some("10"), "{command}");
    }
    // Other users and valid tokens are still accepted.
    assert_eq!(service.ask(&LOG_IN.replace("EDITOR", "READER"), &[]).status, 200);
    assert_eq!(service.ask(SHOW, &[("TOKEN", &token)]).status, 200);
}

#[test]
fn reusing_a_refresh_token_ends_the_log_in() {
    let service = Service::start("halo_integrations");
    let (first, refresh) = tokens(&service.ask(LOG_IN, &[]));
    let (other_log_in, _) = tokens(&service.ask(LOG_IN, &[]));
    let (second, next) = tokens(&service.ask(REFRESH, &[("REFRESH_TOKEN", &refresh)]));
    assert_ne!((&first, &refresh), (&second, &next));
    let status = |token: &str| service.ask(SHOW, &[("TOKEN", token)]).status;
    assert_eq!([&first, &second, &other_log_in].map(|token| status(token)), [200; 3]);

    let again = service.ask(REFRESH, &[("REFRESH_TOKEN", &refresh)]);
    assert_eq!(again.status, 400);
    assert_eq!(again.json(), json!({ "error": "invalid_grant" }));
    assert_eq!(service.ask(REFRESH, &[("REFRESH_TOKEN", &next)]).status, 400);
    assert_eq!([&first, &second, &other_log_in].map(|token| status(token)), [401, 401, 200]);
    let revoked = service.ask(SHOW, &[("TOKEN", &first)]);
    assert_eq!(revoked.json()["message"], "Token revoked.");
}

#[test]
fn concurrent_uses_of_a_refresh_token_end_the_log_in() {
    let service = Service::start("halo_integrations");
    let (_, refresh) = tokens(&service.ask(LOG_IN, &[]));
    let responses: Vec<_> = thread::scope(|threads| {
        let ask = || service.ask(REFRESH, &[("REFRESH_TOKEN", &refresh)]);
        let requests: Vec<_> = (0..8).map(|_| threads.spawn(ask)).collect();
        requests.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let successful: Vec<_> = responses.iter().filter(|response| response.status == 200).collect();
    let [successful] = &*successful else { panic!("{responses:?}") };
    let (token, next) = tokens(successful);
    assert_eq!(service.ask(SHOW, &[("TOKEN", &token)]).status, 401);
    assert_eq!(service.ask(REFRESH, &[("REFRESH_TOKEN", &next)]).status, 400);
}

#[test]
fn a_refresh_token_is_bound_to_its_client() {
    let service = Service::start("halo_integrations");
    let (_, refresh) = tokens(&service.ask(LOG_IN, &[]));
    let by = |user: &str| {
        let command = REFRESH.replace(
            r#"-H "Authorization: Basic VVNFUk5BTUU6UEFTU1dPUkQ=""#,
            &format!("-u {user}"),
        );
        service.ask(&command, &[("REFRESH_TOKEN", &refresh)])
    };
    let rejected = by("EDITOR_USERNAME:EDITOR_PASSWORD");
    assert_eq!(rejected.status, 400);
    assert_eq!(rejected.json(), json!({ "error": "invalid_grant" }));
    assert_eq!(by("USERNAME:PASSWORD").status, 200);
}

#[test]
fn tokens_expire() {
    let clock = TestClock::new();
    let service = InProcess::start(async || {
        example::app(Arc::new(example::users::demo().unwrap()), clock.clone()).unwrap()
    });
    let (token, refresh) = tokens(&service.ask(LOG_IN, &[]));
    clock.advance(Duration::from_secs(3599));
    assert_eq!(service.ask(SHOW, &[("TOKEN", &token)]).status, 200);
    clock.advance(Duration::from_secs(1));
    let expired = service.ask(SHOW, &[("TOKEN", &token)]);
    assert_eq!(expired.status, 401);
    assert_eq!(
        expired.header("www-authenticate"),
        Some(&*format!(r#"{REALM}, error="invalid_token", error_description="Token expired.""#))
    );

    let (token, refresh) = tokens(&service.ask(REFRESH, &[("REFRESH_TOKEN", &refresh)]));
    assert_eq!(service.ask(SHOW, &[("TOKEN", &token)]).status, 200);
    clock.advance(Duration::from_secs(30 * 24 * 3600));
    let expired = service.ask(REFRESH, &[("REFRESH_TOKEN", &refresh)]);
    assert_eq!(expired.json(), json!({ "error": "invalid_grant" }));
}

#[test]
fn withdrawn_permissions_and_removed_users_lose_access_at_once() {
    let users = Arc::new(example::users::demo().unwrap());
    let service = InProcess::start(async || example::app(users.clone(), TestClock::new()).unwrap());
    let (token, refresh) = tokens(&service.ask(LOG_IN, &[]));
    let variables = [("TOKEN", token.as_str()), ("REFRESH_TOKEN", refresh.as_str())];
    assert_eq!(service.ask(UPDATE, &variables).status, 200);

    let reader = example::users::user(
        "EDITOR_USERNAME",
        "EDITOR_PASSWORD",
        &[Scope::from_static("content:see")],
    );
    users.insert("EDITOR_USERNAME", reader.unwrap());
    assert_eq!(service.ask(UPDATE, &variables).status, 403);
    assert_eq!(service.ask(LIST, &variables).status, 200);
    let refreshed = service.ask(REFRESH, &variables);
    assert_eq!(refreshed.json()["scope"], "content:see");

    users.remove("EDITOR_USERNAME");
    let (token, refresh) = tokens(&refreshed);
    let variables = [("TOKEN", token.as_str()), ("REFRESH_TOKEN", refresh.as_str())];
    assert_eq!(service.ask(LIST, &variables).status, 401);
    assert_eq!(service.ask(REFRESH, &variables).json(), json!({ "error": "invalid_grant" }));
}

/// The access token and the refresh token in a response.
fn tokens(response: &Response) -> (String, String) {
    assert_eq!(response.status, 200, "{response:?}");
    let body = response.json();
    let [access, refresh] = ["access_token", "refresh_token"]
        .map(|name| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned());
    assert_ne!(access, refresh);
    (access, refresh)
}
