//! What this crate signs is what the contract on L1 accepts: the contract itself is asked, in the EVM.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part of the chain")]
mod chain;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, hex};
use alloy_sol_types::{SolCall, SolConstructor};
use chain::{CHAIN_ID, Chain};
use tributary_contracts::AttestationVerifier;
use tributary_primitives::StateReader;
use tributary_prover_stub::{Attestation, RangeOutput, attest};

/// Calls the verifier with its own calldata and stores the answer in slot 0.
const PROBE: Address = address!("00000000000000000000000000000000000a5ced");

fn probe_code(verifier: Address) -> Bytes {
    let call = [&hex!("365f5f3760205f365f73")[..], verifier.as_slice(), &hex!("5afa505f515f55")].concat();
    call.into()
}

fn output() -> RangeOutput {
    RangeOutput {
        chain_id: CHAIN_ID,
        start_block: 3,
        end_block: 9,
        start_output_root: B256::repeat_byte(1),
        end_output_root: B256::repeat_byte(2),
        end_hash: B256::repeat_byte(3),
    }
}

/// What a freshly deployed verifier, whose prover is the chain's key, answers to `isValid`.
fn contract_accepts(attestation: &Attestation) -> bool {
    let owner = Chain::new().key.address();
    let verifier = owner.create(0);
    let mut chain = Chain::with_contracts(&[(PROBE, probe_code(verifier))]);
    let arguments = AttestationVerifier::constructorCall { prover_: owner, l2ChainId_: U256::from(CHAIN_ID) };
    let deployment = [AttestationVerifier::BYTECODE.as_ref(), &arguments.abi_encode()].concat();
    let claim = &attestation.claim;
    let question = AttestationVerifier::isValidCall {
        claim: AttestationVerifier::Claim {
            l1Head: claim.l1_head,
            startBlock: U256::from(claim.start_block),
            endBlock: U256::from(claim.end_block),
            startOutputRoot: claim.start_output_root,
            outputRoot: claim.output_root,
        },
        attestation: attestation.signature.clone(),
    };
    let transactions =
        vec![chain.transaction(TxKind::Create, 0, deployment.into()), chain.transaction(PROBE.into(), 0, question.abi_encode().into())];
    chain.advance(transactions);
    assert!(chain.state.account(verifier).unwrap().unwrap().has_code());
    match chain.state.storage(PROBE, U256::ZERO).unwrap().try_into() {
        Ok(0u8) => false,
        Ok(1) => true,
        other => panic!("the verifier did not answer: {other:?}"),
    }
}

#[test]
fn the_contract_accepts_an_attestation_of_its_prover() {
    let attestation = attest(&output(), B256::repeat_byte(4), &Chain::new().key).unwrap();
    assert!(contract_accepts(&attestation));
}

#[test]
fn the_contract_refuses_another_claim_and_another_chain() {
    let key = Chain::new().key;
    let mut claim = attest(&output(), B256::repeat_byte(4), &key).unwrap();
    claim.claim.output_root = B256::repeat_byte(5);
    assert!(!contract_accepts(&claim));
    let elsewhere = attest(&RangeOutput { chain_id: 1, ..output() }, B256::repeat_byte(4), &key).unwrap();
    assert!(!contract_accepts(&elsewhere));
}
