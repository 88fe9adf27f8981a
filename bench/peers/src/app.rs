//! Requests to a service of either axum.

use std::{hint::black_box, sync::Arc};

use axum::{
    body::{Body, HttpBody},
    http::{StatusCode, header::WWW_AUTHENTICATE},
};
use tower::ServiceExt;

use crate::{
    peers::App,
    support::subject::{Subject, request},
};

impl App {
    /// What it answers to each of those, one after the other: the same to all, it is to be hoped.
    pub async fn answers(&self, lines: &[Option<String>]) -> Vec<Answer> {
        let mut answers = Vec::new();
        for line in lines {
            let answer = self.answer(request(line.as_deref())).await;
            if answers.last() != Some(&answer) {
                answers.push(answer);
            }
        }
        answers
    }

    async fn answer(&self, request: http::Request<Body>) -> Answer {
        match self {
            Self::Current(app) => {
                let response = app.clone().oneshot(request).await.expect("infallible");
                Answer::of(&response, response.body().size_hint().exact())
            }
            Self::Old(app) => {
                let response = app.clone().oneshot(old(request)).await.expect("infallible");
                Answer::of(&response, response.body().size_hint().exact())
            }
        }
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

/// What a service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    /// Whether it says how to authenticate.
    pub has_challenge: bool,
    /// The length of its body, if that is known at once.
    pub bytes: Option<u64>,
}

impl Answer {
    fn of<B>(response: &http::Response<B>, bytes: Option<u64>) -> Self {
        let has_challenge = response.headers().contains_key(WWW_AUTHENTICATE);
        Self { status: response.status(), has_challenge, bytes }
    }
}

fn old(request: http::Request<Body>) -> http::Request<axum_0_7::body::Body> {
    request.map(|_| axum_0_7::body::Body::empty())
}
