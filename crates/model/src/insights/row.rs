//! One published post with its numbers.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::column::Column;
use igsync_base::id::{AccountName, Kind, MediaId, PostKey, UserId};
use igsync_base::insights::{Numbers, Unread};

/// What is measured of one post.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    pub numbers: Numbers,
    /// Of its clip, in milliseconds.
    pub duration_ms: Option<u64>,
}

impl Sample {
    /// A count, or milliseconds. `None`: not known, or no whole number.
    #[must_use]
    pub fn count(&self, column: Column) -> Option<u64> {
        let numbers = &self.numbers;
        match column {
            Column::Views => numbers.views,
            Column::Reach => numbers.reach,
            Column::Likes => numbers.likes,
            Column::Comments => numbers.comments,
            Column::Saves => numbers.saves,
            Column::Shares => numbers.shares,
            Column::Reposts => numbers.reposts,
            Column::WatchTime => numbers.watch_ms,
            Column::Replies => numbers.replies,
            Column::Exits => numbers.exits,
            Column::Key
            | Column::Account
            | Column::Age
            | Column::Kind
            | Column::ShareRate
            | Column::SaveRate
            | Column::WatchRate
            | Column::SkipRate => None,
        }
    }

    /// A number of the post in the unit of its column. `None`: not known, or a division by 0.
    #[must_use]
    pub fn value(&self, column: Column) -> Option<f64> {
        let Numbers { reach, saves, shares, watch_ms, skip_rate, .. } = self.numbers;
        match column {
            Column::ShareRate => quotient(shares, reach),
            Column::SaveRate => quotient(saves, reach),
            Column::WatchRate => quotient(watch_ms, self.duration_ms),
            Column::SkipRate => skip_rate.filter(|rate| rate.is_finite()),
            _ => self.count(column).map(float),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no post has 2^53 of anything")]
fn float(count: u64) -> f64 {
    count as f64
}

fn quotient(part: Option<u64>, whole: Option<u64>) -> Option<f64> {
    let whole = whole.filter(|whole| *whole > 0)?;
    Some(float(part?) / float(whole))
}

/// Why a published post has no insights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// Its media id is not recorded yet.
    NoId,
    /// A story that is over: its numbers live a day.
    StoryOver,
    /// The listing does not have it.
    NotListed,
    Unread(Unread),
}

impl Missing {
    /// As programs read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoId => "no_media_id",
            Self::StoryOver => "story_over",
            Self::NotListed => "not_listed",
            Self::Unread(why) => why.as_str(),
        }
    }

    /// Every reason.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = [Self::NoId, Self::StoryOver, Self::NotListed];
        own.into_iter().chain(Unread::ALL.map(Self::Unread))
    }
}

/// One published record.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub key: PostKey,
    pub account: AccountName,
    pub user_id: UserId,
    pub kind: Kind,
    pub media_id: Option<MediaId>,
    pub permalink: Option<String>,
    pub published_at: Option<Timestamp>,
    pub sample: Sample,
    /// Why insights are missing; counts that need none may be there all the same.
    pub missing: Option<Missing>,
}

/// Orders rows: numbers from the largest, age from the newest, names from A. What is not known comes last, and equal
/// ones are in the order of their keys.
pub fn sort(rows: &mut [Row], by: Column) {
    let number = |row: &Row| match by {
        Column::Age => row.published_at.map(|at| at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()),
        _ => row.sample.value(by),
    };
    rows.sort_by(|a, b| {
        let first = match by {
            Column::Key => Ordering::Equal,
            Column::Account => a.account.cmp(&b.account),
            Column::Kind => a.kind.cmp(&b.kind),
            _ => match (number(a), number(b)) {
                (Some(a), Some(b)) => b.total_cmp(&a),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            },
        };
        first.then_with(|| a.key.cmp(&b.key)).then_with(|| a.account.cmp(&b.account))
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(key: &str, reach: Option<u64>) -> Row {
        Row {
            key: key.into(),
            account: "acme".into(),
            user_id: "1784".into(),
            kind: Kind::Image,
            media_id: None,
            permalink: None,
            published_at: None,
            sample: Sample { numbers: Numbers { reach, ..Numbers::default() }, duration_ms: None },
            missing: None,
        }
    }

    fn keys(rows: &[Row]) -> Vec<&str> {
        rows.iter().map(|row| row.key.as_str()).collect()
    }

    #[test]
    fn rates_are_quotients_and_nothing_is_divided_by_zero() {
        let numbers =
            Numbers { reach: Some(200), shares: Some(5), saves: Some(0), watch_ms: Some(3_000), ..Numbers::default() };
        let sample = Sample { numbers, duration_ms: Some(12_000) };
        assert_eq!(sample.value(Column::ShareRate), Some(0.025));
        assert_eq!(sample.value(Column::SaveRate), Some(0.0));
        assert_eq!(sample.value(Column::WatchRate), Some(0.25));
        let unseen = Sample { numbers: Numbers { reach: Some(0), ..numbers }, duration_ms: Some(0) };
        assert_eq!(unseen.value(Column::ShareRate), None);
        assert_eq!(unseen.value(Column::WatchRate), None);
        assert_eq!(unseen.value(Column::Reach), Some(0.0), "0 is known");
        assert_eq!(Sample::default().value(Column::Reach), None);
    }

    #[test]
    fn rows_are_sorted_by_numbers_from_the_largest_with_the_unknown_last() {
        let mut rows =
            vec![row("posts/10", Some(5)), row("posts/9", None), row("posts/2", Some(5)), row("a", Some(70))];
        sort(&mut rows, Column::Reach);
        assert_eq!(keys(&rows), ["a", "posts/2", "posts/10", "posts/9"]);
        sort(&mut rows, Column::Key);
        assert_eq!(keys(&rows), ["a", "posts/2", "posts/9", "posts/10"]);
        rows[0].published_at = Some(Timestamp::from_second(10).unwrap());
        rows[2].published_at = Some(Timestamp::from_second(20).unwrap());
        sort(&mut rows, Column::Age);
        assert_eq!(keys(&rows), ["posts/9", "a", "posts/2", "posts/10"]);
    }

    proptest! {
        #[test]
        fn sorting_loses_nothing_and_does_not_depend_on_the_order_before(
            reaches in prop::collection::vec(prop::option::of(0u64..50), 0..30),
            turn in 0usize..30,
        ) {
            let rows: Vec<Row> = (0..).zip(&reaches).map(|(n, reach)| row(&format!("posts/{n}"), *reach)).collect();
            let (mut one, mut two) = (rows.clone(), rows.clone());
            let by = turn % rows.len().max(1);
            two.rotate_left(by);
            sort(&mut one, Column::Reach);
            sort(&mut two, Column::Reach);
            prop_assert_eq!(&one, &two);
            let known = one.iter().take_while(|row| row.sample.numbers.reach.is_some()).count();
            prop_assert_eq!(known, reaches.iter().flatten().count());
        }
    }
}
