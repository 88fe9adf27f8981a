//! A strict, borrowing reader of JSON objects, for JOSE headers and claims sets.
//!
//! What a stranger sends is read once, checked whole and handed out member by member, as slices of
//! the text that came in. It is JSON as [RFC 8259] has it, and where that leaves a choice to the
//! reader, the safe one is made: a name that stands twice in an object is rejected, as
//! [RFC 7515 §4] and [RFC 7519 §4] ask, and so are escapes that make no character, and brackets
//! that nest beyond [`MAX_DEPTH`](scanner::MAX_DEPTH).
//!
//! [RFC 7515 §4]: https://www.rfc-editor.org/rfc/rfc7515#section-4
//! [RFC 7519 §4]: https://www.rfc-editor.org/rfc/rfc7519#section-4
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259

mod error;
mod names;
mod number;
mod pointer;
mod scanner;
mod text;
mod value;

pub(crate) use error::JsonError;
pub(crate) use number::Number;
pub(crate) use pointer::pointer;
pub(crate) use text::Text;
#[cfg(any(test, feature = "mcp"))]
pub(crate) use value::document;
pub(crate) use value::{Object, Value, object};

#[cfg(test)]
mod tests;
