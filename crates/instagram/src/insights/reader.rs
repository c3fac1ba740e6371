//! Reads the numbers of an account in as few calls as it allows.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;

use super::super::client::{Ask, Client};
use super::super::endpoint::Flavour;
use super::super::errors::Error;
use super::super::feed::WHOLE_FEED;
use super::super::listing::{MEDIA, PAGE, STORIES, malformed, next_cursor};
use super::super::retry::Call;
use super::super::selection::{half, may_be_too_much};
use super::super::wire::{InsightsAnswer, MetricAnswer, Page};
use super::FIELDS;
use super::Insights;
use super::PostNumbers;
use super::Refusals;
use super::Wanted;
use super::metrics::{self, BREAKDOWN, NAVIGATION, Set};
use super::posts_of;
use super::refusal::{Meaning, meaning};
use igsync_base::id::{Kind, MediaId};
use igsync_base::insights::{Numbers, Unread};

pub(in super::super) const EDGE: &str = "insights";
/// Counts that a listing has without the permission, since 2026-04-22 and with Facebook Login alone. The `total_…`
/// ones count advertisements and Facebook as well, so they are another number under the same name.
const FACEBOOK_COUNTS: &str = "saved_count,shares_count,reposts_count";
/// Reels that are read at once.
const AT_ONCE: usize = 4;
/// After so many posts without an answer, none is expected: each costs several calls.
const MOST_MISSES: usize = 5;
/// A post with so many likes has had as many viewers.
const ENOUGH_VIEWERS: u64 = 5;

/// One row, and whether its insights were asked for.
struct Row {
    post: PostNumbers,
    is_asked: bool,
}

pub(super) struct Reader<'a> {
    client: &'a Client,
    wanted: Wanted<'a>,
    refused: Refusals,
    rows: Vec<Row>,
    /// `false` once it is known that no insights come.
    asks: bool,
    /// Why none come.
    why: Unread,
    is_permitted: Option<bool>,
    /// Whether the listing is asked for [`FACEBOOK_COUNTS`].
    has_counts: bool,
    /// What reels are asked for beyond the common metrics; `None`: they answered nothing.
    reel_set: Option<Set>,
    /// Posts that were refused whatever was asked, before any was answered.
    misses: usize,
    /// Rows of one page.
    page: u32,
    calls: AtomicU32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(client: &'a Client, wanted: Wanted<'a>) -> Self {
        Self {
            client,
            wanted,
            refused: wanted.refused.clone(),
            rows: Vec::new(),
            asks: true,
            why: Unread::NoPermission,
            is_permitted: None,
            has_counts: client.endpoint().flavour() == Flavour::Facebook,
            reel_set: Some(Set::ReelOnly),
            misses: 0,
            page: PAGE,
            calls: AtomicU32::new(0),
        }
    }

    pub(super) fn finish(self) -> Insights {
        Insights {
            posts: self.rows.into_iter().map(|row| row.post).collect(),
            refused: self.refused,
            is_permitted: self.is_permitted,
            calls: self.calls.into_inner(),
        }
    }

    // --- posts of the feed and reels ---

    pub(super) async fn read_feed(&mut self) -> Result<(), Error> {
        if !self.wanted.posts.values().any(|kind| *kind != Kind::Story) {
            return Ok(());
        }
        let mut after: Option<String> = None;
        let mut cursors = HashSet::new();
        for _ in 0..WHOLE_FEED {
            let (rows, next) = self.read_page(after.as_deref()).await?;
            let oldest = rows.iter().rev().find_map(|row| row.post.at);
            self.rows.extend(rows);
            let is_past = oldest.is_some_and(|oldest| oldest < self.wanted.since);
            if is_past || next.is_none() {
                break;
            }
            if next.as_ref().is_some_and(|next| !cursors.insert(next.clone())) {
                return Err(malformed(MEDIA, "the listing repeats itself"));
            }
            after = next;
        }
        Ok(())
    }

    /// One page, with all numbers that its wanted rows have.
    async fn read_page(&mut self, after: Option<&str>) -> Result<(Vec<Row>, Option<String>), Error> {
        let mut failed = None;
        // With a refusal known, a page that holds such a row would only fail again.
        while self.asks && self.refused.is_empty() {
            match self.listing(MEDIA, "media", &Set::Common.nested(), self.page, after).await {
                Ok(page) => {
                    self.is_permitted = Some(true);
                    let next = next_cursor(MEDIA, page.paging)?;
                    let mut rows = rows_of(page.data, true);
                    self.complete_reels(&mut rows, after).await?;
                    return Ok((rows, next));
                }
                Err(error) => {
                    if let Some(less) = half(self.page).filter(|_| may_be_too_much(&error)) {
                        self.page = less;
                    } else {
                        failed = Some(survivable(error)?);
                        break;
                    }
                }
            }
        }
        let page = self.plain(after).await?;
        let next = next_cursor(MEDIA, page.paging)?;
        let mut rows = rows_of(page.data, false);
        match failed {
            Some(Meaning::NoPermission) => self.stop_asking(Unread::NoPermission),
            Some(Meaning::Withheld) => self.probe(&mut rows).await?,
            Some(Meaning::Permanent) => self.find_change(&mut rows).await?,
            Some(Meaning::NotOffered | Meaning::Other) => self.fill_runs(&mut rows, after).await?,
            _ => {}
        }
        self.fill(&mut rows, after, failed.is_some()).await?;
        Ok((rows, next))
    }

    /// A page without insights.
    async fn plain(&mut self, after: Option<&str>) -> Result<Page<InsightsAnswer>, Error> {
        loop {
            let counts = if self.has_counts { FACEBOOK_COUNTS } else { "" };
            match self.listing(MEDIA, "media", counts, self.page, after).await {
                // An app of an older kind may not have them.
                Err(error) if self.has_counts && meaning(&error) == Meaning::NotOffered => self.has_counts = false,
                other => return other,
            }
        }
    }

    /// Numbers for the rows of a page that has none yet. `is_tried`: its insights were asked for, and failed as a whole.
    async fn fill(&mut self, rows: &mut [Row], after: Option<&str>, is_tried: bool) -> Result<(), Error> {
        if self.asks {
            let clean = rows.iter().take_while(|row| !self.refused.has(&row.post.id, row.post.at)).count();
            // The rows before the first refused one make a page that can be answered.
            if clean > 0 && (clean < rows.len() || !is_tried) {
                self.fill_first(&mut rows[..clean], after).await?;
            }
            for row in rows.iter_mut() {
                self.ask_wanted(row).await?;
            }
        }
        for row in rows.iter_mut().filter(|row| !row.is_asked) {
            row.post.unread = if self.refused.has(&row.post.id, row.post.at) {
                Some(Unread::BeforeProfessional)
            } else {
                (!self.asks).then_some(self.why)
            };
        }
        Ok(())
    }

    /// Numbers that were nested in a listing, for the rows that it has.
    fn take(&mut self, rows: &mut [Row], listed: Vec<InsightsAnswer>) {
        self.is_permitted = Some(true);
        let known = by_id(listed);
        for row in rows {
            if let Some(numbers) = known.get(&row.post.id) {
                row.post.numbers = with(numbers, &row.post.numbers);
                row.is_asked = true;
            }
        }
    }

    /// Numbers for the first rows of a page, nested.
    async fn fill_first(&mut self, rows: &mut [Row], after: Option<&str>) -> Result<(), Error> {
        let limit = u32::try_from(rows.len()).unwrap_or(PAGE);
        match self.listing(MEDIA, "media", &Set::Common.nested(), limit, after).await {
            Ok(page) => {
                self.take(rows, page.data);
                self.complete_reels(rows, after).await
            }
            Err(error) => match survivable(error)? {
                Meaning::NoPermission => {
                    self.stop_asking(Unread::NoPermission);
                    Ok(())
                }
                Meaning::Withheld => self.probe(rows).await,
                _ => Ok(()),
            },
        }
    }

    /// Numbers for the rows of a page between those of a kind that igsync does not publish, such as videos from before
    /// reels: these have other metrics, and fail whatever page they are on. What is left is asked for row by row.
    async fn fill_runs(&mut self, rows: &mut [Row], after: Option<&str>) -> Result<(), Error> {
        let is_odd = |row: &Row| row.post.kind.is_none();
        let is_alike = |a: &Row, b: &Row| is_odd(a) == is_odd(b);
        let (runs, wanted) = (rows.chunk_by(is_alike).count(), rows.iter().filter(|row| !is_odd(row)).count());
        if runs < 2 || runs >= wanted {
            return Ok(());
        }
        let mut after = after.map(str::to_owned);
        let last = runs - 1;
        for (place, run) in rows.chunk_by_mut(is_alike).enumerate() {
            let is_passed = run.first().is_some_and(is_odd);
            if is_passed && place == last {
                break;
            }
            let more = if is_passed { String::new() } else { Set::Common.nested() };
            let limit = u32::try_from(run.len()).unwrap_or(PAGE);
            let page = match self.listing(MEDIA, "media", &more, limit, after.as_deref()).await {
                Ok(page) => page,
                Err(error) => return survivable(error).map(|_| ()),
            };
            let next = next_cursor(MEDIA, page.paging)?;
            if !is_passed {
                self.take(run, page.data);
                self.complete_reels(run, after.as_deref()).await?;
            }
            let Some(next) = next else { break };
            after = Some(next);
        }
        Ok(())
    }

    /// The two numbers that only reels have: nested where every row is a reel, else reel by reel.
    async fn complete_reels(&mut self, rows: &mut [Row], after: Option<&str>) -> Result<(), Error> {
        let is_wanted = |row: &Row| row.is_asked && row.post.kind == Some(Kind::Reel) && self.is_wanted(&row.post.id);
        let mut reels: Vec<MediaId> = rows.iter().filter(|row| is_wanted(row)).map(|row| row.post.id.clone()).collect();
        let mut known: HashMap<MediaId, Numbers> = HashMap::new();
        let Some(set) = self.reel_set else { return Ok(()) };
        if reels.len() > 1 && rows.iter().all(|row| row.post.kind == Some(Kind::Reel)) {
            let limit = u32::try_from(rows.len()).unwrap_or(PAGE);
            match self.listing(MEDIA, "media", &set.nested(), limit, after).await {
                Ok(page) => known = by_id(page.data),
                Err(error) => _ = survivable(error)?,
            }
            reels.retain(|id| !known.contains_key(id));
        }
        for some in reels.chunks(AT_ONCE) {
            let Some(set) = self.reel_set else { break };
            let answers = join_all(some.iter().map(|id| self.watch_time(id, set))).await;
            let mut by = Vec::new();
            for (id, answer) in some.iter().zip(answers) {
                let Some((numbers, set)) = answer? else { continue };
                by.push(set);
                known.insert(id.clone(), numbers);
            }
            if by.is_empty() && some.len() == AT_ONCE {
                self.reel_set = None;
            } else if !by.is_empty() && !by.contains(&set) {
                self.reel_set = Some(Set::WatchTime);
            }
        }
        for row in rows {
            if let Some(numbers) = known.get(&row.post.id) {
                row.post.numbers.fill(numbers);
            }
        }
        Ok(())
    }

    /// What one reel has beyond the common metrics, and which set it was; `None`: nothing.
    async fn watch_time(&self, id: &MediaId, set: Set) -> Result<Option<(Numbers, Set)>, Error> {
        let sets = [set, Set::WatchTime];
        for set in &sets[usize::from(set == Set::WatchTime)..] {
            match self.single(id, &set.names(), None).await {
                Ok(numbers) => return Ok(Some((numbers, *set))),
                Err(error) => {
                    if survivable(error)? != Meaning::NotOffered {
                        break;
                    }
                }
            }
        }
        Ok(None)
    }

    // --- one by one ---

    fn is_wanted(&self, id: &MediaId) -> bool {
        self.wanted.posts.contains_key(id)
    }

    async fn ask_wanted(&mut self, row: &mut Row) -> Result<(), Error> {
        let is_open = self.asks && !row.is_asked && !self.refused.has(&row.post.id, row.post.at);
        if is_open && self.is_wanted(&row.post.id) {
            self.ask(row).await?;
        }
        Ok(())
    }

    /// Asks for the insights of one row, once.
    async fn ask(&mut self, row: &mut Row) -> Result<(), Error> {
        if row.is_asked {
            return Ok(());
        }
        row.is_asked = true;
        row.post.unread = Some(Unread::Refused);
        for set in Set::of_one(row.post.kind) {
            match self.single(&row.post.id, &set.names(), None).await {
                Ok(numbers) => {
                    self.is_permitted = Some(true);
                    row.post.numbers = with(&numbers, &row.post.numbers);
                    row.post.unread = None;
                    return Ok(());
                }
                Err(error) => match survivable(error)? {
                    Meaning::NotOffered => {}
                    Meaning::Permanent => {
                        // It is about the post, so the token may ask.
                        self.is_permitted = Some(true);
                        self.refused.posts.insert(row.post.id.clone());
                        row.post.unread = Some(Unread::BeforeProfessional);
                        return Ok(());
                    }
                    Meaning::Withheld => {
                        row.post.unread = Some(self.withheld());
                        return Ok(());
                    }
                    Meaning::NoPermission => {
                        row.post.unread = Some(Unread::NoPermission);
                        self.stop_asking(Unread::NoPermission);
                        return Ok(());
                    }
                    Meaning::Other | Meaning::Fatal => break,
                },
            }
        }
        self.misses += 1;
        if self.is_permitted.is_none() && self.misses >= MOST_MISSES {
            self.stop_asking(Unread::Refused);
        }
        Ok(())
    }

    /// What code 10 says of one post: once others were answered, the permission is there.
    fn withheld(&self) -> Unread {
        if self.is_permitted == Some(true) { Unread::FewViewers } else { Unread::Withheld }
    }

    /// Finds out what code 10 for a whole page means, by the row that most have seen.
    async fn probe(&mut self, rows: &mut [Row]) -> Result<(), Error> {
        let likes = |row: &Row| row.post.numbers.likes.unwrap_or(0);
        let Some(row) = rows.iter_mut().filter(|row| !row.is_asked).max_by_key(|row| likes(row)) else { return Ok(()) };
        self.ask(row).await?;
        if row.post.unread == Some(Unread::Withheld) {
            let is_seen = likes(row) >= ENOUGH_VIEWERS;
            self.stop_asking(if is_seen { Unread::NoPermission } else { Unread::Withheld });
            row.is_asked = false;
        }
        Ok(())
    }

    fn stop_asking(&mut self, why: Unread) {
        self.asks = false;
        self.why = why;
        if why == Unread::NoPermission {
            self.is_permitted = Some(false);
        }
    }

    /// Finds the row with which an account's time before it was professional begins, by halving: seven calls for a page
    /// of a hundred. Where the oldest row is answered, age is not the reason.
    async fn find_change(&mut self, rows: &mut [Row]) -> Result<(), Error> {
        let Some(last) = rows.len().checked_sub(1) else { return Ok(()) };
        let (mut newer, mut older) = (0, last);
        if !self.is_before(&mut rows[last]).await? {
            return Ok(());
        }
        while newer < older && self.asks {
            let middle = usize::midpoint(newer, older);
            if self.is_before(&mut rows[middle]).await? { older = middle } else { newer = middle + 1 }
        }
        self.refused.until = self.refused.until.max(rows[older].post.at);
        Ok(())
    }

    async fn is_before(&mut self, row: &mut Row) -> Result<bool, Error> {
        self.ask(row).await?;
        Ok(row.post.unread == Some(Unread::BeforeProfessional))
    }

    // --- stories ---

    /// The stories of the last 24 hours: no others have insights.
    pub(super) async fn read_stories(&mut self) -> Result<(), Error> {
        if !self.asks || !self.wanted.posts.values().any(|kind| *kind == Kind::Story) {
            return Ok(());
        }
        let mut rows = match self.listing(STORIES, "stories", &Set::Story.nested(), PAGE, None).await {
            Ok(page) => {
                self.is_permitted = Some(true);
                rows_of(page.data, true)
            }
            Err(error) => {
                let why = survivable(error)?;
                let page = self.listing(STORIES, "stories", "", PAGE, None).await?;
                let mut rows = rows_of(page.data, false);
                if why == Meaning::NoPermission {
                    self.stop_asking(Unread::NoPermission);
                }
                for row in &mut rows {
                    row.post.kind = Some(Kind::Story);
                    self.ask_wanted(row).await?;
                }
                rows
            }
        };
        for row in &mut rows {
            row.post.kind = Some(Kind::Story);
            // The answer that shows that the token may ask can come later than the first refusal.
            if row.post.unread == Some(Unread::Withheld) {
                row.post.unread = Some(self.withheld());
            }
            if !row.is_asked && !self.asks {
                row.post.unread = Some(self.why);
            }
        }
        self.add_exits(&mut rows).await?;
        self.rows.extend(rows);
        Ok(())
    }

    async fn add_exits(&mut self, rows: &mut [Row]) -> Result<(), Error> {
        let is_open = |row: &Row| row.is_asked && row.post.unread.is_none() && self.is_wanted(&row.post.id);
        if !rows.iter().any(is_open) {
            return Ok(());
        }
        let mut known = HashMap::new();
        if rows.iter().all(|row| row.post.unread.is_none()) {
            match self.listing(STORIES, "stories", &metrics::nested_navigation(), PAGE, None).await {
                Ok(page) => known = by_id(page.data),
                Err(error) => _ = survivable(error)?,
            }
        }
        for row in rows.iter_mut().filter(|row| is_open(row)) {
            let numbers = match known.get(&row.post.id) {
                Some(numbers) => *numbers,
                None => match self.single(&row.post.id, NAVIGATION, Some(BREAKDOWN)).await {
                    Ok(numbers) => numbers,
                    Err(error) => {
                        survivable(error)?;
                        continue;
                    }
                },
            };
            row.post.numbers.fill(&numbers);
        }
        Ok(())
    }

    // --- calls ---

    /// One page of a listing, with `more` beside the fields that every row has.
    async fn listing(
        &self,
        edge: &'static str,
        name: &str,
        more: &str,
        limit: u32,
        after: Option<&str>,
    ) -> Result<Page<InsightsAnswer>, Error> {
        let path = [self.wanted.user.as_str(), name];
        let fields = if more.is_empty() { FIELDS.to_owned() } else { format!("{FIELDS},{more}") };
        let mut params = vec![("fields", fields), ("limit", limit.to_string())];
        params.extend(after.map(|after| ("after", after.to_owned())));
        self.send(&Ask::get(edge, &path, params), |error| half(limit).is_some() && may_be_too_much(error)).await
    }

    async fn single(&self, id: &MediaId, metrics: &str, breakdown: Option<&str>) -> Result<Numbers, Error> {
        let path = [id.as_str(), "insights"];
        let mut params = vec![("metric", metrics.to_owned())];
        params.extend(breakdown.map(|breakdown| ("breakdown", breakdown.to_owned())));
        let page: Page<MetricAnswer> = self.send(&Ask::get(EDGE, &path, params), |_| false).await?;
        Ok(metrics::of_metrics(&page.data))
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        ask: &Ask<'_>,
        is_other: impl Fn(&Error) -> bool,
    ) -> Result<T, Error> {
        let count = || self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.retried_unless(Call::Read, ask, |error| {
            count();
            is_other(error)
        });
        let answer = answer.await?;
        count();
        Ok(answer)
    }
}

/// The meaning of a failure after which the others can still be read.
fn survivable(error: Error) -> Result<Meaning, Error> {
    match meaning(&error) {
        Meaning::Fatal => Err(error),
        other => Ok(other),
    }
}

fn rows_of(data: Vec<InsightsAnswer>, is_asked: bool) -> Vec<Row> {
    posts_of(data).map(|post| Row { post, is_asked }).collect()
}

fn by_id(data: Vec<InsightsAnswer>) -> HashMap<MediaId, Numbers> {
    posts_of(data).map(|post| (post.id, post.numbers)).collect()
}

/// What insights say, before what the fields of a listing say.
fn with(insights: &Numbers, fields: &Numbers) -> Numbers {
    let mut numbers = *insights;
    numbers.fill(fields);
    numbers
}
