//! Subjects in logs, without the `tracing` feature: nothing creates a value of this type.

#[derive(Debug)]
pub(crate) enum SubjectField {}

impl SubjectField {
    pub(crate) const fn shown(&self, _issuer: Option<&str>, _subject: &str) -> Option<Box<str>> {
        match *self {}
    }
}
