//! The Solidity interfaces, bound from the files that contracts compile against.

#![allow(missing_docs, unreachable_pub, clippy::too_many_arguments, reason = "generated from documented Solidity")]

use alloy_sol_types::sol;

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
