//! Letting days pass, on a development chain.

use crate::{chain::Chain, error::Error};
use alloy_eips::BlockId;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tributary_contracts::{L1Block, predeploys::L1_BLOCK};

/// What a node answers to a method that it does not have.
const NO_SUCH_METHOD: i64 = -32601;

/// How often the chain is asked how far it is, and how long at most.
const POLL: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const DAY: u64 = 86_400;

/// Whether days can be made to pass on this chain.
pub(crate) async fn can_jump(chain: &Chain) -> Result<bool, Error> {
    match chain.client().request::<Value>("anvil_getAutomine", [(); 0]).await {
        Ok(_) => Ok(true),
        Err(tributary_client::Error::Rejected { fault, .. }) if fault.code == NO_SUCH_METHOD => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Lets `seconds` pass. Asked once each: repeated, it would be twice as long.
pub(crate) async fn jump(chain: &Chain, seconds: u64) -> Result<(), Error> {
    let _: Option<Value> = chain.client().request_once("evm_increaseTime", [seconds]).await?;
    let _: Option<Value> = chain.client().request_once("evm_mine", [(); 0]).await?;
    Ok(())
}

/// The L1 block that the rollup's newest block is built on.
pub(crate) async fn origin(chain: &Chain) -> Result<u64, Error> {
    chain.view(L1_BLOCK, &L1Block::numberCall {}, BlockId::latest()).await
}

/// Waits until the rollup is built on this L1 block.
pub(crate) async fn wait_for_origin(chain: &Chain, number: u64) -> Result<(), Error> {
    let started = Instant::now();
    while origin(chain).await? < number {
        if started.elapsed() > PATIENCE {
            return Err(Error::Check(format!("the rollup did not reach L1 block {number} in {} s", PATIENCE.as_secs())));
        }
        sleep(POLL).await;
    }
    Ok(())
}
