#![expect(clippy::inline_always, reason = "handing results up by copy costs a quarter of the time")]

use std::iter;

use super::names::Names;
use super::scanner::Scanner;
use super::{JsonError, Number, Text};

/// A value that was validated but not decoded.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Array(Array<'a>),
    Bool(bool),
    Null,
    Number(Number<'a>),
    Object(Object<'a>),
    String(Text<'a>),
}

/// An array, stored as the position after its opening bracket.
#[derive(Clone, Copy)]
pub(crate) struct Array<'a>(Scanner<'a>);

impl<'a> Array<'a> {
    /// Returns the elements, which are scanned again during the iteration.
    pub(crate) fn iter(self) -> impl Iterator<Item = Value<'a>> + 'a {
        let Self(mut scanner) = self;
        // Fused, because the text after the array doesn't belong to it.
        iter::from_fn(move || scanner.element().ok()?).fuse()
    }
}

/// An object, stored as the position after its opening bracket.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(Scanner<'a>);

impl<'a> Object<'a> {
    /// Returns the members in order, which are scanned again during the iteration.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Text<'a>, Value<'a>)> + 'a {
        let Self(mut scanner) = self;
        iter::from_fn(move || scanner.member().ok()?).fuse()
    }

    /// Returns the object as it is written, including brackets.
    pub(crate) fn as_str(self) -> &'a str {
        self.0.object_text()
    }

    /// Returns the value of the member with this name.
    pub(crate) fn find(self, name: &str) -> Option<Value<'a>> {
        self.iter().find(|(text, _)| text.is(name)).map(|(_, value)| value)
    }
}

/// Reads the whole text as one object, and calls `member` with each of its members in order.
///
/// Members are passed on as they are read. All of them are known to be valid only once this
/// function has returned `Ok`.
///
/// # Errors
///
/// Returns [`JsonError`] if the text isn't exactly one object with optional whitespace around it,
/// if it is nested too deeply, or if an object at any depth has duplicate names.
pub(crate) fn object<'a>(
    text: &'a str,
    member: impl FnMut(Text<'a>, Value<'a>),
) -> Result<Object<'a>, JsonError> {
    let mut scanner = Scanner::new(text);
    if scanner.token() != Some(b'{') {
        return Err(JsonError::NotAnObject);
    }
    scanner.open()?;
    let object = Object(scanner);
    scanner.members::<32>(member)?;
    if scanner.token().is_some() {
        return Err(JsonError::Syntax);
    }
    Ok(object)
}

/// Reads the whole text as one value of any type.
///
/// # Errors
///
/// Returns [`JsonError`] if the text isn't exactly one value with optional whitespace around it, if it is
/// nested too deeply, or if an object at any depth has duplicate names.
#[cfg(any(test, feature = "mcp"))]
pub(crate) fn document(text: &str) -> Result<Value<'_>, JsonError> {
    let mut scanner = Scanner::new(text);
    let value = scanner.value()?;
    if scanner.token().is_some() {
        return Err(JsonError::Syntax);
    }
    Ok(value)
}

impl<'a> Scanner<'a> {
    /// Reads the next member of the enclosing object, or its end.
    #[inline(always)]
    fn member(&mut self) -> Result<Option<(Text<'a>, Value<'a>)>, JsonError> {
        if !self.another(b'}')? {
            return Ok(None);
        }
        self.expect(b'"')?;
        let name = self.string()?;
        self.expect(b':')?;
        Ok(Some((name, self.value()?)))
    }

    /// Returns the text of the enclosing object, whose bracket has just been opened.
    fn object_text(mut self) -> &'a str {
        let start = self.at.wrapping_sub(1);
        while let Ok(Some(_)) = self.member() {}
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Reads the next element of the enclosing array, or its end.
    #[inline(always)]
    fn element(&mut self) -> Result<Option<Value<'a>>, JsonError> {
        if !self.another(b']')? {
            return Ok(None);
        }
        self.value().map(Some)
    }

    /// Reads the enclosing object to its end. The names of the first `FEW` members are stored on
    /// the stack.
    fn members<const FEW: usize>(
        &mut self,
        mut member: impl FnMut(Text<'a>, Value<'a>),
    ) -> Result<(), JsonError> {
        let mut names = Names::<FEW>::default();
        while let Some((name, value)) = self.member()? {
            if !names.insert(name) {
                return Err(JsonError::DuplicateName);
            }
            member(name, value);
        }
        Ok(())
    }

    #[inline(never)]
    fn skip_members(&mut self) -> Result<(), JsonError> {
        self.members::<8>(|_, _| ())
    }

    #[inline(never)]
    fn skip_elements(&mut self) -> Result<(), JsonError> {
        while self.element()?.is_some() {}
        Ok(())
    }

    #[inline(always)]
    fn value(&mut self) -> Result<Value<'a>, JsonError> {
        match self.token() {
            Some(b'"') => {
                self.advance(1);
                self.string().map(Value::String)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'[') => {
                self.open()?;
                let array = Array(*self);
                self.skip_elements()?;
                Ok(Value::Array(array))
            }
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'{') => {
                self.open()?;
                let object = Object(*self);
                self.skip_members()?;
                Ok(Value::Object(object))
            }
            _ => Err(JsonError::Syntax),
        }
    }

    #[inline]
    fn literal(&mut self, literal: &str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        if !self.rest().starts_with(literal.as_bytes()) {
            return Err(JsonError::Syntax);
        }
        self.advance(literal.len());
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_objects_end_at_their_closing_brackets() {
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
    fn a_member_is_found_by_its_unescaped_name() {
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
    fn iterating_an_unchecked_object_ends_at_an_error() {
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
