//! Inputs that are small to write and large to read: scans stay linear, findings short, memory bounded.
//!
//! Time is bounded by processor seconds, an order of magnitude above what a run takes and below what a quadratic scan
//! takes.

use crate::attack::Attack;
use crate::project::Output;

/// Long enough for a quadratic scan to take minutes, a part of what a manifest may have. In bytes.
const LONG: usize = 400_000;
/// More than any page about a few faults has. In bytes.
const LONG_OUTPUT: usize = 400_000;

/// Runs one command within so many processor seconds and megabytes of address space.
fn bounded(attack: &Attack, arguments: &[&str], (seconds, megabytes): (u32, u32)) -> Output {
    let limits = format!("ulimit -c 0; ulimit -t {seconds}; ulimit -v {megabytes}000");
    attack.run_within(&limits, arguments)
}

/// What every command does with a content root that is too much of something: it ends by itself, in time, with a
/// short answer.
fn survives(attack: &Attack, limits: (u32, u32)) -> Output {
    let plan = ["human", "json", "markdown", "github"];
    for format in plan {
        let output = bounded(attack, &["plan", "--format", format], limits);
        assert!((0..=1).contains(&output.code), "{format}: {output:?}");
        assert_short(&output, format);
    }
    let applied = bounded(attack, &["apply", "--sandbox", "--yes"], limits);
    assert!((0..=10).contains(&applied.code), "{applied:?}");
    assert_short(&applied, "apply");
    let validated = bounded(attack, &["validate"], limits);
    assert!((0..=1).contains(&validated.code), "{validated:?}");
    assert_short(&validated, "validate");
    validated
}

#[track_caller]
fn assert_short(output: &Output, what: &str) {
    for text in [&output.stdout, &output.stderr] {
        assert!(text.len() < LONG_OUTPUT, "{what} wrote {} bytes: {:.2000}", text.len(), text);
        // JSON is for programs and holds a caption as it is.
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(longest < 2_000 || text.starts_with('{'), "{what} wrote a line of {longest} characters: {text:.2000}");
    }
}

/// A content root with one more post for each of these manifests.
fn with_posts(manifests: &[String]) -> Attack {
    let attack = Attack::new();
    for (number, manifest) in manifests.iter().enumerate() {
        attack.write(&format!("content/posts/p{number}.yaml"), manifest);
    }
    attack
}

/// Each of the posts has an error, and says so shortly.
fn refused(manifests: &[String], limits: (u32, u32)) {
    let attack = with_posts(manifests);
    assert_eq!(survives(&attack, limits).code, 1);
    let output = bounded(&attack, &["validate", "--format", "json"], limits);
    let found: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    for (number, manifest) in manifests.iter().enumerate() {
        let file = format!("posts/p{number}.yaml");
        let is_refused = found["findings"].as_array().unwrap().iter().any(|finding| {
            finding["file"] == file
                && finding["severity"] == "error"
                && finding["message"].as_str().unwrap().len() < 2_000
        });
        assert!(is_refused, "{manifest:.60}");
    }
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}

fn caption(text: &str) -> String {
    format!("kind: image\nimage: ./one.jpg\ncaption: \"{text}\"\n")
}

/// The limits of a run over some megabytes of text: processor seconds of a debug build, megabytes.
const TEXT: (u32, u32) = (60, 1_500);

#[test]
fn beginnings_of_tokens_are_searched_once() {
    let parts = [
        "AKIA",
        "ASIA",
        "EAA",
        "IGAA",
        "IGQV",
        "secret",
        "secret=",
        "secret: ",
        "AKIA_",
        "EAAEAA-",
        "éAKIA",
        "secret:é",
    ];
    let manifests: Vec<String> = parts.iter().map(|part| caption(&part.repeat(LONG / part.len()))).collect();
    refused(&manifests, TEXT);
}

#[test]
fn forty_thousand_tokens_in_one_caption_are_two_short_entries() {
    let tokens: Vec<String> = (0..40_000).map(|number| format!("EAA{number:021}")).collect();
    let validated = survives(&with_posts(&[caption(&tokens.join(" "))]), TEXT);
    let text = validated.stdout + &validated.stderr;
    // A hundred equal ones, and the last, which counts those that are not kept.
    assert_eq!(text.matches("IGS1033 token-in-file").count(), 2, "{text:.2000}");
    assert!(text.contains("100 times in one file"), "{text:.2000}");
    // A long message continues behind a bar.
    let words = text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(words.contains("a key (and 39899 more findings in this file)"), "{text:.2000}");
    assert!(!text.contains("EAA0000"), "{text:.2000}");
}

#[test]
fn tokens_in_other_files_are_searched_once_and_shown_shortly() {
    let tokens: Vec<String> = (0..40_000).map(|number| format!("IGAA{number:020}")).collect();
    for text in [tokens.join(" "), "AKIA".repeat(LONG / 4), "secret".repeat(LONG / 6)] {
        let attack = Attack::new();
        attack.write("content/posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption_file: ./one.txt\n");
        attack.write("content/posts/one.txt", &text[..16_000]);
        attack.write("content/posts/_defaults.yaml", format!("first_comment: \"{text}\"\n"));
        assert_eq!(survives(&attack, TEXT).code, 1);
        attack.write("content/igsync.yaml", format!("timezone: \"{}\"\n", &text[..200_000]));
        assert_eq!(survives(&attack, TEXT).code, 1);
    }
}

#[test]
fn long_values_are_shown_by_their_beginning() {
    let long = "x".repeat(400_000);
    let post = "kind: image\nimage: ./one.jpg\n";
    refused(
        &[
            format!("{post}caption: \"{long}\"\n"),
            format!("{post}{long}: 1\n"),
            format!("{post}id: \"{long}\"\n"),
            format!("{post}caption: *{long}\n"),
            format!("{post}caption: &{long} true\n"),
            format!("{post}accounts: [{long}]\n"),
            format!("{post}hashtags: [\"set:{long}\"]\n"),
            format!("{post}publish_at: \"{long}\"\n"),
            format!("{post}caption: a #{long}\n"),
            format!("kind: {long}\nimage: ./one.jpg\n"),
            format!("kind: image\nimage: ./{long}.jpg\n"),
            format!("kind: image\nimage: https://{long}/a.jpg\n"),
            format!("kind: image\nimage: {}one.jpg\n", "a/../".repeat(80_000)),
            format!("{post}caption: |\n{}", "  line\n".repeat(60_000)),
            format!("{post}user_tags: {}\n", "[".repeat(400_000)),
            format!("{post}caption: \"{}\"\n", "é\u{316}".repeat(100_000)),
            format!("{post}caption: \"{}\"\n", "0a".repeat(200_000)),
        ],
        TEXT,
    );
}

#[test]
fn thousands_of_faults_in_one_long_line_cost_no_more_than_a_hundred() {
    let post = "kind: image\nimage: ./one.jpg\ncaption: A caption\n";
    let list = |count: usize, entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(", ");
    let padding = " ".repeat(300_000);
    let names = |count| list(count, &|number| format!("harbou{number}"));
    refused(
        &[
            format!("{post}user_tags: [{padding}{}]\n", list(9_000, &|number| format!("n{number}"))),
            format!("{post}user_tags: [{padding}{}]\n", list(9_000, &|number| format!("*n{number}"))),
            format!("{post}user_tags: [{padding}{}]\n", list(9_000, &|number| format!("&n{number} x"))),
            format!("{post}accounts: [{padding}{}]\n", names(9_000)),
            format!("{post}accounts: [{padding}{}]\n", names(500)),
            format!("{post}hashtags: [{padding}{}]\n", list(100, &|_| "\"a b\"".to_owned())),
            format!("{post}hashtags: [{padding}{}]\n", list(9_000, &|_| "\"set:a\"".to_owned())),
            format!("{post}trial_params: {{{padding}{}}}\n", list(4_900, &|_| "k: 1".to_owned())),
            format!("{post}trial_params: {{{padding}{}}}\n", list(4_900, &|number| format!("k{number}: "))),
            format!("{post}{}", lines(4_900, |number| format!("captio{number}: 1\n"))),
        ],
        TEXT,
    );
}

/// More findings of one file than are shown must not hide the one that counts.
#[test]
fn an_error_behind_a_hundred_warnings_is_an_error() {
    let tags = vec!["{ username: \"a b\", x: 0.5, y: 0.5 }"; 20].join(", ");
    let warnings = format!("alt_text: a\nuser_tags: [{tags}]\nhashtags: [{}]\n", vec!["\"a b\""; 99].join(", "));
    let post = "kind: image\nimage: ./one.jpg\n";
    let long = format!("caption: \"{}\"\n", "a".repeat(2_300));
    let mentions = format!("caption: \"{}\"\n", "@someone_else ".repeat(21));
    let window = "publish_at: 2100-01-02T00:00Z\npublish_until: 2100-01-01T00:00Z\n";
    let content = |manifest: String, defaults: String| {
        let attack = Attack::new();
        let settings = std::fs::read_to_string(attack.root().join("igsync.yaml")).unwrap();
        attack.write("content/igsync.yaml", settings + "rules: { invalid-hashtag: warn, invalid-username: warn }\n");
        std::fs::remove_file(attack.root().join("posts/one.yaml")).unwrap();
        attack.write("content/posts/a/one.jpg", crate::attack::picture());
        attack.write("content/posts/a/one.yaml", manifest);
        attack.write("content/posts/a/_defaults.yaml", defaults);
        attack
    };
    let none = "share_to_feed: true\n".to_owned();
    let harmless = content(format!("{post}{warnings}"), none.clone());
    let validated = bounded(&harmless, &["validate"], TEXT).exits(0);
    assert!(
        (validated.stdout + &validated.stderr).contains("more findings in this file"),
        "there are more than are shown"
    );
    for (manifest, defaults, rule) in [
        (format!("{post}{warnings}{long}"), none.clone(), "IGS2101"),
        (format!("{post}{warnings}{mentions}"), none.clone(), "IGS2105"),
        (format!("{post}{warnings}caption: x\n{window}"), none, "IGS2504"),
        (post.to_owned(), format!("{warnings}{long}"), "IGS2101"),
    ] {
        let attack = content(manifest, defaults);
        let validated = bounded(&attack, &["validate"], TEXT);
        assert_eq!(validated.code, 1, "{rule}: {validated:?}");
        let text = validated.stdout + &validated.stderr;
        assert!(text.contains(&format!("Error: {rule}")) && text.contains("1 error, "), "{rule}: {text:.3000}");
        let applied = bounded(&attack, &["apply", "--sandbox", "--yes"], TEXT);
        let is_due = rule != "IGS2504";
        assert_eq!(applied.code, i32::from(is_due), "{rule}: {applied:?}");
        assert_nothing_was_sent(&attack);
    }
}

/// Patterns that are expensive to compare, each another one.
fn hard_patterns(count: usize) -> String {
    lines(count, |number| format!("**/*a{number}*b*c*d*[!e-g]*/**/*h*\n"))
}

/// What is excluded is not known when the patterns are too many to be read: nothing goes out, and that is said.
#[test]
fn too_many_patterns_are_an_error_and_nothing_goes_out() {
    let many = |folder: &str, text: &str| -> Vec<(String, String)> {
        (0..60).map(|number| (format!("{folder}{number}/.gitignore"), text.to_owned())).collect()
    };
    let one = |file: &str, text: String| vec![(file.to_owned(), text)];
    for (files, blamed) in [
        (one(".gitignore", hard_patterns(3_000)), ".gitignore"),
        (one("posts/.gitignore", "a\n".repeat(5_001)), "posts/.gitignore"),
        (many("posts/", &lines(400, |number| format!("a{number}\n"))), "posts/20/.gitignore"),
        (many("posts/", &"x".repeat(60_000)), "posts/20/.gitignore"),
        (one("media/.gitignore", hard_patterns(3_000)), "media/.gitignore"),
    ] {
        let attack = Attack::new();
        attack.write("content/media/two.jpg", crate::attack::numbered_picture(2));
        attack.write("content/posts/one.yaml", "kind: image\nimage: ../media/two.jpg\ncaption: A caption\n");
        for (file, text) in &files {
            attack.write(&format!("content/{file}"), text);
        }
        let validated = bounded(&attack, &["validate"], TEXT);
        assert_eq!(validated.code, 1, "{blamed}: {validated:?}");
        assert_short(&validated, blamed);
        let text = validated.stdout + &validated.stderr;
        assert!(text.contains("IGS1002 file-too-large") && text.contains(blamed), "{blamed}: {text:.2000}");
        let applied = bounded(&attack, &["apply", "--sandbox", "--yes"], TEXT);
        assert_eq!(applied.code, 1, "{blamed}: {applied:?}");
        assert_nothing_was_sent(&attack);
    }
    // As many hard ones as one file may hold, above a hundred posts.
    let attack = Attack::new();
    attack.write("content/.gitignore", hard_patterns(1_600));
    for number in 0..100 {
        attack.write(
            &format!("content/posts/{number}.yaml"),
            "kind: image\nimage: ./one.jpg\ncaption: A caption\ndraft: true\n",
        );
    }
    assert_eq!(survives(&attack, TEXT).code, 0);
}

#[track_caller]
fn assert_nothing_was_sent(attack: &Attack) {
    let requests = std::fs::read_to_string(attack.root().join(".igsync/sandbox/requests.jsonl")).unwrap_or_default();
    assert!(!requests.contains("POST"), "{requests}");
}

#[test]
fn a_run_that_sends_something_leaves_it_in_the_list_of_requests() {
    let attack = Attack::new();
    let applied = bounded(&attack, &["apply", "--sandbox", "--yes"], TEXT);
    assert_eq!(applied.code, 0, "{applied:?}");
    let requests = std::fs::read_to_string(attack.root().join(".igsync/sandbox/requests.jsonl")).unwrap();
    assert!(requests.contains("POST"), "{requests}");
}

/// One small file must not be multiplied by thousands of others.
#[test]
fn what_many_posts_share_is_kept_once() {
    let attack = Attack::new();
    let tags: Vec<String> = (0..100).map(|number| format!("\"{number:0>9000}\"")).collect();
    let sets = format!("hashtag_sets: {{ big: [{}] }}\n", vec!["harbour_at_night"; 100].join(", "));
    attack.write(
        "content/igsync.yaml",
        sets + "accounts: { harbour: {} }\nmedia: { hosting: { url: \"https://cdn.example.com/{path}\" } }\n",
    );
    let long = "x".repeat(16_000);
    attack.write(
        "content/posts/_defaults.yaml",
        format!(
            "caption: {long}\nfirst_comment: {long}\nalt_text: {long}\nhashtags: [{}]\n",
            vec!["set:big"; 100].join(", ")
        ),
    );
    attack.write("content/posts/a/_defaults.yaml", format!("hashtags: [{}]\n", tags.join(", ")));
    for number in 0..300 {
        attack.write(&format!("content/posts/a/{number}/_defaults.yaml"), "draft: false\n");
        attack.write(&format!("content/posts/a/{number}/a.yaml"), "kind: image\nimage: ../../one.jpg\n");
        attack.write(&format!("content/posts/b/{number}.yaml"), "kind: image\nimage: ../one.jpg\n");
    }
    let found = bounded(&attack, &["validate"], (60, 400));
    assert_eq!(found.code, 1, "{found:?}");
    assert!((found.stdout + &found.stderr).contains("the hashtags are longer than any caption"));
    let planned = bounded(&attack, &["plan"], (60, 400));
    assert_eq!(planned.code, 1, "{planned:?}");
}

#[test]
fn a_key_that_is_not_what_it_looks_like_is_an_error_at_both() {
    let attack = Attack::new();
    let post = "kind: image\nimage: ./one.jpg\ncaption: A caption\n";
    for name in ["hаrbour", "har\u{200B}bour", "copa", "сора", "пляж", "p1", "pl"] {
        attack.write(&format!("content/posts/{name}.yaml"), post);
    }
    attack.write("content/posts/by_id.yaml", format!("{post}id: раypal\n"));
    let output = bounded(&attack, &["validate", "--format", "json"], TEXT);
    let found: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let mut files: Vec<&str> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["id"] == "IGS1040")
        .map(|finding| finding["file"].as_str().unwrap())
        .collect();
    files.sort_unstable();
    files.dedup();
    let expected = ["by_id", "copa", "har\u{200B}bour", "hаrbour", "сора"].map(|name| format!("posts/{name}.yaml"));
    assert_eq!(files, expected);
    let applied = bounded(&attack, &["apply", "--sandbox", "--yes"], TEXT);
    assert_ne!(applied.code, 0, "{applied:?}");
    assert_nothing_was_sent(&attack);
    survives(&attack, TEXT);
}

/// A published post as a lockfile has it.
fn published(number: usize) -> String {
    format!(
        "{{\"key\":\"posts/{number:06}\",\"user_id\":\"17841400000000001\",\"account\":\"harbour\",\"kind\":\"image\",\
         \"state\":\"published\",\"digest\":\"v1:sha256:{number:064x}\",\"attempt\":\"a{number:06}\",\
         \"media_id\":\"1799{number:013}\",\"permalink\":\"https://www.instagram.com/p/{number:011}/\",\
         \"published_at\":\"2026-01-01T00:00:00Z\",\"via\":\"publish\",\"file\":\"posts/{number:06}.yaml\"}}\n"
    )
}

/// A record takes many times as much memory as its line.
#[test]
fn a_lockfile_of_too_many_or_too_large_records_is_refused() {
    let header = "{\"igsync_lock\":1}\n";
    let many = lines(450_000, published);
    let line = published(1);
    let with = |list: &str| line.replace("\"attempt\"", &format!("{list},\"attempt\""));
    let containers = with(&format!("\"children\":[{}\"2\"]", "\"1\",".repeat(10_000_000)));
    let ids = with(&format!("\"fingerprint\":[{}\"2\"]", "\"1\",".repeat(10_000_000)));
    let moves = format!("[{}]\n", vec![line.trim_end(); 400_000].join(","));
    let commands = [&["plan"][..], &["apply", "--yes"], &["lock", "list"], &["plan", "--format", "json"]];
    for ((what, records), command) in
        [("many", many), ("containers", containers), ("ids", ids), ("moves", moves)].into_iter().zip(commands)
    {
        let attack = Attack::new();
        attack.write("content/igsync.lock", format!("{header}{records}"));
        let output = bounded(&attack, command, (60, 1_200));
        assert_eq!(output.code, 1, "{what}, {command:?}: {:.2000}", format!("{output:?}"));
        let text = output.stdout.clone() + &output.stderr;
        let words = text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(words.contains("take more than 340 MiB"), "{what}, {command:?}: {text:.2000}");
        assert_short(&output, what);
    }
}

/// As a zlib stream, so many zeros in less than a hundredth of their length.
fn bomb(len: usize) -> Vec<u8> {
    // The last block, with the fixed codes: a zero, then "258 times what is one byte before".
    let (block, zero, again, end) = ("110", "00110000", "1100010100000", "0000000");
    let bits = |codes: usize| format!("{block}{zero}{}{end}", again.repeat(codes));
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
    let packed = |codes: usize| -> Vec<u8> { bits(codes).as_bytes().chunks(8).map(byte).collect() };
    // Eight codes are thirteen bytes, so that the middle is the same again and again.
    let (short, period) = (packed(8), 13);
    let (front, behind) = short.split_at(2);
    let middle = packed(16)[2..2 + period].repeat(len / (8 * 258));
    let filled = 1 + len / (8 * 258) * (8 * 258) + 8 * 258;
    let sum = u32::try_from(filled % 65_521).unwrap() << 16 | 1;
    [&[0x78, 0x01], front, &middle, behind, &sum.to_be_bytes()].concat()
}

/// A PNG of some megabytes whose colour profile decodes into so many bytes.
fn with_profile(len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 640, 640);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(png::chunk::iCCP, &[b"x\0\0", &bomb(len)[..]].concat()).unwrap();
    writer.write_image_data(&vec![120; 640 * 640 * 3]).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A colour profile is decoded before anything is known of it.
#[test]
fn a_profile_that_unfolds_into_a_gigabyte_is_refused_within_bounds() {
    let bomb = with_profile(1 << 30);
    assert!(bomb.len() < 8_000_000, "{} bytes", bomb.len());
    for manifest in [
        "kind: image\nimage: ./bomb.png\ncaption: A caption\n",
        "kind: story\nimage: ./bomb.png\n",
        "kind: carousel\ncaption: A caption\nitems:\n  - image: ./one.jpg\n  - image: ./bomb.png\n",
    ] {
        let attack = with_posts(&[manifest.to_owned()]);
        attack.write("content/posts/bomb.png", &bomb);
        attack.write("content/igsync.yaml", "accounts: { harbour: {} }\nmedia: { convert: true }\n");
        for command in [&["plan"][..], &["apply", "--sandbox", "--yes"]] {
            let output = bounded(&attack, command, (60, 600));
            assert_eq!(output.code, 1, "{output:?}");
            let text = output.stdout + &output.stderr;
            assert!(text.contains("IGS3111 not-converted") && text.contains("colour profile"), "{text:.3000}");
        }
        assert_nothing_was_sent(&attack);
    }
}
