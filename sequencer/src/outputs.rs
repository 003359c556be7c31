//! The output roots that an L1 has of a rollup.

use crate::error::Error;
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256};
use tributary_client::Client;
use tributary_contracts::{AttestationVerifier, OutputProposals, TributaryPortal};

/// An output that was accepted and not vetoed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Output {
    /// Its number among all.
    pub(crate) index: U256,
    /// The rollup's block.
    pub(crate) block: u64,
    /// The output root.
    pub(crate) root: B256,
    /// Whether nobody can veto it any more.
    pub(crate) is_final: bool,
}

/// The chain that a portal's outputs are about, as their verifier names it.
pub(crate) async fn chain_id(l1: &Client, portal: Address) -> Result<U256, Error> {
    let at = BlockId::latest();
    let outputs = l1.view(portal, &TributaryPortal::disputeGameFactoryCall {}, at).await?;
    let verifier = l1.view(outputs, &OutputProposals::verifierCall {}, at).await?;
    Ok(l1.view(verifier, &AttestationVerifier::l2ChainIdCall {}, at).await?)
}

/// The first output of a block that is not before this one; `None` where L1 has none yet.
pub(crate) async fn covering(l1: &Client, portal: Address, block: u64) -> Result<Option<Output>, Error> {
    let at = BlockId::latest();
    if l1.code(portal, at).await?.is_empty() {
        return Err(Error::Invalid {
            what: portal.to_string(),
            reason: "there is no contract at the portal's address on this L1".to_owned(),
        });
    }
    let outputs = l1.view(portal, &TributaryPortal::disputeGameFactoryCall {}, at).await?;
    let kind = l1.view(outputs, &OutputProposals::GAME_TYPECall {}, at).await?;
    let count = l1.view(outputs, &OutputProposals::gameCountCall {}, at).await?.saturating_to::<u64>();
    // They ascend: a veto takes back all behind one.
    let (mut low, mut high, mut found) = (0, count, None);
    while low < high {
        let middle = low + (high - low) / 2;
        let call = OutputProposals::findLatestGamesCall { gameType: kind, start: U256::from(middle), n: U256::ONE };
        let Some(game) = l1.view(outputs, &call, at).await?.into_iter().next() else { break };
        let number = U256::try_from_be_slice(&game.extraData).unwrap_or_default().saturating_to::<u64>();
        if number < block {
            low = middle + 1;
        } else {
            (high, found) = (middle, Some(Output { index: game.index, block: number, root: game.rootClaim, is_final: false }));
        }
    }
    let Some(output) = found else { return Ok(None) };
    let is_final = l1.view(outputs, &OutputProposals::isFinalCall { index: output.index }, at).await?;
    Ok(Some(Output { is_final, ..output }))
}
