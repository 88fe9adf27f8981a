//! Parses the path pattern of a row into segments.

use super::path::is_normal;

/// A segment of a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment<'a> {
    /// Matches this exact text.
    Static(&'a str),
    /// Matches any non-empty segment: `{id}`.
    Parameter,
    /// Matches all remaining segments, at least one: `{*rest}`.
    Rest,
}

/// Parses a path in the syntax of axum's routes.
pub(super) fn http(path: &str) -> Result<Vec<Segment<'_>>, &'static str> {
    let rest = path.strip_prefix('/').ok_or("must begin with `/`")?;
    let mut segments = Vec::new();
    for text in rest.split('/') {
        if segments.last() == Some(&Segment::Rest) {
            return Err("`{*…}` must be the last segment");
        }
        let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        segments.push(match name.map(|name| name.strip_prefix('*').ok_or(name)) {
            Some(Ok(name)) if is_name(name) => Segment::Rest,
            Some(Err(name)) if is_name(name) => Segment::Parameter,
            _ if text.starts_with([':', '*']) => {
                return Err("parameters are written `{name}` or `{*name}`");
            }
            _ if text.contains(['{', '}']) => {
                return Err("a parameter must be a whole segment: `{name}` or `{*name}`");
            }
            _ => Segment::Static(text),
        });
    }
    let statics = |segment: &Segment<'_>| match *segment {
        Segment::Static(text) => text.to_owned(),
        _ => "x".to_owned(),
    };
    let spelt: Vec<_> = segments.iter().map(statics).collect();
    if is_normal(&format!("/{}", spelt.join("/"))) {
        Ok(segments)
    } else {
        Err("not in normal form, so no request can match it")
    }
}

/// Parses `/package.Service/Method`, or `/package.Service/*` for all methods of a service.
pub(super) fn grpc(path: &str) -> Result<[Segment<'_>; 2], &'static str> {
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    let is_method = |text: &str| !text.is_empty() && text.bytes().all(is_in_name);
    let is_service = |text: &str| text.split('.').all(is_method);
    match parts {
        Some((service, "*")) if is_service(service) => {
            Ok([Segment::Static(service), Segment::Parameter])
        }
        Some((service, method)) if is_service(service) && is_method(method) => {
            Ok([Segment::Static(service), Segment::Static(method)])
        }
        _ => Err("must be `/package.Service/Method` or `/package.Service/*`"),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_in_name)
}

const fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::{
        Segment::{Parameter, Rest, Static},
        *,
    };

    #[test]
    fn patterns_have_the_syntax_of_axum() {
        assert_eq!(http("/"), Ok(vec![Static("")]));
        assert_eq!(http("/orders/{id}"), Ok(vec![Static("orders"), Parameter]));
        assert_eq!(http("/files/{*rest}"), Ok(vec![Static("files"), Rest]));
        assert_eq!(http("/{a}/"), Ok(vec![Parameter, Static("")]));
        for wrong in [
            "",
            "orders",
            "/:id",
            "/*rest",
            "/{}",
            "/{*}",
            "/{id",
            "/id}",
            "/{id}.json",
            "/x{id}",
            "/{*rest}/x",
            "/{a b}",
            "/{{x}}",
            "/a//b",
            "/a/../b",
            "/%61",
            "/a b",
            "/a%2Fb",
            "/caf\u{e9}",
        ] {
            assert!(http(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn grpc_methods_have_a_service_and_a_name() {
        assert_eq!(grpc("/orders.Orders/Create"), Ok([Static("orders.Orders"), Static("Create")]));
        assert_eq!(grpc("/orders.v1.Orders/*"), Ok([Static("orders.v1.Orders"), Parameter]));
        assert_eq!(grpc("/Orders/Create"), Ok([Static("Orders"), Static("Create")]));
        for wrong in [
            "",
            "/",
            "orders.Orders/Create",
            "/orders.Orders",
            "/orders.Orders/",
            "/*/Create",
            "/orders.Orders/Create/x",
            "/orders.*/Create",
            "/.Orders/Create",
            "/orders./Create",
            "/orders.Orders/{method}",
            "/orders.Orders/Cre*",
            "//Create",
            "/a%62/C",
        ] {
            assert!(grpc(wrong).is_err(), "{wrong}");
        }
    }
}
