//! The whole repository through each way.

use std::sync::Arc;

use igsync_host::{HttpOptions, HttpTransport, RealClock, RealDisk};
use igsync_sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::content::{self, POSTS};
use crate::project::{Project, Server};
use crate::servers::{Files, Proxy};

pub const LOGINS: [(&str, &str); 2] = [("instagram", "IGAA-LONG"), ("facebook", "EAA-LONG")];

/// A sandbox behind a front that hides its controls: local files need a real host.
pub struct Api {
    pub server: Server,
    pub front: Proxy,
}

impl Api {
    pub fn start() -> Self {
        Self::with(&Options::quick())
    }

    /// A sandbox that fetches media over the network, as Meta does.
    pub fn with(options: &Options) -> Self {
        let transport = Arc::new(HttpTransport::new(&HttpOptions::default()).unwrap());
        let sandbox = Sandbox::new(options, Arc::new(RealDisk), Arc::new(RealClock::new())).unwrap();
        let server = Server::of(sandbox.fetching_through(transport));
        let front = Proxy::hiding_controls(&server.url());
        Self { server, front }
    }

    pub fn connect(&self, project: Project, login: &str, token: &str) -> Project {
        project
            .against(&self.server, login, token)
            .env("IGSYNC_GRAPH_URL", self.front.url())
            .env("IGSYNC_UPLOAD_URL", self.front.url())
            .env("PATH", &std::env::var("PATH").unwrap())
    }

    /// Containers that were asked for.
    pub fn containers(&self) -> usize {
        let is_creation = |path: &str| path.split('?').next().unwrap_or_default().ends_with("/media");
        self.server.sandbox.requests().iter().filter(|entry| entry.method == "POST" && is_creation(&entry.path)).count()
    }
}

/// Publishes everything and checks that Meta was told addresses at `base` only; and that it stays done.
pub fn publishes_everything(api: &Api, project: &Project, base: &str) {
    project.run(["apply", "--yes"]).exits(0);
    let published = api.server.published();
    let mut kinds: Vec<&str> = published.iter().map(|post| post["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["carousel", "image", "reel", "story", "story"]);
    for address in addresses(&published) {
        assert!(address.starts_with(base) && address.is_ascii(), "{address} is not at {base}");
    }
    project.run(["apply", "--yes"]).exits(0).ends_with("No changes.");
    assert_eq!(api.server.published().len(), POSTS);
}

/// Every media address that a container was made with.
pub fn addresses(published: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let texts = published.iter().map(Value::to_string).collect::<String>();
    for (at, _) in texts.match_indices("_url\":\"") {
        let address = &texts[at + 7..];
        found.push(address[..address.find('"').unwrap()].to_owned());
    }
    assert!(!found.is_empty(), "no addresses in {texts}");
    found
}

#[test]
fn a_template_points_at_files_that_are_there() {
    for (login, token) in LOGINS {
        let api = Api::start();
        let project = content::repository_with("{ url: https://replaced.example/{path} }");
        let host = Files::of(project.path());
        content::configure(&project, &format!("{{ url: \"{}/{{path}}\" }}", host.url()));
        let project = api.connect(project, login, token);
        publishes_everything(&api, &project, host.url());
        let published = Value::from(api.server.published()).to_string();
        assert!(published.contains("/media/H%C3%A4fen%20%26%20Meer%20%231%20100%25%3F.jpg"), "{published}");
    }
}

#[test]
fn a_sandbox_on_this_machine_hosts_whatever_the_configuration_says() {
    let server = Server::start();
    let project = content::repository_with("{ command: [./never] }").against(&server, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    for address in addresses(&server.published()) {
        assert!(address.starts_with(&format!("{}/_sandbox/media/", server.url())), "{address}");
    }
}

#[test]
fn without_a_host_a_base_that_is_no_sandbox_says_so() {
    let api = Api::start();
    let project = Project::with_one_image();
    project.write("igsync.yaml", "accounts: { harbour: { user_id: \"17841400000000001\" } }\n");
    let project = api.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(3).says("is no igsync sandbox: set media.hosting");
    assert_eq!(api.containers(), 0);
}
