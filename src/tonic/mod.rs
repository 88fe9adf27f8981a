//! gRPC with tonic: errors as its status, and bodies that rejections can be written into.

mod body;
mod status;
