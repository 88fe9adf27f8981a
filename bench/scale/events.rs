//! The queue of a discrete-event simulation.

use std::{cmp::Ordering, collections::BinaryHeap};

/// Events in the order of their times. Those of the same time are in the order in which they were added.
#[derive(Debug)]
pub struct Events<E> {
    heap: BinaryHeap<Scheduled<E>>,
    added: u64,
}

#[derive(Debug)]
struct Scheduled<E> {
    second: f64,
    number: u64,
    event: E,
}

impl<E> Events<E> {
    pub fn new() -> Self {
        Self { heap: BinaryHeap::new(), added: 0 }
    }

    pub fn add(&mut self, second: f64, event: E) {
        self.added += 1;
        self.heap.push(Scheduled { second, number: self.added, event });
    }

    /// Removes the next event, and returns it with its time.
    pub fn next(&mut self) -> Option<(f64, E)> {
        self.heap.pop().map(|next| (next.second, next.event))
    }
}

impl<E> Ord for Scheduled<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap returns the greatest first.
        other.second.total_cmp(&self.second).then(other.number.cmp(&self.number))
    }
}

impl<E> PartialOrd for Scheduled<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Scheduled<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Scheduled<E> {}
