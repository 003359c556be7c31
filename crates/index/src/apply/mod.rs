//! What each event means for the rows.

mod datanets;
mod governance;
mod inference;
mod juries;
mod models;
mod money;

use crate::{Error, book::Book};
use alloy_primitives::Log;
use tributary_contracts::predeploys::{DATANETS, GOVERNOR, INFERENCE, JURIES, MODELS, PAYOUTS, STAKES};

/// Applies one log; those of other contracts mean nothing here.
pub(crate) fn log(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    match log.address {
        DATANETS => datanets::datanets(book, log),
        MODELS => models::models(book, log),
        PAYOUTS => money::payouts(book, log),
        STAKES => money::stakes(book, log),
        JURIES => juries::juries(book, log),
        INFERENCE => inference::inference(book, log),
        GOVERNOR => governance::governor(book, log),
        _ => Ok(()),
    }
}
