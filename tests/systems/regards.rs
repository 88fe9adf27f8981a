//! REGARDS, as its page on tokens has it.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use base64_simd::URL_SAFE_NO_PAD;
use portcullis::{Clock, testing::TestClock};
use serde_json::{Value, json};

use crate::support::{Answer, Client, InProcess, Service};

#[path = "../../examples/systems/regards/main.rs"]
#[allow(dead_code, reason = "a program of its own")]
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
const RULES: &str = r#"curl "$HOST/api/v1/rs-notifier/rule" -H "Authorization: Bearer $TOKEN""#;
const PRODUCTS: &str =
    r#"curl "$HOST/api/v1/rs-catalog/product" -H "Authorization: Bearer $TOKEN""#;

/// The project, the user, the password.
type Who = [&'static str; 3];

const USER: Who = ["project1", "user@regards.fr", "user-password"];
const ADMIN: Who = ["project1", "admin@regards.fr", "admin-password"];
const OTHER: Who = ["project2", "admin@regards.fr", "other-password"];

#[test]
fn its_commands_are_answered_as_documented() {
    its_commands(Client::Socket);
}

#[test]
#[ignore = "needs curl"]
fn its_commands_by_curl_are_answered_as_documented() {
    its_commands(Client::Curl);
}

fn its_commands(client: Client) {
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    let answer = service.documented(client, LOG_IN, &[host]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = token(&answer);
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey";
    assert!(token.starts_with(header), "{token}");
    let mut rest = answer.json();
    rest.as_object_mut().unwrap().remove("access_token");
    let who = json!({
        "email": "user@regards.fr",
        "role": "USER_ROLE",
        "scope": "project1",
        "sub": "user@regards.fr",
        "tenant": "project1",
    });
    let mut expected = who.clone();
    expected["expires_in"] = json!(43199);
    expected["token_type"] = json!("bearer");
    assert_eq!(rest, expected);

    let claims = token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode_to_vec(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    for (name, value) in who.as_object().unwrap() {
        assert_eq!(&claims[name], value, "{name}");
    }

    let user = [host, ("TOKEN", token.as_str())];
    assert_eq!(service.documented(client, IMPORT, &user).status, 403);
    assert_eq!(service.documented(client, RULES, &user).json(), json!([]));
    let rules = json!([{ "rule": "mail the operator" }]);
    let admin = log_in(&ADMIN, |command| service.ask(command, &[host]));
    let admin = [host, ("TOKEN", admin.as_str())];
    let imported = service.documented(client, IMPORT, &admin);
    assert_eq!(imported.status, 200);
    assert_eq!(imported.json(), rules);
    assert_eq!(service.documented(client, RULES, &user).json(), rules);
    assert_eq!(service.documented(client, PRODUCTS, &user).status, 200);
}

#[test]
fn its_token_endpoint_gives_a_token_to_those_alone_who_may_have_it() {
    let service = Service::start("regards");
    let good = "grant_type=password&scope=project1&username=user@regards.fr&password=user-password";
    for (options, query, status, error) in [
        ("-u client:secret", good, 200, None),
        ("-u client:secret", &*good.replace("grant_type", "grant-type"), 200, None),
        ("", good, 401, Some("invalid_client")),
        ("-u client:wrong", good, 401, Some("invalid_client")),
        ("-u other:secret", good, 401, Some("invalid_client")),
        ("-u user@regards.fr:user-password", good, 401, Some("invalid_client")),
        (
            "-u client:secret",
            &good.replace("password=user", "password="),
            400,
            Some("invalid_grant"),
        ),
        ("-u client:secret", &good.replace("user@", "nobody@"), 400, Some("invalid_grant")),
        ("-u client:secret", &good.replace("project1", "project2"), 400, Some("invalid_grant")),
        ("-u client:secret", &good.replace("project1", "project3"), 400, Some("invalid_scope")),
        ("-u client:secret", &good.replace("project1", ""), 400, Some("invalid_scope")),
        ("-u client:secret", &good.replace("scope=project1&", ""), 400, Some("invalid_request")),
        ("-u client:secret", &format!("grant-type=password&{good}"), 400, Some("invalid_request")),
        ("-u client:secret", "", 400, Some("invalid_request")),
        (
            "-u client:secret",
            &good.replace("=password&", "=client_credentials&"),
            400,
            Some("unsupported_grant_type"),
        ),
    ] {
        let command = format!(
            r#"curl -X POST {options} "$URL/api/v1/rs-authentication/oauth/token?{query}""#
        );
        let answer = service.ask(&command, &[]);
        assert_eq!(answer.status, status, "{options} {query}");
        assert_eq!(answer.json().get("error").and_then(Value::as_str), error, "{options} {query}");
        let challenge = (status == 401).then_some(r#"Basic realm="REGARDS", charset="UTF-8""#);
        assert_eq!(answer.header("www-authenticate"), challenge, "{options} {query}");
    }
}

#[test]
fn no_project_sees_what_another_has() {
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    let [one, other] =
        [ADMIN, OTHER].map(|who| log_in(&who, |command| service.ask(command, &[host])));
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
fn a_role_permits_what_is_for_it_and_for_those_below() {
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    for (who, import) in [(USER, 403), (ADMIN, 200), (OTHER, 200)] {
        let token = log_in(&who, |command| service.ask(command, &[host]));
        let variables = [host, ("TOKEN", token.as_str())];
        assert_eq!(service.ask(RULES, &variables).status, 200, "{who:?}");
        let answer = service.ask(IMPORT, &variables);
        assert_eq!(answer.status, import, "{who:?}");
        if import == 403 {
            assert_eq!(answer.json()["message"], "Access denied.");
            assert_eq!(answer.header("www-authenticate"), None);
        }
    }
}

#[test]
fn gateway_and_services_take_and_reject_the_same_tokens() {
    let system = System::start();
    let token = log_in(&USER, |command| system.gateway(command, ""));
    let bare = r#"Bearer realm="REGARDS""#;
    let fault = |description: &str| {
        format!(r#"{bare}, error="invalid_token", error_description="{description}""#)
    };
    let good = system.claims(json!({}));
    for (token, status, challenge) in [
        (token, 200, None),
        (system.sign(&good), 200, None),
        (String::new(), 401, Some(bare.to_owned())),
        ("made-up".to_owned(), 401, Some(fault("Token malformed."))),
        (System::start().sign(&good), 401, Some(fault("Token signature invalid."))),
        (unsigned(&good), 401, Some(fault("Token algorithm not accepted."))),
        // Claims that the token endpoint never makes.
        (
            system.sign(&system.claims(json!({ "iss": "else" }))),
            401,
            Some(fault("Token issuer not trusted.")),
        ),
        (
            system.sign(&system.claims(json!({ "aud": "else" }))),
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
        let ways = [system.gateway(RULES, &token), system.notifier(RULES, &token)];
        for answer in ways {
            assert_eq!(answer.status, status, "{token}");
            assert_eq!(answer.header("www-authenticate"), challenge.as_deref(), "{token}");
        }
    }
}

#[test]
fn a_tenant_that_is_named_like_a_role_gets_no_role_by_it() {
    let system = System::start();
    let names = json!({ "scope": "ADMIN_ROLE", "tenant": "ADMIN_ROLE" });
    let token = system.sign(&system.claims(names));
    assert_eq!(system.notifier(RULES, &token).status, 403);
    assert_eq!(system.notifier(IMPORT, &token).status, 403);
}

#[test]
fn a_token_ends_with_its_time_for_the_gateway_and_for_the_services() {
    let system = System::start();
    let token = log_in(&USER, |command| system.gateway(command, ""));
    let messages = || {
        let answers = [system.gateway(RULES, &token), system.notifier(RULES, &token)];
        answers.map(|answer| (answer.status, answer.json()["message"].clone()))
    };
    // A minute is for clocks that differ.
    system.clock.advance(Duration::from_secs(43_199 + 59));
    assert_eq!(messages(), [(200, Value::Null), (200, Value::Null)]);
    system.clock.advance(Duration::from_secs(1));
    assert_eq!(messages(), [(401, json!("Token expired.")), (401, json!("Token expired."))]);
}

#[test]
fn the_gateway_knows_its_services_and_tells_strangers_nothing_of_them() {
    let service = Service::start("regards");
    let host = ("HOST", service.url());
    let token = log_in(&USER, |command| service.ask(command, &[host]));
    for (place, with_token, without) in [
        ("rs-catalog/product", 200, 401),
        ("rs-catalog/nowhere", 404, 401),
        ("rs-nobody/product", 404, 401),
        ("rs-authentication/nowhere", 401, 401),
    ] {
        let command = format!(r#"curl -H "Authorization:Bearer $TOKEN" $URL/api/v1/{place}"#);
        let answer = service.ask(&command, &[("TOKEN", &token)]);
        assert_eq!(answer.status, with_token, "{place}");
        assert_eq!(
            service.ask(&format!("curl $URL/api/v1/{place}"), &[]).status,
            without,
            "{place}"
        );
    }
}

/// The system inside the test, with what a test can turn, sign and reach there.
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
        let places = RefCell::new(BTreeMap::new());
        let gateway = InProcess::start(async || {
            let (gateway, services) = example::start(&access).await.unwrap();
            *places.borrow_mut() = services;
            gateway
        });
        Self { services: places.into_inner(), access, clock, gateway }
    }

    fn gateway(&self, command: &str, token: &str) -> Answer {
        self.ask(self.gateway.url(), command, token)
    }

    /// Around the gateway.
    fn notifier(&self, command: &str, token: &str) -> Answer {
        self.ask(&self.services["rs-notifier"], command, token)
    }

    fn ask(&self, host: &str, command: &str, token: &str) -> Answer {
        let command = match token {
            "" => command.replace(r#"-H "Authorization: Bearer $TOKEN""#, ""),
            _ => command.to_owned(),
        };
        self.gateway.ask(&command, &[("HOST", host), ("TOKEN", token)])
    }

    /// Those of a good token, and these in their place; null is left out.
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

fn log_in([project, name, password]: &Who, ask: impl Fn(&str) -> Answer) -> String {
    let command = LOG_IN
        .replace("project1", project)
        .replace("user@regards.fr", name)
        .replace("user-password", password);
    token(&ask(&command))
}

fn token(answer: &Answer) -> String {
    let token = answer.json()["access_token"].as_str().map(str::to_owned);
    token.unwrap_or_else(|| panic!("{answer:?}"))
}
