//! Rejections of gRPC calls: responses whose trailers are sent as headers, without a body.
//!
//! `protocol` detects the protocol of a request, and `trailers` writes a rejection. `details` are its machine-readable
//! details, encoded by the minimal encoders in `protobuf` and `base64`.

mod base64;
mod details;
mod protobuf;
mod protocol;
mod trailers;

#[cfg(feature = "tonic")]
pub(crate) use self::details::details as grpc_details;
pub(crate) use self::protocol::Protocol;
