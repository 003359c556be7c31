//! The transaction of a state test that is given by its fields and a key instead of its bytes.

use super::{Failure, state::Indexes};
use alloy_consensus::{EthereumTypedTransaction, SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use alloy_eips::{eip2718::Encodable2718, eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use serde::Deserialize;

/// The `transaction` of a state test. Of its lists a post names one element each by its [`Indexes`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields {
    data: Vec<Bytes>,
    gas_limit: Vec<U256>,
    value: Vec<U256>,
    nonce: U256,
    to: String,
    secret_key: B256,
    sender: Option<Address>,
    gas_price: Option<U256>,
    max_fee_per_gas: Option<U256>,
    max_priority_fee_per_gas: Option<U256>,
    access_lists: Option<Vec<Option<AccessList>>>,
    max_fee_per_blob_gas: Option<U256>,
    blob_versioned_hashes: Option<Vec<B256>>,
    authorization_list: Option<Vec<SignedAuthorization>>,
}

impl Fields {
    /// Whether the fields make sense for a post, whatever a transaction can hold of them.
    ///
    /// # Errors
    /// When the test is at fault.
    pub(super) fn check(&self, indexes: &Indexes) -> Result<(), Failure> {
        let signer = PrivateKeySigner::from_bytes(&self.secret_key)?.address();
        Failure::unless_equal("sender by its key", signer, self.sender.unwrap_or(signer))?;
        at(&self.data, indexes.data)?;
        at(&self.gas_limit, indexes.gas)?;
        at(&self.value, indexes.value)?;
        self.access_lists.as_ref().map(|lists| at(lists, indexes.data)).transpose()?;
        self.to()?;
        Ok(())
    }

    fn to(&self) -> Result<TxKind, Failure> {
        Ok(if self.to.is_empty() { TxKind::Create } else { TxKind::Call(self.to.parse()?) })
    }

    /// The signed transaction of a post, encoded (EIP-2718).
    ///
    /// # Errors
    /// When a field of a test that makes sense holds more than a transaction can, or a creation is of a type that creates nothing.
    pub(super) fn signed(&self, indexes: &Indexes, chain_id: u64) -> Result<Bytes, Failure> {
        let signer = PrivateKeySigner::from_bytes(&self.secret_key)?;
        let tx = self.typed(indexes, chain_id)?;
        let signature = signer.sign_hash_sync(&tx.signature_hash())?;
        Ok(tx.into_envelope(signature).encoded_2718().into())
    }

    /// The transaction, of the oldest type that has all its fields. One without a type has no chain id (EIP-155): every fork admits it so.
    fn typed(&self, indexes: &Indexes, chain_id: u64) -> Result<EthereumTypedTransaction<TxEip4844>, Failure> {
        let (nonce, gas_limit) = (narrow("nonce", self.nonce)?, narrow("gas limit", *at(&self.gas_limit, indexes.gas)?)?);
        let (value, input) = (*at(&self.value, indexes.value)?, at(&self.data, indexes.data)?.clone());
        let to = self.to()?;
        let called = || to.to().copied().ok_or_else(|| Failure::new("a transaction of this type creates no contract"));
        let price = |price: Option<U256>| narrow("price", price.unwrap_or_default());
        let (max_fee_per_gas, max_priority_fee_per_gas) = (price(self.max_fee_per_gas)?, price(self.max_priority_fee_per_gas)?);
        let (gas_price, max_fee_per_blob_gas) = (price(self.gas_price)?, price(self.max_fee_per_blob_gas)?);
        let listed = self.access_lists.as_ref().map(|lists| at(lists, indexes.data)).transpose()?.cloned().flatten();
        let access_list = listed.clone().unwrap_or_default();
        Ok(if let Some(authorization_list) = self.authorization_list.clone() {
            let to = called()?;
            let fees = TxEip7702 { max_fee_per_gas, max_priority_fee_per_gas, ..Default::default() };
            TxEip7702 { chain_id, nonce, gas_limit, to, value, input, access_list, authorization_list, ..fees }.into()
        } else if let Some(blob_versioned_hashes) = self.blob_versioned_hashes.clone() {
            let to = called()?;
            let fees = TxEip4844 { max_fee_per_gas, max_priority_fee_per_gas, max_fee_per_blob_gas, ..Default::default() };
            TxEip4844 { chain_id, nonce, gas_limit, to, value, input, access_list, blob_versioned_hashes, ..fees }.into()
        } else if self.max_fee_per_gas.is_some() {
            TxEip1559 { chain_id, nonce, gas_limit, max_fee_per_gas, max_priority_fee_per_gas, to, value, input, access_list }.into()
        } else if listed.is_some() {
            TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, input, access_list }.into()
        } else {
            TxLegacy { chain_id: None, nonce, gas_price, gas_limit, to, value, input }.into()
        })
    }
}

fn at<T>(list: &[T], index: usize) -> Result<&T, Failure> {
    list.get(index).ok_or_else(|| Failure::new(format!("the transaction has no element {index} of a list")))
}

fn narrow<T: TryFrom<U256>>(what: &str, number: U256) -> Result<T, Failure> {
    number.try_into().map_err(|_| Failure::new(format!("{what} {number} is more than a transaction holds")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{Transaction as _, TransactionEnvelope as _, transaction::SignerRecoverable};
    use alloy_eips::eip2718::Decodable2718;
    use alloy_primitives::address;
    use serde_json::{Value, json};
    use tributary_primitives::{Transaction, TxType};

    /// Whose key is 1.
    const SENDER: Address = address!("7e5f4552091a69125d5dfcb7b8c2659029395bdf");

    /// The transaction of these fields beside those that all have.
    fn signed(more: Value) -> Result<Transaction, Failure> {
        let mut fields = json!({
            "data": ["0x01", "0x02"], "gasLimit": ["0x5208", "0x01"], "value": ["0x00", "0x01", "0x0203"], "nonce": "0x07",
            "to": "0x00000000000000000000000000000000000000aa", "sender": SENDER, "secretKey": B256::with_last_byte(1),
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let fields = Fields::deserialize(&fields)?;
        let indexes = Indexes { data: 1, gas: 0, value: 2 };
        fields.check(&indexes)?;
        let encoded = fields.signed(&indexes, 5)?;
        Ok(Transaction::decode_2718_exact(&encoded)?)
    }

    #[test]
    fn fields_give_the_oldest_type_that_has_them_all() {
        let authorization = json!({ "chainId": "0x05", "address": SENDER, "nonce": "0x00", "v": "0x01", "r": "0x01", "s": "0x01" });
        let fees = json!({ "maxFeePerGas": "0x0a", "maxPriorityFeePerGas": "0x02", "accessLists": [null, [{ "address": SENDER, "storageKeys": [] }]] });
        let with_fees = |key: &str, value: Value| {
            let mut fields = fees.clone();
            fields[key] = value;
            fields
        };
        for (more, kind, listed) in [
            (json!({ "gasPrice": "0x0a" }), TxType::Legacy, 0),
            (json!({ "gasPrice": "0x0a", "accessLists": [[], null] }), TxType::Legacy, 0),
            (json!({ "gasPrice": "0x0a", "accessLists": [null, []] }), TxType::Eip2930, 0),
            (fees.clone(), TxType::Eip1559, 1),
            (with_fees("blobVersionedHashes", json!([B256::ZERO])), TxType::Eip4844, 1),
            (with_fees("authorizationList", json!([authorization])), TxType::Eip7702, 1),
        ] {
            let tx = signed(more).unwrap();
            assert_eq!((tx.tx_type(), tx.recover_signer().unwrap()), (kind, SENDER));
            assert_eq!((tx.nonce(), tx.gas_limit(), tx.value(), tx.input().as_ref()), (7, 0x5208, U256::from(0x203), &[2][..]));
            assert_eq!((tx.max_fee_per_gas(), tx.to().unwrap().0[19]), (10, 0xaa));
            assert_eq!(tx.access_list().map_or(0, |list| list.len()), listed);
            assert_eq!(tx.chain_id(), (kind != TxType::Legacy).then_some(5));
            assert_eq!(tx.blob_versioned_hashes().is_some(), kind == TxType::Eip4844);
            assert_eq!(tx.authorization_list().is_some(), kind == TxType::Eip7702);
        }
    }

    #[test]
    fn fields_that_no_transaction_has_are_refused() {
        for (more, words) in [
            (json!({ "nonce": "0x010000000000000000" }), "nonce"),
            (json!({ "gasLimit": ["0x010000000000000000"] }), "gas limit"),
            (json!({ "gasPrice": B256::repeat_byte(1) }), "price"),
            (json!({ "data": [] }), "element 1"),
            (json!({ "sender": Address::ZERO }), "sender"),
            (json!({ "to": "", "blobVersionedHashes": [] }), "creates no contract"),
        ] {
            let refusal = signed(more).unwrap_err().to_string();
            assert!(refusal.contains(words), "{refusal}");
        }
    }
}
