//! What came of a stream of requests.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use crate::{percentile::percentile, reply::Reply};

#[derive(Debug, Default)]
pub struct Outcome {
    pub samples: Vec<Sample>,
    /// When requests were due that weren't sent, because too many were waiting for their response.
    pub unsent: Vec<Duration>,
}

#[derive(Debug)]
pub struct Sample {
    /// When the request was due, since the start of the phase.
    pub due: Duration,
    /// From then to the end of the response.
    pub latency: Duration,
    pub reply: Reply,
}

impl Outcome {
    /// Returns what came of the requests that were due in this time.
    pub fn within(&self, time: &Range<Duration>) -> Summary<'_> {
        let samples = self.samples.iter().filter(|sample| time.contains(&sample.due)).collect();
        let unsent = self.unsent.iter().filter(|due| time.contains(*due)).count();
        Summary { samples, unsent }
    }
}

pub struct Summary<'a> {
    samples: Vec<&'a Sample>,
    pub unsent: usize,
}

impl Summary<'_> {
    pub fn requests(&self) -> usize {
        self.samples.len()
    }

    /// Returns a percentile of the latencies, in microseconds.
    pub fn percentile(&self, percent: impl Into<f64>) -> f64 {
        let latencies = self.samples.iter().map(|sample| sample.latency.as_secs_f64() * 1e6);
        percentile(latencies.collect(), percent)
    }

    /// Returns how many requests got each response.
    pub fn replies(&self) -> BTreeMap<&Reply, usize> {
        let mut counts = BTreeMap::new();
        for sample in &self.samples {
            *counts.entry(&sample.reply).or_default() += 1;
        }
        counts
    }
}
