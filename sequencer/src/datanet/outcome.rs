//! What became of the documents of a run, as it is told: nothing of a folder goes without a word.

use crate::{caller::Caller, error::Error, passages::printable, report, terminal::complain};
use alloy_primitives::{Address, B256, U256};
use serde_json::{Map, Value, json};

/// A document that is a row.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) file: String,
    pub(super) row: U256,
    /// Whose it is: of what others had first, theirs.
    pub(super) author: Address,
}

/// A document that was not taken.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) file: String,
    pub(super) hash: B256,
    pub(super) why: String,
}

/// Of each document, what became of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) rows: Vec<Placed>,
    pub(super) refused: Vec<Refusal>,
    /// Files with the text of another one, which is handed in once.
    pub(super) copies: Vec<(String, String)>,
    /// What came to the folder after it was committed to.
    pub(super) later: Vec<String>,
    /// What was committed to and is not there any more as it was.
    pub(super) changed: Vec<String>,
}

impl Outcome {
    /// Fields for scripts.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let rows: Vec<_> =
            self.rows.iter().map(|placed| json!({ "file": placed.file, "row": placed.row, "author": placed.author })).collect();
        let refused: Vec<_> = self.refused.iter().map(|refused| json!({ "file": refused.file, "why": refused.why })).collect();
        let fields = [
            ("rows", json!(rows)),
            ("refused", json!(refused)),
            ("copies", copies(&self.copies)),
            ("later", json!(self.later)),
            ("changed", json!(self.changed)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Lines for people. `account` is who asks.
    pub(super) fn say(&self, account: Address) {
        if !self.rows.is_empty() {
            let cells = self.rows.iter().map(|placed| vec![placed.row.to_string(), placed.file.clone()]);
            report::table(&["row", "file"], &cells.collect::<Vec<_>>());
        }
        for Placed { file, row, author } in self.rows.iter().filter(|placed| placed.author != account) {
            complain(&format!("{} is row {row} of {author}, who had it first", printable(file)));
        }
        if !self.refused.is_empty() {
            let cells = self.refused.iter().map(|refused| vec![refused.why.clone(), refused.file.clone()]);
            report::table(&["refused", "file"], &cells.collect::<Vec<_>>());
        }
        say_copies(&self.copies);
        for file in &self.later {
            complain(&format!("{} is not in the commitment, which is older: run the command again when that is over", printable(file)));
        }
        for file in &self.changed {
            complain(&format!("{} is not there any more as it was committed to", printable(file)));
        }
    }

    /// Tells of it where there is no commitment.
    pub(super) async fn tell(&self, caller: &Caller) -> Result<(), Error> {
        if caller.for_scripts() {
            report::json(&self.fields());
        } else {
            self.say(caller.account().await?.address());
        }
        self.success()
    }

    /// A run that took nothing failed.
    pub(super) fn success(&self) -> Result<(), Error> {
        match self.refused.len() {
            count if count > 0 && self.rows.is_empty() => Err(Error::NothingTaken { count }),
            _ => Ok(()),
        }
    }
}

/// Copies, for scripts.
pub(super) fn copies(copies: &[(String, String)]) -> Value {
    copies.iter().map(|(file, of)| json!({ "file": file, "of": of })).collect()
}

/// Copies, for people.
pub(super) fn say_copies(copies: &[(String, String)]) {
    for (file, of) in copies {
        complain(&format!("{} has the text of {}, which counts once", printable(file), printable(of)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_that_took_nothing_of_what_it_was_given_fails() {
        let refusal = Refusal { file: "a".to_owned(), hash: B256::ZERO, why: "not novel".to_owned() };
        let placed = Placed { file: "b".to_owned(), row: U256::ZERO, author: Address::ZERO };
        assert!(Outcome::default().success().is_ok());
        let nothing = Outcome { refused: vec![refusal.clone()], ..Outcome::default() };
        assert!(nothing.success().unwrap_err().to_string().contains("none of"));
        assert!(Outcome { rows: vec![placed], refused: vec![refusal], ..Outcome::default() }.success().is_ok());
    }
}
