use std::iter;

use super::scanner::Scanner;
use super::{Number, Text};

/// A value that was found sound, and not decoded further.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Array(Array<'a>),
    Bool(bool),
    Null,
    Number(Number<'a>),
    Object(Object<'a>),
    String(Text<'a>),
}

/// An array: the place after its opening bracket.
#[derive(Clone, Copy)]
pub(crate) struct Array<'a>(pub(super) Scanner<'a>);

impl<'a> Array<'a> {
    /// The elements, read again as one goes.
    pub(crate) fn iter(self) -> impl Iterator<Item = Value<'a>> + 'a {
        let Self(mut scanner) = self;
        // Fused, since what stands behind the array is not more of it.
        iter::from_fn(move || scanner.element().ok()?).fuse()
    }
}

/// An object: the place after its opening bracket.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(pub(super) Scanner<'a>);

impl<'a> Object<'a> {
    /// The members in the order in which they stand, read again as one goes.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Text<'a>, Value<'a>)> + 'a {
        let Self(mut scanner) = self;
        iter::from_fn(move || scanner.member().ok()?).fuse()
    }

    /// The object as it stands in the text, brackets included.
    pub(crate) fn as_str(self) -> &'a str {
        self.0.object_text()
    }

    /// The value of the member of that name.
    pub(crate) fn find(self, name: &str) -> Option<Value<'a>> {
        self.iter().find(|(text, _)| text.is(name)).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn arrays_and_objects_end_where_their_brackets_close() {
        let text =
            r#"{"a":[ 1 , [2,3], {"x":4} ],"e":[],"o":{ "x" : {"y":[5]}, "z":6 },"p":{},"q":[7]}"#;
        let object = object(text, |_, _| ()).ok().unwrap();
        let lens: Vec<_> = object
            .iter()
            .map(|(_, value)| match value {
                Value::Array(array) => array.iter().count(),
                Value::Object(object) => object.iter().count(),
                _ => usize::MAX,
            })
            .collect();
        assert_eq!(lens, [3, 0, 2, 0, 1]);

        let Some(Value::Array(array)) = object.find("a") else { panic!("no array") };
        let mut elements = array.iter();
        assert_eq!(elements.by_ref().count(), 3);
        assert!(elements.next().is_none());
        let mut members = object.iter();
        assert_eq!(members.by_ref().count(), 5);
        assert!(members.next().is_none());
    }

    #[test]
    fn a_member_is_found_by_what_its_name_says() {
        let text = r#"{"sub":"alice","\u0061ud":"api","n":{"exp":1},"exp":2}"#;
        let object = object(text, |_, _| ()).ok().unwrap();
        let cases =
            [("sub", true), ("aud", true), (r"\u0061ud", false), ("su", false), ("", false)];
        for (name, found) in cases {
            assert_eq!(object.find(name).is_some(), found, "{name}");
        }
        let Some(Value::Number(exp)) = object.find("exp") else { panic!("no number") };
        assert_eq!(exp.as_u64(), Some(2));
    }

    #[test]
    fn an_object_that_was_not_checked_to_its_end_just_ends() {
        for text in [r#"{"a":[1,2"#, r#"{"a":[1,2 3]}"#, r#"{"a":[1,2}"#, r#"{"a":[1,2],"b"#] {
            let mut found = 0;
            let _ = object(text, |_, value| {
                if let Value::Array(array) = value {
                    found += array.iter().count();
                }
            });
            assert!(found <= 2, "{text}");
        }
    }
}
