//! The output roots that an L1 has of a rollup.

use crate::error::Error;
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256};
use tributary_client::Client;
use tributary_contracts::{OutputProposals, TributaryPortal};

/// Of the OP Stack's dispute games: the type that `OutputProposals.GAME_TYPE` is.
const PAGE: u64 = 64;

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
    let mut next = l1.view(outputs, &OutputProposals::gameCountCall {}, at).await?;
    let mut found = None;
    // Newest first; outputs ascend.
    while !next.is_zero() {
        let start = next - U256::ONE;
        let call = OutputProposals::findLatestGamesCall { gameType: kind, start, n: U256::from(PAGE) };
        let page = l1.view(outputs, &call, at).await?;
        for game in &page {
            let number = U256::try_from_be_slice(&game.extraData).unwrap_or_default().saturating_to::<u64>();
            if number < block {
                return settled(l1, outputs, found).await;
            }
            found = Some(Output { index: game.index, block: number, root: game.rootClaim, is_final: false });
        }
        next = next.saturating_sub(U256::from(page.len().max(1)));
    }
    settled(l1, outputs, found).await
}

async fn settled(l1: &Client, outputs: Address, found: Option<Output>) -> Result<Option<Output>, Error> {
    let Some(output) = found else { return Ok(None) };
    let is_final = l1.view(outputs, &OutputProposals::isFinalCall { index: output.index }, BlockId::latest()).await?;
    Ok(Some(Output { is_final, ..output }))
}
