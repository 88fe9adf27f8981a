//! A request of the tour.

use reqwest::{Client, Method, RequestBuilder, header::AUTHORIZATION};

/// A request that the guide sends and prints.
pub(crate) struct Request {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) authorizations: Vec<String>,
}

impl Request {
    pub(crate) fn get(path: &'static str) -> Self {
        Self { method: Method::GET, path, authorizations: Vec::new() }
    }

    pub(crate) fn head(path: &'static str) -> Self {
        Self { method: Method::HEAD, ..Self::get(path) }
    }

    pub(crate) fn post(path: &'static str) -> Self {
        Self { method: Method::POST, ..Self::get(path) }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.authorization(&format!("Bearer {token}"))
    }

    /// Adds another `Authorization` header.
    pub(crate) fn authorization(mut self, line: &str) -> Self {
        self.authorizations.push(line.to_owned());
        self
    }

    pub(super) fn to(&self, client: &Client, service: &str) -> RequestBuilder {
        let request = client.request(self.method.clone(), format!("{service}{}", self.path));
        self.authorizations
            .iter()
            .fold(request, |request, line| request.header(AUTHORIZATION, line))
    }
}
