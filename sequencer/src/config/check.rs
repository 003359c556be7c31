//! Whether what is said fits together and the world: files, directory, keys, L1.

use super::{Fault, sources::Sources};
use crate::roles::{KeyPlace, L1Arguments};
use alloy_primitives::Address;
use alloy_signer_local::PrivateKeySigner;
use clap::FromArgMatches;
use std::path::PathBuf;
use tributary_client::{Client, ClientConfig};
use tributary_node::{ChainFiles, Inspection, L1Settings};

/// Faults of a role whose values are fit by themselves.
pub(super) async fn role(role: &str, sources: &Sources, offline: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    let path = |id: &str| sources.matches.get_one::<PathBuf>(id);
    let files = path("chain").and_then(|chain| noted(&mut faults, sources.place("chain"), ChainFiles::read(chain)));
    if let (Some(datadir), Some(files)) = (path("datadir"), &files) {
        noted(&mut faults, sources.place("datadir"), tributary_node::inspect_directory(datadir, role, files));
    }
    plain(sources, &mut faults);
    let settings = sources.matches.contains_id("l1_url").then(|| l1(sources, &mut faults)).flatten();
    let keys = if role == "sequencer" { keys(sources, &mut faults) } else { Vec::new() };
    if let (Some(files), Some((_, batcher))) = (&files, keys.iter().find(|(role, _)| *role == "batcher")) {
        let expected = files.rollup.genesis.system_config.batcher_addr;
        if offline && *batcher != expected {
            let fault = Fault::new("batcher", format!("its key is of {batcher}, the rollup began with {expected} as its batcher"));
            faults.push(fault.suggesting("no batch of it counts, unless SystemConfig on L1 names it now (without --offline, L1 is asked)"));
        }
    }
    if offline {
        return faults;
    }
    if let Some(settings) = &settings {
        let inspection = Inspection { settings, files: files.as_ref(), accounts: &keys };
        faults.extend(inspection.faults().await.into_iter().map(|(at, error)| Fault::new(at, error)));
    }
    sequencer_url(sources, files.as_ref(), &mut faults).await;
    faults
}

fn noted<T>(faults: &mut Vec<Fault>, at: String, outcome: Result<T, impl ToString>) -> Option<T> {
    outcome.map_err(|error| faults.push(Fault::new(at, error))).ok()
}

/// Ports, and the filter of the log.
fn plain(sources: &Sources, faults: &mut Vec<Fault>) {
    let port = |id: &str| sources.matches.get_one::<u16>(id).copied().unwrap_or_default();
    if port("port") != 0 && port("port") == port("dashboard_port") {
        faults.push(Fault::new(sources.place("dashboard-port"), format!("{} is the port of JSON-RPC, too", port("port"))));
    }
    if let Some(filter) = sources.matches.get_one::<String>("log") {
        noted(faults, sources.place("log"), tracing_subscriber::EnvFilter::try_new(filter).map_err(|error| format!("{filter}: {error}")));
    }
}

fn l1(sources: &Sources, faults: &mut Vec<Fault>) -> Option<L1Settings> {
    let arguments = L1Arguments::from_arg_matches(&sources.matches);
    let settings =
        arguments.map_err(|error| error.to_string()).and_then(|arguments| arguments.settings().map_err(|error| error.to_string()));
    let settings = noted(faults, "L1".to_owned(), settings)?;
    noted(faults, "L1".to_owned(), settings.check())?;
    Some(settings)
}

/// The accounts whose keys are there.
fn keys(sources: &Sources, faults: &mut Vec<Fault>) -> Vec<(&'static str, Address)> {
    let path = |id: String| sources.matches.get_one::<PathBuf>(&id).map(PathBuf::as_path);
    let mut keys: Vec<(&'static str, Address)> = Vec::new();
    let mut places = Vec::new();
    for role in ["batcher", "proposer", "prover", "feed"] {
        let (keystore, password_file) = (path(format!("{role}_keystore")), path(format!("{role}_password_file")));
        if keystore.is_none() && password_file.is_some() {
            faults.push(
                Fault::new(sources.place(&format!("{role}-password-file")), "opens no keystore")
                    .suggesting(format!("give --{role}-keystore")),
            );
        }
        let key = KeyPlace { role, keystore, password_file }.key();
        places.push(key.as_ref().map_or(true, Option::is_some));
        let key: Option<PrivateKeySigner> = noted(faults, format!("key of the {role}"), key).flatten();
        keys.extend(key.map(|key| (role, key.address())));
    }
    let attests = places[2] || sources.matches.contains_id("prover_url");
    if places[1] != attests {
        let (missing, there) = if places[1] { ("prover", "proposer") } else { ("proposer", "prover") };
        let fault = Fault::new(format!("key of the {missing}"), format!("is missing beside that of the {there}"));
        faults.push(fault.suggesting("outputs are proposed with both: the proposer pays, the prover attests"));
    }
    for (index, (role, address)) in keys.iter().enumerate() {
        // Who attests or signs the feed pays nothing; two who pay would take each other's nonces.
        let pays = |role: &str| !["prover", "feed"].contains(&role);
        let twin = keys[..index].iter().find(|(other_role, other)| other == address && pays(role) && pays(other_role));
        if let Some((other, _)) = twin {
            faults.push(
                Fault::new(format!("key of the {role}"), format!("is the {other}'s, {address}"))
                    .suggesting("give each its own: nonces of one would be the other's"),
            );
        }
    }
    keys
}

/// Who gets what a verifier's clients send has to be of the chain.
async fn sequencer_url(sources: &Sources, files: Option<&ChainFiles>, faults: &mut Vec<Fault>) {
    let known = sources.matches.try_get_one::<String>("sequencer_url").ok().flatten();
    let Some((url, files)) = known.zip(files) else { return };
    let place = sources.place("sequencer-url");
    let client = Client::new(&ClientConfig { retries: 0, ..ClientConfig::at(url) });
    let Some(client) = noted(faults, place.clone(), client) else { return };
    match client.chain_id().await {
        Ok(chain) if chain == files.rollup.l2_chain_id => {}
        Ok(chain) => faults.push(Fault::new(place, format!("answers for chain {chain}, the rollup is {}", files.rollup.l2_chain_id))),
        Err(error) => faults.push(Fault::new(place, error)),
    }
}
