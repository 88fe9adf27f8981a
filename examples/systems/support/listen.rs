//! Binds the port of an example and prints its URL.

use std::{env, io};

use axum::Router;
use tokio::net::TcpListener;

/// Listens on the address in `LISTEN`, or on a free loopback port, and returns its URL.
pub(crate) async fn listen() -> io::Result<(TcpListener, String)> {
    let listener =
        TcpListener::bind(env::var("LISTEN").unwrap_or("127.0.0.1:0".to_owned())).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Serves until Ctrl-C.
pub(crate) async fn serve(listener: TcpListener, app: Router) -> io::Result<()> {
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await
}
