//! Not an example: an empty integration test of the packages beside it. When cargo builds an integration test of a
//! package, it also builds the package's binaries.

fn main() {}
