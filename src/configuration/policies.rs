//! The policy table of the document.

use http::Method;

use super::{node::Node, problems::Problems, table::Table};
use crate::{
    Access, Policies, Requirements, Scope, authorize::policies::PoliciesBuilder,
    identity::Authentication, scope::ScopePolicy,
};

/// Builds the table, and reports every problem.
pub(super) fn policies(mut table: Table<'_>, problems: &mut Problems) -> Option<Policies> {
    let before = problems.len();
    let mut builder = Policies::builder();
    let forwarding = table.flag("forwarding", problems);
    if forwarding {
        builder = builder.forwarding();
    }
    let unlisted = [("authenticated", true), ("deny", false)];
    if table.choice("unlisted", &unlisted, problems) == Some(true) {
        builder = builder.unlisted_authenticated();
    }
    let path = table.path_of("rows");
    for row in table.tables("rows", problems) {
        builder = read_row(row, forwarding, builder, problems);
    }
    table.finish(problems);
    if problems.len() > before {
        return None;
    }
    // The remaining problems are about several rows.
    builder.build().map_err(|error| problems.add_error(path, &error)).ok()
}

fn read_row(
    mut row: Table<'_>,
    forwarding: bool,
    builder: PoliciesBuilder,
    problems: &mut Problems,
) -> PoliciesBuilder {
    let before = problems.len();
    let (path, grpc) = (row.text("path", problems), row.text("grpc", problems));
    let method = row.text("method", problems);
    let parsed = method.and_then(|method| {
        // `Method` accepts any token, but methods are case-sensitive, so `get` would never match.
        let is_plain = method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        let parsed = Method::from_bytes(method.as_bytes()).ok().filter(|_| is_plain);
        if parsed.is_none() {
            let text = format_args!("`{method}`: must be an uppercase method, such as `GET`");
            problems.add(row.path_of("method"), text);
        }
        parsed
    });
    let access = read_access(&mut row, problems);
    match (path, grpc) {
        (Some(_), Some(_)) => problems.add(row.path_of("grpc"), "can't be combined with `path`"),
        (None, None) if !row.has("path") && !row.has("grpc") => {
            problems.add(row.path_of("path"), "this or `grpc` must be set");
        }
        (None, Some(_)) if method.is_some() => {
            problems.add(row.path_of("method"), "can't be combined with `grpc`");
        }
        _ => {}
    }
    let at = row.path().to_owned();
    row.finish(problems);
    let (true, Some(access)) = (problems.len() == before, access) else { return builder };
    let add = |builder: PoliciesBuilder| match (path, grpc, parsed.clone()) {
        (Some(path), _, Some(method)) => builder.route(method, path, access.clone()),
        (Some(path), ..) => builder.any_method(path, access.clone()),
        (None, Some(path), _) => builder.grpc(path, access.clone()),
        (None, None, _) => builder,
    };
    let alone = Policies::builder();
    let alone = if forwarding { alone.forwarding() } else { alone };
    if let Err(error) = add(alone).build() {
        problems.add_error(at, &error);
    }
    add(builder)
}

/// Reads who may make a request.
fn read_access(row: &mut Table<'_>, problems: &mut Problems) -> Option<Access> {
    let before = problems.len();
    let choices = [
        ("anonymous", Access::Anonymous),
        ("authenticated", Access::Authenticated),
        ("deny", Access::Deny),
    ];
    let names = [("anonymous", 0), ("authenticated", 1), ("deny", 2)];
    let access = row.choice("access", &names, problems);
    let access =
        access.and_then(|place: usize| choices.get(place)).map(|(_, access)| access.clone());

    let mut required: Vec<Requirements> = Vec::new();
    let scopes = |row: &mut Table<'_>, name, problems: &mut Problems| {
        let mut scopes = Vec::new();
        for text in row.texts(name, problems) {
            match text.parse::<Scope>() {
                Ok(scope) => scopes.push(scope),
                Err(error) => problems.add(row.path_of(name), error),
            }
        }
        scopes
    };
    let (all, any) = (scopes(row, "scopes", problems), scopes(row, "any_scope", problems));
    if !all.is_empty() {
        required.push(ScopePolicy::all(all).into());
    }
    if !any.is_empty() {
        required.push(ScopePolicy::any(any).into());
    }
    required.extend(row.texts("roles", problems).into_iter().map(Requirements::role));
    let any_role = row.texts("any_role", problems);
    if !any_role.is_empty() {
        required.push(Requirements::any_role(any_role));
    }
    if let Some(claims) = row.table("claims", problems) {
        for (place, value) in claims.members() {
            match value {
                Node::Bool(value) => required.push(Requirements::claim(place, *value)),
                Node::Text(value) => required.push(Requirements::claim(place, &**value)),
                other => {
                    let text = format_args!("must be a string or a boolean, not {}", other.kind());
                    problems.add(claims.path_of(place), text);
                }
            }
        }
    }
    let acr = row.texts("acr", problems);
    let max_age = row.seconds("max_age_seconds", problems);
    match (acr.is_empty(), max_age) {
        (true, None) => {}
        (true, Some(age)) => required.push(Authentication::within(age).into()),
        (false, None) => required.push(Authentication::acr(acr).into()),
        (false, Some(age)) => required.push(Authentication::acr(acr).max_age(age).into()),
    }
    if problems.len() > before {
        return None;
    }
    let required = required.into_iter().reduce(Requirements::and);
    match (access, required) {
        (Some(_), Some(_)) => {
            problems
                .add(row.path_of("access"), "can't be combined with other requirements of the row");
            None
        }
        (Some(access), None) => Some(access),
        (None, Some(required)) => Some(required.into()),
        (None, None) => {
            // The row has an empty list, which must not mean that everyone is allowed.
            let text = "must be set, because the row has no other requirement";
            problems.add(row.path_of("access"), text);
            None
        }
    }
}
