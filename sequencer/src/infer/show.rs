//! `tributary infer show`: sessions as the index tells of them.

use crate::{caller::Caller, error::Error, report, terminal::say};
use alloy_primitives::U256;
use serde_json::{Value, json};

/// All sessions.
pub(super) async fn list(caller: &Caller) -> Result<(), Error> {
    let sessions = caller.chain.list("tributary_sessions", None).await?;
    if caller.for_scripts() {
        report::json(&sessions);
        return Ok(());
    }
    let row = |session: &Value| {
        let number = |field: &str| report::number(session, field).to_string();
        let model = format!("{}@{}", number("modelId"), number("version"));
        let answers = format!("{} of {}", number("answers"), number("maxAnswers"));
        vec![
            number("id"),
            model,
            answers,
            report::open(report::number(session, "paid")),
            report::text(session, "status"),
            report::text(session, "payer"),
        ]
    };
    report::table(&["session", "model", "answers", "paid", "status", "payer"], &sessions.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

/// One session, with everybody who was paid.
pub(super) async fn session(caller: &Caller, id: U256) -> Result<(), Error> {
    let chain = &caller.chain;
    let found = chain.ask("tributary_session", id).await?.ok_or_else(|| Error::Unknown(format!("session {id}")))?;
    let answers = chain.list("tributary_answers", Some(json!(id))).await?;
    let mut settlements = chain.list("tributary_settlements", Some(json!(id))).await?;
    for settlement in &mut settlements {
        let payees = chain.list("tributary_payees", Some(settlement["id"].clone())).await?;
        settlement["payees"] = Value::Array(payees);
    }
    if caller.for_scripts() {
        report::json(&json!({ "session": found, "answers": answers, "settlements": settlements }));
        return Ok(());
    }
    let number = |field: &str| report::number(&found, field).to_string();
    let money = |field: &str| report::open(report::number(&found, field));
    report::facts(&[
        ("session", id.to_string()),
        ("model", format!("{}@{}", number("modelId"), number("version"))),
        ("payer", report::text(&found, "payer")),
        ("operator", report::text(&found, "operator")),
        ("status", report::text(&found, "status")),
        ("answers", format!("{} of {}", number("answers"), number("maxAnswers"))),
        ("escrow", money("escrow")),
        ("paid", money("paid")),
        ("given back", money("refunded")),
        ("until", report::time(&found, "deadline")),
    ]);
    let rows: Vec<_> = answers.iter().map(answer).collect();
    if !rows.is_empty() {
        report::table(&["answer", "bytes", "price", "settlement", "hash"], &rows);
    }
    settlements.iter().for_each(settlement);
    Ok(())
}

fn answer(answer: &Value) -> Vec<String> {
    let number = |field: &str| report::number(answer, field);
    // `sessionId << 32 | n`.
    let settlement =
        if answer["settlementId"].is_null() { "posted".to_owned() } else { (number("settlementId") & U256::from(u32::MAX)).to_string() };
    vec![
        number("index").to_string(),
        number("size").to_string(),
        report::open(number("amount")),
        settlement,
        report::text(answer, "outputHash"),
    ]
}

fn settlement(settlement: &Value) {
    let money = |field: &Value| report::open(field.as_str().and_then(|text| text.parse::<U256>().ok()).unwrap_or_default());
    let id = report::number(settlement, "id");
    let signed = if settlement["signed"] == json!(true) { "" } else { ", without the payer's signature" };
    say(&format!("settlement {id}: {}{signed}", money(&settlement["amount"])));
    let shares = &settlement["shares"];
    let names = ["contributors", "curators", "validators", "lineage", "commons", "protocol", "operator"];
    report::table(&["for", "amount"], &names.map(|name| vec![name.to_owned(), money(&shares[name])]));
    let rows = settlement["payees"].as_array().into_iter().flatten().map(|payee| {
        let datanet = report::number(payee, "datanetId").to_string();
        let why = if payee["bySketch"] == json!(true) { "sketches" } else { "words" };
        vec![report::text(payee, "account"), datanet, why.to_owned(), money(&payee["amount"])]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        report::table(&["contributor", "datanet", "by", "amount"], &rows);
    }
}
