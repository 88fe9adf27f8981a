//! `docs/operations.md`, the alerts and the dashboard against the code: names and values are covered by semver.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first cells of the table below a heading, without backquotes.
fn table(page: &str, heading: &str) -> Vec<String> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cell = |row: &str| row.split(" | ").next().unwrap().trim_start_matches("| ").to_owned();
    rows.map(|row| cell(row).trim_matches('`').trim().to_owned()).collect()
}

/// The string literals of a file before its tests, with continued lines joined.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("\n#[cfg(test)]\nmod tests").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.collect::<Vec<_>>().join("\n");
    let mut literals = Vec::new();
    let mut characters = code.chars().peekable();
    while let Some(one) = characters.next() {
        if one != '"' {
            continue;
        }
        let mut literal = String::new();
        while let Some(one) = characters.next() {
            match one {
                '"' => break,
                '\\' => match characters.next() {
                    Some('\n') => while characters.next_if(|it| it.is_whitespace()).is_some() {},
                    Some(escaped) => literal.push(escaped),
                    None => {}
                },
                one => literal.push(one),
            }
        }
        literals.push(literal);
    }
    literals
}

/// The code between two texts.
fn between<'a>(source: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    source.split(start).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
}

fn set(names: impl IntoIterator<Item = impl Into<String>>) -> BTreeSet<String> {
    names.into_iter().map(Into::into).collect()
}

fn sources(folder: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            sources.push(fs::read_to_string(path).unwrap());
        }
    }
    sources
}

#[test]
fn every_reason_has_a_row() {
    let files = ["src/error/kind.rs", "src/error/dpop_fault.rs"];
    let mut reasons = BTreeSet::new();
    for file in files {
        for body in between(&read(file), "fn reason(self) -> &'static str {", "\n    }\n") {
            reasons.extend(literals(body));
        }
    }
    assert!(reasons.len() > 30, "{reasons:?}");
    assert_eq!(set(table(&read("docs/operations.md"), "Reasons")), reasons);
}

#[test]
fn every_rule_has_a_row() {
    let mut rules = BTreeSet::new();
    let kind = read("src/error/kind.rs");
    for body in between(&kind, "fn rule(self) -> &'static str {", "\n    }\n") {
        rules.extend(literals(body));
    }
    for source in sources(&root().join("src")) {
        let code = source.split("\n#[cfg(test)]\nmod tests").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code: String = lines.map(str::trim).collect();
        for constructor in ["passed", "failed", "rejected", "unknown"] {
            for rest in code.split(&format!("Finding::{constructor}(")).skip(1) {
                let argument = rest.strip_prefix('"').and_then(|it| it.split('"').next());
                rules.extend(argument.map(str::to_owned));
            }
        }
        for body in between(&code, "for (rule, start) in [", "]") {
            rules.extend(literals(body));
        }
    }
    assert_eq!(set(table(&read("docs/operations.md"), "Rules")), rules);
}

#[test]
fn every_event_has_a_row() {
    let page = read("docs/operations.md");
    let log = read("src/telemetry/log.rs");
    let texts = literals(&log).into_iter().filter(|it| it.contains(' ') || it.starts_with('{'));
    let texts = set(texts.map(|text| {
        text.replace("{error}", "").replace("{message}", "").trim_end_matches([' ', ':']).to_owned()
    }));
    let texts: BTreeSet<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    // The first rows are those of rejections, whose text is that of the error.
    let rows: BTreeSet<_> = table(&page, "Events").into_iter().skip(3).collect();
    assert_eq!(rows, texts);
    let error = read("src/error/error.rs");
    for row in table(&page, "Events").into_iter().take(3) {
        let text = row.split(['`', ':']).next().unwrap().trim().to_owned();
        assert!(error.contains(&text), "{text}");
    }
}

#[test]
fn every_metric_has_a_row_in_both_documents() {
    let page = read("docs/operations.md");
    let code = read("src/telemetry/metrics.rs");
    let metrics = set(literals(&code).into_iter().filter(|it| it.starts_with("portcullis_")));
    assert!(metrics.len() >= 7, "{metrics:?}");
    assert_eq!(set(table(&page, "Metrics")), metrics);
    let documentation = read("src/lib.rs");
    for metric in &metrics {
        assert!(documentation.contains(&format!("//! | `{metric}` |")), "{metric}");
    }
}

#[test]
fn alerts_and_dashboard_use_metrics_and_reasons_that_exist() {
    let page = read("docs/operations.md");
    let (metrics, reasons) = (set(table(&page, "Metrics")), set(table(&page, "Reasons")));
    let alerts = read("docs/operations/alerts.yml");
    let dashboard = read("docs/operations/dashboard.json");
    let json: Value = serde_json::from_str(&dashboard).unwrap();
    assert_eq!(json["panels"].as_array().unwrap().len(), 13);
    let mut named = BTreeSet::new();
    for text in [&alerts, &dashboard] {
        for rest in text.split("portcullis_").skip(1) {
            let end = rest.find(|it: char| !it.is_ascii_lowercase() && it != '_').unwrap();
            let name = format!("portcullis_{}", &rest[..end]);
            let base = name.strip_suffix("_sum").or(name.strip_suffix("_count")).unwrap_or(&name);
            assert!(metrics.contains(base), "{name}");
            named.insert(base.to_owned());
        }
        for outcome in text.replace("\\\"", "\"").split("outcome=\"").skip(1) {
            let outcome = outcome.split('"').next().unwrap();
            let is_fetch = ["success", "failure"].contains(&outcome);
            assert!(is_fetch || reasons.contains(outcome), "{outcome}");
        }
    }
    assert_eq!(named, metrics, "the dashboard shows every metric");
    let rows = set(page.split("| `Portcullis").skip(1).map(|it| it.split('`').next().unwrap()));
    let names = set(alerts.split("alert: Portcullis").skip(1).map(|it| it.lines().next().unwrap()));
    assert_eq!(rows, names);
}

#[test]
fn the_page_shows_the_recipe_that_is_tested() {
    let test = read("tests/it/telemetry/access_log.rs");
    let recipe = test.split("// recipe\n").nth(1).unwrap();
    assert!(read("docs/operations.md").contains(&format!("```rust\n{recipe}```\n")));
}
