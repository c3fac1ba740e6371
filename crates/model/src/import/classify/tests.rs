use super::super::attempt_for;
use super::super::tests::live;
use super::*;
use crate::lockfile::{Created, PublishIntent, Reason, Via};
use crate::plan::testing::{PostBuilder as _, USER, With as _, at, post, record};
use igsync_base::feed::LiveChild;
use igsync_base::id::AttemptId;

impl crate::plan::testing::With for LivePost {}
impl crate::plan::testing::With for Feed {}

const T: &str = "2026-12-01T10:00:05Z";

/// A live picture with the caption of `post(key)`.
fn seen(id: &str, key: &str, time: &str) -> LivePost {
    LivePost { at: Some(at(time)), caption: Some(format!("Caption of {key}")), ..live(id) }
}

fn feed(posts: impl IntoIterator<Item = LivePost>) -> Feed {
    Feed { posts: posts.into_iter().collect(), is_complete: true, calls: 1 }
}

/// `class key` of each post, newest first.
fn classes(feed: &Feed, posts: &[Post], records: &[Record], change: impl FnOnce(&mut Question<'_>)) -> Vec<String> {
    let posts: Vec<Arc<Post>> = posts.iter().cloned().map(Arc::new).collect();
    let records: Records = records.iter().cloned().collect();
    let (user_id, matching) = (USER.into(), Matching::None);
    let mut question = Question {
        user_id: &user_id,
        feed,
        since: None,
        limit: None,
        posts: &posts,
        records: &records,
        matching: &matching,
        zone: &TimeZone::UTC,
    };
    change(&mut question);
    let in_words = |class: &Class| match class {
        Class::Known(key) | Class::Contested(key) => format!("{} {key}", class.name()),
        Class::Matched { post, is_recorded } => {
            format!("{} {}{}", class.name(), post.key, if *is_recorded { "" } else { "?" })
        }
        Class::Ambiguous(keys) => {
            format!("{} {}", class.name(), keys.iter().map(PostKey::as_str).collect::<Vec<_>>().join("+"))
        }
        Class::New | Class::OtherKind => class.name().to_owned(),
    };
    classify(&question).iter().map(|classified| in_words(&classified.class)).collect()
}

fn of(lives: &[LivePost], posts: &[Post], records: &[Record]) -> Vec<String> {
    classes(&feed(lives.to_vec()), posts, records, |_| {})
}

#[test]
fn what_no_one_knows_is_new() {
    assert_eq!(of(&[seen("1", "a", T), live("2")], &[], &[]), ["new", "new"]);
    assert_eq!(of(&[live("1").with(|live| live.kind = None)], &[], &[]), ["other_kind"]);
}

#[test]
fn what_is_recorded_is_known_whatever_its_state_but_forgotten() {
    for stage in [Stage::Published, Stage::Deleted, Stage::Ignored] {
        let recorded = record("posts/a", Stage::Published).with(|record| {
            let kept = record.clone().forgotten(None);
            if stage != Stage::Published {
                *record = Record { state: State::bare(stage), ..kept };
            }
        });
        assert_eq!(of(&[live("17900000000000001")], &[], &[recorded]), ["known posts/a"], "{stage:?}");
    }
    let forgotten = record("posts/a", Stage::Published).forgotten(None);
    assert_eq!(of(&[live("17900000000000001")], &[], &[forgotten]), ["new"], "it can be imported again");
}

#[test]
fn a_manifest_says_more_of_a_known_post_than_a_record_alone() {
    let only = crate::plan::testing::live("imported/17900000000000001", |live| live.via = Some(Via::Imported));
    let both = [only, record("posts/a", Stage::Published)];
    assert_eq!(of(&[live("17900000000000001")], &[], &both), ["known posts/a"]);
}

#[test]
fn what_an_open_attempt_could_own_is_contested_whatever_its_caption() {
    for stage in [Stage::Containers, Stage::Intent, Stage::Unknown] {
        let open = || record("posts/a", stage);
        assert_eq!(of(&[seen("1", "b", T)], &[], &[open()]), ["contested posts/a"], "{stage:?}");
        assert_eq!(of(&[live("1").with(|live| live.at = Some(at(T)))], &[], &[open()]), ["contested posts/a"]);
        assert_eq!(of(&[live("1")], &[], &[open()]), ["contested posts/a"], "an unknown time may be any");
        let early = if stage == Stage::Containers { "2026-12-01T09:59:59Z" } else { "2026-12-01T10:00:04Z" };
        assert_eq!(of(&[seen("1", "a", early)], &[], &[open()]), ["new"], "{stage:?}");
        assert_eq!(of(&[seen("1", "a", "2026-12-02T10:00:00Z")], &[], &[open()]), ["contested posts/a"]);
        assert_eq!(of(&[seen("1", "a", "2026-12-02T10:00:01Z")], &[], &[open()]), ["new"], "the container has ended");
        let reel = seen("1", "a", T).with(|live| live.kind = Some(Kind::Reel));
        assert_eq!(of(&[reel], &[], &[open()]), ["new"]);
        let ruled_out = open().with(|record| record.not_ours = vec!["1".into()]);
        assert_eq!(of(&[seen("1", "a", T)], &[], &[ruled_out]), ["new"]);
        let before = open().with(|record| record.fingerprint = Some(vec!["1".into()]));
        assert_eq!(of(&[seen("1", "a", T)], &[], &[before]), ["new"]);
    }
    let nothing_made = record("posts/a", Stage::Containers).with(|record| record.container = None);
    assert_eq!(of(&[seen("1", "a", T)], &[], &[nothing_made]), ["new"]);
    let shown = record("posts/a", Stage::Unknown).with(|record| {
        record.intents.clear();
        record.container = None;
        record.evidence = vec!["1".into()];
    });
    assert_eq!(of(&[seen("1", "a", "2020-01-01T00:00:00Z")], &[], &[shown]), ["contested posts/a"]);
}

#[test]
fn a_carousel_is_contested_by_its_number_of_slides() {
    let child =
        |id: &str| LiveChild { id: id.into(), is_video: false, media_url: None, thumbnail_url: None, alt_text: None };
    let open = record("posts/a", Stage::Intent).with(|record| {
        record.kind = Kind::Carousel;
        record.children = ["1", "2"].map(|id| Created { id: id.into(), created_at: None }).into();
    });
    let with = |slides: Option<usize>| {
        seen("1", "b", T).with(|live| {
            live.kind = Some(Kind::Carousel);
            live.children = slides.map(|slides| (0..slides).map(|n| child(&n.to_string())).collect());
        })
    };
    assert_eq!(of(&[with(Some(2))], &[], std::slice::from_ref(&open)), ["contested posts/a"]);
    assert_eq!(of(&[with(None)], &[], std::slice::from_ref(&open)), ["contested posts/a"], "not known");
    assert_eq!(of(&[with(Some(3))], &[], &[open]), ["new"]);
}

#[test]
fn what_a_published_record_without_id_could_own_is_contested() {
    let nameless = || {
        record("posts/a", Stage::Published).with(|record| {
            record.live_mut().unwrap().media_id = None;
            record.live_mut().unwrap().permalink = None;
        })
    };
    assert_eq!(of(&[seen("1", "posts/a", T)], &[], &[nameless()]), ["contested posts/a"]);
    assert_eq!(of(&[seen("1", "posts/b", T)], &[], &[nameless()]), ["new"], "it says what its caption is");
    let mute = nameless().with(|record| record.caption_digest = None);
    assert_eq!(of(&[seen("1", "posts/b", T)], &[], &[mute]), ["contested posts/a"]);
    let linked = nameless().with(|record| {
        record.live_mut().unwrap().permalink = Some("https://www.instagram.com/p/C9x/".to_owned());
    });
    let reel_link = Some("https://www.instagram.com/reel/C9x/".to_owned());
    let it = seen("1", "posts/b", "2020-01-01T00:00:00Z").with(|live| live.permalink = reel_link);
    assert_eq!(of(&[it, seen("2", "posts/a", T)], &[], &[linked]), ["known posts/a", "new"]);
}

#[test]
fn a_manifest_matches_one_live_post_that_is_not_older_than_its_time() {
    let due = || post("posts/a").due("2026-12-01T10:00:05Z");
    assert_eq!(of(&[seen("1", "posts/a", T)], &[due()], &[]), ["matched posts/a"]);
    assert_eq!(of(&[seen("1", "posts/a", "2026-12-01T10:00:04Z")], &[due()], &[]), ["new"]);
    let with_mentions = seen("1", "posts/a", T).with(|live| live.caption = Some(" Caption of @posts/a\r\n".to_owned()));
    assert_eq!(of(&[with_mentions], &[due()], &[]), ["matched posts/a"], "as a listing is compared everywhere");
    for (what, other) in [
        ("another kind", due().of_kind(Kind::Reel)),
        ("a draft", due().with(|post| post.draft = true)),
        ("to be deleted", due().with(|post| post.state = PostState::Absent)),
        ("another caption", due().edited()),
    ] {
        assert_eq!(of(&[seen("1", "posts/a", T)], &[other], &[]), ["new"], "{what}");
    }
    let mute = due().with(|post| post.content.caption.clear());
    assert_eq!(of(&[live("1").with(|live| live.at = Some(at(T)))], &[mute], &[]), ["new"], "no caption is no evidence");
}

#[test]
fn without_a_time_a_match_is_shown_and_recorded_only_when_a_person_says_so() {
    let undated = || post("posts/a");
    let (lives, posts) = ([seen("1", "posts/a", T)], [undated()]);
    assert_eq!(of(&lives, &posts, &[]), ["matched posts/a?"]);
    let with = |matching: Matching| {
        let lives = feed(lives.to_vec());
        let matching = &matching;
        let records = Records::default();
        let posts: Vec<Arc<Post>> = posts.iter().cloned().map(Arc::new).collect();
        let user_id = USER.into();
        let question = Question {
            user_id: &user_id,
            feed: &lives,
            since: None,
            limit: None,
            posts: &posts,
            records: &records,
            matching,
            zone: &TimeZone::UTC,
        };
        matches!(classify(&question)[0].class, Class::Matched { is_recorded: true, .. })
    };
    assert!(with(Matching::All));
    assert!(with(Matching::Keys(["posts/a".into()].into())));
    assert!(!with(Matching::Keys(["posts/b".into()].into())));
}

#[test]
fn only_unpublished_manifests_match() {
    let due = || post("posts/a").due("2026-11-01T10:00:00Z");
    // Another post in time, so that nothing is contested.
    let lives = [seen("1", "posts/a", "2026-11-20T10:00:00Z")];
    for (stage, expected) in [
        (Stage::NotPublished, "matched posts/a"),
        (Stage::Failed, "matched posts/a"),
        (Stage::Forgotten, "matched posts/a"),
        (Stage::Published, "new"),
        (Stage::Deleted, "new"),
        (Stage::Ignored, "new"),
        (Stage::Intent, "new"),
        (Stage::Unknown, "new"),
    ] {
        assert_eq!(of(&lives, &[due()], &[record("posts/a", stage)]), [expected], "{stage:?}");
    }
    let ruled_out = record("posts/a", Stage::NotPublished).with(|record| {
        record.not_ours = vec!["1".into()];
        record.state = State::NotPublished(Some(Reason::Resolved));
    });
    assert_eq!(of(&lives, &[due()], &[ruled_out]), ["new"], "a person said that it is another post");
}

#[test]
fn what_fits_several_is_ambiguous() {
    let captioned = |key: &str| post(key).with(|post| post.content.caption = "Caption of x".to_owned());
    let x = |id: &str, time: &str| seen(id, "x", time);
    assert_eq!(of(&[x("1", T)], &[captioned("a"), captioned("b")], &[]), ["ambiguous a+b"]);
    assert_eq!(of(&[x("2", T), x("1", T)], &[captioned("a")], &[]), ["ambiguous a", "ambiguous a"]);
    // One that an open attempt may own is one that the manifest may be.
    let open = record("posts/o", Stage::Intent).with(|record| record.kind = Kind::Image);
    let earlier = x("1", "2026-11-01T10:00:00Z");
    assert_eq!(of(&[x("2", T), earlier], &[captioned("a")], &[open]), ["contested posts/o", "ambiguous a"]);
    // One that is recorded is no other's.
    let known = record("posts/k", Stage::Published);
    let recorded = x("17900000000000001", T);
    assert_eq!(of(&[recorded, x("1", T)], &[captioned("a")], &[known]), ["known posts/k", "matched a?"]);
}

#[test]
fn a_greeting_is_not_swallowed_by_last_years() {
    let greeting =
        |key: &str, due: &str| post(key).due(due).with(|post| post.content.caption = "Happy New Year!".to_owned());
    let said = |id: &str, time: &str| {
        live(id).with(|live| {
            live.caption = Some("Happy New Year!".to_owned());
            live.at = Some(at(time));
        })
    };
    let lives = [said("2", "2026-01-01T00:00:10Z"), said("1", "2025-01-01T00:00:10Z")];
    assert_eq!(of(&lives, &[greeting("a", "2027-01-01T00:00:00Z")], &[]), ["new", "new"]);
    assert_eq!(of(&lives, &[greeting("a", "2026-01-01T00:00:00Z")], &[]), ["matched a", "new"]);
}

#[test]
fn a_post_of_the_queue_is_none_that_is_older_than_its_day() {
    use crate::manifest::Queued;

    let from = |day: &str| {
        let queued = Queued { from: Some(day.parse().unwrap()) };
        post("posts/a").with(|post| post.queued = Some(queued))
    };
    let lives = [seen("1", "posts/a", T)];
    assert_eq!(of(&lives, &[from("2027-01-01")], &[]), ["new"], "last year's greeting");
    assert_eq!(of(&lives, &[from("2026-12-01")], &[]), ["matched posts/a?"]);
    let early = feed([seen("1", "posts/a", "2026-12-01T01:00:00Z")]);
    let west = TimeZone::fixed(jiff::tz::offset(-8));
    let posts: Vec<Arc<Post>> = vec![Arc::new(from("2026-12-01"))];
    let (user_id, matching, records) = (USER.into(), Matching::None, Records::default());
    let (user_id, records, matching): (&UserId, _, _) = (&user_id, &records, &matching);
    let question =
        Question { user_id, feed: &early, since: None, limit: None, posts: &posts, records, matching, zone: &west };
    assert_eq!(classify(&question)[0].class.name(), "new", "there it was still November");
}

#[test]
fn white_space_at_the_ends_of_lines_is_no_difference() {
    let written = |caption: &str| post("posts/a").with(|post| post.content.caption = caption.to_owned());
    let shown = live("1").with(|live| (live.at, live.caption) = (Some(at(T)), Some("Low tide\n\nat six".to_owned())));
    assert_eq!(of(std::slice::from_ref(&shown), &[written("Low tide  \n \t\nat six")], &[]), ["matched posts/a?"]);
    let nameless = record("posts/a", Stage::Published).with(|record| {
        record.live_mut().unwrap().media_id = None;
        record.live_mut().unwrap().permalink = None;
        record.caption_digest = caption_digest("Low tide  \n\nat six");
    });
    let posts = [written("Low tide  \n\nat six")];
    assert_eq!(of(&[shown], &posts, &[nameless]), ["contested posts/a"], "what is recorded has it");
}

#[test]
fn what_was_not_read_may_fit_as_well() {
    let due = || post("posts/a").due("2026-11-01T10:00:00Z");
    let lives = || feed([seen("1", "posts/a", T)]);
    let since = |time: &str| {
        let time = at(time);
        classes(&lives(), &[due()], &[], move |question| question.since = Some(time))
    };
    assert_eq!(since("2026-10-01T00:00:00Z"), ["matched posts/a"]);
    assert_eq!(since("2026-11-15T00:00:00Z"), ["matched posts/a?"], "one between the two could be it");
    let part = lives().with(|feed| feed.is_complete = false);
    assert_eq!(classes(&part, &[due()], &[], |_| {}), ["matched posts/a?"]);
}

#[test]
fn since_and_limit_choose_among_the_newest() {
    let lives =
        feed([seen("3", "c", T), seen("2", "b", "2026-11-01T00:00:00Z"), seen("1", "a", "2026-10-01T00:00:00Z")]);
    let count = |change: fn(&mut Question<'_>)| classes(&lives, &[], &[], change).len();
    assert_eq!(count(|question| question.since = Some("2026-11-01T00:00:00Z".parse().unwrap())), 2);
    assert_eq!(count(|question| question.limit = Some(1)), 1);
    assert_eq!(count(|question| question.limit = Some(9)), 3);
}

#[test]
fn a_manifest_that_names_its_post_is_its_own() {
    let named = |key: &str| {
        post(key).with(|post| {
            post.imported = Some("1".into());
            post.content.caption = "Edited since".to_owned();
        })
    };
    assert_eq!(of(&[seen("1", "posts/a", T)], &[named("posts/a")], &[]), ["matched posts/a"]);
    assert_eq!(of(&[seen("1", "posts/a", T)], &[named("a"), named("b")], &[]), ["ambiguous a+b"]);
    let reel = seen("1", "posts/a", T).with(|live| live.kind = Some(Kind::Reel));
    assert_eq!(of(&[reel], &[named("a")], &[]), ["ambiguous a"], "of another kind");
    let other = |stage| record("posts/a", stage).with(|record| record.intents.clear());
    for stage in [Stage::Published, Stage::Deleted, Stage::Ignored] {
        let classes = of(&[seen("1", "b", "2020-01-01T00:00:00Z")], &[named("posts/a")], &[other(stage)]);
        assert_eq!(classes, ["ambiguous posts/a"], "its key is recorded as another post: {stage:?}");
    }
    let free = other(Stage::NotPublished);
    assert_eq!(of(&[seen("1", "b", T)], &[named("posts/a")], &[free]), ["matched posts/a"]);
    let _ = (AttemptId::from("a"), PublishIntent { at: at(T), lease_until: at(T) });
}

#[test]
fn two_branches_that_import_one_feed_write_one_record_for_each_post() {
    let user: UserId = USER.into();
    let import = |key: &str, media: &str| {
        let attempt = attempt_for(&user, &media.into(), &[]);
        crate::plan::testing::live(key, |live| (live.via, live.media_id) = (Some(Via::Imported), Some(media.into())))
            .with(|record| record.attempt = attempt)
    };
    let mut one: Records = (0..50).map(|n| import(&format!("imported/{n}"), &n.to_string())).collect();
    let two: Records = (10..60).map(|n| import(&format!("imported/{n}"), &n.to_string())).collect();
    one.merge(two.clone());
    assert_eq!((one.len(), one.conflicts().len()), (60, 0));
    let mut back = two;
    back.merge(one.clone());
    assert_eq!(back, one);
}
