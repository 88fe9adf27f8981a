//! The introspection endpoint, and one request to it (RFC 7662 §2).

use std::{borrow::Cow, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER},
};

use super::{
    client_assertion::AssertionError,
    client_authentication::{ClientAuthentication, append_encoded},
    error::IntrospectionError,
    location::Location,
    response::IntrospectionResponse,
    signer::Signer,
};
use crate::{
    Clock,
    claims::{ClaimOptions, NumericDate},
    http_client::{HttpClient, Target, fetch, server_time},
    jose::json::{self, Value},
};

const JSON: &str = "application/json";
const SIGNED: &str = "application/token-introspection+jwt";

/// The maximum length of a body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The maximum length of a media type in an error, in characters.
const MAX_MEDIA_TYPE: usize = 100;

/// The maximum `Retry-After` of an endpoint that is forwarded to clients.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// An introspection endpoint, and how this service authenticates to it.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) location: Location,
    pub(super) authentication: ClientAuthentication,
    /// The audience of client assertions. By default it is the URL of the endpoint.
    pub(super) assertion_audience: Option<Box<str>>,
    /// The verifier of signed responses (RFC 9701). If there is one, unsigned responses are rejected.
    pub(super) signer: Option<Signer>,
    /// The maximum age of a signed response.
    pub(super) max_response_age: Duration,
}

/// The outcome of a request that the endpoint processed.
#[derive(Debug)]
pub(super) enum Reply {
    /// The members of an introspection response, as JSON text.
    Response { url: String, json: Box<str> },
    /// The server doesn't introspect tokens of this kind (RFC 7009 §2.2.1).
    UnsupportedTokenType,
}

impl Endpoint {
    pub(super) async fn ask(
        &self,
        token: &str,
        clock: &dyn Clock,
    ) -> Result<Reply, IntrospectionError> {
        let target = self.location.find(&*self.client, clock).await?;
        let now = NumericDate::from_system_time(clock.now());
        let reply = self.ask_at(&target, token, now).await;
        if matches!(&reply, Err(error) if error.may_have_moved()) {
            self.location.discard(NumericDate::from_system_time(clock.now())).await;
        }
        reply
    }

    /// Introspects an invalid token, and also returns the time of the server's clock.
    pub(super) async fn probe(
        &self,
        clock: &dyn Clock,
    ) -> Result<(Result<Reply, IntrospectionError>, Option<NumericDate>), IntrospectionError> {
        const PROBE: &str = "portcullis-doctor-probe-which-is-not-a-valid-token";
        let target = self.location.find(&*self.client, clock).await?;
        let now = NumericDate::from_system_time(clock.now());
        let response = self.send(&target, PROBE, JSON, now).await?;
        let time = server_time(response.headers());
        Ok((self.ask_at(&target, PROBE, now).await, time))
    }

    async fn ask_at(
        &self,
        target: &Target,
        token: &str,
        now: NumericDate,
    ) -> Result<Reply, IntrospectionError> {
        let url = target.to_string();
        let Some(signer) = &self.signer else {
            let response = self.send(target, token, JSON, now).await?;
            if response.status() != StatusCode::OK {
                return self.rejection(url, &response);
            }
            let json = json(&url, response)?;
            return Ok(Reply::Response { url, json });
        };
        let response = self.send(target, token, SIGNED, now).await?;
        if response.status() == StatusCode::BAD_REQUEST && response.body().is_empty() {
            return self.ask_whether_inactive(target, token, &response, now).await;
        }
        if response.status() != StatusCode::OK {
            return self.rejection(url, &response);
        }
        let body = signed(&url, response)?;
        let (jws, client_id) = (body.trim_ascii(), self.authentication.client_id());
        match signer.verify_introspection_response(jws, client_id, self.max_response_age).await {
            Ok(json) => Ok(Reply::Response { url, json }),
            Err(error) => Err(IntrospectionError::signed(url, error)),
        }
    }

    /// Requests an unsigned response after an empty 400, which some servers (such as glewlwyd) return
    /// for an inactive token instead of a signed response. An unsigned response can only reject the
    /// token, which would be of no use to an attacker.
    async fn ask_whether_inactive(
        &self,
        target: &Target,
        token: &str,
        rejected: &Response<Vec<u8>>,
        now: NumericDate,
    ) -> Result<Reply, IntrospectionError> {
        let url = target.to_string();
        let response = self.send(target, token, JSON, now).await?;
        if response.status() != StatusCode::OK {
            return self.rejection(url, rejected);
        }
        let json = json(&url, response)?;
        match IntrospectionResponse::read(json.clone(), &ClaimOptions::default()) {
            Ok(IntrospectionResponse::Inactive) => Ok(Reply::Response { url, json }),
            _ => self.rejection(url, rejected),
        }
    }

    fn rejection(
        &self,
        url: String,
        response: &Response<Vec<u8>>,
    ) -> Result<Reply, IntrospectionError> {
        rejection(url, response, self.authentication.hint())
    }

    async fn send(
        &self,
        target: &Target,
        token: &str,
        accept: &'static str,
        now: NumericDate,
    ) -> Result<Response<Vec<u8>>, IntrospectionError> {
        let request = self.request(target, token, accept, now)?;
        fetch(&*self.client, request, MAX_BODY)
            .await
            .map_err(|source| IntrospectionError::Http { url: target.to_string(), source })
    }

    fn request(
        &self,
        target: &Target,
        token: &str,
        accept: &'static str,
        now: NumericDate,
    ) -> Result<Request<Vec<u8>>, AssertionError> {
        let mut form = b"token=".to_vec();
        append_encoded(&mut form, token.as_bytes());
        form.extend_from_slice(b"&token_type_hint=access_token");
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, content_type);
        let audience = match &self.assertion_audience {
            Some(audience) => Cow::Borrowed(&**audience),
            None => Cow::Owned(target.to_string()),
        };
        self.authentication.apply(&mut headers, &mut form, &audience, now)?;
        let mut request = target.request(form);
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Returns the body of an unsigned response. If it declares a media type, it must be JSON (RFC 7662 §2.2),
/// because a body of another type may be controlled by an attacker even if it looks like JSON.
fn json(url: &str, response: Response<Vec<u8>>) -> Result<Box<str>, IntrospectionError> {
    match media_type(&response) {
        Some(found) if !is_json(&found) => {
            Err(IntrospectionError::ContentType { url: url.to_owned(), found, expected: JSON })
        }
        _ => text(url, response).map(String::into_boxed_str),
    }
}

/// Returns the body of a signed response. If it declares a media type, it must be that of RFC 9701 §5.
fn signed(url: &str, response: Response<Vec<u8>>) -> Result<String, IntrospectionError> {
    let found = media_type(&response);
    let is_unsigned = match &found {
        Some(found) => is_json(found),
        None => response.body().trim_ascii_start().starts_with(b"{"),
    };
    let url = url.to_owned();
    match found {
        _ if is_unsigned => Err(IntrospectionError::NotSigned { url }),
        Some(found) if found != SIGNED => {
            Err(IntrospectionError::ContentType { url, found, expected: SIGNED })
        }
        _ => text(&url, response),
    }
}

/// Returns the declared media type of a response, in lower case and without parameters.
fn media_type(response: &Response<Vec<u8>>) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.as_bytes();
    let essence = value.split(|&byte| byte == b';').next().unwrap_or_default();
    let essence = String::from_utf8_lossy(essence.trim_ascii()).to_ascii_lowercase();
    Some(essence.chars().take(MAX_MEDIA_TYPE).collect())
}

/// Returns whether a media type is JSON, by itself or by its suffix (RFC 6839 §3.1).
fn is_json(media_type: &str) -> bool {
    matches!(media_type, JSON | "text/json") || media_type.ends_with("+json")
}

fn text(url: &str, response: Response<Vec<u8>>) -> Result<String, IntrospectionError> {
    String::from_utf8(response.into_body())
        .map_err(|_| IntrospectionError::Utf8 { url: url.to_owned() })
}

/// Converts a response whose status isn't `200 OK`. `hint` explains why the endpoint may reject the
/// credentials.
fn rejection(
    url: String,
    response: &Response<Vec<u8>>,
    hint: &'static str,
) -> Result<Reply, IntrospectionError> {
    let status = response.status();
    let error = if status.is_client_error() { error_code(response.body()) } else { None };
    match (status, error.as_deref()) {
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _)
        | (_, Some("invalid_client" | "unauthorized_client")) => {
            Err(IntrospectionError::Credentials { url, status, hint })
        }
        (_, Some("unsupported_token_type")) => Ok(Reply::UnsupportedTokenType),
        _ => {
            let retry_after = retry_after(response.headers());
            Err(IntrospectionError::Status { url, status, retry_after })
        }
    }
}

/// Returns the `error` code (RFC 6749 §5.2).
fn error_code(body: &[u8]) -> Option<String> {
    let text = str::from_utf8(body).ok()?;
    match json::object(text, |_, _| ()).ok()?.find("error")? {
        Value::String(code) => Some(code.to_cow().into_owned()),
        _ => None,
    }
}

/// Returns the endpoint's `Retry-After`, clamped, if it is in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).clamp(Duration::from_secs(1), MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_classified_by_its_status_and_error_code() {
        for (status, body, expected) in [
            (401, "", "credentials"),
            (401, r#"{"error":"unsupported_token_type"}"#, "credentials"),
            (403, "<html>", "credentials"),
            (400, r#"{"error":"invalid_client"}"#, "credentials"),
            (400, r#"{"error":"unauthorized_client"}"#, "credentials"),
            (400, r#"{"error":"unsupported_token_type"}"#, "unsupported"),
            (503, r#"{"error":"unsupported_token_type"}"#, "status"),
            (503, r#"{"error":"invalid_client"}"#, "status"),
            (302, r#"{"error":"unsupported_token_type"}"#, "status"),
            (400, r#"{"error":"invalid_request"}"#, "status"),
            (400, r#"{"error":["unsupported_token_type"]}"#, "status"),
            (400, "unsupported_token_type", "status"),
            (404, "", "status"),
            (429, "", "status"),
            (500, "", "status"),
            (204, "", "status"),
        ] {
            let mut response = Response::new(body.as_bytes().to_vec());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            let found = match rejection("https://as.example".to_owned(), &response, "") {
                Ok(_) => "unsupported",
                Err(IntrospectionError::Credentials { .. }) => "credentials",
                Err(_) => "status",
            };
            assert_eq!(found, expected, "{status} {body}");
        }
    }

    #[test]
    fn a_media_type_that_is_declared_must_be_the_expected_one() {
        for (media_type, unsigned, signed_response) in [
            (None, true, true),
            (Some("application/json"), true, false),
            (Some("application/json;charset=UTF-8"), true, false),
            (Some(" Application/JSON ; charset=utf-8"), true, false),
            (Some("application/vnd.example+json"), true, false),
            (Some("text/json"), true, false),
            (Some("application/token-introspection+jwt"), false, true),
            (Some("APPLICATION/token-introspection+JWT; charset=utf-8"), false, true),
            (Some("application/jwt"), false, false),
            (Some("text/html"), false, false),
            (Some("text/plain"), false, false),
            (Some("application/octet-stream"), false, false),
            (Some("application/jsonp"), false, false),
            (Some("application/json, text/html"), false, false),
            (Some(""), false, false),
        ] {
            let response = || {
                let mut response = Response::new(b"body".to_vec());
                let header = media_type.map(|media_type| media_type.parse().unwrap());
                response.headers_mut().extend(header.map(|header| (CONTENT_TYPE, header)));
                response
            };
            assert_eq!(json("https://as.example", response()).is_ok(), unsigned, "{media_type:?}");
            let signed = signed("https://as.example", response());
            assert_eq!(signed.is_ok(), signed_response, "{media_type:?}");
        }
    }

    #[test]
    fn the_endpoints_retry_after_is_clamped() {
        for (value, seconds) in [
            ("5", Some(5)),
            ("0", Some(1)),
            ("86400", Some(60)),
            ("-1", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers).map(|pause| pause.as_secs()), seconds, "{value}");
        }
    }
}
