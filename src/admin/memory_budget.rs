//! A bound on the memory held for clients: bodies that are read, and answers until they are taken. However many clients
//! ask, all together hold no more than a budget; beyond it a request is answered with 503.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode, header};
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Answers up to this size are not counted: 64 connections with one each are little.
const SMALL: usize = 4 << 10;

/// A budget of bytes.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    free: Arc<Semaphore>,
    total: usize,
}

/// Bytes reserved in a budget until this is dropped.
#[derive(Debug, Default)]
pub struct Reservation(Option<OwnedSemaphorePermit>);

/// The budget is used up for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is too large.
    TooLarge,
    /// The budget is used up.
    Exhausted,
    /// It ended early, or is malformed.
    Broken,
}

impl MemoryBudget {
    /// A budget of this many bytes.
    pub fn new(bytes: usize) -> MemoryBudget {
        let total = bytes.min(u32::MAX as usize);
        MemoryBudget { free: Arc::new(Semaphore::new(total)), total }
    }

    /// Reserves more bytes. A reservation larger than the budget takes all of it, once nothing else is reserved.
    pub fn reserve(&self, held: &mut Reservation, bytes: usize) -> Result<(), Exhausted> {
        let already = held.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.min(self.total - already.min(self.total));
        let permit = Arc::clone(&self.free).try_acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX));
        let permit = permit.map_err(|_| Exhausted)?;
        match &mut held.0 {
            Some(before) => before.merge(permit),
            none => *none = Some(permit),
        }
        Ok(())
    }

    /// Reads a body of at most `largest` bytes, and reserves what has arrived (not what is announced).
    pub async fn read<B>(&self, body: B, largest: usize) -> Result<Bytes, BodyError>
    where
        B: hyper::body::Body<Data = Bytes> + Unpin,
    {
        let (mut body, mut arrived, mut kept) = (body, 0, Ok((Vec::new(), Reservation::default())));
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
            arrived += data.len();
            if arrived > largest {
                return Err(BodyError::TooLarge);
            }
            // Beyond the budget the rest is read all the same, and dropped: a client that is still sending would not see
            // the answer.
            kept = kept.and_then(|(mut read, mut held)| {
                self.reserve(&mut held, data.len())?;
                read.extend_from_slice(&data);
                Ok((read, held))
            });
        }
        kept.map(|(read, held)| reserved(read.into(), held)).map_err(|Exhausted| BodyError::Exhausted)
    }

    /// The answer, its bytes reserved until they are taken or the connection ends.
    pub async fn answer(&self, response: Response<Body>) -> Response<Body> {
        let (head, body) = response.into_parts();
        // In memory already: no handler streams.
        let Ok(body) = body.collect().await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let (body, mut held) = (body.to_bytes(), Reservation::default());
        if body.len() <= SMALL {
            return Response::from_parts(head, Body::from(body));
        }
        match self.reserve(&mut held, body.len()) {
            Ok(()) => Response::from_parts(head, Body::from(reserved(body, held))),
            Err(Exhausted) => exhausted(),
        }
    }
}

/// The answer beyond the budget.
pub fn exhausted() -> Response<Body> {
    let text = "too many requests at once: try again in a moment\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], text).into_response()
}

/// Bytes whose reservation ends when the last of them is dropped.
fn reserved(bytes: Bytes, held: Reservation) -> Bytes {
    struct Reserved {
        bytes: Bytes,
        _reservation: Reservation,
    }

    impl AsRef<[u8]> for Reserved {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }

    Bytes::from_owner(Reserved { bytes, _reservation: held })
}

#[cfg(test)]
mod tests {
    use http_body_util::Full as Whole;

    use super::*;

    #[test]
    fn clients_share_a_budget_and_release_it_with_the_last_byte() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let budget = MemoryBudget::new(10_000);
            let body = |bytes: usize| Whole::new(Bytes::from(vec![b'x'; bytes]));
            let first = budget.read(body(6_000), 8_000).await.unwrap();
            assert_eq!(budget.read(body(6_000), 8_000).await, Err(BodyError::Exhausted));
            assert_eq!(budget.read(body(8_001), 8_000).await, Err(BodyError::TooLarge));
            let second = budget.read(body(4_000), 8_000).await.unwrap();
            let rest = first.slice(5_000..);
            drop(first);
            assert_eq!(budget.answer(vec![0; 6_000].into_response()).await.status(), StatusCode::SERVICE_UNAVAILABLE);
            // Small answers are not counted.
            assert_eq!(budget.answer("little".into_response()).await.status(), StatusCode::OK);
            drop((rest, second));
            let large = budget.answer(vec![0; 60_000].into_response()).await;
            assert_eq!(large.status(), StatusCode::OK, "larger than the budget, and alone");
            assert_eq!(budget.answer(vec![0; 6_000].into_response()).await.status(), StatusCode::SERVICE_UNAVAILABLE);
            drop(large);
            assert_eq!(budget.answer(vec![0; 10_000].into_response()).await.status(), StatusCode::OK);
        });
    }
}
