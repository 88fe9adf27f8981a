//! The keys that bind a session to its subject.

use http::HeaderName;

use crate::{Identity, Secret, digest::KeyedDigest, identity::Caller, jose::base64url};

/// The header that contains the session id.
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The length of the tag in a session id, in bytes. 128 bits can't be guessed.
const TAG: usize = 16;

/// The length of a tag in base64url.
const TAG_TEXT: usize = 22;

/// Binds session ids to callers. Clients see the id of the service, a dot, and a tag, so that nothing has to be stored.
#[derive(Debug)]
pub(super) struct SessionKey {
    current: KeyedDigest,
    /// Still accepted while a secret is being replaced.
    previous: Option<KeyedDigest>,
}

impl SessionKey {
    /// Creates a random key that never leaves the process.
    pub(super) fn random() -> Self {
        Self { current: KeyedDigest::new(), previous: None }
    }

    pub(super) fn new(current: &Secret, previous: Option<&Secret>) -> Self {
        let key = |secret: &Secret| KeyedDigest::with_key(secret.expose());
        Self { current: key(current), previous: previous.map(key) }
    }

    /// Returns the id that clients see for the session `id` of the service.
    pub(super) fn bind(&self, id: &str, caller: &Caller) -> Option<String> {
        Some(format!("{id}.{}", tag(&self.current, id, caller)?))
    }

    /// Returns the session id of the service, if the session belongs to the caller.
    pub(super) fn verify<'a>(&self, bound: &'a str, caller: &Caller) -> Option<&'a str> {
        let (id, found) = bound.rsplit_once('.')?;
        if found.len() != TAG_TEXT {
            return None;
        }
        let keys = [Some(&self.current), self.previous.as_ref()];
        let is_ours = |key: &KeyedDigest| {
            let mut buffer = [0; TAG + 2];
            let bytes = base64url::decode_into(found, &mut buffer);
            bytes.is_some_and(|bytes| {
                digest(key, id, caller)
                    .is_some_and(|it| bytes.len() == TAG && it.starts_with(bytes))
            })
        };
        keys.into_iter().flatten().any(is_ours).then_some(id)
    }
}

fn tag(key: &KeyedDigest, id: &str, caller: &Caller) -> Option<String> {
    let digest = digest(key, id, caller)?;
    Some(base64url::encode(digest.bytes().get(..TAG)?))
}

/// Returns the digest that binds a session to its caller: to a subject, to a client that acts on its own behalf, or to
/// anonymous callers. Returns `None` for an identity that has neither a subject nor a client.
fn digest(key: &KeyedDigest, id: &str, caller: &Caller) -> Option<crate::digest::Digest> {
    let (kind, issuer, name) = match caller.identity() {
        None => ("anonymous", "", ""),
        Some(identity) => {
            let issuer = identity.issuer().unwrap_or_default();
            let (kind, name) = owner(identity)?;
            (kind, issuer, name)
        }
    };
    let texts = ["mcp session", kind, issuer, name, id];
    Some(key.of(&texts.map(str::as_bytes)))
}

fn owner(identity: &Identity) -> Option<(&'static str, &str)> {
    let subject = identity.subject().map(|subject| ("subject", subject));
    subject.or_else(|| identity.client_id().map(|client| ("client", client)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(subject: &str) -> Caller {
        Caller::Identified(Identity::assertion().subject(subject).build())
    }

    #[test]
    fn a_session_is_accepted_from_its_caller_only() {
        let key = SessionKey::random();
        let client = |id: &str| Caller::Identified(Identity::assertion().client_id(id).build());
        let issuer = Identity::assertion().issuer("https://as.example").subject("alice").build();
        let callers = [
            caller("alice"),
            caller("bob"),
            client("alice"),
            Caller::Identified(issuer),
            Caller::Anonymous(None),
        ];
        for (place, owner) in callers.iter().enumerate() {
            let bound = key.bind("a.b-c", owner).unwrap();
            for (other, caller) in callers.iter().enumerate() {
                let expected = (place == other).then_some("a.b-c");
                assert_eq!(key.verify(&bound, caller), expected, "{place} {other}");
            }
        }
        let unknown = Caller::Identified(Identity::assertion().build());
        assert_eq!(key.bind("id", &unknown), None);
    }

    #[test]
    fn a_changed_id_is_rejected() {
        let (key, alice) = (SessionKey::random(), caller("alice"));
        let bound = key.bind("id", &alice).unwrap();
        let (_, tag) = bound.split_once('.').unwrap();
        let changed = [
            "id".to_owned(),
            String::new(),
            ".".to_owned(),
            "id.".to_owned(),
            format!("other.{tag}"),
            format!("id.x.{tag}"),
            format!("{bound}A"),
            bound[..bound.len() - 1].to_owned(),
            format!("{bound}=="),
        ];
        for id in changed {
            assert_eq!(key.verify(&id, &alice), None, "{id}");
        }
        assert_eq!(SessionKey::random().verify(&bound, &alice), None);
    }

    #[test]
    fn the_previous_secret_is_accepted() {
        let (old, new) = (Secret::from("old".repeat(11)), Secret::from("new".repeat(11)));
        let alice = caller("alice");
        let bound = SessionKey::new(&old, None).bind("id", &alice).unwrap();
        assert_eq!(SessionKey::new(&new, Some(&old)).verify(&bound, &alice), Some("id"));
        assert_eq!(SessionKey::new(&new, None).verify(&bound, &alice), None);
    }
}
