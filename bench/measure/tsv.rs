//! Figures for scripts: one in each line, as bench, row, figure, value and bar. Those with a bar are summed up for people.

use std::{
    fmt::Display,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    thread,
};

/// A file of figures, or none. At the end of a bench, when this is dropped, it prints which targets were missed.
pub struct Tsv {
    bench: &'static str,
    file: Option<BufWriter<File>>,
    met: usize,
    missed: Vec<String>,
}

impl Tsv {
    /// Begins the file with the machine that the figures are of.
    pub fn create(bench: &'static str, path: Option<&Path>) -> Self {
        let open = |path: &Path| {
            let file = File::create(path);
            BufWriter::new(file.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        };
        let mut tsv = Self { bench, file: path.map(open), met: 0, missed: Vec::new() };
        tsv.write("machine", "processor", super::machine::processor(), None);
        tsv.write("machine", "threads", super::machine::threads(), None);
        tsv
    }

    /// Writes a figure. One with a bar is a target: the bar is the highest value that meets it, or the lowest one for
    /// how much a row scales.
    pub fn write(&mut self, row: &str, figure: &str, value: impl Display, bar: Option<f64>) {
        let value = value.to_string();
        if let Some(bar) = bar {
            self.compare(row, figure, &value, bar);
        }
        let Some(file) = &mut self.file else { return };
        let bar = bar.map_or(String::new(), |bar| bar.to_string());
        writeln!(file, "{}\t{row}\t{figure}\t{value}\t{bar}", self.bench)
            .expect("room on the disk");
    }

    fn compare(&mut self, row: &str, figure: &str, value: &str, bar: f64) {
        let number: f64 = value.parse().expect("a figure with a bar is a number");
        let (is_met, at) = if figure.starts_with("two threads, %") {
            (number >= bar, "at least")
        } else {
            (number <= bar, "at most")
        };
        if is_met {
            self.met += 1;
        } else {
            self.missed.push(format!("{row}: {figure}: {value}, {at} {bar}"));
        }
    }
}

impl Drop for Tsv {
    fn drop(&mut self) {
        let targets = self.met + self.missed.len();
        if targets > 0 && !thread::panicking() {
            println!("\n{}: {} of {targets} targets met", self.bench, self.met);
            self.missed.iter().for_each(|missed| println!("MISSED {missed}"));
        }
    }
}
