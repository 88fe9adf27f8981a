//! An introspection endpoint with the responses that a test chooses.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use portcullis::{http_client::HttpError, testing::TestClient};
use tokio::sync::Semaphore;

/// An introspection endpoint. Clones share their state.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

type Respond = dyn Fn(&str) -> (u16, String) + Send + Sync;

struct Inner {
    response: Box<Respond>,
    requests: Mutex<Vec<Request<Vec<u8>>>>,
    /// Each response needs a permit before it is sent.
    gate: Semaphore,
}

impl Endpoint {
    /// Responds to requests with a status and a body for each token.
    pub fn new(response: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            response: Box::new(response),
            requests: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }))
    }

    /// Responds to all requests with this body, and status 200.
    pub fn responding_with(members: impl Into<String>) -> Self {
        let members = members.into();
        Self::new(move |_| (200, members.clone()))
    }

    /// Reports every token as active. The subject is the token up to the first dot.
    pub fn active() -> Self {
        Self::new(|token| {
            let subject = token.split('.').next().unwrap_or_default();
            (200, format!(r#"{{"active":true,"sub":"{subject}"}}"#))
        })
    }

    /// Holds all responses until [`release`](Self::release) is called.
    pub fn held(self) -> Self {
        self.0.gate.forget_permits(Semaphore::MAX_PERMITS);
        self
    }

    /// Sends that many responses.
    pub fn release(&self, responses: usize) {
        self.0.gate.add_permits(responses);
    }

    pub fn client(&self) -> TestClient {
        let this = self.clone();
        TestClient::new(move |request| {
            let this = this.clone();
            async move { this.respond(request).await }
        })
    }

    async fn respond(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let token = form(&request).remove("token").unwrap_or_default();
        let (status, body) = (self.0.response)(&token);
        self.0.requests.lock().unwrap().push(request);
        self.0.gate.acquire().await.expect("never closed").forget();
        let response =
            Response::builder().status(status).header("content-type", "application/json");
        response.body(body.into_bytes()).map_err(HttpError::transport)
    }

    /// The number of requests that were received.
    pub fn requests(&self) -> usize {
        self.0.requests.lock().unwrap().len()
    }

    /// The last request.
    pub fn last(&self) -> Request<Vec<u8>> {
        self.0.requests.lock().unwrap().last().cloned().expect("a request")
    }

    /// Waits until that many requests were received.
    pub async fn received(&self, requests: usize) {
        while self.requests() < requests {
            tokio::task::yield_now().await;
        }
    }
}

/// The form in a request.
pub fn form(request: &Request<Vec<u8>>) -> BTreeMap<String, String> {
    let body = std::str::from_utf8(request.body()).expect("a form");
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        let mut bytes = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            bytes.extend_from_slice(before.as_bytes());
            bytes.push(u8::from_str_radix(&after[..2], 16).expect("hexadecimal"));
            rest = &after[2..];
        }
        bytes.extend_from_slice(rest.as_bytes());
        String::from_utf8(bytes).expect("UTF-8")
    };
    body.split('&')
        .map(|pair| pair.split_once('=').expect("a pair"))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
