//! A network in memory whose every answer a test writes.

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

/// What stands at which address. Where nothing does there is a 404. Clones are the same network.
#[derive(Debug, Clone, Default)]
pub struct Network(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// `None`: the connection fails.
    answers: HashMap<String, Option<Response<Vec<u8>>>>,
    asked: Vec<String>,
}

impl Network {
    /// Puts a JSON document at an address.
    pub fn json(&self, uri: &str, document: &Value) {
        let response = Response::builder().header(CONTENT_TYPE, "application/json");
        self.put(uri, response.body(document.to_string().into_bytes()).unwrap());
    }

    /// Puts any response there.
    pub fn put(&self, uri: &str, response: Response<Vec<u8>>) {
        self.0.lock().unwrap().answers.insert(uri.to_owned(), Some(response));
    }

    /// From now on nobody can connect to that address.
    pub fn cut(&self, uri: &str) {
        self.0.lock().unwrap().answers.insert(uri.to_owned(), None);
    }

    /// The addresses that were asked since this was last called, in order.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// A client that sees this network, whose servers answer by 304 to the `ETag` of what stands there.
    pub fn client(&self) -> TestClient {
        let Self(state) = self.clone();
        TestClient::new(move |request| {
            let uri = request.uri().to_string();
            let mut state = state.lock().unwrap();
            let answer = match state.answers.get(&uri) {
                Some(Some(response)) if is_known(&request, response) => {
                    Ok(Response::builder().status(304).body(Vec::new()).unwrap())
                }
                Some(Some(response)) => Ok(response.clone()),
                Some(None) => Err(HttpError::transport("connection refused")),
                None => Ok(Response::builder().status(404).body(Vec::new()).unwrap()),
            };
            state.asked.push(uri);
            async move { answer }
        })
    }
}

fn is_known(request: &Request<Vec<u8>>, response: &Response<Vec<u8>>) -> bool {
    let known = request.headers().get(IF_NONE_MATCH);
    known.is_some() && known == response.headers().get(ETAG)
}
