//! Contracts of others that the OP Stack puts into every L2 genesis (specs: protocol/preinstalls), and those that Ethereum's forks put there.

use alloy_primitives::{Address, B256, address, b256};

/// A Safe 1.3.0 without events, to be used behind a proxy.
pub const SAFE: Address = address!("69f4D1788e39c87893C980c06EdF4b7f686e2938");
/// A Safe 1.3.0 with events, to be used behind a proxy.
pub const SAFE_L2: Address = address!("fb1bffC9d739B8D520DaF37dF666da4C687191EA");
/// Batches of a Safe's transactions.
pub const MULTI_SEND: Address = address!("998739BFdAAdde7C933B942a68053933098f9EDa");
/// The same without delegate calls.
pub const MULTI_SEND_CALL_ONLY: Address = address!("A1dabEF33b3B82c7814B6D82A79e50F4AC44102B");
/// CREATE2 for whoever calls, as Safe's own contracts are deployed.
pub const SAFE_SINGLETON_FACTORY: Address = address!("914d7Fec6aaC8cd542e72Bca78B30650d45643d7");
/// Many calls in one.
pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");
/// CREATE2 behind a Solidity interface, in the form that Canyon put on OP Stack chains.
pub const CREATE2_DEPLOYER: Address = address!("13b0D85CcB8bf860b6b79AF3029fCA081AE9beF2");
/// CREATE, CREATE2 and CREATE3 with protected salts.
pub const CREATE_X: Address = address!("ba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed");
/// CREATE2 for whoever calls: Foundry's and Hardhat's deployer.
pub const DETERMINISTIC_DEPLOYMENT_PROXY: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");
/// Token approvals by signature. Its code holds the chain id and the domain separator that follows from it.
pub const PERMIT2: Address = address!("000000000022D473030F116dDEE9F6B43aC78BA3");
/// ERC-4337, version 0.6.
pub const ENTRY_POINT_V06: Address = address!("5FF137D4b0FDCD49DcA30c7CF57E578a026d2789");
/// Creates accounts for [`ENTRY_POINT_V06`].
pub const SENDER_CREATOR_V06: Address = address!("7fc98430eAEdbb6070B35B39D798725049088348");
/// ERC-4337, version 0.7.
pub const ENTRY_POINT_V07: Address = address!("0000000071727De22E5E9d8BAf0edAc6f37da032");
/// Creates accounts for [`ENTRY_POINT_V07`].
pub const SENDER_CREATOR_V07: Address = address!("EFC2c1444eBCC4Db75e7613d20C6a62fF67A167C");
/// EIP-4788.
pub const BEACON_BLOCK_ROOTS: Address = address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02");
/// Whose first transaction put [`BEACON_BLOCK_ROOTS`] on Ethereum. Its nonce is used up, so that it cannot do that a second time.
pub const BEACON_BLOCK_ROOTS_SENDER: Address = address!("0B799C86a49DEeb90402691F1041aa3AF2d3C875");
/// EIP-2935.
pub const HISTORY_STORAGE: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");
/// Likewise of [`HISTORY_STORAGE`].
pub const HISTORY_STORAGE_SENDER: Address = address!("3462413Af4609098e1E27A490f554f260213D685");

/// Every preinstall with the hash of its code: that of the specification where it gives one (CreateX), elsewhere that of the code at this address on OP
/// Mainnet. Permit2's depends on the chain id; this is chain 1's, Ethereum's.
pub const CODE_HASHES: [(Address, B256); 16] = [
    (SAFE, b256!("bba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e")),
    (SAFE_L2, b256!("21842597390c4c6e3c1239e434a682b054bd9548eee5e9b1d6a4482731023c0f")),
    (MULTI_SEND, b256!("81db0e4afdf5178583537b58c5ad403bd47a4ac7f9bde2442ef3e341d433126a")),
    (MULTI_SEND_CALL_ONLY, b256!("a9865ac2d9c7a1591619b188c4d88167b50df6cc0c5327fcbd1c8c75f7c066ad")),
    (SAFE_SINGLETON_FACTORY, b256!("2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989")),
    (MULTICALL3, b256!("d5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891")),
    (CREATE2_DEPLOYER, b256!("b0550b5b431e30d38000efb7107aaa0ade03d48a7198a140edda9d27134468b2")),
    (CREATE_X, b256!("bd8a7ea8cfca7b4e5f5041d7d4b17bc317c5ce42cfbc42066a00cf26b43eb53f")),
    (DETERMINISTIC_DEPLOYMENT_PROXY, b256!("2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989")),
    (PERMIT2, b256!("c67d1657868aa5146eaf24fb879fb1fdec3d2d493b3683a61c9c2f4fb2851131")),
    (ENTRY_POINT_V06, b256!("c93c806e738300b5357ecdc2e971d6438d34d8e4e17b99b758b1f9cac91c8e70")),
    (SENDER_CREATOR_V06, b256!("ae818091eaaf1b6175ee41472359a689f3823d0908a41e2e5c4ad508f2fc04a3")),
    (ENTRY_POINT_V07, b256!("8db5ff695839d655407cc8490bb7a5d82337a86a6b39c3f0258aa6c3b582fc58")),
    (SENDER_CREATOR_V07, b256!("283c9d14378f5f4c4e24045b87d621d48443fa5b4af7dd7180a599b3756a7689")),
    (BEACON_BLOCK_ROOTS, b256!("f57acd40259872606d76197ef052f3d35588dadf919ee1f0e3cb9b62d3f4b02c")),
    (HISTORY_STORAGE, b256!("6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d")),
];
