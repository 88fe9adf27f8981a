//! The expected response to a request.

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::Value;

/// The expected response.
pub(crate) struct Expected {
    status: u16,
    challenge: Option<String>,
    retry_after: bool,
    body: Body,
}

enum Body {
    Empty,
    /// The body of a rejection, with this `message`.
    Rejection(&'static str),
    Text(&'static str),
}

/// The actual response.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Expected {
    /// Expects a response of the service itself.
    pub(crate) fn answer(status: u16, text: &'static str) -> Self {
        Self { status, challenge: None, retry_after: false, body: Body::Text(text) }
    }

    pub(crate) fn missing_credentials() -> Self {
        Self::rejection(401, "Authentication required.").challenge("")
    }

    pub(crate) fn invalid_request(message: &'static str) -> Self {
        Self::rejection(400, message).error("invalid_request", message)
    }

    pub(crate) fn invalid_token(message: &'static str) -> Self {
        Self::rejection(401, message).error("invalid_token", message)
    }

    pub(crate) fn insufficient_scope(scope: &str) -> Self {
        let message = "Token lacks the required scope.";
        let error = format!(
            r#", error="insufficient_scope", error_description="{message}", scope="{scope}""#
        );
        Self::rejection(403, message).challenge(&error)
    }

    pub(crate) fn unavailable() -> Self {
        let rejection = Self::rejection(503, "Authentication temporarily unavailable.");
        Self { retry_after: true, ..rejection }
    }

    pub(crate) fn without_body(self) -> Self {
        Self { body: Body::Empty, ..self }
    }

    fn rejection(status: u16, message: &'static str) -> Self {
        Self { body: Body::Rejection(message), ..Self::answer(status, "") }
    }

    fn error(self, code: &str, description: &str) -> Self {
        self.challenge(&format!(r#", error="{code}", error_description="{description}""#))
    }

    fn challenge(self, error: &str) -> Self {
        Self { challenge: Some(format!(r#"Bearer realm="orders"{error}"#)), ..self }
    }

    /// Describes how the response differs.
    pub(super) fn differences(&self, answer: &Answer) -> Vec<String> {
        let mut differences = Vec::new();
        if answer.status.as_u16() != self.status {
            differences.push(format!("the status should be {}", self.status));
        }
        let challenges = answer.headers.get_all(WWW_AUTHENTICATE).iter();
        if !challenges.map(HeaderValue::as_bytes).eq(self.challenge.iter().map(String::as_bytes)) {
            let challenge = self.challenge.as_deref().unwrap_or("none");
            differences.push(format!("the challenge should be {challenge}"));
        }
        if answer.headers.contains_key(RETRY_AFTER) != self.retry_after {
            let should = if self.retry_after { "should" } else { "shouldn't" };
            differences.push(format!("there {should} be a Retry-After"));
        }
        match self.body {
            Body::Empty if !answer.body.is_empty() => {
                differences.push("there should be no body".to_owned());
            }
            Body::Rejection(message) if !self.is_told(message, &answer.body) => {
                differences.push(format!("the body should have status and message: {message}"));
            }
            Body::Text(text) if answer.body != text => {
                differences.push(format!("the body should be {text}"));
            }
            _ => {}
        }
        differences
    }

    fn is_told(&self, message: &str, body: &str) -> bool {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let [status, text] = ["statusCode", "message"].map(|name| body.get(name));
        status.is_some_and(|it| *it == self.status) && text.is_some_and(|it| it == message)
    }
}
