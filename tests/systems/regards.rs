//! REGARDS, as described on its page on tokens.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use base64_simd::URL_SAFE_NO_PAD;
use portcullis::{Clock, testing::TestClock};
use serde_json::{Value, json};

use crate::support::{Client, InProcess, Response, Service};

#[path = "../../examples/systems/regards/main.rs"]
#[allow(dead_code, reason = "a separate program")]
mod example;

const LOG_IN: &str = r#"curl -X POST "$HOST/api/v1/rs-authentication/oauth/token?grant_type=password&scope=project1&username=user@regards.fr&password=user-password" \
  -H 'Authorization: Basic Y2xpZW50OnNlY3JldA==' \
  -H 'Content-Type: application/json;charset=UTF-8' \
  -H 'Accept: application/json'"#;
const IMPORT: &str = r#"curl -v -XPUT "$HOST/api/v1/rs-notifier/rule" \
  -H "Authorization:Bearer $TOKEN" \
  -H 'Content-Type: application/json' \
  -H 'Accept: application/json' \
  --data '[{"rule": "mail the operator"}]'"#;
const CLEAR: &str =
    r#"curl -X DELETE "$HOST/api/v1/rs-notifier/rule" -H "Authorization: Bearer $TOKEN""#;
const RULES: &str = r#"curl "$HOST/api/v1/rs-notifier/rule" -H "Authorization: Bearer $TOKEN""#;
const PRODUCTS: &str =
    r#"curl "$HOST/api/v1/rs-catalog/product" -H "Authorization: Bearer $TOKEN""#;

/// Project, user and password.
type Account = [&'static str; 3];

const USER: Account = ["project1", "user@regards.fr", "user-password"];
const ADMIN: Account = ["project1", "admin@regards.fr", "admin-password"];
const OTHER: Account = ["project2", "admin@regards.fr", "other-password"];

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
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    let response = service.documented(client, LOG_IN, &[host]);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let token = token(&response);
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey";
    assert!(token.starts_with(header), "{token}");
    let mut rest = response.json();
    rest.as_object_mut().unwrap().remove("access_token");
    let account = json!({
        "email": "user@regards.fr",
        "role": "USER_ROLE",
        "scope": "project1",
        "sub": "user@regards.fr",
        "tenant": "project1",
    });
    let mut expected = account.clone();
    expected["expires_in"] = json!(43199);
    expected["token_type"] = json!("bearer");
    assert_eq!(rest, expected);

    let claims = token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode_to_vec(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    for (name, value) in account.as_object().unwrap() {
        assert_eq!(&claims[name], value, "{name}");
    }

    // With the token of the first command.
    let user = [host, ("TOKEN", token.as_str())];
    assert_eq!(service.documented(client, RULES, &user).json(), json!([]));
    let rules = json!([{ "rule": "mail the operator" }]);
    let imported = service.documented(client, IMPORT, &user);
    assert_eq!(imported.status, 200);
    assert_eq!(imported.json(), rules);
    assert_eq!(service.documented(client, RULES, &user).json(), rules);
    assert_eq!(service.documented(client, PRODUCTS, &user).status, 200);
    assert_eq!(service.documented(client, CLEAR, &user).status, 403);
    let admin = log_in(&ADMIN, |command| service.ask(command, &[host]));
    let admin = [host, ("TOKEN", admin.as_str())];
    assert_eq!(service.documented(client, CLEAR, &admin).status, 204);
    assert_eq!(service.documented(client, RULES, &user).json(), json!([]));
}

#[test]
fn the_token_endpoint_rejects_invalid_requests() {
    let service = Service::start("regards");
    let valid =
        "grant_type=password&scope=project1&username=user@regards.fr&password=user-password";
    for (options, query, status, error) in [
        ("-u client:secret", valid, 200, None),
        ("-u client:secret", &*valid.replace("grant_type", "grant-type"), 200, None),
        ("", valid, 401, Some("invalid_client")),
        ("-u client:wrong", valid, 401, Some("invalid_client")),
        ("-u other:secret", valid, 401, Some("invalid_client")),
        ("-u user@regards.fr:user-password", valid, 401, Some("invalid_client")),
        (
            "-u client:secret",
            &valid.replace("password=user", "password="),
            400,
            Some("invalid_grant"),
        ),
        ("-u client:secret", &valid.replace("user@", "nobody@"), 400, Some("invalid_grant")),
        ("-u client:secret", &valid.replace("project1", "project2"), 400, Some("invalid_grant")),
        ("-u client:secret", &valid.replace("project1", "project3"), 400, Some("invalid_scope")),
        ("-u client:secret", &valid.replace("project1", ""), 400, Some("invalid_scope")),
        ("-u client:secret", &valid.replace("scope=project1&", ""), 400, Some("invalid_request")),
        ("-u client:secret", &format!("grant-type=password&{valid}"), 400, Some("invalid_request")),
        ("-u client:secret", "", 400, Some("invalid_request")),
        (
            "-u client:secret",
            &valid.replace("=password&", "=client_credentials&"),
            400,
            Some("unsupported_grant_type"),
        ),
    ] {
        let command = format!(
            r#"curl -X POST {options} "$URL/api/v1/rs-authentication/oauth/token?{query}""#
        );
        let response = service.ask(&command, &[]);
        assert_eq!(response.status, status, "{options} {query}");
        assert_eq!(
            response.json().get("error").and_then(Value::as_str),
            error,
            "{options} {query}"
        );
        let challenge = (status == 401).then_some(r#"Basic realm="REGARDS", charset="UTF-8""#);
        assert_eq!(response.header("www-authenticate"), challenge, "{options} {query}");
    }
}

#[test]
fn projects_cannot_access_each_other() {
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    let [one, other] =
        [ADMIN, OTHER].map(|account| log_in(&account, |command| service.ask(command, &[host])));
    let ask = |token: &str, command: &str| service.ask(command, &[host, ("TOKEN", token)]);
    assert_eq!(ask(&one, IMPORT).status, 200);
    assert_eq!(ask(&one, RULES).json(), json!([{ "rule": "mail the operator" }]));
    assert_eq!(ask(&other, RULES).json(), json!([]));

    assert_eq!(ask(&one, PRODUCTS).status, 200);
    let rejected = ask(&other, PRODUCTS);
    assert_eq!(rejected.status, 403);
    assert_eq!(
        rejected.header("www-authenticate"),
        Some(
            r#"Bearer realm="REGARDS", error="insufficient_scope", error_description="Token lacks the required scope.", scope="project1""#
        )
    );
    assert_eq!(rejected.json()["uri"], "/api/v1/rs-catalog/product");
}

#[test]
fn a_role_includes_the_permissions_of_lower_roles() {
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    for (account, clear) in [(USER, 403), (ADMIN, 204), (OTHER, 204)] {
        let token = log_in(&account, |command| service.ask(command, &[host]));
        let variables = [host, ("TOKEN", token.as_str())];
        assert_eq!(service.ask(RULES, &variables).status, 200, "{account:?}");
        assert_eq!(service.ask(IMPORT, &variables).status, 200, "{account:?}");
        let response = service.ask(CLEAR, &variables);
        assert_eq!(response.status, clear, "{account:?}");
        if clear == 403 {
            assert_eq!(response.json()["message"], "Access denied.");
            assert_eq!(response.header("www-authenticate"), None);
        }
    }
}

#[test]
fn gateway_and_services_accept_the_same_tokens() {
    let system = System::start();
    let token = log_in(&USER, |command| system.gateway(command, ""));
    let bare = r#"Bearer realm="REGARDS""#;
    let fault = |description: &str| {
        format!(r#"{bare}, error="invalid_token", error_description="{description}""#)
    };
    let valid = system.claims(json!({}));
    for (token, status, challenge) in [
        (token, 200, None),
        (system.sign(&valid), 200, None),
        (String::new(), 401, Some(bare.to_owned())),
        ("unknown".to_owned(), 401, Some(fault("Token malformed."))),
        (System::start().sign(&valid), 401, Some(fault("Token signature invalid."))),
        (unsigned(&valid), 401, Some(fault("Token algorithm not accepted."))),
        // Claims that the token endpoint never issues.
        (
            system.sign(&system.claims(json!({ "iss": "other" }))),
            401,
            Some(fault("Token issuer not trusted.")),
        ),
        (
            system.sign(&system.claims(json!({ "aud": "other" }))),
            401,
            Some(fault("Token not intended for this audience.")),
        ),
        (
            system.sign(&system.claims(json!({ "exp": null }))),
            401,
            Some(fault("Token claims invalid.")),
        ),
        (
            system.sign(&system.claims(json!({ "tenant": "project2" }))),
            401,
            Some(fault("Token claims invalid.")),
        ),
        (
            system.sign(&system.claims(json!({ "tenant": null }))),
            401,
            Some(fault("Token claims invalid.")),
        ),
        (
            system.sign(&system.claims(json!({ "scope": "project1 project2" }))),
            401,
            Some(fault("Token claims invalid.")),
        ),
        (
            system.sign(&system.claims(json!({ "role": "ROOT" }))),
            401,
            Some(fault("Token claims invalid.")),
        ),
        (
            system.sign(&system.claims(json!({ "role": null }))),
            401,
            Some(fault("Token claims invalid.")),
        ),
    ] {
        let responses = [system.gateway(RULES, &token), system.notifier(RULES, &token)];
        for response in responses {
            assert_eq!(response.status, status, "{token}");
            assert_eq!(response.header("www-authenticate"), challenge.as_deref(), "{token}");
        }
    }
}

#[test]
fn a_tenant_named_like_a_role_does_not_grant_that_role() {
    let system = System::start();
    let names = json!({ "scope": "ADMIN_ROLE", "tenant": "ADMIN_ROLE" });
    let token = system.sign(&system.claims(names));
    assert_eq!(system.notifier(RULES, &token).status, 403);
    assert_eq!(system.notifier(IMPORT, &token).status, 403);
    assert_eq!(system.notifier(CLEAR, &token).status, 403);
    let names = json!({ "scope": "project1", "tenant": "project1", "roles": ["ADMIN_ROLE"] });
    assert_eq!(system.notifier(CLEAR, &system.sign(&system.claims(names))).status, 403);
}

#[test]
fn a_token_expires_for_the_gateway_and_the_services() {
    let system = System::start();
    let token = log_in(&USER, |command| system.gateway(command, ""));
    let messages = || {
        let responses = [system.gateway(RULES, &token), system.notifier(RULES, &token)];
        responses.map(|response| (response.status, response.json()["message"].clone()))
    };
    // The leeway is a minute.
    system.clock.advance(Duration::from_secs(43_199 + 59));
    assert_eq!(messages(), [(200, Value::Null), (200, Value::Null)]);
    system.clock.advance(Duration::from_secs(1));
    assert_eq!(messages(), [(401, json!("Token expired.")), (401, json!("Token expired."))]);
}

#[test]
fn the_gateway_responds_with_404_to_authenticated_users_only() {
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    let token = log_in(&USER, |command| service.ask(command, &[host]));
    for (path, with_token, without) in [
        ("rs-catalog/product", 200, 401),
        ("rs-catalog/nowhere", 404, 401),
        ("rs-nobody/product", 404, 401),
        ("rs-authentication/nowhere", 401, 401),
    ] {
        let command = format!(r#"curl -H "Authorization:Bearer $TOKEN" $URL/api/v1/{path}"#);
        let response = service.ask(&command, &[("TOKEN", &token)]);
        assert_eq!(response.status, with_token, "{path}");
        assert_eq!(service.ask(&format!("curl $URL/api/v1/{path}"), &[]).status, without, "{path}");
    }
}

/// The system inside the test process, with its clock, keys and service addresses.
struct System {
    access: example::Access,
    clock: TestClock,
    services: BTreeMap<&'static str, String>,
    gateway: InProcess,
}

impl System {
    fn start() -> Self {
        let clock = TestClock::new();
        let access = example::Access::new(clock.clone()).unwrap();
        let addresses = RefCell::new(BTreeMap::new());
        let gateway = InProcess::start(async || {
            let (gateway, services) = example::start(&access).await.unwrap();
            *addresses.borrow_mut() = services;
            gateway
        });
        Self { services: addresses.into_inner(), access, clock, gateway }
    }

    fn gateway(&self, command: &str, token: &str) -> Response {
        self.ask(self.gateway.url(), command, token)
    }

    /// Calls a service directly, without the gateway.
    fn notifier(&self, command: &str, token: &str) -> Response {
        self.ask(&self.services["rs-notifier"], command, token)
    }

    fn ask(&self, host: &str, command: &str, token: &str) -> Response {
        let command = match token {
            "" => command.replace(r#"-H "Authorization: Bearer $TOKEN""#, ""),
            _ => command.to_owned(),
        };
        self.gateway.ask(&command, &[("HOST", host), ("TOKEN", token)])
    }

    /// The claims of a valid token, with replacements. Null removes a claim.
    fn claims(&self, others: Value) -> Value {
        let now = self.clock.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": "https://regards.example/rs-authentication",
            "aud": "https://regards.example",
            "sub": "user@regards.fr",
            "email": "user@regards.fr",
            "role": "USER_ROLE",
            "tenant": "project1",
            "scope": "project1",
            "exp": now + 60,
        });
        let Value::Object(others) = others else { panic!("an object") };
        let all = claims.as_object_mut().unwrap();
        all.extend(others);
        all.retain(|_, value| !value.is_null());
        claims
    }

    fn sign(&self, claims: &Value) -> String {
        self.access.key.sign(claims).unwrap()
    }
}

fn unsigned(claims: &Value) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode_to_string(text);
    format!("{}.{}.", encode(r#"{"alg":"none","typ":"JWT"}"#), encode(&claims.to_string()))
}

fn log_in([project, name, password]: &Account, ask: impl Fn(&str) -> Response) -> String {
    let command = LOG_IN
        .replace("project1", project)
        .replace("user@regards.fr", name)
        .replace("user-password", password);
    token(&ask(&command))
}

fn token(response: &Response) -> String {
    let token = response.json()["access_token"].as_str().map(str::to_owned);
    token.unwrap_or_else(|| panic!("{response:?}"))
}
