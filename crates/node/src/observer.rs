//! L1 as who operates a node looks at it: whether it answers, what data costs there, and what the accounts have that act for the node. Nothing waits for this.

use crate::Error;
use alloy_eips::{BlockId, BlockNumberOrTag, eip4844::DATA_GAS_PER_BLOB};
use alloy_primitives::{Address, U256};
use metrics::{counter, gauge};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tributary_dashboard::{
    AccountStanding,
    metrics::{DA_PRICE_WEI, L1_BALANCE_WEI, L1_ENDPOINT_ERRORS, L1_LOW_BALANCE_WEI, L1_SPENT_WEI},
};
use tributary_l1::{L1Client, Spending};
use tributary_primitives::{L1Info, RollupConfig};
use tributary_rollup::MAX_BLOB_DATA;
use tributary_storage::Store;

/// What is dear enough to be told of in time: an account that cannot pay for so many transactions of its own is low.
const RESERVE: u64 = 10;

/// Gas of a byte of calldata that is not zero, where calldata is most of a transaction (EIP-7623).
pub(crate) const CALLDATA_GAS: u64 = 40;

/// An account that pays on L1 for what a node does there.
#[derive(Debug, Clone)]
pub(crate) struct Payer {
    pub(crate) role: &'static str,
    pub(crate) address: Address,
    pub(crate) spending: Spending,
    /// What one of its larger transactions uses: gas, and gas of blobs.
    pub(crate) uses: (u64, u64),
}

/// Accounts that pay; they come as the parts start that use them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Payers(Arc<Mutex<Vec<Payer>>>);

impl Payers {
    pub(crate) fn add(&self, payer: Payer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(payer);
    }

    fn all(&self) -> Vec<Payer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What was seen last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed {
    /// Number and time of L1's newest block.
    pub(crate) head: (u64, u64),
    /// When L1 last answered.
    pub(crate) answered: Option<Instant>,
    pub(crate) accounts: Vec<AccountStanding>,
}

/// Wei for gas, and for gas of blobs, in the next block.
#[derive(Debug, Clone, Copy, Default)]
struct Prices {
    gas: u128,
    blob_gas: u128,
}

impl Prices {
    fn of(&self, (gas, blob_gas): (u64, u64)) -> U256 {
        U256::from(gas) * U256::from(self.gas) + U256::from(blob_gas) * U256::from(self.blob_gas)
    }
}

/// Looks at L1 from time to time.
#[derive(Debug)]
pub(crate) struct Observer {
    pub(crate) client: L1Client,
    pub(crate) config: Arc<RollupConfig>,
    /// The chain whose safe head tells whose batches count.
    pub(crate) store: Store,
    pub(crate) payers: Payers,
    pub(crate) every: Duration,
    pub(crate) told: watch::Sender<Observed>,
}

impl Observer {
    /// Runs for ever. What L1 does not answer stays as it was.
    pub(crate) async fn run(self) -> Result<(), Error> {
        loop {
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "L1 does not tell how it is");
            }
            self.tell_spending();
            tokio::time::sleep(self.every).await;
        }
    }

    async fn look(&self) -> Result<(), Error> {
        if let Some(head) = self.client.block_ref(BlockNumberOrTag::Latest).await? {
            self.told.send_modify(|told| (told.head, told.answered) = ((head.number, head.timestamp), Some(Instant::now())));
        }
        let prices = self.prices().await?;
        gauge!(DA_PRICE_WEI, "kind" => "blob").set(prices.blob_gas as f64 * DATA_GAS_PER_BLOB as f64 / MAX_BLOB_DATA as f64);
        gauge!(DA_PRICE_WEI, "kind" => "calldata").set(prices.gas as f64 * CALLDATA_GAS as f64);
        let mut accounts = Vec::new();
        for payer in self.payers.all() {
            let balance = self.client.node().balance(payer.address, BlockId::latest()).await.map_err(tributary_l1::Error::from)?;
            accounts.push(self.account(&payer, balance, &prices)?);
        }
        self.told.send_modify(|told| told.accounts = accounts);
        Ok(())
    }

    async fn prices(&self) -> Result<Prices, Error> {
        let history = self.client.node().fee_history(1, &[]).await.map_err(tributary_l1::Error::from)?;
        let next = |fees: &[u128]| fees.last().copied().unwrap_or_default();
        Ok(Prices { gas: next(&history.base_fee_per_gas), blob_gas: next(&history.base_fee_per_blob_gas) })
    }

    fn account(&self, payer: &Payer, balance: U256, prices: &Prices) -> Result<AccountStanding, Error> {
        let low = prices.of(payer.uses) * U256::from(RESERVE);
        let address = payer.address.to_string();
        gauge!(L1_BALANCE_WEI, "role" => payer.role, "address" => address.clone()).set(f64::from(balance));
        gauge!(L1_LOW_BALANCE_WEI, "role" => payer.role, "address" => address).set(f64::from(low));
        let expected = if payer.role == "batcher" { Some(self.batcher()?) } else { None };
        Ok(AccountStanding { role: payer.role, address: payer.address, balance: Some(balance), low, expected })
    }

    /// Whose batches count after the safe head.
    fn batcher(&self) -> Result<Address, Error> {
        let first = self.store.transaction(self.store.heads()?.safe_head.number, 0)?;
        let info = first.and_then(|first| L1Info::decode_calldata(&first.transaction.as_deposit()?.input).ok());
        Ok(info.map_or(self.config.genesis.system_config.batcher_addr, |info| info.batcher()))
    }

    fn tell_spending(&self) {
        for payer in self.payers.all() {
            gauge!(L1_SPENT_WEI, "role" => payer.role).set(f64::from(payer.spending.wei()));
        }
        for (api, endpoint) in self.client.endpoints() {
            counter!(L1_ENDPOINT_ERRORS, "api" => api, "endpoint" => endpoint.host()).absolute(endpoint.failures());
        }
    }
}
