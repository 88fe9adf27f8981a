//! Third-party clients.
