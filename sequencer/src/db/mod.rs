//! `tributary db`: what an operator does with a data directory beside running a node in it.

mod told;

use crate::{error::Error, report, terminal};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use told::{Progress, bytes};
use tributary_node::upkeep::{self, Directory, Keep, RestoreConfig};

const EXAMPLES: &str = "\
Examples:
  tributary db stats --datadir ./sequencer --chain ./rollup        how large everything is
  tributary db check --datadir ./sequencer --chain ./rollup        whether all of it is in order; takes its time
  tributary db snapshot --datadir ./sequencer --chain ./rollup --out ./snapshot
                                   one directory that starts a node on another machine
  tributary db restore --from ./snapshot --datadir ./verifier --chain ./rollup --role verifier
  tributary db prune --datadir ./sequencer --chain ./rollup --keep-tries 10000
                                   gives room back; the node must be stopped
stats, check and snapshot work beside a running node.";

/// Flags of `tributary db`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DbArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell how large a data directory's stores are, table by table.
    #[command(after_help = EXAMPLES)]
    Stats(Place),
    /// Check a data directory whole: blocks, indexes, the newest state against its root, history.
    #[command(after_help = EXAMPLES)]
    Check(Place),
    /// Remove what the role can do without, and give the disk back what nothing uses. The node must be stopped.
    #[command(after_help = EXAMPLES)]
    Prune(PruneArguments),
    /// Copy a data directory into one directory that starts a node on another machine.
    #[command(after_help = EXAMPLES)]
    Snapshot(SnapshotArguments),
    /// Make a data directory of a snapshot.
    #[command(after_help = EXAMPLES)]
    Restore(RestoreArguments),
}

/// Which data directory.
#[derive(Debug, Args)]
struct Place {
    /// The data directory: a role's, a development chain's, or an imported chain's.
    #[arg(long, value_name = "DIR", env = "TRIBUTARY_DATADIR")]
    datadir: PathBuf,
    /// Folder that `tributary genesis` wrote; needed for a role's directory.
    #[arg(long, value_name = "DIR", env = "TRIBUTARY_CHAIN")]
    chain: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Place {
    fn open(&self) -> Result<Directory, Error> {
        Ok(Directory::open(&self.datadir, self.chain.as_deref())?)
    }
}

#[derive(Debug, Args)]
struct PruneArguments {
    #[command(flatten)]
    place: Place,
    /// Of how many of the newest blocks tries are kept: for proofs, and for a prover that is behind. Blocks that are not final keep theirs always.
    #[arg(long, value_name = "BLOCKS", default_value_t = 100_000)]
    keep_tries: u64,
    /// Remove the indexes over the economy and over attribution sets, too: the node makes them again when it starts, before it answers.
    #[arg(long)]
    indexes: bool,
}

#[derive(Debug, Args)]
struct SnapshotArguments {
    #[command(flatten)]
    place: Place,
    /// The directory to write; there must be none yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct RestoreArguments {
    /// The snapshot.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The data directory to make; it must be empty, or not there.
    #[arg(long, value_name = "DIR", env = "TRIBUTARY_DATADIR")]
    datadir: PathBuf,
    /// Where the rollup's files are; they are written there if there are none.
    #[arg(long, value_name = "DIR", env = "TRIBUTARY_CHAIN")]
    chain: Option<PathBuf>,
    /// sequencer, verifier or replica [default: that which the snapshot is of].
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Does it, in a thread that may wait for the disk.
pub(crate) async fn run(arguments: DbArguments) -> Result<(), Error> {
    let work = move || match arguments.command {
        Command::Stats(place) => stats(&place),
        Command::Check(place) => check(&place),
        Command::Prune(arguments) => prune(&arguments),
        Command::Snapshot(arguments) => snapshot(&arguments),
        Command::Restore(arguments) => restore(arguments),
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Interrupted)?
}

fn stats(place: &Place) -> Result<(), Error> {
    let directory = place.open()?;
    let stats = upkeep::stats(&directory)?;
    if place.json {
        let store = |(name, size): &(&str, upkeep::StoreSize)| {
            let tables = size.tables.iter().map(|table| (table.name, json!({ "rows": table.rows, "bytes": table.bytes })));
            let tables: std::collections::BTreeMap<_, _> = tables.collect();
            json!({ "store": name, "file": size.file, "unused": size.unused, "oldestTrie": size.oldest_trie, "tables": tables })
        };
        report::json(&json!({ "role": directory.role(), "stores": stats.iter().map(store).collect::<Vec<_>>() }));
        return Ok(());
    }
    for (name, size) in stats {
        let facts = [bytes(size.file), bytes(size.unused), size.oldest_trie.to_string()];
        terminal::say(&format!("{name}: {} on disk, {} of it unused, tries from block {} on", facts[0], facts[1], facts[2]));
        let rows = size.tables.iter().map(|table| vec![table.name.to_owned(), table.rows.to_string(), bytes(table.bytes)]);
        report::table(&["Table", "Rows", "Size"], &rows.collect::<Vec<_>>());
    }
    Ok(())
}

fn check(place: &Place) -> Result<(), Error> {
    let (directory, progress) = (place.open()?, Progress::new());
    let reports = upkeep::check(&directory, &|store, checked| progress.of(store, checked.part, checked.done, checked.of));
    progress.end();
    let reports = reports?;
    if place.json {
        let store = |(name, found): &(&str, upkeep::CheckReport)| {
            json!({ "store": name, "blocks": found.blocks, "transactions": found.transactions, "accounts": found.accounts, "slots": found.slots,
                "nodes": found.nodes, "history": found.history })
        };
        report::json(&json!({ "role": directory.role(), "ok": true, "stores": reports.iter().map(store).collect::<Vec<_>>() }));
        return Ok(());
    }
    for (name, found) in reports {
        let upkeep::CheckReport { blocks, transactions, accounts, slots, nodes, history } = found;
        terminal::say(&format!(
            "{name}: in order: {blocks} blocks, {transactions} transactions, {accounts} accounts, {slots} slots, {nodes} trie nodes, {history} rows of history"
        ));
    }
    Ok(())
}

fn prune(arguments: &PruneArguments) -> Result<(), Error> {
    let (directory, progress) = (arguments.place.open()?, Progress::new());
    let keep = Keep { tries: arguments.keep_tries, indexes: !arguments.indexes };
    let pruned = upkeep::prune(&directory, keep, |store, done, of| progress.of(store, "blocks", done, of));
    progress.end();
    let pruned = pruned?;
    if arguments.place.json {
        let store = |(name, pruned): &(&str, upkeep::PrunedStore)| {
            let (before, now) = pruned.removed.oldest_trie;
            json!({ "store": name, "trieNodes": pruned.removed.nodes, "oldestTrie": { "before": before, "now": now }, "indexBytes": pruned.indexes,
                "file": { "before": pruned.file.0, "now": pruned.file.1 } })
        };
        report::json(&json!({ "role": directory.role(), "stores": pruned.iter().map(store).collect::<Vec<_>>() }));
        return Ok(());
    }
    for (name, upkeep::PrunedStore { removed, indexes, file }) in pruned {
        let (before, now) = removed.oldest_trie;
        terminal::say(&format!(
            "{name}: removed {} trie nodes (tries from block {now} on, before from {before}) and {} of indexes; {} on disk, before {}",
            removed.nodes,
            bytes(indexes),
            bytes(file.1),
            bytes(file.0)
        ));
    }
    terminal::say("kept: blocks, receipts, logs, the state of every block, tries of what is not final");
    Ok(())
}

fn snapshot(arguments: &SnapshotArguments) -> Result<(), Error> {
    let manifest = upkeep::snapshot(&arguments.place.open()?, &arguments.out)?;
    if arguments.place.json {
        report::json(&manifest);
        return Ok(());
    }
    for (name, heads) in &manifest.stores {
        terminal::say(&format!("{name}: up to block {} {}", heads.unsafe_head.number, heads.unsafe_head.hash));
    }
    let moment =
        if manifest.stopped { "of a stopped node, with what it had acknowledged" } else { "of a running node, sealed blocks only" };
    terminal::say(&format!("{}: a snapshot {moment}", arguments.out.display()));
    Ok(())
}

fn restore(arguments: RestoreArguments) -> Result<(), Error> {
    let RestoreArguments { from, datadir, chain, role, json } = arguments;
    let restored = upkeep::restore(&RestoreConfig { from, datadir: datadir.clone(), role, chain })?;
    if json {
        report::json(&json!({ "role": restored.role, "of": restored.manifest }));
    } else {
        terminal::say(&format!("{}: a {} can be started here now", datadir.display(), restored.role));
    }
    Ok(())
}
