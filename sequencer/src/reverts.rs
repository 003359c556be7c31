//! Why a contract refused, in words: its errors by their selectors.

use crate::report;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{Panic, Revert, SolError, SolInterface};
use tributary_contracts::{
    Commons, DatanetReview, Datanets, Division, FeeDistributor, IAttributionErrors, Inference, Juries, ModelDisputes, Models, Parameters,
    Payouts, Stakes, TributaryGovernor, TributaryTimelock, VotingOpen, WrappedOpen,
    predeploys::{DATANETS, GOVERNOR, INFERENCE, JURIES, MODELS, PAYOUTS, STAKES, VOTING_OPEN},
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

/// Fields that are enumerations wherever they are, with their values' names: of `IStakes`, `IJuries`, `IInference` and `IGovernor`.
const NAMES: [(&str, &[&str]); 4] = [
    ("purpose", &["validator", "operator", "trainer"]),
    ("phase", &["none", "drawing", "deciding", "committing", "revealing", "appealable", "governing", "final"]),
    ("status", &["none", "open", "ended", "closed"]),
    ("current", &["pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed"]),
];

/// Fields of errors that are money wherever they are.
const MONEY: [&str; 12] = ["amount", "bond", "escrow", "expected", "fee", "free", "left", "locked", "needed", "price", "sent", "stake"];

/// The first of these that a call returned, with its fields, as Rust writes it.
macro_rules! first_of {
    ($data:expr, $($errors:ty),+ $(,)?) => { None$(.or_else(|| <$errors>::abi_decode($data).ok().map(|error| format!("{error:?}"))))+ };
}

/// What a reverting call of `to` returned, in words, if it is an error of a contract of ours or of the language.
pub(crate) fn words(to: Option<Address>, data: &[u8]) -> Option<String> {
    // Several contracts have errors of the same selector whose fields have other names.
    let own = to.and_then(|to| own(to, data));
    own.or_else(|| of_any(data)).map(|error| tell(&error)).or_else(|| of_the_language(data))
}

/// `require` with a text, or a panic.
fn of_the_language(data: &[u8]) -> Option<String> {
    let text = Revert::abi_decode(data).ok().map(|error| error.reason);
    text.or_else(|| Panic::abi_decode(data).ok().map(|panic| panic.to_string()))
}

/// An error of the contract that was called.
fn own(to: Address, data: &[u8]) -> Option<String> {
    match to {
        DATANETS => first_of!(data, Datanets::DatanetsErrors, DatanetReview::DatanetReviewErrors),
        MODELS => first_of!(data, Models::ModelsErrors, ModelDisputes::ModelDisputesErrors),
        INFERENCE => first_of!(data, Inference::InferenceErrors),
        JURIES => first_of!(data, Juries::JuriesErrors),
        PAYOUTS => first_of!(data, Payouts::PayoutsErrors),
        STAKES => first_of!(data, Stakes::StakesErrors),
        VOTING_OPEN => first_of!(data, VotingOpen::VotingOpenErrors),
        GOVERNOR => first_of!(data, TributaryGovernor::TributaryGovernorErrors),
        _ => None,
    }
}

/// An error that passed through from another contract.
fn of_any(data: &[u8]) -> Option<String> {
    first_of!(
        data,
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
        let fields = fields.split(", ").map(field);
        told.push_str(&format!(" ({})", fields.collect::<Vec<_>>().join(", ")));
    }
    let term = fields.rsplit_once("term: ").and_then(|(_, term)| term.parse::<usize>().ok()).and_then(|term| TERMS.get(term));
    if let Some(term) = term {
        told.push_str(&format!(": {term}"));
    }
    told
}

/// `name: value`, where money is in OPEN and what is one of a few has its name.
fn field(field: &str) -> String {
    let Some((name, value)) = field.split_once(": ") else { return field.to_owned() };
    if let Some((_, names)) = NAMES.iter().find(|(field, _)| *field == name) {
        let known = value.parse::<usize>().ok().and_then(|place| names.get(place));
        return format!("{name}: {}", known.copied().unwrap_or(value));
    }
    match value.parse::<U256>() {
        Ok(wei) if MONEY.contains(&name) => format!("{name}: {}", report::open(wei)),
        _ => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_contract_is_told_with_its_fields() {
        let broken = Models::LicenceBroken { datanetId: U256::from(3), term: 1 };
        let told = words(None, &broken.abi_encode()).unwrap();
        assert_eq!(told, "licence broken (datanetId: 3, term: 1): it is not for sale, so the price must be 0");
        assert_eq!(words(None, &Stakes::ZeroAmount {}.abi_encode()).unwrap(), "zero amount");
        let small =
            Stakes::StakeTooSmall { purpose: 2, account: Default::default(), free: U256::ZERO, amount: U256::from(10).pow(U256::from(18)) };
        let told = words(None, &small.abi_encode()).unwrap();
        assert!(
            told.starts_with("stake too small (purpose: trainer, account: 0x00") && told.ends_with("free: 0 OPEN, amount: 1 OPEN)"),
            "{told}"
        );
        assert_eq!(words(None, &Stakes::NotReady { ready: 7 }.abi_encode()).unwrap(), "not ready (ready: 7)");
    }

    #[test]
    fn an_error_that_several_contracts_have_is_told_as_that_of_the_one_that_was_called() {
        let early = Juries::TooEarly { caseId: U256::from(3), deadline: 9 }.abi_encode();
        assert_eq!(words(Some(JURIES), &early).unwrap(), "too early (caseId: 3, deadline: 9)");
        assert_eq!(words(Some(INFERENCE), &early).unwrap(), "too early (sessionId: 3, ready: 9)");
    }

    #[test]
    fn a_text_is_told_as_it_is_and_what_nobody_knows_is_not() {
        assert!(words(None, &Revert::from("no reason").abi_encode()).unwrap().contains("no reason"));
        assert_eq!(words(None, &[1, 2, 3, 4]), None);
        assert_eq!(words(None, &[]), None);
    }
}
