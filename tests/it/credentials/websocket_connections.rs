//! WebSocket connections from a client that behaves like a browser: it sends no `Authorization`, and fails
//! unless one of its subprotocols is selected.

use std::time::{Duration, SystemTime};

use axum::{
    Router,
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    response::Response,
    routing::any,
    serve::Listener,
};
use futures_util::{SinkExt, StreamExt};
use http::{Uri, header::SEC_WEBSOCKET_PROTOCOL};
use portcullis::{AuthenticateLayer, Clock, Identity, testing::TestIssuer};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, ClientRequestBuilder, protocol::frame::coding::CloseCode},
};

use crate::support::API;

const POLICY: u16 = 1008;

/// Connections in memory, so that the paused clock doesn't advance while data is transferred.
struct Connections(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Connections {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(connection) => (connection, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The time of tokio's clock, which advances when all tasks are idle.
#[derive(Debug, Clone)]
struct TokioClock(SystemTime, Instant);

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        self.0 + self.1.elapsed()
    }
}

/// A service that greets the subject and echoes each message, until the token expires.
struct Chat {
    issuer: TestIssuer,
    connections: mpsc::UnboundedSender<DuplexStream>,
}

impl Chat {
    fn start() -> Self {
        let issuer = TestIssuer::new();
        let clock = TokioClock(issuer.clock().now(), Instant::now());
        let verifier = issuer.verifier().audience(API).clock(clock.clone()).build().unwrap();
        let chat = async move |identity: Identity, handshake: WebSocketUpgrade| -> Response {
            handshake.on_upgrade(move |socket| talk(socket, identity, clock))
        };
        let app = Router::new()
            .route("/chat", any(chat))
            .layer(AuthenticateLayer::bearer(verifier).websocket_protocol());
        let (connections, accepted) = mpsc::unbounded_channel();
        tokio::spawn(axum::serve(Connections(accepted), app).into_future());
        Self { issuer, connections }
    }

    async fn connect(
        &self,
        protocols: &[&str],
    ) -> Result<
        (WebSocketStream<DuplexStream>, tungstenite::handshake::client::Response),
        tungstenite::Error,
    > {
        let (client, server) = duplex(64 * 1024);
        self.connections.send(server).unwrap();
        let request = ClientRequestBuilder::new(Uri::from_static("ws://api.example/chat"));
        let request =
            protocols.iter().fold(request, |it, protocol| it.with_sub_protocol(*protocol));
        client_async(request, client).await
    }
}

async fn talk(mut socket: WebSocket, identity: Identity, clock: TokioClock) {
    let mut expired = identity.expired().leeway(Duration::ZERO).clock(clock);
    let greeting = format!("hello, {}", identity.subject().unwrap_or("no subject"));
    let mut response = Some(Message::from(greeting));
    loop {
        if let Some(response) = response.take() {
            socket.send(response).await.unwrap();
        }
        tokio::select! {
            () = &mut expired => {
                let frame = CloseFrame { code: POLICY, reason: "Token expired.".into() };
                socket.send(Message::Close(Some(frame))).await.unwrap();
                return;
            }
            message = socket.recv() => match message {
                Some(Ok(message)) => response = Some(message),
                _ => return,
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_subprotocol_token_opens_a_connection_until_it_expires() {
    let chat = Chat::start();
    let lifetime = Duration::from_secs(60);
    let token = chat.issuer.token().audience(API).subject("alice").expires_in(lifetime).mint();
    let (mut socket, response) = chat.connect(&["bearer", &token]).await.unwrap();
    assert_eq!(response.headers()[SEC_WEBSOCKET_PROTOCOL], "bearer");
    assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap(), "hello, alice");

    socket.send("still there?".into()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap(), "still there?");

    let end = socket.next().await.unwrap().unwrap();
    let tungstenite::Message::Close(Some(frame)) = end else { panic!("{end:?}") };
    assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Policy, "Token expired."));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_without_a_valid_token_gets_an_error_response() {
    let chat = Chat::start();
    let token = chat.issuer.token().audience(API).expires_in(Duration::from_secs(60)).mint();
    tokio::time::sleep(Duration::from_secs(121)).await;
    for (protocols, status, message) in [
        (&["chat"][..], 401, "Authentication required."),
        (&["bearer", &token], 401, "Token expired."),
        (&["bearer"], 400, "Malformed credentials."),
    ] {
        let rejected = chat.connect(protocols).await.unwrap_err();
        let tungstenite::Error::Http(response) = rejected else { panic!("{rejected}") };
        assert_eq!(response.status(), status, "{protocols:?}");
        assert!(response.headers().contains_key("www-authenticate"));
        let body = response.into_body().unwrap_or_default();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["message"], message, "{protocols:?}");
    }
}
