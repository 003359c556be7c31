//! What became of a row: its statuses, and the author that it was reassigned to. Each is one slot.

use super::call::{Call, Step, Stop};
use alloy_primitives::U256;
use tributary_attribution::text::{Changes, Status};
use tributary_contracts::slots::attribution_store;

/// Bits of a version beside its status.
const VERSION_BITS: usize = 56;
/// Says that there is a contributor in a slot.
const REASSIGNED: u64 = 1 << 32;

/// The changes of a row's status.
pub(super) fn statuses(call: &mut Call<'_>, set: U256, row: u64) -> Step<Changes> {
    let word = call.load(attribution_store::statuses(set, row))?;
    decode(word).ok_or_else(|| Stop::Fatal(format!("the statuses of row {row} of set {set} are none")))
}

/// Writes the changes of a row's status.
pub(super) fn save_statuses(call: &mut Call<'_>, set: U256, row: u64, changes: &Changes) -> Step<()> {
    call.save(attribution_store::statuses(set, row), encode(changes))
}

/// Who a row was reassigned to, if it was.
pub(super) fn contributor(call: &mut Call<'_>, set: U256, row: u64) -> Step<Option<u32>> {
    let [word, ..] = call.load(attribution_store::contributor(set, row))?.into_limbs();
    Ok((word & REASSIGNED != 0).then_some(word as u32))
}

/// Writes who a row is reassigned to.
pub(super) fn save_contributor(call: &mut Call<'_>, set: U256, row: u64, contributor: u32) -> Step<()> {
    call.save(attribution_store::contributor(set, row), U256::from(REASSIGNED | u64::from(contributor)))
}

fn encode(changes: &Changes) -> U256 {
    let mut limbs = [0; 4];
    for (limb, &(version, status)) in limbs.iter_mut().zip(changes.as_slice()) {
        *limb = version << (64 - VERSION_BITS) | status as u64;
    }
    U256::from_limbs(limbs)
}

fn decode(word: U256) -> Option<Changes> {
    let used = word.into_limbs().into_iter().take_while(|limb| *limb != 0);
    used.into_iter().try_fold(Changes::default(), |changes, limb| {
        let status = Status::try_from(limb as u8).ok()?;
        changes.with(limb >> (64 - VERSION_BITS), status)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_changes_fill_a_slot_and_read_back() {
        let all = [(2, Status::Withdrawn), (300, Status::Active), (301, Status::Refinement), ((1 << VERSION_BITS) - 1, Status::Withdrawn)];
        let mut changes = Changes::default();
        assert_eq!((encode(&changes), decode(U256::ZERO)), (U256::ZERO, Some(changes)));
        for (version, status) in all {
            changes = changes.with(version, status).unwrap();
            assert_eq!(decode(encode(&changes)), Some(changes));
        }
        assert_eq!(encode(&changes).into_limbs(), [0x202, 300 << 8, 301 << 8 | 1, u64::MAX << 8 | 2]);
        assert_eq!(decode(U256::from(0x203)), None);
    }
}
