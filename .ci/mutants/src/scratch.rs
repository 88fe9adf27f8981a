use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::mutant::Mutant;
use crate::schemata::Schemata;
use crate::site::{Obstacle, Sites, short};

/// A copy of the repository that contains all mutants.
#[derive(Debug)]
pub struct Scratch {
    pub root: PathBuf,
    files: BTreeMap<String, Source>,
}

#[derive(Debug)]
struct Source {
    text: String,
    sites: Sites,
    schemata: Schemata,
}

impl Scratch {
    /// Copies the files that git tracks from `repository` to `root`, and adds the switch.
    pub fn copy(repository: &Path, root: PathBuf, mutants: &[Mutant]) -> Result<Self> {
        let listed =
            Command::new("git").args(["ls-files", "-z"]).current_dir(repository).output()?;
        for path in String::from_utf8(listed.stdout)?.split_terminator('\0') {
            let from = repository.join(path);
            if from.is_file() {
                let to = root.join(path);
                fs::create_dir_all(to.parent().unwrap_or(&root))?;
                write(&to, &fs::read(from)?)?;
            }
        }
        let count = format!("const COUNT: usize = {};", mutants.len());
        let switch = include_str!("../switch.rs").replacen(
            "const COUNT: usize = 0; // The runner replaces this number.",
            &count,
            1,
        );
        write(&root.join("src/mutant.rs"), switch.as_bytes())?;
        let main = format!("{}\nmod mutant;\n", fs::read_to_string(repository.join("src/lib.rs"))?);
        write(&root.join("src/lib.rs"), main.as_bytes())?;

        let mut by_file = BTreeMap::<&str, Vec<_>>::new();
        for (number, mutant) in mutants.iter().enumerate() {
            by_file.entry(&mutant.file).or_default().push((number, mutant));
        }
        let mut files = BTreeMap::new();
        for (file, of_file) in by_file {
            let text = fs::read_to_string(repository.join(file))?;
            let sites = Sites::find(&text, &of_file).map_err(|error| format!("{file}: {error}"))?;
            let schemata = Schemata::new(&text, &sites, mutants, &BTreeSet::new());
            files.insert(file.to_owned(), Source { text, sites, schemata });
        }
        Ok(Self { root, files })
    }

    /// Returns the mutants that can't be switched.
    pub fn obstacles(&self) -> BTreeMap<usize, Obstacle> {
        self.files.values().flat_map(|source| source.sites.obstacles.clone()).collect()
    }

    /// Returns the mutants in constant functions of this name.
    pub fn in_const_functions(&self, name: &str) -> impl Iterator<Item = usize> {
        let functions = self.files.values().flat_map(|source| &source.sites.functions);
        functions
            .filter(move |function| function.name == name || function.name == short(name))
            .flat_map(|function| function.mutants.clone())
    }

    /// Writes the files with all mutants except those in `left_out`.
    pub fn write(&mut self, mutants: &[Mutant], left_out: &BTreeSet<usize>) -> Result<()> {
        for (file, source) in &mut self.files {
            source.schemata = Schemata::new(&source.text, &source.sites, mutants, left_out);
            write(&self.root.join(file), source.schemata.text.as_bytes())?;
        }
        Ok(())
    }

    /// Returns the schemata of a file, by its path in the copy.
    pub fn schemata(&self, file: &str) -> Option<&Schemata> {
        self.files.get(file).map(|source| &source.schemata)
    }
}

/// Writes a file if it has changed, so that cargo doesn't build it again.
fn write(path: &Path, text: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}
