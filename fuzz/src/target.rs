//! What makes a target of a function: a binary of libFuzzer, and a function that takes one file of a corpus.

use arbitrary::{Arbitrary, Unstructured};

/// Defines a target: `target!(|input: Input| run(&input))`, where `run` panics if the crate is wrong. It may return an
/// `Option`, which is `None` for an input that isn't worth keeping.
///
/// Without `cfg(fuzzing)`, which cargo-fuzz sets, this defines `replay`, which takes the bytes of one input.
#[macro_export]
macro_rules! target {
    (|$input:ident: $type:ty| $body:expr) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|$input: $type| -> $crate::libfuzzer_sys::Corpus {
            // A closure, because the body may return.
            #[allow(clippy::redundant_closure_call)]
            match $crate::Outcome::useful((move || $body)()) {
                true => $crate::libfuzzer_sys::Corpus::Keep,
                false => $crate::libfuzzer_sys::Corpus::Reject,
            }
        });

        #[cfg(not(fuzzing))]
        pub fn replay(bytes: &[u8]) {
            $crate::replay(bytes, |$input: $type| {
                $crate::Outcome::useful($body);
            });
        }

        /// Replays the files that are named, such as an artifact of cargo-fuzz.
        #[cfg(not(fuzzing))]
        #[allow(dead_code)]
        fn main() {
            for file in std::env::args_os().skip(1) {
                replay(&std::fs::read(file).expect("a file"));
            }
        }
    };
}

/// What a target returns.
pub trait Outcome {
    /// Returns whether the input is worth keeping in a corpus.
    fn useful(self) -> bool;
}

impl Outcome for () {
    fn useful(self) -> bool {
        true
    }
}

impl Outcome for Option<()> {
    fn useful(self) -> bool {
        self.is_some()
    }
}

/// Calls `run` with the input that these bytes encode, if they encode one, as libfuzzer-sys does.
pub fn replay<'a, T: Arbitrary<'a>>(bytes: &'a [u8], run: impl FnOnce(T)) {
    if bytes.len() < T::size_hint(0).0 {
        return;
    }
    if let Ok(input) = T::arbitrary_take_rest(Unstructured::new(bytes)) {
        run(input);
    }
}
