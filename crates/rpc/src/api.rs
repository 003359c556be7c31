//! What every method works on, and how methods are registered: light ones run where the request is read, heavy ones on the workers.

use crate::{
    Chain,
    args::Args,
    debug::kept::Replays,
    error::RpcError,
    eth::filters::Filters,
    open_block::EndedNow,
    time_limit::{go_duration, tried, until},
    workers::Workers,
};
use alloy_primitives::B256;
use alloy_rpc_types_trace::geth::GethDebugTracingOptions;
use jsonrpsee::{RpcModule, server::RegisterMethodError};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tributary_chain::Endpoint;
use tributary_execution::{Abort, L1Fees};

/// The methods of one server.
pub(crate) type Module = RpcModule<Api>;

/// Everything that methods need. What is shared by the endpoints of a server is behind handles.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) chain: Arc<Chain>,
    /// What the client has chosen: all that the endpoints of a server differ by.
    pub(crate) endpoint: Endpoint,
    /// Where the server listens; `None` for one without sockets.
    pub(crate) address: Option<SocketAddr>,
    /// For calls, traces, logs and large answers.
    pub(crate) workers: Workers,
    /// For decoding transactions, so that heavy reads do not hold up sending.
    pub(crate) decoders: Workers,
    pub(crate) filters: Arc<Filters>,
    /// L1 fees of the open block on this parent.
    pub(crate) open_fees: Arc<Mutex<Option<(B256, L1Fees)>>>,
    /// Blocks whose transactions were traced.
    pub(crate) replays: Arc<Replays>,
    /// The open block with its roots.
    pub(crate) ended_now: Arc<EndedNow>,
}

impl Api {
    /// Of the ordinary endpoint.
    pub(crate) fn new(chain: Arc<Chain>, address: Option<SocketAddr>) -> Self {
        let limits = &chain.limits;
        Self {
            workers: Workers::new(limits.workers, limits.waiting, limits.trace_time),
            decoders: Workers::new(limits.workers, limits.waiting.saturating_mul(16), limits.trace_time),
            filters: Arc::new(Filters::new(limits.filters, limits.filter_life)),
            open_fees: Arc::default(),
            replays: Arc::default(),
            ended_now: Arc::default(),
            endpoint: Endpoint::Ordinary,
            address,
            chain,
        }
    }

    /// The same for another endpoint, over the same state.
    pub(crate) fn on(&self, endpoint: Endpoint) -> Self {
        Self { endpoint, ..self.clone() }
    }

    /// Whether what is in the open block is there for this client.
    pub(crate) fn is_realtime(&self) -> bool {
        self.endpoint == Endpoint::Realtime
    }

    /// Reads the pool.
    pub(crate) fn with_pool<T>(&self, read: impl FnOnce(&tributary_pool::Pool) -> T) -> T {
        read(&self.chain.pool.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long methods may execute.
impl Api {
    /// Does what a flag ends, and sets the flag when the time for a call is over. To be called on a worker.
    pub(crate) fn in_time<T>(&self, job: impl FnOnce(&Abort) -> Result<T, RpcError>) -> Result<T, RpcError> {
        let time = self.chain.limits.call_time;
        until(time, job).unwrap_or_else(|| Err(RpcError::server(format!("execution aborted (timeout = {time:?})"))))
    }

    /// The same for a trace, which may take as long as it says.
    pub(crate) fn trace_in_time<T>(&self, time: Duration, job: impl FnOnce(&Abort) -> Result<T, RpcError>) -> Result<T, RpcError> {
        until(time, job).unwrap_or_else(|| Err(RpcError::execution_timeout()))
    }

    /// How long a trace with these options may take; one that asks for nothing may take `default`.
    pub(crate) fn trace_time(&self, options: &GethDebugTracingOptions, default: Duration) -> Result<Duration, RpcError> {
        let wanted = options.timeout.as_deref().map(go_duration).transpose()?;
        Ok(wanted.unwrap_or(default).min(self.chain.limits.trace_time))
    }
}

/// Registers a method that answers in microseconds.
pub(crate) fn light<T: Serialize + Clone + 'static>(
    module: &mut Module,
    name: &'static str,
    method: impl Fn(&Api, &mut Args) -> Result<T, RpcError> + Send + Sync + 'static,
) -> Result<(), RegisterMethodError> {
    module.register_method(name, move |params, api, _| -> Result<T, RpcError> {
        let mut args = Args::new(&params)?;
        let answer = method(api, &mut args)?;
        args.end()?;
        Ok(answer)
    })?;
    Ok(())
}

/// Registers a method that executes, traces, or reads and writes much. Its answer is made into JSON on the worker, too.
pub(crate) fn heavy<T: Serialize + 'static>(
    module: &mut Module,
    name: &'static str,
    method: impl Fn(&Api, &mut Args) -> Result<T, RpcError> + Send + Sync + 'static,
) -> Result<(), RegisterMethodError> {
    heavy_after(module, name, async |_| (), method)
}

/// The same of a method that first waits for something, which takes no worker.
pub(crate) fn heavy_after<T, W>(
    module: &mut Module,
    name: &'static str,
    ready: impl Fn(Arc<Api>) -> W + Clone + Send + Sync + 'static,
    method: impl Fn(&Api, &mut Args) -> Result<T, RpcError> + Send + Sync + 'static,
) -> Result<(), RegisterMethodError>
where
    T: Serialize + 'static,
    W: Future<Output = ()> + Send,
{
    let method = Arc::new(method);
    module.register_async_method(name, move |params, api, _| {
        let (method, ready) = (method.clone(), ready.clone());
        async move {
            let mut args = Args::new(&params)?;
            ready(api.clone()).await;
            let workers = api.workers.clone();
            let job = move || {
                let answer = method(&api, &mut args)?;
                args.end()?;
                to_json(&answer)
            };
            workers.run(job).await
        }
    })?;
    Ok(())
}

/// Most bytes of parameters with which a method is tried where the request is read.
const TRIAL_BYTES: usize = 16 << 10;

/// As [`heavy`], of a method that executes one call, which mostly takes microseconds: less than to hand it to a worker. It is tried where the request is
/// read; one that takes longer than it may there is begun again on a worker.
pub(crate) fn brief<T: Serialize + 'static>(
    module: &mut Module,
    name: &'static str,
    method: fn(&Api, &mut Args) -> Result<T, RpcError>,
) -> Result<(), RegisterMethodError> {
    module.register_async_method(name, move |params, api, _| async move {
        let answer = move |api: &Api, mut args: Args| {
            let answer = method(api, &mut args)?;
            args.end()?;
            to_json(&answer)
        };
        if params.len_bytes() <= TRIAL_BYTES {
            let args = Args::new(&params)?;
            if let Some(answer) = tried(|| answer(&api, args)) {
                return answer;
            }
        }
        let (args, workers) = (Args::new(&params)?, api.workers.clone());
        workers.run(move || answer(&api, args)).await
    })?;
    Ok(())
}

/// The JSON of an answer.
pub(crate) fn to_json(answer: &impl Serialize) -> Result<Box<RawValue>, RpcError> {
    to_raw_value(answer).map_err(|error| RpcError::internal(&error))
}
