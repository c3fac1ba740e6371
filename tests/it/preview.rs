//! `igsync preview`: what it writes, what it leaves alone, and what it shows of accounts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::project::{Project, Server};

const NOW: [&str; 2] = ["--now", "2026-12-01T12:00:00Z"];

fn preview(project: &Project, args: &[&str]) -> String {
    let now = NOW.iter().filter(|_| !args.contains(&"--now"));
    let args = ["preview", "-o", "-"].iter().chain(now).chain(args).copied();
    project.run(args).exits(0).stdout
}

/// The small pictures inside a page, as another decoder sees them.
fn pictures(page: &str) -> Vec<image::RgbImage> {
    let data = page.split("data:image/jpeg;base64,").skip(1);
    let jpegs = data.map(|rest| BASE64.decode(rest.split('"').next().unwrap()).unwrap());
    jpegs.map(|jpeg| image::load_from_memory(&jpeg).unwrap().to_rgb8()).collect()
}

#[test]
fn the_page_is_one_file_that_loads_nothing_and_is_the_same_each_time() {
    let project = Project::example();
    let before = project.files();
    let said = project.run(["preview", NOW[0], NOW[1]]).exits(0);
    assert!(said.stderr.starts_with("wrote igsync-preview.html: 9 coming posts, "), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    let page = project.read("igsync-preview.html");
    assert_eq!(page, preview(&project, &[]), "by another run");
    project.run(["preview", NOW[0], NOW[1]]).exits(0);
    assert_eq!(page, project.read("igsync-preview.html"), "over the first one");
    project.remove("igsync-preview.html");
    assert_eq!(before, project.files(), "nothing else is written");

    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = BASE64.encode(Sha256::digest(style.as_bytes()));
    let policy =
        format!("default-src 'none'; img-src data:; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    assert!(page.contains(&policy), "the policy allows this style alone");
    for outside in ["<script", " src=\"http", " href=\"http", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("Plan: 8 to publish, 1 scheduled."), "in the words of the terminal");
    // Tiles and a story; six single pictures, and those of two carousels. Clips have none.
    assert_eq!(pictures(&page).len(), 7 + 1 + 6 + 2 + 3);
}

#[test]
fn nothing_but_another_preview_is_replaced() {
    let project = Project::with_one_image();
    let manifest = project.read("posts/one.yaml");
    for format in ["html", "ics"] {
        let said = project.run(["preview", "-o", "posts/one.yaml", "--format", format]).exits(1);
        assert!(said.stderr.contains("posts/one.yaml is there already, and it is not a preview"), "{}", said.stderr);
    }
    assert_eq!(project.read("posts/one.yaml"), manifest);
    project.run(["preview", "-o", "no/such/folder.html"]).exits(1).says("-o");
    project.run(["preview", "-o", "a.out"]).exits(0);
    project.run(["preview", "-o", "a.out", "--format", "ics"]).exits(0);
    assert!(project.read("a.out").starts_with("BEGIN:VCALENDAR\r\n"));
    project.run(["preview", "-o", "a.out"]).exits(0);
    project.run(["preview", "--format", "ics"]).exits(0).says("wrote igsync-preview.ics: 1 coming post");
}

#[test]
fn a_wrong_account_is_a_usage_error_and_errors_are_shown_on_the_page() {
    let project = Project::with_one_image();
    project.run(["preview", "--account", "nobody"]).exits(64).says("there is no account `nobody`");
    project.run(["preview", "--months", "0"]).exits(64);
    project.write("posts/two.yaml", "kind: image\nimage: ./missing.jpg\ncaption: Two\n");
    let shown = project.run(["preview", "-o", "-"]).exits(1).stdout;
    assert!(shown.contains("IGS1025") && shown.contains("no picture here") && shown.contains("has errors"));
    project.write("igsync.yaml", "accounts: [\n");
    project.run(["preview"]).exits(1);
    assert!(!project.path().join("igsync-preview.html").exists());
}

#[test]
fn what_git_ignores_and_what_is_elsewhere_is_not_shown() {
    let project = Project::with_one_image();
    project.jpeg("posts/secret.jpg", 9);
    project.write(".gitignore", "secret.jpg\n");
    project.write("posts/a.yaml", "kind: image\nimage: ./secret.jpg\ncaption: Secret\n");
    project.write("posts/b.yaml", "kind: image\nimage: https://cdn.example.com/b.jpg\ncaption: Elsewhere\n");
    project.commit();
    let page = project.run(["preview", "-o", "-"]).exits(1).stdout;
    assert_eq!(pictures(&page).len(), 2, "one tile and one card, of the post that may be read");
    assert!(page.contains("at cdn.example.com"));
}

#[test]
fn no_text_of_a_post_is_markup_or_a_command_of_a_runner() {
    let project = Project::with_one_image();
    project.write(
        "posts/one.yaml",
        "kind: image\nimage: ./one.jpg\ncaption: |\n  </style><script>x</script>\n  ::error::x ##[error]y\nnote: \"\\e[31m\"\n",
    );
    let page = preview(&project, &[]);
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    let body = page.split("</style>").nth(1).unwrap();
    assert!(!body.contains("::") && !body.contains("##") && !body.contains('\u{1b}'));
    let calendar = preview(&project, &["--format", "ics"]);
    assert!(!calendar.contains("::error") && !calendar.contains("##[error]"), "{calendar}");
}

#[test]
fn what_is_live_is_below_what_is_coming() {
    let project = Project::with_one_image();
    project.run(["apply", "--sandbox", "--yes"]).exits(0);
    project.jpeg("posts/two.jpg", 2);
    project.write("posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: The second\n");
    let page = preview(&project, &["--sandbox", "--now", "2031-01-01T12:00:00Z"]);
    let order: Vec<usize> =
        ["+ publish, now: The second", "live since"].iter().map(|what| page.find(what).unwrap()).collect();
    assert!(order[0] < order[1], "{order:?}");
    assert_eq!(pictures(&page).len(), 3, "two tiles and the card of the coming one");
    assert!(!preview(&project, &[]).contains("live since"), "igsync.lock has no record of the sandbox");
}

#[test]
fn refresh_shows_what_no_record_has_with_its_picture() {
    let server = Server::start();
    let project = Project::with_one_image().against(&server, "facebook", "EAA-LONG");
    project.run(["apply", "--yes", "--no-push"]).exits(0);
    // Another clone, whose record knows nothing of it, and whose file is gone.
    let other = Project::with_one_image().against(&server, "facebook", "EAA-LONG");
    other.jpeg("posts/one.jpg", 7);
    other.write("posts/one.yaml", "kind: image\nimage: ./one.jpg\ncaption: Another one\n");
    assert!(!preview(&other, &[]).contains("live since"), "offline");
    let calls = server.published().len();
    let page = preview(&other, &["--refresh"]);
    assert!(page.contains("in no record") && page.contains("live since"));
    assert_eq!(pictures(&page).len(), 3, "a tile and a card of the coming one, a tile of the live one");
    assert!(!page.contains(&server.url()), "no link to the API's media");
    assert_eq!(server.published().len(), calls, "nothing is published");
    let denied = Project::with_one_image().against(&server, "facebook", "EAA-EXPIRED");
    denied.run(["preview", "--refresh"]).exits(9).says("could not ask Meta about account harbour");
    assert!(denied.path().join("igsync-preview.html").exists(), "what is known is shown");
}
