//! The numbers of a live post, as its service shows them.

/// Counts over the whole life of a post. `None` is not known, which is never 0.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights>
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Numbers {
    pub views: Option<u64>,
    /// Accounts that saw it.
    pub reach: Option<u64>,
    pub likes: Option<u64>,
    pub comments: Option<u64>,
    pub saves: Option<u64>,
    pub shares: Option<u64>,
    pub reposts: Option<u64>,
    /// Of reels, in milliseconds.
    pub watch_ms: Option<u64>,
    /// Of reels: views that ended within the first three seconds, in percent, as Meta gives it.
    pub skip_rate: Option<f64>,
    /// Of stories.
    pub replies: Option<u64>,
    /// Of stories: how often a viewer left there.
    pub exits: Option<u64>,
}

impl Numbers {
    /// Takes over what is not known yet.
    pub fn fill(&mut self, other: &Self) {
        let Self { views, reach, likes, comments, saves, shares, reposts, watch_ms, skip_rate, replies, exits } = other;
        let counts = [
            (&mut self.views, views),
            (&mut self.reach, reach),
            (&mut self.likes, likes),
            (&mut self.comments, comments),
            (&mut self.saves, saves),
            (&mut self.shares, shares),
            (&mut self.reposts, reposts),
            (&mut self.watch_ms, watch_ms),
            (&mut self.replies, replies),
            (&mut self.exits, exits),
        ];
        for (own, other) in counts {
            *own = own.or(*other);
        }
        self.skip_rate = self.skip_rate.or(*skip_rate);
    }
}

/// Why a service gives no insights of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unread {
    /// It was published before its account became a professional one; it never gets any.
    BeforeProfessional,
    /// Fewer than five have seen the story.
    FewViewers,
    /// The token lacks the permission.
    NoPermission,
    /// Either of the last two: nothing tells them apart.
    Withheld,
    /// The service has none of its kind, or could not read it.
    Refused,
}

impl Unread {
    pub const ALL: [Self; 5] =
        [Self::BeforeProfessional, Self::FewViewers, Self::NoPermission, Self::Withheld, Self::Refused];

    /// As programs read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeProfessional => "before_professional",
            Self::FewViewers => "few_viewers",
            Self::NoPermission => "no_permission",
            Self::Withheld => "withheld",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_kept_and_what_is_not_is_taken() {
        let mut numbers = Numbers { reach: Some(3), likes: Some(0), ..Numbers::default() };
        numbers.fill(&Numbers { reach: Some(9), likes: Some(7), exits: Some(1), ..Numbers::default() });
        assert_eq!(numbers, Numbers { reach: Some(3), likes: Some(0), exits: Some(1), ..Numbers::default() });
    }
}
