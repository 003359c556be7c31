//! Our L1 contracts: where they are, and the transactions that put them there.

use crate::Error;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolConstructor, SolValue, sol};
use serde::{Deserialize, Serialize};
use tributary_primitives::{Eip1559Params, SystemConfig};

/// Code and storage of L1 addresses that exist before the first block.
pub(crate) const L1_PREDEPLOYS: &str = include_str!("../../../contracts/artifacts/l1-predeploys.json");

/// Code and storage of L2 addresses that exist before the first block.
pub(crate) const L2_PREDEPLOYS: &str = include_str!("../../../contracts/artifacts/l2-predeploys.json");

/// The predeploy that keeps datanets.
pub(crate) const DATANETS: Address = alloy_primitives::address!("00000000000000000000000000000000000A7710");

/// The predeploy that sells inference.
pub(crate) const INFERENCE: Address = alloy_primitives::address!("00000000000000000000000000000000000A7711");

/// Seconds after which an output may finalize withdrawals, and after which a proved withdrawal may: short, because this is for development.
const FINALITY_DELAY: u64 = 12;

sol! {
    struct SystemConfigInit {
        address owner;
        address batcher;
        address batchInbox;
        address unsafeBlockSigner;
        uint64 gasLimit;
        uint32 basefeeScalar;
        uint32 blobbasefeeScalar;
        uint32 eip1559Denominator;
        uint32 eip1559Elasticity;
        uint32 operatorFeeScalar;
        uint64 operatorFeeConstant;
    }

    contract OpenToken {
        constructor(address holder, uint256 supply);
        function transfer(address to, uint256 amount) external returns (bool);
    }
    contract SystemConfigContract {
        constructor(SystemConfigInit init);
    }
    contract AttestationVerifier {
        constructor(address owner, address prover, uint256 l2ChainId);
    }
    contract OutputProposals {
        constructor(address verifier, bytes32 genesisOutputRoot, uint256 genesisBlockNumber, uint256 finalityDelaySeconds);
        function propose(uint256 l2BlockNumber, bytes32 outputRoot, uint256 l1BlockNumber, bytes32 l1Head, bytes attestation)
            external returns (address output);
        function latestBlockNumber() external view returns (uint256);
        function latestOutputRoot() external view returns (bytes32);
    }
    contract TributaryPortal {
        constructor(address openToken, address outputs, address systemConfig, uint256 proofMaturityDelay);
    }
}

/// Addresses of the L1 contracts, which follow from the deployer's address and the order below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    pub(crate) open_token: Address,
    pub(crate) system_config: Address,
    pub(crate) verifier: Address,
    pub(crate) outputs: Address,
    pub(crate) portal: Address,
}

impl Deployment {
    /// The addresses of contracts that `deployer` creates with its first transactions.
    pub(crate) fn of(deployer: Address) -> Self {
        Self {
            open_token: deployer.create(0),
            system_config: deployer.create(1),
            verifier: deployer.create(2),
            outputs: deployer.create(3),
            portal: deployer.create(4),
        }
    }
}

/// What the contracts are deployed with.
#[derive(Debug)]
pub(crate) struct Parameters<'a> {
    pub(crate) deployer: Address,
    pub(crate) prover: Address,
    pub(crate) batch_inbox: Address,
    pub(crate) system_config: SystemConfig,
    pub(crate) eip1559: Eip1559Params,
    pub(crate) l2_chain_id: u64,
    pub(crate) genesis_output_root: B256,
    /// OPEN that exists on L2 from its genesis, which the portal must hold.
    pub(crate) l2_supply: U256,
    /// Who gets OPEN on L1, and how much each.
    pub(crate) holders: &'a [Address],
    pub(crate) holding: U256,
}

/// The deployer's transactions, in order: recipient and input of each.
pub(crate) fn transactions(p: &Parameters<'_>) -> Result<Vec<(TxKind, Bytes)>, Error> {
    let at = Deployment::of(p.deployer);
    let (basefee_scalar, blobbasefee_scalar) = p.system_config.fee_scalars();
    let (operator_fee_scalar, operator_fee_constant) = p.system_config.operator_fee();
    let supply = p.l2_supply + p.holding * U256::from(p.holders.len());
    let system_config = SystemConfigInit {
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
    };
    let create = |artifact: &str, arguments: Vec<u8>| -> Result<(TxKind, Bytes), Error> {
        let mut code = bytecode(artifact, "bytecode")?.to_vec();
        code.extend(arguments);
        Ok((TxKind::Create, code.into()))
    };
    let mut out = vec![
        create(OPEN_TOKEN, OpenToken::constructorCall { holder: p.deployer, supply }.abi_encode())?,
        create(SYSTEM_CONFIG, system_config.abi_encode())?,
        create(
            ATTESTATION_VERIFIER,
            AttestationVerifier::constructorCall { owner: p.deployer, prover: p.prover, l2ChainId: U256::from(p.l2_chain_id) }.abi_encode(),
        )?,
        create(
            OUTPUT_PROPOSALS,
            OutputProposals::constructorCall {
                verifier: at.verifier,
                genesisOutputRoot: p.genesis_output_root,
                genesisBlockNumber: U256::ZERO,
                finalityDelaySeconds: U256::from(FINALITY_DELAY),
            }
            .abi_encode(),
        )?,
        create(
            PORTAL,
            TributaryPortal::constructorCall {
                openToken: at.open_token,
                outputs: at.outputs,
                systemConfig: at.system_config,
                proofMaturityDelay: U256::from(FINALITY_DELAY),
            }
            .abi_encode(),
        )?,
    ];
    let transfer = |to, amount| (TxKind::Call(at.open_token), OpenToken::transferCall { to, amount }.abi_encode().into());
    out.push(transfer(at.portal, p.l2_supply));
    out.extend(p.holders.iter().map(|holder| transfer(*holder, p.holding)));
    Ok(out)
}

const OPEN_TOKEN: &str = include_str!("../../../contracts/artifacts/OpenToken.json");
const SYSTEM_CONFIG: &str = include_str!("../../../contracts/artifacts/SystemConfig.json");
const ATTESTATION_VERIFIER: &str = include_str!("../../../contracts/artifacts/AttestationVerifier.json");
const OUTPUT_PROPOSALS: &str = include_str!("../../../contracts/artifacts/OutputProposals.json");
const PORTAL: &str = include_str!("../../../contracts/artifacts/TributaryPortal.json");

/// A code of an artifact of this build.
fn bytecode(artifact: &str, field: &str) -> Result<Bytes, Error> {
    let malformed = |what: String| Error::Config(format!("a contract artifact of this build is malformed: {what}"));
    let json: serde_json::Value = serde_json::from_str(artifact).map_err(|e| malformed(e.to_string()))?;
    let code = json.get(field).and_then(serde_json::Value::as_str).ok_or_else(|| malformed(format!("no {field}")))?;
    code.parse().map_err(|_| malformed(format!("{field} is not hex")))
}
