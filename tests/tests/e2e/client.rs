//! The client of the command line, before the real node and before anvil: nothing in it is made for one of them.

use crate::node::Node;
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tributary_client::{Account, Call, Client, ClientConfig, Error, FeeLimits, PrivateKeySigner};
use tributary_contracts::OpenToken;

const PATIENCE: Duration = Duration::from_secs(60);
const FRIEND: Address = Address::repeat_byte(0x5e);

/// The first account of development nodes everywhere.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// What any program does: pays, creates a contract, calls it, reads its events, and is told why something fails.
async fn use_it(url: &str) {
    let client = Client::new(&ClientConfig::at(url)).unwrap();
    let key: PrivateKeySigner = KEY.parse().unwrap();
    let account = Account::new(client.clone(), key, FeeLimits::default()).await.unwrap();
    let owner = account.address();

    let before = client.balance(owner, BlockId::pending()).await.unwrap();
    let paid = account.execute(&Call::transfer(FRIEND, U256::from(7)), PATIENCE).await.unwrap();
    assert_eq!(before - client.balance(owner, BlockId::pending()).await.unwrap(), paid.fee() + U256::from(7), "to the wei");
    assert_eq!(client.balance(FRIEND, BlockId::pending()).await.unwrap(), U256::from(7));

    let nonce = client.nonce(owner, BlockId::pending()).await.unwrap();
    let code = tributary_tests::token::creation(owner, 1_000);
    account.execute(&Call::deploy(code), PATIENCE).await.unwrap();
    let token = owner.create(nonce);
    let transfer = OpenToken::transferCall { to: FRIEND, value: U256::from(5) };
    let hashes = [account.send(&Call::of(token, &transfer)).await.unwrap(), account.send(&Call::of(token, &transfer)).await.unwrap()];
    let mut last = paid.block().unwrap();
    for hash in hashes {
        let receipt = account.wait(hash, PATIENCE).await.unwrap();
        let event: OpenToken::Transfer = receipt.event(token).unwrap();
        assert_eq!((event.from, event.to, event.value), (owner, FRIEND, U256::from(5)));
        last = last.max(receipt.block().unwrap());
    }
    let held = client.view(token, &OpenToken::balanceOfCall { account: FRIEND }, BlockId::pending()).await.unwrap();
    assert_eq!(held, U256::from(10));
    assert_eq!(client.events::<OpenToken::Transfer>(token, paid.block().unwrap(), last).await.unwrap().len(), 3);

    let too_much = Call::of(token, &OpenToken::transferCall { to: FRIEND, value: U256::MAX });
    let Err(Error::Rejected { method, fault }) = account.send(&too_much).await else { panic!("it would revert") };
    assert_eq!((method.as_str(), fault.code), ("eth_estimateGas", 3), "{fault}");
    let data = fault.data.unwrap();
    assert_eq!(data[..4], <OpenToken::ERC20InsufficientBalance as alloy_sol_types::SolError>::SELECTOR);
    let reverting = Call { gas_limit: Some(100_000), ..too_much };
    assert!(matches!(account.execute(&reverting, PATIENCE).await, Err(Error::Reverted(_))));
    let error = account.send(&Call { gas_limit: Some(21_000), ..Call::transfer(FRIEND, U256::MAX >> 1) }).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("insufficient funds"), "{error}");
    // Nothing of that has left a gap.
    account.execute(&Call::transfer(FRIEND, U256::ONE), PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_uses_a_development_node() {
    let node = Node::start();
    use_it(&node.process.banner.l2_url).await;
    use_it(&node.process.banner.l1_url).await;
    let client = Client::new(&ClientConfig::at(&node.process.banner.l2_url)).unwrap();
    let network = client.network_info().await.unwrap().unwrap();
    assert_eq!((network.chain_id.to::<u64>(), network.l1_chain_id.to::<u64>()), (630_925, 900));
    assert_eq!(network.l1_url, node.process.banner.l1_url);
    for (name, address) in &node.process.banner.contracts {
        let told = network.contracts.l1.get(name).or_else(|| network.contracts.l2.get(name));
        assert_eq!(told, Some(&address.parse().unwrap()), "{name}");
    }
}

/// An anvil; killed when dropped.
struct Anvil {
    child: Child,
    url: String,
}

impl Anvil {
    /// anvil of the contracts' npm packages, where `cargo xtask npm` has installed them.
    fn start() -> Option<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let build = std::env::var_os("TRIBUTARY_BUILD_DIR").map_or_else(|| repository.join("build"), PathBuf::from);
        let binary = build.join("npm/node_modules/.bin/anvil");
        if !binary.exists() {
            println!("skipped: no anvil in the build folder (cargo xtask npm)");
            return None;
        }
        let mut child = Command::new(binary).args(["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| Some(line.unwrap().strip_prefix("Listening on ")?.to_owned())).unwrap();
        // What follows is read so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, url: format!("http://{address}") })
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // Already gone is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_uses_anvil() {
    if let Some(anvil) = Anvil::start() {
        use_it(&anvil.url).await;
        let client = Client::new(&ClientConfig::at(&anvil.url)).unwrap();
        assert!(client.network_info().await.unwrap().is_none());
    }
}
