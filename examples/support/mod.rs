//! What a tour needs: requests, what they are expected to be answered, and a guide who shows both.

mod expected;
mod guide;
mod page;
mod request;

pub(crate) use self::{expected::Expected, guide::Guide, request::Request};
