//! What a command that acts on the chain needs: the node, the account, and whom to tell.

use crate::{
    chain::Chain,
    error::Error,
    report,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::U256;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tributary_client::{Account, Call, Receipt};

/// Values that are moments.
const MOMENTS: [&str; 6] = ["deadline", "effective", "ready", "until", "voteEnd", "voteStart"];

/// Who runs a command, and where.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) chain: Chain,
    wallet: WalletArguments,
    json: bool,
    /// A keystore takes a second to open.
    account: OnceCell<Account>,
}

impl Caller {
    /// Connects to the node.
    pub(crate) async fn connect(node: NodeArguments, wallet: WalletArguments) -> Result<Self, Error> {
        Ok(Self { chain: Chain::connect(&node.rpc).await?, wallet, json: node.json, account: OnceCell::new() })
    }

    /// The account that it acts for. Only what needs a key asks for one.
    pub(crate) async fn account(&self) -> Result<&Account, Error> {
        self.account.get_or_try_init(|| self.wallet.account(&self.chain)).await
    }

    /// Whether a script reads what it says.
    pub(crate) const fn for_scripts(&self) -> bool {
        self.json
    }

    /// Sends a transaction, waits for it and leaves it to the caller to tell of it.
    pub(crate) async fn send(&self, call: &Call, what: &'static str) -> Result<Receipt, Error> {
        self.chain.execute(self.account().await?, call, what).await
    }

    /// Sends a transaction and tells of it.
    pub(crate) async fn execute(&self, call: &Call, what: &'static str) -> Result<(), Error> {
        let receipt = self.send(call, what).await?;
        self.tell_of(&receipt, &[], &[])
    }

    /// Tells of a transaction and what came of it, by names: values, and money, which people read in OPEN.
    pub(crate) fn tell_of(&self, receipt: &Receipt, made: &[(&str, Value)], money: &[(&str, U256)]) -> Result<(), Error> {
        let wei = money.iter().map(|(name, wei)| ((*name).to_owned(), json!(wei.to_string())));
        let mut told: serde_json::Map<_, _> = made.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).chain(wei).collect();
        told.insert("transactionHash".to_owned(), json!(receipt.hash()));
        told.insert("blockNumber".to_owned(), json!(receipt.block()?));
        if self.json {
            report::json(&told);
            return Ok(());
        }
        let told = |name: &str, value: &Value| match value.as_u64() {
            Some(seconds) if MOMENTS.contains(&name) => report::moment(seconds),
            _ => plain(value),
        };
        let mut facts: Vec<_> = made.iter().map(|(name, value)| (*name, told(name, value))).collect();
        facts.extend(money.iter().map(|(name, wei)| (*name, report::open(*wei))));
        facts.extend([("transaction", receipt.hash().to_string()), ("block", receipt.block()?.to_string())]);
        report::facts(&facts);
        Ok(())
    }

    /// Tells a result to scripts or to people.
    pub(crate) fn tell(&self, value: &Value, facts: &[(&str, String)]) {
        if self.json { report::json(value) } else { report::facts(facts) }
    }
}

/// A value as people read it: quantities in decimals.
fn plain(value: &Value) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    let quantity = text.strip_prefix("0x").filter(|digits| digits.len() < 40);
    let number = quantity.and_then(|digits| U256::from_str_radix(digits, 16).ok());
    number.map_or_else(|| text.to_owned(), |number| number.to_string())
}
