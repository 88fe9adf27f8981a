//! Rows measured on two threads at once.

use std::{
    hint,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use super::{percentile::percentile, rounds::times_in};
use crate::support::{
    fixture::{Fixture, current_thread},
    rows::Row,
    subject::Subject,
};

/// Short enough that neither thread is often interrupted in it.
const TURN: Duration = Duration::from_micros(200);

/// Turns that a thread takes before it ends, of which the median one counts.
const TURNS: usize = 20;

/// What two threads make of a row that one has done alone before.
#[derive(Debug)]
pub struct Scaling {
    pub name: &'static str,
    /// Nanoseconds for one, with nobody beside.
    alone: Vec<f64>,
    /// Nanoseconds for one on either thread, while the other does the same.
    together: Vec<f64>,
}

impl Scaling {
    pub fn alone(&self) -> f64 {
        percentile(self.alone.clone(), 50)
    }

    pub fn together(&self) -> f64 {
        percentile(self.together.clone(), 50)
    }

    /// How many times as much two threads do: two at best.
    pub fn factor(&self) -> f64 {
        percentile(self.factors().collect(), 50)
    }

    /// By how many percent it scales better than the router.
    pub fn beside(&self, router: &Self) -> f64 {
        let pairs = self.factors().zip(router.factors());
        percentile(pairs.map(|(ours, router)| (ours / router - 1.0) * 100.0).collect(), 50)
    }

    fn factors(&self) -> impl Iterator<Item = f64> {
        self.alone.iter().zip(&self.together).map(|(alone, together)| 2.0 * alone / together)
    }
}

/// Measures those of the rows that are for two threads; the first of them is the router.
pub fn measure(rows: &[Row], fixture: &Fixture, rounds: usize) -> Vec<Scaling> {
    let rows = rows.iter().filter(|row| row.two_threads);
    let mut turns: Vec<_> = rows.map(|row| Turn::new(row, fixture)).collect();
    for _ in 0..rounds {
        for turn in &mut turns {
            turn.take();
        }
    }
    turns.into_iter().map(|turn| turn.scaling).collect()
}

struct Turn {
    /// One for each thread. They share the verifier, as clones of a router do.
    subjects: [Subject; 2],
    times: usize,
    scaling: Scaling,
}

impl Turn {
    fn new(row: &Row, fixture: &Fixture) -> Self {
        let mut subject = row.subject(fixture);
        fixture.runtime.block_on(subject.check());
        let times = times_in(TURN, &mut subject, &fixture.runtime);
        let scaling = Scaling { name: row.name, alone: Vec::new(), together: Vec::new() };
        Self { subjects: [subject.at_other_tokens(), subject], times, scaling }
    }

    fn take(&mut self) {
        let [first, _] = &mut self.subjects;
        self.scaling.alone.push(on_threads([first], self.times));
        self.scaling.together.push(on_threads(self.subjects.each_mut(), self.times));
    }
}

/// The nanoseconds that one of `times` takes if each subject has a thread of its own.
fn on_threads<const N: usize>(subjects: [&mut Subject; N], times: usize) -> f64 {
    let gate = Gate::new(N);
    let turns: Vec<f64> = thread::scope(|scope| {
        let threads = subjects.map(|subject| {
            let gate = &gate;
            scope.spawn(move || {
                let mut turns = Vec::with_capacity(TURNS);
                allocation_counter::opt_out(|| {
                    current_thread().block_on(async {
                        for turn in 0..TURNS {
                            subject.time(times / 8).await;
                            gate.pass_together(turn);
                            turns.push(subject.time(times).await.as_secs_f64());
                        }
                    });
                });
                turns
            })
        });
        threads.into_iter().flat_map(|thread| thread.join().expect("a measurement")).collect()
    });
    percentile(turns, 50) * 1e9 / times as f64
}

/// Lets threads go on at the same moment: a [`Barrier`] alone would wake one after another.
struct Gate {
    barrier: Barrier,
    threads: usize,
    passed: AtomicUsize,
}

impl Gate {
    fn new(threads: usize) -> Self {
        Self { barrier: Barrier::new(threads), threads, passed: AtomicUsize::new(0) }
    }

    /// Waits until all threads are here for that turn, and awake.
    fn pass_together(&self, turn: usize) {
        self.barrier.wait();
        self.passed.fetch_add(1, Ordering::AcqRel);
        while self.passed.load(Ordering::Acquire) < (turn + 1) * self.threads {
            hint::spin_loop();
        }
    }
}
