//! Looking for posts that are live already, before anybody has agreed to publish them. Records nothing.

use std::sync::Arc;

use crate::graph::Media;
use crate::id::PostKey;
use crate::manifest::Post;
use crate::plan::Sighting;

use super::account::AccountRun;
use super::live::{self, Live, Seen};
use super::stop::Stop;

impl AccountRun {
    /// Compares posts that are about to go out with the account's listing, as the live check right before
    /// publishing does.
    pub async fn sightings(&self, posts: &[Arc<Post>]) -> Result<Vec<(PostKey, Sighting)>, Stop> {
        if posts.is_empty() {
            return Ok(Vec::new());
        }
        let (look, claimed) = (self.listing().await?, self.claimed());
        let seen = |post: &Arc<Post>| {
            let attempts = self.shared.attempts(&self.user_id, &post.key);
            let rivals: Vec<&Post> = posts.iter().filter(|other| other.key != post.key).map(|other| &**other).collect();
            let claimants = self.claimants(&post.key);
            let seen = Seen { look: &look, claimed: &claimed, claimants: &claimants, rivals: &rivals };
            let sighting = match live::check(post, &attempts, &seen, &*self.added_at) {
                Live::Absent | Live::Contested => return None,
                Live::Adopt(media) => Sighting::Live { link: link(media) },
                Live::Maybe(media) => Sighting::Maybe { links: media.into_iter().map(link).collect() },
            };
            Some((post.key.clone(), sighting))
        };
        Ok(posts.iter().filter_map(seen).collect())
    }
}

fn link(media: &Media) -> String {
    media.permalink.clone().unwrap_or_else(|| media.id.to_string())
}
