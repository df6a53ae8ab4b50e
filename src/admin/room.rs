//! Bytes that the server holds for others: bodies that come in, and answers until they are taken. However many ask, all
//! together hold no more than a room has; who finds it full is asked to try again.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode, header};
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Smaller than this needs no room: 64 connections with one such answer each are nothing.
const SMALL: usize = 4 << 10;

/// Room for so many bytes.
#[derive(Debug, Clone)]
pub struct Room {
    free: Arc<Semaphore>,
    whole: usize,
}

/// Bytes in a room; given back when this is dropped.
#[derive(Debug, Default)]
pub struct Held(Option<OwnedSemaphorePermit>);

/// There is no room for more now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is larger than it may be.
    TooLarge,
    /// Others hold the room.
    Full,
    /// It broke off, or is no body.
    Broken,
}

impl Room {
    /// A room for so many bytes.
    pub fn new(bytes: usize) -> Room {
        let whole = bytes.min(u32::MAX as usize);
        Room { free: Arc::new(Semaphore::new(whole)), whole }
    }

    /// Adds so many bytes to what is held. What is larger than the whole room takes all of it, once nobody else is there.
    pub fn hold(&self, held: &mut Held, bytes: usize) -> Result<(), Full> {
        let already = held.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.min(self.whole - already.min(self.whole));
        let permit = Arc::clone(&self.free).try_acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX));
        let permit = permit.map_err(|_| Full)?;
        match &mut held.0 {
            Some(before) => before.merge(permit),
            none => *none = Some(permit),
        }
        Ok(())
    }

    /// Reads a body of at most so many bytes; what has come is held, and what is only announced is not.
    pub async fn read<B>(&self, body: B, largest: usize) -> Result<Bytes, Unread>
    where
        B: hyper::body::Body<Data = Bytes> + Unpin,
    {
        let (mut body, mut came, mut kept) = (body, 0, Ok((Vec::new(), Held::default())));
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            came += data.len();
            if came > largest {
                return Err(Unread::TooLarge);
            }
            // Where there is no room the rest is read all the same, and not kept: a client that is still sending would
            // not see the answer.
            kept = kept.and_then(|(mut read, mut held)| {
                self.hold(&mut held, data.len())?;
                read.extend_from_slice(&data);
                Ok((read, held))
            });
        }
        kept.map(|(read, held)| holding(read.into(), held)).map_err(|Full| Unread::Full)
    }

    /// An answer that is held until it is taken, or its connection ends.
    pub async fn answer(&self, response: Response<Body>) -> Response<Body> {
        let (head, body) = response.into_parts();
        // Whole already: no handler streams.
        let Ok(body) = body.collect().await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let (body, mut held) = (body.to_bytes(), Held::default());
        if body.len() <= SMALL {
            return Response::from_parts(head, Body::from(body));
        }
        match self.hold(&mut held, body.len()) {
            Ok(()) => Response::from_parts(head, Body::from(holding(body, held))),
            Err(Full) => full(),
        }
    }
}

/// What is said where there is no room.
pub fn full() -> Response<Body> {
    let text = "as much as may be is held for others: try again in a moment\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], text).into_response()
}

/// Bytes that give their room back when the last of them is dropped.
fn holding(bytes: Bytes, held: Held) -> Bytes {
    struct Holding {
        bytes: Bytes,
        _held: Held,
    }

    impl AsRef<[u8]> for Holding {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }

    Bytes::from_owner(Holding { bytes, _held: held })
}

#[cfg(test)]
mod tests {
    use http_body_util::Full as Whole;

    use super::*;

    #[test]
    fn what_is_held_is_held_together_and_given_back_with_the_last_byte() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let room = Room::new(10_000);
            let body = |bytes: usize| Whole::new(Bytes::from(vec![b'x'; bytes]));
            let first = room.read(body(6_000), 8_000).await.unwrap();
            assert_eq!(room.read(body(6_000), 8_000).await, Err(Unread::Full));
            assert_eq!(room.read(body(8_001), 8_000).await, Err(Unread::TooLarge));
            let second = room.read(body(4_000), 8_000).await.unwrap();
            let rest = first.slice(5_000..);
            drop(first);
            assert_eq!(room.answer(vec![0; 6_000].into_response()).await.status(), StatusCode::SERVICE_UNAVAILABLE);
            // Little is always there.
            assert_eq!(room.answer("little".into_response()).await.status(), StatusCode::OK);
            drop((rest, second));
            let large = room.answer(vec![0; 60_000].into_response()).await;
            assert_eq!(large.status(), StatusCode::OK, "larger than the room, and alone");
            assert_eq!(room.answer(vec![0; 6_000].into_response()).await.status(), StatusCode::SERVICE_UNAVAILABLE);
            drop(large);
            assert_eq!(room.answer(vec![0; 10_000].into_response()).await.status(), StatusCode::OK);
        });
    }
}
