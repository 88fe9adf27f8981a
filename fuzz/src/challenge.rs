//! A parser of `WWW-Authenticate` that follows the grammar of RFC 9110 §11.6.1.

/// A scheme and its parameters, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    pub scheme: String,
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Parses the only challenge of a field line.
    pub fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let end = line.iter().position(|byte| !is_tchar(*byte)).unwrap_or(line.len());
        let (scheme, mut rest) = line.split_at(end);
        if scheme.is_empty() {
            return Err("no scheme");
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        if !rest.is_empty() {
            rest = rest.strip_prefix(b" ").ok_or("no space after the scheme")?;
            loop {
                let end = rest.iter().position(|byte| !is_tchar(*byte)).ok_or("no `=`")?;
                let name = String::from_utf8(rest[..end].to_vec()).map_err(|_| "name")?;
                if name.is_empty() || parameters.iter().any(|(other, _)| *other == name) {
                    return Err("a parameter without a name, or twice");
                }
                rest = rest[end..].strip_prefix(b"=\"").ok_or("no quoted string")?;
                let (value, after) = quoted(rest)?;
                parameters.push((name, value));
                rest = after;
                if rest.is_empty() {
                    break;
                }
                rest = rest.strip_prefix(b", ").ok_or("no comma")?;
            }
        }
        let scheme = String::from_utf8(scheme.to_vec()).map_err(|_| "scheme")?;
        Ok(Self { scheme, parameters })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }
}

/// Returns the text before the closing quote, without its escapes, and the rest.
fn quoted(mut text: &[u8]) -> Result<(String, &[u8]), &'static str> {
    let mut value = Vec::new();
    loop {
        match *text {
            [b'"', ref after @ ..] => {
                let value = String::from_utf8(value).map_err(|_| "not UTF-8")?;
                return Ok((value, after));
            }
            [b'\\', byte @ (b'\t' | b' '..=b'~' | 0x80..), ref after @ ..]
            | [byte @ (b'\t' | b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e | 0x80..), ref after @ ..] =>
            {
                value.push(byte);
                text = after;
            }
            _ => return Err("a quoted string that never ends, or an invalid byte in it"),
        }
    }
}

const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
