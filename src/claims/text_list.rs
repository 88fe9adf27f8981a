//! A claim that is a list of texts.

use super::ClaimText;
#[cfg(feature = "_remote")]
use crate::jose::json::{Text, Value};

/// The texts of a claim such as `amr`.
///
/// They are stored as a single text in which each of them is in quotes. A JSON array without escapes already
/// has this form, so the list can be a range of the raw claims and needs no allocation. A text that contains a
/// quote can't be stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextList(ClaimText);

impl TextList {
    /// Reads an array of strings, or a string, which is a list of one. Returns `None` for any other value.
    #[cfg(feature = "_remote")]
    pub(crate) fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Array(array) => {
                let texts = || array.iter().map(as_text);
                let has_only_texts = texts().all(|text| text.is_some());
                has_only_texts.then(|| Self::of(|| texts().flatten()))
            }
            Value::String(text) => Some(Self::of(|| std::iter::once(text))),
            _ => None,
        }
    }

    #[cfg(feature = "_remote")]
    fn of<'a, I: Iterator<Item = Text<'a>>>(texts: impl Fn() -> I) -> Self {
        let ends = texts().next().map(Text::range).zip(texts().last().map(Text::range));
        let Some((first, last)) = ends else { return Self::default() };
        // Includes the quotes around the texts.
        let start = first.start.checked_sub(1).and_then(|start| u32::try_from(start).ok());
        let end = last.end.checked_add(1).and_then(|end| u32::try_from(end).ok());
        match (start, end) {
            (Some(start), Some(end)) if texts().all(|text| text.as_plain().is_some()) => {
                Self(ClaimText::Within { start, end })
            }
            _ => texts().map(Text::to_cow).collect(),
        }
    }

    /// Returns the texts. `raw` is the JSON text from which the claims were read.
    pub(crate) fn iter<'a>(&'a self, raw: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.get(raw).unwrap_or_default().split('"').skip(1).step_by(2)
    }
}

#[cfg(feature = "_remote")]
fn as_text(value: Value<'_>) -> Option<Text<'_>> {
    if let Value::String(text) = value { Some(text) } else { None }
}

impl<T: AsRef<str>> FromIterator<T> for TextList {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut joined = String::new();
        for text in texts {
            let text = text.as_ref();
            if !text.contains('"') {
                joined.extend(["\"", text, "\""]);
            }
        }
        Self(ClaimText::from(joined))
    }
}

#[cfg(feature = "_remote")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    fn read(value: &str) -> Option<Vec<String>> {
        let raw = format!(r#"{{"a":1,"amr":{value},"b":"c"}}"#);
        let Ok(object) = json::object(&raw, |_, _| ()) else { panic!("not an object: {raw}") };
        let list = object.find("amr").and_then(TextList::read)?;
        Some(list.iter(&raw).map(str::to_owned).collect())
    }

    #[test]
    fn a_list_is_an_array_of_strings_or_one_string() {
        for (value, texts) in [
            (r#"["pwd","mfa"]"#, Some(&["pwd", "mfa"][..])),
            (r#"[ "pwd" , "mfa" , "" ]"#, Some(&["pwd", "mfa", ""])),
            (r#"["pwd"]"#, Some(&["pwd"])),
            (r#""pwd""#, Some(&["pwd"])),
            (r#""""#, Some(&[""])),
            ("[]", Some(&[])),
            (r#"["\u0070wd","mfa"]"#, Some(&["pwd", "mfa"])),
            (r#"["pwd","m\"fa","otp"]"#, Some(&["pwd", "otp"])),
            (r#"["pwd",1]"#, None),
            (r#"["pwd",null]"#, None),
            (r#"[["pwd"]]"#, None),
            (r#"{"pwd":"mfa"}"#, None),
            ("1", None),
            ("null", None),
        ] {
            let expected = texts.map(|texts| texts.iter().map(|&text| text.to_owned()).collect());
            assert_eq!(read(value), expected, "{value}");
        }
    }

    #[test]
    fn a_text_with_quotes_does_not_become_two() {
        let list = TextList::from_iter(["pwd", "x\"\"mfa", "otp"]);
        assert_eq!(list.iter("").collect::<Vec<_>>(), ["pwd", "otp"]);
        assert_eq!(TextList::default().iter("\"").count(), 0);
    }
}
