//! The keys of the revocation list: the key of a revocation, and those under which a token may be
//! revoked.

use super::{
    revocation::{Revocation, Target},
    revocation_list::EntryKey,
};
use crate::{Identity, digest::sha256, identity::RevocationKeys};

impl Revocation {
    /// Returns the key under which this revocation is stored.
    pub(crate) fn key(&self) -> EntryKey {
        match self.target {
            Target::Token => token_key(&self.value),
            target => key(target, self.issuer.as_deref(), &self.value),
        }
    }
}

/// Returns every key under which a token may be revoked: one for each of its identifiers, with and
/// without the issuer.
pub(crate) fn keys_of(token: &str, identity: &Identity) -> RevocationKeys {
    let issuer = identity.issuer();
    let named = |target, value: Option<&str>| {
        let value = value?;
        Some(key(target, None, value).0)
    };
    let qualified = |target, value: Option<&str>| {
        let (issuer, value) = (issuer?, value?);
        Some(key(target, Some(issuer), value).0)
    };
    [
        Some(token_key(token).0),
        named(Target::TokenId, identity.token_id()),
        qualified(Target::TokenId, identity.token_id()),
        named(Target::Session, identity.session_id()),
        qualified(Target::Session, identity.session_id()),
        named(Target::Subject, identity.subject()),
        qualified(Target::Subject, identity.subject()),
        named(Target::Client, identity.client_id()),
        qualified(Target::Client, identity.client_id()),
    ]
}

/// Returns the key of a token. A JWT is identified by its signed part, because for an ECDSA signature `(r,
/// s)`, `(r, n - s)` is valid as well.
fn token_key(token: &str) -> EntryKey {
    let signed = match token.rsplit_once('.') {
        Some((signed, _)) if signed.matches('.').count() == 1 => signed,
        _ => token,
    };
    key(Target::Token, None, signed)
}

/// Computes the digest of a value, its kind and its issuer. The lengths separate issuer and value
/// unambiguously.
fn key(target: Target, issuer: Option<&str>, value: &str) -> EntryKey {
    let tag = match target {
        Target::Client => b'c',
        Target::Session => b'i',
        Target::Subject => b's',
        Target::Token => b't',
        Target::TokenId => b'j',
    };
    let issuer_length = issuer.map_or(u64::MAX, |issuer| issuer.len() as u64);
    let text = [
        b"portcullis revocation ",
        &[tag][..],
        &issuer_length.to_be_bytes(),
        issuer.unwrap_or_default().as_bytes(),
        value.as_bytes(),
    ];
    let digest = sha256(&text.concat());
    let word = |at: usize| {
        let bytes = digest.get(at..).and_then(<[u8]>::first_chunk).copied();
        u64::from_be_bytes(bytes.unwrap_or_default())
    };
    EntryKey([word(0), word(8)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_has_a_key_of_each_token_that_it_revokes() {
        let identity = Identity::assertion()
            .issuer("https://as.example")
            .subject("alice")
            .client_id("app")
            .token_id("7")
            .session_id("s")
            .build();
        let keys = keys_of("a.b.c", &identity);
        for (revocation, is_concerned) in [
            (Revocation::token("a.b.c"), true),
            (Revocation::token("a.b.twin"), true),
            (Revocation::token("a.x.c"), false),
            (Revocation::token_id("7"), true),
            (Revocation::token_id("7").issuer("https://as.example"), true),
            (Revocation::token_id("7").issuer("https://other.example"), false),
            (Revocation::subject("alice"), true),
            (Revocation::subject("alice").issuer("https://as.example"), true),
            (Revocation::subject("alice").issuer("https://other.example"), false),
            (Revocation::subject("app"), false),
            (Revocation::client("app"), true),
            (Revocation::client("alice"), false),
            (Revocation::session("s").issuer("https://as.example"), true),
            (Revocation::session("alice"), false),
        ] {
            let is_key = keys.contains(&Some(revocation.key().0));
            assert_eq!(is_key, is_concerned, "{revocation:?} {}", revocation.value);
        }
    }

    #[test]
    fn an_opaque_token_is_identified_by_its_whole_text() {
        for (one, other, same) in [
            ("opaque", "opaque", true),
            ("opaque1", "opaque2", false),
            ("a.b", "a.c", false),
            ("a.b.c.d.e", "a.b.c.d.f", false),
            ("a.b.c", "a.b.d", true),
        ] {
            assert_eq!(token_key(one) == token_key(other), same, "{one} {other}");
        }
    }

    #[test]
    fn issuer_and_value_are_separated() {
        assert_ne!(key(Target::Subject, Some("ab"), "c"), key(Target::Subject, Some("a"), "bc"));
        assert_ne!(key(Target::Subject, Some(""), "a"), key(Target::Subject, None, "a"));
    }
}
