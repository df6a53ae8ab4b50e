//! `copydesk health`: queries a running worker, for container health checks without a shell.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::{exit, note, say};
use crate::config::Settings;

/// Asks the admin port of a worker on this machine whether it is live.
///
/// Exit code 0: it is live (/livez), or with --ready: it is ready (/readyz). 69: it is not, or nothing listens. The address
/// is that of the configuration (`admin`, --admin).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ask /readyz instead of /livez.
    #[arg(long)]
    ready: bool,
}

/// Asks once, for at most three seconds.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Some(address) = settings.admin else {
        note(format_args!("copydesk: `admin.listen` is `off`: set it, or pass --admin"));
        return Ok(ExitCode::from(exit::USAGE));
    };
    let path = if args.ready { "/readyz" } else { "/livez" };
    match ask(reachable(address), path) {
        Ok((true, body)) => {
            say(format_args!("{}", body.trim_end()));
            Ok(ExitCode::from(exit::OK))
        }
        Ok((false, body)) => {
            note(format_args!("{}", body.trim_end()));
            Ok(ExitCode::from(exit::UNAVAILABLE))
        }
        Err(error) => {
            note(format_args!("copydesk: can't ask `{address}`: {error}"));
            Ok(ExitCode::from(exit::UNAVAILABLE))
        }
    }
}

/// A server that listens on every address is asked on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<(bool, String)> {
    let timeout = Duration::from_secs(3);
    let mut connection = TcpStream::connect_timeout(&address, timeout)?;
    connection.set_read_timeout(Some(timeout))?;
    connection.set_write_timeout(Some(timeout))?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    connection.take(1 << 20).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok((head.starts_with("HTTP/1.1 200"), body.to_owned()))
}
