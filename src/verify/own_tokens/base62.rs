//! Base 62 (`0-9A-Za-z`), which a double click selects as a whole and which needs no escaping.

use zeroize::Zeroize;

use crate::digest::fill_random;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends `count` uniformly distributed digits. Returns `None` if the random number generator
/// fails.
pub(super) fn push_random(text: &mut String, count: usize) -> Option<()> {
    let mut random = [0; 64];
    let mut missing = count;
    while missing > 0 {
        fill_random(&mut random)?;
        // Six bits have 64 values. The last two are skipped, because mapping them to digits would make two
        // digits more likely than the rest.
        let digits = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 0x3f)));
        for &digit in digits.take(missing) {
            text.push(char::from(digit));
            missing = missing.saturating_sub(1);
        }
    }
    random.zeroize();
    Some(())
}

/// Returns a number as six digits, the most significant first, padded with zeros. Any `u32` fits.
pub(super) fn six_digits(number: u32) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    let mut rest = number;
    for place in digits.iter_mut().rev() {
        if let Some(&digit) = ALPHABET.get((rest % 62) as usize) {
            *place = digit;
        }
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_padded_to_six_digits() {
        for (number, digits) in [
            (0, "000000"),
            (9, "000009"),
            (10, "00000A"),
            (61, "00000z"),
            (62, "000010"),
            (u32::MAX, "4gfFC3"),
        ] {
            assert_eq!(six_digits(number), digits.as_bytes(), "{number}");
        }
    }

    #[test]
    fn random_digits_have_the_requested_length_and_are_uniform() {
        let mut text = String::new();
        push_random(&mut text, 10_000).unwrap();
        assert_eq!(text.len(), 10_000);
        for &digit in ALPHABET {
            let times = text.bytes().filter(|&byte| byte == digit).count();
            // 161 on average. A uniform source leaves this range less than once in 10^15 tests.
            assert!((60..=290).contains(&times), "{} {times} times", char::from(digit));
        }
    }
}
