//! The `authorization_details` claim of an identity (RFC 9396).

use super::Identity;
use crate::{Error, claims::authorization_details, error::TokenFault};

impl Identity {
    /// Returns the elements of `authorization_details` with this `type`, deserialized as `T` ([RFC 9396 §9]). Elements
    /// with another `type` are ignored. If the claim is absent, the list is empty.
    ///
    /// Works with JWTs and with introspection responses. The elements are deserialized on each call.
    ///
    /// ```
    /// use portcullis::Identity;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Payment {
    ///     actions: Vec<String>,
    ///     #[serde(rename = "creditorName")]
    ///     creditor_name: String,
    /// }
    ///
    /// let claims = r#"{"authorization_details":[
    ///     {"type":"payment_initiation","actions":["initiate"],"creditorName":"Merchant A"},
    ///     {"type":"account_information","actions":["list_accounts"]}
    /// ]}"#;
    /// let identity = Identity::assertion().claims_json(claims).build();
    ///
    /// let payments = identity.authorization_details::<Payment>("payment_initiation")?;
    /// assert_eq!(payments.len(), 1);
    /// assert_eq!(payments[0].creditor_name, "Merchant A");
    /// assert_eq!(payments[0].actions, ["initiate"]);
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`TokenFault::Claims`](crate::error::TokenFault::Claims) if an element with this `type` can't be
    /// deserialized as a `T`, or if the claim isn't an array of objects that each have a `type`.
    ///
    /// [RFC 9396 §9]: https://www.rfc-editor.org/rfc/rfc9396#section-9
    #[cfg(feature = "serde")]
    pub fn authorization_details<T>(&self, kind: &str) -> Result<Vec<T>, Error>
    where
        T: serde::de::DeserializeOwned,
    {
        let elements = self.raw_authorization_details(kind)?;
        let read = |element: &str| {
            serde_json::from_str(element).map_err(|_| {
                // The message of serde_json isn't included, because it may quote a claim.
                let name = std::any::type_name::<T>();
                let problem = format!("an element of `authorization_details` is not a `{name}`");
                Error::from(TokenFault::Claims).with_source(problem)
            })
        };
        elements.into_iter().map(read).collect()
    }

    /// Rejects the request unless `authorization_details` has an element with this `type` ([RFC 9396 §9]). In a
    /// handler, use `identity.require_authorization_details("payment_initiation")?`.
    ///
    /// The handler then has to compare the content of the element with the request: see
    #[cfg_attr(feature = "serde", doc = "[`authorization_details`](Self::authorization_details).")]
    #[cfg_attr(not(feature = "serde"), doc = "`authorization_details` (feature `serde`).")]
    ///
    /// ```
    /// use portcullis::{ErrorKind, Identity};
    ///
    /// let claims = r#"{"authorization_details":[{"type":"payment_initiation"}]}"#;
    /// let identity = Identity::assertion().claims_json(claims).build();
    /// assert!(identity.require_authorization_details("payment_initiation").is_ok());
    ///
    /// let error = identity.require_authorization_details("account_information").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AccessDenied);
    /// ```
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if there is no such element. The response has no
    ///   challenge, because no scope would be sufficient.
    /// - [`TokenFault::Claims`](crate::error::TokenFault::Claims) if the claim isn't an array of objects that each have
    ///   a `type`
    ///
    /// [RFC 9396 §9]: https://www.rfc-editor.org/rfc/rfc9396#section-9
    pub fn require_authorization_details(&self, kind: &str) -> Result<(), Error> {
        if self.raw_authorization_details(kind)?.is_empty() {
            let problem = format!("the identity has no authorization details of the type `{kind}`");
            return Err(Error::access_denied().with_source(problem));
        }
        Ok(())
    }

    fn raw_authorization_details(&self, kind: &str) -> Result<Vec<&str>, Error> {
        authorization_details(self.raw_claims(), kind)
            .map_err(|malformed| Error::from(TokenFault::Claims).with_source(malformed))
    }
}
