//! The public settings of Redis.

use std::{sync::Arc, time::Duration};

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, cluster::ClusterClient};

#[cfg(feature = "basic")]
use super::guesses::RedisGuesses;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
use super::replays::RedisReplays;
use super::{
    connections::Connections,
    revocations::RedisRevocations,
    servers::{Sentinel, Servers},
};
use crate::{ConfigError, url::redact};

/// The default time limit of an operation.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The default prefix of keys.
const PREFIX: &str = "portcullis";

/// The address of Redis or Valkey, and the keys under which replicas share state there.
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
/// Clones share one connection, which is opened on first use.
///
/// # Access
///
/// All keys begin with the [prefix](Self::prefix): `{portcullis}:revocations`, `{portcullis}:revocations:log`,
/// `{portcullis}:revocations:new`, `portcullis:replay:…` and
/// `portcullis:guess:…`. An ACL user needs
/// `~{portcullis}:* ~portcullis:* +@read +@write +@connection +@scripting`.
///
/// Set `maxmemory-policy` to `noeviction`. If Redis evicted these keys, revoked tokens would be accepted again.
#[derive(Debug, Clone)]
pub struct Redis {
    pub(super) connections: Arc<Connections>,
    prefix: Arc<str>,
}

impl Redis {
    /// Uses a single server: `redis://user:password@host:6379/database`, or `rediss://` for TLS, which requires the
    /// `redis-tls` feature.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the URL isn't a valid Redis URL.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let client = Client::open(info(url)?).map_err(|error| invalid(url, &error))?;
        Ok(Self::with(Servers::Server(client)))
    }

    /// Uses the primary with this name, which is looked up at these Sentinel servers.
    ///
    /// `login` is a URL with user, password and database of the primary, such as `redis://user:password@primary/0`. Its
    /// host is ignored. With `rediss://`, the connection to the primary uses TLS.
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
    /// Returns a [`ConfigError`] if there is no Sentinel URL, or if a URL isn't a valid Redis URL.
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

    /// Uses a cluster, of which these are some servers. All revocations are on one shard. DPoP proofs are distributed
    /// over all shards.
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
    /// Returns a [`ConfigError`] if there is no URL, if a URL isn't a valid Redis URL, or if the URLs have different
    /// users.
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

    /// Sets the prefix of all keys. The default is `portcullis`. Services that share a server, but not their
    /// revocations, need different prefixes.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the prefix is empty, or contains anything but letters, digits, `-`, `_`, `.` and
    /// `:`.
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

    /// Sets the time limit for connecting and for each command. The default is 500 ms.
    ///
    /// After this time, a request with a DPoP proof is rejected with 503. A replica notices that the server has stopped
    /// responding within this time plus 250 ms.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if it isn't between 1 ms and 2 s.
    pub fn timeout(mut self, time_limit: Duration) -> Result<Self, ConfigError> {
        if !(Duration::from_millis(1)..=Duration::from_secs(2)).contains(&time_limit) {
            let value = format!("{time_limit:?}");
            return Err(ConfigError::new("Redis timeout", value, "must be from 1 ms to 2 s"));
        }
        let servers = self.connections.servers.clone();
        self.connections = Arc::new(Connections::new(servers, time_limit));
        Ok(self)
    }

    /// Returns the store for revocations.
    #[must_use]
    pub fn revocations(&self) -> RedisRevocations {
        RedisRevocations::new(Arc::clone(&self.connections), &self.prefix)
    }

    /// Returns the store for attempts to guess passwords.
    #[cfg(feature = "basic")]
    #[must_use]
    pub fn guesses(&self) -> RedisGuesses {
        RedisGuesses::new(Arc::clone(&self.connections), &self.prefix)
    }

    /// Returns the store for used DPoP proofs.
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
