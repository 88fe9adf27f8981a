//! The form of subjects in an access log.

use std::fmt;

use super::excerpt::excerpt;
use crate::{Secret, digest::KeyedDigest};

/// The form in which logs show the subject of a request: access logs with
/// [`RecordIdentityLayer`](crate::access_log::RecordIdentityLayer), and events of rejections with
/// [`AuthenticateLayer::record_subjects`](crate::AuthenticateLayer::record_subjects).
///
/// ```
/// use portcullis::{Secret, access_log::SubjectField};
///
/// let field = SubjectField::hashed(&Secret::from("a key of the service's own"));
/// assert_eq!(format!("{field:?}"), "SubjectField(hashed)");
/// ```
pub struct SubjectField(Form);

enum Form {
    Hashed(KeyedDigest),
    Omitted,
    Plain,
}

impl SubjectField {
    /// Omits the subject. This is the default.
    #[must_use]
    pub const fn omitted() -> Self {
        Self(Form::Omitted)
    }

    /// Shows a digest of issuer and subject, as 16 hexadecimal digits. The requests of one user can be correlated, but
    /// only with the `key` can the user be identified. Replicas with the same key show the same digest.
    #[must_use]
    pub fn hashed(key: &Secret) -> Self {
        Self(Form::Hashed(KeyedDigest::with_key(key.expose())))
    }

    /// Shows the subject itself, escaped and limited to 200 characters.
    #[must_use]
    pub const fn plain() -> Self {
        Self(Form::Plain)
    }

    /// Returns what a log shows of a subject.
    pub(crate) fn shown(&self, issuer: Option<&str>, subject: &str) -> Option<Box<str>> {
        match &self.0 {
            Form::Omitted => None,
            Form::Plain => Some(excerpt(subject)),
            Form::Hashed(digest) => {
                let issuer = issuer.unwrap_or_default();
                let digest = digest.of(&[issuer.as_bytes(), subject.as_bytes()]);
                let start =
                    digest.bytes().first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
                Some(format!("{start:016x}").into_boxed_str())
            }
        }
    }
}

impl fmt::Debug for SubjectField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Form::Hashed(_) => "SubjectField(hashed)",
            Form::Omitted => "SubjectField(omitted)",
            Form::Plain => "SubjectField(plain)",
        })
    }
}
