//! Arrows point down (ARCHITECTURE.md, "Layout"). What Cargo's manifests say is compared with the floors; dev-dependencies may point anywhere.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use serde_json::Value;
use std::{collections::BTreeMap, process::Command};

/// The floor of each package. A package may depend on lower floors only.
const FLOORS: &[(&str, u8)] = &[
    ("tributary-primitives", 0),
    ("tributary-attribution", 0),
    ("tributary-trie", 1),
    ("tributary-rollup", 1),
    ("tributary-contracts", 1),
    ("tributary-execution", 2),
    ("tributary-storage", 3),
    ("tributary-journal", 3),
    ("tributary-pool", 3),
    ("tributary-client", 3),
    // The roof of the pure half: nothing that touches the world lies below it.
    ("tributary-prover-stub", 3),
    ("tributary-explanation", 3),
    ("tributary-index", 4),
    ("tributary-chain", 4),
    ("tributary-l1", 4),
    ("tributary-rpc", 5),
    ("tributary-dashboard", 5),
    ("tributary-node", 6),
    ("tributary", 7),
    // Programs beside the node. Nothing depends on them.
    ("tributary-xtask", 8),
    ("tributary-tests", 8),
    ("tributary-oracle", 8),
    ("tributary-client-alloy", 8),
];

/// Packages that have one user in the workspace.
const FENCED: &[(&str, &str)] = &[
    ("signet-libmdbx", "tributary-storage"),
    ("revm", "tributary-execution"),
    ("op-revm", "tributary-execution"),
    ("revm-inspectors", "tributary-execution"),
    ("alloy-evm", "tributary-execution"),
    ("alloy-op-evm", "tributary-execution"),
];

/// Packages for sockets, clocks, tasks and randomness, which floors 0 to 2 and the prover do without.
const WORLDLY: &[&str] =
    &["axum", "getrandom", "jsonrpsee", "metrics", "rand", "reqwest", "signet-libmdbx", "tempfile", "tokio", "tower", "tracing-subscriber"];

/// Package → packages that it is built with.
type Arrows = BTreeMap<String, Vec<String>>;

/// The arrows of this workspace, as Cargo reads them.
fn workspace() -> Arrows {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |of: &Value| of["name"].as_str().unwrap().to_owned();
    let built_with = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies.filter(|dependency| dependency["kind"].as_str() != Some("dev")).map(name).collect()
    };
    metadata["packages"].as_array().unwrap().iter().map(|package| (name(package), built_with(package))).collect()
}

fn floor(package: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == package).map(|(_, floor)| *floor)
}

/// Everything in `arrows` that the architecture forbids, one sentence each.
fn violations(arrows: &Arrows) -> Vec<String> {
    let mut found = Vec::new();
    for (package, dependencies) in arrows {
        let Some(own) = floor(package) else {
            found.push(format!("{package} is on no floor: give it a row in ARCHITECTURE.md and here"));
            continue;
        };
        let pure = own <= 2 || ["tributary-prover-stub", "tributary-explanation"].contains(&package.as_str());
        for dependency in dependencies {
            let is_ours = arrows.contains_key(dependency);
            let is_below = floor(dependency).is_some_and(|floor| floor < own);
            if is_ours && !is_below {
                found.push(format!("{package} must not depend on {dependency}, which is not below it"));
            }
            if let Some((_, only)) = FENCED.iter().find(|(name, only)| name == dependency && only != package) {
                found.push(format!("{package} must not name {dependency}: only {only} does"));
            }
            if pure && WORLDLY.contains(&dependency.as_str()) {
                found.push(format!("{package} is pure and must not depend on {dependency}"));
            }
        }
    }
    found
}

fn arrows(of: &[(&str, &[&str])]) -> Arrows {
    of.iter().map(|(package, dependencies)| (package.to_string(), dependencies.iter().map(|name| name.to_string()).collect())).collect()
}

#[test]
fn every_arrow_of_the_workspace_points_down() {
    let workspace = workspace();
    assert!(workspace["tributary-trie"].contains(&"tributary-primitives".to_owned()), "Cargo reported no arrows");
    for (package, _) in FLOORS {
        assert!(workspace.contains_key(*package), "{package} has a floor but does not exist");
    }
    assert_eq!(violations(&workspace), Vec::<String>::new());
}

#[test]
fn an_arrow_that_points_up_or_sideways_is_found() {
    for (from, to) in [
        ("tributary-trie", "tributary-storage"),
        ("tributary-trie", "tributary-rollup"),
        ("tributary-attribution", "tributary-primitives"),
        ("tributary-prover-stub", "tributary-storage"),
        ("tributary-rpc", "tributary-dashboard"),
        ("tributary-dashboard", "tributary-rpc"),
        ("tributary-chain", "tributary-rpc"),
        ("tributary-node", "tributary"),
    ] {
        let found = violations(&arrows(&[(from, &[to]), (to, &[])]));
        assert_eq!(found, [format!("{from} must not depend on {to}, which is not below it")]);
    }
}

#[test]
fn a_fenced_package_outside_its_fence_is_found() {
    assert_eq!(violations(&arrows(&[("tributary-node", &["signet-libmdbx"])])).len(), 1);
    assert_eq!(violations(&arrows(&[("tributary-l1", &["revm", "alloy-op-evm"])])).len(), 2);
    assert!(violations(&arrows(&[("tributary-storage", &["signet-libmdbx"]), ("tributary-execution", &["revm"])])).is_empty());
}

#[test]
fn a_pure_crate_that_touches_the_world_is_found() {
    for package in ["tributary-primitives", "tributary-rollup", "tributary-execution", "tributary-prover-stub"] {
        assert_eq!(violations(&arrows(&[(package, &["tokio"])])), [format!("{package} is pure and must not depend on tokio")]);
    }
}

#[test]
fn a_crate_without_a_floor_is_found() {
    assert_eq!(violations(&arrows(&[("tributary-newcomer", &[])])).len(), 1);
}
