//! Batches of calls, in order; a run of `eth_sendRawTransaction` is decoded together and waits for its acknowledgements together, so that a client
//! that sends a hundred transactions at once waits for the disk about once.

use crate::{
    api::Api,
    args::Args,
    error::RpcError,
    eth_transaction::{send_all, send_arguments},
};
use alloy_primitives::Bytes;
use jsonrpsee::{
    BatchResponseBuilder, MethodResponse, ResponsePayload,
    core::middleware::{Batch, BatchEntry, Notification, RpcServiceT},
    types::{Id, Params, Request},
};
use std::sync::Arc;

/// The service that answers batches, over the one that answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Batches<S> {
    pub(crate) service: S,
    pub(crate) api: Arc<Api>,
}

/// A run of transactions to send, with the ids of their calls.
#[derive(Default)]
struct Sends {
    ids: Vec<Id<'static>>,
    raw: Vec<Result<Bytes, RpcError>>,
}

impl Sends {
    fn push(&mut self, request: &Request<'_>) {
        let params = Params::new(request.params.as_ref().map(|params| params.get()));
        self.ids.push(request.id.clone().into_owned());
        self.raw.push(Args::new(&params).and_then(send_arguments));
    }

    async fn answer(&mut self, api: &Arc<Api>, limit: usize, into: &mut BatchResponseBuilder) -> Result<(), MethodResponse> {
        let answers = send_all(api, std::mem::take(&mut self.raw)).await;
        for (id, answer) in self.ids.drain(..).zip(answers) {
            into.append(match answer {
                Ok(hash) => MethodResponse::response(id, ResponsePayload::success(hash), limit),
                Err(error) => MethodResponse::error(id, jsonrpsee::types::ErrorObjectOwned::from(error)),
            })?;
        }
        Ok(())
    }
}

impl<S> RpcServiceT for Batches<S>
where
    S: RpcServiceT<MethodResponse = MethodResponse, BatchResponse = MethodResponse, NotificationResponse = MethodResponse>
        + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type BatchResponse = MethodResponse;
    type NotificationResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.service.call(request)
    }

    fn notification<'a>(&self, notification: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.service.notification(notification)
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let Self { service, api } = self.clone();
        async move {
            let limit = api.chain.limits.response_size as usize;
            let mut responses = BatchResponseBuilder::new_with_limit(limit);
            let mut sends = Sends::default();
            let mut notified = false;
            for entry in batch {
                if let Ok(BatchEntry::Call(request)) = &entry
                    && request.method == "eth_sendRawTransaction"
                {
                    sends.push(request);
                    continue;
                }
                if let Err(too_large) = sends.answer(&api, limit, &mut responses).await {
                    return too_large;
                }
                let response = match entry {
                    Ok(BatchEntry::Call(request)) => service.call(request).await,
                    Ok(BatchEntry::Notification(notification)) => {
                        notified = true;
                        service.notification(notification).await;
                        continue;
                    }
                    Err(error) => {
                        let (error, id) = error.into_parts();
                        MethodResponse::error(id, error)
                    }
                };
                if let Err(too_large) = responses.append(response) {
                    return too_large;
                }
            }
            if let Err(too_large) = sends.answer(&api, limit, &mut responses).await {
                return too_large;
            }
            match responses.is_empty() && notified {
                true => MethodResponse::notification(),
                false => MethodResponse::from_batch(responses.finish()),
            }
        }
    }
}
