//! What drives a system: its example as a process, command lines, two clients that send them.

mod answer;
mod client;
mod command_line;
mod in_process;
mod service;

pub(crate) use self::{answer::Answer, client::Client, in_process::InProcess, service::Service};
