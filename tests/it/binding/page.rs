//! `docs/bound-tokens.md` shows code that is tested here.

const PAGE: &str = include_str!("../../../docs/bound-tokens.md");

const SOURCES: [&str; 5] = [
    include_str!("configurations.rs"),
    include_str!("connections.rs"),
    include_str!("tls_server.rs"),
    include_str!("../support/certificates.rs"),
    include_str!("../../tonic/certificates.rs"),
];

/// The trimmed lines of a text.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_code_in_the_documentation_is_tested() {
    let blocks: Vec<_> = PAGE.split("```rust\n").skip(1).collect();
    assert!(blocks.len() > 10, "{} blocks", blocks.len());
    for block in blocks {
        let block = lines(block.split("```").next().unwrap());
        let is_in = |source: &&str| lines(source).windows(block.len()).any(|part| part == block);
        assert!(SOURCES.iter().any(|source| is_in(&source)), "not tested: {block:#?}");
    }
}

#[test]
fn the_configurations_of_proxies_are_tested() {
    for (language, source) in [
        ("nginx", include_str!("../../interop/mtls/nginx.conf")),
        ("yaml", include_str!("../../interop/mtls/envoy.yaml")),
    ] {
        let source = lines(source);
        let blocks: Vec<_> = PAGE.split(&format!("```{language}\n")).skip(1).collect();
        assert!(!blocks.is_empty(), "no {language}");
        for block in blocks {
            for line in lines(block.split("```").next().unwrap()) {
                // The directives that matter. Paths and ports differ.
                let matters = ["ssl_verify_client", "proxy_set_header", "forward_client_cert"];
                if matters.iter().any(|name| line.starts_with(name)) {
                    assert!(source.contains(&line), "not tested: {line}");
                }
            }
        }
    }
}
