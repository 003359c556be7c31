//! A prover as a process of its own: it is sent witnesses over HTTP, executes them again, and attests what comes of them. It has no chain and no L1.
//!
//! `POST /v1/attest/0x…`, the L1 block up to which the blocks were derived, with a witness as its body is answered with an [`Attestation`](tributary_prover_stub::Attestation) in JSON; `GET /live` with
//! 200. Who asks shows the token: a prover signs for any blocks that follow the chain's rules, and that those are the ones which L1 prescribes is the
//! asker's word.

use super::ChainFiles;
use crate::Error;
use alloy_primitives::{Address, B256};
use alloy_signer_local::PrivateKeySigner;
use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tributary_execution::Executor;
use tributary_primitives::ChainSpec;
use tributary_prover_stub::{RangeWitness, attest, prove};

/// Longest witness that is read.
const MOST: usize = 1 << 30;

/// Longest that somebody waits for another's witness to be done, and longest that a witness may take to come.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a prover is told.
#[derive(Clone)]
pub struct ProverConfig {
    /// Folder with the rollup's files.
    pub chain: PathBuf,
    /// Where it is asked; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Attests.
    pub key: PrivateKeySigner,
    /// What those who may ask show as `Authorization: Bearer …`.
    pub token: String,
}

/// Not the token.
impl std::fmt::Debug for ProverConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProverConfig").field("chain", &self.chain).field("listen", &self.listen).finish_non_exhaustive()
    }
}

/// A prover that runs.
#[derive(Debug)]
pub struct ProverNode {
    /// Where it is asked.
    pub address: SocketAddr,
    /// Whose attestations these are.
    pub signer: Address,
    /// Chain id of the rollup.
    pub chain_id: u64,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl ProverNode {
    /// Stops once what is being proved is answered.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A server that ended by itself has nothing left to stop.
        let _ = self.serving.await;
    }
}

struct Proving {
    spec: Arc<ChainSpec>,
    key: PrivateKeySigner,
    token: String,
    /// One at a time: each takes a core and its witness's memory.
    turn: Semaphore,
}

/// Starts a prover.
///
/// # Errors
/// When the rollup's files cannot be read, or the port is taken.
pub async fn prover(config: ProverConfig) -> Result<ProverNode, Error> {
    let files = ChainFiles::read(&config.chain)?;
    let failed = |source| Error::Listen { addr: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (signer, chain_id) = (config.key.address(), files.rollup.l2_chain_id);
    let proving = Proving { spec: files.spec(), key: config.key, token: config.token, turn: Semaphore::new(1) };
    let router =
        Router::new().route("/v1/attest/{l1_head}", post(attested)).route("/live", get(async || "live")).with_state(Arc::new(proving));
    let (stop, mut stopped) = watch::channel(false);
    let ended = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
    let serving = tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(ended).await });
    Ok(ProverNode { address, signer, chain_id, stop, serving })
}

async fn attested(State(proving): State<Arc<Proving>>, Path(l1_head): Path<B256>, request: Request) -> Response {
    // Before anything is read: a witness may be large.
    if !shows(request.headers(), &proving.token) {
        return (StatusCode::UNAUTHORIZED, "the token is missing or another").into_response();
    }
    let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, proving.turn.acquire()).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "busy").into_response();
    };
    let body = tokio::time::timeout(PATIENCE, axum::body::to_bytes(request.into_body(), MOST));
    let Ok(Ok(body)) = body.await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the witness is too large, was cut off, or came too slowly").into_response();
    };
    let work = {
        let proving = proving.clone();
        move || {
            let began = Instant::now();
            let output = RangeWitness::decode(&body).and_then(|witness| prove(&Executor::new(proving.spec.clone()), &witness))?;
            tracing::info!(
                from = output.start_block + 1,
                to = output.end_block,
                seconds = began.elapsed().as_secs_f64(),
                bytes = body.len(),
                "proved"
            );
            attest(&output, l1_head, &proving.key)
        }
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(attestation)) => Json(attestation).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a witness proves nothing");
            (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response()
        }
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the prover failed on this witness").into_response(),
    }
}

/// Whether a request shows the token. All of it is compared, whatever differs.
fn shows(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    let digest = |text: &str| alloy_primitives::keccak256(text.trim());
    !token.trim().is_empty() && shown.is_some_and(|shown| digest(shown) == digest(token))
}
