//! The contracts of the economy as they were compiled, each in a module of its own: those that share a struct would have it twice in one.

/// `Datanets`, and the types of its interfaces.
pub mod datanets {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Datanets,
        "../../contracts/artifacts/Datanets.json"
    );
}
/// `DatanetReview`, and the types of its interfaces.
pub mod datanet_review {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        DatanetReview,
        "../../contracts/artifacts/DatanetReview.json"
    );
}
/// `Inference`, and the types of its interfaces.
pub mod inference {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Inference,
        "../../contracts/artifacts/Inference.json"
    );
}
/// `Juries`, and the types of its interfaces.
pub mod juries {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Juries,
        "../../contracts/artifacts/Juries.json"
    );
}
/// `Models`, and the types of its interfaces.
pub mod models {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Models,
        "../../contracts/artifacts/Models.json"
    );
}
/// `ModelDisputes`, and the types of its interfaces.
pub mod model_disputes {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        ModelDisputes,
        "../../contracts/artifacts/ModelDisputes.json"
    );
}
/// `Payouts`, and the types of its interfaces.
pub mod payouts {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Payouts,
        "../../contracts/artifacts/Payouts.json"
    );
}
/// `Stakes`, and the types of its interfaces.
pub mod stakes {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Stakes,
        "../../contracts/artifacts/Stakes.json"
    );
}
/// `Commons`, and the types of its interfaces.
pub mod commons {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Commons,
        "../../contracts/artifacts/Commons.json"
    );
}
/// `Parameters`, and the types of its interfaces.
pub mod parameters {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        Parameters,
        "../../contracts/artifacts/Parameters.json"
    );
}
/// `FeeDistributor`, and the types of its interfaces.
pub mod fee_distributor {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        FeeDistributor,
        "../../contracts/artifacts/FeeDistributor.json"
    );
}
/// `VotingOpen`, and the types of its interfaces.
pub mod voting_open {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        VotingOpen,
        "../../contracts/artifacts/VotingOpen.json"
    );
}
/// `WrappedOpen`, and the types of its interfaces.
pub mod wrapped_open {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        WrappedOpen,
        "../../contracts/artifacts/WrappedOpen.json"
    );
}
/// `TributaryGovernor`, and the types of its interfaces.
pub mod governor {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        TributaryGovernor,
        "../../contracts/artifacts/TributaryGovernor.json"
    );
}
/// `TributaryTimelock`, and the types of its interfaces.
pub mod timelock {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        clippy::too_many_arguments,
        reason = "written by the macro, from Solidity's own documentation"
    )]
    alloy_sol_types::sol!(
        #![sol(all_derives)]
        TributaryTimelock,
        "../../contracts/artifacts/TributaryTimelock.json"
    );
}
