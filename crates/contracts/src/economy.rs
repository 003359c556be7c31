//! The contracts of the economy, as their interfaces say.

#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::too_many_arguments,
    reason = "written by the macro, from Solidity's own documentation"
)]

use alloy_sol_types::sol;

sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IPayouts.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IStakes.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IParameters.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IJuries.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IDatanets.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IModels.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/ICommons.sol"
);
sol!(
    #![sol(all_derives)]
    "../../contracts/src/interfaces/IInference.sol"
);
