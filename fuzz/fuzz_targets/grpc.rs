//! Calls gRPC methods through the complete layer, with any table of gRPC and HTTP rows, and any spelling of a path. A
//! call reaches the service if, and only if, the row allows it that an independent search finds.
#![cfg_attr(fuzzing, no_main)]

use std::{
    convert::Infallible,
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use arbitrary::Arbitrary;
use http::{
    Method, Request, Response, StatusCode, Uri, header::AUTHORIZATION, header::CONTENT_TYPE,
};
use portcullis::{
    Access, Algorithm, AuthenticateLayer, JwtVerifier, Policies, Scope, policies::PoliciesBuilder,
    scope::ScopePolicy,
};
use portcullis_fuzz::{
    ready,
    rows::{self, Part, Pattern as Matcher},
    tokens::{AUDIENCE, OURS, THEIRS, verifier},
};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Arbitrary, Debug)]
struct Input {
    unlisted_authenticated: bool,
    forwarding: bool,
    rows: Vec<Row>,
    calls: Vec<Call>,
}

#[derive(Arbitrary, Debug)]
struct Row {
    pattern: Pattern,
    access: u8,
}

#[derive(Arbitrary, Debug)]
enum Pattern {
    Method(u8, u8),
    Service(u8),
    /// A gRPC row with a path that may be none.
    Text(u8, String),
    /// An HTTP row with two segments, for a method or for any.
    Http(u8, Segment, Segment),
    /// An HTTP row for all paths.
    HttpRest(u8),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Segment {
    Service(u8),
    Method(u8),
    Parameter,
    Rest,
}

#[derive(Arbitrary, Debug)]
struct Call {
    method: u8,
    service: u8,
    name: u8,
    spelling: Spelling,
    media_type: u8,
    token: u8,
}

#[derive(Arbitrary, Debug)]
enum Spelling {
    Plain,
    Upper(u8),
    Code(u8),
    Twice(u8),
    SlashAtEnd,
    SlashBefore,
    DotBefore,
    DotsBefore,
    EncodedSlash,
    Third(u8),
    Raw(String),
}

const SERVICES: [&str; 6] = ["a.Orders", "a.orders", "a.Orders2", "Orders", "a.b.Users", "a"];
const NAMES: [&str; 6] = ["Get", "get", "Create", "List", "G_1", "GetAll"];
const METHODS: [Method; 4] = [Method::POST, Method::GET, Method::HEAD, Method::PUT];
const MEDIA_TYPES: [&str; 5] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/json",
];
const READ: Scope = Scope::from_static("read");
const WRITE: Scope = Scope::from_static("write");

static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| verifier().build().unwrap());

/// Tokens with their scopes. Those without scopes aren't valid.
static TOKENS: LazyLock<[(Option<String>, Option<&str>); 6]> = LazyLock::new(|| {
    let token = |scope: &str| {
        let token = OURS.token().algorithm(Algorithm::Hs256).audience(AUDIENCE);
        Some(token.scope(scope).mint())
    };
    let forged = THEIRS.token().algorithm(Algorithm::Hs256).audience(AUDIENCE).scope("read write");
    [
        (None, None),
        (Some(forged.mint()), None),
        (token(""), Some("")),
        (token("read"), Some("read")),
        (token("write"), Some("write")),
        (token("read write"), Some("read write")),
    ]
});

portcullis_fuzz::target!(|input: Input| run(&input));

fn run(input: &Input) -> Option<()> {
    if input.rows.len() > 8 || input.calls.len() > 8 {
        return None;
    }
    let mut builder = Policies::builder();
    if input.unlisted_authenticated {
        builder = builder.unlisted_authenticated();
    }
    if input.forwarding {
        builder = builder.forwarding();
    }
    let rows: Vec<_> = input.rows.iter().map(Read::of).collect();
    builder = rows.iter().fold(builder, |builder, row| row.add(builder));
    let policies = match builder.build() {
        Ok(policies) => policies,
        Err(error) => {
            let name =
                |row: &Read| (row.is_grpc && is_grpc_path(&row.path)).then(|| row.path.clone());
            let Some(paths) = rows.iter().map(name).collect::<Option<Vec<_>>>() else {
                return Some(());
            };
            assert!(clash(&paths), "rejected without a reason: {error}");
            return Some(());
        }
    };
    assert!(rows.iter().all(|row| !row.is_grpc || is_grpc_path(&row.path)), "{policies}");
    assert_eq!(policies.rows().len(), rows.len());
    let unlisted = if input.unlisted_authenticated { Access::Authenticated } else { Access::Deny };
    for call in &input.calls {
        let path = spelled(call);
        let Ok(uri) = Uri::try_from(&*path) else { continue };
        let method = &METHODS[usize::from(call.method) % METHODS.len()];
        let access = policies.access(method, uri.path());
        check(&rows, &unlisted, method, uri.path(), access);
        send(&policies, access, call, method, &uri);
    }
    Some(())
}

/// A row as it is read here.
struct Read {
    is_grpc: bool,
    path: String,
    matcher: Matcher,
    access: Access,
}

impl Read {
    fn of(row: &Row) -> Self {
        let service = |at: u8| SERVICES[usize::from(at) % SERVICES.len()];
        let name = |at: u8| NAMES[usize::from(at) % NAMES.len()];
        let text = |text: &str| Part::Static(text.to_owned());
        let http = |at: u8| METHODS.get(usize::from(at) % (METHODS.len() + 1)).cloned();
        let (is_grpc, method, path, segments) = match &row.pattern {
            Pattern::Method(one, other) => {
                let (one, other) = (service(*one), name(*other));
                (true, Some(Method::POST), format!("/{one}/{other}"), vec![text(one), text(other)])
            }
            Pattern::Service(one) => {
                let one = service(*one);
                (true, Some(Method::POST), format!("/{one}/*"), vec![text(one), Part::Parameter])
            }
            Pattern::Text(one, other) => {
                let path = format!("/{}/{other}", service(*one));
                let segments = vec![text(service(*one)), text(other)];
                let segments = if other == "*" {
                    vec![segments[0].clone(), Part::Parameter]
                } else {
                    segments
                };
                (true, Some(Method::POST), path, segments)
            }
            Pattern::Http(method, one, other) => {
                let part = |segment: &Segment, place: usize| match *segment {
                    Segment::Service(at) => (service(at).to_owned(), text(service(at))),
                    Segment::Method(at) => (name(at).to_owned(), text(name(at))),
                    Segment::Rest if place == 1 => ("{*rest}".to_owned(), Part::Rest),
                    Segment::Parameter | Segment::Rest => {
                        (format!("{{p{place}}}"), Part::Parameter)
                    }
                };
                let ((one, first), (other, second)) = (part(one, 0), part(other, 1));
                (false, http(*method), format!("/{one}/{other}"), vec![first, second])
            }
            Pattern::HttpRest(method) => {
                (false, http(*method), "/{*rest}".to_owned(), vec![Part::Rest])
            }
        };
        let access = match row.access % 7 {
            0 => Access::Anonymous,
            1 => Access::Authenticated,
            2 => Access::Deny,
            3 => READ.into(),
            4 => WRITE.into(),
            5 => READ.and(WRITE).into(),
            _ => ScopePolicy::any([READ, WRITE]).into(),
        };
        Self { is_grpc, path, matcher: Matcher { method, segments }, access }
    }

    fn add(&self, builder: PoliciesBuilder) -> PoliciesBuilder {
        let (path, access) = (self.path.clone(), self.access.clone());
        match &self.matcher.method {
            _ if self.is_grpc => builder.grpc(path, access),
            Some(method) => builder.route(method.clone(), path, access),
            None => builder.any_method(path, access),
        }
    }
}

/// Returns whether a path names a gRPC method, or all those of a service.
fn is_grpc_path(path: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty() && text.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    match *path.split('/').collect::<Vec<_>>() {
        ["", service, method] => {
            service.split('.').all(is_name) && (method == "*" || is_name(method))
        }
        _ => false,
    }
}

/// Returns whether a row repeats another one, or differs from another one in the case of a letter only.
fn clash(paths: &[String]) -> bool {
    let parts = |path: &str| {
        let (service, method) = path[1..].split_once('/').unwrap();
        (service.to_owned(), method.to_owned())
    };
    paths.iter().enumerate().any(|(place, path)| {
        let (service, method) = parts(path);
        paths[..place].iter().any(|other| {
            let (other_service, other_method) = parts(other);
            if service == other_service {
                method.eq_ignore_ascii_case(&other_method)
            } else {
                service.eq_ignore_ascii_case(&other_service)
            }
        })
    })
}

/// Checks what a table says about a path.
fn check(rows: &[Read], unlisted: &Access, method: &Method, path: &str, access: &Access) {
    let loose = loosely(path);
    let matchers: Vec<_> = rows.iter().map(|row| row.matcher.clone()).collect();
    let find = |path: &str, ignores_case| {
        rows::find(&matchers, method, path, ignores_case).map(|place| &rows[place].access)
    };
    let exact = find(path, false).unwrap_or(unlisted);
    if *access == Access::Deny {
        // A denial needs a reason: the row, or another spelling of a path.
        let is_twin = |part: &Part| match part {
            Part::Static(text) => {
                path.split('/').any(|it| it != text && it.eq_ignore_ascii_case(text))
            }
            Part::Parameter | Part::Rest => false,
        };
        let has_twin = matchers.iter().any(|row| row.segments.iter().any(is_twin));
        let is_plain = path.strip_prefix('/').is_some_and(|rest| {
            rest.split('/').all(|part| {
                !matches!(part, "" | "." | "..")
                    && part.chars().all(|it| it.is_ascii_alphanumeric() || "._".contains(it))
            })
        });
        let reason = *exact == Access::Deny || !is_plain || path.ends_with('.') || has_twin;
        assert!(reason, "{method} {path} is denied, not {exact}");
        return;
    }
    assert_eq!(access, exact, "{method} {path}");
    if loose != path {
        let lenient = find(&loose, true).unwrap_or(unlisted);
        assert_eq!(access, lenient, "{method} {path}, which is also {loose}");
    }
}

/// Sends the call through the layer.
fn send(policies: &Policies, access: &Access, call: &Call, method: &Method, uri: &Uri) {
    let layer = AuthenticateLayer::bearer(VERIFIER.clone()).grpc().policies(policies.clone());
    let is_reached = AtomicBool::new(false);
    let service = layer.layer(service_fn(async |_: Request<()>| {
        is_reached.store(true, Ordering::Relaxed);
        Ok::<_, Infallible>(Response::new(Vec::new()))
    }));
    let (token, scopes) = &TOKENS[usize::from(call.token) % TOKENS.len()];
    let media_type = MEDIA_TYPES[usize::from(call.media_type) % MEDIA_TYPES.len()];
    let mut request = Request::new(());
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri.clone();
    request.headers_mut().insert(CONTENT_TYPE, media_type.parse().unwrap());
    if let Some(token) = token {
        let line = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, line);
    }
    let response = ready(service.oneshot(request)).unwrap_or_else(|never| match never {});
    let has = |scope: &str| scopes.is_some_and(|it| it.split(' ').any(|one| one == scope));
    let is_allowed = match access {
        Access::Anonymous => token.is_none() || scopes.is_some(),
        Access::Authenticated => scopes.is_some(),
        Access::Deny => false,
        access if *access == Access::from(READ) => has("read"),
        access if *access == Access::from(WRITE) => has("write"),
        access if *access == Access::from(READ.and(WRITE)) => has("read") && has("write"),
        _ => has("read") || has("write"),
    };
    let what = format!("{method} {uri} ({access}) with {scopes:?}");
    assert_eq!(is_reached.into_inner(), is_allowed, "{what}");
    if is_allowed {
        assert_eq!(response.status(), StatusCode::OK);
        return;
    }
    let is_grpc = media_type.starts_with("application/grpc") && *method == Method::POST;
    let (code, status) = if scopes.is_some() { ("7", 403) } else { ("16", 401) };
    if is_grpc {
        assert_eq!(response.status(), StatusCode::OK, "{what}");
        assert_eq!(response.headers()["grpc-status"], code, "{what}");
    } else {
        assert_eq!(response.status(), status, "{what}");
    }
}

fn spelled(call: &Call) -> String {
    let service = SERVICES[usize::from(call.service) % SERVICES.len()];
    let name = NAMES[usize::from(call.name) % NAMES.len()];
    let plain = format!("/{service}/{name}");
    let change = |at: &u8, to: &dyn Fn(char) -> String| -> String {
        let at = 1 + usize::from(*at) % (plain.len() - 1);
        let letters = plain.chars().enumerate();
        letters.map(|(place, it)| if place == at { to(it) } else { it.to_string() }).collect()
    };
    match &call.spelling {
        Spelling::Plain => plain,
        Spelling::Upper(at) => change(at, &|it| it.to_uppercase().to_string()),
        Spelling::Code(at) => change(at, &|it| format!("%{:02X}", u32::from(it))),
        Spelling::Twice(at) => change(at, &|it| format!("%25{:02X}", u32::from(it))),
        Spelling::SlashAtEnd => format!("{plain}/"),
        Spelling::SlashBefore => format!("/{plain}"),
        Spelling::DotBefore => format!("/.{plain}"),
        Spelling::DotsBefore => format!("/x/..{plain}"),
        Spelling::EncodedSlash => format!("/{service}%2F{name}"),
        Spelling::Third(at) => format!("{plain}/{}", NAMES[usize::from(*at) % NAMES.len()]),
        Spelling::Raw(text) => format!("/{service}/{text}"),
    }
}

/// Parses a path as the most lenient servers do.
fn loosely(path: &str) -> String {
    let mut text = path.to_owned();
    for _ in 0..3 {
        text = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    let text = text.replace('\\', "/");
    let mut segments: Vec<String> = Vec::new();
    for segment in text.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            plain => segments.push(plain.to_lowercase()),
        }
    }
    format!("/{}", segments.join("/"))
}
