//! Incremental roots against rebuilds, proofs, and witnesses, over random blocks.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]

mod world;

use alloy_rlp::Decodable;
use nybbles::Nibbles;
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;
use tributary_primitives::{EmptyState, StateDiff, StateError, StateReader, TrieUpdates};
use tributary_trie::{
    AccountLeaf, EMPTY_ROOT, Error, OpenTries, Recorder, Witness, WitnessNodes, WitnessState, ordered_root, prove_account, prove_item,
    root_of, state_root, verify_item, verify_proof,
};
use world::{Address, B256, Bytes, Event, U256, World, address, block, keccak256, listed};

/// The state after some blocks, without checks.
fn grown(blocks: &[BTreeMap<u8, Event>]) -> World {
    let mut world = World::default();
    for events in blocks {
        let diff = world.diff(events);
        let (root, updates) = state_root(&world, world.root, &diff).unwrap();
        world.commit(&diff, root, &updates);
    }
    world
}

/// What an execution does with a state: reads, then the root of its changes.
fn execute(
    state: &(impl StateReader + tributary_primitives::TrieReader),
    root: B256,
    reads: &[(u8, u8)],
    diff: &StateDiff,
) -> Result<(Vec<U256>, B256, TrieUpdates), Error> {
    let mut seen = Vec::new();
    for (number, slot) in reads {
        let account = state.account(address(*number))?;
        if let Some(account) = account.filter(|account| account.has_code()) {
            assert_eq!(keccak256(state.code(account.code_hash)?), account.code_hash);
        }
        seen.push(account.unwrap_or_default().balance);
        seen.push(U256::from(state.has_storage(address(*number))?));
        seen.push(state.storage(address(number ^ 1), U256::from(*slot))?);
        seen.push(state.block_hash(u64::from(*slot) * 5)?.into());
    }
    let (root, updates) = state_root(state, root, diff)?;
    Ok((seen, root, updates))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tries_that_stay_open_have_the_roots_and_nodes_of_those_that_are_opened_for_each_block(blocks in vec(block(), 1..12)) {
        let mut world = World::default();
        let mut open = OpenTries::new(world.root);
        for events in blocks {
            let diff = world.diff(&events);
            let (root, updates) = state_root(&world, world.root, &diff).unwrap();
            prop_assert_eq!(open.update(&world, &diff).unwrap(), (root, updates.clone()));
            prop_assert_eq!(open.root(), root);
            world.commit(&diff, root, &updates);
        }
    }

    #[test]
    fn incremental_roots_and_nodes_equal_those_of_a_rebuild(blocks in vec(block(), 1..12)) {
        let mut world = World::default();
        for events in blocks {
            let diff = world.diff(&events);
            let (root, updates) = state_root(&world, world.root, &diff).unwrap();
            for (place, rlp) in listed(&updates) {
                let cleared = place.0.is_some_and(|owner| updates.storage[&owner].cleared);
                prop_assert!(if cleared { rlp.is_some() } else { world.nodes.get(&place) != rlp.as_ref() }, "needless update of {:?}", place);
            }
            for (owner, storage) in &updates.storage {
                prop_assert!(storage.cleared || !storage.nodes.is_empty());
                prop_assert!(!storage.cleared || world.nodes.keys().any(|(of, _)| *of == Some(*owner)), "nothing to clear");
            }
            world.commit(&diff, root, &updates);
            let (expected_root, expected_nodes) = world.rebuilt();
            prop_assert_eq!(root, expected_root);
            prop_assert_eq!(&world.nodes, &expected_nodes);
        }
    }

    #[test]
    fn a_rebuild_agrees_with_alloy(blocks in vec(block(), 1..4)) {
        let world = grown(&blocks);
        let mut accounts = BTreeMap::new();
        for (address, (account, slots)) in &world.accounts {
            let slots: BTreeMap<B256, U256> = slots.iter().map(|(slot, value)| (keccak256(B256::from(*slot)), *value)).collect();
            let storage_root = alloy_root(slots.into_iter().map(|(key, value)| (key, alloy_rlp::encode(value))));
            accounts.insert(keccak256(address), alloy_rlp::encode(AccountLeaf::new(account, storage_root)));
        }
        prop_assert_eq!(world.rebuilt().0, alloy_root(accounts.into_iter()));
    }

    #[test]
    fn ordered_roots_agree_with_alloy(items in vec(vec(any::<u8>(), 1..60), 0..300)) {
        let expected = alloy_trie::root::ordered_trie_root_with_encoder(&items, |item: &Vec<u8>, out| out.extend_from_slice(item));
        prop_assert_eq!(ordered_root(&items), expected);
    }

    #[test]
    fn the_order_of_pairs_does_not_matter(pairs in proptest::collection::btree_map(vec(any::<u8>(), 0..5), vec(any::<u8>(), 1..40), 0..40), secured: bool) {
        prop_assert_eq!(root_of(&pairs, secured), root_of(pairs.iter().rev(), secured));
    }

    #[test]
    fn proofs_prove_what_the_state_holds(blocks in vec(block(), 1..5), number in 0u8..60, slots in vec(0u8..40, 0..4)) {
        let world = grown(&blocks);
        let slots: Vec<U256> = slots.into_iter().map(U256::from).collect();
        let answer = prove_account(&world, world.root, address(number), &slots).unwrap();
        let key = keccak256(address(number));
        let leaf = verify_proof(world.root, key, &answer.proof).unwrap();
        prop_assert_eq!(leaf.as_ref().map(|rlp| AccountLeaf::decode(&mut rlp.as_slice()).unwrap()), answer.account);
        prop_assert_eq!(answer.account.map(|leaf| leaf.account()), world.account(address(number)).unwrap());
        prop_assert_eq!(answer.storage_root, answer.account.map_or(EMPTY_ROOT, |leaf| leaf.storage_root));
        if !answer.proof.is_empty() {
            alloy_trie::proof::verify_proof(world.root, Nibbles::unpack(key), leaf, &answer.proof).unwrap();
        }
        prop_assert_eq!(answer.storage.len(), slots.len());
        for (asked, proved) in slots.iter().zip(&answer.storage) {
            prop_assert_eq!(proved.slot, *asked);
            prop_assert_eq!(proved.value, world.storage(address(number), *asked).unwrap());
            let value = verify_proof(answer.storage_root, keccak256(B256::from(*asked)), &proved.proof).unwrap();
            prop_assert_eq!(value, (!proved.value.is_zero()).then(|| alloy_rlp::encode(proved.value)));
        }
    }

    #[test]
    fn a_tampered_proof_is_refused(blocks in vec(block(), 1..5), number in 0u8..60, node: prop::sample::Index, bit: prop::sample::Index) {
        let world = grown(&blocks);
        let key = keccak256(address(number));
        let proof = prove_account(&world, world.root, address(number), &[]).unwrap().proof;
        let refused = |proof: &[Bytes]| matches!(verify_proof(world.root, key, proof), Err(Error::InvalidProof(_)));
        prop_assert!(refused(&[&proof[..], &[Bytes::from_static(&[0xc0])]].concat()), "a node too many");
        prop_assume!(!proof.is_empty());
        prop_assert!(refused(&proof[..proof.len() - 1]), "a node too few");
        prop_assert!(verify_proof(B256::repeat_byte(1), key, &proof).is_err(), "another root");
        let mut tampered = proof.clone();
        let which = node.index(proof.len());
        let mut bytes = proof[which].to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        tampered[which] = bytes.into();
        prop_assert!(refused(&tampered), "a bit flipped");
    }

    #[test]
    fn a_witness_stands_in_for_the_state_and_has_no_node_to_spare(
        blocks in vec(block(), 1..5), events in block(), reads in vec((0u8..60, 0u8..40), 0..12),
    ) {
        let world = grown(&blocks);
        let diff = world.diff(&events);
        let recorder = Recorder::new(&world, world.root);
        let expected = execute(&recorder, world.root, &reads, &diff).unwrap();
        let witness = recorder.into_witness().unwrap();
        prop_assert_eq!(&Witness::decode(&mut alloy_rlp::encode(&witness).as_slice()).unwrap(), &witness);

        let state = WitnessState::from(witness.clone());
        prop_assert_eq!(&execute(&state, state.root(), &reads, &diff).unwrap(), &expected);
        for spared in 0..witness.nodes.len() {
            let mut less = witness.clone();
            less.nodes.remove(spared);
            let outcome = execute(&WitnessState::from(less), world.root, &reads, &diff);
            prop_assert!(matches!(outcome, Err(Error::State(StateError::Missing(_)))), "node {} of {}", spared, witness.nodes.len());
        }
        let nodes = WitnessNodes::from_nodes(witness.nodes);
        if reads.is_empty() {
            prop_assert_eq!(state_root(&nodes, world.root, &diff).unwrap().0, expected.1);
        }
    }
}

/// The root of pairs sorted by key, by alloy's builder.
fn alloy_root(pairs: impl Iterator<Item = (B256, Vec<u8>)>) -> B256 {
    let mut builder = alloy_trie::HashBuilder::default();
    for (key, value) in pairs {
        builder.add_leaf(Nibbles::unpack(key), &value);
    }
    builder.root()
}

#[test]
fn what_is_open_is_not_asked_for_again() {
    let (world, _) = large();
    let write = |value: u64| {
        let who = Address::from_word(B256::from(U256::from(7)));
        let account = tributary_primitives::Account { nonce: value, ..Default::default() };
        let storage = [(U256::from(3), (U256::ZERO, U256::from(value)))].into();
        let change = tributary_primitives::AccountDiff { after: Some(account), storage, ..Default::default() };
        StateDiff { accounts: [(who, change)].into(), ..Default::default() }
    };
    let mut open = OpenTries::new(world.root);
    assert!(OpenTries::new(world.root).update(&EmptyState, &write(1)).is_err());
    open.update(&world, &write(1)).unwrap();
    let (root, updates) = open.update(&EmptyState, &write(2)).unwrap();
    let (alone, _) = state_root(&world, world.root, &write(2)).unwrap();
    assert_eq!(root, alone);
    assert!(!updates.accounts.is_empty() && updates.storage.len() == 1);
}

/// A world of a few thousand accounts and one of many slots, and a block that changes much of it.
fn large() -> (World, StateDiff) {
    let mut world = World::default();
    let account = |number: u64| tributary_primitives::Account { nonce: number, balance: U256::from(number), ..Default::default() };
    let slot = |number: u64, before: u64, after: u64| (U256::from(number), (U256::from(before), U256::from(after)));
    let who = |number: u64| Address::from_word(B256::from(U256::from(number)));
    let mut diff = StateDiff::default();
    for number in 0..3_000 {
        let entry = diff.accounts.entry(who(number)).or_default();
        entry.after = Some(account(number));
        entry.storage = (0..if number == 0 { 2_000 } else { number % 3 }).map(|at| slot(at, 0, at + 1)).collect();
    }
    let (root, updates) = state_root(&world, world.root, &diff).unwrap();
    world.commit(&diff, root, &updates);
    let mut next = StateDiff::default();
    for number in (0..3_500).step_by(3) {
        let entry = next.accounts.entry(who(number)).or_default();
        entry.before = world.account(who(number)).unwrap();
        entry.after = (number % 5 != 0 || number == 0).then(|| account(number + 1));
        entry.storage_cleared = entry.after.is_none();
        if number == 0 {
            entry.storage = (0..2_500).step_by(2).map(|at| slot(at, at + 1, if at % 3 == 0 { 0 } else { at + 2 })).collect();
        }
    }
    (world, next)
}

#[test]
fn the_number_of_threads_does_not_change_one_byte() {
    let (mut world, diff) = large();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| state_root(&world, world.root, &diff)).unwrap()
    };
    let (root, updates) = on(1);
    assert_eq!(on(7), (root, updates.clone()));
    world.commit(&diff, root, &updates);
    assert_eq!((world.root, world.nodes.clone()), world.rebuilt());
}

#[test]
fn an_empty_account_that_exists_has_a_leaf() {
    let mut world = World::default();
    let diff = world.diff(&[(1, Event::Change { nonce: 0, balance: 0, slots: vec![] })].into());
    let (root, updates) = state_root(&world, EMPTY_ROOT, &diff).unwrap();
    world.commit(&diff, root, &updates);
    let proof = prove_account(&world, root, address(1), &[]).unwrap();
    assert_eq!(proof.account, Some(AccountLeaf::default()));
    let gone = world.diff(&[(1, Event::Destroy)].into());
    let (root, updates) = state_root(&world, root, &gone).unwrap();
    assert_eq!(root, EMPTY_ROOT);
    world.commit(&gone, root, &updates);
    assert!(world.nodes.is_empty());
}

#[test]
fn storage_changes_alone_change_the_account() {
    let mut world = grown(&[[(1, Event::Change { nonce: 1, balance: 1, slots: vec![(1, 1)] })].into()]);
    let diff = world.diff(&[(1, Event::Write { slots: vec![(1, 2)] })].into());
    let (root, updates) = state_root(&world, world.root, &diff).unwrap();
    assert_ne!(root, world.root);
    world.commit(&diff, root, &updates);
    assert_eq!(world.rebuilt().0, root);
}

#[test]
fn a_block_that_changes_nothing_updates_nothing() {
    let world = grown(&[(0..40).map(|number| (number, Event::Change { nonce: 1, balance: 1, slots: vec![(1, 1), (2, 2)] })).collect()]);
    let diff = world.diff(&(0..60).map(|number| (number, Event::Nothing)).collect());
    assert_eq!(state_root(&world, world.root, &diff).unwrap(), (world.root, TrieUpdates::default()));
    let same = world.diff(&(0..40).map(|number| (number, Event::Write { slots: vec![(1, 1), (9, 0)] })).collect());
    assert_eq!(state_root(&world, world.root, &same).unwrap(), (world.root, TrieUpdates::default()));
}

#[test]
fn proofs_in_an_empty_state_are_empty() {
    let answer = prove_account(&World::default(), EMPTY_ROOT, address(1), &[U256::from(1)]).unwrap();
    assert_eq!((answer.account, answer.storage_root, answer.proof.len()), (None, EMPTY_ROOT, 0));
    assert_eq!((answer.storage[0].value, answer.storage[0].proof.len()), (U256::ZERO, 0));
    assert_eq!(verify_proof(EMPTY_ROOT, keccak256(address(1)), &[]).unwrap(), None);
}

#[test]
fn a_flat_state_that_contradicts_its_trie_is_reported() {
    let mut world = grown(&[[(1, Event::Change { nonce: 1, balance: 1, slots: vec![(1, 1)] })].into()]);
    let (account, slots) = world.accounts.get_mut(&address(1)).unwrap();
    account.nonce = 9;
    slots.insert(U256::from(1), U256::from(9));
    let recorder = Recorder::new(&world, world.root);
    recorder.account(address(1)).unwrap();
    assert!(matches!(recorder.into_witness(), Err(Error::Disagreement(_))));
    let recorder = Recorder::new(&world, world.root);
    recorder.storage(address(1), U256::from(1)).unwrap();
    assert!(matches!(recorder.into_witness(), Err(Error::Disagreement(_))));
}

#[test]
fn a_witness_does_not_answer_what_was_never_asked() {
    let world = grown(&[(0..40).map(|number| (number, Event::Recreate { slots: vec![(1, 1), (2, 2)] })).collect()]);
    let recorder = Recorder::new(&world, world.root);
    recorder.account(address(1)).unwrap();
    recorder.block_hash(7).unwrap();
    let state = WitnessState::from(recorder.into_witness().unwrap());
    assert_eq!(state.account(address(1)).unwrap(), world.account(address(1)).unwrap());
    assert_eq!(state.block_hash(7).unwrap(), world.block_hash(7).unwrap());
    assert!(matches!(state.storage(address(1), U256::from(1)), Err(StateError::Missing(_))));
    assert!(matches!(state.code(keccak256([1])), Err(StateError::Missing(_))));
    assert!(matches!(state.block_hash(8), Err(StateError::Missing(_))));
    assert!(state.code(keccak256([])).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// alloy-trie is the oracle of the proof; what is not the item at the index is refused.
    #[test]
    fn the_items_of_a_list_are_proven(items in vec(vec(any::<u8>(), 1..90), 1..300), at in any::<prop::sample::Index>()) {
        let index = at.index(items.len());
        let root = ordered_root(&items);
        let proof = prove_item(&items, index).unwrap();
        prop_assert_eq!(&verify_item(root, index, &proof).unwrap(), &items[index]);
        let key = alloy_trie::Nibbles::unpack(alloy_rlp::encode(index));
        // It takes a root node that is shorter than a hash for one that lies inside its parent.
        if proof[0].len() >= 32 {
            prop_assert!(alloy_trie::proof::verify_proof(root, key, Some(items[index].clone()), &proof).is_ok());
        }

        prop_assert!(prove_item(&items, items.len()).is_none());
        prop_assert!(verify_item(root, items.len(), &proof).is_err());
        prop_assert!(verify_item(root, index, &proof[..proof.len() - 1]).is_err());
        prop_assert!(verify_item(root, index, &[&proof[..], &proof[..1]].concat()).is_err());
        let mut forged = proof;
        let last = forged.len() - 1;
        let mut node = forged[last].to_vec();
        *node.last_mut().unwrap() ^= 1;
        forged[last] = node.into();
        prop_assert!(verify_item(root, index, &forged).is_err());
    }
}
