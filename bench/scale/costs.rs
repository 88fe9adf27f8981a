//! What other benches have measured.

use std::{collections::HashMap, fs, path::Path};

/// The results in docs/performance/*.tsv.
#[derive(Debug)]
pub struct Costs(HashMap<(String, String), f64>);

impl Costs {
    /// Reads the results of the benches `requests`, `growth` and `redis`.
    pub fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance");
        let mut values = HashMap::new();
        for bench in ["requests", "growth", "redis"] {
            let path = folder.join(format!("{bench}.tsv"));
            let text = fs::read_to_string(&path);
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for line in text.lines() {
                let mut fields = line.split('\t').skip(1);
                let (row, figure, value) = (fields.next(), fields.next(), fields.next());
                if let (Some(row), Some(figure), Some(Ok(value))) =
                    (row, figure, value.map(str::parse))
                {
                    values.insert((row.to_owned(), figure.to_owned()), value);
                }
            }
        }
        Self(values)
    }

    /// Returns the processor time of a request beyond that of the router, in seconds.
    pub fn of_request(&self, row: &str) -> f64 {
        (self.get(row, "median ns") - self.get("router alone", "median ns")) / 1e9
    }

    /// Returns the time that Redis takes for something, in seconds.
    pub fn of_redis(&self, row: &str) -> f64 {
        self.get(row, "CPU µs") / 1e6
    }

    pub fn get(&self, row: &str, figure: &str) -> f64 {
        let value = self.0.get(&(row.to_owned(), figure.to_owned()));
        *value.unwrap_or_else(|| panic!("no result for `{figure}` of `{row}`: run its bench"))
    }
}
