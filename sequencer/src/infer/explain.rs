//! `tributary infer explain`: whose words were paid for, as a receipt that can be checked without the node.

use crate::{
    caller::Caller,
    error::Error,
    outputs,
    passages::{quotation, says_something},
    report,
    terminal::{complain, say},
};
use alloy_eips::eip2935::HISTORY_SERVE_WINDOW;
use alloy_primitives::{U64, U256};
use clap::Args;
use serde_json::json;
use std::{fs, path::PathBuf};
use tributary_explanation::{AnswerExplained, Explanation, Receipt, Source, Span};

/// Flags of `tributary infer explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The settlement, as `tributary infer show` lists it.
    settlement: U256,
    /// Write the receipt to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Whether the proof holds the datanets' texts whole, so that the weights of words can be computed again, too [default: for texts of up to 1 MiB].
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    whole: Option<bool>,
    /// The L1 on which an output root is to stand for it [default: what the node tells].
    #[arg(long, value_name = "URL")]
    l1: Option<String>,
}

pub(super) async fn run(caller: &Caller, arguments: ExplainArguments) -> Result<(), Error> {
    let chain = &caller.chain;
    let id = arguments.settlement;
    let unknown = || Error::Unknown(format!("settlement {id}"));
    let settlement = chain.ask("tributary_settlement", id).await?.ok_or_else(unknown)?;
    let block = report::number(&settlement, "blockNumber").saturating_to::<u64>();
    let at = covering(caller, arguments.l1.as_deref(), block).await?;
    let options = json!({ "at": U64::from(at.unwrap_or(block)), "whole": arguments.whole });
    let receipt: Option<Receipt> = chain.client().request("tributary_explain", (id, options)).await?;
    let receipt = receipt.ok_or_else(unknown)?;
    if let Some(path) = &arguments.out {
        let file = |source| Error::File { path: path.clone(), source };
        let written = fs::File::create(path).and_then(|out| Ok(serde_json::to_writer(out, &receipt)?));
        written.map_err(file)?;
    }
    if caller.for_scripts() {
        report::json(&receipt);
        return Ok(());
    }
    tell(&receipt.explanation);
    if let Some(path) = &arguments.out {
        say(&format!("{} can be checked with `tributary verify`", path.display()));
    }
    Ok(())
}

/// The block whose output root stands for a block on L1.
async fn covering(caller: &Caller, l1: Option<&str>, block: u64) -> Result<Option<u64>, Error> {
    let Some(portal) = caller.chain.portal() else { return Ok(None) };
    let found = outputs::covering(&caller.chain.l1(l1).await?, portal, block).await?;
    let reached = found.filter(|output| output.block - block <= HISTORY_SERVE_WINDOW as u64);
    match (found, reached) {
        (None, _) => complain(&format!(
            "no output root of block {block} or a later one is on L1 yet: a receipt that is to be checked against L1 must be asked for later"
        )),
        (Some(output), None) => complain(&format!(
            "the first output root on L1 behind block {block} is of block {}, which does not tell of it any more: the receipt cannot be checked against L1",
            output.block
        )),
        _ => {}
    }
    Ok(reached.map(|output| output.block))
}

/// Bytes of a quotation.
const QUOTATION: usize = 72;

/// An explanation for people.
pub(crate) fn tell(explanation: &Explanation) {
    report::facts(&[
        ("settlement", explanation.settlement_id.to_string()),
        ("model", format!("{}@{}", explanation.model_id, explanation.version)),
        ("payer", explanation.payer.to_string()),
        ("operator", explanation.operator.to_string()),
        ("paid", report::open(explanation.amount)),
        ("of it, contributors", report::open(explanation.shares.contributors)),
    ]);
    if !explanation.signed {
        say("the payer did not sign for the answers: nobody's words were paid");
    }
    let rows = explanation.answers.iter().flat_map(|answer| answer_rows(explanation, answer));
    report::table(&["answer", "words", "datanet", "row", "weight", "earned", "author"], &rows.collect::<Vec<_>>());
    let payee = |payee: &tributary_explanation::Payee| {
        let why = if payee.by_sketch { "sketches" } else { "words" };
        vec![payee.account.to_string(), payee.datanet_id.to_string(), why.to_owned(), report::open(payee.amount)]
    };
    report::table(&["contributor", "datanet", "by", "amount"], &explanation.payees.iter().map(payee).collect::<Vec<_>>());
}

fn answer_rows(explanation: &Explanation, answer: &AnswerExplained) -> Vec<Vec<String>> {
    let mut spans: Vec<_> = answer.traces.iter().flat_map(|trace| trace.spans.iter().map(move |span| (trace.source, span))).collect();
    spans.sort_by_key(|(source, span)| (*source, span.output_start));
    let row = |(source, span): (U64, &Span)| {
        let words = words_of(answer, span);
        let source: Option<&Source> = explanation.sources.get(usize::try_from(source.to::<u64>()).unwrap_or(usize::MAX));
        says_something(&words).then(|| {
            let earned = if span.withheld { "withheld".to_owned() } else { report::open(span.wei) };
            vec![
                answer.index.to_string(),
                quotation(&words, QUOTATION),
                source.map_or_else(String::new, |source| format!("{}@{}", source.datanet_id, source.release_id)),
                span.origin.to_string(),
                bits(span.weight),
                earned,
                span.author.to_string(),
            ]
        })
    };
    spans.into_iter().filter_map(row).collect()
}

/// Weights are in 1/256 bit.
fn bits(weight: U64) -> String {
    format!("{:.1}", weight.to::<u64>() as f64 / 256.0)
}

fn words_of(answer: &AnswerExplained, span: &Span) -> String {
    let at = |byte: U64| usize::try_from(byte.to::<u64>()).unwrap_or(usize::MAX);
    let bytes = answer.output.get(at(span.output_start)..at(span.output_end)).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}
