//! The report of [`Verify::doctor`](super::Verify::doctor).

use std::{fmt, future::Future, pin::Pin};

use crate::error::{Finding, Verdict, excerpt};

/// The future of [`Verify::doctor`](super::Verify::doctor).
pub type DoctorFuture = Pin<Box<dyn Future<Output = DoctorReport> + Send>>;

/// A report on the servers that a verifier depends on: how they respond, what will fail, and what to do about
/// it. It covers the metadata, keys and clock of each issuer, and whether each introspection endpoint accepts
/// this client.
///
/// `Display` formats the report for people. With the `serde` feature, `Serialize` provides the same
/// for programs.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use portcullis::{Algorithm, testing::{Fault, TestIssuer}};
///
/// let issuer = TestIssuer::new();
/// issuer.publish(Algorithm::Es256);
/// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
/// assert!(verifier.doctor().await.is_healthy());
///
/// issuer.fail(Fault::Status(502));
/// let report = verifier.doctor().await;
/// assert!(!report.is_healthy());
/// assert!(report.to_string().contains("502"));
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct DoctorReport {
    sections: Vec<Section>,
}

/// The findings about one issuer or endpoint.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
struct Section {
    name: String,
    findings: Vec<Finding>,
}

impl DoctorReport {
    /// Creates a report without findings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the findings about an issuer or an endpoint.
    pub fn section(mut self, name: &str, findings: Vec<Finding>) -> Self {
        self.sections.push(Section { name: excerpt(name).into_string(), findings });
        self
    }

    /// Adds the sections of another report.
    pub fn merge(mut self, other: Self) -> Self {
        self.sections.extend(other.sections);
        self
    }

    /// Returns whether every check passed. A check that could not be completed counts as a problem.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings().all(|finding| finding.verdict() == Verdict::Passed)
    }

    /// Returns the findings of all sections.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.sections.iter().flat_map(|section| &section.findings)
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Section { name, findings } in &self.sections {
            writeln!(f, "{name}")?;
            for finding in findings {
                writeln!(f, "  {finding}")?;
            }
        }
        let problems = self.findings().filter(|it| it.verdict() != Verdict::Passed).count();
        match problems {
            0 => writeln!(f, "no problems found"),
            1 => writeln!(f, "1 problem found"),
            more => writeln!(f, "{more} problems found"),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for DoctorReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut report = serializer.serialize_struct("DoctorReport", 2)?;
        report.serialize_field("healthy", &self.is_healthy())?;
        report.serialize_field("sections", &self.sections)?;
        report.end()
    }
}
