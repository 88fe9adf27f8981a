//! What the rows are made from, each part when a row first asks for it.

use std::cell::OnceCell;

use portcullis::{
    AuthenticateLayer, Issuers, JwtVerifier,
    issuers::IssuersBuilder,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    verify::{Readiness, Revocations},
};
use tokio::runtime::{self, Runtime};

use super::issuer::Issuer;

/// How a verifier treats tokens that it has verified.
#[derive(Debug, Clone, Copy)]
pub enum Memory {
    /// As it does by default.
    Default,
    /// Remembers few, so that one leaves for each that comes.
    Little,
    /// Forgets them at once.
    None,
}

/// Room for two tokens, in bytes.
const LITTLE: usize = 4 * 1024;

/// A runtime, and issuers with their verifiers.
pub struct Fixture {
    pub runtime: Runtime,
    pub issuer: Issuer,
    issuer_with_100_keys: OnceCell<Issuer>,
    post_quantum_issuer: OnceCell<Issuer>,
    pool_size: usize,
}

impl Fixture {
    /// `pool_size` is how many requests come before a token comes again.
    pub fn new(pool_size: usize) -> Self {
        Self::of(current_thread(), Issuer::new(pool_size), pool_size)
    }

    /// The same with an issuer that something else needs, too.
    pub fn of(runtime: Runtime, issuer: Issuer, pool_size: usize) -> Self {
        let (issuer_with_100_keys, post_quantum_issuer) = (OnceCell::new(), OnceCell::new());
        Self { runtime, issuer, issuer_with_100_keys, post_quantum_issuer, pool_size }
    }

    /// The issuer with 100 keys.
    pub fn issuer_with_100_keys(&self) -> &Issuer {
        self.issuer_with_100_keys.get_or_init(|| Issuer::with_keys(100, self.pool_size))
    }

    /// The issuer with keys of ML-DSA.
    pub fn post_quantum_issuer(&self) -> &Issuer {
        self.post_quantum_issuer.get_or_init(|| Issuer::post_quantum(self.pool_size))
    }

    /// Authentication of one issuer's tokens, whose keys are at hand.
    pub fn layer(&self, issuer: &Issuer, memory: Memory) -> AuthenticateLayer {
        self.verified_by(verifier(issuer.verifier(), memory))
    }

    /// Authentication of the issuer's tokens, unless this list revokes them.
    pub fn layer_with_revocations(&self, revocations: &Revocations) -> AuthenticateLayer {
        let builder = self.issuer.verifier().revocations(revocations.clone());
        self.verified_by(builder.build().expect("a good configuration"))
    }

    /// Authentication of the issuer's HS256 tokens.
    pub fn hmac_layer(&self, memory: Memory) -> AuthenticateLayer {
        self.verified_by(verifier(self.issuer.hmac_verifier(), memory))
    }

    /// Authentication of the tokens of the issuer and 19 others, whose keys are at hand.
    pub fn layer_of_20_issuers(&self, memory: Memory) -> AuthenticateLayer {
        self.layer_of_issuers(20, memory)
    }

    /// Authentication of the tokens of the issuer and as many others as make `count`.
    pub fn layer_of_issuers(&self, count: usize, memory: Memory) -> AuthenticateLayer {
        let others: Vec<_> = (1..count).map(Issuer::one_of_many).collect();
        let all = others.iter().chain([&self.issuer]);
        let verifiers = all.map(|issuer| verifier(issuer.verifier(), memory));
        let builder = match memory {
            Memory::Default => Issuers::builder(),
            Memory::Little => Issuers::builder().token_cache(LITTLE),
            Memory::None => Issuers::builder().token_cache(0),
        };
        let issuers = verifiers.fold(builder, IssuersBuilder::trust);
        let issuers = issuers.build().expect("a good configuration");
        self.runtime.block_on(issuers.warm_up()).expect("issuers in reach");
        assert!(issuers.readiness().iter().all(Readiness::is_ready));
        AuthenticateLayer::bearer(issuers)
    }

    pub fn verified_by(&self, verifier: JwtVerifier) -> AuthenticateLayer {
        self.runtime.block_on(verifier.warm_up()).expect("an issuer in reach");
        AuthenticateLayer::bearer(verifier)
    }
}

/// A runtime for one thread: what a request costs, not what it costs to hand it around.
pub fn current_thread() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn verifier(builder: JwtVerifierBuilder<AudienceGiven>, memory: Memory) -> JwtVerifier {
    let builder = match memory {
        Memory::Default => builder,
        Memory::Little => builder.token_cache(LITTLE),
        Memory::None => builder.token_cache(0),
    };
    builder.build().expect("a good configuration")
}
