//! How much of requests and answers may be in memory at a time, over all connections. What is small needs no leave: the number of connections bounds it.
//! What is large waits for leave before it is read, or is refused before it is sent.

use crate::chain::Limits;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::{
    io::{self, AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::PollSemaphore;

/// Most bytes of what is small.
pub(crate) const SMALL: usize = 64 << 10;
/// Large answers are counted in units of so many bytes.
const UNIT: usize = 1 << 10;

/// Leave to hold something large; it ends when this is dropped.
pub(crate) type Leave = OwnedSemaphorePermit;

/// The memory of one server.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    /// One permit for each large request.
    requests: Arc<Semaphore>,
    /// One for each [`UNIT`] of large answers.
    answers: Arc<Semaphore>,
}

impl Memory {
    pub(crate) fn new(limits: &Limits) -> Self {
        let units = limits.answer_memory.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self { requests: Arc::new(Semaphore::new(limits.large_requests.max(1))), answers: Arc::new(Semaphore::new(units)) }
    }

    /// Waits for leave to read a large request.
    pub(crate) async fn request(&self) -> Option<Leave> {
        self.requests.clone().acquire_owned().await.ok()
    }

    /// Leave to hold an answer of so many bytes until the client has it: none is needed for a small one, and an error when there is none for a large one.
    pub(crate) fn answer(&self, bytes: usize) -> Result<Option<Leave>, Full> {
        if bytes <= SMALL {
            return Ok(None);
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).map_err(|_| Full)?;
        self.answers.clone().try_acquire_many_owned(units).map(Some).map_err(|_| Full)
    }

    /// A socket that reads the large part of a message only with leave, and the place where that is found.
    pub(crate) fn metered<S>(&self, socket: S) -> (Metered<S>, Arc<Reading>) {
        let reading = Arc::new(Reading::default());
        (Metered { socket, reading: reading.clone(), requests: PollSemaphore::new(self.requests.clone()) }, reading)
    }
}

/// Too much is waiting for clients that have not taken it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// What was read of a message so far.
#[derive(Debug, Default)]
pub(crate) struct Reading(Mutex<(usize, Option<Leave>)>);

impl Reading {
    /// The message has ended: the leave that it was read with.
    pub(crate) fn end(&self) -> Option<Leave> {
        std::mem::take(&mut *self.lock()).1
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (usize, Option<Leave>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Memory::metered`].
#[derive(Debug)]
pub(crate) struct Metered<S> {
    socket: S,
    reading: Arc<Reading>,
    requests: PollSemaphore,
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut reading = this.reading.lock();
        if reading.0 > SMALL && reading.1.is_none() {
            // The semaphore is never closed.
            reading.1 = Some(ready!(this.requests.poll_acquire(context)).ok_or(io::ErrorKind::BrokenPipe)?);
        }
        // Without leave no more than what is small, and the byte that makes it large.
        let most = if reading.1.is_some() { buffer.remaining() } else { buffer.remaining().min(SMALL + 1 - reading.0) };
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut this.socket).poll_read(context, &mut part))?;
        let count = part.filled().len();
        buffer.advance(count);
        reading.0 += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}

/// A body that is held with leave.
#[derive(Debug)]
pub(crate) struct Held<B> {
    pub(crate) body: B,
    pub(crate) _leave: Option<Leave>,
}

impl<B: Body + Unpin> Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn memory(large_requests: usize, answer_memory: usize) -> Memory {
        Memory::new(&Limits { large_requests, answer_memory, ..Limits::default() })
    }

    #[test]
    fn large_answers_share_what_there_is_and_small_ones_need_none() {
        let memory = memory(1, 256 << 10);
        let first = memory.answer(200 << 10).unwrap().unwrap();
        assert_eq!(memory.answer(100 << 10).unwrap_err(), Full);
        assert!(memory.answer(SMALL).unwrap().is_none());
        drop(first);
        assert!(memory.answer(100 << 10).unwrap().is_some());
    }

    #[tokio::test]
    async fn only_one_of_two_large_messages_is_read_at_a_time_and_a_small_one_beside_it() {
        let memory = memory(1, 0);
        let large = vec![7; 4 * SMALL];
        let connection = |bytes: Vec<u8>| {
            let (mut client, server) = tokio::io::duplex(1 << 20);
            let (metered, reading) = memory.metered(server);
            tokio::spawn(async move {
                client.write_all(&bytes).await.unwrap();
                std::future::pending::<()>().await;
            });
            (metered, reading)
        };
        let (mut first, first_reading) = connection(large.clone());
        let (mut second, second_reading) = connection(large.clone());
        let (mut third, _) = connection(vec![7; 100]);
        let mut bytes = large.clone();
        first.read_exact(&mut bytes).await.unwrap();
        let leave = first_reading.end().unwrap();
        third.read_exact(&mut bytes[..100]).await.unwrap();
        let mut read = 0;
        let mut some = vec![0; SMALL];
        while let Ok(Ok(count)) = tokio::time::timeout(std::time::Duration::from_millis(50), second.read(&mut some)).await {
            read += count;
        }
        assert_eq!(read, SMALL + 1);
        drop(leave);
        second.read_exact(&mut bytes[read..]).await.unwrap();
        assert!(second_reading.end().is_some());
    }
}
