//! Compares the reader with `serde_json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::{JsonError, Number, Object, Value, object};

proptest! {
    #[test]
    fn an_object_has_the_members_that_were_written(
        members in btree_map(name(), json(), 0..40),
        choices in choices(),
    ) {
        let text = written(&members.clone().into_iter().collect::<Vec<_>>(), choices);
        let mut names = Vec::new();
        let read = object(&text, |name, value| {
            assert!(same(value, &members[&*name.to_cow()]), "{text}");
            assert_eq!(&text[name.range()], name.raw());
            names.push(name.to_cow());
        });
        prop_assert!(read.is_ok_and(|read| same_members(read, &members)), "{}", text);
        prop_assert!(names.iter().eq(members.keys()), "{}", text);
        agrees_with_serde_json(&text);
    }

    #[test]
    fn a_name_is_a_duplicate_only_if_it_was_written_twice(
        members in vec(("[ab\"é\u{1f600}]{0,2}", Just(Json::Null)), 0..12),
        within in 0..3,
        choices in choices(),
    ) {
        let text = written(&members, choices);
        let text = match within {
            0 => text,
            1 => format!(r#"{{"a":{text}}}"#),
            _ => format!(r#"{{"a":[0,{text}]}}"#),
        };
        let names: BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
        let duplicate = names.len() < members.len();
        let expected = if duplicate { Err(JsonError::DuplicateName) } else { Ok(()) };
        prop_assert_eq!(object(&text, |_, _| ()).map(drop), expected, "{}", text);
    }

    // Verifies rfc7515-10.12-json.
    #[test]
    fn a_changed_object_is_read_as_by_serde_json(
        members in vec((name(), json()), 0..6),
        choices in choices(),
        edits in vec((any::<prop::sample::Index>(), 0..2_usize, prop::option::of(byte())), 1..4),
    ) {
        let mut bytes = written(&members, choices).into_bytes();
        for (index, taken, put) in edits {
            let at = index.index(bytes.len().saturating_add(1));
            let end = bytes.len().min(at.saturating_add(taken));
            bytes.splice(at..end, put);
        }
        agrees_with_serde_json(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_sequence_of_tokens_is_read_as_by_serde_json(tokens in vec(token(), 0..16)) {
        agrees_with_serde_json(&format!(r#"{{"a":{}}}"#, tokens.concat()));
        agrees_with_serde_json(&tokens.concat());
    }
}

fn agrees_with_serde_json(text: &str) {
    let read = object(text, |name, _| assert_eq!(&text[name.range()], name.raw()));
    match (read, serde_json::from_str(text)) {
        (Ok(read), Ok(Json::Object(members))) => {
            assert!(same_members(read, &members.into_iter().collect()), "{text}");
        }
        (Ok(read), Ok(_)) => panic!("{} members of no object: {text}", read.iter().count()),
        // The grammar allows numbers that `serde_json` rejects.
        (Ok(read), Err(error)) => assert!(!is_finite(Value::Object(read)), "{error}: {text}"),
        (Err(JsonError::NotAnObject), result) => {
            assert!(!result.is_ok_and(|json| json.is_object()), "{text}");
        }
        (Err(JsonError::Syntax), result) => assert!(result.is_err(), "{text}"),
        (Err(JsonError::DuplicateName | JsonError::TooDeep), _) => {}
    }
}

fn same(value: Value<'_>, json: &Json) -> bool {
    match (value, json) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(value), Json::Bool(json)) => value == *json,
        (Value::Number(value), Json::Number(json)) => same_number(value, json),
        (Value::String(value), Json::String(json)) => value.is(json) && value.to_cow() == *json,
        (Value::Array(value), Json::Array(json)) => {
            value.iter().count() == json.len()
                && value.iter().zip(json).all(|(value, json)| same(value, json))
        }
        (Value::Object(value), Json::Object(json)) => {
            same_members(value, &json.clone().into_iter().collect())
        }
        _ => false,
    }
}

fn same_members(object: Object<'_>, members: &BTreeMap<String, Json>) -> bool {
    object.iter().count() == members.len()
        && members
            .iter()
            .all(|(name, json)| object.find(name).is_some_and(|value| same(value, json)))
}

fn same_number(number: Number<'_>, json: &serde_json::Number) -> bool {
    // By default, the result of `serde_json` may not be the nearest `f64`.
    let near = |ours: f64, theirs: f64| ours.to_bits().abs_diff(theirs.to_bits()) < 4;
    number.as_u64() == json.as_u64()
        && number.as_f64().zip(json.as_f64()).is_some_and(|(ours, theirs)| near(ours, theirs))
}

fn is_finite(value: Value<'_>) -> bool {
    match value {
        Value::Array(array) => array.iter().all(is_finite),
        Value::Number(number) => number.as_f64().is_some(),
        Value::Object(object) => object.iter().all(|(_, value)| is_finite(value)),
        _ => true,
    }
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        "[ -~]{0,24}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 12, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            btree_map(name(), inner, 0..12).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,6}", "[a-c\"\\\\/é]{0,3}", any::<String>()]
}

fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![prop::sample::select(&b"{}[]:,\"\\ue0+-.1 \n\t\x1f"[..]), any::<u8>()]
}

fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "{", "}", "[", "]", "{", "}", "[", "]", ",", ",", ":", ":", " ", "\"a\":", "\"b\":",
            "\"\"", "\"", "\\", "\\u0061", "\\ud83d", "\\ude00", "0", "1", "-", "1.5", "e9", "+",
            ".", "null", "true", "false", "é", "\n", "\0", "\u{feff}",
        ][..],
    )
}

/// Chooses between different ways to write the same text.
fn choices() -> impl Strategy<Value = impl Iterator<Item = u8> + std::fmt::Debug> {
    vec(any::<u8>(), 1..64).prop_map(|choices| choices.into_iter().cycle())
}

fn written(members: &[(String, Json)], mut choices: impl Iterator<Item = u8>) -> String {
    let mut out = String::new();
    write_members(&mut out, members.iter().map(|(name, json)| (name, json)), &mut choices);
    out
}

fn write_members<'a>(
    out: &mut String,
    members: impl Iterator<Item = (&'a String, &'a Json)>,
    choices: &mut dyn Iterator<Item = u8>,
) {
    out.push('{');
    for (index, (name, json)) in members.enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        write_space(out, choices);
        write_string(out, name, choices);
        write_space(out, choices);
        out.push(':');
        write_json(out, json, choices);
    }
    write_space(out, choices);
    out.push('}');
}

fn write_json(out: &mut String, json: &Json, choices: &mut dyn Iterator<Item = u8>) {
    write_space(out, choices);
    match json {
        Json::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_json(out, element, choices);
            }
            out.push(']');
        }
        Json::Object(members) => write_members(out, members.iter(), choices),
        Json::String(text) => write_string(out, text, choices),
        plain => write!(out, "{plain}").unwrap(),
    }
    write_space(out, choices);
}

fn write_space(out: &mut String, choices: &mut dyn Iterator<Item = u8>) {
    out.push_str(["", "", "", " ", "\n", "\r\n\t"][usize::from(choices.next().unwrap() % 6)]);
}

fn write_string(out: &mut String, text: &str, choices: &mut dyn Iterator<Item = u8>) {
    out.push('"');
    for char in text.chars() {
        match (char, choices.next().unwrap() % 8) {
            (_, 0) => char
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| write!(out, "\\u{unit:04x}").unwrap()),
            ('\n', _) => out.push_str("\\n"),
            ('/', 1..4) => out.push_str("\\/"),
            ('"' | '\\', _) => out.extend(['\\', char]),
            ('\0'..' ', _) => write!(out, "\\u{:04X}", u32::from(char)).unwrap(),
            _ => out.push(char),
        }
    }
    out.push('"');
}
