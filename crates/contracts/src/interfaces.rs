//! The contracts as they were compiled: constructors, functions, events, errors and code; and interfaces of contracts that are not ours.

#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::too_many_arguments,
    reason = "written by the macro, from Solidity's own documentation"
)]

use alloy_sol_types::sol;

/// A contract in a module of its own: several tell the structures of the same interface.
macro_rules! contract {
    ($module:ident $name:ident $artifact:literal) => {
        pub mod $module {
            alloy_sol_types::sol!(
                #![sol(all_derives)]
                $name,
                $artifact
            );
        }
        pub use $module::$name;
    };
}

// L1.
sol!(
    #![sol(all_derives)]
    OpenToken,
    "../../contracts/artifacts/OpenToken.json"
);
sol!(
    #![sol(all_derives)]
    SystemConfig,
    "../../contracts/artifacts/SystemConfig.json"
);
sol!(
    #![sol(all_derives)]
    AttestationVerifier,
    "../../contracts/artifacts/AttestationVerifier.json"
);
sol!(
    #![sol(all_derives)]
    OutputProposals,
    "../../contracts/artifacts/OutputProposals.json"
);
sol!(
    #![sol(all_derives)]
    TributaryPortal,
    "../../contracts/artifacts/TributaryPortal.json"
);

sol!(
    #![sol(all_derives)]
    L1Timelock,
    "../../contracts/artifacts/L1Timelock.json"
);

// L2.
contract!(datanet_review DatanetReview "../../contracts/artifacts/DatanetReview.json");
contract!(datanets Datanets "../../contracts/artifacts/Datanets.json");
contract!(division Division "../../contracts/artifacts/Division.json");
contract!(inference Inference "../../contracts/artifacts/Inference.json");
contract!(wrapped_open WrappedOpen "../../contracts/artifacts/WrappedOpen.json");
contract!(voting_open VotingOpen "../../contracts/artifacts/VotingOpen.json");
contract!(payouts Payouts "../../contracts/artifacts/Payouts.json");
contract!(stakes Stakes "../../contracts/artifacts/Stakes.json");
contract!(parameters Parameters "../../contracts/artifacts/Parameters.json");
contract!(tributary_governor TributaryGovernor "../../contracts/artifacts/TributaryGovernor.json");
contract!(tributary_timelock TributaryTimelock "../../contracts/artifacts/TributaryTimelock.json");
contract!(juries Juries "../../contracts/artifacts/Juries.json");
contract!(model_disputes ModelDisputes "../../contracts/artifacts/ModelDisputes.json");
contract!(models Models "../../contracts/artifacts/Models.json");
contract!(commons Commons "../../contracts/artifacts/Commons.json");
contract!(fee_distributor FeeDistributor "../../contracts/artifacts/FeeDistributor.json");
contract!(gas_price_oracle GasPriceOracle "../../contracts/artifacts/GasPriceOracle.json");
contract!(l1_block L1Block "../../contracts/artifacts/L1Block.json");
contract!(operator_fee_vault OperatorFeeVault "../../contracts/artifacts/OperatorFeeVault.json");

// Precompiles of the attribution engine.
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IAttributionErrors.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IAttributionStore.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/ISketchAttribution.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IShapleyAttribution.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/ITextAttribution.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IRewardSplit.sol"
);

sol! {
    #![sol(all_derives)]

    /// Rewrites accounts of a development chain.
    interface IDevelopment {
        /// Sets an account's balance, wei.
        function setBalance(address account, uint256 balance) external;
        /// Sets an account's nonce.
        function setNonce(address account, uint64 nonce) external;
        /// Sets an account's code.
        function setCode(address account, bytes code) external;
        /// Sets a storage slot.
        function setStorageAt(address account, uint256 slot, uint256 value) external;
        /// Only the node's own account may.
        error NotDeveloper(address caller);
        /// An account without balance, nonce and code cannot hold storage (EIP-161).
        error EmptyAccount(address account);
        /// The nonce cannot be held, or could not be used once (EIP-2681).
        error NonceTooHigh(uint64 nonce);
    }

    /// What this project asks of any token (ERC-20).
    interface IERC20 {
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
    }

    /// The OP Stack's way out of L2 (specs: protocol/withdrawals).
    interface IL2ToL1MessagePasser {
        event MessagePassed(uint256 indexed nonce, address indexed sender, address indexed target, uint256 value, uint256 gasLimit, bytes data, bytes32 withdrawalHash);
        function initiateWithdrawal(address target, uint256 gasLimit, bytes data) external payable;
        function sentMessages(bytes32 withdrawalHash) external view returns (bool);
    }

    /// Many calls in one.
    interface IMulticall3 {
        struct Call3 { address target; bool allowFailure; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function aggregate3(Call3[] calls) external payable returns (Result[] returnData);
    }
}
