//! Users of L2: transactions of every type, creations, failures, withdrawals, and blocks without any.

use crate::rig::{OPEN, Rig, ask};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy, transaction::RlpEcdsaEncodableTx};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::Authorization,
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, bytes, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use tributary_contracts::{IL2ToL1MessagePasser::initiateWithdrawalCall, predeploys::MESSAGE_PASSER};

/// Creates a contract that logs when it is called without data, and reverts with.
///
/// CALLDATASIZE PUSH1 8 JUMPI PUSH0 PUSH0 LOG0 STOP JUMPDEST PUSH0 PUSH0 REVERT, pushed, stored and returned.
pub(crate) const LOGGER: Bytes = bytes!("6b366008575f5fa0005b5f5ffd5f52600c6014f3");

/// Blocks during which there is traffic.
const ROUNDS: u64 = 16;

/// Far more than the base fee.
const FEE: u128 = 20_000_000_000;

struct User<'a> {
    rig: &'a Rig,
    key: PrivateKeySigner,
    nonce: u64,
}

/// What the types of transaction have in common.
struct Call {
    to: TxKind,
    value: U256,
    input: Bytes,
    gas_limit: u64,
}

fn sign<T: SignableTransaction<Signature> + RlpEcdsaEncodableTx>(key: &PrivateKeySigner, tx: T) -> Bytes {
    let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
    let mut raw = Vec::new();
    tx.into_signed(signature).eip2718_encode(&mut raw);
    raw.into()
}

impl User<'_> {
    /// Sends a transaction of a type and waits until it is included; whether it succeeded.
    async fn send(&mut self, ty: u8, call: Call) -> bool {
        let (chain_id, nonce) = (self.rig.chain_id, self.nonce);
        let Call { to, value, input, gas_limit } = call;
        let access_list =
            AccessList(vec![AccessListItem { address: MESSAGE_PASSER, storage_keys: vec![B256::ZERO, B256::repeat_byte(nonce as u8)] }]);
        let raw = match ty {
            0 => sign(&self.key, TxLegacy { chain_id: Some(chain_id), nonce, gas_price: FEE, gas_limit, to, value, input }),
            1 => sign(&self.key, TxEip2930 { chain_id, nonce, gas_price: FEE, gas_limit, to, value, access_list, input }),
            2 => {
                let (max_fee_per_gas, max_priority_fee_per_gas) = (FEE, 1_000_000);
                let fees = TxEip1559 { max_fee_per_gas, max_priority_fee_per_gas, access_list, ..Default::default() };
                sign(&self.key, TxEip1559 { chain_id, nonce, gas_limit, to, value, input, ..fees })
            }
            _ => {
                // An account that nobody else uses becomes the message passer.
                let other = PrivateKeySigner::from_bytes(&keccak256(nonce.to_be_bytes())).unwrap();
                let authorization = Authorization { chain_id: U256::from(chain_id), address: MESSAGE_PASSER, nonce: 0 };
                let signature = other.sign_hash_sync(&authorization.signature_hash()).unwrap();
                let authorization_list = vec![authorization.into_signed(signature)];
                let (max_fee_per_gas, max_priority_fee_per_gas) = (FEE, 1_000_000);
                let fees = TxEip7702 { max_fee_per_gas, max_priority_fee_per_gas, access_list, authorization_list, ..Default::default() };
                sign(&self.key, TxEip7702 { chain_id, nonce, gas_limit, to: *to.to().unwrap(), value, input, ..fees })
            }
        };
        self.nonce += 1;
        ask(&self.rig.early, "eth_sendRawTransactionSync", [raw]).await["status"] == "0x1"
    }

    async fn transfers(&mut self) {
        for ty in [0, 1, 2, 4] {
            let to = TxKind::Call(Address::left_padding_from(&[0xbe, 0xef, self.nonce as u8]));
            let call = Call { to, value: U256::from(self.nonce), input: Bytes::from(vec![ty; ty as usize]), gas_limit: 200_000 };
            assert!(self.send(ty, call).await);
        }
    }

    async fn creation(&mut self) {
        let created = self.key.address().create(self.nonce);
        assert!(self.send(2, Call { to: TxKind::Create, value: U256::ZERO, input: LOGGER, gas_limit: 200_000 }).await);
        let call = |input| Call { to: TxKind::Call(created), value: U256::ZERO, input, gas_limit: 100_000 };
        assert!(self.send(0, call(Bytes::new())).await);
        assert!(!self.send(1, call(Bytes::from_static(&[1]))).await, "it reverts");
    }

    /// A withdrawal, and bytes that do not compress.
    async fn withdrawal(&mut self) {
        let data: Vec<u8> = (0..600u32).flat_map(|i| keccak256([self.nonce.to_be_bytes(), u64::from(i).to_be_bytes()].concat())).collect();
        let withdrawal = initiateWithdrawalCall { target: Address::repeat_byte(9), gasLimit: U256::from(50_000), data: data.into() };
        let call = Call { to: TxKind::Call(MESSAGE_PASSER), value: OPEN, input: withdrawal.abi_encode().into(), gas_limit: 5_000_000 };
        assert!(self.send(2, call).await);
    }
}

/// Something else in each block, and nothing in every fourth. Returns the number of the last block with any of it.
pub(crate) async fn run(rig: &Rig) -> u64 {
    let mut user = User { rig, key: rig.users[0].clone(), nonce: 0 };
    let mut status = rig.status.clone();
    for round in 0..ROUNDS {
        match round % 4 {
            0 => user.transfers().await,
            1 => user.creation().await,
            2 => user.withdrawal().await,
            _ => {}
        }
        // Until the block is sealed.
        let head = status.borrow_and_update().unsafe_head;
        status.wait_for(|status| status.unsafe_head > head).await.unwrap();
    }
    status.borrow().unsafe_head
}
