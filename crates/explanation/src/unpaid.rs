//! Why words of an answer earned an account nothing, or less than their weight.

use crate::{Explanation, Source, Span, Trace, weights::is_capped};
use alloy_primitives::{Address, U64, U256};
use serde::{Deserialize, Serialize};

/// Why an account was not paid for words by their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unearned {
    /// Somebody contributed these words earlier: `origin` is theirs.
    Earlier,
    /// Nobody is credited for these words: they are closed, or their origin was withdrawn.
    Withheld,
    /// The account has the greatest part of the answer's pool that one may have.
    Capped,
    /// More contributors than are credited in one answer had words of greater weight.
    Unranked,
}

/// Words that are in an account's row, or were first in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unpaid {
    /// The answer, counted from 1.
    pub answer: U64,
    /// The datanet.
    pub datanet_id: U256,
    /// Why.
    pub reason: Unearned,
    /// The words, and who is paid for them if anybody is (`author`).
    #[serde(flatten)]
    pub span: Span,
}

/// The words for which `account` earned nothing or less than their weight, where `owner` tells whose a row of a datanet is.
///
/// # Errors
/// Those of `owner`.
pub fn unpaid<E>(
    explanation: &Explanation,
    account: Address,
    mut owner: impl FnMut(U256, u64) -> Result<Option<Address>, E>,
) -> Result<Vec<Unpaid>, E> {
    let mut found = Vec::new();
    for answer in &explanation.answers {
        for trace in &answer.traces {
            let Some(source) = explanation.sources.get(trace.source.to::<usize>()) else { continue };
            for span in &trace.spans {
                let has_row = owner(source.datanet_id, span.row.to())? == Some(account);
                if let Some(reason) = reason(explanation, (source, trace, span), account, has_row) {
                    found.push(Unpaid { answer: answer.index, datanet_id: source.datanet_id, reason, span: span.clone() });
                }
            }
        }
    }
    Ok(found)
}

fn reason(explanation: &Explanation, (source, trace, span): (&Source, &Trace, &Span), account: Address, has_row: bool) -> Option<Unearned> {
    let is_author = span.author == account;
    if !is_author && !has_row {
        return None;
    }
    if span.withheld {
        return Some(Unearned::Withheld);
    }
    if !is_author {
        return Some(Unearned::Earlier);
    }
    let is_payee = explanation
        .payees
        .iter()
        .any(|payee| !payee.by_sketch && payee.datanet_id == source.datanet_id && payee.number == span.contributor);
    if !is_payee {
        return Some(Unearned::Unranked);
    }
    is_capped(trace, account, source).then_some(Unearned::Capped)
}
