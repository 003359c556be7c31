//! Transactions that offer 2¹²⁸ wei or more per gas, which nobody can pay.
//!
//! A price may have 256 bits (yellow paper, 4.2), and [`Transaction`] has 128 of them. Such a transaction is well-formed all the same: it has a hash and a
//! sender, and what is wrong with it is the sender's balance. A block with one is no block here: all ether there is does not pay for one unit of its gas.

use crate::Transaction;
use alloy_consensus::{Transaction as _, crypto::secp256k1::recover_signer};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, U256, U512, keccak256};
use alloy_rlp::{Header, PayloadView, decode_exact};
use std::ops::Range;

/// A well-formed transaction with a price between 2¹²⁸ and 2²⁵⁶−1 wei per gas.
#[derive(Debug, Clone)]
pub struct Unpayable {
    /// Its hash: keccak256 of its bytes.
    pub hash: B256,
    /// Its sender, recovered from what was signed (EIP-2 low `s` enforced).
    pub sender: Address,
    /// Wei per gas: the gas price, or the fee cap.
    pub price: U256,
    /// What it is but for the price, which is `u128::MAX`: for its gas and the rules that need no state. It is another transaction with another hash and
    /// another signer, so that it must never wait in a pool, be executed or be put into a block.
    pub tx: Transaction,
}

impl Unpayable {
    /// Reads EIP-2718 bytes that are no [`Transaction`]. `None` unless the price is what keeps them from being one: where they are malformed, not
    /// canonical or without a sender, where the tip is above the fee cap, and of blob transactions.
    pub fn decode(encoded: &[u8]) -> Option<Self> {
        let (ty, prices) = layout(encoded)?;
        let mut body = &encoded[ty.len()..];
        let Ok(PayloadView::List(items)) = Header::decode_raw(&mut body) else { return None };
        if !body.is_empty() {
            return None;
        }
        let offered: Vec<U256> = items.get(prices.clone())?.iter().map(decode_exact).collect::<Result<_, _>>().ok()?;
        let (tip, price) = (*offered.first()?, *offered.last()?);
        if price <= U256::from(u128::MAX) || tip > price {
            return None;
        }
        let saturated: Vec<u8> = offered.iter().flat_map(|price| alloy_rlp::encode(price.saturating_to::<u128>())).collect();
        let held = envelope(ty, &[&items[..prices.start].concat(), &saturated, &items[prices.end..].concat()]);
        let tx = Transaction::decode_2718_exact(&held).ok().filter(|tx| tx.encoded_2718() == held)?;
        let sender = recover_signer(tx.signature()?, signing_hash(ty, &items, &tx)?).ok()?;
        Some(Self { hash: keccak256(encoded), sender, price, tx })
    }

    /// What the sender must have, wei: gas limit × price + value. It may be more than 256 bits hold.
    pub fn cost(&self) -> U512 {
        U512::from(self.tx.gas_limit()) * U512::from(self.price) + U512::from(self.tx.value())
    }
}

/// The type byte, of which legacy transactions have none, and which items of the list are prices: the tip, where there is one, before the most per gas.
fn layout(encoded: &[u8]) -> Option<(&[u8], Range<usize>)> {
    match encoded.first()? {
        0xc0.. => Some((&[], 1..2)),
        1 => Some((&encoded[..1], 2..3)),
        2 | 4 => Some((&encoded[..1], 2..4)),
        _ => None,
    }
}

/// What was signed is the list without its signature, in legacy transactions followed by the chain id and two empty items (EIP-155), if they have one.
fn signing_hash(ty: &[u8], items: &[&[u8]], tx: &Transaction) -> Option<B256> {
    let (unsigned, _) = items.split_last_chunk::<3>()?;
    let replay = match tx {
        Transaction::Legacy(_) => tx.chain_id().map(|id| [alloy_rlp::encode(id), vec![0x80; 2]].concat()).unwrap_or_default(),
        _ => Vec::new(),
    };
    Some(keccak256(envelope(ty, &[&unsigned.concat(), &replay])))
}

/// A list of items that are encoded already, after a type byte.
fn envelope(ty: &[u8], items: &[&[u8]]) -> Vec<u8> {
    let mut out = ty.to_vec();
    Header { list: true, payload_length: items.iter().map(|items| items.len()).sum() }.encode(&mut out);
    [out, items.concat()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::Typed2718;
    use alloy_primitives::{address, b256, hex};

    // Of Ethereum's TransactionTests: TransactionWithHighGasPrice, V_equals38 and GasLimitPriceProductOverflowtMinusOne.
    const UNPROTECTED: [u8; 128] = hex!(
        "f87e809f031eea408f8e1799cb883da2927b1336521d73c2c14accfebb70d5c5ae466982520894095e7baea6a6c7c4c2dfeb977efac326af552d8780801b"
        "a048b55bfa915ac795c431978d8a6a992b628d557da5ff759b307d495a36649353a01fffd310ac743f371de3b9f7f9cb56c0b28ad43601b4ab949f53faa07bd2c804"
    );
    const PROTECTED: [u8; 128] = hex!(
        "f87e809f031eea408f8e1799cb883da2927b1336521d73c2c14accfebb70d5c5ae466982520894095e7baea6a6c7c4c2dfeb977efac326af552d87808026"
        "a098ff921201554726367d2be8c804a7ff89ccf285ebc57dff8ae4c44b9c19ac4aa01887321be575c8095f789dd4c743dfe42c1820f9231f98a962b210e3ac2452a3"
    );
    const DYNAMIC_FEE: [u8; 136] = hex!(
        "02f885018084773594009f02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff82520894095e7baea6a6c7c4c2dfeb977efac326af552d87"
        "8080c080a05cbd172231fc0735e0fb994dd5b1a4939170a260b36f0427a8a80866b063b948a07c230f7f578dd61785c93361b9871c0706ebfa6d06e3f4491dc9558c5202ed36"
    );

    /// `encoded` with another item at `at`.
    fn with(encoded: &[u8], at: usize, item: &[u8]) -> Vec<u8> {
        let (ty, _) = layout(encoded).unwrap();
        let Ok(PayloadView::List(mut items)) = Header::decode_raw(&mut &encoded[ty.len()..]) else { panic!("no list") };
        items[at] = item;
        envelope(ty, &items)
    }

    #[test]
    fn a_price_beyond_128_bits_leaves_hash_sender_and_everything_else() {
        let found = Unpayable::decode(&UNPROTECTED).unwrap();
        assert_eq!(found.hash, b256!("0367f883972d7fc48026e60f13070f829f334dd6205d624a31244afa09879523"));
        assert_eq!(found.sender, address!("9bf13f2f5c3875ddce2500538191d25b0a54b0e9"));
        assert_eq!((found.tx.chain_id(), found.tx.gas_limit(), found.tx.max_fee_per_gas()), (None, 21_000, u128::MAX));
        assert_eq!(found.cost(), U512::from(found.price) * U512::from(21_000));

        let found = Unpayable::decode(&PROTECTED).unwrap();
        assert_eq!(found.hash, b256!("a2c59ae8559a24d2de6c2836402295e11eb3f32280d12a0677377c7659fe120a"));
        assert_eq!((found.sender, found.tx.chain_id()), (address!("9da8eb227a1fe47eaf51fee029673adeae485006"), Some(1)));
    }

    #[test]
    fn a_fee_cap_beyond_128_bits_leaves_its_tip() {
        let found = Unpayable::decode(&DYNAMIC_FEE).unwrap();
        assert_eq!(found.hash, b256!("dad8bff3ecfcf95169b1d5625b47f3372be795802bc4fe570991cf332f609334"));
        assert_eq!((found.sender, found.tx.ty()), (address!("ae2aec498d20869d441eaaf708fb1e375ae1787d"), 2));
        assert_eq!((found.tx.max_priority_fee_per_gas(), found.tx.max_fee_per_gas()), (Some(2_000_000_000), u128::MAX));
    }

    #[test]
    fn every_price_up_to_256_bits_is_one_and_none_below_129() {
        let priced = |price: U256| Unpayable::decode(&with(&UNPROTECTED, 1, &alloy_rlp::encode(price)));
        let limit = U256::from(1) << 128;
        assert!(priced(limit - U256::from(1)).is_none());
        assert_eq!(priced(limit).unwrap().price, limit);
        assert!(priced(U256::MAX).unwrap().cost() > U512::from(U256::MAX));
        assert!(Unpayable::decode(&with(&UNPROTECTED, 1, &alloy_rlp::encode(U512::from(U256::MAX) + U512::from(1)))).is_none());
    }

    #[test]
    fn what_has_another_fault_is_none() {
        let none = |bytes: &[u8]| assert!(Unpayable::decode(bytes).is_none());
        (0..PROTECTED.len()).for_each(|length| none(&PROTECTED[..length]));
        none(&[&PROTECTED[..], &[0]].concat());
        none(&with(&PROTECTED, 0, &[0]));
        none(&with(&PROTECTED, 3, &[1]));
        none(&with(&PROTECTED, 8, &[0x80]));
        none(&with(&DYNAMIC_FEE, 2, &alloy_rlp::encode(U256::MAX)));
        none(&[&[3], &DYNAMIC_FEE[1..]].concat());
        none(&[&[4], &DYNAMIC_FEE[1..]].concat());
        let mirrored = alloy_primitives::uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256)
            - U256::from_be_slice(&PROTECTED[96..]);
        none(&with(&PROTECTED, 8, &alloy_rlp::encode(mirrored)));
        none(&alloy_rlp::encode(vec![0_u8; 9]));
    }
}
