//! The options of a client, from which its transports are created.

use std::time::Duration;

use crate::http_client::AddressPolicy;

use super::resolver::PolicyResolver;

/// How long an idle connection is kept. Servers close idle connections too. If this client does so first,
/// fewer requests are sent on a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The options of a client.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) ca_certificates: Vec<reqwest::Certificate>,
    pub(super) client_certificate: Option<reqwest::Identity>,
    pub(super) proxy: Proxy,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Option<Duration>,
}

/// The proxy of a client. It isn't used for loopback addresses.
#[derive(Clone)]
pub(super) enum Proxy {
    Configured(Box<reqwest::Proxy>),
    Environment,
    None,
}

/// The purpose of a reqwest client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transport {
    /// Uses no proxy.
    pub(super) is_direct: bool,
    /// Keeps connections for later requests.
    pub(super) reuses_connections: bool,
    /// Trusts the CA certificates of the system.
    pub(super) has_system_certificates: bool,
    /// Restricts the addresses to which names are resolved.
    pub(super) addresses: AddressPolicy,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ca_certificates: Vec::new(),
            client_certificate: None,
            proxy: Proxy::Environment,
            connect_timeout: Duration::from_secs(2),
            timeout: None,
        }
    }
}

impl Options {
    /// Creates a reqwest client.
    pub(super) fn create(&self, transport: Transport) -> Result<reqwest::Client, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // Features of reqwest that other crates enable must not change the behavior of this
            // client.
            .tls_backend_rustls()
            .http1_only()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")));
        builder = match &self.proxy {
            _ if transport.is_direct => builder.no_proxy(),
            Proxy::Configured(proxy) => builder.proxy((**proxy).clone()),
            Proxy::Environment => builder,
            Proxy::None => builder.no_proxy(),
        };
        let certificates = self.ca_certificates.iter().cloned();
        builder = if transport.has_system_certificates {
            builder.tls_certs_merge(certificates)
        } else {
            builder.tls_certs_only(certificates)
        };
        if let Some(identity) = &self.client_certificate {
            builder = builder.identity(identity.clone());
        }
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        if !transport.reuses_connections {
            builder = builder.pool_max_idle_per_host(0);
        }
        if transport.addresses != AddressPolicy::ANY {
            builder = builder.dns_resolver(PolicyResolver(transport.addresses));
        }
        builder.build()
    }
}
