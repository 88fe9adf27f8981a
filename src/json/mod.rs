//! A strict, borrowing reader of JSON objects, for JOSE headers and claims sets.
//!
//! What a stranger sends is read once, checked whole and handed out member by member, as slices of
//! the text that came in. It is JSON as [RFC 8259] has it, with the liberties that RFC leaves to the
//! reader taken on the safe side: a name that stands twice in an object is refused, as
//! [RFC 7515 §4] and [RFC 7519 §4] ask, and so are nesting beyond [`MAX_DEPTH`] and escapes that
//! make no character.
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

#[cfg(test)]
mod tests;

pub(crate) use error::JsonError;
pub(crate) use number::Number;
pub(crate) use pointer::pointer;
pub(crate) use scanner::{MAX_DEPTH, object};
pub(crate) use text::Text;
pub(crate) use value::{Array, Object, Value};
