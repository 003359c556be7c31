//! Why a contract refused, in words: its errors by their selectors.

use crate::{passages::printable, report};
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

/// Fields of errors that are enumerations, with their values' names: of `IStakes`, `IJuries`, `IInference`, `IDatanetRecords` and `IGovernor`.
const NAMES: [(&str, &str, &[&str]); 7] = [
    ("StakeTooSmall", "purpose", PURPOSES),
    ("LockTooSmall", "purpose", PURPOSES),
    ("NotModule", "purpose", PURPOSES),
    ("WrongPhase", "phase", &["none", "drawing", "deciding", "committing", "revealing", "appealable", "governing", "final"]),
    ("NotOpen", "status", &["none", "open", "ended", "closed"]),
    ("WrongStage", "stage", &["none", "committed", "reviewed", "accepted", "rejected", "lapsed", "complete"]),
    ("GovernorUnexpectedProposalState", "current", PROPOSAL_STATES),
];
const PURPOSES: &[&str] = &["validator", "operator", "trainer"];

/// Errors, with their fields that are money.
const MONEY: [(&str, &[&str]); 20] = [
    ("AboveThePrice", &["price", "amount"]),
    ("AllowanceTooSmall", &["allowance", "amount"]),
    ("BalanceTooSmall", &["balance", "amount"]),
    ("BondTooSmall", &["needed", "sent"]),
    ("ERC20InsufficientAllowance", &["allowance", "needed"]),
    ("ERC20InsufficientBalance", &["balance", "needed"]),
    ("EscrowTooSmall", &["left", "escrow", "amount"]),
    ("FeeTooSmall", &["fee", "sent"]),
    ("GovernorInsufficientProposerVotes", &["votes", "threshold"]),
    ("LockTooSmall", &["locked", "amount"]),
    ("MoneyNotTaken", &["value"]),
    ("NotMoved", &["spare", "amount"]),
    ("NotPayable", &["value"]),
    ("PaymentTooLarge", &["sent"]),
    ("PaymentTooSmall", &["needed", "sent"]),
    ("StakeBelowMinimum", &["least", "stake"]),
    ("StakeTooSmall", &["free", "amount"]),
    ("TransferFailed", &["amount"]),
    ("WrongBond", &["bond", "sent"]),
    ("WrongValue", &["expected", "sent"]),
];

/// Errors whose field `expectedStates` has a bit for each state (`IGovernor.ProposalState`, `TimelockController.OperationState`).
const STATES: [(&str, &[&str]); 2] =
    [("GovernorUnexpectedProposalState", PROPOSAL_STATES), ("TimelockUnexpectedOperationState", &["unset", "waiting", "ready", "done"])];
const PROPOSAL_STATES: &[&str] = &["pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed"];

/// Fields of errors that are moments, where they are as late as ours.
const MOMENTS: [&str; 3] = ["deadline", "ready", "until"];
const FIRST_MOMENT: u64 = 1_000_000_000;

/// Errors of `Datanets` that say what is wrong about one document, whatever becomes of others, as [`words`] begins.
const ABOUT_A_DOCUMENT: [&str; 4] = ["duplicate ", "not novel ", "not utf8", "invalid document "];

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

/// Whether what a contract refuses is a document, and not the account or the datanet.
pub(crate) fn is_about_a_document(words: &str) -> bool {
    ABOUT_A_DOCUMENT.iter().any(|start| words.starts_with(start))
}

/// `require` with a text, which may be anybody's, or a panic.
fn of_the_language(data: &[u8]) -> Option<String> {
    let text = Revert::abi_decode(data).ok().map(|error| printable(&error.reason));
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
    let mut within = false;
    for letter in name.chars() {
        // "ERC20" is one word.
        if letter.is_uppercase() && within {
            told.push(' ');
        }
        within = !letter.is_uppercase();
        told.extend(letter.to_lowercase());
    }
    if !fields.is_empty() {
        let fields = fields.split(", ").map(|told| field(name, told));
        told.push_str(&format!(" ({})", fields.collect::<Vec<_>>().join(", ")));
    }
    let term = fields.rsplit_once("term: ").and_then(|(_, term)| term.parse::<usize>().ok()).and_then(|term| TERMS.get(term));
    if let Some(term) = term {
        told.push_str(&format!(": {term}"));
    }
    told
}

/// `name: value` of an error, where money is in OPEN and what is one of a few has its name.
fn field(error: &str, field: &str) -> String {
    let Some((name, value)) = field.split_once(": ") else { return field.to_owned() };
    if let Some((_, _, names)) = NAMES.iter().find(|(of, field, _)| (*of, *field) == (error, name)) {
        let known = value.parse::<usize>().ok().and_then(|place| names.get(place));
        return format!("{name}: {}", known.copied().unwrap_or(value));
    }
    if let Some(seconds) = value.parse::<u64>().ok().filter(|seconds| MOMENTS.contains(&name) && *seconds >= FIRST_MOMENT) {
        return format!("{name}: {}", report::moment(seconds));
    }
    if let Some((_, names)) = STATES.iter().find(|(of, _)| *of == error && name == "expectedStates") {
        let bits = value.parse::<U256>().unwrap_or_default();
        let expected: Vec<_> = names.iter().enumerate().filter(|(place, _)| bits.bit(*place)).map(|(_, name)| *name).collect();
        return format!("expected: {}", expected.join(" or "));
    }
    let is_money = MONEY.iter().any(|(of, fields)| *of == error && fields.contains(&name));
    // What is in hexadecimal is an address or a hash.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<U256>() {
        Ok(wei) if is_money && digits => format!("{name}: {}", report::open(wei)),
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
    fn what_is_no_money_is_not_told_as_money() {
        let (one, hash) = (U256::from(10).pow(U256::from(18)), alloy_primitives::B256::with_last_byte(1));
        for (data, told) in [
            (
                Inference::WrongPrompt { expected: hash, actual: hash }.abi_encode(),
                format!("wrong prompt (expected: {hash}, actual: {hash})"),
            ),
            (
                Datanets::NoCode { expected: Address::with_last_byte(1) }.abi_encode(),
                "no code (expected: 0x0000000000000000000000000000000000000001)".to_owned(),
            ),
            (Juries::NotEnoughGas { needed: one }.abi_encode(), format!("not enough gas (needed: {one})")),
            (
                DatanetReview::WrongIndex { commitmentId: U256::from(3), expected: 4, index: 5 }.abi_encode(),
                "wrong index (commitmentId: 3, expected: 4, index: 5)".to_owned(),
            ),
            (
                IAttributionErrors::WrongLength { length: one, expected: one }.abi_encode(),
                format!("wrong length (length: {one}, expected: {one})"),
            ),
            (Commons::EpochNotOver { epoch: 3, current: 3 }.abi_encode(), "epoch not over (epoch: 3, current: 3)".to_owned()),
            (IAttributionErrors::UnknownStatus { status: 1 }.abi_encode(), "unknown status (status: 1)".to_owned()),
            (
                Datanets::WrongValue { expected: one, sent: U256::ZERO }.abi_encode(),
                "wrong value (expected: 1 OPEN, sent: 0 OPEN)".to_owned(),
            ),
            (
                VotingOpen::ERC20InsufficientBalance { sender: Address::ZERO, balance: U256::ZERO, needed: one }.abi_encode(),
                format!("erc20 insufficient balance (sender: {}, balance: 0 OPEN, needed: 1 OPEN)", Address::ZERO),
            ),
        ] {
            assert_eq!(words(None, &data).unwrap(), told);
        }
    }

    #[test]
    fn fields_that_have_names_are_those_of_the_contracts() {
        let errors = include_str!("../../contracts/ts/src/abis/errors.js");
        let named = |part: &str, name: &str| part.contains(&format!("\"name\":\"{name}\""));
        let has = |error: &str, field: &str| {
            let mut its = errors.lines().filter(|line| named(line, error) && line.contains("\"type\":\"error\""));
            its.any(|line| line.split(['{', '}']).any(|part| named(part, field) && part.contains("\"type\":\"uint")))
        };
        for (error, field) in NAMES
            .iter()
            .map(|(error, field, _)| (error, field))
            .chain(MONEY.iter().flat_map(|(error, fields)| fields.iter().map(move |field| (error, field))))
        {
            assert!(has(error, field), "{error}.{field}");
        }
    }

    #[test]
    fn what_is_wrong_about_one_document_is_told_apart_from_what_is_wrong_about_all() {
        let told = |data: Vec<u8>| words(Some(DATANETS), &data).unwrap();
        let (one, hash) = (U256::from(1), alloy_primitives::B256::ZERO);
        for about in [
            Datanets::Duplicate { datanetId: one, documentHash: hash, row: 2 }.abi_encode(),
            Datanets::NotNovel { noveltyBps: one, least: one }.abi_encode(),
            Datanets::InvalidDocument { size: one }.abi_encode(),
            IAttributionErrors::NotUtf8 {}.abi_encode(),
        ] {
            assert!(is_about_a_document(&told(about.clone())), "{}", told(about));
        }
        for other in [Datanets::WrongValue { expected: one, sent: one }.abi_encode(), Datanets::CommitFirst { datanetId: one }.abi_encode()]
        {
            assert!(!is_about_a_document(&told(other.clone())), "{}", told(other));
        }
    }

    #[test]
    fn states_that_are_expected_have_their_names() {
        let bits = |places: &[usize]| alloy_primitives::B256::from(places.iter().map(|place| U256::ONE << *place).sum::<U256>());
        let one = U256::ONE;
        let told = TributaryGovernor::GovernorUnexpectedProposalState { proposalId: one, current: 1, expectedStates: bits(&[4, 5]) };
        let expected = "governor unexpected proposal state (proposalId: 1, current: active, expected: succeeded or queued)";
        assert_eq!(words(Some(GOVERNOR), &told.abi_encode()).unwrap(), expected);
        let operation = alloy_primitives::B256::ZERO;
        let told = TributaryTimelock::TimelockUnexpectedOperationState { operationId: operation, expectedStates: bits(&[2]) };
        assert!(words(None, &told.abi_encode()).unwrap().ends_with(", expected: ready)"));
    }

    #[test]
    fn an_error_that_several_contracts_have_is_told_as_that_of_the_one_that_was_called() {
        let early = Juries::TooEarly { caseId: U256::from(3), deadline: 9 }.abi_encode();
        assert_eq!(words(Some(JURIES), &early).unwrap(), "too early (caseId: 3, deadline: 9)");
        assert_eq!(words(Some(INFERENCE), &early).unwrap(), "too early (sessionId: 3, ready: 9)");
        let early = Juries::TooEarly { caseId: U256::from(3), deadline: 1_797_644_365 }.abi_encode();
        assert_eq!(words(Some(JURIES), &early).unwrap(), "too early (caseId: 3, deadline: 2026-12-19 01:39:25 UTC)");
    }

    #[test]
    fn a_text_is_told_without_what_moves_the_cursor_and_what_nobody_knows_is_not() {
        assert_eq!(words(None, &Revert::from("no reason\x1b[2J").abi_encode()).unwrap(), "no reason\u{fffd}[2J");
        assert_eq!(words(None, &[1, 2, 3, 4]), None);
        assert_eq!(words(None, &[]), None);
    }
}
