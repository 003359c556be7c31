//! Which chain the endpoints must be on.

use crate::{
    client::{Client, body, exchange},
    error::Error,
    http::Http,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, U64};
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, PoisonError, RwLock};

/// What makes a chain this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    chain_id: u64,
    genesis: Option<B256>,
}

/// The identity that endpoints must have, once it is known; shared by the clones of a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedIdentity(Arc<RwLock<Option<Identity>>>);

impl SharedIdentity {
    fn get(&self) -> Option<Identity> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct BlockHash {
    hash: B256,
}

impl Client {
    /// Asks every endpoint for its chain id, and for the hash of block 0 where `genesis` is given. From then on an endpoint is used only once it has said
    /// what it should: now, or when it answers again.
    ///
    /// # Errors
    /// [`Error::WrongChain`] when one says otherwise. One that does not answer is no refusal; when none does, its failure is told.
    pub async fn verify_identity(&self, chain_id: u64, genesis: Option<B256>) -> Result<(), Error> {
        let expected = Identity { chain_id, genesis };
        if self.identity.get() != Some(expected) {
            self.endpoints.all().iter().for_each(|http| http.set_verified(false));
            *self.identity.0.write().unwrap_or_else(PoisonError::into_inner) = Some(expected);
        }
        let (mut answered, mut failure) = (false, None);
        for http in self.endpoints.all() {
            match self.verify(http).await {
                Ok(()) => answered = true,
                Err(error @ Error::WrongChain { .. }) => return Err(error),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if answered { Ok(()) } else { Err(failure.unwrap_or_else(|| Error::Config("no endpoint is given".to_owned()))) }
    }

    /// The chain id that [`Self::verify_identity`] was told.
    pub fn verified_chain_id(&self) -> Option<u64> {
        Some(self.identity.get()?.chain_id)
    }

    /// Whether the endpoint is on our chain; asked again after it was away.
    pub(crate) async fn verify(&self, http: &Http) -> Result<(), Error> {
        let Some(expected) = self.identity.get().filter(|_| !http.is_verified()) else { return Ok(()) };
        let missing = |what: &str| Error::Inconsistent(format!("{} does not tell its {what}", http.host()));
        let chain_id: Option<U64> = exchange(http, "eth_chainId", &body("eth_chainId", json!([]))).await?;
        let found = chain_id.ok_or_else(|| missing("chain id"))?.to::<u64>();
        if found != expected.chain_id {
            return Err(wrong(http, "chain id", found.to_string(), expected.chain_id.to_string()));
        }
        if let Some(genesis) = expected.genesis {
            let question = body("eth_getBlockByNumber", (BlockNumberOrTag::Number(0), false));
            let block: Option<BlockHash> = exchange(http, "eth_getBlockByNumber", &question).await?;
            let found = block.ok_or_else(|| missing("genesis block"))?.hash;
            if found != genesis {
                return Err(wrong(http, "genesis hash", found.to_string(), genesis.to_string()));
            }
        }
        http.set_verified(true);
        Ok(())
    }
}

/// Rests like one that fails, so that it is not asked each time.
fn wrong(http: &Http, what: &'static str, found: String, expected: String) -> Error {
    let error = Error::WrongChain { host: http.host(), what, found, expected };
    http.failed(&error);
    error
}
