//! One port for everything: JSON-RPC over HTTP and WebSocket, and on an Ethereum chain the beacon API.

use crate::{
    Chain,
    api::{Api, Module, light},
    capabilities, debug, development,
    error::Error,
    eth::{self, filters::Filters},
    net_web3, ots, rollup, trace,
    transport::{
        beacon::BeaconLayer,
        calls::Session,
        http::Http,
        listener::{GRACE, Listener},
        memory::Memory,
        websocket::Sockets,
    },
    txpool,
};
use jsonrpsee::{
    Methods, RpcModule,
    server::{HttpBody, RegisterMethodError, middleware::http::HostFilterLayer},
};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tokio::{
    net::TcpListener,
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc, watch,
    },
};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, predicate::SizeAbove},
    cors::{AllowOrigin, Any, CorsLayer},
};
use tributary_chain::{Endpoint, Event};

/// Answers shorter than this are not worth compressing, bytes.
const COMPRESSED_FROM: u16 = 1 << 10;

/// A running server. It stops when it is told to, or when this is dropped.
#[derive(Debug)]
pub struct ServerHandle {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    /// Ends when the last connection does.
    running: mpsc::Receiver<()>,
    watcher: tokio::task::JoinHandle<()>,
}

impl ServerHandle {
    /// The address that the server listens on; with port 0 in the request, the port that was free.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting requests, gives those that are open half a second to end, and returns.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let _ = tokio::time::timeout(2 * GRACE, self.running.recv()).await;
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.watcher.abort();
        self.stop.send_replace(true);
    }
}

/// Serves a chain on an address until the handle is stopped or dropped.
///
/// # Errors
/// [`Error::Bind`] when the address is taken or not ours, [`Error::InvalidHost`] when [`Limits`](crate::Limits) name a host or origin that is none.
pub async fn serve(chain: Arc<Chain>, address: SocketAddr) -> Result<ServerHandle, Error> {
    let cors = cors(chain.limits.origins.as_deref())?;
    let hosts = hosts(chain.limits.hosts.as_deref())?;
    let bind = |source| Error::Bind { address, source };
    let socket = TcpListener::bind(address).await.map_err(bind)?;
    let address = socket.local_addr().map_err(bind)?;
    let api = Api::new(chain.clone(), Some(address));
    let memory = Memory::new(&chain.limits);
    let realtime = chain.realtime.then(|| session(&api, Endpoint::Realtime, &memory)).transpose()?;
    let ordinary = session(&api, Endpoint::Ordinary, &memory)?;
    let (stop, stopped) = watch::channel(false);
    let (held, running) = mpsc::channel(1);
    let watcher = tokio::spawn(watch(api.filters.clone(), chain.events.subscribe()));
    let service = Http { ordinary, realtime, sockets: Sockets { stop: stopped.clone() }, connections: Arc::default() };
    let gzip = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(COMPRESSED_FROM));
    let service = tower::ServiceBuilder::new()
        .layer(cors)
        .map_response(|response: hyper::Response<_>| response.map(HttpBody::new))
        .layer(gzip)
        .layer(hosts)
        .layer(BeaconLayer(Arc::new(api)))
        .service(service);
    let listener = Listener { socket, stop: stopped, running: held };
    tokio::spawn(listener.run(service, chain.limits.clone()));
    Ok(ServerHandle { address, stop, running, watcher })
}

/// Answers requests without sockets, in the same words: for fuzzing and for programs that hold the node themselves.
#[derive(Debug, Clone)]
pub struct InProcess(Session);

impl InProcess {
    /// The methods of a chain, as clients of an endpoint see them.
    ///
    /// # Errors
    /// [`Error::Method`], never: the names differ.
    pub fn new(chain: Arc<Chain>, endpoint: Endpoint) -> Result<Self, Error> {
        let memory = Memory::new(&chain.limits);
        Ok(Self(session(&Api::new(chain, None), endpoint, &memory)?))
    }

    /// What the body of an HTTP request is answered with; `None` for an empty response.
    pub async fn answer(&self, body: &[u8]) -> Option<String> {
        self.0.answer(body).await.json
    }

    /// The names of all methods, sorted.
    pub fn methods(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.methods.method_names().collect();
        names.sort_unstable();
        names
    }
}

/// What answers the clients of an endpoint.
fn session(api: &Api, endpoint: Endpoint, memory: &Memory) -> Result<Session, RegisterMethodError> {
    let api = Arc::new(api.on(endpoint));
    let methods = Methods::from(module(api.clone())?);
    Ok(Session { api, methods, memory: memory.clone(), link: None })
}

/// All methods that the chain has.
fn module(api: Arc<Api>) -> Result<Module, RegisterMethodError> {
    let rollup_view = api.chain.rollup.clone();
    let with_debug = api.chain.limits.debug;
    let is_for_development = api.chain.development.is_some();
    let mut module = RpcModule::from_arc(api);
    eth::register(&mut module)?;
    net_web3::register(&mut module)?;
    txpool::register(&mut module)?;
    ots::register(&mut module)?;
    capabilities::register(&mut module)?;
    if with_debug {
        debug::register(&mut module)?;
        trace::register(&mut module)?;
    }
    if is_for_development {
        // In place of the one without accounts.
        module.remove_method("eth_accounts");
        development::register(&mut module)?;
    }
    if let Some(view) = rollup_view {
        rollup::register(&mut module, view)?;
    }
    let modules = namespaces(&module);
    light(&mut module, "rpc_modules", move |_, _| Ok(modules.clone()))?;
    Ok(module)
}

/// The namespaces that the methods are in, with their versions, which nobody counts any more.
fn namespaces(module: &Module) -> BTreeMap<String, &'static str> {
    let names = module.method_names().filter_map(|name| name.split_once('_'));
    names.map(|(namespace, _)| (namespace.to_owned(), "1.0")).chain([("rpc".to_owned(), "1.0")]).collect()
}

/// Tells the filters what happens to the chain.
async fn watch(filters: Arc<Filters>, mut events: Receiver<Event>) {
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
