//! Answers of a server that lies.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::attack::Attack;
use crate::liar::{Answer, FACEBOOK_CANARY, INSTAGRAM_CANARY, Liar};
use crate::project::Output;

const APPLY: [&str; 4] = ["apply", "--yes", "--format", "json"];

/// Part of every lie that must neither be kept nor shown.
const MARK: &str = "zq-evil-9f";

const APP_SECRET: &str = "canaryAppSecret0f1e2d3c4b5a6978";

/// Everything that a run printed or left below the content root.
fn seen(attack: &Attack, outputs: &[Output]) -> String {
    let files = walkdir::WalkDir::new(attack.root()).into_iter().filter_map(Result::ok);
    let texts = files.filter(|entry| entry.file_type().is_file()).map(|entry| text_of(entry.path()));
    let printed = outputs.iter().flat_map(|output| [output.stdout.clone(), output.stderr.clone()]);
    printed.chain(texts).collect::<Vec<_>>().join("\n")
}

fn text_of(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// No eight characters of a secret in a row.
#[track_caller]
fn assert_hidden(text: &str, secret: &str, what: &str) {
    for at in 0..=secret.len() - 8 {
        let part = &secret[at..at + 8];
        assert!(!text.contains(part), "{what}: {part} in\n{}", around(text, part));
    }
}

fn around<'t>(text: &'t str, part: &str) -> &'t str {
    text.lines().find(|line| line.contains(part)).unwrap_or(text)
}

fn edited(answer: &mut Answer, edit: impl Fn(&mut Value)) {
    if let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) {
        edit(&mut body);
        answer.body = body.to_string();
    }
}

#[test]
fn links_to_other_places_are_neither_kept_nor_shown() {
    for link in [
        format!("javascript:alert(1)//{MARK}{INSTAGRAM_CANARY}"),
        format!("https://{MARK}.example/p/x/"),
        format!("https://www.instagram.com.{MARK}.example/p/x/"),
        format!("https://{MARK}:{INSTAGRAM_CANARY}@www.instagram.com/p/x/"),
        format!("http://www.instagram.com/p/{MARK}/"),
        format!("https://www.instagram.com/p/{MARK}{INSTAGRAM_CANARY}/"),
        format!("\u{1b}]8;;https://{MARK}.example\u{7}"),
        format!("https://www.instagram.com/p/x/?{MARK}={INSTAGRAM_CANARY}#{MARK}"),
        format!("https://www.instagram.com/{MARK}{}", "a".repeat(100_000)),
    ] {
        let liar = Liar::new();
        let told = link.clone();
        liar.lies(move |asked, answer| {
            if asked.path.contains("/media?") {
                edited(answer, |body| {
                    body["data"]
                        .as_array_mut()
                        .into_iter()
                        .flatten()
                        .for_each(|media| media["permalink"] = told[..].into());
                });
            }
        });
        let attack = liar.connect(Attack::new(), INSTAGRAM_CANARY).env("IGSYNC_LOG", "trace");
        let outputs = [
            attack.run(&APPLY).exits(0),
            attack.run(&["plan"]).exits(0),
            attack.run(&["lock", "show", "posts/one"]).exits(0),
            attack.run(&["status"]),
        ];
        let seen = seen(&attack, &outputs);
        assert!(!seen.contains(MARK), "{link:.80}: {}", around(&seen, MARK));
        // Only what comes behind a link of its own form is cut off.
        assert_eq!(seen.contains("https://www.instagram.com/p/x/"), link.contains(".com/p/x/?"), "{link:.80}");
        assert_hidden(&seen, INSTAGRAM_CANARY, &format!("{link:.80}"));
        assert_eq!(liar.server.published().len(), 1);
    }
}

/// Before anything is published such a listing could hide that a post is live.
#[test]
fn a_listing_with_an_id_that_is_no_number_is_no_listing() {
    for id in [json!(format!("179{MARK}")), json!("0179"), json!("99999999999999999999"), json!(179), json!(null)] {
        let liar = Liar::new();
        let told = id.clone();
        liar.lies(move |asked, answer| {
            if asked.path.contains("/media?") {
                let media = json!({ "id": told, "caption": MARK, "media_type": "IMAGE", "timestamp": "2026-01-01T00:00:00+0000" });
                answer.body = json!({ "data": [media] }).to_string();
            }
        });
        let attack = liar.connect(Attack::new(), INSTAGRAM_CANARY);
        let output = attack.run(&APPLY).exits(3);
        assert_eq!(liar.sent(), (0, 0), "{id}");
        assert!(!seen(&attack, &[output]).contains(MARK), "{id}");
    }
}

#[test]
fn what_a_creation_or_a_publish_answers_is_an_id_or_unclear() {
    for id in [format!("17{MARK}"), format!("17\n::set-output name={MARK}"), "017".to_owned(), "١٢".to_owned()] {
        let liar = Liar::new();
        let told = id.clone();
        liar.lies(move |asked, answer| {
            if asked.is_publish() {
                answer.body = json!({ "id": told }).to_string();
            }
        });
        let attack = liar.connect(Attack::new(), INSTAGRAM_CANARY);
        let output = attack.run(&APPLY).exits(0);
        assert_eq!(liar.sent(), (1, 1), "its container says that it is live");
        assert_eq!(liar.server.published().len(), 1);
        assert!(!seen(&attack, &[output]).contains(MARK), "{id}");
        let liar = Liar::new();
        let told = id.clone();
        liar.instead(move |asked| asked.is_creation().then(|| Answer::of(200, &json!({ "id": told }).to_string())));
        let attack = liar.connect(Attack::new(), INSTAGRAM_CANARY);
        let output = attack.run(&APPLY).exits(3);
        assert!(!seen(&attack, &[output]).contains(MARK), "{id}");
        assert_eq!(liar.sent().1, 0, "nothing to publish");
    }
}

/// A secret, said back in all the ways that a reader would decode.
fn echoes(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().fold(String::new(), |said, byte| said + &format!("%{byte:02X}"));
    let twice: String = percent.bytes().fold(String::new(), |said, byte| said + &format!("%{byte:02x}"));
    let json: String = secret.bytes().fold(String::new(), |said, byte| said + &format!("\\u{byte:04x}"));
    let invisible: String = secret.chars().flat_map(|c| [c, '\u{200b}']).collect();
    let controls: String = secret.chars().flat_map(|c| [c, '\u{1}']).collect();
    let (half, end) = (secret[..secret.len() / 2].to_owned(), secret[secret.len() / 2..].to_owned());
    vec![secret.to_owned(), percent, twice, json, invisible, controls, half, end, format!("{}…", &secret[..12])]
}

/// Replaces every text of an answer but what has a form of its own.
fn say_back(value: &mut Value, echo: &str) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if !["id", "user_id", "status_code"].contains(&&**name) => {
                        echo.clone_into(text);
                    }
                    field => say_back(field, echo),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| say_back(item, echo)),
        _ => {}
    }
}

#[test]
fn a_token_that_is_said_back_is_neither_kept_nor_shown() {
    let echoes = echoes(INSTAGRAM_CANARY);
    let mut shown = 0;
    for (number, code) in (0..9).flat_map(|number| [None, Some([190, 36_003][number % 2])].map(|code| (number, code))) {
        let liar = Liar::new();
        let (echo, asked_so_far) = (echoes[number].clone(), Arc::new(AtomicUsize::new(0)));
        // One request of the run is answered so, each run another one.
        liar.lies(move |_, answer| {
            let is_it = asked_so_far.fetch_add(1, Ordering::Relaxed) == number;
            match code {
                Some(code) if is_it => {
                    *answer = Answer::of(
                        400,
                        &json!({ "error": {
                            "code": code, "error_subcode": 2_207_009, "message": echo, "type": echo, "fbtrace_id": echo,
                            "error_user_title": echo, "error_user_msg": echo,
                        }})
                        .to_string(),
                    );
                }
                None if is_it || number == 8 => edited(answer, |body| say_back(body, &echo)),
                _ => {}
            }
        });
        let attack = liar.connect(Attack::new(), INSTAGRAM_CANARY).env("IGSYNC_LOG", "trace");
        attack.write(
            "content/posts/one.yaml",
            "kind: image\nimage: ./one.jpg\ncaption: x\nfirst_comment: y\ncomment_enabled: false\n",
        );
        let outputs = [attack.run(&APPLY), attack.run(&["status"])];
        shown +=
            usize::from(outputs.iter().any(|output| output.stdout.contains("***") || output.stderr.contains("***")));
        assert_hidden(&seen(&attack, &outputs), INSTAGRAM_CANARY, &format!("request {number}, {code:?}"));
        assert!(liar.server.published().len() <= 1);
    }
    assert!(shown >= 6, "only {shown} runs had anything to hide");
}

#[test]
fn the_secret_of_an_app_and_its_proofs_are_neither_kept_nor_shown() {
    for number in 0..9 {
        let liar = Liar::new();
        liar.lies(move |asked, answer| {
            let proof = asked.path.split("appsecret_proof=").nth(1).and_then(|rest| rest.split('&').next());
            let said = [echoes(proof.unwrap_or(APP_SECRET)), echoes(APP_SECRET)].concat();
            let message = format!("{} {} {}", said[number], said[number + 9], asked.path);
            *answer = Answer::of(400, &json!({ "error": { "code": 190, "message": message } }).to_string());
        });
        let attack = liar
            .connect(Attack::new(), FACEBOOK_CANARY)
            .env("IGSYNC_APP_ID", "100000000000001")
            .env("IGSYNC_APP_SECRET", APP_SECRET)
            .env("IGSYNC_LOG", "trace");
        attack.write(
            "content/igsync.yaml",
            "accounts:\n  harbour: { user_id: \"17841400000000001\", login: facebook }\n",
        );
        attack.write("content/posts/one.yaml", "kind: reel\nvideo: https://cdn.example.com/a.mp4\ncaption: x\n");
        let outputs = [attack.run(&APPLY), attack.run(&["status"]), attack.run(&["auth", "inspect"])];
        let seen = seen(&attack, &outputs);
        assert_hidden(&seen, APP_SECRET, "the secret");
        assert_hidden(&seen, FACEBOOK_CANARY, "the token");
        let asked = liar.asked();
        let proofs: Vec<&str> =
            asked.iter().filter_map(|asked| asked.path.split("appsecret_proof=").nth(1)?.split('&').next()).collect();
        assert!(!proofs.is_empty());
        for proof in proofs {
            assert_hidden(&seen, proof, "a proof");
        }
    }
}

#[test]
fn a_text_of_megabytes_is_a_line() {
    let liar = Liar::new();
    liar.instead(|asked| {
        let text = "long ".repeat(1_000_000);
        asked.is_creation().then(|| {
            let name = format!("INSTAGRAM_PLATFORM_API__{}", "A".repeat(1_000_000));
            let error = json!({ "code": name, "message": text, "fbtrace_id": text, "error_user_msg": text });
            Answer::of(400, &json!({ "error": error }).to_string())
        })
    });
    let attack = liar.connect(Attack::new(), INSTAGRAM_CANARY);
    let output = attack.run(&APPLY).exits(3);
    let seen = seen(&attack, &[output]);
    // The picture itself is the most of it.
    assert!(seen.len() < 100_000, "{} bytes", seen.len());
}
