//! The default error body.

use std::{borrow::Cow, sync::Arc};

use super::{
    Content, Rejection,
    date::Date,
    json::{error_member, escaped},
};

/// The validated options of a [`JsonBody`].
#[derive(Clone)]
pub(super) struct JsonForm {
    /// Without a trailing slash.
    pub(super) base: Option<Arc<str>>,
    pub(super) without_error_code: bool,
}

impl JsonForm {
    pub(super) const DEFAULT: Self = Self { base: None, without_error_code: false };

    pub(super) fn content(&self, rejection: &Rejection<'_>) -> Content {
        let kind = rejection.error.kind();
        let status = kind.status();
        let family = if status.is_server_error() { "SERVER_ERROR" } else { "CLIENT_ERROR" };
        let code = if self.without_error_code { None } else { kind.code() };
        let (uri, [error, code, end]) = (self.uri(rejection), error_member(code));
        // Constants and methods need no escapes. A single concatenation allocates one buffer of the right size.
        let text = [
            r#"{"statusCode":"#,
            status.as_str(),
            r#","statusText":""#,
            status.canonical_reason().unwrap_or_default(),
            r#"","message":""#,
            kind.description(),
            r#"","date":""#,
            &Date::of(rejection.time),
            r#"","statusFamily":""#,
            family,
            r#"","method":""#,
            rejection.method.as_str(),
            r#"","uri":""#,
            &escaped(&uri),
            "\"",
            error,
            code,
            end,
            "}",
        ];
        Content::json(text.concat())
    }

    fn uri<'a>(&self, rejection: &'a Rejection<'_>) -> Cow<'a, str> {
        let Some(base) = &self.base else { return rejection.uri() };
        let target = rejection.uri();
        // The target of `OPTIONS *` is the whole service (RFC 9110 §7.1).
        let rest = if target == "*" { "" } else { &target };
        format!("{base}{rest}").into()
    }
}
