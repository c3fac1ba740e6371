//! Whether a recorded post is gone. A denied read is no proof: outages have denied live posts for weeks. What counts
//! is decided by `signs`, a pure function; [`search`] reads what it needs.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use igsync_base::id::{AccountName, Kind, MediaId};
use igsync_model::lockfile::Record;

use super::book::Book;
use super::context::{Context, Scope};
use super::engine::{Engine, Listing, Presence, Window};
use super::signs::{Signs, Witness};
use super::stop::{Halt, Stop};
use super::waits_for::WaitsFor;

/// A recorded post that its account does not list, or that may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    pub media: MediaId,
    /// `None`: not known, so that only a listing to its end is past it.
    pub published_at: Option<Timestamp>,
}

/// What is known of a suspect after the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Every sign says so, twice.
    Gone,
    /// It answers.
    There,
    /// The signs do not suffice either way.
    Unclear,
}

/// One reading of an account's listing, as far as it tells what is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    shown: HashSet<MediaId>,
    /// Every media that is newer was shown.
    oldest: Option<Timestamp>,
    /// Read to its end, which is not that of what a listing can hold.
    is_whole: bool,
}

impl Sight {
    /// `since`: how far back the listing was to be read; `None`: to its end. `rows` come newest first.
    pub fn new<'a>(
        rows: impl IntoIterator<Item = (&'a MediaId, Option<Timestamp>)>,
        is_complete: bool,
        since: Option<Timestamp>,
    ) -> Self {
        let (mut shown, mut oldest) = (HashSet::new(), None);
        for (id, at) in rows {
            shown.insert(id.clone());
            oldest = at.or(oldest);
        }
        // What ended before it was past that time ended for good.
        let has_ended = is_complete && since.is_none_or(|since| oldest.is_none_or(|oldest| oldest >= since));
        let is_whole = has_ended && shown.len() < LISTED;
        Self { shown, oldest, is_whole }
    }

    fn of(listing: &Listing, since: Timestamp) -> Self {
        let rows = listing.media.iter().map(|media| (&media.id, media.timestamp));
        Self::new(rows, listing.is_complete, Some(since))
    }

    #[must_use]
    pub fn shows(&self, media: &MediaId) -> bool {
        self.shown.contains(media)
    }

    /// Whether the listing was read past the time of the suspect, and does not have it.
    #[must_use]
    pub fn lacks(&self, suspect: &Suspect) -> bool {
        let at = suspect.published_at.map(with_margin);
        let is_past = self.oldest.zip(at).is_some_and(|(oldest, at)| oldest < at);
        !self.shows(&suspect.media) && (self.is_whole || is_past)
    }
}

/// Looks for posts of one account, and a second time for those that were not found.
///
/// `recorded` are the media of all published records of the account, the suspects among them. `first` is a reading of
/// the listing that was made in this run; `None`: none was.
///
/// # Errors
///
/// The run has to end, or the account can be asked nothing more. Nothing is known then.
pub async fn search(
    run: &Context,
    account: &AccountName,
    engine: &dyn Engine,
    suspects: &[Suspect],
    recorded: &[MediaId],
    first: Option<Sight>,
) -> Result<Vec<Found>, Stop> {
    let search = Search { run, engine, recorded };
    let is_gone = run.protocol.gone;
    let first = match first {
        Some(sight) => sight,
        None => search.list(suspects).await?,
    };
    let mut found = vec![Found::Unclear; suspects.len()];
    let firsts = search.look(suspects, &first, &mut found).await?;
    let open: Vec<usize> = firsts.iter().filter(|(_, signs)| is_gone(*signs, *signs)).map(|(at, _)| *at).collect();
    if open.is_empty() {
        return Ok(found);
    }
    run.wait_for_account(account, WaitsFor::SecondLook, run.waits.look, engine.now()).await?;
    let left: Vec<Suspect> = open.iter().map(|at| suspects[*at].clone()).collect();
    let sight = search.list(&left).await?;
    let mut again = vec![Found::Unclear; left.len()];
    let seconds = search.look(&left, &sight, &mut again).await?;
    for (place, at) in open.iter().enumerate() {
        let second = seconds.iter().find(|(other, _)| *other == place).map(|(_, signs)| *signs);
        let before = firsts.iter().find(|(other, _)| other == at).map(|(_, signs)| *signs);
        let is_proven = before.zip(second).is_some_and(|(first, second)| is_gone(first, second));
        found[*at] = if is_proven { Found::Gone } else { again[place] };
    }
    Ok(found)
}

/// Whether the one post that `record` calls live as `media` is gone. It is asked itself first: who answers is there,
/// and a listing may lag behind and has no stories.
pub(super) async fn search_one(
    scope: &Scope,
    engine: &dyn Engine,
    book: &dyn Book,
    record: &Record,
    media: &MediaId,
) -> Result<Found, Stop> {
    let recorded = recorded(book, record, media);
    match (Search { run: scope, engine, recorded: &recorded }).read(media).await? {
        Presence::There => return Ok(Found::There),
        Presence::Unclear(_) => return Ok(Found::Unclear),
        Presence::Denied => {}
    }
    let denied = Signs { is_unlisted: false, is_denied: true, witness: Witness::None };
    if (scope.protocol.gone)(denied, denied) {
        return Ok(Found::Gone);
    }
    if record.kind == Kind::Story {
        return Ok(Found::Unclear);
    }
    let suspect = Suspect { media: media.clone(), published_at: record.published_at() };
    let found = search(scope, &scope.name, engine, &[suspect], &recorded, None).await?;
    // Denied first and there after it: a listing that lags, or an outage.
    Ok(if found == [Found::Gone] { Found::Gone } else { Found::Unclear })
}

/// The live posts of the account that a listing shows, the newest first, without others that may be deleted.
fn recorded(book: &dyn Book, record: &Record, media: &MediaId) -> Vec<MediaId> {
    book.with(|records| {
        let is_listed = |other: &&Record| other.user_id == record.user_id && other.kind != Kind::Story;
        let live = records.iter().filter(is_listed).filter_map(|other| Some((other.published_at(), other.live()?)));
        let mut recorded: Vec<_> = live
            .filter_map(|(at, live)| Some((at, live.is_being_deleted(), live.media_id.as_ref()?)))
            .filter(|(_, is_being_deleted, other)| !is_being_deleted || *other == media)
            .map(|(at, _, other)| (at, other))
            .collect();
        recorded.sort_by(|a, b| b.cmp(a));
        recorded.into_iter().map(|(_, media)| media.clone()).collect()
    })
}

struct Search<'a> {
    run: &'a Context,
    engine: &'a dyn Engine,
    recorded: &'a [MediaId],
}

impl Search<'_> {
    /// The listing past the oldest suspect. One that cannot be read shows nothing.
    async fn list(&self, suspects: &[Suspect]) -> Result<Sight, Stop> {
        let oldest: Option<Timestamp> = suspects.iter().map(|suspect| suspect.published_at).min().flatten();
        // Past it for certain, so that the reading does not end at the very row.
        let since = oldest.map_or(Timestamp::MIN, |oldest| with_margin(with_margin(oldest)));
        match self.run.ask(self.engine.listing(Window::BackTo { since, pages: PAGES })).await? {
            Ok(listing) => Ok(Sight::of(&listing, since)),
            Err(refusal) => Halt::for_account(&refusal).map_or(Ok(Sight::default()), |halt| Err(Stop::Account(halt))),
        }
    }

    /// The signs of each suspect that still may be gone, by its place. What answers is noted in `found`.
    async fn look(
        &self,
        suspects: &[Suspect],
        sight: &Sight,
        found: &mut [Found],
    ) -> Result<Vec<(usize, Signs)>, Stop> {
        let mut unlisted = Vec::new();
        for (at, suspect) in suspects.iter().enumerate() {
            if sight.shows(&suspect.media) {
                found[at] = Found::There;
            } else if sight.lacks(suspect) {
                unlisted.push(at);
            }
        }
        if unlisted.is_empty() || self.witness(suspects, sight).await? == Witness::None {
            return Ok(Vec::new());
        }
        let mut denied = Vec::new();
        for at in unlisted {
            match self.read(&suspects[at].media).await? {
                Presence::There => found[at] = Found::There,
                Presence::Denied => denied.push(at),
                Presence::Unclear(_) => {}
            }
        }
        if denied.is_empty() {
            return Ok(Vec::new());
        }
        // Asked again behind the denials: an outage may have begun between.
        let witness = self.witness(suspects, sight).await?;
        let signs = Signs { is_unlisted: true, is_denied: true, witness };
        Ok(denied.into_iter().map(|at| (at, signs)).collect())
    }

    /// Another post than the suspects that answers, or one of several suspects; of an account with one recorded post, the
    /// account itself.
    async fn witness(&self, suspects: &[Suspect], sight: &Sight) -> Result<Witness, Stop> {
        let suspected: HashSet<&MediaId> = suspects.iter().map(|suspect| &suspect.media).collect();
        let mut others: Vec<&MediaId> = self.recorded.iter().filter(|media| !suspected.contains(media)).collect();
        if others.is_empty() {
            match suspects {
                [only] => return self.account(only).await,
                // One that answers, archived perhaps, is a witness against the others.
                several => others.extend(several.iter().map(|suspect| &suspect.media)),
            }
        }
        // One that is listed is the likeliest to answer.
        others.sort_by_key(|media| !sight.shows(media));
        for media in others.into_iter().take(WITNESSES) {
            if self.read(media).await? == Presence::There {
                return Ok(Witness::Post);
            }
        }
        Ok(Witness::None)
    }

    async fn account(&self, suspect: &Suspect) -> Result<Witness, Stop> {
        for _ in 0..2 {
            let whole = Suspect { published_at: None, ..suspect.clone() };
            if !self.list(std::slice::from_ref(&whole)).await?.lacks(&whole) {
                return Ok(Witness::None);
            }
        }
        let answer = self.run.ask(self.engine.account_exists()).await?;
        Ok(if answer == Presence::There { Witness::Account } else { Witness::None })
    }

    async fn read(&self, media: &MediaId) -> Result<Presence, Stop> {
        let presence = self.run.ask(self.engine.exists(media)).await?;
        if let Presence::Unclear(refusal) = &presence
            && let Some(halt) = Halt::for_account(refusal)
        {
            return Err(Stop::Account(halt));
        }
        Ok(presence)
    }
}

/// A record's time and the service's may differ by a moment.
fn with_margin(at: Timestamp) -> Timestamp {
    at.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN)
}

/// Other posts that are asked for an answer.
const WITNESSES: usize = 3;

/// A listing holds no more media, and one that holds as many says nothing about older ones.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>
const LISTED: usize = 10_000;

/// All that Meta lists, at 100 a page.
const PAGES: u32 = 100;

#[cfg(test)]
mod tests {
    use super::super::engine::{Class, Media, Refusal};
    use super::super::testing::{Answer, Bench, at, live, media};
    use super::*;
    use igsync_base::id::Kind;

    fn listed(ids: &[(&str, i64)]) -> Answer {
        Answer::List(ids.iter().map(|(id, second)| row(id, *second)).collect())
    }

    fn row(id: &str, second: i64) -> Media {
        media(id, Kind::Image, Some("x"), second)
    }

    fn suspect(id: &str) -> Suspect {
        Suspect { media: id.into(), published_at: Some(at(100_000)) }
    }

    async fn searched(suspects: &[&str], recorded: &[&str], answers: Vec<Answer>) -> (Result<Vec<Found>, Stop>, usize) {
        let bench = Bench::new(200_000, [], answers);
        let suspects: Vec<Suspect> = suspects.iter().map(|id| suspect(id)).collect();
        let recorded: Vec<MediaId> = recorded.iter().map(|id| MediaId::from(*id)).collect();
        let found = search(&bench.scope, &bench.scope.name, &*bench.engine, &suspects, &recorded, None).await;
        (found, bench.engine.left())
    }

    const THERE: Answer = Answer::Exists(Presence::There);
    const DENIED: Answer = Answer::Exists(Presence::Denied);

    /// The account lists nothing but an older post.
    fn old() -> Answer {
        listed(&[("1", 5)])
    }

    #[tokio::test]
    async fn a_post_that_two_looks_deny_beside_a_witness_is_gone() {
        let look = || vec![old(), THERE, DENIED, THERE];
        let answers = [look(), look()].into_iter().flatten().collect();
        let (found, left) = searched(&["9"], &["9", "1"], answers).await;
        assert_eq!((found.unwrap(), left), (vec![Found::Gone], 0));
    }

    #[tokio::test]
    async fn an_outage_that_denies_everything_finds_nothing_gone() {
        for recorded in [&["9", "1"][..], &["9", "1", "2", "3", "4"]] {
            let denied = std::iter::repeat_with(|| DENIED).take((recorded.len() - 1).min(WITNESSES));
            let answers = std::iter::once(old()).chain(denied).collect();
            let (found, left) = searched(&["9"], recorded, answers).await;
            assert_eq!((found.unwrap(), left), (vec![Found::Unclear], 0));
        }
        // An empty listing makes every post a suspect, and none of them answers.
        let (found, left) = searched(&["9", "8"], &["9", "8"], vec![listed(&[]), DENIED, DENIED]).await;
        assert_eq!((found.unwrap(), left), (vec![Found::Unclear; 2], 0));
    }

    #[tokio::test]
    async fn a_suspect_that_answers_is_the_witness_against_the_others() {
        let first = vec![old(), THERE, THERE, DENIED, THERE];
        let second = vec![old(), THERE, DENIED, THERE];
        let (found, left) = searched(&["9", "8"], &["9", "8"], first.into_iter().chain(second).collect()).await;
        assert_eq!(left, 0);
        assert_eq!(found.unwrap(), [Found::There, Found::Gone], "the first answers, the second is denied twice");
    }

    #[tokio::test]
    async fn an_outage_that_begins_or_ends_between_finds_nothing_gone() {
        let (found, left) = searched(&["9"], &["9", "1"], vec![old(), THERE, DENIED, DENIED]).await;
        assert_eq!((found.unwrap(), left), (vec![Found::Unclear], 0));
        let back = vec![old(), THERE, DENIED, THERE, old(), THERE, THERE];
        assert_eq!(searched(&["9"], &["9", "1"], back).await.0.unwrap(), [Found::There]);
        let listed_again = vec![old(), THERE, DENIED, THERE, listed(&[("9", 100_000), ("1", 5)])];
        assert_eq!(searched(&["9"], &["9", "1"], listed_again).await.0.unwrap(), [Found::There]);
    }

    #[tokio::test]
    async fn a_listing_that_fails_or_does_not_reach_back_proves_nothing() {
        let refusal = || Refusal::new(Class::Other, "no answer", "");
        let (found, left) = searched(&["9"], &["9", "1"], vec![Answer::Refused(refusal())]).await;
        assert_eq!((found.unwrap(), left), (vec![Found::Unclear], 0));
        let cut = vec![old(), THERE, DENIED, THERE, Answer::Refused(refusal())];
        assert_eq!(searched(&["9"], &["9", "1"], cut).await.0.unwrap(), [Found::Unclear]);
        let unclear = vec![old(), THERE, Answer::Exists(Presence::Unclear(refusal()))];
        assert_eq!(searched(&["9"], &["9", "1"], unclear).await.0.unwrap(), [Found::Unclear]);
    }

    #[tokio::test]
    async fn the_only_post_of_an_account_is_gone_when_whole_listings_and_the_account_say_so() {
        let look = || vec![listed(&[("7", 5)]), listed(&[("7", 5)]), THERE];
        let answers = || vec![listed(&[("7", 5)])].into_iter().chain(look()).chain([DENIED]).chain(look());
        let both = answers().chain(answers()).collect();
        let (found, left) = searched(&["9"], &["9"], both).await;
        assert_eq!((found.unwrap(), left), (vec![Found::Gone], 0));
        let denied = vec![old(), old(), old(), DENIED];
        assert_eq!(searched(&["9"], &["9"], denied).await.0.unwrap(), [Found::Unclear]);
    }

    #[tokio::test]
    async fn a_dead_token_ends_the_search() {
        let dead = Refusal::new(Class::Account, "the token is dead", "");
        let (found, _) = searched(&["9"], &["9", "1"], vec![old(), Answer::Exists(Presence::Unclear(dead))]).await;
        assert!(matches!(found, Err(Stop::Account(_))));
    }

    #[test]
    fn a_listing_lacks_only_what_it_was_read_past() {
        let ids = ["3".into(), "2".into()];
        let rows = || [(&ids[0], Some(at(300_000))), (&ids[1], Some(at(200_000)))];
        let of = |second: Option<i64>| Suspect { media: "9".into(), published_at: second.map(at) };
        let part = Sight::new(rows(), false, None);
        assert!(part.lacks(&of(Some(250_000))) && !part.lacks(&of(Some(200_100))) && !part.lacks(&of(None)));
        let whole = Sight::new(rows(), true, None);
        assert!(whole.lacks(&of(Some(1))) && whole.lacks(&of(None)));
        assert!(Sight::new(rows(), true, Some(at(100_000))).lacks(&of(None)), "it ended before it was past that time");
        assert!(!Sight::new(rows(), true, Some(at(250_000))).lacks(&of(Some(1))), "it was not to be read so far");
        assert!(!whole.lacks(&Suspect { media: "3".into(), published_at: None }));
        let many: Vec<MediaId> = (0..LISTED).map(|id| id.to_string().as_str().into()).collect();
        let full = Sight::new(many.iter().map(|id| (id, Some(at(200_000)))), true, None);
        assert!(!full.lacks(&of(Some(1))), "older ones are in no listing");
    }
    async fn one(answers: impl IntoIterator<Item = Answer>) -> (Found, usize) {
        let bench = Bench::new(200_000, [live("posts/a", "179"), live("posts/b", "180")], answers);
        let (scope, engine, book) = bench.parts();
        let found = search_one(&scope, &*engine, &*book, &live("posts/a", "179"), &"179".into()).await;
        (found.unwrap(), bench.engine.left())
    }

    #[tokio::test]
    async fn one_post_is_asked_itself_before_anything_else() {
        assert_eq!(one([THERE]).await, (Found::There, 0));
        let unclear = Presence::Unclear(Refusal::new(Class::Other, "no answer", ""));
        assert_eq!(one([Answer::Exists(unclear)]).await, (Found::Unclear, 0));
        let look = || [old(), THERE, DENIED, THERE];
        assert_eq!(one([DENIED].into_iter().chain(look()).chain(look())).await, (Found::Gone, 0));
    }

    #[tokio::test]
    async fn one_post_that_was_denied_and_is_listed_is_unclear() {
        let listed = listed(&[("179", 101), ("1", 5)]);
        assert_eq!(one([DENIED, listed]).await, (Found::Unclear, 0));
        assert_eq!(one([DENIED, old(), DENIED]).await, (Found::Unclear, 0), "no one else answers either");
    }
}
