//! Valid tokens on one thread, while another sends tokens with unknown keys to the same verifier.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::percentile::percentile;
use crate::support::{
    fixture::{Fixture, Memory, current_thread},
    rows::ROUTER,
    services, strangers,
    subject::Subject,
};
use http::StatusCode;
use portcullis::Algorithm::Rs256;

/// How long a neighbour is at it in each round.
const TURN: Duration = Duration::from_millis(10);

/// What good tokens take beside each neighbour.
#[derive(Debug)]
pub struct Flooded {
    pub name: &'static str,
    pub beside: Vec<Beside>,
}

/// What they take beside one.
#[derive(Debug)]
pub struct Beside {
    pub neighbour: &'static str,
    /// Nanoseconds for each request.
    times: Vec<f64>,
}

impl Beside {
    /// What so many percent of the requests took at most.
    pub fn percentile(&self, percent: impl Into<f64>) -> f64 {
        percentile(self.times.clone(), percent)
    }
}

/// Measures tokens that were seen before, and tokens that weren't: alone, beside a router that keeps the machine equally
/// busy, and beside a flood of unknown `kid`s.
pub fn measure(fixture: &Fixture, rounds: usize) -> Vec<Flooded> {
    let pairs = [("seen, RS256", Memory::Default), ("first seen, RS256", Memory::None)];
    pairs.into_iter().map(|(name, memory)| flooded(name, memory, fixture, rounds)).collect()
}

fn flooded(name: &'static str, memory: Memory, it: &Fixture, rounds: usize) -> Flooded {
    let tokens = it.issuer.tokens(Rs256);
    let app = services::for_identity().layer(it.layer(&it.issuer, memory));
    let mut good = Subject::bearers(app.clone(), &*tokens, StatusCode::OK);
    it.runtime.block_on(good.check());
    let router = Subject::bearers(services::plain(), &*tokens, StatusCode::OK);
    let made_up = strangers::unknown_kid(&it.issuer);
    let flood = Subject::bearers(app, &*made_up, StatusCode::UNAUTHORIZED);
    it.runtime.block_on(flood.check());

    let mut neighbours = [("nothing", None), (ROUTER, Some(router)), ("unknown kids", Some(flood))];
    let mut beside =
        neighbours.each_ref().map(|&(neighbour, _)| Beside { neighbour, times: vec![] });
    for _ in 0..rounds {
        for ((_, neighbour), beside) in neighbours.iter_mut().zip(&mut beside) {
            turn(&mut good, neighbour.as_mut(), &mut beside.times);
        }
    }
    Flooded { name, beside: beside.into() }
}

fn turn(good: &mut Subject, neighbour: Option<&mut Subject>, times: &mut Vec<f64>) {
    let (begun, over) = (AtomicBool::new(neighbour.is_none()), AtomicBool::new(false));
    thread::scope(|scope| {
        if let Some(neighbour) = neighbour {
            scope.spawn(|| {
                current_thread().block_on(async {
                    while !over.load(Ordering::Relaxed) {
                        neighbour.time(1).await;
                        begun.store(true, Ordering::Relaxed);
                    }
                });
            });
        }
        while !begun.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        current_thread().block_on(async {
            let start = Instant::now();
            while start.elapsed() < TURN {
                times.push(good.time(1).await.as_secs_f64() * 1e9);
            }
        });
        over.store(true, Ordering::Relaxed);
    });
}
