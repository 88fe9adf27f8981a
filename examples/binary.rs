//! Not an example, but an empty integration test of the packages next to it: cargo builds the binaries of a package when
//! it builds an integration test of it.

fn main() {}
