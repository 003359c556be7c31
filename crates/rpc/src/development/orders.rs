//! What the server of a development chain has beside a chain's: accounts that it signs for, and the way to the node's clock.

use crate::error::RpcError;
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, map::AddressSet};
use alloy_signer_local::PrivateKeySigner;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};
use tributary_chain::{Command, Order, OrderRefusal, Sealing};

/// A development chain's extras.
#[derive(Debug)]
pub struct Development {
    keys: Vec<PrivateKeySigner>,
    commands: mpsc::Sender<Order>,
    impersonated: Mutex<AddressSet>,
    impersonates_all: AtomicBool,
    sealing: Mutex<Sealing>,
    /// The newest block of snapshots, by id.
    snapshots: Mutex<BTreeMap<u64, BlockNumHash>>,
    /// Held from reading the developer account's nonce until the transaction with it is executed.
    pub(crate) developer: tokio::sync::Mutex<()>,
    /// The same for the accounts that the node signs for, or lets act without a key: sends at the same time have nonces of their own.
    pub(crate) nonces: tokio::sync::Mutex<()>,
}

impl Development {
    /// Extras of a chain whose users may sign with `keys`, and which begins with `sealing`. `commands` leads to the node; a full channel makes clients wait.
    pub fn new(keys: Vec<PrivateKeySigner>, sealing: Sealing, commands: mpsc::Sender<Order>) -> Self {
        Self {
            keys,
            commands,
            impersonated: Mutex::default(),
            impersonates_all: AtomicBool::new(false),
            sealing: Mutex::new(sealing),
            snapshots: Mutex::default(),
            developer: tokio::sync::Mutex::new(()),
            nonces: tokio::sync::Mutex::new(()),
        }
    }

    /// Accounts that the node signs for.
    pub(crate) fn accounts(&self) -> Vec<Address> {
        self.keys.iter().map(PrivateKeySigner::address).collect()
    }

    /// The key of an account.
    pub(crate) fn key(&self, address: Address) -> Option<&PrivateKeySigner> {
        self.keys.iter().find(|key| key.address() == address)
    }

    /// Whether transactions of an account are taken without a signature.
    pub(crate) fn impersonates(&self, address: Address) -> bool {
        self.impersonates_all.load(Ordering::Relaxed) || self.set().contains(&address)
    }

    /// Begins or ends taking transactions of an account without a signature; whether that changed anything.
    pub(crate) fn impersonate(&self, address: Address, on: bool) -> bool {
        if on { self.set().insert(address) } else { self.set().remove(&address) }
    }

    pub(crate) fn impersonate_all(&self, on: bool) {
        self.impersonates_all.store(on, Ordering::Relaxed);
    }

    /// When blocks are sealed.
    pub(crate) fn sealing(&self) -> Sealing {
        *self.sealing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether blocks are sealed without anybody ordering it.
    pub(crate) fn mines_by_itself(&self) -> bool {
        self.sealing() != Sealing::OnDemand
    }

    /// Has the node seal blocks otherwise.
    pub(crate) async fn seal(&self, sealing: Sealing) -> Result<(), RpcError> {
        self.order(Command::Seal(sealing)).await?;
        *self.sealing.lock().unwrap_or_else(PoisonError::into_inner) = sealing;
        Ok(())
    }

    /// The newest block of each snapshot that is not gone, by id.
    pub(crate) fn snapshots(&self) -> BTreeMap<u64, BlockNumHash> {
        self.held().clone()
    }

    pub(crate) fn note_snapshot(&self, id: u64, head: BlockNumHash) {
        self.held().insert(id, head);
    }

    /// A snapshot is gone, and all that are younger.
    pub(crate) fn forget_snapshots(&self, from: u64) {
        self.held().split_off(&from);
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, BlockNumHash>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the node do something.
    pub(crate) async fn order(&self, command: Command) -> Result<u64, RpcError> {
        let stopping = || RpcError::from(OrderRefusal::Stopping);
        let (reply, answer) = oneshot::channel();
        self.commands.send(Order { command, reply }).await.map_err(|_| stopping())?;
        Ok(answer.await.map_err(|_| stopping())??)
    }

    fn set(&self) -> std::sync::MutexGuard<'_, AddressSet> {
        self.impersonated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
