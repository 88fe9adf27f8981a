//! The guides in `docs/` show code that is tested here, in a file for each page.

mod basic;
mod multiple_issuers;
mod opaque_tokens;
mod own_tokens;
mod scopes_and_roles;
mod testing_your_service;

/// Fails unless each block of Rust on a page is a sequence of lines of the test that belongs to it.
fn assert_tested(page: &str, test: &str) {
    let trim = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let test = trim(test);
    let blocks: Vec<_> = page.split("```rust\n").skip(1).collect();
    assert!(!blocks.is_empty(), "no code");
    for block in blocks {
        let block = trim(block.split("```").next().unwrap());
        let is_tested = test.windows(block.len()).any(|lines| lines == block);
        assert!(is_tested, "not tested: {block:#?}");
    }
}
