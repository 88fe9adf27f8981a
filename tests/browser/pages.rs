//! The server of the page.

use std::sync::Arc;

use axum::{
    Router,
    response::Html,
    routing::{get, post},
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc};

use crate::service::{Service, bound_token};

pub struct Pages {
    results: mpsc::UnboundedReceiver<Value>,
}

impl Pages {
    /// Serves the page, its script, and tokens that are bound to its key.
    pub fn serve(listener: TcpListener, service: &Service) -> Self {
        let page = format!(
            r#"<!doctype html><html data-api="{}" data-tokens='{}'><script src="page.js"></script>"#,
            service.url(),
            service.tokens(),
        );
        let script = ([("content-type", "text/javascript")], include_str!("page.js"));
        let issuer = Arc::clone(service.issuer());
        let (sender, results) = mpsc::unbounded_channel();
        let app = Router::new()
            .route("/", get(Html(page)))
            .route("/page.js", get(script))
            .route(
                "/token",
                post(async move |thumbprint: String| bound_token(&issuer, &thumbprint)),
            )
            .route(
                "/results",
                post(async move |results: String| {
                    let _ = sender.send(serde_json::from_str(&results).expect("JSON"));
                }),
            );
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { results }
    }

    /// Waits for the observations of the page.
    pub async fn results(&mut self) -> Value {
        self.results.recv().await.expect("the server runs")
    }
}
