use super::super::testing::{at, post, record};
use super::*;
use igsync_base::id::{Kind, PartId};
use igsync_model::lockfile::{Comment, Records, State};

const NOW: i64 = 5_000;

/// Applies a decision to the records of `posts/a` and merges what it writes.
struct Desk {
    records: Records,
    post: Option<Post>,
    next: u32,
}

impl Desk {
    fn with(attempts: &[Record]) -> Self {
        let post = post("posts/a", Kind::Image, "x");
        Self { records: attempts.iter().cloned().collect(), post: Some(post), next: 0 }
    }

    fn without_manifest(mut self) -> Self {
        self.post = None;
        self
    }

    fn say(&mut self, decide: impl FnOnce(&Subject<'_>, &mut NewAttempt<'_>) -> Changes) -> Changes {
        let (user, key) = ("1784".into(), "posts/a".into());
        let attempts = self.records.attempts(&user, &key).to_vec();
        let subject = Subject { user_id: &user, key: &key, attempts: &attempts, post: self.post.as_ref(), graph: None };
        let next = &mut self.next;
        let changes = decide(&subject, &mut || {
            *next += 1;
            AttemptId::new(format!("z{next}"))
        })?;
        self.records.extend(changes.clone());
        Ok(changes)
    }

    fn live(&mut self, id: Option<&str>) -> Changes {
        let seen = Seen { media_id: id.map(MediaId::from), ..Seen::default() };
        self.say(|subject, ids| published(subject, &seen, at(NOW), ids))
    }

    fn effective(&self) -> &Record {
        self.records.effective(&"1784".into(), &"posts/a".into()).unwrap()
    }

    fn attempts(&self) -> Vec<(String, Stage)> {
        let attempts = self.records.attempts(&"1784".into(), &"posts/a".into());
        attempts.iter().map(|record| (record.attempt.to_string(), record.stage())).collect()
    }
}

fn in_state(stage: Stage, intents: &[i64]) -> Record {
    Record { state: State::bare(stage), ..record(Kind::Image, "x", intents) }
}

#[test]
fn every_unpublished_state_can_become_published() {
    for state in [
        Stage::Containers,
        Stage::Intent,
        Stage::Unknown,
        Stage::NotPublished,
        Stage::Failed,
        Stage::Deleted,
        Stage::Ignored,
        Stage::Forgotten,
    ] {
        let mut desk = Desk::with(&[in_state(state, &[100])]);
        desk.live(Some("7")).unwrap();
        let live = desk.effective();
        assert_eq!(live.live().and_then(|live| live.via), Some(Via::Resolved), "{state:?}");
        assert_eq!(live.claimed_media(), Some(&"7".into()), "{state:?}");
        assert_eq!(desk.records.open(&"1784".into()).count(), 0, "{state:?}");
    }
}

#[test]
fn a_post_that_was_never_begun_gets_an_attempt_of_its_own() {
    let mut desk = Desk::with(&[]);
    desk.live(None).unwrap();
    let live = desk.effective();
    assert_eq!((live.digest.clone(), live.published_at()), (Some("v1:sha256:all".into()), Some(at(NOW))));
    assert_eq!(desk.without_manifest().live(None).map(|records| records.len()), Ok(0), "it is known");
    let mut failed = Desk::with(&[in_state(Stage::Failed, &[])]).without_manifest();
    failed.live(None).unwrap();
    assert_eq!(failed.effective().stage(), Stage::Published, "a record is enough");
    assert_eq!(Desk::with(&[]).without_manifest().live(None), Err(Objection::NoSuchPost));
}

#[test]
fn what_was_sent_is_what_is_live_and_what_waited_is_what_the_manifest_says() {
    let old = |intents: &[i64]| Record { digest: Some("old".into()), ..record(Kind::Image, "x", intents) };
    let mut sent = Desk::with(&[old(&[100])]);
    sent.live(None).unwrap();
    assert_eq!((sent.effective().digest.clone(), sent.effective().published_at()), (Some("old".into()), Some(at(100))));
    let mut waited = Desk::with(&[old(&[])]);
    waited.live(None).unwrap();
    assert_eq!(waited.effective().digest, Some("v1:sha256:all".into()));
    assert_eq!(waited.attempts().len(), 1, "its containers are given up with it");
}

#[test]
fn a_comment_becomes_due_only_below_a_post_that_igsync_sent() {
    for (intents, due) in [(&[100][..], Some(Comment::Due)), (&[], None)] {
        let mut desk = Desk::with(&[record(Kind::Image, "x", intents)]);
        desk.post.as_mut().unwrap().first_comment = Some("First".to_owned());
        desk.live(Some("7")).unwrap();
        assert_eq!(desk.effective().live().unwrap().comment, due);
    }
}

#[test]
fn the_one_look_alike_is_the_post_and_of_two_none_is() {
    let shown = |evidence: &[&str]| Record {
        evidence: evidence.iter().map(|id| MediaId::from(*id)).collect(),
        ..in_state(Stage::Unknown, &[])
    };
    let mut one = Desk::with(&[shown(&["5"])]);
    one.live(None).unwrap();
    assert_eq!(one.effective().claimed_media(), Some(&"5".into()));
    let mut two = Desk::with(&[shown(&["5", "6"])]);
    two.live(None).unwrap();
    assert_eq!(two.effective().claimed_media(), None);
}

#[test]
fn an_id_found_by_matching_is_confirmed_or_corrected() {
    let settled = attempt::published(record(Kind::Image, "x", &[100]), Some("5".into()), Via::Settled, at(100), None);
    let mut confirmed = Desk::with(std::slice::from_ref(&settled));
    confirmed.live(None).unwrap();
    assert_eq!(
        (confirmed.effective().live().unwrap().via, &*confirmed.effective().not_ours),
        (Some(Via::Resolved), &[][..])
    );
    let mut corrected = Desk::with(&[settled]);
    corrected.live(Some("4")).unwrap();
    let live = corrected.effective();
    assert_eq!((live.claimed_media(), &*live.not_ours), (Some(&"4".into()), &["5".into()][..]));
    corrected.live(Some("3")).unwrap();
    assert_eq!(corrected.effective().claimed_media(), Some(&"3".into()), "although 4 is greater than 3");
    assert!(!corrected.records.claimed_media(&"1784".into()).contains(&MediaId::from("4")));
}

#[test]
fn an_id_from_meta_itself_stands() {
    let answered = attempt::published(record(Kind::Image, "x", &[100]), Some("5".into()), Via::Publish, at(100), None);
    let mut desk = Desk::with(&[answered]);
    assert_eq!(desk.live(Some("6")), Err(Objection::OtherMedia("5".into())));
    assert_eq!(desk.live(None), Ok(vec![]));
    assert_eq!(desk.say(|subject, _| not_published(subject, &[])), Err(Objection::IsLive(Some("5".into()))));
}

#[test]
fn not_published_ends_every_open_attempt_and_rules_out_what_was_seen() {
    let other = Record { attempt: "b".into(), evidence: vec!["8".into()], ..in_state(Stage::Unknown, &[90]) };
    let mut desk = Desk::with(&[in_state(Stage::Intent, &[100]), other]);
    desk.say(|subject, _| not_published(subject, &["9".into()])).unwrap();
    assert_eq!(desk.records.open(&"1784".into()).count(), 0);
    let ruled_out = desk.records.not_ours(&"1784".into(), &"posts/a".into());
    assert_eq!(ruled_out.into_iter().map(MediaId::as_str).collect::<Vec<_>>(), ["8", "9"]);
    assert_eq!(desk.say(|subject, _| not_published(subject, &[])), Ok(vec![]), "saying it twice changes nothing");
}

#[test]
fn every_attempt_moves_in_one_write() {
    let live = attempt::published(record(Kind::Image, "x", &[100]), Some("5".into()), Via::Publish, at(100), None);
    let failed = Record { attempt: "a0".into(), ..in_state(Stage::Failed, &[]) };
    let gone = Record { attempt: "a9".into(), ..in_state(Stage::Forgotten, &[]) };
    let mut desk = Desk::with(&[live, failed, gone]);
    let written = desk.say(|subject, ids| renamed(subject, &"posts/b".into(), &[], None, ids)).unwrap();
    assert_eq!(written.len(), 4, "two attempts, two tombstones");
    assert!(desk.attempts().iter().all(|(_, state)| *state == Stage::Forgotten));
    let there = desk.records.effective(&"1784".into(), &"posts/b".into()).unwrap();
    assert_eq!((there.stage(), there.claimed_media()), (Stage::Published, Some(&"5".into())));
}

#[test]
fn a_record_does_not_move_onto_one_that_counts() {
    let there = |state| [Record { key: "posts/b".into(), ..in_state(state, &[]) }];
    for (state, is_taken) in
        [(Stage::Published, true), (Stage::Unknown, true), (Stage::Ignored, true), (Stage::Failed, false)]
    {
        let mut desk = Desk::with(&[in_state(Stage::Intent, &[100])]);
        let moved = desk.say(|subject, ids| renamed(subject, &"posts/b".into(), &there(state), None, ids));
        assert_eq!(moved.is_err(), is_taken, "{state:?}");
    }
}

#[test]
fn a_removed_post_counts_no_more_even_where_older_versions_of_its_record_come_back() {
    let open = in_state(Stage::Intent, &[100]);
    let mut desk = Desk::with(std::slice::from_ref(&open));
    desk.say(|subject, _| removed(subject, None)).unwrap();
    desk.records.merge_in(open);
    assert_eq!(desk.records.effective(&"1784".into(), &"posts/a".into()), None);
    assert_eq!(desk.say(|subject, _| removed(subject, None)), Err(Objection::NoSuchPost));
}

#[test]
fn ignoring_gives_up_containers_and_keeps_what_may_have_been_sent() {
    let waiting = in_state(Stage::Containers, &[]);
    let sent = Record { attempt: "b".into(), ..in_state(Stage::Intent, &[100]) };
    let mut desk = Desk::with(&[waiting, sent]);
    desk.say(ignored).unwrap();
    let expected = [("a1", Stage::NotPublished), ("b", Stage::Intent), ("z1", Stage::Ignored)];
    assert_eq!(desk.attempts(), expected.map(|(attempt, state)| (attempt.to_owned(), state)));
    assert_eq!(desk.effective().container.as_ref().map(|made| &made.id), None::<&PartId>);
    assert_eq!(desk.say(ignored), Ok(vec![]));
    desk.say(|subject, _| removed(subject, None)).unwrap();
    assert_eq!(desk.records.effective(&"1784".into(), &"posts/a".into()), None, "removing takes it back");
}

#[test]
fn accepting_takes_the_manifest_for_what_is_live() {
    let live = attempt::published(record(Kind::Image, "x", &[100]), Some("5".into()), Via::Publish, at(100), None);
    let mut desk = Desk::with(std::slice::from_ref(&live));
    assert_eq!(desk.say(|subject, _| accepted(subject, None)), Ok(vec![]), "it is the same");
    desk.post.as_mut().unwrap().digest = Some("v1:sha256:new".into());
    desk.post.as_mut().unwrap().media_digest = Some("v1:sha256:other".into());
    desk.post.as_mut().unwrap().content.caption = "y".into();
    desk.say(|subject, _| accepted(subject, None)).unwrap();
    desk.records.merge_in(live.clone());
    let known = desk.effective();
    assert_eq!(known.caption_digest, live.caption_digest, "what was sent is still what is live");
    let sent = [live.digest.clone().unwrap(), live.media_digest.clone().unwrap()];
    for accepted in
        ["v1:sha256:new".into(), "v1:sha256:other".into(), caption_digest("y").unwrap()].into_iter().chain(sent)
    {
        assert!(known.has_accepted(&accepted), "{accepted}");
    }
    assert_eq!(desk.say(|subject, _| accepted(subject, None)), Ok(vec![]), "accepted already");
    desk.post.as_mut().unwrap().content.kind = Kind::Carousel;
    assert_eq!(desk.say(|subject, _| accepted(subject, None)), Err(Objection::OtherKind(Kind::Image)));
    desk.post.as_mut().unwrap().content.kind = Kind::Image;
    assert_eq!(Desk::with(&[in_state(Stage::Intent, &[100])]).say(|s, _| accepted(s, None)), Err(Objection::NotLive));
    assert_eq!(desk.without_manifest().say(|subject, _| accepted(subject, None)), Err(Objection::NoManifest));
}

#[test]
fn what_two_branches_accept_is_accepted_once_they_are_merged() {
    let live = attempt::published(record(Kind::Image, "x", &[100]), Some("5".into()), Via::Publish, at(100), None);
    let mut ours = Desk::with(std::slice::from_ref(&live));
    ours.post.as_mut().unwrap().digest = Some("v1:sha256:new".into());
    ours.say(|subject, _| accepted(subject, None)).unwrap();
    for record in accepted_as_shown(&live, vec!["v1:sha256:shown".into()]) {
        ours.records.merge_in(record);
    }
    let both = ours.effective();
    assert!(both.has_accepted(&"v1:sha256:new".into()) && both.has_accepted(&"v1:sha256:shown".into()));
    assert_eq!(both.digest, live.digest);
}

#[test]
fn a_deleted_post_keeps_what_was_known_of_it_and_one_of_two_is_named() {
    let live = attempt::published(record(Kind::Image, "x", &[100]), Some("5".into()), Via::Imported, at(100), None);
    let mut desk = Desk::with(std::slice::from_ref(&live));
    desk.say(|subject, _| deleted(subject, None, at(NOW))).unwrap();
    let gone = desk.effective();
    assert_eq!(
        (gone.stage(), gone.claimed_media(), gone.published_at()),
        (Stage::Deleted, Some(&"5".into()), live.published_at())
    );
    assert!(gone.is_imported());
    assert_eq!(desk.say(|subject, _| deleted(subject, None, at(NOW))), Ok(vec![]));
    let said = Seen { media_id: Some("5".into()), ..Seen::default() };
    desk.say(|subject, ids| published(subject, &said, at(200), ids)).unwrap();
    assert_eq!(desk.effective().claimed_media(), Some(&"5".into()), "a slip can be taken back");

    let other = attempt::published(
        Record { attempt: "b".into(), ..record(Kind::Image, "x", &[100]) },
        Some("6".into()),
        Via::Publish,
        at(100),
        None,
    );
    let mut twice = Desk::with(&[live, other]);
    let several = Objection::Several(vec!["5".into(), "6".into()]);
    assert_eq!(twice.say(|subject, _| deleted(subject, None, at(NOW))), Err(several.clone()));
    assert_eq!(twice.say(|subject, _| accepted(subject, None)), Err(several));
    assert_eq!(
        twice.say(|subject, _| deleted(subject, Some(&"7".into()), at(NOW))),
        Err(Objection::NotThisMedia("7".into()))
    );
    twice.say(|subject, _| deleted(subject, Some(&"6".into()), at(NOW))).unwrap();
    assert_eq!((twice.effective().stage(), twice.effective().claimed_media()), (Stage::Published, Some(&"5".into())));
}

#[test]
fn a_record_that_knows_nothing_but_its_media_learns_from_the_manifest_that_it_is_given() {
    let bare = Record { digest: None, media_digest: None, caption_digest: None, ..record(Kind::Image, "", &[100]) };
    let live = attempt::published(bare, Some("5".into()), Via::Imported, at(100), None);
    let post = post("posts/b", Kind::Image, "y");
    let records = moved(std::slice::from_ref(&live), &"posts/b".into(), Some(&post), None, &mut || "n1".into());
    assert_eq!((&records[0].digest, &records[0].media_digest), (&post.digest, &post.media_digest));
    assert!(records[0].digest.is_some() && !records[0].reencoded);
    let reel = super::super::testing::post("posts/b", Kind::Reel, "y");
    let records = moved(&[live], &"posts/b".into(), Some(&reel), None, &mut || "n1".into());
    assert_eq!(records[0].digest, None, "it cannot be this post");
}

#[test]
fn links_are_known_by_their_code_however_they_are_shared() {
    for link in [
        "https://www.instagram.com/p/C9x_a-B/",
        "https://instagram.com/p/C9x_a-B",
        "https://www.instagram.com/harbour/reel/C9x_a-B/?igsh=abc&img_index=1",
        "https://www.instagram.com/reels/C9x_a-B/#top",
        "https://www.instagram.com/stories/harbour/C9x_a-B",
    ] {
        assert_eq!(link_code(link).as_deref(), Some("C9x_a-B"), "{link}");
    }
    for link in [
        "https://www.instagram.com/harbour/",
        "instagram.com/p/C9x",
        "ftp://x/p/C9x",
        "C9x",
        "",
        "https://evil.example/p/C9x",
        "http://www.instagram.com/p/C9x",
        "https://www.instagram.com.evil.example/p/C9x",
        "https://www.instagram.com@evil.example/p/C9x",
        "https://user@www.instagram.com/p/C9x",
        "https://www.instagram.com:8443/p/C9x",
        "javascript://www.instagram.com/p/C9x",
    ] {
        assert_eq!(link_code(link), None, "{link}");
    }
    let bare = bare_link("https://www.instagram.com/p/C9x/?igsh=abc");
    assert_eq!(bare.as_deref(), Some("https://www.instagram.com/p/C9x/"));
}

#[test]
fn a_media_that_another_post_has_is_told() {
    let live = attempt::published(record(Kind::Image, "x", &[100]), Some("5".into()), Via::Publish, at(100), None);
    let all = [live.clone()];
    let claimed = |key: &str, media: &str| claimed_by(all.iter(), &"1784".into(), &key.into(), &media.into()).cloned();
    assert_eq!(claimed("posts/b", "5"), Some("posts/a".into()));
    assert_eq!(claimed("posts/a", "5"), None, "its own");
    assert_eq!(claimed("posts/b", "6"), None);
}

#[test]
fn a_deleted_post_is_called_live_again_only_by_name() {
    let gone = || {
        let live = attempt::published(record(Kind::Image, "x", &[100]), Some("7".into()), Via::Publish, at(101), None);
        let linked = attempt::noted(live, |live| live.permalink = Some("https://www.instagram.com/p/C9x/".into()));
        let mut desk = Desk::with(&[linked]);
        desk.say(|subject, _| deleted(subject, None, at(NOW))).unwrap();
        desk
    };
    assert_eq!(gone().live(None), Err(Objection::WasDeleted(Some("7".into()))));
    assert_eq!(gone().say(|subject, _| accepted(subject, None)), Err(Objection::WasDeleted(Some("7".into()))));
    let by_link = |link: &str| Seen { permalink: Some(link.to_owned()), ..Seen::default() };
    let said = |seen: Seen| {
        let mut desk = gone();
        desk.say(|subject, ids| published(subject, &seen, at(NOW), ids)).unwrap();
        desk.effective().claimed_media().cloned()
    };
    assert_eq!(said(by_link("https://www.instagram.com/reel/C9x/")), Some("7".into()));
    assert_eq!(said(by_link("https://www.instagram.com/p/OTHER/")), None);
    assert_eq!(said(Seen { media_id: Some("8".into()), ..Seen::default() }), Some("8".into()));
}
