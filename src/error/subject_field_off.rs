//! The form of subjects in logs, without the `tracing` feature. No value of this type is ever created.

#[derive(Debug)]
pub(crate) enum SubjectField {}

impl SubjectField {
    pub(crate) const fn shown(&self, _issuer: Option<&str>, _subject: &str) -> Option<Box<str>> {
        match *self {}
    }
}
