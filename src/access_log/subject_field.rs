//! The form of subjects in an access log.

use std::fmt;

use crate::{Secret, digest::KeyedDigest};

/// The form in which an access log shows the subject of a request.
///
/// ```
/// use portcullis::{Secret, access_log::SubjectField};
///
/// let field = SubjectField::hashed(&Secret::from("a key of the service's own"));
/// assert_eq!(format!("{field:?}"), "SubjectField(hashed)");
/// ```
pub struct SubjectField(pub(super) Form);

pub(super) enum Form {
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
