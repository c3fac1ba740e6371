//! The page of a plan as GitHub's own renderer sees it, and what is left of a hostile one.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::project::Project;
use crate::tool;

/// HTML by `cmark-gfm`, raw HTML let through as GitHub does before it sanitises.
fn html(markdown: &str) -> Option<String> {
    let program = tool("cmark-gfm", "--version")?;
    let mut child = Command::new(program)
        .args(["--unsafe", "--extension", "autolink", "--extension", "table", "--extension", "strikethrough"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(markdown.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The HTML without what is in code, where GitHub looks for nothing.
fn outside_code(html: &str) -> String {
    let mut rest = html.to_owned();
    for (open, close) in [("<pre", "</pre>"), ("<code", "</code>")] {
        let mut outside = String::new();
        let mut from = rest.as_str();
        while let Some((before, after)) = from.split_once(open) {
            outside.push_str(before);
            from = after.split_once(close).unwrap_or_else(|| panic!("{open} never ends: {html}")).1;
        }
        outside.push_str(from);
        rest = outside;
    }
    rest
}

const HOSTILE: &str = "```\n````\n~~~\n@everyone closes #1 and GH-1\n![x](https://evil.example/beacon.png)\n<img src=https://evil.example/x.png>\n</details></code></pre>\n[a]: https://evil.example\nhttps://evil.example www.evil.example\n::error::x";

#[test]
fn githubs_renderer_finds_nothing_of_others_to_obey() {
    let project = Project::with_one_image();
    let indented = HOSTILE.replace('\n', "\n  ");
    let bad = "x` @everyone ![x](https:evil.example) <img src=x> #1";
    project.jpeg(&format!("posts/{bad}.jpg"), 7);
    project.write(
        "posts/bad.yaml",
        format!(
            "id: '{bad}'\nkind: image\nimage: './{bad}.jpg'\nalt_text: '{bad}'\ncaption: |\n  {indented}\nfirst_comment: |\n  {indented}\ncollaborators: ['{bad}']\n"
        ),
    );
    project.write("posts/worse.yaml", format!("kind: '{bad}'\n'{bad}': x\n"));
    project.write("posts/`@everyone` #1.yaml", "captoin: '<script>alert(1)</script>'\n");
    let page = project.run(["plan", "--format", "markdown"]).stdout;
    assert!(page.contains("beacon.png"), "the caption is shown in full: {page}");
    let Some(html) = html(&page) else { return };
    let outside = outside_code(&html);
    for bad in ["@everyone", "#1", "GH-1", "evil.example/", "www.evil", "<script", "<img src=x", "<a href=\"https"] {
        assert!(!outside.contains(bad), "{bad} in {outside}");
    }
    // The one picture is the repository's own.
    assert_eq!(outside.matches("<img ").count(), html.matches("<img src=\"posts/").count(), "{outside}");
    assert_eq!(outside.matches("</details>").count(), 1, "{outside}");
}

#[test]
fn the_example_is_a_page_that_people_read() {
    let project = Project::example();
    let page = project.run(["plan", "--format", "markdown"]).exits(0).stdout;
    assert!(page.starts_with("### Merging publishes 8 posts to `@harbour` now"), "{page}");
    assert!(page.len() < 65_000);
    let Some(html) = html(&page) else { return };
    assert!(html.matches("<h4>").count() == 9 && html.contains("<details>"), "{html}");
}
