//! Responses of a service.

use serde_json::Value;

/// A response, parsed from bytes on the wire.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    /// Parses head and body as they are sent, which is also the output of `curl --include`.
    pub(super) fn parse(text: &str) -> Self {
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            panic!("not an HTTP response: {text:?}")
        };
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').expect("a header");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self {
            status: status.unwrap_or_else(|| panic!("no status: {head}")),
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }

    /// The value of a header that occurs at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers(name).into_iter();
        let value = values.next();
        assert_eq!(values.next(), None, "{name} comes twice");
        value
    }

    /// All values of a header, in order.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(one, _)| one == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
