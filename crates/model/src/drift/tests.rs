use super::*;
use crate::lockfile::{Accepted, Created, Stage};
use crate::plan::testing::{PostBuilder, USER, With, at, live as live_record, post, record};
use igsync_base::feed::LiveChild;

const MEDIA: &str = "17900000000000001";

/// What Instagram shows of `post("posts/a")` as it was published.
fn live(caption: &str) -> LivePost {
    LivePost {
        id: MEDIA.into(),
        kind: Some(Kind::Image),
        is_old_video: false,
        at: Some(at("2026-12-01T10:00:06Z")),
        caption: Some(caption.to_owned()),
        permalink: None,
        alt_text: None,
        share_to_feed: None,
        comment_enabled: Some(true),
        is_ai_generated: Some(false),
        audio: None,
        has_copyright_match: None,
        media_url: None,
        thumbnail_url: None,
        likes: Some(1),
        comments: None,
        children: None,
    }
}

fn other(id: &str, day: u32) -> LivePost {
    LivePost { id: id.into(), at: Some(at(&format!("2026-11-{day:02}T10:00:00Z"))), ..live("someone's own") }
}

fn feed(posts: impl IntoIterator<Item = LivePost>) -> Feed {
    Feed { posts: posts.into_iter().collect(), is_complete: true, calls: 1 }
}

fn compared(record: &Record, post: &Post, posts: impl IntoIterator<Item = LivePost>) -> Drift {
    let records: Records = [record.clone()].into_iter().collect();
    compare(&USER.into(), None, &records, &feed(posts), &[Arc::new(post.clone())], Range::All)
}

/// What differs of one live post.
fn facts(record: &Record, post: &Post, live: LivePost) -> Vec<Fact> {
    let drift = compared(record, post, [live]);
    drift.edited.iter().flat_map(|differing| &differing.differences).map(|difference| difference.fact).collect()
}

fn published() -> Record {
    record("posts/a", Stage::Published)
}

fn slide(id: &str) -> LiveChild {
    LiveChild { id: id.into(), is_video: false, media_url: None, thumbnail_url: None, alt_text: None }
}

const CAPTION: &str = "Caption of posts/a";

#[test]
fn a_post_that_is_as_it_was_published_differs_in_nothing() {
    assert_eq!(facts(&published(), &post("posts/a"), live(CAPTION)), []);
    assert_eq!(facts(&published(), &post("posts/a"), LivePost { likes: Some(99), ..live(CAPTION) }), []);
}

#[test]
fn captions_are_compared_without_at_signs_composition_and_the_ends_of_lines() {
    let with = |text: &str| {
        let sent = post("posts/a").with(|post| post.content.caption = text.to_owned());
        (published().with(|record| record.caption_digest = caption_digest(text)), sent)
    };
    for (sent, shown) in [
        ("with @ana", "with ana"),
        ("caf\u{65}\u{301}", "caf\u{e9}"),
        ("  around\n", "around"),
        ("first  \nsecond", "first\nsecond"),
        ("first\r\nsecond", "first\nsecond"),
    ] {
        let (record, post) = with(sent);
        assert_eq!(facts(&record, &post, live(shown)), [], "{sent:?}");
    }
    for (sent, shown) in [("first second", "first\nsecond"), ("Fog", "fog"), ("Fog", "")] {
        let (record, post) = with(sent);
        assert_eq!(facts(&record, &post, live(shown)), [Fact::Caption], "{sent:?}");
    }
}

#[test]
fn a_caption_that_was_removed_differs_unless_no_caption_is_shown_at_all() {
    let mute = || LivePost { caption: None, ..live("") };
    assert_eq!(facts(&published(), &post("posts/a"), mute()), []);
    let drift = compared(&published(), &post("posts/a"), [mute(), other("1", 2)]);
    assert_eq!((drift.edited.len(), drift.unmanaged.len()), (1, 1));
    // A person said that a post is live; what was sent no one knows.
    let named = published().with(|record| (record.digest, record.caption_digest) = (None, None));
    assert_eq!(facts(&named, &post("posts/a"), live("anything")), []);
}

#[test]
fn what_differs_is_told_in_both_sides_words() {
    let drift = compared(&published(), &post("posts/a"), [live("Sun")]);
    assert_eq!(drift.edited[0].differences, [difference(Fact::Caption, Some(CAPTION), Some("Sun"))]);
    let drift = compared(&published(), &post("posts/a").edited(), [live("Sun")]);
    assert_eq!(drift.edited[0].differences, [difference(Fact::Caption, None, Some("Sun"))], "no one has its words");
}

#[test]
fn alt_texts_are_compared_with_the_manifest_as_it_was_published() {
    let sent = post("posts/a").with(|post| post.content.items[0].alt_text = Some("Fog".to_owned()));
    let with = |text: Option<&str>| LivePost { alt_text: text.map(str::to_owned), ..live(CAPTION) };
    assert_eq!(facts(&published(), &sent, with(Some("Fog"))), []);
    assert_eq!(facts(&published(), &sent, with(Some("Sun"))), [Fact::AltText]);
    assert_eq!(facts(&published(), &post("posts/a"), with(Some("Sun"))), [Fact::AltText]);
    assert_eq!(facts(&published(), &sent.clone().edited(), with(Some("Sun"))), [], "edited since");
    assert_eq!(facts(&published(), &sent, with(None)), [], "this login shows none at all");
    let shows_others = LivePost { alt_text: Some("x".to_owned()), ..other("1", 2) };
    assert_eq!(compared(&published(), &sent, [with(None), shows_others]).edited.len(), 1);
}

#[test]
fn slides_are_counted_and_their_texts_compared_in_order() {
    let sent = post("posts/a").of_kind(Kind::Carousel).with(|post| {
        post.content.items[1].alt_text = Some("Cranes".to_owned());
    });
    let record = published().with(|record| {
        record.kind = Kind::Carousel;
        record.children = ["1", "2"].map(|id| Created { id: id.into(), created_at: None }).into();
    });
    let with = |texts: &[Option<&str>]| LivePost {
        kind: Some(Kind::Carousel),
        children: Some(
            (1..)
                .zip(texts)
                .map(|(n, text)| LiveChild { alt_text: text.map(str::to_owned), ..slide(&n.to_string()) })
                .collect(),
        ),
        ..live(CAPTION)
    };
    assert_eq!(facts(&record, &sent, with(&[None, Some("Cranes")])), []);
    assert_eq!(facts(&record, &sent, with(&[Some("Cranes"), None])), [Fact::AltText]);
    assert_eq!(facts(&record, &sent, with(&[Some("Cranes")])), [Fact::Slides]);
    assert_eq!(facts(&record, &sent, LivePost { children: None, ..with(&[]) }), [], "not told");
    let adopted = record.with(|record| record.children.clear());
    assert_eq!(facts(&adopted, &sent, with(&[Some("Cranes")])), [Fact::Slides], "counted in the manifest");
    assert_eq!(facts(&adopted, &sent.edited(), with(&[Some("Cranes")])), []);
}

#[test]
fn comments_are_compared_with_the_manifest_and_without_one_with_what_was_done() {
    let with = |is_on| LivePost { comment_enabled: is_on, ..live(CAPTION) };
    let said = |is_on| post("posts/a").with(|post| post.own_comment_enabled = Some(is_on));
    let closed = said(false);
    assert_eq!(facts(&published(), &closed, with(Some(false))), []);
    assert_eq!(facts(&published(), &closed, with(Some(true))), [Fact::Comments]);
    assert_eq!(facts(&published(), &post("posts/a"), with(Some(false))), [Fact::Comments]);
    assert_eq!(facts(&published(), &said(true), with(Some(false))), [Fact::Comments]);
    let by_default = post("posts/a").with(|post| post.comment_enabled = false);
    assert_eq!(facts(&published(), &by_default, with(Some(true))), [], "a default that came later");
    assert_eq!(facts(&published(), &closed, with(None)), [], "not told");
    let owed = live_record("posts/a", |live| live.comment_switch = Some(Switch::Due));
    assert_eq!(facts(&owed, &closed, with(Some(true))), [], "apply has still to switch them off");
    let orphan = |record: &Record, is_on| facts(record, &post("posts/other"), with(Some(is_on)));
    let done = live_record("posts/a", |live| live.comment_switch = Some(Switch::Done));
    assert_eq!((orphan(&done, true), orphan(&done, false)), (vec![Fact::Comments], vec![]));
    assert_eq!((orphan(&published(), true), orphan(&published(), false)), (vec![], vec![Fact::Comments]));
    let found = live_record("posts/a", |live| live.via = Some(Via::Adopted));
    assert_eq!(orphan(&found, false), [], "what was meant is not known");
}

#[test]
fn labels_the_grid_and_copyright_are_compared_where_they_are_told() {
    let labelled = post("posts/a").with(|post| post.content.is_ai_generated = Some(true));
    let with = |label| LivePost { is_ai_generated: label, ..live(CAPTION) };
    assert_eq!(facts(&published(), &labelled, with(Some(true))), []);
    assert_eq!(facts(&published(), &labelled, with(Some(false))), [Fact::AiLabel]);
    assert_eq!(facts(&published(), &post("posts/a"), with(Some(true))), [Fact::AiLabel]);
    assert_eq!(facts(&published(), &labelled, with(None)), []);
    let reel = |is_shown| {
        post("posts/a").of_kind(Kind::Reel).with(|post| {
            post.content.reel.get_or_insert_default().share_to_feed = is_shown;
        })
    };
    let grid = |shown| LivePost { share_to_feed: shown, ..live(CAPTION) };
    assert_eq!(facts(&published(), &reel(true), grid(Some(false))), [Fact::OffGrid]);
    for (sent, shown) in [(true, Some(true)), (true, None), (false, Some(false)), (false, Some(true))] {
        assert_eq!(facts(&published(), &reel(sent), grid(shown)), [], "{sent} {shown:?}");
    }
    let matched = |found| LivePost { has_copyright_match: found, ..live(CAPTION) };
    assert_eq!(facts(&published(), &post("posts/other"), matched(Some(true))), [Fact::Copyright]);
    assert_eq!(facts(&published(), &post("posts/other"), matched(Some(false))), []);
}

#[test]
fn what_was_accepted_is_silent_until_it_changes_again() {
    let shown = live("Sun");
    let accepted = published().with(|record| record.accepted = Accepted::of(Some(super::shown(&shown)), Vec::new()));
    assert_eq!(facts(&accepted, &post("posts/a"), shown.clone()), []);
    assert_eq!(facts(&accepted, &post("posts/a"), LivePost { likes: Some(7), comments: Some(2), ..shown.clone() }), []);
    assert_eq!(facts(&accepted, &post("posts/a"), live("Rain")), [Fact::Caption]);
    assert_eq!(facts(&accepted, &post("posts/a"), LivePost { comment_enabled: Some(false), ..shown }).len(), 2);
    let order = |ids: [&str; 2]| super::shown(&LivePost { children: Some(ids.map(slide).into()), ..live("x") });
    assert_ne!(order(["1", "2"]), order(["2", "1"]), "other slides, or another order");
    let order =
        |ids: [&str; 2]| fact_shown(Fact::Slides, &LivePost { children: Some(ids.map(slide).into()), ..live("x") });
    assert_ne!(order(["1", "2"]), order(["2", "1"]));
}

#[test]
fn each_fact_is_accepted_by_itself_whatever_else_is_shown() {
    let closed = LivePost { comment_enabled: Some(false), has_copyright_match: Some(true), ..live("Sun") };
    let drift = compared(&published(), &post("posts/a"), [closed.clone()]);
    let accepted = published().with(|record| record.accepted = Accepted::of(None, drift.edited[0].shown.clone()));
    assert_eq!(facts(&accepted, &post("posts/a"), closed.clone()), []);
    let less = LivePost { comment_enabled: None, has_copyright_match: None, is_ai_generated: None, ..closed.clone() };
    assert_eq!(facts(&accepted, &post("posts/a"), less), [], "another login shows less");
    let more = LivePost { share_to_feed: Some(true), children: Some(Vec::new()), ..closed.clone() };
    assert_eq!(facts(&accepted, &post("posts/a"), more), [], "or more");
    assert_eq!(facts(&accepted, &post("posts/a"), LivePost { is_ai_generated: Some(true), ..closed }), [Fact::AiLabel]);
}

#[test]
fn an_accepted_manifest_is_no_word_about_what_was_sent() {
    let corrected = post("posts/a").edited().with(|post| post.content.caption = "Corrected".to_owned());
    let accepted = published().with(|record| {
        record.accepted =
            Accepted::of(None, vec![corrected.digest.clone().unwrap(), caption_digest("Corrected").unwrap()]);
    });
    assert_eq!(facts(&accepted, &corrected, live(CAPTION)), [], "what is live is what was sent");
    assert_eq!(facts(&accepted, &corrected, live("Corrected")), [], "or was corrected in the app, too");
    assert_eq!(facts(&accepted, &corrected, live("Sun")), [Fact::Caption]);
}

#[test]
fn every_live_post_is_recorded_or_unmanaged() {
    let ignored = record("posts/b", Stage::Ignored);
    let forgotten = published().with(|record| record.key = "posts/c".into()).forgotten(None);
    let records: Records = [published(), ignored, forgotten].into_iter().collect();
    let posts = feed([live(CAPTION), other("2", 3), other("3", 2)]);
    let drift = compare(&USER.into(), None, &records, &posts, &[], Range::All);
    assert_eq!((drift.live, drift.recorded, drift.unmanaged.len()), (3, 1, 2));
    let elsewhere = compare(&USER.into(), Some("http://127.0.0.1:1/"), &records, &posts, &[], Range::All);
    assert_eq!((elsewhere.recorded, elsewhere.unlisted.len()), (0, 0), "what another base made is not here");
    let stranger = compare(&"1".into(), None, &records, &posts, &[], Range::All);
    assert_eq!((stranger.recorded, stranger.unlisted.len()), (0, 0));
}

#[test]
fn what_is_not_listed_is_named_but_for_stories_and_trials() {
    let unlisted = |record: &Record| compared(record, &post("posts/a"), [other("2", 3)]).unlisted.len();
    assert_eq!(unlisted(&published()), 1);
    assert_eq!(unlisted(&published().with(|record| record.kind = Kind::Story)), 0);
    assert_eq!(unlisted(&published().with(|record| record.trial = true)), 0);
    assert_eq!(unlisted(&live_record("posts/a", |live| live.media_id = None)), 0);
    assert_eq!(unlisted(&record("posts/a", Stage::Deleted)), 0);
}

#[test]
fn a_range_leaves_out_what_is_older_on_both_sides() {
    let old = live_record("posts/old", |live| {
        live.media_id = Some("9".into());
        live.published_at = Some(at("2026-10-01T10:00:00Z"));
    });
    let records: Records = [published(), old].into_iter().collect();
    let posts = feed([other("4", 30), other("3", 20), other("2", 10)]);
    let of = |range| {
        let drift = compare(&USER.into(), None, &records, &posts, &[], range);
        (drift.live, drift.unlisted.iter().map(|post| post.key.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(of(Range::All), (3, vec!["posts/a".to_owned(), "posts/old".to_owned()]));
    assert_eq!(of(Range::Since(at("2026-11-15T00:00:00Z"))), (2, vec!["posts/a".to_owned()]));
    assert_eq!(of(Range::Recent(1)), (1, vec!["posts/a".to_owned()]));
    assert_eq!(of(Range::Recent(9)).1.len(), 2, "fewer are all there are");
    // Of a feed that was not read to its end, only what is newer than its end is looked for.
    let cut = Feed { is_complete: false, ..feed([other("4", 30), other("3", 20)]) };
    for range in [Range::All, Range::Recent(2), Range::Recent(9), Range::Since(at("2026-09-01T00:00:00Z"))] {
        let drift = compare(&USER.into(), None, &records, &cut, &[], range);
        assert_eq!(drift.unlisted.len(), 1, "{range:?}");
    }
    let nothing = Feed { is_complete: false, ..feed([]) };
    assert!(compare(&USER.into(), None, &records, &nothing, &[], Range::All).unlisted.is_empty());
}

#[test]
fn slides_that_are_known_one_by_one_are_compared_in_their_order() {
    let with = |ids: &[&str]| LivePost { children: Some(ids.iter().map(|id| slide(id)).collect()), ..live(CAPTION) };
    let known = |via| {
        let created = |id: &&str| Created { id: (*id).into(), created_at: None };
        let record = live_record("posts/a", |live| live.via = Some(via));
        record.with(|record| {
            record.kind = Kind::Carousel;
            record.children = ["1", "2", "3"].iter().map(created).collect();
        })
    };
    let nothing = post("posts/other");
    let said = |ids: &[&str]| {
        let drift = compared(&known(Via::Imported), &nothing, [with(ids)]);
        drift.edited.iter().flat_map(|post| &post.differences).filter_map(|one| one.live.clone()).collect::<Vec<_>>()
    };
    assert_eq!(said(&["1", "2", "3"]), [""; 0]);
    assert_eq!(said(&["3", "2", "1"]), ["3, 2, 1"]);
    assert_eq!(said(&["1", "4", "3"]), ["1, another, 3"]);
    assert_eq!(said(&["1", "2"]), ["2"]);
    assert_eq!(
        facts(&known(Via::Publish), &nothing, with(&["4", "5", "6"])),
        [],
        "what containers became is not known"
    );
}

#[test]
fn comments_are_switched_off_again_only_where_the_manifest_itself_says_so_and_the_media_is_certain() {
    let closed = post("posts/a").with(|post| post.own_comment_enabled = Some(false));
    let by_default = post("posts/a").with(|post| post.comment_enabled = false);
    let found = |record: &Record, more: Vec<Record>, post: &Post, live: LivePost| {
        let records: Records = std::iter::once(record.clone()).chain(more).collect();
        reopened(&USER.into(), None, &records, &feed([live]), [post]).into_keys().collect::<Vec<_>>()
    };
    let one = |record: &Record, post: &Post, live: LivePost| found(record, vec![], post, live);
    let on = || live(CAPTION);
    let again = vec![PostKey::from("posts/a")];
    assert_eq!(one(&published(), &closed, on()), again);
    assert_eq!(one(&published(), &by_default, on()), [], "by a default");
    assert_eq!(one(&published(), &post("posts/a"), on()), []);
    assert_eq!(one(&published(), &closed, LivePost { comment_enabled: Some(false), ..on() }), [], "off");
    assert_eq!(one(&published(), &closed, LivePost { comment_enabled: None, ..on() }), [], "not told");
    assert_eq!(one(&published(), &closed, live("Another caption")), [], "somebody else's, or edited");
    assert_eq!(one(&published(), &closed, LivePost { kind: Some(Kind::Reel), ..on() }), []);
    assert_eq!(one(&published(), &closed, LivePost { id: "1790".into(), ..on() }), [], "not listed");
    assert_eq!(one(&published(), &closed.clone().with(|post| post.draft = true), on()), []);
    let rewritten = closed.clone().with(|post| post.content.caption = "Another".to_owned());
    assert_eq!(one(&published(), &rewritten, on()), [], "an edited manifest says nothing of what is live");
    for (via, expected) in [
        (Via::Publish, &again),
        (Via::Resolved, &again),
        (Via::Imported, &again),
        (Via::Adopted, &vec![]),
        (Via::Settled, &vec![]),
    ] {
        let record = live_record("posts/a", |live| live.via = Some(via));
        assert_eq!(one(&record, &closed, on()), *expected, "{via:?}");
    }
    let owed = live_record("posts/a", |live| live.comment_switch = Some(Switch::Due));
    assert_eq!(one(&owed, &closed, on()), [], "it is sent anyway");
    let rival = live_record("posts/b", |live| live.media_id = Some(MEDIA.into()));
    assert_eq!(found(&published(), vec![rival], &closed, on()), [], "two records name it");
    let elsewhere = published().with(|record| record.graph = Some("http://127.0.0.1:8080".to_owned()));
    assert_eq!(one(&elsewhere, &closed, on()), []);
}
