use super::testing::{Drawn, Shared, StoppedClock, post_ref};
use super::*;
use igsync_apply::Counts;

struct Stage {
    human: Human,
    out: Shared,
    clock: Arc<StoppedClock>,
}

fn stage(terminal: Option<&Drawn>) -> Stage {
    let (out, clock) = (Shared::default(), Arc::new(StoppedClock::default()));
    let target = terminal.map(|term| ProgressDrawTarget::term_like(Box::new(term.clone())));
    let human = Human::new(
        Box::new(out.clone()),
        target,
        Arc::clone(&clock) as Arc<dyn Clock>,
        Style::plain(),
        Program::named("igsync"),
    );
    Stage { human, out, clock }
}

impl Stage {
    fn play(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.human.event(&event).unwrap();
        }
    }
}

fn started(key: &str, kind: Kind) -> Event {
    Event::PostStarted { post: post_ref(key), kind }
}

fn polled_at(key: &str, waited_ms: u64) -> Event {
    let status = Reading::Working;
    Event::ContainerPolled { post: post_ref(key), container: "178".into(), status, waited_ms }
}

fn published(key: &str, media: &str) -> Event {
    Event::PostPublished { post: post_ref(key), media_id: Some(media.into()) }
}

fn finished(published: usize, failed: usize) -> Event {
    Event::RunFinished {
        counts: Counts { published, failed, ..Counts::default() },
        causes: BTreeSet::new(),
        elapsed_ms: 12_345,
    }
}

fn waiting(key: Option<&str>, waits_for: WaitsFor, seconds: u64) -> Event {
    Event::Waiting {
        key: key.map(Into::into),
        account: (waits_for != WaitsFor::Push).then(|| post_ref("x").account),
        waits_for,
        wait_ms: seconds * 1000,
        until: "2026-12-01T17:02:15Z".parse().unwrap(),
    }
}

#[test]
fn a_log_says_what_is_waited_for_and_until_when() {
    let mut stage = stage(None);
    stage.play([
        waiting(Some("posts/tide"), WaitsFor::Lease, 135),
        waiting(None, WaitsFor::Retry, 15),
        waiting(None, WaitsFor::Push, 4),
        waiting(Some("posts/tide"), WaitsFor::SecondLook, 1),
        started("posts/boats", Kind::Reel),
        waiting(Some("posts/boats"), WaitsFor::Processing, 20),
    ]);
    stage.clock.advance(31);
    stage.play([
        waiting(Some("posts/boats"), WaitsFor::Processing, 30),
        waiting(Some("posts/boats"), WaitsFor::Effect, 60),
    ]);
    insta::assert_snapshot!(stage.out.text(), @r"
    waiting until 2026-12-01 17:02:15Z (2 min 15 s) for posts/tide: an earlier run announced its publish and may still send it
    waiting until 2026-12-01 17:02:15Z (15 s) for account brand: a failed call is sent again
    waiting until 2026-12-01 17:02:15Z (4 s): the push of the record is tried again
    waiting for posts/boats (reel): Instagram is processing it, next check at 2026-12-01 17:02:15Z after 31 s
    waiting until 2026-12-01 17:02:15Z (1 min 0 s) for posts/boats: its publish got no clear answer and may still take effect
    ");
}

#[test]
fn short_waits_that_add_up_get_a_line_now_and_then() {
    let mut stage = stage(None);
    let mut lines_after = |waits: usize| {
        stage.play(std::iter::repeat_with(|| waiting(Some("posts/tide"), WaitsFor::Processing, 1)).take(waits));
        stage.out.text().lines().count()
    };
    assert_eq!([lines_after(9), lines_after(1), lines_after(19), lines_after(1), lines_after(39)], [0, 1, 1, 2, 2]);
    assert!(stage.out.text().contains("for posts/tide: "), "{}", stage.out.text());
}

#[test]
fn a_terminal_says_it_on_the_line_of_the_post() {
    let drawn = Drawn::default();
    let mut stage = stage(Some(&drawn));
    stage.play([started("posts/a", Kind::Reel), waiting(Some("posts/a"), WaitsFor::Lease, 1)]);
    assert!(drawn.text().contains("waiting until 2026-12-01 17:02:15Z"), "{}", drawn.text());
    stage.play([waiting(Some("posts/b"), WaitsFor::Lease, 135)]);
    assert!(stage.out.text().contains("for posts/b: an earlier run"), "{}", stage.out.text());
}

#[test]
fn a_log_has_a_line_for_each_thing_that_happened() {
    let mut stage = stage(None);
    stage.play([started("posts/harbour", Kind::Carousel), started("posts/boats", Kind::Reel)]);
    stage.clock.advance(4);
    stage.play([
        published("posts/harbour", "17912345"),
        Event::PostEnriched { post: post_ref("posts/harbour"), permalink: "https://www.instagram.com/p/abc/".into() },
        polled_at("posts/boats", 4_000),
    ]);
    stage.clock.advance(28);
    stage.play([polled_at("posts/boats", 32_000), polled_at("posts/boats", 33_000)]);
    stage.clock.advance(60);
    stage.play([
        Event::PostFailed {
            post: post_ref("posts/boats"),
            reason: "the video has no sound\u{1b}[2J".into(),
            code: Some(-1),
            subcode: Some(2_207_026),
            fbtrace_id: Some("AbC".into()),
            help: "see `igsync explain 2207026`".into(),
        },
        Event::PostUnknown {
            post: post_ref("posts/ferry"),
            reason: "the answer was lost".into(),
            settles_itself: false,
            help: "check the account, then record the outcome: `igsync resolve posts/ferry --published`".into(),
        },
        Event::PostUnknown {
            post: post_ref("posts/pier"),
            reason: "its publish was sent".into(),
            settles_itself: true,
            help: "run apply again".into(),
        },
        Event::PostPublished { post: post_ref("posts/story"), media_id: None },
        Event::PostAdopted { post: post_ref("posts/old"), media_id: "17900".into() },
        Event::PostDeferred { post: post_ref("posts/later"), reason: "the quota of a day is used up".into() },
        Event::NotAttempted { post: post_ref("posts/rest"), reason: "the token was refused".into() },
        Event::PostWarning { post: post_ref("posts/harbour"), reason: "its first comment was refused".into() },
        Event::RecordPushed { commit: "1a2b3c".into() },
        finished(3, 1),
    ]);
    insta::assert_snapshot!(stage.out.text(), @"
    published posts/harbour (carousel) 17912345 in 4 s
      posts/harbour is at https://www.instagram.com/p/abc/
    waiting for posts/boats (reel): Instagram is processing it after 32 s
    failed posts/boats (reel): the video has no sound␛[2J (-1/2207026)
      see `igsync explain 2207026`
      Meta's trace id: AbC
    unknown posts/ferry: the answer was lost
      check the account, then record the outcome: `igsync resolve posts/ferry --published`
    perhaps live posts/pier: its publish was sent
      run apply again
    published posts/story, its id is not known yet
    adopted posts/old, it was live already as 17900
    deferred posts/later: the quota of a day is used up
    not attempted posts/rest: the token was refused
    warning posts/harbour: its first comment was refused
    recorded in commit 1a2b3c
    ");
}

#[test]
fn a_terminal_shows_what_is_under_way() {
    let term = Drawn::default();
    let mut stage = stage(Some(&term));
    stage.play([started("posts/boats", Kind::Reel), started("posts/harbour", Kind::Image)]);
    stage.clock.advance(12);
    stage.play([
        Event::UploadProgress { post: post_ref("posts/boats"), sent_bytes: 3_400_000, total_bytes: 12_000_000 },
        polled_at("posts/harbour", 12_000),
    ]);
    let drawn = term.text();
    assert!(drawn.contains("posts/boats (reel)  3.4 MB of 12.0 MB uploaded"), "{drawn}");
    assert!(drawn.contains("posts/harbour (image)  Instagram is processing it"), "{drawn}");
    stage.play([published("posts/boats", "179"), published("posts/harbour", "180"), finished(2, 0)]);
    assert_eq!(
        stage.out.text(),
        "published posts/boats (reel) 179 in 12 s\npublished posts/harbour (image) 180 in 12 s\n"
    );
}

#[test]
fn posts_of_two_accounts_are_told_apart() {
    let mut stage = stage(None);
    let elsewhere = PostRef { account: "second".into(), ..post_ref("posts/a") };
    stage.play([
        started("posts/a", Kind::Image),
        Event::PostStarted { post: elsewhere, kind: Kind::Image },
        published("posts/a", "179"),
    ]);
    assert_eq!(stage.out.text(), "published posts/a on brand (image) 179 in 0 ms\n");
}
