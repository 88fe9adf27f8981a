//! Not an example, and without a test: cargo builds a package's binaries when it builds a test of the package.

fn main() {}
