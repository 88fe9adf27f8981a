//! One connection, to a server or to a cluster.

use redis::{
    Cmd, Pipeline, RedisFuture, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
};

/// A connection. Clones share it.
#[derive(Clone)]
pub(super) enum Link {
    Cluster(ClusterConnection),
    Server(MultiplexedConnection),
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Cluster(link) => link.req_packed_command(command),
            Self::Server(link) => link.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Cluster(link) => link.req_packed_commands(pipeline, offset, count),
            Self::Server(link) => link.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Cluster(link) => link.get_db(),
            Self::Server(link) => link.get_db(),
        }
    }
}
