//! An emulator of Instagram's publishing API: both logins, real reading of media, a clock of its own.
//!
//! Everything it knows is one `World`, a pure state machine; HTTP, faults, files and pages
//! are layers around it. Of the rest of the program it shares only [`igsync_instagram::wire`] and
//! [`igsync_media::probe`].

mod account;
mod auth;
mod batch;
mod call;
mod container;
mod control;
mod door;
mod draft;
mod edges;
mod error;
mod fault;
mod fields;
mod insights;
mod limits;
mod log;
mod machine;
mod options;
mod page;
mod page_of;
mod params;
mod persist;
mod proof;
mod range;
mod respond;
mod rules;
mod seed;
mod server;
mod socket;
mod store;
mod switches;
#[cfg(test)]
mod tests;
mod time;
mod token;
mod uploads;
mod view;
mod world;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};

pub use control::{Published, PublishedChild};
pub use fault::{Fault, Match, Plan as FaultPlan, parse as parse_faults};
pub use log::Entry as RequestEntry;
pub use machine::Keys;
pub use options::{Options, Processing};
pub use persist::Error;
pub use respond::Cut;
pub use switches::{Profile, PublishTwice, Settings};

use self::account::Account;
use self::log::Log;
use self::machine::{Core, locked};
use self::persist::Persist;
use self::server::Server;
use self::socket::{Scissors, Sockets};
use self::store::Store;
use self::uploads::Uploads;
use self::world::World;
use igsync_base::files::{Disk, refuse_links};
use igsync_ports::{Clock, Transport};

/// Always valid, for both logins and every account: the token of an in-process run.
pub const TOKEN: &str = "SANDBOX";

/// A running emulator; clones are the same one.
#[derive(Clone)]
pub struct Sandbox(Arc<Server>);

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sandbox")
    }
}

impl Sandbox {
    /// Starts a sandbox, or continues with the one whose state lies in `options.data`.
    ///
    /// # Errors
    ///
    /// The data folder cannot be used, or its state is damaged.
    pub fn new(options: &Options, disk: Arc<dyn Disk>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let media = options.data.as_ref().map(|folder| folder.join("media"));
        if let Some((folder, path)) = options.data.as_ref().zip(media.as_ref()) {
            // What cannot be read or written later is left out there without a word.
            let usable = refuse_links(&*disk, folder).and_then(|()| disk.create_folder(path));
            usable.map_err(|source| Error::Io { path: path.clone(), source })?;
        }
        let mut world = World::new(options.settings(), clock.now().as_millisecond());
        let persist = Persist::new(options.data.as_ref(), Arc::clone(&disk));
        persist.load(&mut world)?;
        for (user_id, username) in &options.extra_accounts {
            world.add_account(Account::extra(user_id.as_str(), username));
        }
        let uploads = Uploads::new(options.data.as_ref().map(|folder| folder.join("uploads")), Arc::clone(&disk));
        world.resume_uploads(|container| uploads.restore(container));
        let log = Log::new(options.data.as_ref().map(|folder| folder.join("requests.jsonl")), Arc::clone(&disk));
        let core = Core {
            world: Mutex::new(world),
            faults: Mutex::default(),
            log: Mutex::new(log),
            uploads,
            store: Store::new(media, disk),
            persist,
            clock,
            fetcher: None,
            keys: None,
        };
        Ok(Self(Arc::new(Server::new(core))))
    }

    /// Fetches media that are not its own through `fetcher`; without one, no such URL can be fetched.
    #[must_use]
    pub fn fetching_through(self, fetcher: Arc<dyn Transport>) -> Self {
        self.with(|core| core.fetcher = Some(fetcher))
    }

    /// Shows with each post what its client calls it.
    #[must_use]
    pub fn showing_keys(self, keys: Keys) -> Self {
        self.with(|core| core.keys = Some(keys))
    }

    fn with(self, change: impl FnOnce(&mut Core)) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(mut server) => {
                change(&mut server.core);
                Self(Arc::new(server))
            }
            // Already shared: too late to change.
            Err(shared) => Self(shared),
        }
    }

    /// Every path of the emulator, for requests with a `Host` of this machine. Where a fault wants no answer, the response carries a [`Cut`]
    /// among its extensions; [`Sandbox::serve`] then closes the socket.
    pub fn router(&self) -> Router {
        let server = Arc::clone(&self.0);
        Router::new().fallback(move |request: Request| Arc::clone(&server).handle(request))
    }

    /// Serves until dropped.
    ///
    /// # Errors
    ///
    /// The listener has no address.
    pub async fn serve(self, listener: tokio::net::TcpListener) -> io::Result<()> {
        let server = self.0;
        let sockets = Sockets::new(listener, Arc::clone(&server.port), Arc::clone(&server.core.clock))?;
        let router = Router::new().fallback(move |ConnectInfo(scissors): ConnectInfo<Scissors>, request: Request| {
            // A task of its own: what a client asked for happens even when the client is gone.
            let handled = tokio::spawn(Arc::clone(&server).handle(request));
            async move {
                match handled.await {
                    Ok(response) => {
                        if response.extensions().get::<Cut>().is_some() {
                            scissors.cut();
                        }
                        response
                    }
                    Err(_) => respond::raw(500, "text/plain", "the sandbox failed", 0),
                }
            }
        });
        axum::serve(sockets, router.into_make_service_with_connect_info::<Scissors>()).await
    }

    /// All posts in publish order, effects that are due included.
    pub async fn published(&self) -> Vec<Published> {
        self.0.run_late().await;
        control::published(&self.0.core.world())
    }

    /// Puts posts into a feed as `POST /_sandbox/posts` does; their ids.
    ///
    /// # Errors
    ///
    /// A sentence about the first entry that makes no sense.
    pub fn seed(&self, posts: &serde_json::Value) -> Result<Vec<String>, String> {
        control::seed(&self.0, posts).map_err(|(_, why)| why)
    }

    /// Changes a live post as `POST /_sandbox/posts/{id}` does.
    ///
    /// # Errors
    ///
    /// There is no such post, or no such change.
    pub fn change(&self, id: &str, change: &serde_json::Value) -> Result<(), String> {
        control::change(&self.0, id, change).map_err(|(_, why)| why)
    }

    /// The API calls that came in, oldest first.
    pub fn requests(&self) -> Vec<RequestEntry> {
        locked(&self.0.core.log).entries()
    }

    /// All bytes that came to the upload host so far, those of broken connections too.
    #[must_use]
    pub fn uploaded_bytes(&self) -> u64 {
        self.0.core.uploads.arrived()
    }

    /// Writes the API calls that are not yet in the list on disk.
    pub fn flush(&self) {
        locked(&self.0.core.log).flush();
    }

    pub fn add_fault(&self, plan: FaultPlan) {
        locked(&self.0.core.faults).add(plan);
    }

    /// Moves the sandbox's clock ahead.
    ///
    /// # Errors
    ///
    /// The state cannot be written.
    pub fn advance(&self, by: Duration) -> io::Result<()> {
        self.0.core.world().advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        self.0.core.persist.save(&self.0.core.world)
    }

    /// Changes switches of the running sandbox.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.0.core.world().settings);
    }

    /// The sandbox's own time.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0.core.now()).unwrap_or(jiff::Timestamp::MAX)
    }

    /// The world at start, for people: accounts and tokens.
    pub fn welcome(&self) -> String {
        let world = self.0.core.world();
        let accounts = world
            .accounts()
            .iter()
            .map(|a| format!("  {} @{} (app-scoped {}, page {})\n", a.user_id, a.username, a.scoped_id, a.page_id));
        let tokens = world.token_names().map(|name| format!("  {name}\n"));
        format!(
            "accounts:\n{}tokens:\n{}apps:\n  100000000000001:fb-app-secret\n  200000000000002:ig-app-secret\n",
            accounts.collect::<String>(),
            tokens.collect::<String>()
        )
    }
}
