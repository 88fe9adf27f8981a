//! Figures for scripts: one in each line, as bench, row, figure, value and bar.

use std::{
    fmt::Display,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

/// A file of figures, or none.
pub struct Tsv {
    bench: &'static str,
    file: Option<BufWriter<File>>,
}

impl Tsv {
    /// Begins the file with the machine that the figures are of.
    pub fn create(bench: &'static str, path: Option<&Path>) -> Self {
        let open = |path: &Path| {
            let file = File::create(path);
            BufWriter::new(file.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        };
        let mut tsv = Self { bench, file: path.map(open) };
        tsv.write("machine", "processor", super::machine::processor(), None);
        tsv.write("machine", "threads", super::machine::threads(), None);
        tsv
    }

    pub fn write(&mut self, row: &str, figure: &str, value: impl Display, bar: Option<f64>) {
        let Some(file) = &mut self.file else { return };
        let bar = bar.map_or(String::new(), |bar| bar.to_string());
        writeln!(file, "{}\t{row}\t{figure}\t{value}\t{bar}", self.bench)
            .expect("room on the disk");
    }
}
