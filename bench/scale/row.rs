//! A load, on paper and in the simulation.

use crate::measure::tsv::Tsv;

/// By how much the two may differ, in percent.
const TOLERANCE: f64 = 10.0;

/// One load of the service.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    pub unit: &'static str,
    pub formula: String,
    pub on_paper: f64,
    pub simulated: f64,
}

impl Row {
    pub fn new(name: impl Into<String>, unit: &'static str) -> Self {
        let (name, formula) = (name.into(), String::new());
        Self { name, unit, formula, on_paper: f64::NAN, simulated: f64::NAN }
    }

    /// Sets the formula, in the symbols of the assumptions, and its value.
    pub fn on_paper(self, formula: impl Into<String>, value: f64) -> Self {
        Self { formula: formula.into(), on_paper: value, ..self }
    }

    pub fn simulated(self, value: f64) -> Self {
        Self { simulated: value, ..self }
    }

    /// By how many percent the simulation differs, if there are both values.
    fn difference(&self) -> Option<f64> {
        let difference = (self.simulated - self.on_paper).abs();
        let relative = difference / self.on_paper.max(self.simulated) * 100.0;
        (!difference.is_nan()).then_some(if difference == 0.0 { 0.0 } else { relative })
    }

    /// Prints the row, and writes it. `group` is the server or resource that is loaded.
    pub fn report(&self, group: &str, tsv: &mut Tsv) {
        let Self { name, unit, formula, on_paper, simulated } = self;
        let row = format!("{group}: {name}");
        tsv.write(&row, "unit", unit, None);
        tsv.write(&row, "formula", formula, None);
        tsv.write(&row, "on paper", on_paper, None);
        tsv.write(&row, "simulated", simulated, None);
        print!("{name:66}{:>14}{:>14} {unit}", short(*on_paper), short(*simulated));
        match self.difference() {
            Some(difference) => {
                let met = if difference <= TOLERANCE { "met" } else { "MISSED" };
                println!("; differs by {difference:.1} %, at most {TOLERANCE}: {met}");
                let value = format_args!("{difference:.2}");
                tsv.write(&row, "difference, %", value, Some(TOLERANCE));
            }
            None => println!(),
        }
    }
}

/// A number with three digits.
fn short(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "–".to_owned(),
        1000.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
