//! Compares policy tables with axum's router: the access of a request has to be that of the route that handles it, and
//! of the one that a looser parser of paths would find, or the table denies it.
#![cfg_attr(fuzzing, no_main)]

use std::convert::Infallible;

use arbitrary::Arbitrary;
use axum::{Router, body::Body, routing::MethodFilter};
use http::{Method, Request, StatusCode, Uri};
use portcullis::{Access, Policies, Scope};
use portcullis_fuzz::ready;
use tower::ServiceExt;

#[derive(Arbitrary, Debug)]
struct Input {
    unlisted_authenticated: bool,
    rows: Vec<Row>,
    requests: Vec<Call>,
}

#[derive(Arbitrary, Debug)]
struct Row {
    method: u8,
    path: Vec<Segment>,
    access: u8,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Segment {
    Word(u8),
    Parameter,
    Rest,
}

#[derive(Arbitrary, Debug)]
struct Call {
    method: u8,
    path: Vec<(u8, Spelling)>,
    ends_in_slash: bool,
}

/// The spelling of a word in a path.
#[derive(Arbitrary, Debug)]
enum Spelling {
    Plain,
    Upper(u8),
    Code(u8),
    LowerCode(u8),
    Twice(u8),
    DotBefore,
    DotsBefore,
    Empty,
    Slash,
    Raw(String),
}

const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::HEAD, Method::PUT];
const WORDS: [&str; 12] =
    ["a", "b", "admin", "new", "users", "", "x.json", "a%20b", "caf%C3%A9", "a+b", "1", "k"];
const SCOPES: [&str; 2] = ["read", "write"];

portcullis_fuzz::target!(|input: Input| run(&input));

fn run(input: &Input) -> Option<()> {
    if input.rows.len() > 8 || input.requests.len() > 8 {
        return None;
    }
    let mut builder = Policies::builder();
    if input.unlisted_authenticated {
        builder = builder.unlisted_authenticated();
    }
    let rows: Vec<_> = input
        .rows
        .iter()
        .map(|row| (method(row.method), pattern(&row.path), access(row.access)))
        .collect();
    for (method, path, access) in &rows {
        builder = match method {
            Some(method) => builder.route(method.clone(), path.clone(), access.clone()),
            None => builder.any_method(path.clone(), access.clone()),
        };
    }
    let policies = builder.build().ok()?;
    // A router with the routes as they are written, and one that ignores case.
    let strict = router(&rows, |path| path.to_owned())?;
    let folded = router(&rows, fold)?;
    for call in &input.requests {
        let method = METHODS[usize::from(call.method) % METHODS.len()].clone();
        let path = spelled(call);
        let Ok(uri) = Uri::try_from(&*path) else { continue };
        let access = policies.access(&method, uri.path());
        let unlisted =
            if input.unlisted_authenticated { Access::Authenticated } else { Access::Deny };
        let handled_by = routed(&strict, &method, uri.path());
        check(&rows, &unlisted, access, handled_by, &method, uri.path());
        let loose = loosely(uri.path());
        let handled_by = routed(&folded, &method, &loose);
        if *access != Access::Deny {
            check(
                &rows,
                &unlisted,
                access,
                handled_by,
                &method,
                &format!("{} as {loose}", uri.path()),
            );
        }
    }
    Some(())
}

fn check(
    rows: &[(Option<Method>, String, Access)],
    unlisted: &Access,
    access: &Access,
    handled_by: Option<usize>,
    method: &Method,
    path: &str,
) {
    if *access == Access::Deny {
        return;
    }
    match handled_by {
        Some(row) => {
            assert_eq!(*access, rows[row].2, "{method} {path} is handled by {}", rows[row].1);
        }
        // No handler runs, so any access is fine.
        None => assert!(access == unlisted || rows.iter().any(|row| row.2 == *access)),
    }
}

fn method(of: u8) -> Option<Method> {
    METHODS.get(usize::from(of) % 5).cloned()
}

fn access(of: u8) -> Access {
    match of % 5 {
        0 => Access::Anonymous,
        1 => Access::Authenticated,
        2 => Access::Deny,
        of => Scope::from_static(SCOPES[usize::from(of) - 3]).into(),
    }
}

fn pattern(segments: &[Segment]) -> String {
    let mut path = String::new();
    for segment in segments.iter().take(5) {
        path.push('/');
        match *segment {
            Segment::Word(at) => path.push_str(WORDS[usize::from(at) % WORDS.len()]),
            Segment::Parameter => path.push_str(&format!("{{p{}}}", path.len())),
            Segment::Rest => path.push_str("{*rest}"),
        }
    }
    if path.is_empty() { "/".to_owned() } else { path }
}

/// Builds a router whose routes respond with the index of their row. `None` if axum rejects them.
fn router(
    rows: &[(Option<Method>, String, Access)],
    spell: impl Fn(&str) -> String,
) -> Option<Router> {
    let mut paths: Vec<(String, axum::routing::MethodRouter)> = Vec::new();
    let mut probe = matchit::Router::new();
    let mut taken = Vec::new();
    for (place, (method, path, _)) in rows.iter().enumerate() {
        let path = spell(path);
        // Two rows that differ only in spelling are one route.
        if taken.contains(&(method, path.clone())) {
            continue;
        }
        taken.push((method, path.clone()));
        let at = match paths.iter().position(|(other, _)| *other == path) {
            Some(at) => at,
            None => {
                probe.insert(&*path, ()).ok()?;
                paths.push((path, axum::routing::MethodRouter::new()));
                paths.len() - 1
            }
        };
        let handler = move || async move { place.to_string() };
        let route = std::mem::take(&mut paths[at].1);
        paths[at].1 = match method {
            Some(method) => route.on(MethodFilter::try_from(method.clone()).ok()?, handler),
            None => route.fallback(handler),
        };
    }
    Some(paths.into_iter().fold(Router::new(), |router, (path, route)| router.route(&path, route)))
}

fn routed(router: &Router, method: &Method, path: &str) -> Option<usize> {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).ok()?;
    let response =
        ready(router.clone().oneshot(request)).unwrap_or_else(|never: Infallible| match never {});
    if response.status() != StatusCode::OK {
        return None;
    }
    if method == Method::HEAD {
        // The response has no body that names the row.
        return None;
    }
    let body = ready(axum::body::to_bytes(response.into_body(), 64)).ok()?;
    std::str::from_utf8(&body).ok()?.parse().ok()
}

fn spelled(call: &Call) -> String {
    let mut path = String::new();
    for (word, spelling) in call.path.iter().take(6) {
        let word = WORDS[usize::from(*word) % WORDS.len()];
        let change = |at: u8, to: &dyn Fn(char) -> String| -> String {
            let count = word.chars().count().max(1);
            let at = usize::from(at) % count;
            word.chars()
                .enumerate()
                .map(|(i, c)| if i == at { to(c) } else { c.to_string() })
                .collect()
        };
        path.push('/');
        match spelling {
            Spelling::Plain => path.push_str(word),
            Spelling::Upper(at) => path.push_str(&change(*at, &|c| c.to_uppercase().to_string())),
            Spelling::Code(at) => {
                path.push_str(&change(*at, &|c| format!("%{:02X}", u32::from(c) & 0xff)))
            }
            Spelling::LowerCode(at) => {
                path.push_str(&change(*at, &|c| format!("%{:02x}", u32::from(c) & 0xff)))
            }
            Spelling::Twice(at) => {
                path.push_str(&change(*at, &|c| format!("%25{:02X}", u32::from(c) & 0xff)))
            }
            Spelling::DotBefore => path.push_str(&format!("./{word}")),
            Spelling::DotsBefore => path.push_str(&format!("x/../{word}")),
            Spelling::Empty => path.push_str(&format!("/{word}")),
            Spelling::Slash => path.push_str(&format!("{word}%2F")),
            Spelling::Raw(text) => path.push_str(text),
        }
    }
    if call.ends_in_slash || path.is_empty() {
        path.push('/');
    }
    path
}

/// Normalizes case and percent-encoding of a pattern.
fn fold(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') {
            segment.to_owned()
        } else {
            encode(&decode(segment).to_lowercase())
        }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    match path.strip_suffix('/') {
        Some(path) if !path.is_empty() => path.to_owned(),
        _ => path,
    }
}

/// Parses a path as the most lenient servers do.
fn loosely(path: &str) -> String {
    let mut text = path.to_owned();
    for _ in 0..3 {
        text = decode(&text);
    }
    let text = text.replace('\\', "/");
    let mut segments: Vec<String> = Vec::new();
    for segment in text.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            // The case of a parameter has no effect on the row.
            plain => segments.push(encode(&plain.to_lowercase())),
        }
    }
    format!("/{}", segments.join("/"))
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Encodes a segment of a target.
fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
