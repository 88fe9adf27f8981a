//! What authentication costs over HTTP/1.1, HTTP/2 and gRPC: CPU time and tail latencies, beside the same server
//! without authentication.
//!
//! ```text
//! cargo bench -p portcullis-bench --features tonic --bench http
//! cargo bench -p portcullis-bench --features tonic --bench http -- --quick --tsv results.tsv 'HTTP/2, unknown'
//! ```
//!
//! The server is a separate process with one worker thread, whose CPU time the kernel counts. This process is the load
//! and the authorization server. `saturated` sends as many requests as the server can handle, and `tails` sends requests
//! at a fixed rate while keys rotate, while unknown keys flood the server, and while introspection fails.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by panic, and its numbers are small"
)]
#![allow(unreachable_pub, reason = "a bench has no public API")]

mod app;
mod arrivals;
mod authorization_server;
mod client;
mod grpc;
mod http1;
mod http2;
mod outcome;
mod phase;
mod protocol;
mod reply;
mod saturated;
mod server;
mod stream;
mod tails;
mod tokens;

#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../measure/machine.rs"]
mod machine;
#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../measure/options.rs"]
mod options;
#[allow(clippy::all, clippy::pedantic, dead_code, unreachable_pub, reason = "generated")]
#[rustfmt::skip]
#[path = "../../examples/tonic/src/orders.rs"]
mod orders;
#[path = "../measure/percentile.rs"]
mod percentile;
#[path = "../grpc/service.rs"]
mod service;
#[path = "../measure/tsv.rs"]
mod tsv;

use std::{env, fs};

use tokio::runtime;

use authorization_server::AuthorizationServer;
use options::Options;
use tokens::TokenPools;
use tsv::Tsv;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if let Some(("serve", arguments)) =
        arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        return app::serve(arguments);
    }
    // By default, the kernel delays wake-ups by up to 50 µs to save energy, so requests would be sent late.
    let _ = fs::write("/proc/self/timerslack_ns", "1");
    let options = Options::from_env();
    let mut tsv = Tsv::create("http", options.tsv.as_deref());
    println!("{}, {} threads", machine::processor(), machine::threads());
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let authorization_server = AuthorizationServer::start(runtime.handle().clone());
    let pools = TokenPools::new(&authorization_server, options.quick);
    saturated::measure(&authorization_server, &pools, &options, &mut tsv);
    tails::measure(&authorization_server, &pools, &options, &mut tsv);
}
