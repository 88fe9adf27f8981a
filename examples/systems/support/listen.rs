//! Binds the port of an example and prints its URL.

use std::{env, io};

use axum::Router;
use tokio::net::TcpListener;

/// A free port of loopback, or the address in `LISTEN`; and the URL of it.
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
