//! One process under one name on one machine.
//!
//! Two workers with the same group and instance fence each other. On one machine that is noticed before it happens: `run`
//! holds a socket in Linux's abstract namespace whose name is made of brokers, group and instance, and ends where another
//! process has it. The kernel frees it with the process, however that ends, and nothing is left on a disk. Exactly once
//! does not rest on it: a process on another machine, or in another container, is fenced by Kafka.

use std::io;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::config::Stream;
use copydesk_core::text::hex;

/// A process that was killed may take so long to be gone.
const ENDING: Duration = Duration::from_secs(3);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether a process may run under its name.
#[derive(Debug)]
pub enum InstanceLock {
    /// It may, for as long as this is kept.
    Held(LockSocket),
    /// Another process on this machine runs under it.
    Taken,
    /// This system can't tell, and why.
    Unknown(io::Error),
}

/// Takes the name of a worker for this process. Waits for one that is just ending.
pub fn acquire(stream: &Stream) -> InstanceLock {
    let end = Instant::now() + ENDING;
    loop {
        match LockSocket::take(&name(stream)) {
            Ok(hold) => return InstanceLock::Held(hold),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if Instant::now() >= end {
                    return InstanceLock::Taken;
                }
                std::thread::sleep(PAUSE);
            }
            Err(error) => return InstanceLock::Unknown(error),
        }
    }
}

/// Does a worker run under this name on this machine? Asks without taking it.
pub fn is_held(stream: &Stream) -> bool {
    LockSocket::is_taken(&name(stream))
}

/// The brokers in any order are the same cluster.
fn name(stream: &Stream) -> String {
    let mut brokers: Vec<String> = stream.brokers.split(',').map(|broker| broker.trim().to_lowercase()).collect();
    brokers.sort();
    brokers.dedup();
    let mut hash = Sha256::new();
    for part in [brokers.join(",").as_str(), &stream.group, &stream.instance] {
        // Each with its length, so that no two sets of parts are the same bytes.
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    format!("copydesk-{}", hex::encode(&hash.finalize()))
}

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    /// The socket; the name is free when this is dropped.
    #[derive(Debug)]
    pub struct LockSocket(#[expect(dead_code, reason = "it is kept, never used")] UnixDatagram);

    impl LockSocket {
        pub(super) fn take(name: &str) -> io::Result<LockSocket> {
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name)?).map(LockSocket)
        }

        pub(super) fn is_taken(name: &str) -> bool {
            let connect = || UnixDatagram::unbound()?.connect_addr(&SocketAddr::from_abstract_name(name)?);
            connect().is_ok()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;

    /// Nothing: only Linux has names that the kernel frees.
    #[derive(Debug)]
    pub struct LockSocket;

    impl LockSocket {
        pub(super) fn take(_name: &str) -> io::Result<LockSocket> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }

        pub(super) fn is_taken(_name: &str) -> bool {
            false
        }
    }
}

pub use system::LockSocket;
