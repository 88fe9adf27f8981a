//! Halo, as described on its page on authentication.

use std::{sync::Arc, thread, time::Duration};

use portcullis::{Scope, testing::TestClock};
use serde_json::{Value, json};

use crate::support::{Client, InProcess, Response, Service};

#[path = "../../examples/systems/halo_cms/main.rs"]
#[allow(dead_code, reason = "a separate program")]
mod example;

const BY_PASSWORD: &str = r#"curl -X GET "$URL/api/v1alpha1/posts" \
  -H 'Authorization: Basic YWRtaW46cGFzc3dvcmQ=' \
  -H 'Content-Type: application/json'"#;
const ANONYMOUSLY: &str = r#"curl "$URL/api/v1alpha1/posts""#;
const LOG_IN: &str = r#"curl -X POST -u admin:password "$URL/api/v1alpha1/login""#;
const ME: &str = r#"curl "$URL/api/v1alpha1/users/me" -H "Authorization: Bearer $JWT""#;
const CREATE: &str = r#"curl -X POST -u admin:password "$URL/api/v1alpha1/personalaccesstokens" \
  -H 'Content-Type: application/json' \
  -d '{"name": "backup job", "scopes": ["posts:read"], "days": 90}'"#;
const BY_TOKEN: &str = r#"curl "$URL/api/v1alpha1/posts" -H "Authorization: Bearer $PAT""#;
const LIST: &str = r#"curl -u admin:password "$URL/api/v1alpha1/personalaccesstokens""#;
const USES: &str = r#"curl -u admin:password "$URL/api/v1alpha1/personalaccesstokens/1/uses""#;
const REVOKE: &str =
    r#"curl -X DELETE -u admin:password "$URL/api/v1alpha1/personalaccesstokens/1""#;
const PUBLISH: &str = r#"curl -X POST "$URL/api/v1alpha1/posts" -H "Authorization: Bearer $TOKEN" \
  -H 'Content-Type: application/json' -d '{"title": "News", "published": true}'"#;

const BASIC: &str = r#"Basic realm="Halo", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="Halo""#;

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
    let service = Service::start("halo_cms");
    let ask = |command: &str, variables: &[(&str, &str)], status| {
        let response = service.documented(client, command, variables);
        assert_eq!(response.status, status, "{command}: {response:?}");
        response
    };
    assert_eq!(titles(&ask(BY_PASSWORD, &[], 200)), ["Hello Halo", "A draft"]);
    assert_eq!(titles(&ask(ANONYMOUSLY, &[], 200)), ["Hello Halo"]);

    let log_in = ask(LOG_IN, &[], 200);
    assert_eq!(log_in.header("cache-control"), Some("no-store"));
    assert_eq!(log_in.json()["expires_in"], 3600);
    let me = ask(ME, &[("JWT", &text(&log_in, "token"))], 200);
    let permissions = ["posts:read", "posts:write", "posts:delete"];
    assert_eq!(me.json(), json!({ "name": "admin", "permissions": permissions }));

    let created = ask(CREATE, &[], 201);
    assert_eq!(created.header("cache-control"), Some("no-store"));
    let token = text(&created, "token");
    assert!(token.starts_with("pat_"), "{token}");
    assert_eq!(titles(&ask(BY_TOKEN, &[("PAT", &token)], 200)), ["Hello Halo", "A draft"]);

    let list = ask(LIST, &[], 200);
    assert!(!list.body.contains(&token), "the list shows the token");
    assert_eq!(list.json()[0]["name"], "backup job");
    assert_eq!(list.json()[0]["scopes"], json!(["posts:read"]));
    assert!(created.json()["last_used_at"].is_null());
    wait_for_uses(1, || service.ask(USES, &[]));
    let uses = ask(USES, &[], 200).json();
    assert_eq!(uses[0]["method"], "GET");
    assert_eq!(uses[0]["path"], "/api/v1alpha1/posts");
    let used_at = &uses[0]["at"];
    assert!(used_at.is_u64(), "{uses}");
    // The list shows which tokens are unused.
    assert_eq!(&ask(LIST, &[], 200).json()[0]["last_used_at"], used_at);

    ask(REVOKE, &[], 204);
    let revoked = ask(BY_TOKEN, &[("PAT", &token)], 401);
    assert_eq!(problem(&revoked)["detail"], "Token revoked.");
    assert!(ask(LIST, &[], 200).json()[0]["revoked_at"].is_u64());
}

#[test]
fn the_four_errors_have_different_responses() {
    let service = Service::start("halo_cms");
    let token = text(&service.ask(CREATE, &[]), "token");
    let variables = [("PAT", token.as_str())];
    let with_scope = format!("{BEARER}, scope=\"posts:delete\"");
    let fault = |error: &str| format!("{BEARER}, {error}");
    let invalid = fault(r#"error="invalid_token", error_description="Token malformed.""#);
    let insufficient = fault(
        r#"error="insufficient_scope", error_description="Token lacks the required scope.", scope="posts:delete""#,
    );
    for (credentials, status, title, detail, error, bearer) in [
        ("", 401, "Unauthorized", "Authentication required.", None, BEARER),
        ("-u admin:wrong", 401, "Unauthorized", "Invalid credentials.", None, BEARER),
        ("-u nobody:wrong", 401, "Unauthorized", "Invalid credentials.", None, BEARER),
        (
            "-H 'Authorization: Bearer unknown'",
            401,
            "Unauthorized",
            "Token malformed.",
            Some("invalid_token"),
            &invalid,
        ),
        (
            r#"-H "Authorization: Bearer $PAT""#,
            403,
            "Forbidden",
            "Token lacks the required scope.",
            Some("insufficient_scope"),
            &insufficient,
        ),
        (
            "-u author:author-password",
            403,
            "Forbidden",
            "Token lacks the required scope.",
            Some("insufficient_scope"),
            &with_scope,
        ),
    ] {
        let command = format!("curl -X DELETE {credentials} $URL/api/v1alpha1/posts/1");
        let response = service.ask(&command, &variables);
        assert_eq!(response.status, status, "{credentials}");
        assert_eq!(response.headers("www-authenticate"), [bearer, BASIC], "{credentials}");
        let mut expected = json!({
            "title": title, "status": status, "detail": detail,
            "instance": "/api/v1alpha1/posts/1",
        });
        if let Some(error) = error {
            expected["error"] = json!(error);
        }
        assert_eq!(problem(&response), expected, "{credentials}");
    }
    assert_eq!(
        service.ask("curl -u admin:password -X DELETE $URL/api/v1alpha1/posts/1", &[]).status,
        204
    );
}

#[test]
fn public_resources_reject_only_invalid_credentials() {
    let service = Service::start("halo_cms");
    for (credentials, status) in [
        ("", 200),
        ("-H 'Authorization: Digest x'", 200),
        ("-u author:author-password", 200),
        ("-u author:wrong", 401),
        ("-H 'Authorization: Bearer unknown'", 401),
        ("-H 'Authorization: Bearer a b'", 400),
        ("-H 'Authorization: Bearer a' -H 'Authorization: Basic YTpi'", 400),
    ] {
        let command = format!("curl {credentials} $URL/api/v1alpha1/posts");
        assert_eq!(service.ask(&command, &[]).status, status, "{credentials}");
    }
    let publish = PUBLISH.replace(r#"-H "Authorization: Bearer $TOKEN""#, "");
    assert_eq!(service.ask(&publish, &[]).status, 401);
}

#[test]
fn a_token_has_only_its_granted_scopes_and_cannot_create_tokens() {
    let service = Service::start("halo_cms");
    let create = |user: &str, wish: &str| {
        let command = r#"curl $USER "$URL/api/v1alpha1/personalaccesstokens" \
            -H 'Content-Type: application/json' -d "$WISH""#;
        let command = command.replace("$USER", user);
        service.ask(&command, &[("WISH", wish)])
    };
    let author = "-u author:author-password";
    for (wish, status) in [
        (json!({ "name": "a", "scopes": ["posts:read", "posts:write"], "days": 30 }), 201),
        (json!({ "name": "a", "scopes": [] }), 201),
        (json!({ "name": "a", "scopes": ["posts:delete"], "days": 30 }), 403),
        (json!({ "name": "a", "scopes": ["posts:read posts:delete"], "days": 30 }), 400),
        (json!({ "name": "a", "scopes": ["posts:read"], "days": 0 }), 400),
        (json!({ "name": "a", "scopes": ["posts:read"], "days": 4_000_000_000_u32 }), 400),
    ] {
        assert_eq!(create(author, &wish.to_string()).status, status, "{wish}");
    }

    let wish = json!({ "name": "a", "scopes": ["posts:read"], "days": 30 }).to_string();
    let created = create(author, &wish);
    let (token, id) = (text(&created, "token"), text(&created, "id"));
    let (variables, bearer) = ([("TOKEN", token.as_str())], r#"-H "Authorization: Bearer $TOKEN""#);
    assert_eq!(service.ask(PUBLISH, &variables).status, 403);
    let center = "$URL/api/v1alpha1/personalaccesstokens";
    for (command, status) in [
        (format!("curl {bearer} {center}"), 403),
        (format!("curl {bearer} {center}/{id}/uses"), 403),
        (format!("curl -X DELETE {bearer} {center}/{id}"), 403),
        (format!("curl {bearer} -H 'Content-Type: application/json' -d '{wish}' {center}"), 403),
        (format!("curl -X POST {bearer} $URL/api/v1alpha1/login"), 401),
        // A token of another user.
        (format!("curl -X DELETE -u admin:password {center}/{id}"), 404),
        (format!("curl -u admin:password {center}/{id}/uses"), 404),
        (format!("curl {bearer} $URL/api/v1alpha1/users/me"), 200),
        // A token of the same user.
        (format!("curl {author} {center}/{id}/uses"), 200),
        (format!("curl -X DELETE {author} {center}/{id}"), 204),
        (format!("curl {bearer} $URL/api/v1alpha1/users/me"), 401),
    ] {
        assert_eq!(service.ask(&command, &variables).status, status, "{command}");
    }
}

#[test]
fn a_log_in_can_manage_tokens_but_not_renew_itself() {
    let service = Service::start("halo_cms");
    let token = text(&service.ask(LOG_IN, &[]), "token");
    let variables = [("JWT", token.as_str())];
    for (command, status) in [
        (LIST.replace("-u admin:password", r#"-H "Authorization: Bearer $JWT""#), 200),
        (LOG_IN.replace("-u admin:password", r#"-H "Authorization: Bearer $JWT""#), 401),
        (LOG_IN.replace("admin:password", "admin:wrong"), 401),
        (LOG_IN.replace("-u admin:password", ""), 401),
    ] {
        let response = service.ask(&command, &variables);
        assert_eq!(response.status, status, "{command}");
        let challenges: &[&str] = if status == 401 { &[BASIC] } else { &[] };
        assert_eq!(response.headers("www-authenticate"), challenges, "{command}");
    }
}

#[test]
fn a_log_in_at_another_service_is_rejected() {
    let [one, other] = [(); 2].map(|()| Service::start("halo_cms"));
    let token = text(&other.ask(LOG_IN, &[]), "token");
    let rejected = one.ask(ME, &[("JWT", &token)]);
    assert_eq!(rejected.status, 401);
    assert_eq!(problem(&rejected)["detail"], "Token signature invalid.");
    assert_eq!(other.ask(ME, &[("JWT", &token)]).status, 200);
}

#[test]
fn tokens_and_log_ins_expire() {
    let clock = TestClock::new();
    let service = InProcess::start(async || {
        example::app(Arc::new(example::users::demo().unwrap()), clock.clone()).unwrap()
    });
    let jwt = text(&service.ask(LOG_IN, &[]), "token");
    let pat = text(&service.ask(CREATE, &[]), "token");
    let outcomes = || {
        let (log_in, token) =
            (service.ask(ME, &[("JWT", &jwt)]), service.ask(BY_TOKEN, &[("PAT", &pat)]));
        [log_in, token].map(|response| match response.status {
            200 => "valid".to_owned(),
            _ => problem(&response)["detail"].as_str().unwrap().to_owned(),
        })
    };
    assert_eq!(outcomes(), ["valid", "valid"]);
    // The leeway is a minute.
    clock.advance(Duration::from_secs(3600 + 60));
    assert_eq!(outcomes(), ["Token expired.", "valid"]);
    clock.advance(Duration::from_secs(90 * 24 * 3600 - 3660 - 1));
    assert_eq!(outcomes()[1], "valid");
    clock.advance(Duration::from_secs(1));
    assert_eq!(outcomes()[1], "Token expired.");
}

#[test]
fn the_expiration_of_a_token_is_optional() {
    let clock = TestClock::new();
    let service = InProcess::start(async || {
        example::app(Arc::new(example::users::demo().unwrap()), clock.clone()).unwrap()
    });
    let tokens = [r#", "days": null"#, "", r#", "days": 90"#].map(|days| {
        let created = service.ask(&CREATE.replace(r#", "days": 90"#, days), &[]);
        assert_eq!(created.status, 201, "{days}");
        assert_eq!(created.json()["expires_at"].is_null(), !days.contains("90"), "{days}");
        text(&created, "token")
    });
    clock.advance(Duration::from_secs(10 * 366 * 24 * 3600));
    let statuses = tokens.map(|token| service.ask(BY_TOKEN, &[("PAT", &token)]).status);
    assert_eq!(statuses, [200, 200, 401]);
}

#[test]
fn the_audit_trail_lists_calls_the_last_one_first() {
    let service = Service::start("halo_cms");
    let wish = CREATE.replace(r#"["posts:read"]"#, r#"["posts:read", "posts:write"]"#);
    let token = text(&service.ask(&wish, &[]), "token");
    let variables = [("PAT", token.as_str()), ("TOKEN", token.as_str()), ("JWT", token.as_str())];
    assert_eq!(service.ask(BY_TOKEN, &variables).status, 200);
    assert_eq!(service.ask(PUBLISH, &variables).status, 201);
    // Rejected by a guard, after the token was verified.
    let delete =
        r#"curl -X DELETE "$URL/api/v1alpha1/posts/1?a=b" -H "Authorization: Bearer $PAT""#;
    assert_eq!(service.ask(delete, &variables).status, 403);
    wait_for_uses(3, || service.ask(USES, &[]));
    let uses = service.ask(USES, &[]).json();
    let calls: Vec<_> =
        uses.as_array().unwrap().iter().map(|one| (&one["method"], &one["path"])).collect();
    assert_eq!(
        calls,
        [
            (&json!("DELETE"), &json!("/api/v1alpha1/posts/1")),
            (&json!("POST"), &json!("/api/v1alpha1/posts")),
            (&json!("GET"), &json!("/api/v1alpha1/posts")),
        ]
    );
    let list = service.ask(LIST, &[]).json();
    assert_eq!(list[0]["last_used_at"], uses[0]["at"]);
}

#[test]
fn a_token_loses_permissions_with_its_user_immediately() {
    let users = Arc::new(example::users::demo().unwrap());
    let service = InProcess::start(async || example::app(users.clone(), TestClock::new()).unwrap());
    let create = CREATE.replace("posts:read", "posts:write");
    let token = text(&service.ask(&create, &[]), "token");
    let variables = [("TOKEN", token.as_str()), ("PAT", token.as_str())];
    assert_eq!(service.ask(PUBLISH, &variables).status, 201);

    let reader = example::users::user("admin", "password", &[Scope::from_static("posts:read")]);
    users.insert("admin", reader.unwrap());
    assert_eq!(service.ask(PUBLISH, &variables).status, 403);
    assert_eq!(titles(&service.ask(BY_TOKEN, &variables)), ["Hello Halo", "News"]);

    users.remove("admin");
    assert_eq!(service.ask(BY_TOKEN, &variables).status, 401);
    assert_eq!(service.ask(BY_PASSWORD, &[]).status, 401);
}

#[test]
fn the_audit_trail_of_a_token_has_its_uses_but_no_rejections() {
    let service = Service::start("halo_cms");
    let token = text(&service.ask(CREATE, &[]), "token");
    let variables = [("PAT", token.as_str())];
    for _ in 0..3 {
        assert_eq!(service.ask(BY_TOKEN, &variables).status, 200);
    }
    wait_for_uses(3, || service.ask(USES, &[]));
    assert_eq!(service.ask(REVOKE, &[]).status, 204);
    assert_eq!(service.ask(BY_TOKEN, &variables).status, 401);

    // Uses are reported in order, so when a later one is recorded, no earlier one is missing.
    let other = text(&service.ask(CREATE, &[]), "token");
    assert_eq!(service.ask(BY_TOKEN, &[("PAT", &other)]).status, 200);
    wait_for_uses(1, || service.ask(&USES.replace("/1/", "/2/"), &[]));
    assert_eq!(service.ask(USES, &[]).json().as_array().unwrap().len(), 3);
}

/// Uses are recorded asynchronously, so this waits for them.
fn wait_for_uses(count: usize, ask: impl Fn() -> Response) {
    for _ in 0..3000 {
        if ask().json().as_array().unwrap().len() == count {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{}", ask().body);
}

fn titles(posts: &Response) -> Vec<String> {
    let posts = posts.json();
    let titles = posts.as_array().unwrap().iter().map(|post| post["title"].as_str().unwrap());
    titles.map(str::to_owned).collect()
}

fn text(response: &Response, name: &str) -> String {
    let text = response.json()[name].as_str().map(str::to_owned);
    text.unwrap_or_else(|| panic!("no {name}: {response:?}"))
}

fn problem(response: &Response) -> Value {
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    serde_json::from_str(&response.body).unwrap()
}
