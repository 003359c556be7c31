//! What a development node tells its user at start.

use std::fmt::Write;
use tributary_node::{DevInfo, Layer};

/// The banner: where everything is, and with which keys.
pub(crate) fn render(info: &DevInfo) -> String {
    let mut text = String::new();
    // Writing to a string never fails.
    let _ = write_banner(&mut text, info);
    text
}

fn write_banner(out: &mut String, info: &DevInfo) -> std::fmt::Result {
    writeln!(out, "Tributary {}\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "Accounts, each with 10,000 OPEN, and funded on the L1. Their keys are no secret: keep nothing of value there.\n")?;
    let digits = info.accounts.len().saturating_sub(1).to_string().len();
    for (index, account) in info.accounts.iter().enumerate() {
        writeln!(out, "  ({index:>digits$}) {}  {}", account.address, account.key)?;
    }
    for (layer, title) in [(Layer::L2, "Contracts on the rollup"), (Layer::L1, "Contracts on the L1")] {
        writeln!(out, "\n{title}\n")?;
        for (name, address, _) in info.contracts.iter().filter(|(_, _, on)| *on == layer) {
            writeln!(out, "  {name:<24} {address}")?;
        }
    }
    let lifetime = if info.temporary { "temporary, removed at the end" } else { "kept" };
    writeln!(out)?;
    writeln!(out, "Rollup      {}  chain id {}", info.l2_url, info.chain_id)?;
    writeln!(out, "Realtime    {}  the same with receipts before the block", info.realtime_url)?;
    writeln!(out, "L1          {}  chain id {}", info.l1_url, info.l1_chain_id)?;
    writeln!(out, "Dashboard   {}  /health, /metrics", info.dashboard_url)?;
    writeln!(out, "Data        {}  {lifetime}", info.datadir.display())?;
    writeln!(out, "\nNext: tributary demo. Ctrl-C stops.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, B256};
    use tributary_node::DevAccount;

    #[test]
    fn the_banner_names_accounts_keys_urls_chain_ids_and_addresses() {
        let info = DevInfo {
            accounts: vec![DevAccount { address: Address::repeat_byte(1), key: B256::repeat_byte(2) }],
            l2_url: "http://127.0.0.1:8545".into(),
            realtime_url: "http://127.0.0.1:8545/realtime".into(),
            l1_url: "http://127.0.0.1:8645".into(),
            dashboard_url: "http://127.0.0.1:8080".into(),
            chain_id: 630_925,
            l1_chain_id: 900,
            datadir: "data".into(),
            temporary: true,
            contracts: vec![("TributaryPortal", Address::repeat_byte(3), Layer::L1), ("Datanets", Address::repeat_byte(4), Layer::L2)],
        };
        let text = render(&info);
        for part in ["8545", "8545/realtime", "8645", "8080", "630925", "900", "TributaryPortal", "Datanets", "temporary"] {
            assert!(text.contains(part), "{part}");
        }
        for address in [1, 3, 4] {
            assert!(text.contains(&Address::repeat_byte(address).to_string()));
        }
        assert!(text.contains(&B256::repeat_byte(2).to_string()));
        assert!(text.find("Datanets").unwrap() < text.find("TributaryPortal").unwrap());
    }
}
