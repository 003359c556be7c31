//! The EVM under a chain's rules: Ethereum's or the OP Stack's, chosen by value, over one kind of state.

use crate::{
    block::dao::apply_dao_fork,
    error::{DbError, Error},
    executor::Executor,
    instructions,
    overlay::Overlay,
    precompiles,
};
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::eip7685::Requests;
use alloy_evm::{
    Evm, EvmEnv, EvmFactory, FromRecoveredTx, FromTxWithEncoded,
    block::SystemCaller,
    eth::{EthEvm, EthEvmContext, EthEvmFactory},
    precompiles::PrecompilesMap,
};
use alloy_hardforks::EthereumHardfork as Fork;
use alloy_op_evm::{OpEvm, OpEvmContext, OpEvmFactory, OpTx, evm_env_for_op_block};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use op_revm::{L1BlockInfo, OpHaltReason, OpSpecId};
use revm::{
    Inspector,
    context::{
        CfgEnv, TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, ResultAndState},
    },
    primitives::hardfork::SpecId,
    state::EvmState,
};
use tributary_primitives::{ChainSpec, StateError, StateReader, Transaction};

/// An inspector that can watch both kinds of machine.
pub(crate) trait AnyInspector<S: StateReader>: Inspector<EthEvmContext<Overlay<S>>> + Inspector<OpEvmContext<Overlay<S>>> {}

impl<S: StateReader, I> AnyInspector<S> for I where I: Inspector<EthEvmContext<Overlay<S>>> + Inspector<OpEvmContext<Overlay<S>>> {}

/// Switches off checks that a transaction must pass and a simulated call need not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leniency {
    /// Accept a fee cap below the base fee (geth's NoBaseFee).
    pub base_fee: bool,
    /// Accept any nonce.
    pub nonce: bool,
    /// Accept a gas limit above the block's.
    pub gas_limit: bool,
    /// Accept a sender with code (EIP-3607).
    pub sender_code: bool,
    /// Accept a sender that cannot pay for the gas and value.
    pub balance: bool,
}

impl Leniency {
    /// What `eth_call` and its kin skip.
    pub const CALL: Self = Self { base_fee: true, nonce: true, gas_limit: true, sender_code: true, balance: false };

    fn apply<Spec>(self, cfg: &mut CfgEnv<Spec>) {
        cfg.disable_base_fee |= self.base_fee;
        cfg.disable_nonce_check |= self.nonce;
        cfg.disable_block_gas_limit |= self.gas_limit;
        if self.gas_limit {
            // EIP-7825 bounds transactions, not calls.
            cfg.tx_gas_limit_cap = Some(u64::MAX);
        }
        cfg.disable_eip3607 |= self.sender_code;
        cfg.disable_balance_check |= self.balance;
    }
}

/// Why a transaction could not be executed at all.
#[derive(Debug)]
pub(crate) enum TransactError {
    /// The transaction is not valid on this state.
    Invalid(InvalidTransaction),
    /// The state could not be read, or the EVM itself failed.
    Failed(Error),
}

impl From<StateError> for TransactError {
    fn from(error: StateError) -> Self {
        Self::Failed(error.into())
    }
}

/// A transaction's result and what it would change.
#[derive(Debug)]
pub(crate) struct Transacted {
    pub(crate) result: ExecutionResult<HaltReason>,
    pub(crate) state: EvmState,
}

impl From<Transacted> for ResultAndState<HaltReason> {
    fn from(Transacted { result, state }: Transacted) -> Self {
        Self { result, state }
    }
}

/// An EVM over an overlay, at one block.
pub(crate) enum Machine<S: StateReader, I> {
    Ethereum(Box<EthEvm<Overlay<S>, I, PrecompilesMap>>),
    Rollup(Box<OpEvm<Overlay<S>, I, PrecompilesMap>>),
}

macro_rules! each {
    ($machine:expr, $evm:ident => $body:expr) => {
        match $machine {
            Machine::Ethereum($evm) => $body,
            Machine::Rollup($evm) => $body,
        }
    };
}

impl<S: StateReader, I: AnyInspector<S>> Machine<S, I> {
    /// A machine for the block with this header, of which only the fields that the EVM reads matter.
    pub(crate) fn new(executor: &Executor, header: &Header, mut state: Overlay<S>, leniency: Leniency, inspector: I) -> Self {
        let spec = &**executor.spec();
        state.share_codes(executor.codes());
        if spec.is_rollup() {
            let mut env: EvmEnv<OpSpecId> = evm_env_for_op_block(header, spec, spec.chain_id);
            leniency.apply(&mut env.cfg_env);
            env.cfg_env.disable_eip3607 |= spec.development;
            let mut evm = instructions::for_rollup(OpEvmFactory::<OpTx>::default().create_evm_with_inspector(state, env, inspector));
            install_precompiles(&mut evm, executor);
            return Self::Rollup(Box::new(evm));
        }
        let mut env = EvmEnv::for_eth_block(header, spec, spec.chain_id, spec.blob_params(header.timestamp));
        leniency.apply(&mut env.cfg_env);
        // Unsigned transactions may be from contracts.
        env.cfg_env.disable_eip3607 |= spec.development;
        let active = |fork| spec.is_active(fork, header.number, header.timestamp);
        let eip1283 = active(Fork::Constantinople) && !active(Fork::Petersburg);
        if eip1283 {
            // alloy takes Constantinople for Byzantium; but for SSTORE it is Petersburg.
            env.cfg_env.set_spec_and_mainnet_gas_params(SpecId::PETERSBURG);
        }
        let mut evm = instructions::for_ethereum(EthEvmFactory::default().create_evm_with_inspector(state, env, inspector), eip1283);
        if spec.development {
            precompiles::install_development(evm.components_mut().2);
        }
        Self::Ethereum(Box::new(evm))
    }

    /// Turns the inspector on or off.
    pub(crate) fn set_inspecting(&mut self, on: bool) {
        each!(self, evm => evm.set_inspector_enabled(on));
    }

    /// Whether transactions that follow may offer less than the base fee.
    pub(crate) fn ignore_base_fee(&mut self, on: bool) {
        each!(self, evm => evm.ctx_mut().cfg.disable_base_fee = on);
    }

    pub(crate) fn state(&self) -> &Overlay<S> {
        each!(self, evm => evm.components().0)
    }

    pub(crate) fn state_mut(&mut self) -> &mut Overlay<S> {
        each!(self, evm => evm.components_mut().0)
    }

    pub(crate) fn into_state(self) -> Overlay<S> {
        each!(self, evm => evm.finish().0)
    }

    pub(crate) fn inspector_mut(&mut self) -> &mut I {
        each!(self, evm => evm.components_mut().1)
    }

    /// The block that the machine executes in.
    pub(crate) fn block_env(&self) -> &revm::context::BlockEnv {
        each!(self, evm => evm.block())
    }

    /// Executes a transaction of a block. `encoded` are its exact EIP-2718 bytes, on which the L1 data fee is computed.
    pub(crate) fn transact(&mut self, tx: &Transaction, sender: Address, encoded: Bytes) -> Result<Transacted, TransactError> {
        self.with_collision(sender, tx.kind(), |machine| machine.transact_any(tx, sender, encoded))
    }

    fn transact_any(&mut self, tx: &Transaction, sender: Address, encoded: Bytes) -> Result<Transacted, TransactError> {
        match self {
            Self::Ethereum(evm) => match eth_env(tx, sender) {
                Some(env) => finish(evm.transact_raw(env), |error| error, |halt| halt),
                None => Err(TransactError::Invalid(InvalidTransaction::Str("transaction type not supported".into()))),
            },
            Self::Rollup(evm) => match op_env(tx, sender, encoded) {
                Some(env) => finish(evm.transact_raw(env), op_invalid, op_halt),
                None => Err(TransactError::Invalid(InvalidTransaction::Eip4844NotSupported)),
            },
        }
    }

    /// Executes a simulated call. On a rollup it pays neither L1 data nor operator fee, as in op-geth's `eth_call`.
    pub(crate) fn call(&mut self, env: TxEnv) -> Result<Transacted, TransactError> {
        self.with_collision(env.caller, env.kind, |machine| machine.call_any(env))
    }

    fn call_any(&mut self, env: TxEnv) -> Result<Transacted, TransactError> {
        match self {
            Self::Ethereum(evm) => finish(evm.transact_raw(env), |error| error, |halt| halt),
            Self::Rollup(evm) => {
                let tx = OpTx(op_revm::OpTransaction { base: env, enveloped_tx: Some(Bytes::new()), deposit: Default::default() });
                // Without bytes no operator fee is taken, but for gas that is left it would be given back.
                evm.ctx_mut().chain = L1BlockInfo {
                    l2_block: Some(evm.block().number),
                    operator_fee_scalar: Some(U256::ZERO),
                    operator_fee_constant: Some(U256::ZERO),
                    ..Default::default()
                };
                let transacted = finish(evm.transact_raw(tx), op_invalid, op_halt);
                // Read again for a transaction.
                evm.ctx_mut().chain = L1BlockInfo::default();
                transacted
            }
        }
    }

    /// Lets a transaction that creates a contract fail where there is storage at the contract's address (EIP-7610). Such a transaction runs no code,
    /// so that nobody sees the nonce which tells revm that the address is taken.
    fn with_collision(
        &mut self,
        sender: Address,
        kind: TxKind,
        transact: impl FnOnce(&mut Self) -> Result<Transacted, TransactError>,
    ) -> Result<Transacted, TransactError> {
        if kind.is_call() {
            return transact(self);
        }
        let state = self.state_mut();
        let nonce = state.account_now(sender)?.map_or(0, |account| account.nonce);
        let address = sender.create(nonce);
        if !state.is_storage_alone(address)? {
            return transact(self);
        }
        state.set_taken(Some(address));
        let mut transacted = transact(self);
        self.state_mut().set_taken(None);
        if let Some(account) = transacted.as_mut().ok().and_then(|done| done.state.get_mut(&address)) {
            account.info.nonce = 0;
        }
        transacted
    }

    /// What comes before a block's first transaction: the DAO fork (EIP-779) and system calls (EIP-2935, EIP-4788).
    pub(crate) fn before_block(&mut self, spec: &ChainSpec, parent: B256, beacon_root: Option<B256>) -> Result<(), Error> {
        let number = self.block_env().number.saturating_to();
        apply_dao_fork(spec, number, self.state_mut())?;
        let mut caller = SystemCaller::new(spec);
        each!(self, evm => {
            caller.apply_blockhashes_contract_call(parent, &mut **evm).map_err(system_call)?;
            caller.apply_beacon_root_contract_call(beacon_root, &mut **evm).map_err(system_call)
        })
    }

    /// The system calls after a block's last transaction (EIP-7002, EIP-7251), since Prague.
    pub(crate) fn after_block(&mut self, spec: &ChainSpec, requests: &mut Requests) -> Result<(), Error> {
        let mut caller = SystemCaller::new(spec);
        each!(self, evm => caller.append_post_execution_changes(&mut **evm, requests).map_err(system_call))
    }
}

impl<S: StateReader, I> std::fmt::Debug for Machine<S, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ethereum(_) => "Machine::Ethereum",
            Self::Rollup(_) => "Machine::Rollup",
        })
    }
}

fn install_precompiles<S: StateReader, I: AnyInspector<S>>(evm: &mut OpEvm<Overlay<S>, I, PrecompilesMap>, executor: &Executor) {
    let (_, _, map) = evm.components_mut();
    if executor.spec().development {
        precompiles::install_development(map);
    }
    precompiles::install(map, executor.indexes());
}

fn system_call(error: impl std::fmt::Display) -> Error {
    Error::SystemCall(error.to_string())
}

fn eth_env(tx: &Transaction, sender: Address) -> Option<TxEnv> {
    Some(match tx {
        Transaction::Legacy(tx) => TxEnv::from_recovered_tx(tx, sender),
        Transaction::Eip2930(tx) => TxEnv::from_recovered_tx(tx, sender),
        Transaction::Eip1559(tx) => TxEnv::from_recovered_tx(tx, sender),
        Transaction::Eip4844(tx) => TxEnv::from_recovered_tx(tx.tx(), sender),
        Transaction::Eip7702(tx) => TxEnv::from_recovered_tx(tx, sender),
        Transaction::Deposit(_) => return None,
    })
}

fn op_env(tx: &Transaction, sender: Address, encoded: Bytes) -> Option<OpTx> {
    Some(match tx {
        Transaction::Legacy(tx) => OpTx::from_encoded_tx(tx, sender, encoded),
        Transaction::Eip2930(tx) => OpTx::from_encoded_tx(tx, sender, encoded),
        Transaction::Eip1559(tx) => OpTx::from_encoded_tx(tx, sender, encoded),
        Transaction::Eip7702(tx) => OpTx::from_encoded_tx(tx, sender, encoded),
        Transaction::Deposit(tx) => OpTx::from_encoded_tx(tx.inner(), sender, encoded),
        Transaction::Eip4844(_) => return None,
    })
}

/// Brings both machines' results to one form.
fn finish<H, E>(
    outcome: Result<ResultAndState<H>, EVMError<DbError, E>>,
    invalid: impl FnOnce(E) -> InvalidTransaction,
    halt: impl FnOnce(H) -> HaltReason,
) -> Result<Transacted, TransactError> {
    match outcome {
        Ok(done) => Ok(Transacted { result: done.result.map_haltreason(halt), state: done.state }),
        Err(EVMError::Transaction(error)) => Err(TransactError::Invalid(invalid(error))),
        Err(EVMError::Database(error)) => Err(TransactError::Failed(error.into())),
        Err(EVMError::Header(error)) => Err(TransactError::Failed(Error::InvalidBlock(error.to_string()))),
        Err(EVMError::Custom(error)) => Err(TransactError::Failed(Error::InvalidBlock(error))),
        Err(EVMError::CustomAny(error)) => Err(TransactError::Failed(Error::InvalidBlock(error.to_string()))),
    }
}

fn op_invalid(error: alloy_op_evm::OpTxError) -> InvalidTransaction {
    match error.0 {
        op_revm::OpTransactionError::Base(error) => error,
        other => InvalidTransaction::Str(other.to_string().into()),
    }
}

/// A failed deposit consumed its gas and changed only nonce and mint; to a reader it is a transaction that ran out of gas.
fn op_halt(halt: OpHaltReason) -> HaltReason {
    match halt {
        OpHaltReason::Base(halt) => halt,
        OpHaltReason::FailedDeposit => HaltReason::OutOfGas(revm::context::result::OutOfGasError::Basic),
    }
}
