//! base64 without padding (RFC 4648 §4), the encoding of binary metadata.

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let (a, b, c) = match *chunk {
            [a, b, c] => (a, Some(b), Some(c)),
            [a, b] => (a, Some(b), None),
            [a] => (a, None, None),
            _ => continue,
        };
        text.push(symbol(a >> 2));
        text.push(symbol((a << 4) | (b.unwrap_or(0) >> 4)));
        if let Some(b) = b {
            text.push(symbol((b << 2) | (c.unwrap_or(0) >> 6)));
        }
        if let Some(c) = c {
            text.push(symbol(c));
        }
    }
    text
}

/// Encodes with padding, as the text format of grpc-web requires.
#[cfg(feature = "expiry")]
pub(super) fn encode_padded(bytes: &[u8]) -> String {
    let mut text = encode(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Returns the symbol for the lower six bits.
fn symbol(bits: u8) -> char {
    let bits = bits & 0x3f;
    char::from(match bits {
        0..=25 => b'A'.wrapping_add(bits),
        26..=51 => b'a'.wrapping_add(bits.wrapping_sub(26)),
        52..=61 => b'0'.wrapping_add(bits.wrapping_sub(52)),
        62 => b'+',
        _ => b'/',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4648_are_encoded() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
            ("\u{3ff}\u{3fb}~?", "z7_Pu34_"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text.replace('_', "/"), "{bytes}");
        }
        assert_eq!(encode(&[0xfb, 0xef, 0xbe]), "++++");
    }
}
