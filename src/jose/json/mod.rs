//! A strict, borrowing reader of JSON objects, for JOSE headers and claims sets.
//!
//! Untrusted text is read once, validated as a whole, and passed on member by member, as slices of
//! the input. It must be JSON as defined by [RFC 8259]. Where the RFC leaves a choice, the reader
//! is strict: it rejects duplicate names in an object, as [RFC 7515 §4] and [RFC 7519 §4]
//! recommend, escapes that aren't a character, and brackets that are nested more deeply than
//! [`MAX_DEPTH`](scanner::MAX_DEPTH).
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
