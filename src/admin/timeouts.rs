//! Timeouts of writing: a client that takes nothing of an answer for a while, or takes it too slowly, loses its connection,
//! and the memory held for it is released.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};

/// How long a client may take nothing of an answer.
pub const STALL: Duration = Duration::from_secs(10);
/// How long taking a whole answer may last; the largest one needs 300 kB a second.
pub const WHOLE: Duration = Duration::from_secs(30);
/// Size of the kernel's send buffer of a connection, which counts as memory of the container.
const KERNEL: usize = 256 << 10;

/// Bounds the kernel's send buffer of each connection that this listener accepts.
pub fn bound_send_buffers(listener: &TcpListener) {
    // Where the kernel refuses, its own bound holds.
    let _ = SockRef::from(listener).set_send_buffer_size(KERNEL);
}

/// A connection with timeouts of writing.
pub struct WriteTimeout {
    stream: TcpStream,
    /// Since when there is something to write.
    began: Option<Instant>,
    /// Since when nothing could be written.
    stalled: Option<Instant>,
    deadline: Pin<Box<Sleep>>,
}

impl WriteTimeout {
    /// Wraps a connection.
    pub fn new(stream: TcpStream) -> WriteTimeout {
        // Bounds the time for which the kernel keeps unsent bytes of a connection that is closed here.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(WHOLE));
        WriteTimeout { stream, began: None, stalled: None, deadline: Box::pin(tokio::time::sleep(WHOLE)) }
    }

    fn written(&mut self, result: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        let late = match result {
            Poll::Pending => {
                let stalled = *self.stalled.get_or_insert(now);
                self.deadline.as_mut().reset((stalled + STALL).min(began + WHOLE));
                self.deadline.as_mut().poll(context).is_ready()
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
        // A reset, so that the kernel drops its unsent bytes.
        let _ = self.stream.set_zero_linger();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for WriteTimeout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for WriteTimeout {
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
        // hyper flushes when it has written the whole answer.
        (self.began, self.stalled) = (None, None);
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
