//! The HTTP server.

use crate::{Error, Health, metrics as names};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time};

/// How often histograms are folded, so that they do not grow while nobody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// How long a request that is being answered may take once the server stops.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone)]
struct Shared {
    health: Arc<Health>,
    prometheus: PrometheusHandle,
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct ServerHandle {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl ServerHandle {
    /// Where it listens; the port is the real one when 0 was asked for.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening, answers what is being answered, and returns within half a second.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if time::timeout(GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

/// Serves `/health`, `/live`, `/ready` and `/metrics` on `addr`.
///
/// # Errors
/// [`Error::Listen`] when `addr` cannot be listened on.
pub async fn serve(addr: SocketAddr, health: Arc<Health>, prometheus: PrometheusHandle) -> Result<ServerHandle, Error> {
    let listen = |source| Error::Listen { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let shared = Shared { health, prometheus };
    let (stop, stopped) = watch::channel(false);
    let upkeep = keep_up(shared.prometheus.clone(), stopped.clone());
    let router = Router::new()
        .route("/health", get(answer_health))
        .route("/live", get(answer_live))
        .route("/ready", get(answer_ready))
        .route("/metrics", get(answer_metrics))
        .with_state(shared);
    let server = axum::serve(listener, router).with_graceful_shutdown(until(stopped));
    let server = tokio::spawn(async move {
        let (served, ()) = tokio::join!(server, upkeep);
        if let Err(error) = served {
            tracing::error!(%error, "the dashboard's server failed");
        }
    });
    Ok(ServerHandle { addr, stop, server })
}

async fn answer_health(State(shared): State<Shared>) -> impl IntoResponse {
    let report = shared.health.report(Instant::now());
    answer(report.healthy, report)
}

async fn answer_live(State(shared): State<Shared>) -> impl IntoResponse {
    answer(true, shared.health.live(Instant::now()))
}

async fn answer_ready(State(shared): State<Shared>) -> impl IntoResponse {
    let report = shared.health.ready(Instant::now());
    answer(report.ready, report)
}

fn answer(good: bool, report: impl Serialize) -> impl IntoResponse {
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report))
}

async fn answer_metrics(State(shared): State<Shared>) -> impl IntoResponse {
    let (healthy, ready) = (shared.health.report(Instant::now()).healthy, shared.health.ready(Instant::now()).ready);
    metrics::gauge!(names::HEALTHY).set(f64::from(u8::from(healthy)));
    metrics::gauge!(names::READY).set(f64::from(u8::from(ready)));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], shared.prometheus.render())
}

/// Folds the histograms from time to time, until the server stops.
async fn keep_up(prometheus: PrometheusHandle, stopped: watch::Receiver<bool>) {
    let stopped = until(stopped);
    tokio::pin!(stopped);
    while time::timeout(UPKEEP, &mut stopped).await.is_err() {
        prometheus.run_upkeep();
    }
}

/// Ends when the handle says so, or is gone.
async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
