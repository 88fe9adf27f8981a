//! What authentication costs over HTTP: the example `server` on loopback, under load from here.
//!
//! ```text
//! cargo build --release -p example-server && cargo bench -p portcullis-bench --bench http
//! cargo bench -p portcullis-bench --bench http -- --quick --tsv figures.tsv
//! ```
//!
//! The server has one worker thread, and counts its own CPU time. It is held against its route
//! `/healthz`, which has no authentication. First as fast as eight connections go; then at a steady
//! thousand requests in a second, while keys rotate, and while another client sends tokens with unknown keys.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by panic"
)]
#![allow(unreachable_pub, reason = "there is nobody outside a bench")]

mod connection;
mod load;
mod saturated;
mod server;
mod steady;
mod tokens;

#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../measure/machine.rs"]
mod machine;
#[allow(dead_code, reason = "each bench uses another part")]
#[path = "../measure/options.rs"]
mod options;
#[path = "../measure/tsv.rs"]
mod tsv;

use portcullis::testing::TestIssuer;
use tokio::runtime;

use options::Options;
use server::Server;
use tsv::Tsv;

fn main() {
    let options = Options::from_env();
    let mut tsv = Tsv::create("http", options.tsv.as_deref());
    println!("{}, {} threads", machine::processor(), machine::threads());
    // Its one thread answers for the issuer; clients have threads of their own.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let issuer = runtime.block_on(TestIssuer::serve()).expect("a port on loopback");
    let server = Server::start(issuer.issuer());
    saturated::measure(&server, &issuer, options.quick, &mut tsv);
    steady::measure(&server, &issuer, options.quick, &mut tsv);
}
