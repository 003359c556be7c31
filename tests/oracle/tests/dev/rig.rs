//! What the tests know of a running node: its URLs, its accounts, and the keys that anyone can derive from its mnemonic.

use alloy_primitives::{Address, U256};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::watch;
use tributary_l1::{L1Client, L1Config, L1Sender, SenderConfig};
use tributary_node::{DEV_MNEMONIC, DevNode, Status};

/// 18 decimals, as in wei.
pub(crate) const OPEN: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// Sockets and keys.
pub(crate) struct Rig {
    pub(crate) l1: L1Client,
    pub(crate) l2: L1Client,
    /// The same where a transaction has its receipt before the seal.
    pub(crate) early: L1Client,
    pub(crate) l1_url: String,
    pub(crate) chain_id: u64,
    /// rollup.json as `optimism_rollupConfig` answers it.
    pub(crate) config: Value,
    pub(crate) open_token: Address,
    pub(crate) users: Vec<PrivateKeySigner>,
    pub(crate) status: watch::Receiver<Status>,
}

/// Any JSON-RPC method.
pub(crate) async fn ask(client: &L1Client, method: &str, params: impl Serialize) -> Value {
    client.request(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}")).unwrap_or_default()
}

/// An operator's key.
pub(crate) fn operator(index: u32) -> PrivateKeySigner {
    let path = format!("m/44'/60'/1'/0/{index}");
    MnemonicBuilder::<English>::default().phrase(DEV_MNEMONIC).derivation_path(path).unwrap().build().unwrap()
}

impl Rig {
    pub(crate) async fn new(node: &DevNode) -> Self {
        let info = &node.info;
        let client = |url: &String| L1Client::new(&L1Config::at(url.clone())).unwrap();
        let l2 = client(&info.l2_url);
        let config = ask(&l2, "optimism_rollupConfig", [(); 0]).await;
        let (_, open_token, _) = info.contracts.iter().find(|(name, ..)| *name == "OpenToken").unwrap();
        Self {
            l1: client(&info.l1_url),
            l2,
            early: client(&info.realtime_url),
            l1_url: info.l1_url.clone(),
            chain_id: info.chain_id,
            config,
            open_token: *open_token,
            users: info.accounts.iter().map(|account| PrivateKeySigner::from_bytes(&account.key).unwrap()).collect(),
            status: node.status.clone(),
        }
    }

    /// An address of the configuration.
    pub(crate) fn configured(&self, name: &str) -> Address {
        self.config[name].as_str().unwrap().parse().unwrap()
    }

    /// A sender on L1.
    pub(crate) async fn sender(&self, key: PrivateKeySigner) -> L1Sender {
        let config = SenderConfig { poll: Duration::from_millis(200), max_in_flight: 16, ..SenderConfig::default() };
        L1Sender::new(self.l1.clone(), key, config).await.unwrap()
    }

    /// Waits until this L2 block is safe, and the safe head was built on this L1 block or a later one.
    pub(crate) async fn until_safe(&self, l2_block: u64, l1_block: u64) {
        loop {
            let status = ask(&self.l2, "optimism_syncStatus", [(); 0]).await;
            let (safe, origin) = (&status["safe_l2"]["number"], &status["safe_l2"]["l1origin"]["number"]);
            if safe.as_u64().unwrap() >= l2_block && origin.as_u64().unwrap() >= l1_block {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
