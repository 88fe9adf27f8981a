//! The metadata document, rendered once.

use http::{
    HeaderValue, Method, Response, StatusCode, Uri,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE,
    },
};

use super::{
    DerivedMetadata, DpopSupport, ProtectedResource,
    builder::{array, string},
};
use crate::{
    Scope,
    response::RejectionBody,
    url::{self, Query},
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// The document, and the paths at which it is served.
#[derive(Debug)]
pub(crate) struct MetadataDocument {
    pub(super) paths: Vec<Box<str>>,
    query: Option<Box<str>>,
    json: Box<str>,
}

impl MetadataDocument {
    pub(crate) fn new(resource: &ProtectedResource, derived: DerivedMetadata) -> Self {
        Self {
            paths: resource.paths(),
            query: resource.query().map(Into::into),
            json: render(resource, derived),
        }
    }

    /// Returns whether a request with this URI is for the document.
    pub(crate) fn is_at(&self, uri: &Uri) -> bool {
        self.paths.iter().any(|path| **path == *uri.path())
            && self.query.as_deref().is_none_or(|query| uri.query() == Some(query))
    }

    /// Responds to a request for the document.
    pub(crate) fn respond<B: RejectionBody>(&self, method: &Method) -> Response<B> {
        let (status, body) = match *method {
            Method::GET => (StatusCode::OK, self.json.as_bytes().to_vec()),
            Method::HEAD => (StatusCode::OK, Vec::new()),
            Method::OPTIONS => (StatusCode::NO_CONTENT, Vec::new()),
            _ => (StatusCode::METHOD_NOT_ALLOWED, Vec::new()),
        };
        let mut response = Response::new(B::from_bytes(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let any = HeaderValue::from_static("*");
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
        if status == StatusCode::OK {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CONTENT_LENGTH, self.json.len().into());
            let cacheable = HeaderValue::from_static("public, max-age=3600");
            headers.insert(CACHE_CONTROL, cacheable);
            return response;
        }
        headers.insert(ALLOW, METHODS);
        if status == StatusCode::NO_CONTENT {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            // `*` doesn't include `Authorization` (Fetch Standard, CORS-preflight fetch).
            let any = HeaderValue::from_static("*, Authorization");
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, any);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        }
        response
    }
}

/// Renders the document (RFC 9728 §2). A member that the resource sets replaces the derived one.
fn render(resource: &ProtectedResource, derived: DerivedMetadata) -> Box<str> {
    let mut members = derived_members(resource, derived);
    for (name, json) in &resource.members {
        let member = (&**name, json.to_string());
        match members.iter_mut().find(|(other, _)| **other == **name) {
            Some(derived) => *derived = member,
            None => members.push(member),
        }
    }
    let members = members.iter().filter(|(_, json)| json != "null");
    let mut members: Vec<_> =
        members.map(|(name, json)| [&string(name), ":", json].concat()).collect();
    if let Some(signer) = &resource.signer {
        let jwt = signer.sign(&object(&members));
        members.push([r#""signed_metadata":"#, &string(&jwt)].concat());
    }
    object(&members).into_boxed_str()
}

fn object(members: &[String]) -> String {
    ["{", &members.join(","), "}"].concat()
}

fn derived_members(
    resource: &ProtectedResource,
    derived: DerivedMetadata,
) -> Vec<(&'static str, String)> {
    let DerivedMetadata { issuers, mut scopes, bearer_methods, dpop, verifies_certificates } =
        derived;
    let mut members = vec![("resource", string(resource.identifier()))];
    let servers = if resource.authorization_servers.is_empty() {
        // An issuer may have any name, but clients can only discover issuers that are URLs.
        let is_url = |issuer: &String| url::parse(issuer, Query::Forbidden, true).is_ok();
        issuers.into_iter().filter(is_url).collect()
    } else {
        resource.authorization_servers.clone()
    };
    // Empty arrays must be left out (RFC 9728 §3.2).
    if !servers.is_empty() {
        members.push(("authorization_servers", array(servers)));
    }
    scopes.extend(resource.scopes.iter().cloned());
    if !scopes.is_empty() {
        members.push(("scopes_supported", array(scopes.iter().map(Scope::as_str))));
    }
    // An empty array is valid here. It says that no method is supported (RFC 9728 §2).
    let methods = array(bearer_methods.iter().map(|method| method.as_str()));
    members.push(("bearer_methods_supported", methods));
    if let Some(DpopSupport { algorithms, is_required }) = dpop {
        members.push(("dpop_signing_alg_values_supported", array(algorithms)));
        members.push(("dpop_bound_access_tokens_required", is_required.to_string()));
    }
    // The default is false.
    if verifies_certificates {
        members.push(("tls_client_certificate_bound_access_tokens", "true".to_owned()));
    }
    members
}
