//! A server over what the verifier derives: its clients hear of each block as those of the sequencer do.

use super::{ground::Ground, l1_url};
use crate::{DevConfig, pipeline::Pipeline, roles::Batching, verifier::Difference};
use alloy_primitives::B256;
use serde_json::{Value, json};
use soketto::{
    Receiver, Sender,
    handshake::{Client, ServerResponse},
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};
use tributary_l1::{L1Client, L1Config};
use tributary_pool::{Ordering, Pool, PoolLimits};
use tributary_rpc::{Chain, Limits};

/// The chain as a node serves it that only derives it.
fn served(chain: &Pipeline) -> Chain {
    Chain {
        store: chain.store.clone(),
        spec: chain.store.spec().clone(),
        executor: chain.executor.for_calls(),
        pool: Arc::new(Mutex::new(Pool::new(PoolLimits::default(), Ordering::ArrivalOrder))),
        pending: watch::channel(None).1,
        submit: mpsc::channel(1).0,
        events: chain.events.clone(),
        rollup: None,
        beacon: None,
        development: None,
        limits: Limits::default(),
        realtime: false,
    }
}

struct Socket {
    sender: Sender<Compat<TcpStream>>,
    receiver: Receiver<Compat<TcpStream>>,
}

impl Socket {
    async fn connect(address: SocketAddr) -> Self {
        let (stream, host) = (TcpStream::connect(address).await.unwrap(), address.to_string());
        let mut client = Client::new(stream.compat(), &host, "/");
        assert!(matches!(client.handshake().await.unwrap(), ServerResponse::Accepted { .. }));
        let (sender, receiver) = client.into_builder().finish();
        Self { sender, receiver }
    }

    async fn send(&mut self, method: &str, params: Value) {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.sender.send_text(request.to_string()).await.unwrap();
        self.sender.flush().await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.receiver.receive_data(&mut bytes).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_of_a_verifier_hear_of_each_block_that_it_derives_in_order() {
    let config = DevConfig { port: 0, l1_port: 0, dashboard_port: 0, l1_block_time: 1, ..DevConfig::default() };
    let ground = Ground::prepare(config).unwrap();
    let (l1, _l1_controlled) = ground.start_l1().await.unwrap();
    let l1_side = ground.rollup.look_at(L1Client::new(&L1Config::at(l1_url(&l1))).unwrap(), l1_url(&l1)).await.unwrap();
    let (l2, _l2_controlled) = ground.start_l2(&l1_side).await.unwrap();

    let verified = ground.chains.verifier.clone();
    let server = tributary_rpc::serve(Arc::new(served(&verified)), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut socket = Socket::connect(server.local_addr()).await;
    socket.send("eth_subscribe", json!(["newHeads"])).await;
    assert!(socket.next().await["result"].is_string());

    ground.rollup.start_verifier(&l1_side, &verified, &ground.chains.l2.store, Difference::Halts);
    let batching = Batching { da: ground.config.da, eager: true };
    let _last_batch = ground.rollup.start_batcher(&l1_side, &ground.chains.l2.store, &ground.operators.batcher, batching).await.unwrap();
    for number in 1..=5u64 {
        let head = socket.next().await["params"]["result"].clone();
        assert_eq!(head["number"], format!("{number:#x}"));
        let hash: B256 = serde_json::from_value(head["hash"].clone()).unwrap();
        assert_eq!(ground.chains.l2.store.hash_of(number).unwrap(), Some(hash));
        assert_eq!(verified.store.hash_of(number).unwrap(), Some(hash), "what is announced is committed");
    }
    server.stop().await;
    ground.rollup.tasks.stop().await;
    tokio::join!(l2.stop(), l1.stop());
}
