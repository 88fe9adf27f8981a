//! Claims that are deserialized once into types of the service.

use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
};

use serde::de::DeserializeOwned;

use super::mismatch;
use crate::{Error, error::TokenFault};

/// The typed claims that have been deserialized so far. This is a linked list that only grows, so
/// reading it takes no lock. Most services use one type, and few use two.
#[derive(Default)]
pub(crate) struct TypedClaims(OnceLock<Box<Node>>);

struct Node {
    claims: Arc<dyn Any + Send + Sync>,
    next: TypedClaims,
}

impl TypedClaims {
    pub(crate) fn get_or_read<T>(&self, raw: &str) -> Result<Arc<T>, Error>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let mut list = self;
        while let Some(node) = list.0.get() {
            if let Ok(claims) = Arc::clone(&node.claims).downcast() {
                return Ok(claims);
            }
            list = &node.next;
        }
        let claims: Arc<T> = serde_json::from_str(raw).map(Arc::new).map_err(|error| {
            let mismatch = mismatch::describe(raw, std::any::type_name::<T>(), &error);
            Error::from(TokenFault::Claims).with_source(mismatch)
        })?;
        // If another reader of the same token was faster, these claims are still correct, but aren't
        // cached.
        let _ =
            list.0.set(Box::new(Node { claims: Arc::<T>::clone(&claims), next: Self::default() }));
        Ok(claims)
    }
}

impl fmt::Debug for TypedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedClaims")
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Tenant {
        tenant: String,
    }

    #[derive(Deserialize)]
    struct Role {
        role: String,
    }

    #[test]
    fn each_type_is_deserialized_once() {
        let typed = TypedClaims::default();
        let raw = r#"{"tenant":"acme","role":"admin"}"#;
        let first: Arc<Tenant> = typed.get_or_read(raw).unwrap();
        let role: Arc<Role> = typed.get_or_read(raw).unwrap();
        let again: Arc<Tenant> = typed.get_or_read("not JSON").unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!((again.tenant.as_str(), role.role.as_str()), ("acme", "admin"));
    }

    #[test]
    fn an_error_for_mismatched_claims_quotes_no_claim() {
        let error = TypedClaims::default().get_or_read::<Tenant>(r#"{"tenant":{"s3cret":1}}"#);
        let error = error.map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), TokenFault::Claims.into());
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}
