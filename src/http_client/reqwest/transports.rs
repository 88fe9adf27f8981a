//! The reqwest clients of one client, each created on first use.

use std::sync::{Mutex, PoisonError};

use hyper_util::client::proxy::matcher::Matcher;

use super::{
    options::{Options, Proxy, Transport},
    resolver::AddressError,
};
use crate::{
    http_client::{AddressPolicy, HttpError},
    url,
};

/// The reqwest clients that have been created so far.
pub(super) struct Transports {
    options: Options,
    /// The proxies that reqwest finds in the environment.
    environment: Matcher,
    // Locked only to look up a client, never while one is created or used.
    clients: Mutex<Vec<(Transport, reqwest::Client)>>,
}

/// The way in which a request is sent.
pub(super) struct Route {
    pub(super) client: reqwest::Client,
    pub(super) is_proxied: bool,
}

/// The error if no client for `https` can be created.
#[derive(Debug, thiserror::Error)]
#[error(
    "could not set up TLS; if CA certificates are missing, install them (usually with the package \
     `ca-certificates`) or configure them"
)]
struct TlsError(#[source] reqwest::Error);

impl Transports {
    pub(super) fn new(options: Options) -> Self {
        Self { options, environment: Matcher::from_system(), clients: Mutex::default() }
    }

    /// Returns the route for a request to `url`. Creates the reqwest client if it doesn't exist yet, or if
    /// its creation failed before.
    pub(super) fn route(
        &self,
        url: &reqwest::Url,
        addresses: AddressPolicy,
        reuses_connections: bool,
    ) -> Result<Route, HttpError> {
        let host = url.host_str().unwrap_or_default();
        if !addresses.permits_host(host) {
            return Err(HttpError::transport(AddressError::new(host)));
        }
        let is_direct = url::is_loopback(host);
        let is_proxied = !is_direct && self.has_proxy_for(url);
        // A proxy resolves the name of the server. This client would apply the policy to the name
        // of the proxy.
        let addresses = if is_proxied { AddressPolicy::ANY } else { addresses };
        let is_plain = url.scheme() == "http";
        let transport = Transport {
            is_direct,
            reuses_connections,
            has_system_certificates: is_proxied || !is_plain,
            addresses,
        };
        let client = match self.client(transport) {
            Ok(client) => client,
            // If the proxy isn't an `https` one, plain HTTP works without CA certificates.
            Err(_) if is_plain => self
                .client(Transport { has_system_certificates: false, ..transport })
                .map_err(HttpError::transport)?,
            Err(error) => return Err(HttpError::transport(TlsError(error))),
        };
        Ok(Route { client, is_proxied })
    }

    fn has_proxy_for(&self, url: &reqwest::Url) -> bool {
        match &self.options.proxy {
            Proxy::Configured(_) => true,
            Proxy::Environment => {
                let uri = url.as_str().parse();
                uri.is_ok_and(|uri| self.environment.intercept(&uri).is_some())
            }
            Proxy::None => false,
        }
    }

    fn client(&self, transport: Transport) -> Result<reqwest::Client, reqwest::Error> {
        if let Some(client) = self.find(transport) {
            return Ok(client);
        }
        let client = self.options.create(transport)?;
        // If two requests create the same client concurrently, both are used once, and the first one is
        // kept.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.push((transport, client.clone()));
        Ok(client)
    }

    fn find(&self, transport: Transport) -> Option<reqwest::Client> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let found = clients.iter().find(|(of, _)| *of == transport);
        found.map(|(_, client)| client.clone())
    }
}
