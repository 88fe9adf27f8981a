//! Support for tonic: errors as statuses, and rejections in tonic's body.

mod body;
mod status;
