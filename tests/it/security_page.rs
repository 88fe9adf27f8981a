//! `SECURITY.md` names tests, which have to exist.

use std::{fs, path::Path};

const PAGE: &str = include_str!("../../SECURITY.md");
/// Where tests are, from the folder of this package.
const ROOTS: [&str; 3] = ["it", ".", "../src"];

/// The code spans that are paths of tests, such as `jwt::claims::iss_must_be_a_string`.
fn named_tests(page: &str) -> Vec<&str> {
    let is_name = |text: &str| {
        text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b':'))
    };
    let spans = page.split('`').skip(1).step_by(2);
    spans.filter(|span| span.contains("::") && is_name(span)).collect()
}

/// Whether there is a test of this path.
fn exists(test: &str) -> bool {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (modules, name) = test.rsplit_once("::").unwrap();
    let modules: Vec<_> = modules.split("::").collect();
    // The last modules may be inside a file.
    let files = (1..=modules.len()).flat_map(|len| {
        let path = modules[..len].join("/");
        [format!("{path}.rs"), format!("{path}/mod.rs")].map(|file| (file, &modules[len..]))
    });
    files.flat_map(|file| ROOTS.map(|root| (root, file.clone()))).any(|(root, (file, inner))| {
        fs::read_to_string(package.join(root).join(file)).is_ok_and(|source| {
            let has_module = |module: &&str| source.contains(&format!("mod {module} {{"));
            inner.iter().all(has_module) && has_test(&source, name)
        })
    })
}

/// Whether there is a function of this name that is a test.
fn has_test(source: &str, name: &str) -> bool {
    let function = format!("fn {name}(");
    let mut is_test = false;
    source.lines().map(str::trim).any(|line| {
        let is_attribute = line.starts_with("#[");
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let is_found = is_test && line.contains(&function);
        is_test &= is_attribute;
        is_found
    })
}

#[test]
fn each_test_that_the_page_names_exists() {
    let tests = named_tests(PAGE);
    assert!(tests.len() > 90, "{} tests", tests.len());
    let missing: Vec<_> = tests.into_iter().filter(|test| !exists(test)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn what_is_no_test_is_noticed() {
    assert!(exists("security_page::what_is_no_test_is_noticed"));
    assert!(exists(
        "verify::basic::password_checks::tests::one_processor_is_left_for_other_requests"
    ));
    for other in [
        "security_page::exists",
        "security_page::what_is_no_test",
        "security_page::tests::what_is_no_test_is_noticed",
        "unknown::what_is_no_test_is_noticed",
    ] {
        assert!(!exists(other), "{other}");
    }
    assert_eq!(named_tests("`a::b`, `Policies::builder()`, c::d and `e`"), ["a::b"]);
}
