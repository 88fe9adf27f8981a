//! Where Redis is, for users of this crate.

use std::{sync::Arc, time::Duration};

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, cluster::ClusterClient};

#[cfg(all(feature = "dpop", feature = "_jwt"))]
use super::replays::RedisReplays;
use super::{
    connections::Connections,
    revocations::RedisRevocations,
    servers::{Sentinel, Servers},
};
use crate::{ConfigError, url::redact};

/// The default time limit of every use.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The default start of every key.
const PREFIX: &str = "portcullis";

/// Where Redis or Valkey is, and under which keys replicas share state there.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::redis::Redis;
///
/// let redis = Redis::new("redis://orders:s3cret@redis.internal:6379/1")?
///     .prefix("orders")?
///     .timeout(Duration::from_millis(250))?;
/// assert!(format!("{redis:?}").contains("redis.internal:6379"));
/// assert!(!format!("{redis:?}").contains("s3cret"));
///
/// let error = Redis::new("http://redis.internal").unwrap_err();
/// assert_eq!(error.what(), "Redis URL");
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Clones share one connection. Nothing connects before it is used.
///
/// # Access
///
/// The keys begin with the [prefix](Self::prefix): `{portcullis}:revocations`, `{portcullis}:revocations:log`,
/// `{portcullis}:revocations:new`, and `portcullis:replay:…`. An ACL user needs
/// `~{portcullis}:* ~portcullis:* +@read +@write +@connection +@scripting`. Evicting these keys has revoked tokens
/// accepted again, so set `maxmemory-policy` to `noeviction`.
#[derive(Debug, Clone)]
pub struct Redis {
    pub(super) connections: Arc<Connections>,
    prefix: Arc<str>,
}

impl Redis {
    /// Uses one server: `redis://user:password@host:6379/database`, or `rediss://` with TLS, which needs the feature
    /// `redis-tls`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the URL isn't one of Redis.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let client = Client::open(info(url)?).map_err(|error| invalid(url, &error))?;
        Ok(Self::with(Servers::Server(client)))
    }

    /// Uses the primary of this name that Sentinel knows. The URLs are those of Sentinel's servers.
    ///
    /// `login` is a URL with user, password and database of the primary, such as
    /// `redis://user:password@primary/0`; its host is ignored. With `rediss://`, the primary is reached by TLS.
    ///
    /// ```
    /// use portcullis::redis::Redis;
    ///
    /// let sentinels = ["redis://sentinel-1:26379", "redis://sentinel-2:26379"];
    /// let redis = Redis::sentinel(sentinels, "orders", "redis://app:s3cret@primary/0")?;
    /// assert!(format!("{redis:?}").contains("the primary orders"));
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if there is no URL, or one isn't one of Redis.
    pub fn sentinel<'a>(
        urls: impl IntoIterator<Item = &'a str>,
        primary: &str,
        login: &str,
    ) -> Result<Self, ConfigError> {
        let servers = urls.into_iter().map(info).collect::<Result<Vec<_>, _>>()?;
        if servers.is_empty() {
            return Err(ConfigError::new("Sentinel URLs", "", "at least one is needed"));
        }
        let is_tls = matches!(info(login)?.addr(), ConnectionAddr::TcpTls { .. });
        let login = info(login)?.redis_settings().clone();
        let sentinel = Sentinel { servers, primary: primary.to_owned(), login, is_tls };
        drop(sentinel.client().map_err(|error| invalid(primary, &error))?);
        Ok(Self::with(Servers::Sentinel(sentinel)))
    }

    /// Uses a cluster, of which these are some servers. The revocations are on one of its shards; proofs are
    /// distributed.
    ///
    /// ```
    /// use portcullis::redis::Redis;
    ///
    /// let redis = Redis::cluster(["redis://redis-1:6379", "redis://redis-2:6379"])?;
    /// assert!(format!("{redis:?}").contains("a cluster"));
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if there is no URL, one isn't one of Redis, or their users differ.
    pub fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let servers = urls.into_iter().map(info).collect::<Result<Vec<_>, _>>()?;
        if servers.is_empty() {
            return Err(ConfigError::new("cluster URLs", "", "at least one is needed"));
        }
        let client = ClusterClient::builder(servers)
            .retries(1)
            .connection_timeout(TIMEOUT)
            .response_timeout(Duration::from_secs(5))
            .build();
        let client = client.map_err(|error| invalid("cluster", &error))?;
        Ok(Self::with(Servers::Cluster(Box::new(client))))
    }

    fn with(servers: Servers) -> Self {
        let connections = Arc::new(Connections::new(servers, TIMEOUT));
        Self { connections, prefix: PREFIX.into() }
    }

    /// Sets the start of every key. `portcullis` by default. Services with different revocations that share a server
    /// need different ones.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if it is empty, or contains anything but letters, digits, `-`, `_`, `.` and `:`.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, ConfigError> {
        let is_permitted =
            |character: char| character.is_ascii_alphanumeric() || "-_.:".contains(character);
        if prefix.is_empty() || !prefix.chars().all(is_permitted) {
            let problem = "must consist of letters, digits, `-`, `_`, `.` and `:`";
            return Err(ConfigError::new("Redis prefix", prefix, problem));
        }
        self.prefix = prefix.into();
        Ok(self)
    }

    /// Sets the time limit of connecting and of each command. 500 ms by default.
    ///
    /// A DPoP proof is rejected with 503 after this time, and a replica notices within this time and 250 ms that the
    /// server has stopped responding.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] unless it is from 1 ms to 2 s.
    pub fn timeout(mut self, time_limit: Duration) -> Result<Self, ConfigError> {
        if !(Duration::from_millis(1)..=Duration::from_secs(2)).contains(&time_limit) {
            let value = format!("{time_limit:?}");
            return Err(ConfigError::new("Redis timeout", value, "must be from 1 ms to 2 s"));
        }
        let servers = self.connections.servers.clone();
        self.connections = Arc::new(Connections::new(servers, time_limit));
        Ok(self)
    }

    /// Returns the store of revocations.
    #[must_use]
    pub fn revocations(&self) -> RedisRevocations {
        RedisRevocations::new(Arc::clone(&self.connections), &self.prefix)
    }

    /// Returns the store of used DPoP proofs.
    #[cfg(all(feature = "dpop", feature = "_jwt"))]
    #[must_use]
    pub fn replays(&self) -> RedisReplays {
        RedisReplays::new(Arc::clone(&self.connections), &self.prefix)
    }
}

fn info(url: &str) -> Result<ConnectionInfo, ConfigError> {
    url.into_connection_info().map_err(|error| invalid(url, &error))
}

fn invalid(url: &str, error: &redis::RedisError) -> ConfigError {
    ConfigError::new("Redis URL", redact(url).into_owned(), error.to_string())
}
