//! Removes secrets in URLs from the errors of users and of other crates.

use std::{borrow::Cow, error::Error, fmt};

use crate::url::redact;

/// The texts of an error and its sources.
struct Redacted {
    display: String,
    debug: String,
    source: Option<Box<Redacted>>,
}

/// Returns `error` with URLs reduced to scheme, host, port and path. An error that contains no secret keeps its type,
/// so that users can downcast it.
pub(crate) fn redacted(error: Box<dyn Error + Send + Sync>) -> Box<dyn Error + Send + Sync> {
    if is_clean(&*error) { error } else { Box::new(Redacted::new(&*error)) }
}

fn is_clean(error: &(dyn Error + 'static)) -> bool {
    let is_unchanged = |text: &str| matches!(redact(text), Cow::Borrowed(_));
    is_unchanged(&error.to_string())
        && is_unchanged(&format!("{error:?}"))
        && error.source().is_none_or(is_clean)
}

impl Redacted {
    fn new(error: &(dyn Error + 'static)) -> Self {
        Self {
            display: redact(&error.to_string()).into_owned(),
            debug: redact(&format!("{error:?}")).into_owned(),
            source: error.source().map(|source| Box::new(Self::new(source))),
        }
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug)
    }
}

impl Error for Redacted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no response")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("can't reach {0}")]
    struct Inner(&'static str);

    #[test]
    fn a_secret_is_removed_at_any_depth_and_from_debug() {
        let error = redacted(Outer(Inner("https://as.example/jwks?key=s3cret")).into());
        assert_eq!(error.to_string(), "no response");
        let source = error.source().unwrap();
        assert_eq!(source.to_string(), "can't reach https://as.example/jwks");
        assert!(source.source().is_none());
        assert_eq!(format!("{error:?}"), r#"Outer(Inner("https://as.example/jwks"))"#);
    }

    #[test]
    fn an_error_without_secrets_keeps_its_type() {
        let error = redacted(io::Error::from(io::ErrorKind::BrokenPipe).into());
        assert!(error.is::<io::Error>());
        assert!(redacted(Inner("https://as.example/jwks").into()).is::<Inner>());
    }
}
