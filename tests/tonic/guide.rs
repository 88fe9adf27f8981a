//! `docs/grpc.md` shows the example, and the codes and reasons of `ErrorKind`.

use portcullis::{
    ErrorKind,
    error::{RequestFault, TokenFault},
};

const PAGE: &str = include_str!("../../docs/grpc.md");

#[test]
fn the_guide_shows_lines_of_the_example() {
    let compact = |text: &str| text.split_whitespace().collect::<String>();
    let example = [
        include_str!("../../examples/tonic/src/main.rs"),
        include_str!("../../examples/tonic/src/service.rs"),
    ];
    let example = compact(&example.concat());
    let blocks: Vec<_> = PAGE.split("```rust\n").skip(1).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let (block, _) = block.split_once("```").expect("the end of a block");
        assert!(example.contains(&compact(block)), "the example has no lines:\n{block}");
    }
}

#[test]
fn the_table_shows_the_codes_and_reasons() {
    for (rejection, kind) in [
        ("no credentials", ErrorKind::MissingCredentials),
        ("malformed credentials", ErrorKind::InvalidRequest(RequestFault::Malformed)),
        ("an expired token", TokenFault::Expired.into()),
        ("a missing scope", ErrorKind::InsufficientScope),
        ("a role, a claim or a denied method", ErrorKind::AccessDenied),
        ("too many wrong passwords", ErrorKind::TooManyAttempts),
        ("the issuer is unreachable", ErrorKind::Unavailable),
        ("a misconfigured service", ErrorKind::Misconfigured),
    ] {
        let (code, reason) = (kind.grpc_code(), kind.reason().to_uppercase());
        let cells = format!(" {code} | `{reason}` | {} |", kind.status().as_u16());
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| {rejection} |")));
        assert!(row.is_some_and(|row| row.ends_with(&cells)), "{rejection}: {row:?}, not{cells}");
    }
}
