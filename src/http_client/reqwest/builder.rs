//! The builder of a [`ReqwestClient`].

use std::{fmt, time::Duration};

use http::Uri;

use super::{
    ReqwestClient,
    options::{Options, Proxy, Transport},
};
use crate::{
    ConfigError, Secret,
    error::Report,
    http_client::{AddressPolicy, FETCH_TIMEOUT},
};

/// A builder for [`ReqwestClient`], without types of reqwest in its interface.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::{JwtVerifier, http_client::ReqwestClient};
///
/// let client = ReqwestClient::builder()
///     .proxy("http://proxy.example:3128")
///     .connect_timeout(Duration::from_secs(1))
///     .build()?;
/// let verifier = JwtVerifier::builder("https://as.example")
///     .audience("https://api.example")
///     .http_client(client)
///     .build();
/// assert!(verifier.is_ok());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[must_use]
pub struct ReqwestClientBuilder {
    ca_certificates: Vec<Vec<u8>>,
    client_certificate: Option<Secret>,
    proxy: ProxyOption,
    connect_timeout: Duration,
    timeout: Duration,
}

enum ProxyOption {
    Configured(String),
    Environment,
    None,
}

impl ReqwestClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            ca_certificates: Vec::new(),
            client_certificate: None,
            proxy: ProxyOption::Environment,
            connect_timeout: Options::default().connect_timeout,
            timeout: FETCH_TIMEOUT,
        }
    }

    /// Trusts one or more CA certificates in PEM form, in addition to those of the system. Call it again to
    /// add more certificates.
    ///
    /// ```
    /// use portcullis::http_client::ReqwestClient;
    ///
    /// let error = ReqwestClient::builder().ca_certificate("not a certificate").build().unwrap_err();
    /// assert_eq!(error.to_string(), "CA certificate `…`: contains no certificate in PEM form");
    /// ```
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates.push(pem.into());
        self
    }

    /// Authenticates with a client certificate (mutual TLS). `pem` must contain the certificate, followed by
    /// its chain if there is one, and the private key.
    pub fn client_certificate(mut self, pem: impl Into<Secret>) -> Self {
        self.client_certificate = Some(pem.into());
        self
    }

    /// Sends all requests through a proxy, except those to loopback addresses. The URL may contain a user name
    /// and a password.
    ///
    /// By default, the proxy is read from the environment variables `HTTPS_PROXY`, `HTTP_PROXY`,
    /// `ALL_PROXY` and `NO_PROXY`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxyOption::Configured(url.into());
        self
    }

    /// Disables proxies, including those of the environment variables.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = ProxyOption::None;
        self
    }

    /// Sets the timeout for connecting, including TLS. The default is 2 s, and the maximum 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the timeout of a request, including its response. The default and the maximum is 5 s, after
    /// which this crate aborts a request in any case.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`], which names the value, if a certificate or a key can't be read, if a proxy
    /// isn't an `http` or `https` URL, or if a timeout is zero or longer than 5 s.
    pub fn build(self) -> Result<ReqwestClient, ConfigError> {
        let mut options = Options {
            proxy: self.proxy.parse()?,
            connect_timeout: time_limit("connect timeout", self.connect_timeout)?,
            ..Options::default()
        };
        let timeout = time_limit("timeout", self.timeout)?;
        options.timeout = (timeout < FETCH_TIMEOUT).then_some(timeout);
        for pem in &self.ca_certificates {
            options.ca_certificates.extend(ca_certificates(pem)?);
        }
        if let Some(pem) = &self.client_certificate {
            options.client_certificate = Some(client_certificate(pem)?);
        }
        Ok(ReqwestClient::with_options(options))
    }
}

impl ProxyOption {
    fn parse(self) -> Result<Proxy, ConfigError> {
        let url = match self {
            Self::Configured(url) => url,
            Self::Environment => return Ok(Proxy::Environment),
            Self::None => return Ok(Proxy::None),
        };
        let is_proxy = url.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && matches!(uri.path(), "" | "/")
                && uri.query().is_none()
        });
        match reqwest::Proxy::all(&*url) {
            Ok(proxy) if is_proxy => Ok(Proxy::Configured(Box::new(proxy))),
            _ => Err(ConfigError::new("proxy", url, "not an http or https URL of a host")),
        }
    }
}

fn time_limit(what: &'static str, limit: Duration) -> Result<Duration, ConfigError> {
    let problem = if limit.is_zero() {
        "must be longer than zero"
    } else if limit > FETCH_TIMEOUT {
        "must be at most 5 s, because this crate aborts every request after that"
    } else {
        return Ok(limit);
    };
    Err(ConfigError::new(what, format!("{limit:?}"), problem))
}

fn ca_certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, ConfigError> {
    let invalid = |problem: String| ConfigError::pem("CA certificate", pem, problem);
    let certificates = reqwest::Certificate::from_pem_bundle(pem)
        .map_err(|error| invalid(Report(&error).to_string()))?;
    if certificates.is_empty() {
        return Err(invalid("contains no certificate in PEM form".to_owned()));
    }
    let options = Options { ca_certificates: certificates, ..Options::default() };
    check(&options).map_err(|error| invalid(Report(&error).to_string()))?;
    Ok(options.ca_certificates)
}

fn client_certificate(pem: &Secret) -> Result<reqwest::Identity, ConfigError> {
    let pem = pem.expose();
    let invalid = |error: reqwest::Error| {
        ConfigError::pem("client certificate", pem, Report(&error).to_string())
    };
    let identity = reqwest::Identity::from_pem(pem).map_err(invalid)?;
    let options = Options { client_certificate: Some(identity.clone()), ..Options::default() };
    check(&options).map_err(invalid)?;
    Ok(identity)
}

/// Validates the certificates of the options by creating a client, because reqwest parses them only
/// then.
fn check(options: &Options) -> Result<(), reqwest::Error> {
    let transport = Transport {
        is_direct: true,
        reuses_connections: false,
        has_system_certificates: false,
        addresses: AddressPolicy::ANY,
    };
    options.create(transport).map(drop)
}

impl fmt::Debug for ReqwestClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestClientBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
