//! A connection whose other side has to take what it asked for: who takes nothing for a while, or takes an answer too
//! slowly, loses the connection, and with it what was held for it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};

/// How long nothing of an answer may be taken.
pub const STALL: Duration = Duration::from_secs(10);
/// How long taking a whole answer may last: the largest is taken at 300 kB a second.
pub const WHOLE: Duration = Duration::from_secs(30);
/// Bytes that the kernel takes over for a connection. What is there is out of this program's sight, and counts as memory
/// of its container.
const KERNEL: usize = 256 << 10;

/// Bounds what the kernel keeps for each connection that this listener will accept.
pub fn bound(listener: &TcpListener) {
    // Where the kernel refuses, its own bound holds.
    let _ = SockRef::from(listener).set_send_buffer_size(KERNEL);
}

/// A connection.
pub struct Impatient {
    stream: TcpStream,
    /// Since when there is something to be taken.
    began: Option<Instant>,
    /// Since when nothing of it was taken.
    stalled: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl Impatient {
    /// Takes a connection over.
    pub fn new(stream: TcpStream) -> Impatient {
        // The kernel's part: what it still has when the connection is closed here is not kept for ever either.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(WHOLE));
        Impatient { stream, began: None, stalled: None, alarm: Box::pin(tokio::time::sleep(WHOLE)) }
    }

    fn written(&mut self, result: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        let late = match result {
            Poll::Pending => {
                let stalled = *self.stalled.get_or_insert(now);
                self.alarm.as_mut().reset((stalled + STALL).min(began + WHOLE));
                self.alarm.as_mut().poll(context).is_ready()
            }
            Poll::Ready(Ok(_)) => {
                self.stalled = None;
                now > began + WHOLE
            }
            Poll::Ready(Err(_)) => false,
        };
        if !late {
            return result;
        }
        // Closed with a reset, so that the kernel drops what it has.
        let _ = self.stream.set_zero_linger();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has written everything it had.
        (self.began, self.stalled) = (None, None);
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
