//! From nothing to a first post: `init`, `new`, `explain`, `schema`, and many mistakes at once.

use serde_json::Value;

use crate::case::PICTURE;
use crate::project::Project;

#[test]
fn init_makes_a_content_root_that_is_sound_and_keeps_what_is_there() {
    let project = Project::empty();
    project.write(".gitignore", "target/\n");
    let output = project.run(["init"]).exits(0);
    assert!(output.stdout.contains("kept  .gitignore") && output.stdout.contains("made  igsync.yaml"));
    project.run(["validate"]).exits(0).says("Checked 1 manifest: 0 errors, 1 warning.");
    project.run(["plan"]).exits(0).ends_with("No changes.");
    assert_eq!(project.read(".gitignore"), "target/\n");

    let before = project.files();
    let again = project.run(["init"]).exits(0);
    assert!(!again.stdout.contains("made"), "{}", again.stdout);
    assert_eq!(project.files(), before);

    let example = project
        .read("posts/example.yaml")
        .lines()
        .filter(|line| !line.starts_with("draft"))
        .fold(String::new(), |text, line| text + line + "\n");
    project.write("posts/example.yaml", example);
    project.run(["apply", "--sandbox", "--yes"]).exits(0).says("1 published");
}

#[test]
fn init_makes_the_folder_that_it_is_given() {
    let project = Project::empty();
    project.run(["init", "content"]).exits(0);
    assert_eq!(project.read("content/igsync.lock"), "{\"igsync_lock\":1}\n");
    project.run(["validate", "-C", "content"]).exits(0);
}

#[test]
fn a_new_manifest_of_every_kind_is_a_sound_draft() {
    let project = Project::empty();
    project.run(["init"]).exits(0);
    project.write("posts/example.yaml", "kind: image\nimage: https://example.com/a.jpg\n");
    for kind in ["image", "reel", "carousel", "story"] {
        let name = format!("2030-12/it's a {kind}");
        let file = format!("posts/{name}.yaml");
        project.run(["new", kind, &name]).exits(0).ends_with(&file);
        let text = project.read(&file);
        assert!(
            text.starts_with("# yaml-language-server: $schema=../../.vscode/igsync-manifest.schema.json\n"),
            "{text}"
        );
        assert!(text.contains("draft: true"), "{text}");
        project.run(["new", kind, &name]).exits(1).says("exists");
    }
    // Only the media are missing, and a host for them.
    let output = project.run(["validate", "--format", "json"]).exits(0);
    let findings: Value = serde_json::from_str(&output.stdout).unwrap();
    let names: Vec<&str> =
        findings["findings"].as_array().unwrap().iter().map(|finding| finding["name"].as_str().unwrap()).collect();
    let count = |name: &str| names.iter().filter(|found| **found == name).count();
    assert_eq!((count("missing-file"), count("no-hosting"), names.len()), (5, 4, 9), "{names:?}");
    project.run(["new", "image", "../outside"]).exits(64);
    project.run(["new", "photo", "a"]).exits(64).says("image, reel, carousel and story");
}

#[test]
fn explain_knows_rules_codes_and_exits() {
    let project = Project::empty();
    project.run(["explain", "IGS3104"]).exits(0).says("3:4 to 1.91:1");
    project.run(["explain", "image-shape"]).exits(0).says("IGS3104");
    project.run(["explain", "2207052"]).exits(0).says("9004/2207052");
    project.run(["explain", "-2"]).exits(0).says("2207003");
    project.run(["explain", "exit:9"]).exits(0).says("token");
    for rule in igsync_base::rules::ALL {
        for word in [rule.id, rule.name] {
            let text = project.run(["explain", word]).exits(0).stdout;
            let says = |part: &str| text.to_lowercase().contains(&part.to_lowercase());
            assert!(says(rule.id) && says(rule.name) && says(rule.about) && says(rule.remedy), "{word}: {text}");
            assert!(rule.page.is_none_or(says) && rule.observed.is_none_or(says), "{word}: {text}");
        }
    }
    project.run(["explain", "captoin-too-long"]).exits(64).says("caption-too-long");
}

#[test]
fn three_hundred_mistakes_in_a_thousand_manifests_are_all_listed_in_order() {
    let project = Project::with_one_image();
    project.remove("posts/one.yaml");
    project.write("posts/a.jpg", &*PICTURE);
    for n in 0..1000 {
        let mistake = match n % 10 {
            0 => "captoin: Hello\n",
            3 => "user_tags: [{ username: acme, x: 2, y: 0 }]\n",
            7 => "publish_at: tomorrow\n",
            _ => "",
        };
        project.write(&format!("posts/{:02}/{n:03}.yaml", n % 7), format!("kind: image\nimage: ../a.jpg\n{mistake}"));
    }
    let output = project.run(["validate", "--format", "json"]).exits(1);
    let findings: Value = serde_json::from_str(&output.stdout).unwrap();
    let places: Vec<(&str, u64)> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["file"].as_str().unwrap(), finding["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(places.len(), 300);
    assert!(places.is_sorted());
    project.run(["validate"]).exits(1).ends_with("Checked 1,000 manifests: 300 errors, 0 warnings.");
    let annotations = project.run(["validate", "--format", "github"]).exits(1).stdout;
    let of_many = |line: &&str| line.starts_with("::error ") && line.contains("100 times in 100 files");
    assert_eq!(annotations.lines().filter(of_many).count(), 3, "{annotations}");
    assert_eq!(annotations.lines().count(), 3, "{annotations}");
}
