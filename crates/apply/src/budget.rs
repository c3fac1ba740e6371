//! How many posts may go out now: the cap of a run, the publishing quota, the containers of a day. Pure.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{Kind, PartId, UserId};
use igsync_model::lockfile::Record;
use igsync_model::manifest::Post;

use super::attempt;
use super::engine::Quota;

/// Containers per account and rolling 24 hours.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
const CONTAINERS: usize = 400;

/// The window of both limits where Meta did not say.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What this account may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Posts of one run.
    pub cap: usize,
    /// Posts of the quota's window, where Meta reported the total.
    pub quota: Option<usize>,
    /// Posts of that window that are gone: as Meta reports it, or as the record knows better.
    pub used: usize,
    /// Containers of a day that are gone, as the record knows.
    pub containers_used: usize,
}

impl Allowance {
    /// Meta's count lags by minutes and includes other apps' posts, the record's does neither: the larger
    /// one is the truth's lower bound, and a refusal costs nothing but the call.
    pub(super) fn new<'a>(
        cap: usize,
        quota: &Quota,
        records: impl Iterator<Item = &'a Record> + Clone,
        user: &UserId,
        now: Timestamp,
    ) -> Self {
        let mine = records.filter(|record| record.user_id == *user);
        let window = quota.window.and_then(|window| SignedDuration::try_from(window).ok()).unwrap_or(DAY);
        let reported = usize::try_from(quota.used).unwrap_or(usize::MAX);
        let published = mine.clone().filter(|record| is_within(record.published_at(), window, now)).count();
        Self {
            cap,
            quota: quota.total.map(|total| usize::try_from(total).unwrap_or(usize::MAX)),
            used: reported.max(published),
            // An attempt that takes living items over from another one, or is renamed, has the same containers.
            containers_used: mine.flat_map(|record| containers_of(record, now)).collect::<HashSet<_>>().len(),
        }
    }

    /// How many of the posts, each with the containers it still needs, may go out; and why not the next.
    pub(super) fn cut(&self, costs: &[usize]) -> (usize, String) {
        let quota_left = self.quota.map_or(usize::MAX, |total| total.saturating_sub(self.used));
        let containers_left = CONTAINERS.saturating_sub(self.containers_used);
        let affordable = costs
            .iter()
            .scan(0_usize, |sum, cost| {
                *sum += cost;
                Some(*sum)
            })
            .take_while(|sum| *sum <= containers_left)
            .count();
        let allowed = affordable.min(quota_left).min(self.cap).min(costs.len());
        let reason = if allowed == quota_left {
            let total = self.quota.unwrap_or_default();
            format!("the publishing quota is used up: {} of {total} posts in 24 hours", self.used + allowed)
        } else if allowed == self.cap {
            format!("over the cap of {} posts per run", self.cap)
        } else {
            format!(
                "it needs {} containers, and {} of {CONTAINERS} were created in the last 24 hours",
                costs.get(allowed).copied().unwrap_or_default(),
                self.containers_used + costs.iter().take(allowed).sum::<usize>()
            )
        };
        (allowed, reason)
    }
}

/// The containers that a post still needs, beside those of its open attempt.
pub(super) fn cost(post: &Post, open: Option<&Record>, now: Timestamp) -> usize {
    let all = if post.content.kind == Kind::Carousel { post.content.items.len() + 1 } else { 1 };
    let Some(record) = open else { return all };
    if attempt::usable_container(record, now).is_some() {
        return 0;
    }
    // One dead child is enough: the attempt begins again.
    let is_alive = record.container.is_none() && record.children.iter().all(|child| attempt::is_usable(child, now));
    if is_alive { all.saturating_sub(record.children.len()) } else { all }
}

/// The containers of one attempt that were made within the last day. Of a published one only the end is
/// known, so all of its containers count until a day after it.
fn containers_of(record: &Record, now: Timestamp) -> impl Iterator<Item = &PartId> {
    let published_at = record.live().and_then(|live| live.published_at);
    let made = record.children.iter().chain(&record.container);
    made.filter(move |made| is_within(published_at.or(made.created_at), DAY, now)).map(|made| &made.id)
}

fn is_within(at: Option<Timestamp>, window: SignedDuration, now: Timestamp) -> bool {
    at.is_some_and(|at| now.duration_since(at) < window)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{at, post, record};
    use super::*;
    use igsync_model::lockfile::Reason;

    const HOUR: i64 = 3_600;

    fn quota(used: u64) -> Quota {
        Quota { used, total: Some(25), window: Some(Duration::from_secs(86_400)) }
    }

    fn published(kind: Kind, second: i64) -> Record {
        attempt::published(
            record(kind, "x", &[0]),
            Some("9".into()),
            igsync_model::lockfile::Via::Publish,
            at(second),
            None,
        )
    }

    #[test]
    fn the_first_limit_that_is_reached_cuts_and_says_so() {
        let allowance = Allowance { cap: 50, quota: Some(25), used: 0, containers_used: 0 };
        let (allowed, reason) = allowance.cut(&[1; 30]);
        assert_eq!((allowed, reason.as_str()), (25, "the publishing quota is used up: 25 of 25 posts in 24 hours"));
        let (allowed, reason) = Allowance { cap: 5, ..allowance }.cut(&[1; 30]);
        assert_eq!((allowed, reason.as_str()), (5, "over the cap of 5 posts per run"));
        let (allowed, reason) = Allowance { containers_used: 380, ..allowance }.cut(&[11, 1, 11, 1]);
        assert_eq!(allowed, 2, "the rest waits in plan order, small posts too");
        assert_eq!(reason, "it needs 11 containers, and 392 of 400 were created in the last 24 hours");
        assert_eq!(allowance.cut(&[1; 3]).0, 3);
        assert_eq!(
            Allowance { quota: None, ..allowance }.cut(&[1; 30]).0,
            30,
            "a total that Meta hides is not guessed"
        );
    }

    #[test]
    fn other_apps_and_lag_both_count() {
        let user = UserId::from("1784");
        let own: Vec<Record> = (0..10).map(|_| published(Kind::Image, 0)).collect();
        let gone = |reported, now: i64| Allowance::new(50, &quota(reported), own.iter(), &user, at(now)).used;
        assert_eq!(gone(0, HOUR), 10, "the report lags, the record knows");
        assert_eq!(gone(18, HOUR), 18, "other apps publish too");
        assert_eq!(gone(3, 24 * HOUR), 3, "a day later the posts have left the window");
        let other = Allowance::new(50, &quota(0), own.iter(), &UserId::from("1785"), at(HOUR));
        assert_eq!((other.used, other.containers_used), (0, 0));
    }

    #[test]
    fn containers_of_the_last_day_count_whatever_became_of_them() {
        let user = UserId::from("1784");
        let other = |id: &str| {
            let mut other = record(Kind::Image, "x", &[]);
            other.container.as_mut().unwrap().id = id.into();
            other
        };
        let mut again = published(Kind::Carousel, 10);
        again.attempt = "takes the items over".into();
        let records =
            [published(Kind::Carousel, 10), again, other("179"), attempt::not_published(other("180"), Reason::Expired)];
        let gone = |now| Allowance::new(50, &quota(0), records.iter(), &user, at(now)).containers_used;
        assert_eq!(gone(HOUR), 6, "three children and their parent, and two of images");
        assert_eq!(gone(24 * HOUR), 4, "of a published post only the end is known");
        assert_eq!(gone(25 * HOUR), 0);
    }

    #[test]
    fn containers_that_live_are_not_paid_for_twice() {
        let carousel = post("posts/a", Kind::Carousel, "x");
        let mut open = record(Kind::Carousel, "x", &[]);
        assert_eq!(cost(&carousel, None, at(1)), 4);
        assert_eq!(cost(&carousel, Some(&open), at(1)), 0);
        open.container = None;
        open.children.pop();
        assert_eq!(cost(&carousel, Some(&open), at(1)), 2);
        assert_eq!(cost(&carousel, Some(&open), at(24 * HOUR)), 4);
        assert_eq!(cost(&post("posts/b", Kind::Reel, "x"), None, at(1)), 1);
    }
}
