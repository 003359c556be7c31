//! The economy with a few dozen who take part, some of whom cheat: the program's exit code, what it checked, and what its figures say.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use serde_json::Value;
use std::process::Command;

fn wei(value: &Value) -> i128 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn whoever_writes_earns_whoever_copies_does_not_and_no_wei_is_missing_under_any_policy() {
    let output = Command::new(env!("CARGO_BIN_EXE_simulation"))
        .args(["--agents", "60", "--requests", "200", "--seed", "7", "--json"])
        .output()
        .unwrap();
    let progress = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{progress}\n{}", String::from_utf8_lossy(&output.stdout));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let policies = report["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 5);
    for policy in policies {
        let checks = policy["checks"].as_array().unwrap();
        assert!(checks.len() > 10 && checks.iter().all(|check| check["held"] == true), "{policy:#}");
        let line = |role: &str| policy["roles"].as_array().unwrap().iter().find(|line| line["role"] == role).unwrap().clone();
        let each = |role: &str| wei(&line(role)["by_texts"]) / i128::from(line(role)["texts"].as_u64().unwrap());
        let honest = each("honest contributor");
        assert!(honest > 0, "{policy:#}");
        for copycat in ["copycat, exact", "copycat, 1 word in 16", "copycat, two joined", "sybil, two words"] {
            assert!(each(copycat) * 5 < honest, "{copycat}: {policy:#}");
        }
        assert!(wei(&line("sybil, asks itself")["net"]) < 0, "{policy:#}");
        assert!(wei(&line("operator, lying")["slashed"]) > 0, "{policy:#}");
        assert!(policy["refused"].as_u64().unwrap() > 0, "{policy:#}");
    }
    let rows = |at: usize| policies[at]["rows"].as_u64().unwrap();
    assert!(rows(0) > rows(1) && rows(0) > rows(2), "novelty and reviews keep copies out: {report:#}");
}
