//! Generates `../src/orders.rs`. With `--check`, it only compares the file.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no parent")?;
    let proto = example.join("proto");
    let descriptors = protox::compile([proto.join("orders.proto")], [&proto])?;

    let directory = env::temp_dir().join(format!("orders-codegen-{}", std::process::id()));
    fs::create_dir(&directory)?;
    let generated = tonic_prost_build::configure()
        .out_dir(&directory)
        .compile_fds(descriptors)
        .and_then(|()| fs::read_to_string(directory.join("orders.rs")));
    fs::remove_dir_all(&directory)?;
    let generated = generated?;

    let checked_in = example.join("src/orders.rs");
    if env::args().any(|argument| argument == "--check") {
        if fs::read_to_string(&checked_in)? != generated {
            return Err(format!("{} is not what the proto says", checked_in.display()).into());
        }
        println!("{} is current", checked_in.display());
    } else {
        fs::write(&checked_in, generated)?;
    }
    Ok(())
}
