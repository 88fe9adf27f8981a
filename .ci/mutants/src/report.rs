use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::mutant::Mutant;
use crate::trial::Outcome;

#[derive(Default)]
struct Row {
    killed: usize,
    timed_out: usize,
    survived: usize,
    equivalent: usize,
    unviable: usize,
    not_switched: usize,
}

impl Row {
    fn count(&mut self, outcome: &Outcome, is_equivalent: bool) {
        *match outcome {
            Outcome::Killed { .. } => &mut self.killed,
            Outcome::TimedOut { .. } => &mut self.timed_out,
            Outcome::Survived { .. } if is_equivalent => &mut self.equivalent,
            Outcome::Survived { .. } => &mut self.survived,
            Outcome::Unviable { .. } => &mut self.unviable,
            Outcome::NotSwitched => &mut self.not_switched,
        } += 1;
    }

    fn cells(&self) -> String {
        let Self { killed, timed_out, survived, equivalent, unviable, not_switched } = self;
        let detected = killed + timed_out;
        let viable = detected + survived + equivalent;
        #[expect(clippy::cast_precision_loss, reason = "there are a few thousand mutants")]
        let score = 100.0 * detected as f64 / viable.max(1) as f64;
        let counts =
            format!("{viable} | {killed} | {timed_out} | {equivalent} | {survived} | {score:.1} %");
        format!("{counts} | {unviable} | {not_switched} |")
    }
}

/// Returns the score by directory as a table in Markdown, and the survivors.
pub fn report(
    mutants: &[Mutant],
    outcomes: &BTreeMap<String, Outcome>,
    equivalent: &BTreeSet<&str>,
) -> String {
    let mut rows = BTreeMap::<&str, Row>::new();
    let mut total = Row::default();
    let mut left = String::new();
    for mutant in mutants {
        let Some(outcome) = outcomes.get(&mutant.name) else {
            continue;
        };
        let is_equivalent = equivalent.contains(&*mutant.description());
        rows.entry(mutant.room()).or_default().count(outcome, is_equivalent);
        total.count(outcome, is_equivalent);
        match outcome {
            Outcome::Survived { .. } if is_equivalent => {}
            Outcome::Survived { tests } => {
                let _ = writeln!(left, "survived {tests} tests: {}", mutant.name);
            }
            Outcome::NotSwitched => {
                let _ = writeln!(left, "not switched: {}", mutant.name);
            }
            _ => {}
        }
    }
    let mut text = "| directory | viable | killed | timed out | equivalent | survived | score | unviable | not switched |\n\
                    |---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for (room, row) in &rows {
        let _ = writeln!(text, "| `{room}` | {}", row.cells());
    }
    let _ = writeln!(text, "| all | {}\n\n{left}", total.cells());
    text
}
