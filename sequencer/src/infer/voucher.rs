//! Answers as a session chains them, and the payer's signature over the chain: what it received, and what that costs.

use super::known;
use crate::{caller::Caller, error::Error, report};
use alloy_primitives::{B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct, SolValue, eip712_domain, sol};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tributary_client::Call;
use tributary_contracts::{
    Inference,
    interfaces::inference::IInference::{Answer, Link, Session},
    predeploys::INFERENCE,
};

sol! {
    /// What a payer signs.
    #[derive(Debug)]
    struct Voucher {
        uint256 session;
        uint32 count;
        uint256 amount;
        bytes32 answers;
    }
}

/// Answers of a session, after those that are settled, in their order.
#[derive(Debug, Args)]
pub(super) struct AnswerArguments {
    /// The session.
    pub(super) session: U256,
    /// File with an answer; again for each further one.
    #[arg(long = "answer", value_name = "FILE", required = true)]
    answers: Vec<PathBuf>,
    /// File with the prompt of each answer, as often as --answer [default: the one that the session was opened with].
    #[arg(long = "prompt", value_name = "FILE")]
    prompts: Vec<PathBuf>,
    /// File with each answer's sketch, one signed byte for each dimension, where the model attributes by sketches.
    #[arg(long = "sketch", value_name = "FILE")]
    sketches: Vec<PathBuf>,
    /// What each answer costs, OPEN [default: the session's price].
    #[arg(long, value_name = "OPEN", value_parser = crate::report::parse_open)]
    amount: Option<U256>,
}

/// What is between two ends of a session's chain.
pub(super) struct Links {
    pub(super) session: Session,
    pub(super) answers: Vec<Answer>,
}

impl AnswerArguments {
    /// Reads the answers, and where the session is.
    pub(super) async fn read(&self, caller: &Caller) -> Result<Links, Error> {
        let session = known(caller, self.session).await?;
        let invalid = |what: &str, reason: String| Error::Invalid { what: what.to_owned(), reason };
        let paired = |files: &[PathBuf]| files.is_empty() || files.len() == self.answers.len();
        if !paired(&self.prompts) || !paired(&self.sketches) {
            return Err(invalid("--prompt, --sketch", format!("give as many as answers ({}), or none", self.answers.len())));
        }
        // Its head is the first prompt's hash until something is settled.
        if self.prompts.is_empty() && (self.answers.len() > 1 || session.answers > 0 || session.head.is_zero()) {
            return Err(invalid("--prompt", "give the prompt of each answer: the session names only the first one's, at most".to_owned()));
        }
        let mut answers = Vec::new();
        for (at, path) in self.answers.iter().enumerate() {
            answers.push(Answer {
                promptHash: self.prompts.get(at).map_or(Ok(session.head), |path| read(path).map(keccak256))?,
                amount: self.amount.unwrap_or_else(|| U256::from(session.price)),
                output: read(path)?.into(),
                query: self.sketches.get(at).map_or(Ok(Vec::new()), |path| read(path))?.into(),
            });
        }
        let links = Links { session, answers };
        links.check(self.session)?;
        Ok(links)
    }
}

/// Bytes of a transaction beside its calldata, at most.
const AROUND: usize = 512;

/// Bytes of the largest transaction that nodes take.
const MOST_BYTES: usize = 128 << 10;

/// Bytes of a signature.
const SIGNATURE: usize = 65;

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

impl Links {
    /// What can be seen without the chain: answers that no transaction carries, or that are more than the session has.
    fn check(&self, session: U256) -> Result<(), Error> {
        let invalid = |reason: String| Err(Error::Invalid { what: format!("session {session}"), reason });
        let (left, given) = (self.session.maxAnswers.saturating_sub(self.session.answers) as usize, self.answers.len());
        if given > left {
            return invalid(format!("{left} of its {} answers are left, {given} are given", self.session.maxAnswers));
        }
        let call = Inference::settleCall { sessionId: session, answers: self.answers.clone(), signature: vec![0; SIGNATURE].into() };
        let bytes = call.abi_encoded_size() + AROUND;
        if bytes > MOST_BYTES {
            return invalid(format!("a transaction with these answers has {bytes} bytes, and none may have more than {MOST_BYTES}"));
        }
        Ok(())
    }

    /// That the operator could settle with this signature now: what is signed in vain is no promise to anybody.
    async fn rehearse(&self, caller: &Caller, session: U256, signature: &Bytes) -> Result<(), Error> {
        if self.session.deadline < caller.chain.time().await? {
            let reason = format!("it ended at {}, and nothing more is paid in it", report::moment(self.session.deadline));
            return Err(Error::Invalid { what: format!("session {session}"), reason });
        }
        let call = Inference::settleCall { sessionId: session, answers: self.answers.clone(), signature: signature.clone() };
        let settling = "signing for what could not be settled";
        caller.chain.rehearse(self.session.operator, &Call::of(INFERENCE, &call), settling).await.map(|_| ())
    }

    /// What the payer signs who received these answers and those before.
    pub(super) fn voucher(&self, session: U256) -> Voucher {
        let (mut head, mut count, mut amount) = (self.session.head, self.session.answers, U256::from(self.session.paid));
        for answer in &self.answers {
            count += 1;
            amount += answer.amount;
            head = chained(head, count, answer);
        }
        Voucher { session, count, amount, answers: head }
    }

    /// The payer's signature.
    pub(super) async fn sign(&self, caller: &Caller, session: U256) -> Result<(Voucher, Bytes), Error> {
        let account = caller.account().await?;
        if account.address() != self.session.payer {
            let reason = format!("{} signs for it, the account is {}", self.session.payer, account.address());
            return Err(Error::Invalid { what: format!("session {session}"), reason });
        }
        let voucher = self.voucher(session);
        let digest = voucher.eip712_signing_hash(&domain(caller.chain.id()));
        let fields = [("session", "uint256"), ("count", "uint32"), ("amount", "uint256"), ("answers", "bytes32")];
        let message = json!({
            "session": voucher.session.to_string(), "count": voucher.count, "amount": voucher.amount.to_string(), "answers": voucher.answers,
        });
        let signature = account.signer().typed_data(&typed_data("Voucher", &fields, &message, caller.chain.id()), digest).await?;
        let signature = signature.as_bytes().into();
        self.rehearse(caller, session, &signature).await?;
        Ok((voucher, signature))
    }
}

/// An answer as the chain holds it.
pub(super) fn link(answer: &Answer) -> Link {
    Link {
        promptHash: answer.promptHash,
        outputHash: keccak256(&answer.output),
        queryHash: keccak256(&answer.query),
        amount: answer.amount,
    }
}

/// The chain's end after its `index`-th link (`IInference`).
pub(super) fn extended(before: B256, index: u32, link: &Link) -> B256 {
    keccak256((before, index, link.promptHash, link.outputHash, link.queryHash, link.amount).abi_encode())
}

/// The same of an answer.
fn chained(before: B256, index: u32, answer: &Answer) -> B256 {
    extended(before, index, &link(answer))
}

pub(super) fn domain(chain_id: u64) -> Eip712Domain {
    eip712_domain! { name: "Tributary Inference", version: "1", chain_id: chain_id, verifying_contract: INFERENCE, }
}

/// A message for a service that signs (`eth_signTypedData_v4`).
pub(super) fn typed_data(kind: &str, fields: &[(&str, &str)], message: &Value, chain_id: u64) -> Value {
    let field = |(name, kind): &(&str, &str)| json!({ "name": name, "type": kind });
    let domain = [("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address")];
    json!({
        "types": { "EIP712Domain": domain.each_ref().map(field), kind: fields.iter().map(field).collect::<Vec<_>>() },
        "primaryType": kind,
        "domain": { "name": "Tributary Inference", "version": "1", "chainId": chain_id, "verifyingContract": INFERENCE },
        "message": message,
    })
}

/// A voucher's signature, as it is or in a file that `tributary infer voucher --json` wrote.
pub(crate) fn signature(given: &str) -> Result<Bytes, String> {
    let text = if given.starts_with("0x") {
        given.to_owned()
    } else {
        let text = fs::read_to_string(given).map_err(|error| format!("{given}: {error}"))?;
        match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(fields)) => fields["signature"].as_str().unwrap_or_default().to_owned(),
            _ => text.trim().to_owned(),
        }
    };
    hex::decode(&text).map(Bytes::from).map_err(|_| "no signature in hex, nor a file with one".to_owned())
}
