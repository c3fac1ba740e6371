//! The sandbox that a run carries with it.

use std::sync::Arc;

use crate::exit::Exit;
use igsync_ports::Transport;
use igsync_sandbox::{self as sandbox, Sandbox};

use super::super::failure::Failure;
use super::super::ports::Ports;
use super::super::project::Project;

/// A sandbox in this process on a free port.
pub(crate) struct Served {
    sandbox: Sandbox,
    address: std::net::SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Served {
    pub(super) async fn start(
        project: &Project,
        ports: &Ports,
        transport: &Arc<dyn Transport>,
    ) -> Result<Self, Failure> {
        let users = project.config.accounts.iter().filter_map(|account| {
            let name = account.username.clone().unwrap_or_else(|| account.name.to_string());
            Some((account.user_id.clone()?, name))
        });
        let options = sandbox::Options {
            data: Some(project.paths.folder.clone()),
            extra_accounts: users.collect(),
            ..sandbox::Options::quick()
        };
        let sandbox = Sandbox::new(&options, Arc::clone(&ports.disk), Arc::clone(&ports.clock))
            .map_err(|error| Failure::of_file(&error, &error, "remove .igsync/sandbox to start over"))?
            .fetching_through(Arc::clone(transport));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(|error| Failure::message(Exit::Failure, error, "the sandbox needs a free port on 127.0.0.1"))?;
        let address = listener.local_addr().map_err(|error| Failure::message(Exit::Failure, error, "try again"))?;
        let serving = sandbox.clone();
        let task = tokio::spawn(async move {
            let _ = serving.serve(listener).await;
        });
        Ok(Self { sandbox, address, task })
    }

    pub(super) fn base(&self) -> url::Url {
        url::Url::parse(&format!("http://{}/", self.address)).expect("an address and a port make a URL")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
        // Its connections may outlive this, and the process ends without them.
        self.sandbox.flush();
    }
}
