//! What is shown of a post, and what can be sorted by.

use igsync_base::id::Kind;

/// One column of the table, by the name that `--sort`, JSON and CSV have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    Key,
    Account,
    Age,
    Kind,
    Views,
    Reach,
    Likes,
    Comments,
    Saves,
    Shares,
    Reposts,
    /// Shares by reach.
    ShareRate,
    /// Saves by reach.
    SaveRate,
    /// Of reels, on average.
    WatchTime,
    /// Watch time by the clip's duration.
    WatchRate,
    SkipRate,
    Replies,
    Exits,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Milliseconds,
    /// A share of one.
    Share,
    Percent,
}

impl Column {
    pub const ALL: [Self; 18] = [
        Self::Key,
        Self::Account,
        Self::Age,
        Self::Kind,
        Self::Views,
        Self::Reach,
        Self::Likes,
        Self::Comments,
        Self::Saves,
        Self::Shares,
        Self::Reposts,
        Self::ShareRate,
        Self::SaveRate,
        Self::WatchTime,
        Self::WatchRate,
        Self::SkipRate,
        Self::Replies,
        Self::Exits,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Account => "account",
            Self::Age => "age",
            Self::Kind => "kind",
            Self::Views => "views",
            Self::Reach => "reach",
            Self::Likes => "likes",
            Self::Comments => "comments",
            Self::Saves => "saves",
            Self::Shares => "shares",
            Self::Reposts => "reposts",
            Self::ShareRate => "share_rate",
            Self::SaveRate => "save_rate",
            Self::WatchTime => "watch_time_ms",
            Self::WatchRate => "watch_rate",
            Self::SkipRate => "skip_rate",
            Self::Replies => "replies",
            Self::Exits => "exits",
        }
    }

    /// With `-` or `_`, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// What its numbers count; `None`: it holds none.
    #[must_use]
    pub fn unit(self) -> Option<Unit> {
        match self {
            Self::Key | Self::Account | Self::Age | Self::Kind => None,
            Self::ShareRate | Self::SaveRate | Self::WatchRate => Some(Unit::Share),
            Self::WatchTime => Some(Unit::Milliseconds),
            Self::SkipRate => Some(Unit::Percent),
            Self::Views
            | Self::Reach
            | Self::Likes
            | Self::Comments
            | Self::Saves
            | Self::Shares
            | Self::Reposts
            | Self::Replies
            | Self::Exits => Some(Unit::Count),
        }
    }

    /// Whether posts of a kind can have it.
    #[must_use]
    pub fn is_of(self, kind: Kind) -> bool {
        match self {
            Self::Likes | Self::Comments | Self::Saves | Self::SaveRate => kind != Kind::Story,
            Self::WatchTime | Self::WatchRate | Self::SkipRate => kind == Kind::Reel,
            Self::Replies | Self::Exits => kind == Kind::Story,
            _ => true,
        }
    }

    /// Those that hold numbers.
    pub fn numbers() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|column| column.unit().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_name() {
        for column in Column::ALL {
            assert_eq!(Column::named(column.name()), Some(column));
            assert_eq!(Column::named(&column.name().to_uppercase().replace('_', "-")), Some(column));
        }
        assert_eq!(Column::named("impressions"), None);
        assert_eq!(Column::numbers().count(), 14);
    }
}
