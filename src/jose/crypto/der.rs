//! The subset of DER (ITU-T X.690) that is needed for keys.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// Reads one value with this tag. Returns its contents and the rest. The length must be in the only form that
/// DER allows.
pub(super) fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = match *der {
        [first, len @ 0..=0x7f, ref rest @ ..] if first == tag => (u16::from(len), rest),
        [first, 0x81, len @ 0x80..=0xff, ref rest @ ..] if first == tag => (u16::from(len), rest),
        [first, 0x82, high @ 1..=0xff, low, ref rest @ ..] if first == tag => {
            (u16::from_be_bytes([high, low]), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(usize::from(len))
}

/// Reads a non-negative integer. Returns its big-endian bytes, which begin with a zero byte if the next bit is
/// one.
pub(super) fn integer(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (bytes, rest) = value(INTEGER, der)?;
    match bytes {
        // Negative, or longer than necessary.
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => None,
        _ => Some((bytes, rest)),
    }
}

/// Reads an object identifier, and nothing after it.
pub(super) fn object_identifier(der: &[u8]) -> Option<&[u8]> {
    match value(OBJECT_IDENTIFIER, der)? {
        (identifier, []) => Some(identifier),
        _ => None,
    }
}

/// Reads a bit string of whole bytes, and nothing after it.
pub(super) fn bit_string(der: &[u8]) -> Option<&[u8]> {
    match value(BIT_STRING, der)? {
        ([0, bytes @ ..], []) => Some(bytes),
        _ => None,
    }
}

/// Writes one value. Returns `None` if it is longer than [`value`] reads.
pub(super) fn write(tag: u8, contents: &[u8]) -> Option<Vec<u8>> {
    let header = match u16::try_from(contents.len()).ok()?.to_be_bytes() {
        [0, len @ ..=0x7f] => vec![tag, len],
        [0, len] => vec![tag, 0x81, len],
        [high, low] => vec![tag, 0x82, high, low],
    };
    Some([&header, contents].concat())
}

/// Writes a non-negative integer, given as big-endian bytes.
pub(super) fn write_integer(number: &[u8]) -> Option<Vec<u8>> {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    match number.get(zeros..)? {
        [] => write(INTEGER, &[0]),
        number @ [0..=0x7f, ..] => write(INTEGER, number),
        number => write(INTEGER, &[&[0], number].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_written_is_read_again() {
        for len in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let contents = vec![7; len];
            let der = [write(OCTET_STRING, &contents).unwrap(), vec![9]].concat();
            assert_eq!(value(OCTET_STRING, &der), Some((&*contents, &[9][..])), "{len}");
            assert_eq!(value(SEQUENCE, &der), None);
        }
        assert_eq!(write(OCTET_STRING, &vec![7; 0x1_0000]), None);
    }

    #[test]
    fn integers_are_written_in_their_shortest_form() {
        for (number, der) in [
            (&[][..], &[2, 1, 0][..]),
            (&[0], &[2, 1, 0]),
            (&[0, 0, 5], &[2, 1, 5]),
            (&[0x7f], &[2, 1, 0x7f]),
            (&[0x80], &[2, 2, 0, 0x80]),
            (&[1, 0, 1], &[2, 3, 1, 0, 1]),
        ] {
            assert_eq!(write_integer(number).unwrap(), der);
            assert!(integer(der).is_some());
        }
        for der in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 0x7f], &[2, 2, 1], &[3, 1, 1]] {
            assert_eq!(integer(der), None);
        }
    }
}
