//! A network in memory, with the responses that a test chooses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use http::{
    Request, Response,
    header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};
use portcullis::{http_client::HttpError, testing::TestClient};
use serde_json::Value;

/// The responses of each address. Any other address responds with 404. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Network(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// `None`: the connection fails.
    responses: HashMap<String, Option<Response<Vec<u8>>>>,
    requests: Vec<String>,
}

impl Network {
    /// Serves a JSON document at an address.
    pub fn json(&self, uri: &str, document: &Value) {
        let response = Response::builder().header(CONTENT_TYPE, "application/json");
        self.put(uri, response.body(document.to_string().into_bytes()).unwrap());
    }

    /// Serves any response at an address.
    pub fn put(&self, uri: &str, response: Response<Vec<u8>>) {
        self.0.lock().unwrap().responses.insert(uri.to_owned(), Some(response));
    }

    /// Makes all connections to that address fail.
    pub fn cut(&self, uri: &str) {
        self.0.lock().unwrap().responses.insert(uri.to_owned(), None);
    }

    /// Takes the addresses that were requested since the last call, in order.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().requests)
    }

    /// A client of this network. Servers respond with 304 if the request has the `ETag` of their response.
    pub fn client(&self) -> TestClient {
        let Self(state) = self.clone();
        TestClient::new(move |request| {
            let uri = request.uri().to_string();
            let mut state = state.lock().unwrap();
            let response = match state.responses.get(&uri) {
                Some(Some(response)) if is_not_modified(&request, response) => {
                    Ok(Response::builder().status(304).body(Vec::new()).unwrap())
                }
                Some(Some(response)) => Ok(response.clone()),
                Some(None) => Err(HttpError::transport("connection refused")),
                None => Ok(Response::builder().status(404).body(Vec::new()).unwrap()),
            };
            state.requests.push(uri);
            async move { response }
        })
    }
}

fn is_not_modified(request: &Request<Vec<u8>>, response: &Response<Vec<u8>>) -> bool {
    let etag = request.headers().get(IF_NONE_MATCH);
    etag.is_some() && etag == response.headers().get(ETAG)
}
