//! From container to post: what may be published, and when it may not.

use super::super::container::{Container, Marks, Media, Role};
use super::super::error::{CONTAINER_GONE, CONTAINER_NOT_FOUND, NOT_READY, PARAMETER, QUOTA, Refusal, TRIAL_LIMIT};
use super::super::seed::Seed;
use super::super::switches::PublishTwice;
use super::super::time::{DAY, Millis};
use super::{Changed, FIRST_MEDIA, STRIDE, World, next};
use igsync_base::id::Kind;
use igsync_instagram::wire::StatusCode;
use serde_json::Map;

impl World {
    /// Posts of the last 24 hours, and how many of them the reported usage already counts.
    pub(crate) fn usage(&self, user_id: &str, now: Millis) -> (usize, usize) {
        let stories = self.settings.quota_counts_stories;
        let recent = self
            .media_of(user_id)
            .take_while(|media| media.published_at > now - DAY)
            .filter(|media| stories || media.kind != Some(Kind::Story))
            // What was put there was not published through the API.
            .filter(|media| !media.seed.seeded);
        let lag = self.settings.quota_lag_ms;
        recent.fold((0, 0), |(all, seen), media| (all + 1, seen + usize::from(media.published_at + lag <= now)))
    }

    /// Trial reels of the last 24 hours.
    fn trials(&self, user_id: &str, now: Millis) -> usize {
        let recent = self.media_of(user_id).take_while(|media| media.published_at > now - DAY);
        recent.filter(|media| media.params.contains_key("trial_params")).count()
    }

    /// The one call that cannot be undone. A container becomes a post once at most.
    pub(crate) fn publish(&mut self, user_id: &str, id: u64, marks: &Marks, now: Millis) -> Result<u64, Refusal> {
        let settings = self.settings.clone();
        let usage = self.usage(user_id, now).0;
        let container = self.containers.get_mut(&id).filter(|container| container.user_id == user_id);
        let container = container.ok_or(&CONTAINER_NOT_FOUND)?;
        container.publish_calls += 1;
        container.marks.not_ready_publishes += marks.not_ready_publishes;
        self.changed.insert(Changed::Container(id));
        let container = container.clone();
        match self.phase(&container, now).code {
            StatusCode::Published => return Err(twice(settings.publish_twice)),
            StatusCode::Expired => return Err((&CONTAINER_GONE).into()),
            StatusCode::InProgress => return Err((&NOT_READY).into()),
            StatusCode::Error => {
                return Err(NOT_READY.because("The media could not be processed and cannot be published"));
            }
            StatusCode::Finished => {}
        }
        let Role::Post(kind) = container.role else {
            return Err(PARAMETER.because("(#100) A carousel item cannot be published by itself"));
        };
        if usage >= settings.quota_total {
            return Err((&QUOTA).into());
        }
        if container.params.contains_key("trial_params") && self.trials(user_id, now) >= settings.trial_quota {
            return Err((&TRIAL_LIMIT).into());
        }
        if container.marks.not_ready_publishes > 0 {
            if let Some(container) = self.containers.get_mut(&id) {
                container.marks.not_ready_publishes -= 1;
            }
            return Err((&NOT_READY).into());
        }
        Ok(self.make_public(&container, kind, marks.hide_ms.max(container.marks.hide_ms), now))
    }

    fn make_public(&mut self, container: &Container, kind: Kind, hide: Millis, now: Millis) -> u64 {
        let id = next(&self.media, FIRST_MEDIA);
        let children: Vec<Container> =
            container.children.iter().filter_map(|id| self.containers.get(id)).cloned().collect();
        let listed_at = now + hide.max(self.settings.listing_lag_ms);
        let mut post = media_of(container, id, Some(kind), now, listed_at);
        for (child, id) in children.iter().zip((1..).map(|n| id + n * STRIDE)) {
            post.children.push(id);
            self.add_media(media_of(child, id, None, now, listed_at));
        }
        self.add_media(post);
        for used in std::iter::once(container.id).chain(container.children.iter().copied()) {
            if let Some(used) = self.container_mut(used) {
                used.media_id = Some(id);
            }
        }
        id
    }
}

fn media_of(container: &Container, id: u64, kind: Option<Kind>, now: Millis, listed_at: Millis) -> Media {
    Media {
        id,
        user_id: container.user_id.clone(),
        container: container.id,
        kind,
        media_type: container.media_type,
        caption: container.caption.clone(),
        children: Vec::new(),
        params: container.params.clone(),
        stored: container.stored.clone(),
        cover: container.cover.clone(),
        published_at: now,
        listed_at,
        comment_enabled: true,
        deleted: false,
        unreadable: container.marks.unreadable,
        seed: Seed::default(),
        metrics: Map::new(),
    }
}

/// Meta documents nothing here, so by default the answer does not even say that the post is live.
fn twice(choice: PublishTwice) -> Refusal {
    match choice {
        PublishTwice::NotFound => (&CONTAINER_NOT_FOUND).into(),
        PublishTwice::NotReady => (&NOT_READY).into(),
        PublishTwice::Invalid => PARAMETER.because("(#100) The media has already been published"),
    }
}
