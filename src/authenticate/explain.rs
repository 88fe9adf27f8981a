//! Explaining what a layer would decide about a request.

use http::Request;

use super::{
    AuthenticateLayer,
    admission::{Admission, Decided, Decision},
    used_credentials::UsedCredentials,
};
use crate::{
    Error, ErrorKind,
    authorize::{diagnosed, policies::Rule},
    credentials::{Credentials, CredentialsRejection, Presented, RequestHead},
    error::Finding,
    verify::{Explanation, Findings, explained},
};

impl AuthenticateLayer {
    /// Explains what this layer would decide about a request: the outcome of each rule for its token, and whether its
    /// binding and the policies admit the request. Guards inside the layer are not included.
    ///
    /// This verifies the token as the layer does, so it fetches keys and introspects where a request would, and a DPoP
    /// proof counts as used. Passwords aren't checked.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use http::{Method, Request};
    /// use portcullis::{AuthenticateLayer, Policies, Scope, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::new();
    /// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
    /// let policies = Policies::builder()
    ///     .route(Method::GET, "/orders", Scope::from_static("orders:read"))
    ///     .build()
    ///     .unwrap();
    /// let layer = AuthenticateLayer::bearer(verifier).policies(policies);
    ///
    /// let token = issuer.token().audience("https://api.example").scope("orders:list").mint();
    /// let request = Request::get("/orders").header("authorization", format!("Bearer {token}"));
    /// let explanation = layer.explain(&request.body(()).unwrap()).await;
    /// assert!(!explanation.is_accepted());
    /// let page = explanation.to_string();
    /// assert!(page.contains("signature: passed"));
    /// assert!(page.contains("policy: passed; found GET /orders: orders:read"));
    /// assert!(page.contains("scope: failed; expected orders:read; found orders:list"));
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn explain<B>(
        &self,
        request: &Request<B>,
    ) -> impl Future<Output = Explanation> + Send + 'static {
        // The body may not be `Sync`, and isn't needed.
        let mut head = Request::new(());
        head.method_mut().clone_from(request.method());
        head.uri_mut().clone_from(request.uri());
        head.headers_mut().clone_from(request.headers());
        head.extensions_mut().clone_from(request.extensions());
        let layer = self.clone();
        async move { layer.explain_head(head).await }
    }

    async fn explain_head(&self, request: Request<()>) -> Explanation {
        let config = &self.config;
        let policies = config.policies.as_ref();
        let rule = policies.map(|it| it.find_for(&request, config.reads_mcp_bodies));
        let row = policies.zip(rule).map(|(policies, rule)| {
            let row = policies.describe(rule);
            let finding = match rule {
                Rule::Row(_) => Finding::passed("policy"),
                Rule::Unlisted => {
                    Finding::passed("policy").hint("no row is for this method and path")
                }
                Rule::EveryOperation(_) => Finding::passed("policy").hint(
                    "the headers name no MCP operation, none with a row, or an older version of MCP",
                ),
                Rule::OperationsInBody(_) => Finding::unknown("policy")
                    .hint("the MCP operation is in the body, which an explanation doesn't read"),
                Rule::Unclear => Finding::rejected("policy")
                    .hint("the path could be read in another way, and is denied"),
            };
            finding.found(&row)
        });
        let rejected = |error: Error| Explanation::new(Some(error), Findings::new());
        let read = config.sources.read(&RequestHead::of(&request));
        let (token, used) = match read {
            Ok(Some(Presented { credentials, scheme, source, .. })) => match credentials {
                Credentials::Bearer(token)
                | Credentials::Dpop(token)
                | Credentials::Token(token) => {
                    (token.into_owned(), UsedCredentials { scheme, source })
                }
                Credentials::Basic(_) => {
                    let mut explanation = rejected(ErrorKind::InvalidCredentials.into());
                    explanation.request.push(
                        Finding::unknown("password")
                            .hint("an explanation doesn't check passwords, because each check counts as an attempt"),
                    );
                    return explanation;
                }
            },
            Ok(None) => {
                let decision = config.decide_anonymous(rule, &request);
                let mut explanation = match decision {
                    Decision::Reject(error) => rejected(error),
                    _ => Explanation::new(None, Findings::new()),
                };
                explanation.request.push(Finding::unknown("credentials").found("none"));
                explanation.request.extend(row);
                return explanation;
            }
            Err(CredentialsRejection { error, .. }) => return rejected(error),
        };
        let Some(tokens) = &config.tokens else {
            return rejected(ErrorKind::MissingCredentials.into());
        };
        let outcome = tokens.verify_uncached(token.clone()).wait().await;
        let (identity, error) = match outcome {
            Ok(identity) => (Some(identity), None),
            Err(error) => (None, Some(error)),
        };
        let mut explanation = explained(&**tokens, token, error);
        explanation.request.extend(row);
        let Some(identity) = identity else { return explanation };
        let Decided { decision, .. } =
            config.admit(Admission { rule, used }, identity.clone(), &request);
        let decision = match decision {
            Decision::Ask(verdict, _) => verdict.await.err(),
            Decision::Reject(error) => Some(error),
            Decision::Admit(_) => None,
        };
        if let Some(error) = decision {
            let error = diagnosed(error, &identity);
            let finding = error.diagnosis().map(|diagnosis| diagnosis.finding().clone());
            explanation.request.push(finding.unwrap_or(Finding::rejected(error.kind().rule())));
            explanation.error = Some(error);
        }
        explanation
    }
}
