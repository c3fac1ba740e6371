//! Texts, tags, counts and times.

use crate::case::{CONFIG, Case, Fixture, IMAGE, REEL, case, files};

fn image(text: &str) -> String {
    format!("{IMAGE}{text}\n")
}

fn reel(text: &str) -> String {
    format!("{REEL}{text}\n")
}

fn story(text: &str) -> String {
    format!("kind: story\nimage: ./a.jpg\n{text}\n")
}

fn carousel(items: usize) -> String {
    format!("kind: carousel\nitems:\n{}", "  - image: ./a.jpg\n".repeat(items))
}

/// `[a0, a1, …]`
fn list(count: usize, entry: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..count).map(entry).collect::<Vec<_>>().join(", "))
}

fn words(count: usize, mark: char) -> String {
    format!("caption: \"{}\"", (0..count).map(|n| format!("{mark}w{n}")).collect::<Vec<_>>().join(" "))
}

/// With this line at the end of the configuration.
fn configured(config: &str, manifest: &str) -> Fixture {
    files(&[("igsync.yaml", &format!("{CONFIG}{config}\n")), ("posts/post.yaml", manifest)]).into()
}

/// With Facebook Login.
fn facebook(manifest: &str) -> Fixture {
    let config = CONFIG.replace("login: instagram", "login: facebook");
    files(&[("igsync.yaml", &config), ("posts/post.yaml", manifest)]).into()
}

/// Two posts with one caption, each with media of its own.
fn same_caption(more: &str) -> Fixture {
    let other = format!("kind: image\nimage: https://cdn.example.com/b.jpg\ncaption: Fridays\n{more}");
    files(&[("posts/post.yaml", &image("caption: Fridays")), ("posts/other.yaml", &other)]).into()
}

const QUEUE: &str = "schedule: { slots: [\"Mon,Wed,Fri 18:00\"] }\ntimezone: Europe/Berlin";

/// Two dated posts of an account that keeps a gap of two hours; the first is due at 18:00.
fn two_dated(second: &str) -> Fixture {
    let other = format!("kind: image\nimage: https://cdn.example.com/b.jpg\npublish_at: {second}\n");
    files(&[
        ("igsync.yaml", &format!("{CONFIG}schedule: {{ min_gap: 2h }}\n")),
        ("posts/post.yaml", &image("publish_at: 2030-12-01T18:00:00Z")),
        ("posts/second.yaml", &other),
    ])
    .into()
}

fn times() -> Vec<Case> {
    vec![
        case(
            "IGS2501",
            image("publish_at: 2030-03-31T02:30[Europe/Berlin]"),
            image("publish_at: 2030-03-31T03:00[Europe/Berlin]"),
        ),
        case(
            "IGS2502",
            image("publish_at: 2030-10-27T02:30[Europe/Berlin]"),
            image("publish_at: 2030-10-27T02:30+01:00[Europe/Berlin]"),
        ),
        case(
            "IGS2503",
            image("publish_at: 2030-12-01 18:00"),
            configured("timezone: Europe/Berlin", &image("publish_at: 2030-12-01 18:00")),
        ),
        case(
            "IGS2504",
            image("publish_at: 2030-12-01T18:00:00Z\npublish_until: 2030-12-01T18:00:00Z"),
            image("publish_at: 2030-12-01T18:00:00Z\npublish_until: 2030-12-01T18:00:01Z"),
        ),
        case("IGS2506", image("publish_at: queue"), configured(QUEUE, &image("publish_at: queue from 2030-12-10"))),
        case("IGS2507", configured(QUEUE, &story("publish_at: queue")), configured(QUEUE, &image("publish_at: queue"))),
        case("IGS2508", two_dated("2030-12-01T19:59:59Z"), two_dated("2030-12-01T20:00:00Z")),
        case(
            "IGS2509",
            configured("schedule: { skip: [2030-12-01] }", &image("publish_at: 2030-12-01T18:00:00Z")),
            configured("schedule: { skip: [2030-12-02..2031-01-01] }", &image("publish_at: 2030-12-01T18:00:00Z")),
        ),
        case("IGS2505", image("publish_at: 2020-12-01T18:00:00Z"), image("publish_at: 2030-12-01T18:00:00Z")),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let caption = |text: String| image(&format!("caption: \"{text}\""));
    let users = |count| format!("user_tags: {}", list(count, |n| format!("{{ username: u{n}, x: 0.1, y: 0.1 }}")));
    let products =
        |count| format!("product_tags: {}", list(count, |n| format!("{{ product_id: \"{n}1\", x: 0.1, y: 0.1 }}")));
    let mut cases = vec![
        case("IGS2101", caption("ä".repeat(2201)), caption("ä".repeat(2200))),
        case("IGS2102", caption("😀".repeat(1101)), caption("😀".repeat(1100))),
        case("IGS2103", image(&words(31, '#')), image(&words(30, '#'))),
        case("IGS2104", image(&words(6, '#')), image(&words(5, '#'))),
        case("IGS2105", image(&words(21, '@')), image(&words(20, '@'))),
        case(
            "IGS2106",
            image("caption: \"safe \\u202Egpj.exe\""),
            image("caption: \"marks \\u200E and isolates \\u2066are fine\\u2069\""),
        ),
        case("IGS2107", image("hashtags: [golden hour]"), image("hashtags: [goldenhour, \"#sea\"]")),
        case(
            "IGS2108",
            configured("hashtag_sets: { sea: [sea] }", &image("hashtags: [\"set:see\"]")),
            configured("hashtag_sets: { sea: [sea] }", &image("hashtags: [\"set:sea\"]")),
        ),
        case(
            "IGS2606",
            "kind: image\nimage: https://www.dropbox.com/scl/fi/abc/a.jpg?rlkey=k&dl=0\n",
            "kind: image\nimage: https://dl.dropboxusercontent.com/scl/fi/abc/a.jpg?rlkey=k\n",
        ),
        case("IGS2110", image("caption: \"a\\x0Bb\""), image("caption: \"a\\tb\\nc\"")),
        case("IGS2109", same_caption(""), same_caption("allow_duplicate: true\n")),
        case(
            "IGS2201",
            image(&format!("alt_text: {}", "a".repeat(1001))),
            image(&format!("alt_text: {}", "a".repeat(1000))),
        ),
        case(
            "IGS2202",
            configured("rules: { missing-alt-text: warn }", IMAGE),
            configured("rules: { missing-alt-text: warn }", &image("alt_text: Cranes")),
        ),
        case(
            "IGS2301",
            image("user_tags: [{ username: acme, x: 1.01, y: 0.5 }]"),
            image("user_tags: [{ username: acme, x: 1.0, y: 0.0 }]"),
        ),
        case(
            "IGS2302",
            reel("user_tags: [{ username: acme, x: 0.5, y: 0.5 }]"),
            reel("user_tags: [{ username: acme }]"),
        ),
        case(
            "IGS2303",
            facebook(&reel("product_tags: [{ product_id: \"1\", x: 0.5, y: 0.5 }]")),
            facebook(&reel("product_tags: [{ product_id: \"1\" }]")),
        ),
        case("IGS2304", image(&users(21)), image(&users(20))),
        case("IGS2305", facebook(&image(&products(6))), facebook(&image(&products(5)))),
        case("IGS2306", image("collaborators: [harbour house]"), image("collaborators: [\"@harbour.house_1\"]")),
        case("IGS2401", carousel(11), carousel(10)),
        case("IGS2402", image("collaborators: [a, b, c, d]"), image("collaborators: [a, b, c]")),
        case("IGS2403", image("branded_content_sponsor_ids: [1, 2, 3]"), image("branded_content_sponsor_ids: [1, 2]")),
        case(
            "IGS2404",
            image("branded_content_sponsor_ids: [17841400000000001]"),
            image("branded_content_sponsor_ids: [17841400000000002]"),
        ),
        case(
            "IGS2405",
            files(&[("posts/post.yaml", &reel("cover: https://example.com/a.jpg\nthumb_offset: 20"))]),
            reel("thumb_offset: 20"),
        ),
        case(
            "IGS2406",
            facebook(&image("is_paid_partnership: false\nbranded_content_sponsor_ids: [17841400000000002]")),
            facebook(&image("is_paid_partnership: true\nbranded_content_sponsor_ids: [17841400000000002]")),
        ),
        case("IGS2601", image(&products(1)), facebook(&image(&products(1)))),
        case("IGS2602", image("is_paid_partnership: true"), facebook(&image("is_paid_partnership: true"))),
        case("IGS2603", story("is_ai_generated: true"), story("draft: false")),
        case("IGS2604", files(&[("igsync.yaml", "accounts:\n  harbour: { user_id: \"17841400000000001\" }\n")]), IMAGE),
    ];
    cases.extend(times());
    cases
}
