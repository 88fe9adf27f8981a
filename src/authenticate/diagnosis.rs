//! The reasons of rejections, if something reads them.

use std::sync::Arc;

use http::Request;

use super::config::Config;
use crate::{
    BearerToken, Error, Identity,
    authorize::diagnosed,
    credentials::{Credentials, Presented, RequestHead},
    error::subject_field::SubjectField,
    telemetry,
    verify::{Findings, VerificationFuture},
};

impl Config {
    /// Returns whether something reads the reasons of rejections.
    fn reads_rejections(&self) -> bool {
        self.records_diagnoses || telemetry::reads_rejections()
    }

    /// Adds the findings of the verifier to the rejection of a token, if something reads them.
    pub(super) fn diagnosed<B>(&self, error: Error, request: &Request<B>) -> Error {
        if !self.reads_rejections() {
            return error;
        }
        match (&self.tokens, self.token(request)) {
            (Some(tokens), Some(token)) => with_findings(
                error,
                |error| tokens.findings(token, Some(error)),
                self.subjects.as_deref(),
            ),
            _ => error,
        }
    }

    /// Does the same for a verification that is awaited.
    pub(super) fn diagnosing<B>(
        &self,
        verdict: VerificationFuture,
        request: &Request<B>,
    ) -> VerificationFuture {
        if !self.reads_rejections() {
            return verdict;
        }
        let (Some(tokens), Some(token)) = (&self.tokens, self.token(request)) else {
            return verdict;
        };
        let (tokens, token) = (Arc::clone(tokens), token.into_owned());
        let subjects = self.subjects.clone();
        Box::pin(async move {
            verdict.await.map_err(|error| {
                with_findings(
                    error,
                    |error| tokens.findings(token, Some(error)),
                    subjects.as_deref(),
                )
            })
        })
    }

    /// Adds the granted and the required access to the rejection of an identity, if something reads them.
    pub(super) fn diagnosed_identity(&self, error: Error, identity: &Identity) -> Error {
        if self.reads_rejections() { diagnosed(error, identity) } else { error }
    }

    /// Reads the token of a request again.
    pub(super) fn token<'r, B>(&self, request: &'r Request<B>) -> Option<BearerToken<'r>> {
        let Ok(Some(Presented { credentials, .. })) = self.sources.read(&RequestHead::of(request))
        else {
            return None;
        };
        match credentials {
            Credentials::Bearer(token) | Credentials::Dpop(token) | Credentials::Token(token) => {
                Some(token)
            }
            Credentials::Basic(_) => None,
        }
    }
}

/// Adds the findings of a verifier to the rejection of a token, with its subject if subjects are shown.
fn with_findings(
    error: Error,
    findings: impl FnOnce(&Error) -> Findings,
    subjects: Option<&SubjectField>,
) -> Error {
    let findings = findings(&error);
    let Some(diagnosis) = findings.diagnosis(&error) else { return error };
    let shown = || subjects?.shown(findings.issuer(), findings.subject()?);
    error.with_diagnosis(match shown() {
        Some(subject) => diagnosis.subject(&subject),
        None => diagnosis,
    })
}
