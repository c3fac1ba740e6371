//! Dated posts against the schedule of their account: what `min_gap` and `skip` say of the others.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::media::Spot;
use super::schema::Post;
use crate::config::{Account, Config};
use igsync_base::id::{AccountName, Kind};
use igsync_base::rules;
use igsync_media::rules::Broken;

/// A post that is dated on a day on which its account wants none.
pub fn check_day(post: &Post, account: &Account) -> Option<(Spot<'static>, Broken)> {
    let zone = account.timezone.clone().unwrap_or(TimeZone::UTC);
    let day = zone.to_datetime(post.publish_at?).date();
    account.schedule.is_skipped(day).then(|| {
        let broken = Broken::new(
            &rules::ON_SKIPPED_DAY,
            "this day is one of `schedule.skip`",
            day.to_string(),
            "choose another day; a dated post is published anyway",
        );
        (Spot::Field("publish_at"), broken)
    })
}

/// Of dated posts that are still to be published, those that follow another one of their account sooner than its
/// `min_gap`; each by its place. Stories keep no gap.
pub fn too_close<'a>(
    posts: impl Iterator<Item = (usize, &'a Post)>,
    config: &Config,
) -> Vec<(usize, (Spot<'static>, Broken))> {
    let mut by_account: BTreeMap<&AccountName, Vec<(usize, &Post)>> = BTreeMap::new();
    for (place, post) in posts {
        if post.publish_at.is_some() && !post.draft && post.imported.is_none() && post.content.kind != Kind::Story {
            by_account.entry(&post.account).or_default().push((place, post));
        }
    }
    let mut found = Vec::new();
    for (name, mut dated) in by_account {
        let gap = config.account(name).map_or(Duration::ZERO, |account| account.schedule.min_gap);
        if gap.is_zero() {
            continue;
        }
        dated.sort_by_key(|(_, post)| (post.publish_at, &post.key));
        for pair in dated.windows(2) {
            let [(_, before), (place, post)] = pair else { continue };
            let (Some(first), Some(second)) = (before.publish_at, post.publish_at) else { continue };
            let apart = Duration::try_from(second.duration_since(first)).unwrap_or_default();
            if apart < gap {
                let broken = Broken::new(
                    &rules::WITHIN_MIN_GAP,
                    format!("{} after {}, and `schedule.min_gap` is {}", span(apart), before.key, span(gap)),
                    "too soon",
                    "choose another time; a dated post is never moved",
                );
                found.push((*place, (Spot::Field("publish_at"), broken)));
            }
        }
    }
    found
}

/// `1 h 59 min`
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
