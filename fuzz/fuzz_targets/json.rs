//! Compares the strict JSON reader with serde_json. The module is the crate's own file, which imports nothing from the
//! rest of the crate.
#![cfg_attr(fuzzing, no_main)]

#[allow(dead_code, unreachable_pub, unused_imports)]
#[allow(clippy::module_inception, reason = "the file is named after what it tests")]
#[path = "../../src/jose/json/mod.rs"]
mod json;

use json::{JsonError, Object, Value, object};
use portcullis_fuzz::strict_json::{self, Json};

portcullis_fuzz::target!(|text: &str| {
    let mut handed_out = 0_usize;
    let read = object(text, |name, _| {
        assert!(text.get(name.range()).is_some());
        handed_out += 1;
    });
    let judged = strict_json::object(text.as_bytes());
    let lenient = serde_json::from_str::<serde_json::Value>(text);
    match (read, judged) {
        (Ok(read), Some(members)) => {
            assert_eq!(handed_out, members.len());
            assert!(same_members(read, &members), "read otherwise");
            assert!(text.contains(read.as_str()) && read.as_str().ends_with('}'));
            assert_eq!(serde_json::from_str::<Json>(read.as_str()).unwrap(), Json::Object(members));
        }
        (Ok(read), None) => {
            // The grammar allows numbers that serde_json rejects.
            assert!(!is_finite(Value::Object(read)), "accepted what serde_json rejects");
        }
        (Err(JsonError::Syntax), _) => assert!(lenient.is_err(), "rejected as a syntax error"),
        (Err(JsonError::NotAnObject), _) => assert!(!lenient.is_ok_and(|json| json.is_object())),
        (Err(JsonError::DuplicateName), judged) => {
            // What follows the duplicate is not read.
            assert!(judged.is_none(), "no name is a duplicate");
        }
        (Err(JsonError::TooDeep), judged) => {
            assert!(judged.is_none_or(|members| Json::Object(members).depth() > 32));
        }
    }
});

fn same_members(object: Object<'_>, members: &std::collections::BTreeMap<String, Json>) -> bool {
    object.iter().count() == members.len()
        && members
            .iter()
            .all(|(name, json)| object.find(name).is_some_and(|value| same(value, json)))
}

fn same(value: Value<'_>, json: &Json) -> bool {
    match (value, json) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(value), Json::Bool(json)) => value == *json,
        (Value::Number(value), Json::Whole(json)) => value.as_u64() == Some(*json),
        (Value::Number(value), Json::Number(json)) => {
            value.as_u64().is_none()
                && value.as_f64().is_some_and(|it| it.to_bits().abs_diff(json.to_bits()) < 4)
        }
        (Value::String(value), Json::String(json)) => value.is(json) && value.to_cow() == *json,
        (Value::Array(value), Json::Array(json)) => {
            value.iter().count() == json.len()
                && value.iter().zip(json).all(|(it, json)| same(it, json))
        }
        (Value::Object(value), Json::Object(json)) => same_members(value, json),
        _ => false,
    }
}

fn is_finite(value: Value<'_>) -> bool {
    match value {
        Value::Array(array) => array.iter().all(is_finite),
        Value::Number(number) => number.as_f64().is_some(),
        Value::Object(object) => object.iter().all(|(_, value)| is_finite(value)),
        _ => true,
    }
}
