//! `docs/issuers.md` shows the configurations that are tested here.

const PAGE: &str = include_str!("../../../../docs/issuers.md");

const SOURCES: [&str; 17] = [
    include_str!("adfs.rs"),
    include_str!("auth0.rs"),
    include_str!("azure_b2c.rs"),
    include_str!("cloudflare_access.rs"),
    include_str!("cognito.rs"),
    include_str!("entra_id.rs"),
    include_str!("firebase.rs"),
    include_str!("github_actions.rs"),
    include_str!("gitlab.rs"),
    include_str!("google.rs"),
    include_str!("google_iap.rs"),
    include_str!("keycloak.rs"),
    include_str!("kubernetes.rs"),
    include_str!("okta.rs"),
    include_str!("spiffe.rs"),
    include_str!("zitadel.rs"),
    include_str!("../ml_dsa.rs"),
];

/// The trimmed lines of a text.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn each_configuration_in_the_documentation_is_tested() {
    let blocks: Vec<_> = PAGE.split("```rust\n").skip(1).collect();
    assert!(blocks.len() >= SOURCES.len(), "{} configurations", blocks.len());
    for block in blocks {
        let block = lines(block.split("```").next().unwrap());
        let is_in = |source: &&str| lines(source).windows(block.len()).any(|part| part == block);
        assert!(SOURCES.iter().any(|source| is_in(&source)), "not tested: {block:#?}");
    }
}
