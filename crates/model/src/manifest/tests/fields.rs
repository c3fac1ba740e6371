//! Each row of the table of fields, tried: what the table says of a field is what happens.

use super::*;
use crate::manifest::fields::{FIELDS, Field, Form, Taken};
use igsync_base::finding::Rule;
use igsync_base::id::Kind;
use igsync_base::rules;

const CONFIG: &str = "accounts: { first: { timezone: UTC }, second: { timezone: UTC } }\ndefault_account: first\n";

/// Values of a field, of which at least one is not its default.
fn samples(form: Form) -> &'static [&'static str] {
    match form {
        Form::Kind => &["story", "image"],
        Form::Key | Form::Text(_) => &["x"],
        Form::Media => &["other.file"],
        Form::File => &["caption.txt"],
        Form::Items => &["[{ image: b.jpg }, { image: c.jpg }]"],
        Form::Hashtags => &["[sea]"],
        Form::Place => &["first_comment", "caption"],
        Form::UserTags => &["[{ username: acme, x: 0.5, y: 0.5 }]"],
        Form::ProductTags => &["[{ product_id: 1, x: 0.5, y: 0.5 }]"],
        Form::Usernames => &["[acme]"],
        Form::Id => &["1"],
        Form::Sponsors => &["[1]"],
        Form::Milliseconds => &["7"],
        Form::Flag => &["true", "false"],
        Form::Audio => &["{ audio_id: 1 }"],
        Form::Trial => &["{ graduation_strategy: MANUAL }"],
        Form::Time => &["2026-12-01T18:00Z"],
        Form::Due => &["2026-12-01T18:00Z", "queue", "queue from 2026-12-10"],
        Form::Number => &["-1.5", "3"],
        Form::Accounts => &["[second]"],
        Form::State => &["absent"],
    }
}

/// The least that a kind needs, without `name`.
fn base(kind: Kind, name: &str) -> String {
    let (media, value) = match kind {
        Kind::Image | Kind::Story => ("image", "a.jpg"),
        Kind::Reel => ("video", "a.mp4"),
        Kind::Carousel => ("items", "[{ image: a.jpg }, { image: b.jpg }]"),
    };
    let is_other = name != media && !(kind == Kind::Story && name == "video");
    let fields = [("kind", kind.as_str()), (media, value)];
    let fields = fields.into_iter().filter(|(field, _)| *field != name && (*field == "kind" || is_other));
    fields.map(|(field, value)| format!("{field}: {value}\n")).collect::<Vec<_>>().concat()
}

fn loaded(manifest: &str, defaults: &str) -> Loaded {
    let files = [
        ("igsync.yaml", CONFIG),
        ("posts/caption.txt", "Golden hour"),
        ("posts/_defaults.yaml", defaults),
        ("posts/a.yaml", manifest),
    ];
    Root::new(&files).load()
}

/// All that igsync knows of the posts, save what findings are about.
fn posts(loaded: &Loaded) -> String {
    let bare = |post: &Post| Post { line: 0, has_errors: false, ..post.clone() };
    format!("{:?}", loaded.posts.iter().map(bare).collect::<Vec<_>>())
}

fn has(loaded: &Loaded, rule: &'static Rule) -> bool {
    loaded.findings.iter().any(|finding| finding.rule.name == rule.name)
}

/// Every field with every kind that takes it and every sample.
fn cases() -> impl Iterator<Item = (&'static Field, Kind, &'static [&'static str])> {
    FIELDS.iter().flat_map(|field| field.kinds.iter().map(move |kind| (field, *kind, samples(field.form))))
}

#[test]
fn every_field_reaches_the_post() {
    for (field, kind, samples) in cases() {
        let name = field.name;
        // Their place says nothing where there are none.
        let tags = if field.form == Form::Place { "hashtags: [sea]\n" } else { "" };
        let without = posts(&loaded(&format!("{}{tags}", base(kind, "")), ""));
        let with = |value| posts(&loaded(&format!("{}{tags}{name}: {value}\n", base(kind, name)), ""));
        assert!(
            without.contains("posts/a.yaml") && samples.iter().any(|value| with(value) != without),
            "{kind} {name}"
        );
    }
}

#[test]
fn a_shared_field_is_the_same_in_defaults_and_no_other_is_taken_from_there() {
    for (field, kind, samples) in cases().filter(|(field, ..)| field.form != Form::Kind) {
        let name = field.name;
        for value in samples {
            let line = format!("{name}: {value}\n");
            let mut shared = loaded(&base(kind, ""), &line);
            let expected = if field.shared { format!("{}{line}", base(kind, name)) } else { base(kind, "") };
            // Only what the manifest says by itself tells them apart.
            let bare = &loaded(&base(kind, ""), "").posts[0];
            let mut own = loaded(&expected, "");
            for (post, own) in shared.posts.iter_mut().zip(&mut own.posts) {
                assert_eq!(*post.own_text(), bare.text_digest, "{kind} {line}");
                post.own_digest = None;
                let by_itself = Some(post.comment_enabled).filter(|_| name == "comment_enabled");
                assert_eq!((post.own_comment_enabled, own.own_comment_enabled), (None, by_itself), "{kind} {line}");
                own.own_comment_enabled = None;
            }
            assert_eq!(posts(&shared), posts(&own), "{kind} {line}");
            assert_eq!(has(&shared, &rules::NOT_A_DEFAULT), !field.shared, "{kind} {line}");
        }
    }
}

#[test]
fn what_instagram_login_does_not_take_is_reported() {
    for (field, kind, samples) in cases().filter(|(field, ..)| field.form != Form::State) {
        let name = field.name;
        let found = loaded(&format!("{}{name}: {}\n", base(kind, name), samples[0]), "");
        let taken = field.on_instagram_login;
        assert_eq!(has(&found, &rules::FACEBOOK_LOGIN_ONLY), taken == Taken::No, "{kind} {name}");
        assert_eq!(has(&found, &rules::MAYBE_FACEBOOK_LOGIN_ONLY), taken == Taken::Unclear, "{kind} {name}");
    }
}
