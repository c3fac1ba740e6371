//! `igsync.yaml` and the environment.

use crate::case::{CONFIG, Case, Fixture, IMAGE, case, files};

fn more(text: &str) -> Fixture {
    files(&[("igsync.yaml", &format!("{CONFIG}{text}\n"))]).into()
}

fn changed(from: &str, to: &str) -> Fixture {
    let config = CONFIG.replace(from, to);
    assert_ne!(config, CONFIG);
    files(&[("igsync.yaml", &config)]).into()
}

/// A job of GitHub Actions for a private repository.
fn private(hosting: &str) -> Fixture {
    let config = CONFIG.replace("{ url: \"https://cdn.example.com/{path}\" }", hosting);
    let event = "{\"repository\":{\"full_name\":\"acme/content\",\"private\":true}}";
    let files = files(&[("igsync.yaml", &config), ("event.json", event)]);
    Fixture { files, env: vec![("GITHUB_EVENT_PATH", "event.json")], ..Fixture::default() }
}

fn environment(name: &'static str, value: &'static str) -> Fixture {
    Fixture { env: vec![(name, value)], ..Fixture::default() }
}

pub(crate) fn cases() -> Vec<Case> {
    let second = "  harbour:\n    user_id: \"17841400000000001\"\n";
    let twin = format!("{second}  studio:\n    user_id: \"17841400000000001\"\n");
    let two = format!("default_account: studio\n{}", CONFIG.replace(second, &twin.replacen("01\"", "02\"", 1)));
    vec![
        case("IGS4001", Fixture { args: vec!["--config", "other.yaml"], ..Fixture::default() }, IMAGE),
        case("IGS4002", changed("  harbour:", "  \"@harbour\":"), changed("  harbour:", "  harbour-2:")),
        case("IGS4003", changed(second, &twin), files(&[("igsync.yaml", &two)])),
        case("IGS4004", more("default_account: harbor"), more("default_account: harbour")),
        case("IGS4005", more("posts: [../elsewhere]"), more("posts: [posts]")),
        case("IGS4006", private("github"), private("{ github: acme/public-mirror }")),
        case("IGS4007", changed("{path}", "{file}"), changed("{path}", "{sha256}.{ext}")),
        case("IGS4008", more("rules: { captoin-too-long: off }"), more("rules: { many-hashtags: off }")),
        case("IGS4009", environment("IGSYNC_POLL_MAX_MS", "soon"), environment("IGSYNC_POLL_MAX_MS", "500")),
        case("IGS4010", more("timezone: Berlin"), more("timezone: Europe/Berlin")),
        case("IGS4012", more("schedule: { slots: [Mon,Wed 18:00] }"), more("schedule: { slots: [\"Mon,Wed 18:00\"] }")),
        case("IGS4011", more("  fit: pad"), more("  fit: pad\n  convert: true")),
    ]
}
