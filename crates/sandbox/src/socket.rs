//! Sockets that can be closed without an answer, and a port that can be closed for a while: what an
//! HTTP library never does by itself.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::machine::locked;
use igsync_ports::Clock;

/// Whether anyone listens.
#[derive(Debug, Default)]
pub(crate) struct Port {
    /// To be closed for so long.
    close: Mutex<Option<Duration>>,
    wake: Notify,
    /// Connections of an earlier count are dead.
    closings: AtomicU64,
}

impl Port {
    /// Drops every connection and refuses new ones for a while.
    pub(crate) fn close(&self, time: Duration) {
        *locked(&self.close) = Some(time);
        self.closings.fetch_add(1, Ordering::AcqRel);
        self.wake.notify_one();
    }
}

/// Cuts one connection: its next read or write fails, which ends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scissors {
    cut: Arc<AtomicBool>,
    port: Arc<Port>,
    closings: u64,
}

impl Scissors {
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }

    fn check(&self) -> io::Result<()> {
        let closed = self.port.closings.load(Ordering::Acquire) != self.closings;
        if closed || self.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

pub(crate) struct Socket {
    stream: TcpStream,
    scissors: Scissors,
}

pub(crate) struct Sockets {
    /// `None` while the port is closed.
    listener: Option<TcpListener>,
    address: SocketAddr,
    port: Arc<Port>,
    clock: Arc<dyn Clock>,
}

impl Sockets {
    pub(crate) fn new(listener: TcpListener, port: Arc<Port>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Ok(Self { address: listener.local_addr()?, listener: Some(listener), port, clock })
    }

    async fn listener(&mut self) -> &mut TcpListener {
        let time = locked(&self.port.close).take();
        if let Some(time) = time {
            self.listener = None;
            self.clock.sleep(time).await;
        }
        while self.listener.is_none() {
            self.listener = TcpListener::bind(self.address).await.ok();
            if self.listener.is_none() {
                self.clock.sleep(Duration::from_millis(20)).await;
            }
        }
        self.listener.as_mut().expect("the loop ends with a listener")
    }
}

impl Listener for Sockets {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            let port = Arc::clone(&self.port);
            let listener = self.listener().await;
            let (stream, address) = tokio::select! {
                accepted = Listener::accept(listener) => accepted,
                () = port.wake.notified() => continue,
            };
            // Small answers must not wait for each other; without it they only come later.
            let _ = stream.set_nodelay(true);
            let closings = port.closings.load(Ordering::Acquire);
            return (Socket { stream, scissors: Scissors { cut: Arc::default(), port, closings } }, address);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, Sockets>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Sockets>) -> Self {
        stream.io().scissors.clone()
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
