//! Connects to Redis.

use std::{fmt, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, RedisConnectionInfo, RedisResult, TlsMode,
    cluster::ClusterClient,
    sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType},
};

use super::{failure::Failure, link::Link};

/// The configured servers.
#[derive(Clone)]
pub(super) enum Servers {
    Cluster(Box<ClusterClient>),
    Sentinel(Sentinel),
    Server(Client),
}

/// The servers of Sentinel, and the name of the primary.
#[derive(Clone)]
pub(super) struct Sentinel {
    pub(super) servers: Vec<ConnectionInfo>,
    pub(super) primary: String,
    /// User, password and database of the primary.
    pub(super) login: RedisConnectionInfo,
    pub(super) is_tls: bool,
}

impl Servers {
    /// Opens a new connection.
    pub(super) async fn connect(&self, time_limit: Duration) -> Result<Link, Failure> {
        install_crypto();
        let connecting = tokio::time::timeout(time_limit, self.open(time_limit)).await;
        let opened = connecting.map_err(|_| Failure::TimedOut(time_limit))?;
        opened.map_err(Failure::Connecting)
    }

    async fn open(&self, time_limit: Duration) -> RedisResult<Link> {
        // No response timeout: commands are limited by their callers, because some of them wait for changes.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(time_limit))
            .set_response_timeout(None);
        match self {
            Self::Cluster(client) => Ok(Link::Cluster(client.get_async_connection().await?)),
            Self::Sentinel(sentinel) => {
                let client = sentinel.client()?.async_get_client().await?;
                let link = client.get_multiplexed_async_connection_with_config(&config).await?;
                Ok(Link::Server(link))
            }
            Self::Server(client) => {
                let link = client.get_multiplexed_async_connection_with_config(&config).await?;
                Ok(Link::Server(link))
            }
        }
    }
}

impl Sentinel {
    /// Creates a new client each time, because the primary may have changed.
    pub(super) fn client(&self) -> RedisResult<SentinelClient> {
        let mut node =
            SentinelNodeConnectionInfo::default().set_redis_connection_info(self.login.clone());
        if self.is_tls {
            node = node.set_tls_mode(TlsMode::Secure);
        }
        let (servers, primary) = (self.servers.clone(), self.primary.clone());
        SentinelClient::build(servers, primary, Some(node), SentinelServerType::Master)
    }
}

/// Installs a process-wide crypto provider. Without one, rustls panics if the build has several.
#[cfg(feature = "redis-tls")]
fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Fails if another thread has just installed one, which is fine.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    }
}

#[cfg(not(feature = "redis-tls"))]
fn install_crypto() {}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(_) => f.write_str("a cluster"),
            Self::Sentinel(sentinel) => write!(f, "the primary {}", sentinel.primary),
            Self::Server(client) => write!(f, "{}", client.get_connection_info().addr()),
        }
    }
}
