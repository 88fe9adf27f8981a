//! Rejections as gRPC: a response whose headers are its trailers, and which has no body.
//!
//! `protocol` is what a request speaks, `trailers` what a rejection says, `details` its machine-readable
//! half, for which `protobuf` and `base64` are the little that is needed of each.

mod base64;
mod details;
mod protobuf;
mod protocol;
mod trailers;

#[cfg(feature = "tonic")]
pub(crate) use self::details::details as grpc_details;
pub(crate) use self::protocol::Protocol;
