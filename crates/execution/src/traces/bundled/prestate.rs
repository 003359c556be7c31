//! geth's prestateTracerLegacy: the accounts and slots that a transaction looks at, whole, each as it was when it was first looked at. Sender and
//! recipient are told as they were before the transaction.

use super::address_in;
use crate::{
    error::Error,
    traces::{
        erc7562::padded,
        record::{Enter, Live, Step},
        tracer::Finished,
    },
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use revm::{DatabaseRef, bytecode::opcode as op};
use serde::Serialize;
use std::collections::BTreeMap;

/// An account in geth's older form, in which nothing is left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Account {
    balance: U256,
    nonce: u64,
    code: Bytes,
    storage: BTreeMap<B256, B256>,
}

/// Accounts by address.
#[derive(Debug, Default)]
pub(super) struct PreState {
    accounts: BTreeMap<Address, Account>,
    bytes: usize,
}

impl PreState {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn step(&mut self, step: &Step, live: &Live) {
        if self.accounts.is_empty() {
            self.look_at(step.contract, live);
        }
        let address = match step.op {
            op::EXTCODECOPY | op::EXTCODESIZE | op::EXTCODEHASH | op::BALANCE => address_in(step, 0),
            op::CALL | op::CALLCODE | op::DELEGATECALL | op::STATICCALL => address_in(step, 1),
            op::CREATE => Some(step.contract.create(nonce_of(step.contract, live))),
            op::CREATE2 => created(step),
            op::SLOAD | op::SSTORE => {
                if let Some(slot) = step.argument(0) {
                    self.look_at_slot(step.contract, slot, live);
                }
                None
            }
            _ => None,
        };
        if let Some(address) = address {
            self.look_at(address, live);
        }
    }

    // Whatever cannot be read fails the machine, too.
    fn look_at(&mut self, whose: Address, live: &Live) {
        self.accounts.entry(whose).or_insert_with(|| {
            let code = live.code(whose).unwrap_or_default();
            self.bytes += 256 + code.len();
            let info = live.account(whose).ok().flatten().unwrap_or_default();
            Account { balance: info.balance, nonce: info.nonce, code, storage: BTreeMap::new() }
        });
    }

    fn look_at_slot(&mut self, whose: Address, slot: U256, live: &Live) {
        self.look_at(whose, live);
        let Some(account) = self.accounts.get_mut(&whose) else { return };
        account.storage.entry(slot.into()).or_insert_with(|| {
            self.bytes += 128;
            live.storage(whose, slot).unwrap_or_default().into()
        });
    }

    /// The answer.
    pub(super) fn into_accounts(mut self, top: &Enter, done: &Finished<'_>) -> Result<BTreeMap<Address, Account>, Error> {
        for whose in [top.to, top.from] {
            let info = done.before().basic_ref(whose)?.unwrap_or_default();
            let account = self.accounts.entry(whose).or_default();
            (account.balance, account.nonce) = (info.balance, info.nonce);
            account.code = match info.is_empty_code_hash() || info.code_hash.is_zero() {
                true => Bytes::new(),
                false => done.before().code_by_hash_ref(info.code_hash)?.original_bytes(),
            };
        }
        if top.kind.is_create() {
            self.accounts.remove(&top.to);
        }
        Ok(self.accounts)
    }
}

fn nonce_of(whose: Address, live: &Live) -> u64 {
    live.account(whose).ok().flatten().map_or(0, |info| info.nonce)
}

/// Where a CREATE2 makes its contract.
fn created(step: &Step) -> Option<Address> {
    let init_code = padded(&step.memory, step.argument(1)?, step.argument(2)?)?;
    Some(step.contract.create2(B256::from(step.argument(3)?), keccak256(init_code)))
}
