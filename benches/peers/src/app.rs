//! Requests to a service of either axum.

use std::{hint::black_box, sync::Arc};

use axum::{body::Body, http::StatusCode};
use tower::ServiceExt;

use crate::{
    peers::App,
    support::subject::{Subject, request},
};

impl App {
    /// What it answers to each of those, one after the other: the same to all, it is to be hoped.
    pub async fn answers(&self, lines: &[Option<String>]) -> Vec<StatusCode> {
        let mut answers = Vec::new();
        for line in lines {
            let request = request(line.as_deref());
            let status = match self {
                Self::Current(app) => {
                    app.clone().oneshot(request).await.expect("infallible").status()
                }
                Self::Old(app) => {
                    app.clone().oneshot(old(request)).await.expect("infallible").status()
                }
            };
            if answers.last() != Some(&status) {
                answers.push(status);
            }
        }
        answers
    }

    /// Requests to it with one after another of those.
    pub fn subject(self, lines: Arc<[Option<String>]>) -> Subject {
        match self {
            Self::Current(app) => Subject::lines(app, lines),
            Self::Old(app) => {
                let app = app.with_state(());
                Subject::other(move |range| {
                    let line = |n: usize| lines[n % lines.len()].as_deref();
                    let requests: Vec<_> = range.map(|n| old(request(line(n)))).collect();
                    let app = app.clone();
                    Box::pin(async move {
                        for request in requests {
                            drop(black_box(app.clone().oneshot(request).await));
                        }
                    })
                })
            }
        }
    }
}

fn old(request: http::Request<Body>) -> http::Request<axum_0_7::body::Body> {
    request.map(|_| axum_0_7::body::Body::empty())
}
