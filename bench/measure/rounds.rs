//! Rows measured in rounds: what disturbs the machine for a while disturbs them all alike.

use std::{collections::BTreeMap, time::Duration};

use tokio::runtime::Runtime;

use super::percentile::percentile;
use crate::support::{
    figure::Figure::{self, Allocations, Change, Difference, Net, NetDifference, NetOf, Ratio},
    fixture::Fixture,
    rows::{ROUTER, Row},
    subject::Subject,
};

/// How long a row is at it in each round.
const TURN: Duration = Duration::from_micros(500);

/// Enough that what happens once per batch doesn't show.
const COUNTED: usize = 256;

/// By how many tokens each round begins further on.
const STEP: usize = 13;

/// How many tokens lie between where two rows begin in a round. The check of an ECDSA signature branches
/// by what it checks, and goes a tenth faster where the processor remembers it from the row before.
const APART: usize = 97;

/// What was measured of each row, by its name.
pub type Results = BTreeMap<&'static str, Measured>;

/// What one row costs.
#[derive(Debug)]
pub struct Measured {
    /// Nanoseconds for one, in each round.
    pub rounds: Vec<f64>,
    pub allocations: u64,
    pub bytes: u64,
}

impl Measured {
    pub fn median(&self) -> f64 {
        percentile(self.rounds.clone(), 50)
    }

    /// What all but a tenth of the rounds took at least: nearer to a machine without neighbours.
    pub fn low(&self) -> f64 {
        percentile(self.rounds.clone(), 10)
    }

    /// A figure of this row. Times are compared within each round, for rounds differ.
    pub fn figure(&self, figure: Figure, results: &Results) -> f64 {
        match figure {
            Allocations(other) => self.allocations as f64 - results[other].allocations as f64,
            Change(other) => {
                self.beside(&results[other], |ours, theirs| ours / theirs - 1.0) * 100.0
            }
            Difference(other) => self.beside(&results[other], |ours, theirs| ours - theirs),
            Net(raw) => self.net(&results[ROUTER], &results[raw]),
            NetDifference(raw) => {
                let others = results[ROUTER].rounds.iter().zip(&results[raw].rounds);
                let rounds = self.rounds.iter().zip(others);
                percentile(rounds.map(|(ours, (router, raw))| ours - router - raw).collect(), 50)
            }
            NetOf(router, raw) => self.net(&results[router], &results[raw]),
            Ratio(other) => self.beside(&results[other], |ours, theirs| ours / theirs),
        }
    }

    fn net(&self, router: &Self, raw: &Self) -> f64 {
        let net = self.rounds.iter().zip(&router.rounds).map(|(ours, router)| ours - router);
        percentile(net.zip(&raw.rounds).map(|(net, raw)| net / raw).collect(), 50)
    }

    fn beside(&self, other: &Self, compare: impl Fn(f64, f64) -> f64) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        percentile(pairs.map(|(ours, theirs)| compare(*ours, *theirs)).collect(), 50)
    }
}

/// Measures the rows in that many rounds.
pub fn measure(rows: &[Row], fixture: &Fixture, rounds: usize) -> Results {
    let mut turns: Vec<_> = rows.iter().map(|row| Turn::new(row, fixture)).collect();
    for round in 0..rounds {
        for (number, turn) in turns.iter_mut().enumerate() {
            turn.subject.go_on_at(round * STEP + number * APART);
            turn.take(fixture);
        }
    }
    turns.into_iter().map(|turn| (turn.name, turn.measured)).collect()
}

/// How often it can be done in a turn of that length.
pub fn times_in(turn: Duration, subject: &mut Subject, runtime: &Runtime) -> usize {
    const TRIED: usize = 256;
    let took = runtime.block_on(subject.time(TRIED));
    ((turn.as_secs_f64() / took.as_secs_f64() * TRIED as f64) as usize).max(8)
}

struct Turn {
    name: &'static str,
    subject: Subject,
    times: usize,
    measured: Measured,
}

impl Turn {
    fn new(row: &Row, fixture: &Fixture) -> Self {
        let runtime = &fixture.runtime;
        let mut subject = row.subject(fixture);
        runtime.block_on(subject.check());
        let times = times_in(TURN, &mut subject, runtime);
        let batch = subject.prepare(COUNTED);
        let counted = allocation_counter::measure(|| runtime.block_on(batch.run()));
        let measured = Measured {
            rounds: Vec::new(),
            allocations: counted.count_total / COUNTED as u64,
            bytes: counted.bytes_total / COUNTED as u64,
        };
        Self { name: row.name, subject, times, measured }
    }

    fn take(&mut self, fixture: &Fixture) {
        let Self { subject, times, measured, .. } = self;
        let mut took = Duration::ZERO;
        // Counting would cost time; and so does coming back to code that the others have displaced.
        allocation_counter::opt_out(|| {
            fixture.runtime.block_on(async {
                subject.time(*times / 8).await;
                took = subject.time(*times).await;
            });
        });
        measured.rounds.push(took.as_secs_f64() * 1e9 / *times as f64);
    }
}
