//! The transactions that put our contracts on L1.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolConstructor};
use tributary_contracts::{
    AttestationVerifier, L1Contracts, OpenToken, OutputProposals, SystemConfig as SystemConfigContract, TributaryPortal,
};
use tributary_primitives::{Eip1559Params, SystemConfig};

/// What the contracts are deployed with.
#[derive(Debug)]
pub(crate) struct Parameters<'a> {
    pub(crate) deployer: Address,
    pub(crate) prover: Address,
    pub(crate) batch_inbox: Address,
    pub(crate) system_config: SystemConfig,
    pub(crate) eip1559: Eip1559Params,
    pub(crate) l2_chain_id: u64,
    /// Seconds after which an output may finalize withdrawals, and after which a proved withdrawal may.
    pub(crate) finality_delay: u64,
    pub(crate) genesis_output_root: B256,
    /// OPEN that exists on L2 from its genesis, which the portal must hold.
    pub(crate) l2_supply: U256,
    /// Who gets OPEN on L1, and how much each.
    pub(crate) holders: &'a [Address],
    pub(crate) holding: U256,
}

/// The deployer's transactions, in order: recipient and input of each.
pub(crate) fn transactions(p: &Parameters<'_>) -> Vec<(TxKind, Bytes)> {
    let at = L1Contracts::of(p.deployer);
    let (basefee_scalar, blobbasefee_scalar) = p.system_config.fee_scalars();
    let (operator_fee_scalar, operator_fee_constant) = p.system_config.operator_fee();
    let supply = p.l2_supply + p.holding * U256::from(p.holders.len());
    let init = SystemConfigContract::Init {
        owner: p.deployer,
        batcher: p.system_config.batcher_addr,
        batchInbox: p.batch_inbox,
        unsafeBlockSigner: p.deployer,
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
    let delay = U256::from(p.finality_delay);
    let outputs = OutputProposals::constructorCall {
        verifier_: at.verifier,
        genesisOutputRoot: p.genesis_output_root,
        genesisBlockNumber: U256::ZERO,
        finalityDelaySeconds: delay,
    };
    let portal = TributaryPortal::constructorCall {
        openToken_: at.open_token,
        outputs: at.outputs,
        systemConfig_: at.system_config,
        proofMaturityDelay: delay,
    };
    let verifier = AttestationVerifier::constructorCall { owner: p.deployer, prover_: p.prover, l2ChainId_: U256::from(p.l2_chain_id) };
    let mut out = vec![
        create(&OpenToken::BYTECODE, &OpenToken::constructorCall { holder: p.deployer, supply }),
        create(&SystemConfigContract::BYTECODE, &SystemConfigContract::constructorCall { init }),
        create(&AttestationVerifier::BYTECODE, &verifier),
        create(&OutputProposals::BYTECODE, &outputs),
        create(&TributaryPortal::BYTECODE, &portal),
    ];
    let transfer = |to, value| (TxKind::Call(at.open_token), OpenToken::transferCall { to, value }.abi_encode().into());
    out.push(transfer(at.portal, p.l2_supply));
    out.extend(p.holders.iter().map(|holder| transfer(*holder, p.holding)));
    out
}

/// A transaction that puts a contract on the chain.
fn create(code: &Bytes, arguments: &impl SolConstructor) -> (TxKind, Bytes) {
    (TxKind::Create, [code.as_ref(), &arguments.abi_encode()].concat().into())
}
