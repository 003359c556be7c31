//! One port for everything: JSON-RPC over HTTP and WebSocket, and on an Ethereum chain the beacon API.

use crate::{
    Chain,
    api::{Api, Module},
    batch::Batches,
    beacon::BeaconLayer,
    debug,
    error::Error,
    eth_block, eth_config, eth_fee, eth_fill, eth_filter, eth_pubsub, eth_simulate, eth_state, eth_transaction,
    filters::Filters,
    ids::HexIds,
    net_web3, optimism, tributary, txpool,
};
use jsonrpsee::{
    RpcModule,
    core::middleware::RpcServiceBuilder,
    server::{BatchRequestConfig, RegisterMethodError, Server, ServerConfig, middleware::http::HostFilterLayer},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// How long open requests have to end when the server stops.
const GRACE: Duration = Duration::from_millis(500);

/// A running server. It stops when it is told to, or when this is dropped.
#[derive(Debug)]
pub struct ServerHandle {
    address: SocketAddr,
    server: jsonrpsee::server::ServerHandle,
    watcher: tokio::task::JoinHandle<()>,
}

impl ServerHandle {
    /// The address that the server listens on; with port 0 in the request, the port that was free.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting requests, gives those that are open half a second to end, and returns.
    pub async fn stop(self) {
        self.watcher.abort();
        // An error means that it has stopped already.
        if self.server.stop().is_ok() {
            let _ = tokio::time::timeout(GRACE, self.server.clone().stopped()).await;
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.watcher.abort();
        let _ = self.server.stop();
    }
}

/// Serves a chain on an address until the handle is stopped or dropped.
///
/// # Errors
/// [`Error::Bind`] when the address is taken or not ours, [`Error::InvalidHost`] when [`Limits`](crate::Limits) name a host or origin that is none.
pub async fn serve(chain: Arc<Chain>, address: SocketAddr) -> Result<ServerHandle, Error> {
    let limits = &chain.limits;
    let config = ServerConfig::builder()
        .max_request_body_size(limits.request_size)
        .max_response_body_size(limits.response_size)
        .max_connections(limits.connections)
        .max_subscriptions_per_connection(limits.subscriptions)
        .set_message_buffer_capacity(limits.backlog)
        .set_batch_request_config(BatchRequestConfig::Limit(limits.batch))
        .set_id_provider(HexIds)
        .build();
    let cors = cors(limits.origins.as_deref())?;
    let hosts = hosts(limits.hosts.as_deref())?;
    let api = Arc::new(Api::new(chain.clone()));
    let middleware = tower::ServiceBuilder::new().layer(cors).layer(hosts).layer(BeaconLayer(api.clone()));
    let module = module(api.clone())?;
    let bind = |source| Error::Bind { address, source };
    let batches = RpcServiceBuilder::new().layer_fn({
        let api = api.clone();
        move |service| Batches { service, api: api.clone() }
    });
    let server = Server::builder()
        .set_config(config)
        .set_http_middleware(middleware)
        .set_rpc_middleware(batches)
        .build(address)
        .await
        .map_err(bind)?;
    let address = server.local_addr().map_err(bind)?;
    let watcher = tokio::spawn(watch(api.filters.clone(), chain.events.subscribe()));
    Ok(ServerHandle { address, server: server.start(module), watcher })
}

/// All methods that the chain has.
fn module(api: Arc<Api>) -> Result<Module, RegisterMethodError> {
    let rollup = api.chain.rollup.clone();
    let with_debug = api.chain.limits.debug;
    let mut module = RpcModule::from_arc(api);
    eth_block::register(&mut module)?;
    eth_transaction::register(&mut module)?;
    eth_state::register(&mut module)?;
    eth_fee::register(&mut module)?;
    eth_fill::register(&mut module)?;
    eth_filter::register(&mut module)?;
    eth_pubsub::register(&mut module)?;
    eth_simulate::register(&mut module)?;
    eth_config::register(&mut module)?;
    net_web3::register(&mut module)?;
    txpool::register(&mut module)?;
    if with_debug {
        debug::register(&mut module)?;
    }
    if let Some(rollup) = rollup {
        optimism::register(&mut module, rollup)?;
        tributary::register(&mut module)?;
    }
    Ok(module)
}

/// Tells the filters what happens to the chain.
async fn watch(filters: Arc<Filters>, mut events: Receiver<crate::Event>) {
    loop {
        match events.recv().await {
            Ok(event) => filters.on_event(&event),
            // Filters of blocks and logs go on from the store; only hashes of waiting transactions are lost.
            Err(RecvError::Lagged(missed)) => tracing::debug!(target: "rpc", missed, "filters missed events"),
            Err(RecvError::Closed) => return,
        }
    }
}

fn cors(origins: Option<&[String]>) -> Result<CorsLayer, Error> {
    let layer = CorsLayer::new().allow_methods(Any).allow_headers(Any);
    let Some(origins) = origins else { return Ok(layer.allow_origin(Any)) };
    let parse = |origin: &String| origin.parse().map_err(|_| Error::InvalidHost(origin.clone()));
    Ok(layer.allow_origin(AllowOrigin::list(origins.iter().map(parse).collect::<Result<Vec<_>, _>>()?)))
}

fn hosts(hosts: Option<&[String]>) -> Result<HostFilterLayer, Error> {
    let Some(hosts) = hosts else { return Ok(HostFilterLayer::disable()) };
    let with_any_port = hosts.iter().map(|host| format!("{host}:*"));
    HostFilterLayer::new(with_any_port.collect::<Vec<_>>().iter().map(String::as_str)).map_err(|_| Error::InvalidHost(hosts.join(", ")))
}
