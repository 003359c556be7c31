//! What the logs of a transaction say of a settlement.

use crate::{Error, Payee, Shares};
use alloy_primitives::{B256, Log, U64, U256};
use alloy_sol_types::SolEventInterface;
use tributary_contracts::{
    interfaces::inference::{
        IInference,
        Inference::{InferenceEvents as Event, Settled},
    },
    predeploys::INFERENCE,
};

/// A settlement as it was logged.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) session_id: U256,
    pub(crate) signed: bool,
    pub(crate) first: u32,
    pub(crate) count: u32,
    pub(crate) amount: U256,
    /// The end of the session's chain of answers.
    pub(crate) head: B256,
    pub(crate) shares: Shares,
    pub(crate) attributions: Vec<IInference::Attribution>,
    pub(crate) payees: Vec<Payee>,
}

impl Facts {
    /// Finds it.
    pub(crate) fn of(logs: &[Log], id: U256) -> Result<Self, Error> {
        let mut settled = None;
        let (mut attributions, mut payees) = (Vec::new(), Vec::new());
        for log in logs.iter().filter(|log| log.address == INFERENCE) {
            match Event::decode_log(log).map(|event| event.data) {
                Ok(Event::Settled(event)) if event.settlementId == id => settled = Some(event),
                Ok(Event::Attributed(event)) if event.settlementId == id => attributions = event.attributions,
                Ok(Event::ContributorsPaid(event)) if event.settlementId == id => payees.extend(event.payees.iter().map(payee)),
                Ok(Event::Carried(event)) if event.settlementId == id => payees.extend(event.payees.iter().map(payee)),
                _ => {}
            }
        }
        let settled: Settled = settled.ok_or(Error::NotSettled(id))?;
        Ok(Self {
            session_id: settled.sessionId,
            signed: settled.signed,
            first: settled.first,
            count: settled.count,
            amount: settled.amount,
            head: settled.head,
            shares: shares(&settled.shares),
            attributions,
            payees,
        })
    }
}

fn payee(payee: &IInference::Payee) -> Payee {
    Payee {
        account: payee.account,
        datanet_id: payee.datanetId,
        number: U64::from(payee.number),
        by_sketch: payee.bySketch,
        amount: payee.amount,
        weight: payee.weight,
    }
}

fn shares(shares: &IInference::Shares) -> Shares {
    Shares {
        protocol: shares.protocol,
        validators: shares.validators,
        lineage: shares.lineage,
        curators: shares.curators,
        contributors: shares.contributors,
        commons: shares.commons,
        operator: shares.operator,
    }
}
