//! The end: the commons pay, and everybody takes what it is owed.

use super::{
    Error,
    world::{Act, World},
};
use alloy_primitives::U256;
use tributary_contracts::{
    Commons, Payouts,
    predeploys::{COMMONS, PAYOUTS},
};

/// Longer than the commons' epoch.
const EPOCH: u64 = 8 * 86_400;

/// Has the commons pay each credit, of its datanet's money first, and everybody claim.
pub(super) fn close(world: &mut World) -> Result<(), Error> {
    world.chain.pass(EPOCH);
    let mut acts = Vec::new();
    let drawable = std::mem::take(&mut world.drawable);
    let general: std::collections::BTreeSet<_> = drawable.iter().map(|(_, epoch, person)| (U256::ZERO, *epoch, *person)).collect();
    for (datanet, epoch, person) in drawable.into_iter().chain(general) {
        let account = world.people[person].address();
        acts.push(Act::new(0, COMMONS, &Commons::drawCall { datanetId: datanet, epoch, account }));
    }
    world.act(acts)?;
    let mut claims = Vec::new();
    for person in 0..world.people.len() {
        let account = world.people[person].address();
        if !world.view(PAYOUTS, &Payouts::owedCall { account })?.is_zero() {
            claims.push(Act::new(person, PAYOUTS, &Payouts::claimCall { to: account }));
        }
    }
    world.act(claims)?;
    Ok(())
}
