//! Reads the operations in a request body.

use std::borrow::Cow;

use super::{Operation, operation::NameKind};
use crate::jose::json::{JsonError, Object, Value, document};

/// The name with which `serde_json` marks a text that it parses again. A service might treat the value of a member with
/// this name as the message itself.
const RAW_VALUE: &str = "$serde_json::private::";

/// A body whose operations can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidMessage;

impl From<JsonError> for InvalidMessage {
    fn from(_: JsonError) -> Self {
        Self
    }
}

/// Calls a function with the operation of each message in the body, which is a single message or a batch. The operation
/// is `None` for a response from the client, which has no method.
///
/// Don't use what was passed before this has returned `Ok`.
///
/// # Errors
///
/// Returns an error if the strict JSON parser of this crate rejects the body (because of a duplicate name, for
/// example), or if the body contains anything but messages.
pub(crate) fn operations(
    body: &[u8],
    mut each: impl FnMut(Option<Operation<'_>>),
) -> Result<(), InvalidMessage> {
    let text = std::str::from_utf8(body).map_err(|_| InvalidMessage)?;
    match document(text)? {
        Value::Object(message) => each(operation(message)?),
        Value::Array(batch) => {
            let mut is_empty = true;
            for message in batch.iter() {
                let Value::Object(message) = message else { return Err(InvalidMessage) };
                each(operation(message)?);
                is_empty = false;
            }
            if is_empty {
                return Err(InvalidMessage);
            }
        }
        _ => return Err(InvalidMessage),
    }
    Ok(())
}

fn operation(message: Object<'_>) -> Result<Option<Operation<'_>>, InvalidMessage> {
    reject_raw_values(message)?;
    let method = match message.find("method") {
        Some(Value::String(method)) => method.to_cow(),
        None if ["result", "error"].iter().any(|name| message.find(name).is_some()) => {
            return Ok(None);
        }
        Some(_) | None => return Err(InvalidMessage),
    };
    let name = match NameKind::of(&method) {
        Some(kind) => name(message, kind.member())?,
        None => None,
    };
    Ok(Some(Operation { method, name }))
}

fn name<'a>(message: Object<'a>, member: &str) -> Result<Option<Cow<'a, str>>, InvalidMessage> {
    let params = match message.find("params") {
        Some(Value::Object(params)) => params,
        None => return Ok(None),
        Some(_) => return Err(InvalidMessage),
    };
    reject_raw_values(params)?;
    match params.find(member) {
        Some(Value::String(name)) => Ok(Some(name.to_cow())),
        None => Ok(None),
        Some(_) => Err(InvalidMessage),
    }
}

fn reject_raw_values(object: Object<'_>) -> Result<(), InvalidMessage> {
    let is_raw = object.iter().any(|(name, _)| name.to_cow().starts_with(RAW_VALUE));
    if is_raw { Err(InvalidMessage) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the operations as `method name`, or `response`.
    fn read(body: &str) -> Option<Vec<String>> {
        let mut read = Vec::new();
        let each = |operation: Option<Operation<'_>>| {
            read.push(match operation {
                Some(Operation { method, name: Some(name) }) => format!("{method} {name}"),
                Some(Operation { method, name: None }) => method.into_owned(),
                None => "response".to_owned(),
            });
        };
        operations(body.as_bytes(), each).ok().map(|()| read)
    }

    #[test]
    fn the_operations_of_messages_and_batches_are_read() {
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"name":"b"}}}"#;
        let list = r#"{"method":"tools/list","id":2,"params":{"name":"x"}}"#;
        let batch = format!(" [{call}, {list} ]\n");
        let expected: [(&str, &[&str]); 12] = [
            (call, &["tools/call a"]),
            (list, &["tools/list"]),
            (&batch, &["tools/call a", "tools/list"]),
            (r#"{"method":"ping"}"#, &["ping"]),
            (r#"{"method":"ping","params":null}"#, &["ping"]),
            (r#"{"method":"tools/call"}"#, &["tools/call"]),
            (r#"{"method":"tools/call","params":{}}"#, &["tools/call"]),
            (
                r#"{"method":"resources/read","params":{"uri":"u","name":"n"}}"#,
                &["resources/read u"],
            ),
            (r#"{"method":"prompts/get","params":{"name":"n"}}"#, &["prompts/get n"]),
            (r#"{"m\u0065thod":"tools\/call","params":{"n\u0061me":"\u0061"}}"#, &["tools/call a"]),
            (r#"{"id":1,"result":{}}"#, &["response"]),
            (r#"{"id":1,"error":{"code":1}}"#, &["response"]),
        ];
        for (body, operations) in expected {
            assert_eq!(read(body).unwrap(), operations, "{body}");
        }
    }

    #[test]
    fn what_another_parser_may_read_in_another_way_is_not_read() {
        let deep = format!(
            r#"{{"method":"tools/call","params":{{"name":"a","arguments":{}{}}}}}"#,
            "[".repeat(40),
            "]".repeat(40),
        );
        for body in [
            "",
            "null",
            "1",
            "\"tools/list\"",
            "[]",
            "{}",
            "[1]",
            "[{}]",
            "[[{\"method\":\"ping\"}]]",
            r#"{"method":"ping"} {"method":"tools/call"}"#,
            r#"{"method":"ping"}x"#,
            "\u{feff}{\"method\":\"ping\"}",
            r#"{"method":1}"#,
            r#"{"method":null,"result":1}"#,
            r#"{"id":1}"#,
            r#"{"method":"tools/call","params":["a"]}"#,
            r#"{"method":"tools/call","params":{"name":1}}"#,
            r#"{"method":"tools/call","params":{"name":"\ud800"}}"#,
            // A name twice, also with escapes, and in a nested object.
            r#"{"method":"ping","method":"tools/call"}"#,
            r#"{"method":"ping","m\u0065thod":"tools/call"}"#,
            r#"{"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
            r#"{"method":"ping","x":{"y":1,"y":2}}"#,
            // Private names of serde_json.
            r#"{"$serde_json::private::RawValue":"{\"method\":\"tools/call\"}","method":"ping"}"#,
            r#"{"method":"tools/call","params":{"$serde_json::private::RawValue":"{}","name":"a"}}"#,
            r#"{"method":"tools/call","params":{"\u0024serde_json::private::Number":"1","name":"a"}}"#,
            &deep,
        ] {
            assert_eq!(read(body), None, "{body}");
        }
        let not_utf8 = b"{\"method\":\"ping\",\"x\":\"\xff\"}";
        assert_eq!(operations(not_utf8, |_| ()), Err(InvalidMessage));
    }
}
