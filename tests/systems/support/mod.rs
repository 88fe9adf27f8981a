//! Running a system: its example as a process, command lines, and two clients that send them.

mod client;
mod command_line;
mod in_process;
mod response;
mod service;

pub(crate) use self::{
    client::Client, in_process::InProcess, response::Response, service::Service,
};
