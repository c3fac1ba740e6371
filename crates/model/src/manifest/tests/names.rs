//! Files that are there under another name, or not there at all.

use super::*;

/// `label|help` of what is wrong with the media of all posts.
fn found(root: &Root) -> Vec<String> {
    let loaded = root.load();
    assert!(loaded.findings.is_empty(), "{:?}", lines(&loaded));
    let help = |finding: &Finding| format!("{}|{}", finding.label, finding.help.clone().unwrap_or_default());
    let is_name = |finding: &&Finding| finding.rule.id.starts_with("IGS1");
    media_findings(root, &loaded).iter().filter(is_name).map(help).collect()
}

fn post(image: &str) -> String {
    format!("kind: image\nimage: {image}\n")
}

#[test]
fn a_name_in_another_unicode_form_wins_over_a_similar_one_and_is_explained() {
    let root =
        Root::new(&[("posts/a.yaml", &post("café.jpg")), ("posts/cafe.jpg", "x"), ("posts/cafe\u{301}.jpg", "x")]);
    let told = found(&root);
    let advice = "write \"cafe\\u0301.jpg\"";
    assert!(
        told.len() == 1 && told[0].starts_with("exists in another Unicode form|") && told[0].ends_with(advice),
        "{told:?}"
    );
    root.write("posts/a.yaml", post("\"cafe\\u0301.jpg\"").as_bytes());
    assert_eq!(found(&root), [""; 0], "what is shown is accepted");
    // The folder may have the other form, too.
    let root = Root::new(&[("posts/a.yaml", &post("été/a.jpg")), ("posts/e\u{301}te\u{301}/a.jpg", "x")]);
    let told = found(&root);
    assert!(told[0].contains("a folder's name") && told[0].contains("e\\u0301te\\u0301/a.jpg"), "{told:?}");
}

#[test]
fn a_path_from_the_content_root_is_told_how_it_begins_at_the_manifest() {
    let root = Root::new(&[
        ("posts/2026/a.yaml", &post("media/a.jpg")),
        ("posts/2026/b.yaml", &post("posts/2026/b.jpg")),
        ("posts/2026/c.yaml", &post("media/gone.jpg")),
        ("media/a.jpg", "x"),
        ("posts/2026/b.jpg", "x"),
    ]);
    let told = found(&root);
    assert!(
        told[0].starts_with("relative to the content root|") && told[0].ends_with("write `../../media/a.jpg`"),
        "{told:?}"
    );
    assert!(told[1].ends_with("write `./b.jpg`"), "{told:?}");
    assert!(told[2].starts_with("not found|"), "{told:?}");
    root.write("posts/2026/a.yaml", post("../../media/a.jpg").as_bytes());
    root.write("posts/2026/b.yaml", post("./b.jpg").as_bytes());
    assert_eq!(found(&root).len(), 1, "what is shown is accepted");
    let text =
        Root::new(&[("posts/a.yaml", "kind: image\nimage: a.jpg\ncaption_file: texts/a.txt\n"), ("texts/a.txt", "x")]);
    let loaded = text.load();
    assert_eq!(lines(&loaded), ["missing-file|texts/a.txt|relative to the content root"]);
}

#[test]
fn a_file_of_a_submodule_that_is_not_there_is_told_how_to_get_it() {
    let modules = "[submodule \"media\"]\n\tpath = media\n\turl = ../media.git\n";
    let root = Root::new(&[("posts/a.yaml", &post("../media/a.jpg")), (".gitmodules", modules)]);
    fs::create_dir(root.path().join("media")).unwrap();
    assert_eq!(found(&root), ["in a submodule|run `git submodule update --init media`"]);
    root.write("media/b.jpg", b"x");
    assert!(found(&root)[0].starts_with("not found|"), "it is checked out");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_named_as_one() {
    use std::os::unix::fs::symlink;

    let root = Root::new(&[
        ("posts/a.yaml", &post("annex.jpg")),
        ("posts/b.yaml", &post("gone.jpg")),
        ("posts/c.yaml", &post("module.jpg")),
        ("posts/d.yaml", &post("there.jpg")),
        ("posts/e.yaml", &post("outside.jpg")),
        ("posts/real.jpg", "x"),
        (".gitmodules", "[submodule \"media\"]\n  path = media\n"),
    ]);
    fs::create_dir(root.path().join("media")).unwrap();
    for (link, target) in [
        ("annex.jpg", "../.git/annex/objects/Xk/3p/SHA256E-s4--ab.jpg/SHA256E-s4--ab.jpg"),
        ("gone.jpg", "elsewhere.jpg"),
        ("module.jpg", "../media/a.jpg"),
        ("there.jpg", "real.jpg"),
        ("outside.jpg", "../../no/such/file.jpg"),
    ] {
        symlink(target, root.path().join("posts").join(link)).unwrap();
    }
    let expected = [
        "a link of git annex|run `git annex get posts/annex.jpg`, then `git annex unlock posts/annex.jpg`: links are not followed",
        "a dangling link|put the file itself there: its target does not exist",
        "points into a submodule that is not checked out|run `git submodule update --init media`, then copy the file here",
        "a link|put the file itself there: links are not followed, wherever they lead",
        "a link|put the file itself there: links are not followed, wherever they lead",
    ];
    assert_eq!(found(&root), expected, "what lies outside is not told");
}
