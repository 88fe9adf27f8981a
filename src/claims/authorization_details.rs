//! The `authorization_details` claim (RFC 9396), which describes what a token allows in more detail
//! than scopes.

use std::fmt;

use crate::jose::json::{self, Object, Value};

/// An error for a claim that isn't an array of objects with a `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedDetails;

/// Returns the JSON texts of the elements with this `type`, in order. Without the claim, or without any claims,
/// the result is empty.
///
/// # Errors
///
/// Returns an error if any element is malformed, regardless of its `type` (RFC 9396 §2).
pub(crate) fn authorization_details<'a>(
    raw_claims: &'a str,
    kind: &str,
) -> Result<Vec<&'a str>, MalformedDetails> {
    let claim = json::object(raw_claims, |_, _| ()).ok();
    let array = match claim.and_then(|claims| claims.find("authorization_details")) {
        None => return Ok(Vec::new()),
        Some(Value::Array(array)) => array,
        Some(_) => return Err(MalformedDetails),
    };
    let mut found = Vec::new();
    for element in array.iter() {
        let Value::Object(element) = element else { return Err(MalformedDetails) };
        if type_is(element, kind)? {
            found.push(element.as_str());
        }
    }
    Ok(found)
}

fn type_is(element: Object<'_>, kind: &str) -> Result<bool, MalformedDetails> {
    match element.find("type") {
        Some(Value::String(text)) => Ok(text.is(kind)),
        _ => Err(MalformedDetails),
    }
}

impl fmt::Display for MalformedDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claim `authorization_details` isn't an array of objects with a `type`")
    }
}

impl std::error::Error for MalformedDetails {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claim: &str) -> Result<Vec<String>, MalformedDetails> {
        let claims = format!(r#"{{"sub":"alice","authorization_details":{claim},"exp":1}}"#);
        authorization_details(&claims, "pay")
            .map(|found| found.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn elements_are_found_by_their_type() {
        for (claim, found) in [
            ("[]", &[] as &[&str]),
            (r#"[{"type":"other"}]"#, &[]),
            (r#"[{"type":"PAY"},{"type":"pay "},{"type":""}]"#, &[]),
            (r#"[{"type":"pay"}]"#, &[r#"{"type":"pay"}"#]),
            (r#"[{"type":"p\u0061y"}]"#, &[r#"{"type":"p\u0061y"}"#]),
            (
                r#"[{"a":[{"type":"x"}],"type":"pay"}, {"type":"other"} ,{ "type" : "pay","n":{"type":"y"}}]"#,
                &[r#"{"a":[{"type":"x"}],"type":"pay"}"#, r#"{ "type" : "pay","n":{"type":"y"}}"#],
            ),
            (r#"[{"type":"other","n":{"type":"pay"}}]"#, &[]),
        ] {
            assert_eq!(read(claim).unwrap(), found, "{claim}");
        }
        for claims in ["", "{}", r#"{"sub":"alice"}"#] {
            assert_eq!(authorization_details(claims, "pay").unwrap(), [""; 0], "{claims}");
        }
    }

    #[test]
    fn any_malformed_element_is_an_error() {
        for claim in [
            "null",
            "{}",
            r#""pay""#,
            r#"{"type":"pay"}"#,
            r#"["pay"]"#,
            r#"[{"type":"pay"},null]"#,
            r#"[{"type":"pay"},{}]"#,
            r#"[{"type":["pay"]}]"#,
            r#"[{"type":null}]"#,
        ] {
            assert_eq!(read(claim), Err(MalformedDetails), "{claim}");
        }
    }
}
