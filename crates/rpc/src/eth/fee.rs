//! `eth_` methods about fees.

use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    count::Count,
    error::RpcError,
    resolve::Target,
};
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::{BlockHashOrNumber, BlockNumberOrTag, eip7840::BlobParams};
use alloy_primitives::{U64, U128};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use tributary_primitives::{Block, ChainSpec, Receipt};

/// The tip that is suggested while blocks have room: on a rollup 0.001 gwei as in op-geth, where order of arrival decides anyway.
const ROLLUP_TIP: u128 = 1_000_000;
/// The same on Ethereum: 1 gwei.
const ETHEREUM_TIP: u128 = 1_000_000_000;
/// geth's bound on the percentiles of one request.
const MAX_PERCENTILES: usize = 100;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "eth_gasPrice", |api, _| {
        let price = suggested_tip(api)? + u128::from(next_base_fee(api)?.unwrap_or_default());
        Ok(U128::from(price))
    })?;
    light(module, "eth_maxPriorityFeePerGas", |api, _| Ok(U128::from(suggested_tip(api)?)))?;
    light(module, "eth_baseFee", |api, _| Ok(next_base_fee(api)?.map(U64::from)))?;
    light(module, "eth_blobBaseFee", |api, _| {
        let head = head(api)?;
        let params = api.chain.spec.blob_params(head.timestamp);
        Ok(U128::from(params.map_or(1, |params| next_blob_fee(&head, params))))
    })?;
    heavy(module, "eth_feeHistory", fee_history)
}

fn head(api: &Api) -> Result<Header, RpcError> {
    let head = api.chain.store.header(api.head()?)?.ok_or_else(RpcError::header_not_found)?;
    Ok(head.inner().clone())
}

/// The base fee of the block that a transaction sent now runs in.
pub(crate) fn next_base_fee(api: &Api) -> Result<Option<u64>, RpcError> {
    if let Some(open) = api.open()? {
        return Ok(open.header().base_fee_per_gas);
    }
    let head = head(api)?;
    Ok(api.chain.spec.next_base_fee(&head, head.timestamp + 1))
}

/// A tip with which a transaction gets in: little while blocks have room, above the median of the last block when it was full (op-geth's rule).
pub(crate) fn suggested_tip(api: &Api) -> Result<u128, RpcError> {
    let least = if api.chain.spec.is_rollup() { ROLLUP_TIP } else { ETHEREUM_TIP }.max(api.chain.limits.policy.min_tip);
    let head = head(api)?;
    if api.chain.spec.gas_metered(&head) < head.gas_limit / 10 * 9 {
        return Ok(least);
    }
    let Some(stored) = api.chain.store.block(head.number)? else { return Ok(least) };
    let mut tips: Vec<u128> = tips(&stored.block).collect();
    tips.sort_unstable();
    let median = tips.get(tips.len() / 2).copied().unwrap_or_default();
    Ok(least.max(median + median / 10))
}

/// What each transaction paid above the base fee. Deposits pay nothing and say nothing about the market.
fn tips(block: &Block) -> impl Iterator<Item = u128> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let paying = block.body.transactions.iter().filter(|tx| !tx.is_deposit());
    paying.map(move |tx| tx.effective_tip_per_gas(base_fee).unwrap_or_default())
}

fn blob_fee(header: &Header, params: BlobParams) -> u128 {
    params.calc_blob_fee(header.excess_blob_gas.unwrap_or_default())
}

fn next_blob_fee(header: &Header, params: BlobParams) -> u128 {
    header.next_block_blob_fee(params).unwrap_or(1)
}

/// The price of blob gas where no block holds any. Headers of a rollup have an excess all the same, of zero, whose price is 1 wei.
fn no_blobs_fee(header: &Header) -> u128 {
    u128::from(header.excess_blob_gas.is_some())
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FeeHistory {
    oldest_block: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Vec<Vec<U128>>>,
    base_fee_per_gas: Vec<U128>,
    gas_used_ratio: Vec<f64>,
    base_fee_per_blob_gas: Vec<U128>,
    blob_gas_used_ratio: Vec<f64>,
}

fn fee_history(api: &Api, args: &mut Args) -> Result<FeeHistory, RpcError> {
    let count = args.required::<Count>()?.get();
    let newest: BlockNumberOrTag = args.required()?;
    let percentiles: Vec<f64> = args.optional()?.unwrap_or_default();
    check_percentiles(&percentiles)?;
    let head = api.head()?;
    let (last, open) = match api.by_told(newest)? {
        Target::Open(open) => (open.header().number, Some(api.ended_now.of(&open, &api.chain.executor)?)),
        Target::Sealed(BlockHashOrNumber::Number(number)) => (number, None),
        Target::Sealed(BlockHashOrNumber::Hash(_)) => (head, None),
    };
    if last > head && open.is_none() {
        return Err(RpcError::server(format!("request beyond head block: requested {last}, head {head}")));
    }
    // As in geth: where no block is open, one that was asked for is missing at the end.
    let missing = u64::from(newest.is_pending() && open.is_none());
    let count = count.saturating_sub(missing).min(api.chain.limits.fee_history).min(last + 1);
    if count == 0 {
        return Ok(FeeHistory::default());
    }
    let first = last + 1 - count;
    let mut history = FeeHistory { oldest_block: U64::from(first), ..Default::default() };
    let mut newest = None;
    for number in first..=last {
        let open = open.as_ref().filter(|_| number == last);
        let header = match open {
            Some(open) => open.block.block.header.clone(),
            None => api.chain.store.header(number)?.ok_or_else(RpcError::header_not_found)?.into_inner(),
        };
        history.push(&api.chain.spec, &header);
        if !percentiles.is_empty() {
            let rewards = match open {
                Some(open) => rewards(&open.block.block, &open.receipts, &percentiles),
                None => rewards_of(api, number, &percentiles)?,
            };
            history.reward.get_or_insert_default().push(rewards.into_iter().map(U128::from).collect());
        }
        newest = Some(header);
    }
    if let Some(header) = newest {
        history.push_next(api, &header);
    }
    Ok(history)
}

impl FeeHistory {
    /// What the block after the newest one charges.
    fn push_next(&mut self, api: &Api, header: &Header) {
        let spec = &api.chain.spec;
        self.base_fee_per_gas.push(U128::from(spec.next_base_fee(header, header.timestamp + 1).unwrap_or_default()));
        let params = spec.blob_params(header.timestamp);
        let blob_fee = params.map_or_else(|| no_blobs_fee(header), |params| next_blob_fee(header, params));
        self.base_fee_per_blob_gas.push(U128::from(blob_fee));
    }

    fn push(&mut self, spec: &ChainSpec, header: &Header) {
        let blobs = spec.blob_params(header.timestamp);
        let ratio = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        self.base_fee_per_gas.push(U128::from(header.base_fee_per_gas.unwrap_or_default()));
        self.gas_used_ratio.push(ratio(header.gas_used, header.gas_limit));
        self.base_fee_per_blob_gas.push(U128::from(blobs.map_or_else(|| no_blobs_fee(header), |params| blob_fee(header, params))));
        // With Jovian that is the DA footprint, which the gas limit bounds.
        let footprint_limit = if spec.is_jovian() { header.gas_limit } else { 0 };
        let most = blobs.map_or(footprint_limit, |params| params.max_blob_gas_per_block());
        self.blob_gas_used_ratio.push(ratio(header.blob_gas_used.unwrap_or_default(), most));
    }
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > MAX_PERCENTILES {
        return Err(RpcError::server(format!("invalid reward percentile: over the query limit {MAX_PERCENTILES}")));
    }
    for (index, percentile) in percentiles.iter().enumerate() {
        if !(0.0..=100.0).contains(percentile) {
            return Err(RpcError::server(format!("invalid reward percentile: {percentile:.6}")));
        }
        if index > 0 && *percentile <= percentiles[index - 1] {
            let words = format!("invalid reward percentile: #{}:{:.6} >= #{index}:{percentile:.6}", index - 1, percentiles[index - 1]);
            return Err(RpcError::server(words));
        }
    }
    Ok(())
}

fn rewards_of(api: &Api, number: u64, percentiles: &[f64]) -> Result<Vec<u128>, RpcError> {
    let (Some(stored), Some(receipts)) = (api.chain.store.block(number)?, api.chain.store.receipts(number)?) else {
        return Err(RpcError::header_not_found());
    };
    Ok(rewards(&stored.block, &receipts, percentiles))
}

/// The tips below which the given percentages of the block's gas lie; zeros for a block without paying transactions.
fn rewards(block: &Block, receipts: &[Receipt], percentiles: &[f64]) -> Vec<u128> {
    let mut before = 0;
    let gas = block.body.transactions.iter().zip(receipts).filter_map(|(tx, receipt)| {
        let used = receipt.cumulative_gas_used.saturating_sub(before);
        before = receipt.cumulative_gas_used;
        (!tx.is_deposit()).then_some(used)
    });
    let mut paid: Vec<(u128, u64)> = tips(block).zip(gas).collect();
    paid.sort_unstable();
    let total: u64 = paid.iter().map(|(_, gas)| gas).sum();
    let mut paid = paid.into_iter().peekable();
    let mut sum = 0;
    let mut rewards = Vec::with_capacity(percentiles.len());
    let mut tip = 0;
    for percentile in percentiles {
        let threshold = (total as f64 * percentile / 100.0) as u64;
        while let Some((next, gas)) = paid.next_if(|_| sum == 0 || sum < threshold) {
            tip = next;
            sum += gas;
        }
        rewards.push(tip);
    }
    rewards
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_primitives::{Signature, U256};
    use tributary_primitives::{Transaction, TxType};

    fn block(paid: &[(u128, u64)]) -> (Block, Vec<Receipt>) {
        let mut block = Block::default();
        block.header.base_fee_per_gas = Some(10);
        let mut receipts = Vec::new();
        let mut cumulative_gas_used = 0;
        for (tip, gas) in paid {
            let tx = TxEip1559 { max_fee_per_gas: 1000, max_priority_fee_per_gas: *tip, ..Default::default() };
            block.body.transactions.push(Transaction::Eip1559(tx.into_signed(Signature::new(U256::from(1), U256::from(1), false))));
            cumulative_gas_used += gas;
            receipts.push(Receipt {
                tx_type: TxType::Eip1559,
                outcome: true.into(),
                cumulative_gas_used,
                logs: vec![],
                deposit_nonce: None,
                deposit_receipt_version: None,
            });
        }
        (block, receipts)
    }

    #[test]
    fn rewards_are_weighted_by_gas() {
        let (block, receipts) = block(&[(5, 10), (1, 80), (3, 10)]);
        assert_eq!(rewards(&block, &receipts, &[0.0, 50.0, 80.0, 85.0, 95.0, 100.0]), [1, 1, 1, 3, 5, 5]);
    }

    #[test]
    fn an_empty_block_has_rewards_of_zero() {
        let (block, receipts) = block(&[]);
        assert_eq!(rewards(&block, &receipts, &[10.0, 90.0]), [0, 0]);
    }

    #[test]
    fn deposits_do_not_count() {
        let (mut block, mut receipts) = block(&[(4, 50)]);
        block.body.transactions.insert(0, Transaction::from(op_alloy_consensus::TxDeposit::default()));
        receipts[0].cumulative_gas_used += 1000;
        receipts.insert(0, Receipt { tx_type: TxType::Deposit, cumulative_gas_used: 1000, ..receipts[0].clone() });
        assert_eq!(rewards(&block, &receipts, &[1.0]), [4]);
    }

    #[test]
    fn percentiles_must_rise_within_a_hundred() {
        assert!(check_percentiles(&[0.0, 50.0, 100.0]).is_ok());
        for bad in [vec![-1.0], vec![100.5], vec![50.0, 50.0], vec![f64::NAN], vec![1.0; 101]] {
            assert!(check_percentiles(&bad).unwrap_err().message.starts_with("invalid reward percentile"), "{bad:?}");
        }
    }
}
