//! Development nodes only: accounts that the node signs for or impersonates, and rewriting accounts, under the names of anvil and Hardhat.
//!
//! Rewriting an account is a transaction to the precompile for it (`tributary_execution::precompiles::IDevelopment`), so that it is part of the chain:
//! it has a receipt, is in a batch, and the verifier and the prover come to the same state.

use super::{orders::Development, time::done};
use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    count::Number,
    error::RpcError,
    eth::{
        fee::next_base_fee,
        fill::complete,
        state::word,
        transaction::{next_block, send_recovered, wait_for_receipt},
    },
    json::{Place, TransactionJson},
    txpool::content,
};
use alloy_consensus::{SignableTransaction, TxEip1559, TypedTransaction};
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use jsonrpsee::server::RegisterMethodError;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tributary_chain::Endpoint;
use tributary_execution::precompiles::{DEVELOPER, DEVELOPMENT, IDevelopment};
use tributary_pool::{RecoveredTx, validate};
use tributary_primitives::{Transaction, TxType};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["eth_accounts", "eth_requestAccounts"] {
        light(module, name, |api, _| Ok(extras(api)?.accounts()))?;
    }
    light(module, "eth_sign", |api, args| sign_message(api, args.required()?, args.required()?))?;
    // The same with its arguments the other way round; MetaMask adds a password.
    light(module, "personal_sign", |api, args| {
        let (message, address) = (args.required()?, args.required()?);
        args.optional::<String>()?;
        sign_message(api, address, message)
    })?;
    heavy(module, "eth_signTransaction", |api, args| {
        let request: TransactionRequest = args.required()?;
        let key = key(api, request.from.unwrap_or_default())?;
        Ok(Bytes::from(sign(complete(api, request)?, key)?.encoded_2718()))
    })?;
    for (name, unsigned) in [("eth_sendTransaction", false), ("eth_sendUnsignedTransaction", true)] {
        module.register_async_method(name, move |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let request: TransactionRequest = args.required()?;
            args.end()?;
            send_transaction(&api, request, unsigned).await
        })?;
    }
    module.register_async_method("eth_sendTransactionSync", |params, api, _| async move {
        let mut args = Args::new(&params)?;
        let request: TransactionRequest = args.required()?;
        args.end()?;
        let hash = send_transaction(&api, request, false).await?;
        wait_for_receipt(&api, hash).await
    })?;
    heavy(module, "eth_pendingTransactions", |api, _| {
        let mut waiting = Vec::new();
        for account in extras(api)?.accounts() {
            let content = content(api, Some(account))?;
            waiting.extend([content.pending, content.queued].into_iter().flat_map(BTreeMap::into_values).flat_map(BTreeMap::into_values));
        }
        Ok(waiting.iter().map(|tx| TransactionJson::new(&tx.tx, tx.sender, Place::default(), None)).collect::<Vec<_>>())
    })?;
    for name in ["anvil_impersonateAccount", "hardhat_impersonateAccount"] {
        light(module, name, move |api, args| {
            extras(api)?.impersonate(args.required()?, true);
            Ok(done(name))
        })?;
    }
    light(module, "anvil_stopImpersonatingAccount", |api, args| {
        extras(api)?.impersonate(args.required()?, false);
        Ok(())
    })?;
    light(module, "hardhat_stopImpersonatingAccount", |api, args| Ok(extras(api)?.impersonate(args.required()?, false)))?;
    light(module, "anvil_autoImpersonateAccount", |api, args| {
        extras(api)?.impersonate_all(args.required()?);
        Ok(())
    })?;
    register_changes(module)
}

fn register_changes(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["anvil_setBalance", "hardhat_setBalance", "evm_setAccountBalance"] {
        change(module, name, |_, args| {
            Ok(IDevelopment::setBalanceCall { account: args.required()?, balance: args.required::<Number>()?.0 }.abi_encode())
        })?;
    }
    change(module, "anvil_addBalance", |api, args| {
        let account = args.required()?;
        let balance = api.account_at(account, BlockId::pending())?.balance.saturating_add(args.required::<Number>()?.0);
        Ok(IDevelopment::setBalanceCall { account, balance }.abi_encode())
    })?;
    for name in ["anvil_setNonce", "hardhat_setNonce", "evm_setAccountNonce"] {
        change(module, name, |_, args| {
            let (account, nonce) = (args.required()?, args.required::<Number>()?.0);
            let nonce = u64::try_from(nonce).ok().filter(|nonce| *nonce < u64::MAX);
            let nonce = nonce.ok_or_else(|| RpcError::params("invalid argument 1: the nonce is not below 2^64 - 1 (EIP-2681)"))?;
            Ok(IDevelopment::setNonceCall { account, nonce }.abi_encode())
        })?;
    }
    for name in ["anvil_setCode", "hardhat_setCode", "evm_setAccountCode"] {
        change(module, name, |_, args| Ok(IDevelopment::setCodeCall { account: args.required()?, code: args.required()? }.abi_encode()))?;
    }
    for name in ["anvil_setStorageAt", "hardhat_setStorageAt", "evm_setAccountStorageAt"] {
        change(module, name, |api, args| {
            // Some clients send words of 32 bytes, others quantities, and slots as numbers.
            let (account, slot, value): (_, Slot, String) = (args.required()?, args.required()?, args.required()?);
            let (slot, value) = (slot.number()?, word("storage value", &value)?);
            let holder = api.account_at(account, BlockId::pending())?;
            if holder.balance.is_zero() && holder.nonce == 0 && !holder.has_code() {
                return Err(RpcError::server(format!("account {account} is empty and cannot hold storage (EIP-161)")));
            }
            Ok(IDevelopment::setStorageAtCall { account, slot, value }.abi_encode())
        })?;
    }
    Ok(())
}

/// A storage slot as clients write it here.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Slot {
    Number(u64),
    Word(String),
}

impl Slot {
    fn number(self) -> Result<U256, RpcError> {
        match self {
            Self::Number(number) => Ok(U256::from(number)),
            Self::Word(text) => word("storage key", &text),
        }
    }
}

/// Registers a method that rewrites an account. `call` gives the call data of the precompile.
fn change(
    module: &mut Module,
    name: &'static str,
    call: fn(&Api, &mut Args) -> Result<Vec<u8>, RpcError>,
) -> Result<(), RegisterMethodError> {
    module.register_async_method(name, move |params, api, _| async move {
        let mut args = Args::new(&params)?;
        let data = call(&api, &mut args)?;
        args.end()?;
        rewrite(api, data.into()).await.map(|()| if name == "anvil_setStorageAt" { Value::Bool(true) } else { done(name) })
    })?;
    Ok(())
}

/// Executes one call of the precompile and waits for what follows from it to be visible.
pub(crate) async fn rewrite(api: Arc<Api>, input: Bytes) -> Result<(), RpcError> {
    // Decoding and code are charged by the byte, call data by more than that.
    let gas_limit = 200_000 + 300 * input.len() as u64;
    let hash = {
        let _turn = extras(&api)?.developer.lock().await;
        let base_fee = u128::from(next_base_fee(&api)?.unwrap_or_default());
        let tx = TxEip1559 {
            chain_id: api.chain.spec.chain_id,
            nonce: api.account_at(DEVELOPER, BlockId::pending())?.nonce,
            gas_limit,
            max_fee_per_gas: 2 * base_fee,
            to: TxKind::Call(DEVELOPMENT),
            input,
            ..Default::default()
        };
        let tx = RecoveredTx::new(Transaction::unsigned(tx.into(), DEVELOPER), DEVELOPER);
        let hash = tx.hash;
        send_recovered(&api, tx).await?;
        hash
    };
    // Where blocks are sealed on demand only, nobody may come to seal this one: the change is then in the open block, as what was sent is.
    let seen = if extras(&api)?.mines_by_itself() { api.endpoint } else { Endpoint::Realtime };
    let receipt = wait_for_receipt(&api.on(seen), hash).await?;
    if !receipt.succeeded() {
        return Err(RpcError::server(format!("the account was not changed: transaction {hash} failed")));
    }
    Ok(())
}

/// Signs a request's transaction with the sender's key, or takes it unsigned where the sender is impersonated or it is told to, and sends it.
/// Without a sender it is the first account's, as in anvil and Hardhat.
async fn send_transaction(api: &Arc<Api>, mut request: TransactionRequest, unsigned: bool) -> Result<B256, RpcError> {
    let first = || extras(api).ok()?.accounts().first().copied();
    let sender = request.from.or_else(first).ok_or_else(|| RpcError::params("invalid argument 0: missing field `from`"))?;
    request.from = Some(sender);
    // Who names a nonce need not wait for others.
    let _turn = match request.nonce {
        None => Some(extras(api)?.nonces.lock().await),
        Some(_) => None,
    };
    let job = {
        let api = api.clone();
        move || {
            let tx = match unsigned || extras(&api)?.impersonates(sender) {
                true => Transaction::unsigned(typed(complete(&api, request)?)?, sender),
                false => {
                    let key = key(&api, sender)?;
                    sign(complete(&api, request)?, key)?
                }
            };
            let tx = RecoveredTx::new(tx, sender);
            validate(&tx, &api.chain.spec, &next_block(&api)?, &api.chain.limits.policy)?;
            Ok(tx)
        }
    };
    let tx = api.workers.run(job).await?;
    let hash = tx.hash;
    send_recovered(api, tx).await.map(|()| hash)
}

fn extras(api: &Api) -> Result<&Development, RpcError> {
    api.chain.development.as_deref().ok_or_else(|| RpcError::server("this is not a development node"))
}

/// The key of an account that the node signs for.
pub(crate) fn key(api: &Api, address: Address) -> Result<&PrivateKeySigner, RpcError> {
    extras(api)?.key(address).ok_or_else(|| RpcError::server("unknown account"))
}

/// EIP-191.
fn sign_message(api: &Api, address: Address, message: Bytes) -> Result<Bytes, RpcError> {
    let signature = key(api, address)?.sign_message_sync(&message).map_err(RpcError::server)?;
    Ok(signature.as_bytes().into())
}

fn sign(tx: Transaction, key: &PrivateKeySigner) -> Result<Transaction, RpcError> {
    fn signed<T: SignableTransaction<Signature>>(tx: &T, key: &PrivateKeySigner) -> Result<Signature, RpcError> {
        key.sign_hash_sync(&tx.signature_hash()).map_err(RpcError::server)
    }
    Ok(match typed(tx)? {
        TypedTransaction::Legacy(tx) => Transaction::Legacy(signed(&tx, key).map(|signature| tx.into_signed(signature))?),
        TypedTransaction::Eip2930(tx) => Transaction::Eip2930(signed(&tx, key).map(|signature| tx.into_signed(signature))?),
        TypedTransaction::Eip1559(tx) => Transaction::Eip1559(signed(&tx, key).map(|signature| tx.into_signed(signature))?),
        TypedTransaction::Eip7702(tx) => Transaction::Eip7702(signed(&tx, key).map(|signature| tx.into_signed(signature))?),
        TypedTransaction::Eip4844(_) => return Err(no_blobs()),
    })
}

/// A transaction without its signature.
fn typed(tx: Transaction) -> Result<TypedTransaction, RpcError> {
    Ok(match tx {
        Transaction::Legacy(tx) => tx.strip_signature().into(),
        Transaction::Eip2930(tx) => tx.strip_signature().into(),
        Transaction::Eip1559(tx) => tx.strip_signature().into(),
        Transaction::Eip7702(tx) => tx.strip_signature().into(),
        Transaction::Eip4844(_) | Transaction::Deposit(_) => return Err(no_blobs()),
    })
}

fn no_blobs() -> RpcError {
    RpcError::server(format!("transactions of type {} are not signed by the node; sign one and send it raw", TxType::Eip4844 as u8))
}
