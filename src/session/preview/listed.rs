//! `--refresh`: the newest posts that accounts show, and small pictures of them. Nothing is recorded.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use igsync_apply::Halt;
use igsync_base::feed::LivePost;
use igsync_base::id::AccountName;
use igsync_base::net::is_loopback;
use igsync_instagram::Client;
use igsync_media::convert::{Shot, thumbnails_of};
use igsync_model::config::Account;
use igsync_model::preview::{Shots, Still};
use igsync_ports::{Body, Method, Request, Transport};
use url::Url;

use super::super::connect::{Connector, identify};
use super::super::credentials;
use super::super::failure::Failure;
use super::super::ports::Ports;
use super::super::project::{Owner, Owners, Project};
use super::Drawn;

/// A larger picture is not read: Instagram's own are below one megabyte. In bytes.
const MOST: u64 = 8 << 20;
/// For one picture.
const PATIENCE: Duration = Duration::from_secs(20);

/// What accounts show.
#[derive(Default)]
pub(crate) struct Listed {
    /// The newest hundred of each account that answered, newest first.
    pub posts: BTreeMap<AccountName, Vec<LivePost>>,
    /// Whose tokens were asked.
    pub owners: Owners,
    /// Accounts that could not be asked, and why.
    pub halted: Vec<(AccountName, Halt)>,
    /// Whether the API is on this machine; its files are, too.
    is_loopback: bool,
}

/// Asks accounts for their newest posts: two or three reads each.
pub(crate) async fn listed<'a>(
    accounts: impl Iterator<Item = &'a Account>,
    project: &Project,
    ports: &Ports,
) -> Result<Listed, Failure> {
    let connector = Connector::open(project, ports).await?;
    let mut listed = Listed::default();
    for account in accounts {
        match of(account, project, &connector, ports).await {
            Ok((client, owner, mut rows)) => {
                listed.is_loopback |= client.endpoint().is_loopback();
                for row in &mut rows {
                    hide_secrets(row, &client);
                }
                listed.posts.insert(account.name.clone(), rows);
                listed.owners.insert(account.name.clone(), owner);
            }
            Err(halt) => listed.halted.push((account.name.clone(), halt)),
        }
    }
    Ok(listed)
}

async fn of(
    account: &Account,
    project: &Project,
    connector: &Connector,
    ports: &Ports,
) -> Result<(Client, Owner, Vec<LivePost>), Halt> {
    let client = connector.client(account, project, ports).await?;
    let expected = project.user_of(account);
    let refused = |error| credentials::refused(account, &client, &error);
    let owner = if let (true, Some(user_id)) = (project.sandbox, &expected) {
        // The in-process sandbox's token is everyone's.
        Owner { user_id: user_id.clone(), username: None }
    } else {
        let identity = identify(&client, account, expected.as_ref()).await.map_err(&refused)??;
        Owner { user_id: identity.user_id, username: identity.username }
    };
    let feed = client.feed(&owner.user_id, None, 1).await.map_err(&refused)?;
    Ok((client, owner, feed.posts))
}

/// Whatever a server puts into its texts: no token is shown.
fn hide_secrets(post: &mut LivePost, client: &Client) {
    for text in [&mut post.caption, &mut post.alt_text, &mut post.permalink].into_iter().flatten() {
        *text = client.without_secrets(text);
    }
}

/// Small pictures of what accounts show. One that cannot be had is not there.
pub(crate) async fn fetch(shots: &Shots, listed: &Listed, ports: &Ports, drawn: &mut Drawn) -> Result<(), Failure> {
    let mut links: Vec<(&Still, &Arc<str>, &Vec<Shot>)> = shots
        .iter()
        .filter_map(|(still, shots)| match still {
            Still::Listed(link) => Some((still, link, shots)),
            _ => None,
        })
        .collect();
    if links.is_empty() {
        return Ok(());
    }
    links.sort_by_key(|(_, link, _)| Arc::clone(link));
    let transport = ports.open_transport()?;
    for (still, link, shots) in links {
        let Some(bytes) = get(link, listed.is_loopback, &*transport).await else { continue };
        // What a host sends is a picture, or nothing.
        if let Ok(pictures) = thumbnails_of(&bytes, None, shots) {
            drawn.extend(shots.iter().zip(pictures).map(|(shot, picture)| ((still.clone(), shot.clone()), picture)));
        }
    }
    Ok(())
}

async fn get(link: &str, is_loopback_api: bool, transport: &dyn Transport) -> Option<Vec<u8>> {
    let url = Url::parse(link).ok()?;
    let is_here = is_loopback(&url);
    if is_here != is_loopback_api || !is_here && url.scheme() != "https" {
        return None;
    }
    let request = Request {
        method: Method::Get,
        url,
        headers: vec![("accept", "image/jpeg".to_owned())],
        body: Body::Empty,
        timeout: PATIENCE,
        answer_limit: MOST,
    };
    let mut bytes = Vec::new();
    let mut sink = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        if bytes.len() as u64 > MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let fetched = transport.fetch(request, &mut sink).await.ok()?;
    (fetched.head.status == 200 && fetched.body.is_ok() && bytes.len() as u64 <= MOST).then_some(bytes)
}
