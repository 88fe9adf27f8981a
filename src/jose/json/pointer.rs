use super::Value;

/// Follows a JSON pointer ([RFC 6901]), such as `/realm_access/roles`, to a value inside `value`.
///
/// Returns `None` if there is no such value, or the pointer is invalid.
///
/// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
pub(crate) fn pointer<'a>(value: Value<'a>, pointer: &str) -> Option<Value<'a>> {
    if pointer.is_empty() {
        return Some(value);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(value, step)
}

fn step<'a>(value: Value<'a>, token: &str) -> Option<Value<'a>> {
    match value {
        Value::Array(array) => array.iter().nth(index(token)?),
        Value::Object(object) => object.find(&unescape(token)?),
        _ => None,
    }
}

/// Parses an array index, which consists of digits without leading zeros.
fn index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|byte| byte.is_ascii_digit());
    let padded = token.len() > 1 && token.starts_with('0');
    if digits && !padded { token.parse().ok() } else { None }
}

/// Unescapes a member name: `~1` represents `/`, and `~0` represents `~`.
fn unescape(token: &str) -> Option<String> {
    let mut tildes = token.split('~').skip(1);
    if !tildes.all(|after| after.starts_with(['0', '1'])) {
        return None;
    }
    // The order matters: `~01` is `~1`, not `/`.
    Some(token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    /// The number that a pointer into `text` refers to.
    fn number(text: &str, at: &str) -> Option<u64> {
        let object = object(text, |_, _| ()).ok().unwrap();
        match pointer(Value::Object(object), at) {
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        }
    }

    #[test]
    fn the_examples_of_the_rfc_refer_to_the_expected_values() {
        let text = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,
            "g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        let cases = [
            ("/", 0),
            ("/a~1b", 1),
            ("/c%d", 2),
            ("/e^f", 3),
            ("/g|h", 4),
            (r"/i\j", 5),
            ("/k\"l", 6),
            ("/ ", 7),
            ("/m~0n", 8),
        ];
        for (pointer, expected) in cases {
            assert_eq!(number(text, pointer), Some(expected), "{pointer}");
        }
        let object = object(text, |_, _| ()).ok().map(Value::Object).unwrap();
        assert!(matches!(pointer(object, ""), Some(Value::Object(_))));
        assert!(matches!(pointer(object, "/foo"), Some(Value::Array(_))));
        assert!(matches!(pointer(object, "/foo/0"), Some(Value::String(text)) if text.is("bar")));
    }

    #[test]
    fn a_pointer_traverses_arrays_and_objects() {
        let text =
            r#"{"r":{"roles":[1,{"x":2},[3,4]],"0":5},"~1":6,"/":7,"~":8,"\u0061":9,"":{"":10}}"#;
        let cases = [
            ("/r/roles/0", Some(1)),
            ("/r/roles/1/x", Some(2)),
            ("/r/roles/2/1", Some(4)),
            ("/r/0", Some(5)),
            ("/~01", Some(6)),
            ("/~1", Some(7)),
            ("/~0", Some(8)),
            ("/a", Some(9)),
            ("//", Some(10)),
            ("/r/roles/3", None),
            ("/r/roles/00", None),
            ("/r/roles/01", None),
            ("/r/roles/+0", None),
            ("/r/roles/-", None),
            ("/r/roles/", None),
            ("/r/roles/99999999999999999999", None),
            ("/r/roles/0/0", None),
            ("/r/roles/0/", None),
            ("/R", None),
            ("r", None),
            ("r/0", None),
            ("/~", None),
            ("/~2", None),
            ("/~~0", None),
        ];
        for (pointer, expected) in cases {
            assert_eq!(number(text, pointer), expected, "{pointer}");
        }
    }
}
