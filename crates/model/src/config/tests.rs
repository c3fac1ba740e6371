use std::time::Duration;

use super::*;
use crate::schedule::Schedule;
use igsync_base::finding::Severity;
use igsync_host::RealDisk;
use igsync_testkit::temporary_folder;

#[expect(clippy::disallowed_methods, reason = "a fixture needs no durability")]
fn load_text(text: &str, env: &[(&str, &str)]) -> Loaded {
    let root = temporary_folder();
    std::fs::write(root.path().join(FILE), text).unwrap();
    load(&RealDisk, root.path(), None, &env.iter().copied().collect())
}

fn clean(text: &str) -> Config {
    let loaded = load_text(text, &[]);
    assert!(loaded.findings.is_empty(), "{:#?}", loaded.findings);
    loaded.config
}

/// Every finding as `rule|underlined text|label`.
fn problems(text: &str) -> Vec<String> {
    let found = load_text(text, &[]).findings.into_iter().map(|finding| {
        let place = finding.source.as_ref().zip(finding.span.clone()).map_or("-", |(source, span)| &source.text[span]);
        format!("{}|{}|{}", finding.rule.name, place, finding.label)
    });
    found.collect()
}

#[test]
fn without_a_file_there_is_one_account_from_the_environment() {
    let root = temporary_folder();
    let env = [("IGSYNC_USER_ID", "17841400000000001"), ("IGSYNC_LOGIN", "facebook"), ("IGSYNC_PAUSED", "1")];
    let loaded = load(&RealDisk, root.path(), None, &env.into_iter().collect());
    assert!(loaded.findings.is_empty());
    let [account] = loaded.config.accounts.as_slice() else { panic!("one account") };
    assert_eq!(account.name.as_str(), "default");
    assert_eq!(account.user_id.as_ref().unwrap().as_str(), "17841400000000001");
    assert_eq!((account.login, account.paused), (Login::Facebook, Some(Paused::Environment)));
    assert_eq!(account.token_variables(), ["IGSYNC_ACCESS_TOKEN_DEFAULT", "IGSYNC_ACCESS_TOKEN"]);
    assert_eq!(account.max_publish_per_run, 5);
    assert_eq!(account.schedule, Schedule::default());
    assert_eq!(loaded.settings, Settings::default());
}

#[test]
fn a_whole_file_is_read_and_accounts_override_what_is_global() {
    let config = clean(
        "accounts:\n  brand-2:\n    user_id: \"1\"\n    username: \"@acme\"\n    token: { env: MY_TOKEN }\n  other:\n    login: facebook\n    timezone: Asia/Tokyo\n    limits: { max_publish_per_run: 1 }\n    schedule: { min_gap: 90s }\n    defaults: { hashtags: [] }\n    media: { convert: false }\n    token: { command: [op, read, \"op://x\"] }\n    paused: true\n  third: { media: { fit: crop } }\ndefault_account: other\nposts: [posts, ./more/]\ntimezone: Europe/Berlin\ndefaults: { hashtags: [harbour, set:sea], share_to_feed: false, collaborators: [\"@a\"], location_id: 5 }\nhashtag_sets: { sea: [sea, boats] }\nlimits: { max_publish_per_run: 20 }\nschedule: { late_after: 2d, min_gap: 1h 30m }\nmedia: { hosting: { url: \"https://cdn.example.com/{path}\" }, convert: true, fit: pad }\ngit: { push: never, branch: main, state_branch: null }\nrules: { missing-alt-text: warn, IGS2104: off }\npaused: false\n",
    );
    let [brand, other, third] = config.accounts.as_slice() else { panic!("three accounts") };
    assert_eq!(
        (brand.username.as_deref(), brand.token_variables()),
        (Some("acme"), ["MY_TOKEN".to_owned()].as_slice())
    );
    assert_eq!(brand.timezone.as_ref().unwrap().iana_name(), Some("Europe/Berlin"));
    assert_eq!((brand.max_publish_per_run, brand.convert, brand.fit), (20, true, Some(Fit::Pad)));
    assert_eq!(brand.schedule.late_after, Duration::from_secs(2 * 86_400));
    assert_eq!(brand.schedule.min_gap, Duration::from_secs(5400));
    assert_eq!(brand.hosting, Some(super::Hosting::Url("https://cdn.example.com/{path}".into())));
    assert_eq!(brand.defaults.collaborators.as_deref(), Some(["a".to_owned()].as_slice()));
    assert_eq!(other.login, Login::Facebook);
    assert_eq!(other.timezone.as_ref().unwrap().iana_name(), Some("Asia/Tokyo"));
    assert_eq!((other.max_publish_per_run, other.convert, other.fit), (1, false, Some(Fit::Pad)));
    assert_eq!(
        other.schedule,
        Schedule {
            late_after: Duration::from_secs(2 * 86_400),
            min_gap: Duration::from_secs(90),
            ..Schedule::default()
        }
    );
    assert_eq!(other.defaults.hashtags.as_deref(), Some([].as_slice()));
    assert_eq!(other.defaults.location_id.as_deref(), Some("5"));
    assert_eq!(other.token, TokenSource::Command(vec!["op".into(), "read".into(), "op://x".into()]));
    assert_eq!((other.paused, brand.paused), (Some(Paused::Configuration), None));
    assert_eq!((third.convert, third.fit), (true, Some(Fit::Crop)));
    assert_eq!(third.token_variables()[0], "IGSYNC_ACCESS_TOKEN_THIRD");
    assert_eq!(config.default_account.as_ref().unwrap().as_str(), "other");
    assert_eq!(config.posts.as_deref(), Some(["posts".to_owned(), "more".to_owned()].as_slice()));
    assert_eq!(config.git, Git { push: Push::Never, branch: Some("main".into()), state_branch: None });
    assert_eq!(config.rules.get("IGS2202"), Some(&Some(Severity::Warning)));
    assert_eq!(config.rules.get("IGS2104"), Some(&None));
}

#[test]
fn the_name_of_an_account_becomes_part_of_its_variable() {
    let config = clean("accounts: { acme-berlin_2: {} }\n");
    assert_eq!(config.accounts[0].token_variables(), ["IGSYNC_ACCESS_TOKEN_ACME_BERLIN_2", "IGSYNC_ACCESS_TOKEN"]);
}

#[test]
fn what_is_wrong_is_reported_at_its_place() {
    for (text, expected) in [
        ("acounts: {}\n", "unknown-field|acounts|did you mean `accounts`?"),
        ("accounts: { a: { user_id: 1 }, b: { user_id: \"1\" } }\n", "duplicate-user-id|\"1\"|also that of `a`"),
        ("accounts: { a: { user_id: acme } }\n", "invalid-value|acme|invalid characters"),
        ("accounts: { \"a b\": {} }\n", "account-name|\"a b\"|invalid characters"),
        ("accounts: { a: { login: fb } }\n", "invalid-value|fb|not one of them"),
        ("accounts: { a: { token: abc } }\n", "wrong-type|abc|text here"),
        ("accounts: { a: { token: {} } }\n", "missing-field|{}|no `env` or `command`"),
        ("accounts: { a: {} }\ndefault_account: aa\n", "default-account|aa|did you mean `a`?"),
        ("posts: [../other]\n", "posts-folder|../other|leads outside"),
        ("posts: [/etc]\n", "posts-folder|/etc|leads outside"),
        ("timezone: Europe/Berlim\n", "unknown-timezone|Europe/Berlim|not a zone"),
        ("schedule: { late_after: soon }\n", "invalid-value|soon|not a length of time"),
        ("schedule: { late_after: -1h }\n", "invalid-value|-1h|not a length of time"),
        ("limits: { max_publish_per_run: -1 }\n", "wrong-type|-1|a number here"),
        ("media: { fit: pad }\n", "idle-fit|fit|without `convert: true`"),
        (
            "media: { fit: pad }\naccounts: { a: {}, b: { media: { convert: false } } }\n",
            "idle-fit|fit|without `convert: true`",
        ),
        (
            "media: { convert: true, fit: pad }\naccounts: { a: {}, b: { media: { convert: false, fit: crop } } }\n",
            "idle-fit|fit|without `convert: true`",
        ),
        ("media: { hosting: gitlab }\n", "invalid-value|gitlab|not a preset"),
        ("media: { hosting: {} }\n", "missing-field|{}|no `url`, `github`, `object_store` or `command`"),
        ("media: { hosting: { s3: { bucket: abc } } }\n", "unknown-field|s3|did you mean `object_store`?"),
        ("media: { hosting: { url: \"https://a/{path}\", command: [a] } }\n", "conflicting-fields|command|one more"),
        ("media: { hosting: { github: acme } }\n", "invalid-value|acme|not owner/name"),
        ("media: { hosting: { github: { repo: a/b } } }\n", "unknown-field|repo|did you mean `repository`?"),
        ("media: { hosting: { object_store: {} } }\n", "missing-field|{}|no `bucket`"),
        ("media: { hosting: { object_store: { bucket: a/b } } }\n", "invalid-value|a/b|not a name"),
        (
            "media: { hosting: { object_store: { bucket: abc, prefix: a b } } }\n",
            "invalid-value|a b|invalid characters",
        ),
        (
            "media: { hosting: { object_store: { bucket: abc, endpoint_url: \"https://x\" } } }\n",
            "unknown-field|endpoint_url|did you mean `endpoint`?",
        ),
        (
            "media: { hosting: { object_store: { bucket: abc, endpoint: \"http://x\" } } }\n",
            "invalid-value|\"http://x\"|this address",
        ),
        ("media: { hosting: { object_store: { bucket: abc, presign: 8d } } }\n", "invalid-value|8d|outside 1h to 7d"),
        (
            "media: { hosting: { object_store: { bucket: abc, presign: 1h, public_url: \"https://x\" } } }\n",
            "conflicting-fields|presign|the second one",
        ),
        (
            "media: { hosting: { object_store: { bucket: abc, access_key_id: x } } }\n",
            "unknown-field|access_key_id|keys stay in the environment",
        ),
        (
            "media: { hosting: { object_store: { bucket: abc, secret_access_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY } } }\n",
            "token-in-file|XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX|hidden here",
        ),
        ("media: { hosting: { command: [] } }\n", "empty-value|command|no program"),
        ("media: { hosting: { command: ./host } }\n", "wrong-type|./host|text here"),
        (
            "media: { hosting: { url: \"http://example.com/{path}\" } }\n",
            "hosting-url|\"http://example.com/{path}\"|this template",
        ),
        (
            "media: { hosting: { url: \"https://example.com/{file}\" } }\n",
            "hosting-url|\"https://example.com/{file}\"|this template",
        ),
        ("rules: { caption-to-long: off }\n", "unknown-rule|caption-to-long|did you mean `caption-too-long`?"),
        ("rules: { unknown-field: off }\n", "unknown-rule|unknown-field|always an error"),
        ("git: { branch: \"a b\" }\n", "invalid-value|\"a b\"|not a branch"),
        ("git: { state_branch: refs/heads/x }\n", "invalid-value|refs/heads/x|not a branch"),
        ("git: { state_branch: \"main:other\" }\n", "invalid-value|\"main:other\"|not a branch"),
        ("git: { branch: main, state_branch: main }\n", "conflicting-fields|main|the same as `branch`"),
        ("git: { push: maybe }\n", "invalid-value|maybe|not one of them"),
        ("git: { remote: origin }\n", "unknown-field|remote|not a field"),
        ("rules: { many-hashtags: loud }\n", "invalid-value|loud|not one of them"),
        ("defaults: { hashtags: [set:sea] }\n", "unknown-hashtag-set|set:sea|not a set"),
        ("paused: yes\n", "wrong-type|yes|text here"),
        ("a: 1\na: 2\n", "duplicate-field|a|first on line 1"),
    ] {
        let found = problems(text);
        assert!(found.contains(&expected.to_owned()), "{text}{found:?}");
        assert!(found.len() <= 2, "{found:?}");
    }
}

#[test]
fn every_way_of_hosting_is_read_and_an_account_may_have_its_own() {
    use super::{Hosting, Link, ObjectStore, Repository};
    let hosting = |text: &str| clean(&format!("media: {{ hosting: {text} }}\n")).accounts.remove(0).hosting.unwrap();
    let repository = Repository { owner: "acme".into(), name: "content".into() };
    assert_eq!(hosting("github"), Hosting::Github(None));
    assert_eq!(hosting("{ github: }"), Hosting::Github(None));
    assert_eq!(hosting("{ github: acme/content }"), Hosting::Github(Some(repository.clone())));
    assert_eq!(hosting("{ github: { repository: acme/content } }"), Hosting::Github(Some(repository)));
    assert_eq!(hosting("{ command: [./host, -v] }"), Hosting::Command(vec!["./host".into(), "-v".into()]));
    let bare = ObjectStore {
        bucket: "acme-media".into(),
        prefix: String::new(),
        region: None,
        endpoint: None,
        path_style: None,
        link: Link::Presigned(Duration::from_secs(12 * 3600)),
    };
    assert_eq!(hosting("{ object_store: { bucket: acme-media } }"), Hosting::ObjectStore(Box::new(bare.clone())));
    let whole = "{ object_store: { bucket: acme-media, prefix: /a/b/, region: auto, endpoint: \"https://r2.example\", path_style: false, public_url: \"https://media.example/x\" } }";
    let whole_is = ObjectStore {
        prefix: "a/b".into(),
        region: Some("auto".into()),
        endpoint: Some("https://r2.example".parse().unwrap()),
        path_style: Some(false),
        link: Link::Public("https://media.example/x".parse().unwrap()),
        ..bare
    };
    assert_eq!(hosting(whole), Hosting::ObjectStore(Box::new(whole_is)));

    let config = clean(
        "media: { hosting: github }\naccounts: { a: { user_id: 1 }, b: { user_id: 2, media: { hosting: { command: [x] } } } }\ndefault_account: a\n",
    );
    assert_eq!(config.accounts[0].hosting, Some(Hosting::Github(None)));
    assert_eq!(config.accounts[1].hosting, Some(Hosting::Command(vec!["x".into()])));
}

#[test]
fn an_unusable_value_in_the_environment_is_named_and_not_shown() {
    for (name, value) in [
        ("IGSYNC_GRAPH_URL", "http://example.com"),
        ("IGSYNC_GRAPH_URL", "https://user:secret@example.com"),
        ("IGSYNC_UPLOAD_URL", "nonsense"),
        ("IGSYNC_GRAPH_VERSION", "latest"),
        ("IGSYNC_POLL_INITIAL_MS", "2s"),
        ("IGSYNC_HTTP_TIMEOUT_MS", "0"),
        ("IGSYNC_SETTLE_MS", "-1"),
        ("IGSYNC_LOOK_MS", "99999999999"),
        ("IGSYNC_MAX_SKEW_MS", "5min"),
        ("IGSYNC_MAX_SKEW_MS", "99999999999999"),
        ("IGSYNC_LOGIN", "threads"),
        ("IGSYNC_USER_ID", "acme"),
    ] {
        let found = load_text("", &[(name, value)]).findings;
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].rule.name, "environment");
        assert!(
            found[0].message.starts_with(name) && !format!("{found:?}").contains(&format!("\"{value}")),
            "{found:?}"
        );
    }
}

#[test]
fn settings_come_from_the_environment() {
    let env = [
        ("IGSYNC_GRAPH_URL", "http://127.0.0.1:8787"),
        ("IGSYNC_UPLOAD_URL", "https://upload.example.com"),
        ("IGSYNC_GRAPH_VERSION", "25.0"),
        ("IGSYNC_POLL_INITIAL_MS", "9"),
        ("IGSYNC_POLL_MAX_MS", "5"),
        ("IGSYNC_SETTLE_MS", "0"),
        ("IGSYNC_LOOK_MS", ""),
        ("IGSYNC_MAX_SKEW_MS", "1000000000000"),
    ];
    let Loaded { settings, findings, .. } = load_text("", &env);
    assert!(findings.is_empty());
    assert!(settings.is_loopback());
    assert_eq!(settings.graph_version.as_deref(), Some("v25.0"));
    assert_eq!((settings.poll_initial, settings.poll_max), (Some(Duration::from_millis(5)), Duration::from_millis(5)));
    assert_eq!((settings.settle, settings.look), (Duration::ZERO, Duration::from_secs(60)), "empty is unset");
    assert_eq!(settings.max_skew, Some(Duration::from_secs(1_000_000_000)), "an emulator's clock may be years away");
    assert_eq!(load_text("", &[]).settings.max_skew, Some(Duration::from_secs(300)));
}

#[test]
fn the_environment_is_never_printed() {
    let env: Env = [("IGSYNC_ACCESS_TOKEN", "secret")].into_iter().collect();
    assert_eq!(format!("{env:?}"), "Env(1 variables)");
}

#[test]
fn a_named_file_must_exist_and_a_misnamed_one_is_noticed() {
    let root = temporary_folder();
    let named = root.path().join("other.yaml");
    let found = load(&RealDisk, root.path(), Some(&named), &Env::default()).findings;
    assert_eq!(found[0].rule.name, "config-not-found");
    std::fs::File::create(root.path().join("igsync.yml")).unwrap();
    let found = load(&RealDisk, root.path(), None, &Env::default()).findings;
    assert_eq!(found[0].rule.name, "misnamed-file");
}

#[test]
fn the_content_root_is_the_nearest_folder_with_a_configuration_or_lockfile() {
    let folder = temporary_folder();
    let top = folder.path().canonicalize().unwrap();
    let deep = top.join("repo/content/texts/2026");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::create_dir(top.join("repo/.git")).unwrap();
    std::fs::File::create(top.join("igsync.yaml")).unwrap();
    assert_eq!(find_root(&RealDisk, &deep, false), Root::Missing(deep.clone()), "not beyond the repository");
    std::fs::File::create(top.join("repo/content/igsync.lock")).unwrap();
    assert_eq!(find_root(&RealDisk, &deep, false), Root::Found(top.join("repo/content")));
    assert_eq!(find_root(&RealDisk, &deep, true), Root::Missing(deep.clone()), "nothing is looked for above `-C`");
    std::fs::File::create(deep.join("igsync.yaml")).unwrap();
    assert_eq!(find_root(&RealDisk, &deep, false), Root::Found(deep.clone()));
    assert_eq!(find_root(&RealDisk, &deep, true), Root::Found(deep));
}

#[test]
fn a_folder_of_posts_marks_a_content_root_that_has_neither_file() {
    let folder = temporary_folder();
    let top = folder.path().canonicalize().unwrap();
    let (inside, beside) = (top.join("content/posts/2026"), top.join("content/media"));
    for folder in [&inside, &beside] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let content = Root::Found(top.join("content"));
    assert_eq!(find_root(&RealDisk, &top.join("content"), true), content);
    assert_eq!(find_root(&RealDisk, &inside, false), content);
    assert_eq!(find_root(&RealDisk, &beside, false), Root::Missing(beside.clone()), "any folder may be named posts");
    std::fs::create_dir(top.join(".git")).unwrap();
    assert_eq!(find_root(&RealDisk, &beside, false), content, "in one repository");
    std::fs::File::create(top.join("igsync.lock")).unwrap();
    assert_eq!(find_root(&RealDisk, &inside, false), Root::Found(top), "a lockfile counts for more");
}

#[test]
fn mutated_configurations_never_panic() {
    let seed = "accounts:\n  a: { user_id: 1, token: { command: [x] } }\nposts: [p]\nschedule: { late_after: 24h }\nmedia: { hosting: { url: \"https://a/{path}\" } }\nrules: { many-hashtags: off }\n";
    let pieces = ["~", ": ", "{", "}", "[", "é", "-", "\n", "#", "1e9", "\"", "*", "{path}"];
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..200 {
        let mut text = seed.to_owned();
        for _ in 0..random.usize(1..5) {
            let mut at = random.usize(0..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, pieces[random.usize(0..pieces.len())]);
        }
        let loaded = load_text(&text, &[]);
        assert!(!loaded.config.accounts.is_empty());
    }
}
