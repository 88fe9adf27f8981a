//! An endpoint that says what a test tells it to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use portcullis::{http_client::HttpError, testing::TestClient};
use tokio::sync::Semaphore;

/// An introspection endpoint. Clones are the same one.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

type Say = dyn Fn(&str) -> (u16, String) + Send + Sync;

struct Inner {
    answer: Box<Say>,
    requests: Mutex<Vec<Request<Vec<u8>>>>,
    /// An answer takes a place here before it is sent.
    gate: Semaphore,
}

impl Endpoint {
    /// Answers about each token with that status and that body.
    pub fn new(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            answer: Box::new(answer),
            requests: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }))
    }

    /// Answers about every token with these members, and status 200.
    pub fn saying(members: impl Into<String>) -> Self {
        let members = members.into();
        Self::new(move |_| (200, members.clone()))
    }

    /// Calls every token active, and names as its subject what stands in it before the first dot.
    pub fn naming() -> Self {
        Self::new(|token| {
            let subject = token.split('.').next().unwrap_or_default();
            (200, format!(r#"{{"active":true,"sub":"{subject}"}}"#))
        })
    }

    /// The same, but no answer leaves before [`open`](Self::open).
    pub fn closed(self) -> Self {
        self.0.gate.forget_permits(Semaphore::MAX_PERMITS);
        self
    }

    /// Lets that many answers out.
    pub fn open(&self, answers: usize) {
        self.0.gate.add_permits(answers);
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
        let (status, body) = (self.0.answer)(&token);
        self.0.requests.lock().unwrap().push(request);
        self.0.gate.acquire().await.expect("never closed").forget();
        let response =
            Response::builder().status(status).header("content-type", "application/json");
        response.body(body.into_bytes()).map_err(HttpError::transport)
    }

    /// How many requests have come.
    pub fn asked(&self) -> usize {
        self.0.requests.lock().unwrap().len()
    }

    /// The last request.
    pub fn last(&self) -> Request<Vec<u8>> {
        self.0.requests.lock().unwrap().last().cloned().expect("a request")
    }

    /// Waits until that many requests have come.
    pub async fn arrived(&self, requests: usize) {
        while self.asked() < requests {
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
