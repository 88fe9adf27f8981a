//! `GET /stream`: a response that continues until the token of its request expires.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    response::sse::{Event, Sse},
    routing::get,
};
use portcullis::{EndAtExpiryLayer, Identity};
use tokio::time::interval;
use tokio_stream::{Stream, StreamExt, wrappers::IntervalStream};

const INTERVAL: Duration = Duration::from_millis(200);

pub(crate) fn routes() -> Router {
    Router::new().route("/stream", get(stream).route_layer(EndAtExpiryLayer::new()))
}

async fn stream(_: Identity) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut number = 0_u64;
    let events = IntervalStream::new(interval(INTERVAL)).map(move |_| {
        number = number.wrapping_add(1);
        Ok(Event::default().data(number.to_string()))
    });
    Sse::new(events)
}
