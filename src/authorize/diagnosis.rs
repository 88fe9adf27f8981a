//! Describes what a rejected identity has, and what was required of it.

use crate::{
    Error, ErrorKind, Identity,
    error::{Diagnosis, Finding, TokenFault},
};

/// Adds the finding of the rule that rejected an identity, unless the error already has a diagnosis.
pub(crate) fn diagnosed(error: Error, identity: &Identity) -> Error {
    if error.diagnosis().is_some() {
        return error;
    }
    let finding = match error.kind() {
        ErrorKind::InsufficientScope => {
            let scopes: Vec<_> = identity.scopes().iter().collect();
            let finding = Finding::rejected("scope").expected(error.scope().unwrap_or_default());
            if scopes.is_empty() {
                finding.found("no scopes").hint(
                    "the token has no scopes: have the client request them, or configure where the issuer puts them \
                     (`scope_claim`)",
                )
            } else {
                finding.found(&scopes.join(" "))
            }
        }
        ErrorKind::InsufficientUserAuthentication(_) => {
            let finding = Finding::rejected("acr, auth_time");
            let finding = match (error.acr_values(), error.max_age()) {
                (Some(acr), Some(age)) => finding.expected(&format!("{acr}, at most {} s ago", age.as_secs())),
                (Some(acr), None) => finding.expected(acr),
                (None, Some(age)) => finding.expected(&format!("at most {} s ago", age.as_secs())),
                (None, None) => finding,
            };
            finding.found(identity.acr().unwrap_or("no `acr`"))
        }
        ErrorKind::AccessDenied => match std::error::Error::source(&error) {
            Some(source) => Finding::rejected("access").found(&source.to_string()),
            None => Finding::rejected("access"),
        },
        ErrorKind::InvalidToken(TokenFault::Binding) => Finding::failed("cnf", TokenFault::Binding)
            .expected("proof of possession of the token's key")
            .found("no proof that this layer can verify")
            .hint("the token is bound to a key: enable `dpop` or `client_certificates` on the layer, and have the \
                   client send its proof"),
        _ => return error,
    };
    let mut diagnosis = Diagnosis::new(finding);
    if let Some(issuer) = identity.issuer() {
        diagnosis = diagnosis.issuer(issuer);
    }
    if let Some(subject) = identity.shown_subject() {
        diagnosis = diagnosis.subject(&subject);
    }
    error.with_diagnosis(diagnosis)
}
