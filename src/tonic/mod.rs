//! gRPC with tonic: errors as its status, and bodies that refusals can be written into.

mod body;
mod status;
