//! The doors to what is outside the process.

use std::sync::{Arc, Mutex, PoisonError};

use crate::exit::Exit;
use igsync_apply::StopSignal;
use igsync_base::files::Disk;
use igsync_model::config::Env;
use igsync_ports::{Clock, Transport, TransportError};

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
    pub random: Random,
}

/// The one source of a process's random numbers: each generator that it gives out goes its own way.
pub struct Random(Mutex<fastrand::Rng>);

impl Random {
    /// A source that gives the same generators for the same seed, one after the other.
    pub fn with_seed(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A generator that shares nothing with those given out before.
    pub(crate) fn generator(&self) -> fastrand::Rng {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }
}

impl Ports {
    /// The way to the network.
    pub(crate) fn open_transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        (self.transport)().map_err(|error| Failure::message(Exit::Failure, error, "check the proxy and TLS settings"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_generators_of_a_process_give_the_same_numbers() {
        let source = Random::with_seed(7);
        let mut generators = [source.generator(), source.generator(), source.generator()];
        let numbers: HashSet<u64> = generators
            .iter_mut()
            .flat_map(|generator| std::iter::repeat_with(|| generator.u64(..)).take(1000))
            .collect();
        assert_eq!(numbers.len(), 3000);
    }
}
