//! The transactions that put our contracts on L1.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolConstructor};
use tributary_contracts::{
    AttestationVerifier, L1Contracts, L1Timelock, OpenToken, OutputProposals, SystemConfig as SystemConfigContract, TributaryPortal,
};
use tributary_primitives::{Eip1559Params, SystemConfig};

/// What the contracts are deployed with.
#[derive(Debug)]
pub(crate) struct Parameters<'a> {
    pub(crate) deployer: Address,
    /// The deployer's nonce before the first of them.
    pub(crate) first_nonce: u64,
    /// Owns the system configuration, and is guardian and the timelock's council.
    pub(crate) owner: Address,
    pub(crate) prover: Address,
    /// Signs the feed of blocks.
    pub(crate) feed: Address,
    pub(crate) batch_inbox: Address,
    pub(crate) system_config: SystemConfig,
    pub(crate) eip1559: Eip1559Params,
    pub(crate) l2_chain_id: u64,
    pub(crate) delays: Delays,
    pub(crate) genesis_output_root: B256,
    /// Time of the L2 genesis block, and seconds between L2 blocks.
    pub(crate) genesis_time: u64,
    pub(crate) block_time: u64,
    /// OPEN that exists on L2 from its genesis, which the portal must hold.
    pub(crate) l2_supply: U256,
    /// Who gets OPEN on L1, and how much.
    pub(crate) holders: &'a [(Address, U256)],
}

/// Seconds that things take on L1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delays {
    /// After which an output may finalize withdrawals, and after which a proved withdrawal may.
    pub(crate) finality: u64,
    /// Until another verifier may be used.
    pub(crate) verifier: u64,
    /// Until the timelock does what it announced.
    pub(crate) timelock: u64,
}

/// The deployer's transactions, in order: recipient and input of each.
pub(crate) fn transactions(p: &Parameters<'_>) -> Vec<(TxKind, Bytes)> {
    let at = L1Contracts::of(p.deployer, p.first_nonce);
    let (basefee_scalar, blobbasefee_scalar) = p.system_config.fee_scalars();
    let (operator_fee_scalar, operator_fee_constant) = p.system_config.operator_fee();
    let supply = p.l2_supply + p.holders.iter().map(|(_, amount)| *amount).sum::<U256>();
    let init = SystemConfigContract::Init {
        owner: p.owner,
        batcher: p.system_config.batcher_addr,
        batchInbox: p.batch_inbox,
        unsafeBlockSigner: p.feed,
        gasLimit: p.system_config.gas_limit,
        basefeeScalar: basefee_scalar,
        blobbasefeeScalar: blobbasefee_scalar,
        eip1559Denominator: p.eip1559.denominator,
        eip1559Elasticity: p.eip1559.elasticity,
        operatorFeeScalar: operator_fee_scalar,
        operatorFeeConstant: operator_fee_constant,
        minBaseFee: p.system_config.min_base_fee,
        daFootprintGasScalar: p.system_config.da_footprint_gas_scalar,
    };
    let portal = TributaryPortal::constructorCall { openToken_: at.open_token, outputs: at.outputs, systemConfig_: at.system_config };
    let verifier = AttestationVerifier::constructorCall { prover_: p.prover, l2ChainId_: U256::from(p.l2_chain_id) };
    let council = vec![p.owner];
    let timelock = L1Timelock::constructorCall { minDelay: U256::from(p.delays.timelock), proposers: council.clone(), executors: council };
    let mut out = vec![
        create(&OpenToken::BYTECODE, &OpenToken::constructorCall { holder: p.deployer, supply }),
        create(&SystemConfigContract::BYTECODE, &SystemConfigContract::constructorCall { init }),
        create(&AttestationVerifier::BYTECODE, &verifier),
        create(&OutputProposals::BYTECODE, &OutputProposals::constructorCall { init: outputs(p, &at) }),
        create(&TributaryPortal::BYTECODE, &portal),
        create(&L1Timelock::BYTECODE, &timelock),
    ];
    let transfer = |to, value| (TxKind::Call(at.open_token), OpenToken::transferCall { to, value }.abi_encode().into());
    out.push(transfer(at.portal, p.l2_supply));
    out.extend(p.holders.iter().map(|(holder, amount)| transfer(*holder, *amount)));
    out
}

/// What the chain of output roots begins with. Its owner is the timelock.
fn outputs(p: &Parameters<'_>, at: &L1Contracts) -> OutputProposals::Init {
    let finality = U256::from(p.delays.finality);
    OutputProposals::Init {
        owner: at.timelock,
        guardian: p.owner,
        verifier: at.verifier,
        genesisOutputRoot: p.genesis_output_root,
        genesisBlockNumber: U256::ZERO,
        genesisTime: U256::from(p.genesis_time),
        blockTime: U256::from(p.block_time),
        finalityDelaySeconds: finality,
        proofMaturityDelaySeconds: finality,
        verifierDelaySeconds: U256::from(p.delays.verifier),
    }
}

/// A transaction that puts a contract on the chain.
fn create(code: &Bytes, arguments: &impl SolConstructor) -> (TxKind, Bytes) {
    (TxKind::Create, [code.as_ref(), &arguments.abi_encode()].concat().into())
}
