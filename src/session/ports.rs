//! The doors to what is outside the process.

use std::sync::Arc;

use crate::apply::StopSignal;
use crate::config::Env;
use crate::exit::Exit;
use crate::port::{Clock, Disk, Transport, TransportError};

use super::failure::Failure;

/// The doors to what is outside: files, time, network, environment. Nothing is shown through them.
pub struct Ports {
    pub disk: Arc<dyn Disk>,
    pub clock: Arc<dyn Clock>,
    /// Made only where it is needed: a plan stays offline.
    pub transport: Box<dyn Fn() -> Result<Arc<dyn Transport>, TransportError> + Send + Sync>,
    pub env: Env,
    pub stop: StopSignal,
    /// Where attempt ids come from.
    pub seed: u64,
}

impl Ports {
    /// The way to the network.
    pub(crate) fn open_transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        (self.transport)().map_err(|error| Failure::message(Exit::Failure, error, "check the proxy and TLS settings"))
    }
}
