use std::collections::BTreeMap;

use super::*;
use crate::manifest::{Conversion, MediaType, ReelOptions, UserTag};
use crate::plan::testing::*;
use crate::schedule::{Days, Slot};
use igsync_base::content::GraduationStrategy;
use igsync_base::feed::LiveChild;
use igsync_media::convert::{Fit, Target};
use igsync_media::rules::Use;

/// Files with the sizes that their names end with: `a-1080x1350.jpg`; clips last six seconds.
struct ByName;

impl Media for ByName {
    fn seen(&self, path: &str) -> Option<Seen> {
        let (stem, extension) = path.rsplit_once('.')?;
        let (width, height) = stem.rsplit_once('-')?.1.split_once('x')?;
        let is_clip = extension == "mp4";
        let size = Some((width.parse().ok()?, height.parse().ok()?));
        Some(Seen { size, duration_ms: is_clip.then_some(6_000), is_clip })
    }
}

/// The page of a world with one account.
struct Shows {
    grid: Vec<String>,
    off_grid: Vec<String>,
    stories: Vec<String>,
}

fn with<T>(world: &World, listed: &BTreeMap<AccountName, Vec<LivePost>>, look: impl FnOnce(Page<'_>) -> T) -> T {
    let plan = world.plan();
    let mut records = Records::default();
    world.records.iter().for_each(|record| _ = records.merge_in(record.clone()));
    look(page(Input { plan: &plan, posts: &world.posts, records: &records, listed, months: 2 }, &ByName))
}

/// `@ posts/a left,top width×height` of every tile: coming ones by their mark, live ones by `·`.
fn shows(world: &World, listed: &BTreeMap<AccountName, Vec<LivePost>>) -> Shows {
    with(world, listed, |page| {
        let account = &page.accounts[0];
        let tile = |tile: &Tile| {
            let name = match &tile.shown {
                Shown::Coming(place) => {
                    let card = &account.cards[*place];
                    format!("{} {}", card.change.mark().sign(), card.post.key)
                }
                Shown::Live(live) => {
                    let key = live.key.as_ref().map_or_else(|| "(no record)".to_owned(), ToString::to_string);
                    format!("· {key}{}", if live.is_unlisted { ", not listed" } else { "" })
                }
            };
            let still = match &tile.frame.still {
                Still::File { path, target } => {
                    format!(" {path}{}", target.map_or("", |_| ", converted"))
                }
                Still::Listed(link) => format!(" {link}"),
                Still::Clip { duration_ms } => format!(" clip {}", duration_ms.unwrap_or_default()),
                Still::Elsewhere(url) => format!(" {url}"),
                Still::Missing => " nothing".to_owned(),
            };
            let part = tile
                .frame
                .part()
                .map_or_else(String::new, |part| format!(" {}×{}+{}+{}", part.width, part.height, part.left, part.top));
            name + &still + &part
        };
        let tiles = |tiles: &[Tile]| tiles.iter().map(tile).collect();
        Shows { grid: tiles(&account.grid), off_grid: tiles(&account.off_grid), stories: tiles(&account.stories) }
    })
}

fn coming(world: &World) -> Shows {
    shows(world, &BTreeMap::new())
}

/// A post of these files.
fn of(key: &str, kind: Kind, files: &[&str]) -> Post {
    let media_type = |file: &str| if file.ends_with("mp4") { MediaType::Video } else { MediaType::Image };
    let items = files.iter().map(|file| item(file, media_type(file))).collect();
    post(key).with(|post| post.content = crate::manifest::Content::new(kind, items))
}

fn reel(key: &str, cover: Option<&str>, change: impl FnOnce(&mut ReelOptions)) -> Post {
    of(key, Kind::Reel, &["film-1080x1920.mp4"]).with(|post| {
        let reel = post.content.reel.as_mut().unwrap();
        reel.cover = cover.map(|cover| Source::Local(cover.into()));
        change(reel);
    })
}

#[test]
fn the_last_to_go_out_is_the_first_that_is_seen_and_the_live_ones_are_below() {
    let old = |key: &str, time: &str| live(key, |live| live.published_at = Some(at(time)));
    let picture = |key: &str| of(key, Kind::Image, &["a-1080x1440.jpg"]);
    let world = world(
        [
            picture("c-now"),
            picture("a-later").due("2026-12-24T18:00:00Z"),
            picture("b-soon").due("2026-12-02T18:00:00Z"),
            picture("b-now").with(|post| post.media_digest = Some(digest("another"))),
            picture("old").with(|post| post.digest = record("old", crate::lockfile::Stage::Published).digest),
        ],
        [old("old", "2026-11-01T10:00:00Z"), old("gone", "2026-11-20T10:00:00Z")],
    );
    assert_eq!(
        coming(&world).grid,
        [
            "@ a-later a-1080x1440.jpg 1080×1440+0+0",
            "@ b-soon a-1080x1440.jpg 1080×1440+0+0",
            "+ c-now a-1080x1440.jpg 1080×1440+0+0",
            "+ b-now a-1080x1440.jpg 1080×1440+0+0",
            "· gone nothing",
            "· old a-1080x1440.jpg 1080×1440+0+0",
        ]
    );
}

#[test]
fn every_shape_is_cropped_as_the_grid_crops_it() {
    let world = world(
        [
            of("a", Kind::Image, &["tall-1080x1350.jpg"]),
            of("b", Kind::Image, &["wide-1910x1000.jpg"]),
            of("c", Kind::Image, &["square-1080x1080.jpg"]),
            // Of its first item; the second decides nothing.
            of("d", Kind::Carousel, &["wide-1600x1200.jpg", "tall-900x1200.jpg"]),
            of("e", Kind::Carousel, &["film-1080x1920.mp4", "tall-900x1200.jpg"]),
            reel("f", Some("cover-1080x1920.jpg"), |_| {}),
            reel("g", Some("cover-1600x1600.jpg"), |_| {}),
            reel("h", None, |_| {}),
            of("i", Kind::Image, &["no-size.jpg"]),
            of("j", Kind::Image, &[]).with(|post| {
                let url = Source::Url("https://cdn.example.com/j.jpg".into());
                post.content.items = vec![Item::new(0, MediaType::Image, url)];
            }),
        ],
        [],
    );
    let mut grid = coming(&world).grid;
    grid.reverse();
    assert_eq!(
        grid,
        [
            "+ a tall-1080x1350.jpg 1012×1350+34+0",
            "+ b wide-1910x1000.jpg 750×1000+580+0",
            "+ c square-1080x1080.jpg 810×1080+135+0",
            "+ d wide-1600x1200.jpg 900×1200+350+0",
            "+ e clip 6000 1080×1440+0+240",
            "+ f cover-1080x1920.jpg 1080×1440+0+240",
            "+ g cover-1600x1600.jpg 900×1200+350+200",
            "+ h clip 6000 1080×1440+0+240",
            "+ i nothing",
            "+ j https://cdn.example.com/j.jpg",
        ]
    );
}

#[test]
fn a_picture_that_is_converted_is_shown_as_it_is_published() {
    let target = Target { usage: Use::Image, fit: Some(Fit::Pad), first: None };
    let converted = of("a", Kind::Image, &["tall-1080x1920.png"]).with(|post| {
        post.conversions = vec![Conversion {
            path: "tall-1080x1920.png".into(),
            target,
            work: String::new(),
            size: (1440, 1800),
            len: None,
        }];
    });
    assert_eq!(
        coming(&world([converted], [])).grid,
        ["+ a tall-1080x1920.png, converted 1350×1800+45+0"],
        "with its margins"
    );
}

#[test]
fn what_is_not_on_the_grid_has_strips_of_its_own() {
    let cover = Some("cover-1080x1920.jpg");
    let world = world(
        [
            reel("on", cover, |_| {}),
            reel("off", cover, |reel| reel.share_to_feed = false).with(|post| post.media_digest = Some(digest("o"))),
            reel("trial", cover, |reel| reel.trial = Some(GraduationStrategy::Manual))
                .with(|post| post.media_digest = Some(digest("t"))),
            of("story", Kind::Story, &["story-1080x1920.jpg"]),
        ],
        [],
    );
    let shown = coming(&world);
    assert_eq!(shown.grid, ["+ on cover-1080x1920.jpg 1080×1440+0+240"]);
    assert_eq!(
        shown.off_grid,
        ["+ trial cover-1080x1920.jpg 1080×1920+0+0", "+ off cover-1080x1920.jpg 1080×1920+0+0"]
    );
    assert_eq!(shown.stories, ["+ story story-1080x1920.jpg 1080×1920+0+0"]);
}

#[test]
fn what_does_not_go_out_has_no_tile() {
    let picture = |key: &str| of(key, Kind::Image, &["a-1080x1440.jpg"]);
    let world = world(
        [
            picture("late").due("2026-11-01T10:00:00Z"),
            picture("draft").with(|post| post.draft = true),
            picture("twin").with(|post| post.media_digest = Some(digest("same"))),
            picture("twin2").with(|post| post.media_digest = Some(digest("same"))),
        ],
        [],
    );
    assert_eq!(coming(&world).grid, ["+ twin a-1080x1440.jpg 1080×1440+0+0"]);
    with(&world, &BTreeMap::new(), |page| {
        let others: Vec<String> = page.accounts[0].others.iter().map(|change| change.key.to_string()).collect();
        assert_eq!(others, ["late", "twin2"]);
    });
}

fn row(id: &str, kind: Kind, time: &str) -> LivePost {
    LivePost {
        id: id.into(),
        kind: Some(kind),
        is_old_video: false,
        at: Some(at(time)),
        caption: None,
        permalink: Some(format!("https://www.instagram.com/p/{id}/")),
        alt_text: None,
        share_to_feed: None,
        comment_enabled: None,
        is_ai_generated: None,
        audio: None,
        has_copyright_match: None,
        media_url: Some(format!("https://cdn.example.com/{id}.jpg")),
        thumbnail_url: Some(format!("https://cdn.example.com/{id}-still.jpg")),
        likes: None,
        comments: None,
        children: None,
    }
}

#[test]
fn what_the_account_shows_fills_the_grid_where_files_do_not() {
    let of_id = |key: &str, id: &str| live(key, |live| live.media_id = Some(id.into()));
    let with_file = of("here", Kind::Image, &["a-1080x1440.jpg"]).with(|post| {
        post.digest = record("here", crate::lockfile::Stage::Published).digest;
    });
    let world = world([with_file], [of_id("here", "1"), of_id("gone", "2"), of_id("unlisted", "9")]);
    let child = LiveChild {
        id: "41".into(),
        is_video: true,
        media_url: Some("https://cdn.example.com/film.mp4".into()),
        thumbnail_url: Some("https://cdn.example.com/film.jpg".into()),
        alt_text: None,
    };
    let rows = vec![
        LivePost { children: Some(vec![child]), ..row("4", Kind::Carousel, "2026-12-01T10:00:09Z") },
        LivePost { share_to_feed: Some(false), ..row("5", Kind::Reel, "2026-12-01T10:00:08Z") },
        row("3", Kind::Reel, "2026-12-01T10:00:07Z"),
        row("1", Kind::Image, "2026-12-01T10:00:05Z"),
        row("2", Kind::Image, "2026-12-01T10:00:04Z"),
    ];
    let shown = shows(&world, &BTreeMap::from([("brand".into(), rows)]));
    assert_eq!(
        shown.grid,
        [
            "· (no record) https://cdn.example.com/film.jpg",
            "· (no record) https://cdn.example.com/3-still.jpg",
            "· unlisted, not listed nothing",
            "· here a-1080x1440.jpg 1080×1440+0+0",
            "· gone https://cdn.example.com/2.jpg",
        ]
    );
    assert_eq!(shown.off_grid, ["· (no record) https://cdn.example.com/5-still.jpg"]);
}

#[test]
fn slides_have_the_shape_of_the_first_and_tags_are_where_they_are_seen() {
    let tag = |x: f64, y: f64| UserTag { username: "harbour".into(), x: Some(x), y: Some(y) };
    let post = of("a", Kind::Carousel, &["first-1000x1000.jpg", "wide-2000x1000.jpg"]).with(|post| {
        post.content.items[1].user_tags = vec![tag(0.5, 0.2), tag(0.1, 0.2), UserTag { x: None, ..tag(0.0, 0.0) }];
    });
    with(&world([post], []), &BTreeMap::new(), |page| {
        let slide = &page.accounts[0].cards[0].slides[1];
        assert_eq!(slide.frame.part().map(|part| (part.left, part.width, part.height)), Some((500, 1000, 1000)));
        assert_eq!(slide.tags, [Some((0.5, 0.2)), None, None]);
    });
}

#[test]
fn a_calendar_has_local_days_with_posts_free_slots_and_the_quota() {
    let mut world = world(
        [
            of("now", Kind::Image, &["a-1080x1440.jpg"]),
            // Half past midnight in Berlin is the next day there.
            of("night", Kind::Image, &["b-1080x1440.jpg"]).due("2026-12-02T23:30:00Z"),
            of("far", Kind::Image, &["c-1080x1440.jpg"]).due("2027-02-01T12:00:00Z"),
        ],
        [],
    );
    world.accounts[0].schedule.slots = vec![Slot::parse("Wed 18:00").unwrap()];
    world.accounts[0].schedule.skip = vec![Days::parse("2026-12-24..2026-12-31").unwrap()];
    with(&world, &BTreeMap::new(), |page| {
        let account = &page.accounts[0];
        assert_eq!(account.months.iter().map(|month| month.days.len()).collect::<Vec<_>>(), [31, 31]);
        assert_eq!(account.later, 1);
        let december = &account.months[0].days;
        let day = |day: usize| &december[day - 1];
        assert!(day(1).is_today && !day(1).is_past && day(24).is_skipped && !day(23).is_skipped);
        assert_eq!((day(1).in_24h, day(3).in_24h, day(4).in_24h), (Some(1), Some(1), None));
        assert_eq!(day(1).entries, [Entry { at: at(NOW), what: On::Post(0) }]);
        assert_eq!(day(3).entries, [Entry { at: at("2026-12-02T23:30:00Z"), what: On::Post(1) }]);
        let free: Vec<String> = account
            .months
            .iter()
            .flat_map(|month| &month.days)
            .flat_map(|day| &day.entries)
            .filter(|entry| entry.what == On::Slot)
            .map(|entry| entry.at.to_string())
            .collect();
        assert_eq!(
            free,
            [
                "2026-12-02T17:00:00Z",
                "2026-12-09T17:00:00Z",
                "2026-12-16T17:00:00Z",
                "2026-12-23T17:00:00Z",
                "2027-01-06T17:00:00Z",
                "2027-01-13T17:00:00Z",
                "2027-01-20T17:00:00Z",
                "2027-01-27T17:00:00Z",
            ]
        );
    });
}

#[test]
fn a_post_has_one_name_by_its_user_and_its_key() {
    let name = |user: Option<&str>, account: &str, key: &str| {
        identity(user.map(UserId::from).as_ref(), &account.into(), &key.into())
    };
    let id = name(Some(USER), "brand", "posts/a");
    assert_eq!(id.len(), 32);
    assert_eq!(id, name(Some(USER), "renamed", "posts/a"));
    assert_ne!(id, name(Some(USER), "brand", "posts/b"));
    assert_ne!(id, name(None, "brand", "posts/a"));
}
