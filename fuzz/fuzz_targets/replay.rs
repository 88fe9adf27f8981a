//! Runs every target on every file of its corpus, as an ordinary program: without libFuzzer and its instrumentation,
//! whose build takes longer than the rest of a CI run.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[allow(clippy::duplicate_mod)] mod $name;)*

        const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::replay)),*];
    };
}

targets! {
    cache_control certificates claims configuration credentials dpop events grpc introspection json keys layer metadata
    policies rejections
}

fn main() -> ExitCode {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut faults = 0;
    for folder in entries(&corpora).expect("the corpora") {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if !TARGETS.iter().any(|(target, _)| *target == name) {
            eprintln!("{name}: a corpus of no target");
            faults += 1;
        }
    }
    for (name, replay) in TARGETS {
        let started = Instant::now();
        let files = entries(&corpora.join(name)).unwrap_or_default();
        if files.is_empty() {
            eprintln!("{name}: no corpus");
            faults += 1;
        }
        for file in &files {
            let bytes = fs::read(file).expect("a file of a corpus");
            if catch_unwind(AssertUnwindSafe(|| replay(&bytes))).is_err() {
                eprintln!("{name}: failed on {}", file.display());
                faults += 1;
            }
        }
        println!("{name}: {} inputs in {:.1} s", files.len(), started.elapsed().as_secs_f64());
    }
    if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}
