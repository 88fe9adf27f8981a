//! Reads configuration documents in JSON and in TOML, one after the other into one handle. What is built follows a
//! schema, no problem shows a secret, and tokens and requests are accepted as an independent reading of the document
//! says.
#![cfg_attr(fuzzing, no_main)]

use std::{convert::Infallible, fs, path::PathBuf, sync::LazyLock};

use arbitrary::Arbitrary;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer, BearerToken, Policies, Verify,
    configuration::{Configuration, Configured, Problems},
    http_client::HttpError,
    issuers::IssuersHandle,
    testing::TestClient,
};
use portcullis_fuzz::{
    block_on, hs256,
    rows::{self, Pattern},
    strict_json,
    tokens::{AUDIENCE, NOW, OURS},
};
use serde_json::{Map, Value, json};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Documents(Vec<(u8, Vec<Edit>)>),
    Json(&'a str),
    Toml(&'a str),
}

/// Sets a member of a table.
#[derive(Arbitrary, Debug)]
struct Edit {
    table: u8,
    name: u8,
    value: Choice,
}

#[derive(Arbitrary, Debug)]
enum Choice {
    /// A value of the kind that the member has.
    Fitting(u8),
    Any(u8),
    Absent,
}

/// What a member must be.
#[derive(Clone, Copy)]
enum Kind {
    Text(&'static [&'static str]),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts that isn't empty, or one text.
    Texts(&'static [&'static str]),
    Flag,
    Number,
    Secret,
    File(usize),
    Table(Schema),
    Tables(Schema),
    /// Any names, with texts; with booleans too.
    Claims(bool),
}

type Schema = &'static [(&'static str, Kind)];

const ONE: &str = "https://one.test";
const TWO: &str = "https://two.test";
const OTHER_API: &str = "https://other-api.test";

const TOP: Schema = &[
    ("audience", Kind::Texts(&[AUDIENCE, OTHER_API, "x"])),
    ("issuers", Kind::Tables(ISSUER)),
    ("introspection", Kind::Table(INTROSPECTION)),
    ("policies", Kind::Table(POLICIES)),
    ("token_cache_bytes", Kind::Number),
];
const ISSUER: Schema = &[
    ("issuer", Kind::Text(&[ONE, TWO, "urn:one", "spiffe://one.test", ""])),
    ("audience", Kind::Texts(&[AUDIENCE, OTHER_API, "x", ""])),
    ("clients", Kind::Texts(&["app", "web"])),
    ("jwks_uri", Kind::Text(&["https://one.test/jwks", "http://one.test/jwks", "x"])),
    ("metadata_url", Kind::Text(&["https://one.test/metadata"])),
    ("metadata_issuer", Kind::Text(&["https://one.test/"])),
    ("max_keys", Kind::Number),
    ("outage_tolerance_seconds", Kind::Number),
    ("jwk_set_file", Kind::File(2)),
    ("public_key_files", Kind::Texts(&["/nowhere/key.pem"])),
    ("hmac_algorithm", Kind::Word(&["HS256", "HS384", "HS512"])),
    ("hmac_secret", Kind::Secret),
    ("hmac_secret_file", Kind::File(0)),
    ("algorithms", Kind::Texts(&["HS256", "ES256", "RS256", "HS512", "none", "hs256"])),
    ("profile", Kind::Word(&["relaxed", "rfc9068", "jwt-svid"])),
    ("accepted_types", Kind::Texts(&["x+jwt", "application/X+JWT", "JWT", "id+jwt", ""])),
    ("leeway_seconds", Kind::Number),
    ("max_lifetime_seconds", Kind::Number),
    ("scope_claims", Kind::Texts(&["roles", "/roles", "permissions", "/~"])),
    ("role_claims", Kind::Texts(&["roles", "/roles", "groups", "roles/x", ""])),
    ("required_claims", Kind::Claims(false)),
    ("numeric_identifiers", Kind::Flag),
    ("introspection", Kind::Table(INTROSPECTION)),
    ("dangerous", Kind::Table(DANGEROUS)),
];
const DANGEROUS: Schema = &[
    ("any_audience", Kind::Flag),
    ("accept_id_tokens", Kind::Flag),
    ("plain_http", Kind::Flag),
    ("private_addresses", Kind::Flag),
];
const INTROSPECTION: Schema = &[
    ("endpoint", Kind::Text(&["https://one.test/introspect", "http://one.test/introspect", ""])),
    ("client_id", Kind::Text(&["orders", ""])),
    ("client_secret", Kind::Secret),
    ("client_secret_file", Kind::File(0)),
    ("authentication", Kind::Word(&["basic", "post"])),
    ("bearer_token", Kind::Secret),
    ("bearer_token_file", Kind::File(1)),
    ("issuer", Kind::Text(&[ONE, "x"])),
    ("audience", Kind::Texts(&[AUDIENCE, "x"])),
    ("ignore_audience", Kind::Flag),
    ("cache_seconds", Kind::Number),
    ("negative_cache_seconds", Kind::Number),
    ("max_lifetime_seconds", Kind::Number),
    ("scope_claims", Kind::Texts(&["roles", "/roles"])),
    ("role_claims", Kind::Texts(&["roles", "/x/y"])),
    ("numeric_identifiers", Kind::Flag),
    ("dangerous", Kind::Table(INTROSPECTION_DANGEROUS)),
];
const INTROSPECTION_DANGEROUS: Schema =
    &[("any_audience", Kind::Flag), ("plain_http", Kind::Flag), ("private_addresses", Kind::Flag)];
const POLICIES: Schema = &[
    ("unlisted", Kind::Word(&["deny", "authenticated"])),
    ("forwarding", Kind::Flag),
    ("rows", Kind::Tables(ROW)),
];
const ROW: Schema = &[
    ("path", Kind::Text(&["/a", "/a/", "/b", "/c/{id}", "/{*rest}", "/A", "b", "/a%20b", "/c/x"])),
    ("grpc", Kind::Text(&["/s.S/M", "/s.S/*", "/s.S", "/s.S/N"])),
    ("method", Kind::Text(&["GET", "POST", "get", "", "HEAD", "DELETE"])),
    ("access", Kind::Word(&["anonymous", "authenticated", "deny"])),
    ("scopes", Kind::Texts(&["read", "write", "a b", "admin"])),
    ("any_scope", Kind::Texts(&["read", "write", "admin", ""])),
    ("roles", Kind::Texts(&["admin", "auditor", ""])),
    ("any_role", Kind::Texts(&["admin", "auditor"])),
    ("claims", Kind::Claims(true)),
    ("acr", Kind::Texts(&["mfa", "pwd", "a b"])),
    ("max_age_seconds", Kind::Number),
];

/// The secrets of two issuers. No message may contain their common part.
const SECRETS: [&str; 2] =
    ["hunter2 is the first secret, of 40 bytes!", "hunter2 is the other secret, of 40 bytes!"];
const MARK: &str = "hunter2";

/// A secret, a token, a key set and a file that isn't there.
static FILES: LazyLock<[String; 3]> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("portcullis-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: String| {
        let path: PathBuf = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    [
        file("secret", format!("{}\r\n", SECRETS[1])),
        file("token", format!("{MARK}-token\n")),
        file("keys", OURS.jwk_set()),
    ]
});

static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    vec![
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(1_000_000_000_u64),
        json!(""),
        json!("x"),
        json!(" "),
        json!("\u{e9}\n"),
        json!([]),
        json!([1]),
        json!(["x", "x"]),
        json!({}),
        json!({ "x": 1 }),
        json!({ "azp": "app" }),
        json!([{}]),
        json!(AUDIENCE),
        json!("read"),
        json!("*"),
        json!("/"),
    ]
});

portcullis_fuzz::target!(|input: Input| run(&input));

fn run(input: &Input) -> Option<()> {
    match input {
        Input::Documents(documents) => {
            let mut handle = None;
            for (base, edits) in documents.iter().take(3) {
                let document = document(*base, edits);
                let json = serde_json::from_str::<Configuration>(&document.to_string()).unwrap();
                let built = build(&json, Some(&document));
                if let Ok(toml) = toml::to_string(&document) {
                    let toml = toml::from_str::<Configuration>(&toml).unwrap();
                    assert_eq!(problems(&built), problems(&build(&toml, Some(&document))));
                }
                let Ok(configured) = built else { continue };
                let handle =
                    handle.get_or_insert_with(|| IssuersHandle::new(configured.issuers.clone()));
                handle.replace(&configured.issuers);
                present(handle, &document, configured.policies.as_ref());
            }
        }
        Input::Json(text) => {
            let is_readable = serde_json::from_str::<Value>(text).is_ok();
            let configuration = serde_json::from_str::<Configuration>(text);
            assert_eq!(configuration.is_ok(), is_readable);
            // No files but those above.
            if text.contains("_file") || text.contains('\\') {
                return None;
            }
            let document = serde_json::from_str(text).ok()?;
            let built = build(&configuration.ok()?, Some(&document));
            assert!(built.is_err() || strict_json::object(text.as_bytes()).is_some());
        }
        Input::Toml(text) => {
            if text.contains("_file") || text.contains('\\') {
                return None;
            }
            let document = toml::from_str::<Value>(text).ok()?;
            let _ = build(&toml::from_str(text).ok()?, Some(&document));
        }
    }
    Some(())
}

fn build(configuration: &Configuration, document: Option<&Value>) -> Result<Configured, Problems> {
    let client = TestClient::new(|_| async { Err(HttpError::transport("no such host")) });
    let built = configuration.clone().http_client(client).clock(OURS.clock()).build();
    let shown = match &built {
        Ok(configured) => format!("{configuration:?} {configured:?}"),
        Err(problems) => {
            assert!(problems.iter().all(|problem| !problem.problem().is_empty()));
            assert!(problems.iter().count() > 0);
            format!("{configuration:?} {problems:?} {problems}")
        }
    };
    assert!(!shown.contains(MARK), "a secret is shown: {shown}");
    if let (Ok(_), Some(document)) = (&built, document) {
        assert!(conforms(document, TOP), "{document}");
    }
    built
}

fn problems(built: &Result<Configured, Problems>) -> Vec<String> {
    let problems = built.as_ref().err();
    let mut problems: Vec<_> =
        problems.iter().flat_map(|it| it.iter()).map(ToString::to_string).collect();
    problems.sort();
    problems
}

/// Returns a valid document with edits.
fn document(base: u8, edits: &[Edit]) -> Value {
    let issuer = |name: &str, secret: usize| json!({ "issuer": name, "hmac_algorithm": "HS256", "hmac_secret": SECRETS[secret] });
    let mut document = json!({
        "audience": AUDIENCE,
        "issuers": [issuer(ONE, 0), issuer(TWO, 1)],
        "policies": { "rows": [
            { "path": "/a", "method": "GET", "scopes": ["read"] },
            { "path": "/b", "access": "authenticated" },
            { "grpc": "/s.S/*", "roles": "admin" },
        ] },
    });
    let introspection = json!({
        "endpoint": "https://one.test/introspect", "client_id": "orders", "client_secret": SECRETS[0],
    });
    if base & 1 != 0 {
        document["introspection"] = introspection.clone();
    }
    if base & 2 != 0 {
        document["issuers"][1] = json!({ "issuer": TWO, "introspection": introspection });
    }
    for Edit { table, name, value } in edits.iter().take(10) {
        let (pointer, schema) = [
            ("", TOP),
            ("/issuers/0", ISSUER),
            ("/issuers/0", ISSUER),
            ("/issuers/1", ISSUER),
            ("/issuers/0/dangerous", DANGEROUS),
            (
                "/issuers/0/required_claims",
                &[("azp", Kind::Text(&["app", "web"])), ("tenant", Kind::Text(&["acme"]))],
            ),
            ("/introspection", INTROSPECTION),
            ("/issuers/1/introspection", INTROSPECTION),
            ("/introspection/dangerous", INTROSPECTION_DANGEROUS),
            ("/policies", POLICIES),
            ("/policies/rows/0", ROW),
            ("/policies/rows/1", ROW),
            ("/policies/rows/2", ROW),
            (
                "/policies/rows/0/claims",
                &[("tenant", Kind::Text(&["acme", "x"])), ("/staff", Kind::Flag)],
            ),
        ][usize::from(*table) % 14];
        // The last name is one that no table has.
        let place = usize::from(*name) % (schema.len() + 1);
        let (name, kind) = schema.get(place).copied().unwrap_or(("unknown", Kind::Flag));
        let value = match value {
            Choice::Absent => None,
            Choice::Fitting(at) => Some(fitting(kind, usize::from(*at))),
            Choice::Any(at) => Some(VALUES[usize::from(*at) % VALUES.len()].clone()),
        };
        // Tables that edits are about appear with the first one.
        for (parent, child) in [
            ("/issuers/0", "dangerous"),
            ("/issuers/0", "required_claims"),
            ("/introspection", "dangerous"),
            ("/policies/rows/0", "claims"),
        ] {
            if pointer == format!("{parent}/{child}")
                && let Some(Value::Object(parent)) = document.pointer_mut(parent)
            {
                parent.entry(child).or_insert_with(|| json!({}));
            }
        }
        if let Some(Value::Object(table)) = document.pointer_mut(pointer) {
            match value {
                Some(value) => drop(table.insert(name.to_owned(), value)),
                None => drop(table.remove(name)),
            }
        }
    }
    document
}

fn fitting(kind: Kind, at: usize) -> Value {
    match kind {
        Kind::Text(texts) | Kind::Word(texts) => json!(texts[at % texts.len()]),
        Kind::Texts(texts) if at < 128 => json!(texts[at % texts.len()]),
        Kind::Texts(texts) => {
            json!([texts[at % texts.len()], texts[at / texts.len() % texts.len()]])
        }
        Kind::Flag => json!(at.is_multiple_of(2)),
        Kind::Number => json!([0, 1, 20, 60, 300, 600, 86_400, i64::MAX][at % 8]),
        Kind::Secret => json!([SECRETS[0], SECRETS[1], MARK, ""][at % 4]),
        Kind::File(own) if at.is_multiple_of(2) => json!(FILES[own]),
        Kind::File(_) => json!([&*FILES[at % 3], "/nowhere"][at / 2 % 2]),
        Kind::Table(_) => json!({}),
        Kind::Tables(schema) => {
            let table = |at: usize| {
                let members = (0..3).map(|place| {
                    let (name, kind) = schema[(at + place * 5) % schema.len()];
                    (name.to_owned(), fitting(kind, at / 3 + place))
                });
                Value::Object(members.collect())
            };
            json!([table(at), table(at + 1)])
        }
        Kind::Claims(_) => {
            let claims = [
                json!({ "azp": "app" }),
                json!({ "tenant": "acme" }),
                json!({}),
                json!({ "x": true }),
            ];
            claims[at % claims.len()].clone()
        }
    }
}

/// Returns whether a document has known members only, each of its kind.
fn conforms(value: &Value, schema: Schema) -> bool {
    let Value::Object(members) = value else { return false };
    members.iter().filter(|(_, value)| !value.is_null()).all(|(name, value)| {
        let kind = schema.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        kind.is_some_and(|kind| match (kind, value) {
            (Kind::Text(_) | Kind::File(_), Value::String(_)) => true,
            (Kind::Secret, Value::String(text)) => !text.is_empty(),
            (Kind::Word(words), Value::String(text)) => words.contains(&&**text),
            (Kind::Texts(_), Value::String(_)) => true,
            (Kind::Texts(_), Value::Array(texts)) => {
                !texts.is_empty() && texts.iter().all(Value::is_string)
            }
            (Kind::Flag, Value::Bool(_)) => true,
            (Kind::Number, Value::Number(number)) => number.is_u64(),
            (Kind::Table(schema), value) => conforms(value, schema),
            (Kind::Tables(schema), Value::Array(tables)) => {
                tables.iter().all(|table| conforms(table, schema))
            }
            (Kind::Claims(may_be_flags), Value::Object(claims)) => {
                claims.values().all(|it| it.is_string() || may_be_flags && it.is_boolean())
            }
            _ => false,
        })
    })
}

/// A token, with its claims.
struct Probe {
    token: String,
    typ: &'static str,
    secret: usize,
    claims: Map<String, Value>,
}

static PROBES: LazyLock<Vec<Probe>> = LazyLock::new(|| {
    let mut probes = Vec::new();
    for (issuer, secret) in
        [(ONE, 0), (TWO, 1), (ONE, 1), ("https://three.test", 0), ("urn:one", 0)]
    {
        for (typ, changes) in [
            ("JWT", json!({})),
            ("at+jwt", json!({})),
            ("x+jwt", json!({})),
            ("JWT", json!({ "aud": OTHER_API })),
            ("JWT", json!({ "aud": ["x", "y"] })),
            ("JWT", json!({ "aud": null })),
            ("JWT", json!({ "exp": NOW - 30 })),
            ("JWT", json!({ "iat": NOW + 100, "exp": NOW + 200 })),
            ("JWT", json!({ "exp": NOW + 10_000 })),
            ("JWT", json!({ "iat": null })),
            ("JWT", json!({ "azp": "other" })),
            ("at+jwt", json!({ "jti": null, "roles": null, "scope": "write" })),
            ("JWT", json!({ "scope": "admin", "acr": "pwd", "staff": false })),
        ] {
            let claims = json!({
                "iss": issuer, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 250, "sub": "alice", "jti": "1",
                "client_id": "app", "azp": "app", "tenant": "acme", "staff": true, "scope": "read",
                "roles": ["admin"], "acr": "mfa", "auth_time": NOW - 100,
            });
            let Value::Object(mut claims) = claims else { unreachable!("an object") };
            let Value::Object(changes) = changes else { unreachable!("an object") };
            claims.extend(changes);
            claims.retain(|_, value| !value.is_null());
            let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
            let text = Value::Object(claims.clone()).to_string();
            let token = hs256::sign(&header, &text, SECRETS[secret].as_bytes());
            probes.push(Probe { token, typ, secret, claims });
            // The others differ from the first two in nothing but their signer and issuer.
            if secret == 1 && issuer == ONE || ![ONE, TWO].contains(&issuer) {
                break;
            }
        }
    }
    probes
});

/// Presents every token, and sends requests with those that are accepted.
fn present(handle: &IssuersHandle, document: &Value, policies: Option<&Policies>) {
    for probe in &*PROBES {
        let line = HeaderValue::try_from(format!("Bearer {}", probe.token)).unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
        let verify = || {
            let token = BearerToken::from_headers(&headers).unwrap();
            block_on(async { handle.verify(token).wait().await })
        };
        let trusted = trusted(document, probe);
        for _ in 0..2 {
            let outcome = verify();
            let (is_accepted, should_be) = (outcome.is_ok(), trusted.is_some());
            assert_eq!(is_accepted, should_be, "{outcome:?}: {:?} under {document}", probe.claims);
        }
        if let (Some(issuer), Some(policies)) = (trusted, policies) {
            requests(handle, policies, document, Some((probe, issuer)));
        }
    }
    if let Some(policies) = policies {
        requests(handle, policies, document, None);
    }
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn member<'a>(table: &'a Value, name: &str) -> Option<&'a Value> {
    table.get(name).filter(|value| !value.is_null())
}

fn is_on(table: Option<&Value>, name: &str) -> bool {
    table.and_then(|table| member(table, name)) == Some(&json!(true))
}

fn seconds(table: &Value, name: &str, default: u64) -> u64 {
    member(table, name).map_or(default, |value| value.as_u64().unwrap())
}

/// Returns the entry of the issuer, if the document says that the token is to be accepted.
fn trusted<'a>(document: &'a Value, probe: &Probe) -> Option<&'a Value> {
    let claims = &probe.claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let entries = member(document, "issuers")?.as_array()?;
    let entry = entries.iter().find(|it| it["issuer"].as_str() == text("iss"))?;
    // An endpoint can't be reached, nor can keys.
    if member(entry, "introspection").is_some() {
        return None;
    }
    let secret = match (member(entry, "hmac_secret"), member(entry, "hmac_secret_file")) {
        (Some(secret), _) => secret.as_str().unwrap().to_owned(),
        (None, Some(file)) => {
            fs::read_to_string(file.as_str().unwrap()).unwrap().trim_end().to_owned()
        }
        (None, None) => return None,
    };
    let is_signed = secret == SECRETS[probe.secret]
        && entry["hmac_algorithm"] == "HS256"
        && member(entry, "algorithms").is_none_or(|it| texts(Some(it)).contains(&"HS256"));
    let (dangerous, clients) = (member(entry, "dangerous"), texts(member(entry, "clients")));
    let mut audiences = texts(member(entry, "audience"));
    if audiences.is_empty() && clients.is_empty() {
        audiences = texts(member(document, "audience"));
    }
    let aud = texts(claims.get("aud"));
    let is_addressed = is_on(dangerous, "any_audience")
        || aud.iter().any(|it| audiences.contains(it))
        || aud.is_empty() && text("client_id").is_some_and(|id| clients.contains(&id));
    let accepted_types = texts(member(entry, "accepted_types"));
    let is_type = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == probe.typ.to_ascii_lowercase()
    };
    let is_strict = match member(entry, "profile").and_then(Value::as_str) {
        None | Some("relaxed") => false,
        Some("rfc9068") => true,
        // The subject isn't one of such a domain.
        _ => return None,
    };
    let is_typed = probe.typ == "at+jwt"
        || probe.typ == "JWT" && !is_strict
        || accepted_types.iter().any(|typ| is_type(typ));
    let is_complete = !is_strict
        || ["sub", "jti", "iat", "client_id", "aud"].iter().all(|name| claims.contains_key(*name));
    let leeway = seconds(entry, "leeway_seconds", 60);
    let (exp, iat) = (claims["exp"].as_u64()?, claims.get("iat").and_then(Value::as_u64));
    let is_current =
        NOW < exp.saturating_add(leeway) && iat.is_none_or(|iat| iat <= NOW.saturating_add(leeway));
    let is_short = match member(entry, "max_lifetime_seconds") {
        None => true,
        Some(max) => iat.is_some_and(|iat| exp - iat.min(exp) <= max.as_u64().unwrap()),
    };
    let has_required = match member(entry, "required_claims") {
        Some(Value::Object(required)) => {
            required.iter().all(|(name, value)| claims.get(name) == Some(value))
        }
        _ => true,
    };
    (is_signed && is_addressed && is_typed && is_complete && is_current && is_short && has_required)
        .then_some(entry)
}

const REQUESTS: [(Method, &str); 8] = [
    (Method::GET, "/a"),
    (Method::POST, "/a"),
    (Method::HEAD, "/a"),
    (Method::GET, "/b"),
    (Method::GET, "/c/7"),
    (Method::POST, "/s.S/M"),
    (Method::GET, "/s.S/M"),
    (Method::DELETE, "/d/e"),
];

fn requests(
    handle: &IssuersHandle,
    policies: &Policies,
    document: &Value,
    caller: Option<(&Probe, &Value)>,
) {
    let table = &document["policies"];
    let rows: Vec<&Value> =
        member(table, "rows").and_then(Value::as_array).into_iter().flatten().collect();
    let pattern = |row: &&Value| match member(row, "grpc") {
        Some(path) => Pattern::new(Some(Method::POST), path.as_str().unwrap()),
        None => {
            let method = member(row, "method").map(|it| it.as_str().unwrap().parse().unwrap());
            Pattern::new(method, row["path"].as_str().unwrap())
        }
    };
    let patterns: Vec<Pattern> = rows.iter().map(pattern).collect();
    assert_eq!(policies.rows().len(), rows.len());
    let layer =
        AuthenticateLayer::bearer(handle.clone()).policies(policies.clone()).clock(OURS.clock());
    let service = layer
        .layer(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Vec::new()))));
    for (method, path) in &REQUESTS {
        let found = rows::find(&patterns, method, path, false);
        // Another spelling of a path is denied.
        let twin = format!("{path}/");
        let loosely = |path: &str| rows::find(&patterns, method, path, true);
        if found != loosely(path) || patterns.iter().any(|row| is_path(row, &twin)) {
            continue;
        }
        let should_be = match found {
            Some(place) => allows(rows[place], caller),
            None => caller.is_some() && table["unlisted"] == "authenticated",
        };
        let mut request = Request::new(());
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse().unwrap();
        if let Some((probe, _)) = caller {
            let line = format!("Bearer {}", probe.token).parse().unwrap();
            request.headers_mut().insert(AUTHORIZATION, line);
        }
        let response = block_on(service.clone().oneshot(request));
        let status = response.unwrap_or_else(|never| match never {}).status();
        assert_eq!(
            status == StatusCode::OK,
            should_be,
            "{status} for {method} {path} by {:?} under {table}",
            caller.map(|(probe, _)| &probe.claims)
        );
        assert!(status == StatusCode::OK || matches!(status.as_u16(), 401 | 403));
    }
}

/// Returns whether a pattern has this path, in any case.
fn is_path(pattern: &Pattern, path: &str) -> bool {
    let other = Pattern::new(pattern.method.clone(), path);
    pattern.segments == other.segments
}

/// Returns whether a row allows a request.
fn allows(row: &Value, caller: Option<(&Probe, &Value)>) -> bool {
    match member(row, "access").and_then(Value::as_str) {
        Some("anonymous") => return true,
        Some("deny") => return false,
        _ => {}
    }
    let Some((probe, entry)) = caller else { return false };
    let claims = &probe.claims;
    // A place is a name or a pointer.
    let at = |place: &str| claims.get(place.strip_prefix('/').unwrap_or(place));
    let words = |value: Option<&Value>| -> Vec<String> {
        texts(value).into_iter().flat_map(|it| it.split(' ')).map(str::to_owned).collect()
    };
    let mut scopes = words(claims.get("scope"));
    for place in texts(member(entry, "scope_claims")) {
        scopes.extend(words(at(place)));
    }
    let places = texts(member(entry, "role_claims"));
    let roles: Vec<&str> = places.into_iter().flat_map(|place| texts(at(place))).collect();
    let has_scope = |scope: &&str| scopes.iter().any(|it| it == scope);
    let (all, any) = (texts(member(row, "scopes")), texts(member(row, "any_scope")));
    let (roles_all, roles_any) = (texts(member(row, "roles")), texts(member(row, "any_role")));
    let has_claims = match member(row, "claims") {
        Some(Value::Object(needed)) => needed.iter().all(|(place, value)| at(place) == Some(value)),
        _ => true,
    };
    let classes = texts(member(row, "acr"));
    let class = claims.get("acr").and_then(Value::as_str).unwrap_or_default();
    let leeway = seconds(entry, "leeway_seconds", 60);
    let is_recent = member(row, "max_age_seconds").is_none_or(|max| {
        let time = claims["auth_time"].as_u64().unwrap();
        NOW <= time.saturating_add(max.as_u64().unwrap()).saturating_add(leeway)
    });
    all.iter().all(has_scope)
        && (any.is_empty() || any.iter().any(has_scope))
        && roles_all.iter().all(|role| roles.contains(role))
        && (roles_any.is_empty() || roles_any.iter().any(|role| roles.contains(role)))
        && has_claims
        && (classes.is_empty() || classes.contains(&class))
        && is_recent
}
