//! `docs/systems.md`.

use std::fs;

/// The section of one example.
fn section(page: &'static str, example: &str) -> &'static str {
    let heading = format!("\n## `{example}`\n");
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("no section {example}"));
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

/// All sources of an example.
fn source(example: &str) -> String {
    let files = fs::read_dir(format!("../examples/systems/{example}")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn the_page_shows_lines_of_the_examples() {
    let page = include_str!("../../docs/systems.md");
    for example in ["halo_integrations", "halo_cms", "regards", "harmony_cms", "dataloy"] {
        let source = without_space(&source(example));
        let blocks = section(page, example).split("```rust\n").skip(1);
        let blocks: Vec<_> = blocks.map(|rest| rest.split_once("```").unwrap().0).collect();
        assert_ne!(blocks, [""; 0], "{example}");
        for block in blocks {
            assert!(source.contains(&without_space(block)), "{example} has no lines:\n{block}");
        }
    }
}

#[test]
fn each_statement_of_the_documents_names_a_test_that_exists() {
    let page = include_str!("../../docs/systems.md");
    let systems = [
        ("halo_integrations", 11),
        ("halo_cms", 28),
        ("regards", 14),
        ("harmony_cms", 11),
        ("dataloy", 14),
    ];
    for (example, statements) in systems {
        let heading = format!("\n### Statements about `{example}`\n");
        let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("no table {example}"));
        let table = rest.split_once("\n#").map_or(rest, |(table, _)| table);
        let tests = fs::read_to_string(format!("systems/{example}.rs")).unwrap();
        let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert_eq!(rows.len(), statements, "{example}");
        for row in rows {
            let test = row.rsplit('`').nth(1).unwrap_or_else(|| panic!("no test: {row}"));
            assert!(tests.contains(&format!("#[test]\nfn {test}() {{")), "{example} has no {test}");
        }
    }
}
