//! Why a contract refused, in words: its errors by their selectors.

use alloy_sol_types::SolInterface;
use tributary_contracts::{
    Commons, DatanetReview, Datanets, Division, FeeDistributor, IAttributionErrors, Inference, Juries, ModelDisputes, Models, Parameters,
    Payouts, Stakes, TributaryGovernor, TributaryTimelock, VotingOpen, WrappedOpen,
};

/// `IModelRegistry.Term`, in its order.
const TERMS: [&str; 6] = [
    "nothing may be made from it",
    "it is not for sale, so the price must be 0",
    "what is made from it must be share-alike",
    "contributors get less than they must",
    "lineage and operator may take more than they may",
    "it has to answer for the model, too",
];

/// What a reverting call returned, in words, if it is an error of a contract of ours or of the language.
pub(crate) fn words(data: &[u8]) -> Option<String> {
    named(data).map(|error| tell(&error)).or_else(|| alloy_sol_types::decode_revert_reason(data))
}

/// The error with its fields, as Rust writes it.
fn named(data: &[u8]) -> Option<String> {
    macro_rules! first_of {
        ($($errors:ty),+ $(,)?) => { None$(.or_else(|| <$errors>::abi_decode(data).ok().map(|error| format!("{error:?}"))))+ };
    }
    first_of!(
        Datanets::DatanetsErrors,
        DatanetReview::DatanetReviewErrors,
        Models::ModelsErrors,
        ModelDisputes::ModelDisputesErrors,
        Inference::InferenceErrors,
        Division::DivisionErrors,
        Juries::JuriesErrors,
        Payouts::PayoutsErrors,
        Stakes::StakesErrors,
        Parameters::ParametersErrors,
        VotingOpen::VotingOpenErrors,
        WrappedOpen::WrappedOpenErrors,
        TributaryGovernor::TributaryGovernorErrors,
        TributaryTimelock::TributaryTimelockErrors,
        FeeDistributor::FeeDistributorErrors,
        Commons::CommonsErrors,
        IAttributionErrors::IAttributionErrorsErrors,
    )
}

/// `Name(Name { field: value })` as "name (field: value)".
fn tell(error: &str) -> String {
    let inner = error.split_once('(').map_or(error, |(_, rest)| rest.strip_suffix(')').unwrap_or(rest));
    let (name, fields) = inner.split_once(" { ").map_or((inner, ""), |(name, rest)| (name, rest.strip_suffix(" }").unwrap_or(rest)));
    let mut told = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !told.is_empty() {
            told.push(' ');
        }
        told.extend(letter.to_lowercase());
    }
    if !fields.is_empty() {
        told.push_str(&format!(" ({fields})"));
    }
    let term = fields.rsplit_once("term: ").and_then(|(_, term)| term.parse::<usize>().ok()).and_then(|term| TERMS.get(term));
    if let Some(term) = term {
        told.push_str(&format!(": {term}"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;
    use alloy_sol_types::{Revert, SolError};

    #[test]
    fn an_error_of_a_contract_is_told_with_its_fields() {
        let broken = Models::LicenceBroken { datanetId: U256::from(3), term: 1 };
        let told = words(&broken.abi_encode()).unwrap();
        assert_eq!(told, "licence broken (datanetId: 3, term: 1): it is not for sale, so the price must be 0");
        assert_eq!(words(&Stakes::ZeroAmount {}.abi_encode()).unwrap(), "zero amount");
        assert_eq!(words(&Stakes::NotReady { ready: 7 }.abi_encode()).unwrap(), "not ready (ready: 7)");
    }

    #[test]
    fn a_text_is_told_as_it_is_and_what_nobody_knows_is_not() {
        assert!(words(&Revert::from("no reason").abi_encode()).unwrap().contains("no reason"));
        assert_eq!(words(&[1, 2, 3, 4]), None);
        assert_eq!(words(&[]), None);
    }
}
