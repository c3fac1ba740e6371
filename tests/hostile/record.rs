//! What a branch does to the record of live posts.

use crate::attack::Attack;

const FORMATS: [&str; 4] = ["human", "json", "markdown", "github"];

/// A journal line that says that the one post is live.
const FORGED: &str = r#"{"key":"posts/one","user_id":"17841400000000001","account":"harbour","kind":"image","state":"published","attempt":"forged","media_id":"17999999999999999","published_at":"2026-01-01T00:00:00Z","via":"publish"}"#;

fn journal() -> String {
    format!("{{\"igsync_lock\":1}}\n{FORGED}\n")
}

/// A content root in a repository, all of it committed on `main`; a branch is checked out.
fn branch() -> Attack {
    let attack = Attack::new();
    attack.write("content/.gitignore", ".igsync/\n");
    attack.git(&["init", "-q", "-b", "main"]);
    commit(&attack, "content");
    attack.git(&["checkout", "-q", "-b", "topic"]);
    attack
}

fn commit(attack: &Attack, path: &str) {
    attack.git(&["add", "-A", path]);
    attack.git(&["commit", "-q", "-m", "more", "--allow-empty"]);
}

/// As [`commit`], of what `.gitignore` keeps out.
fn commit_by_force(attack: &Attack, path: &str) {
    attack.git(&["add", "-f", path]);
    attack.git(&["commit", "-q", "-m", "more"]);
}

#[test]
fn a_journal_that_git_cannot_be_asked_about_is_believed_by_no_command() {
    let no_git = branch().env("PATH", "/nonexistent");
    let no_index = branch();
    no_index.write(".git/index", b"DIRC of nothing");
    for attack in [no_git, no_index] {
        attack.write("content/.igsync/journal.jsonl", journal());
        for command in [["plan"].as_slice(), &["apply", "--yes"], &["status"], &["validate"]] {
            let output = attack.run(command).exits(5);
            assert!(
                output.stderr.contains("cannot check whether git tracks .igsync/"),
                "{command:?}: {}",
                output.stderr
            );
            assert!(!output.stdout.contains("17999999999999999"), "{command:?}: {}", output.stdout);
        }
    }
}

#[test]
fn a_journal_of_a_repository_that_is_elsewhere_is_believed_by_no_command() {
    let by_variable = Attack::new().env("GIT_DIR", "/nonexistent/repository.git");
    let by_another_program = Attack::new();
    by_another_program.write(".jj/repo/store/type", b"git");
    for attack in [by_variable, by_another_program] {
        attack.write("content/.igsync/journal.jsonl", journal());
        for command in [["plan"].as_slice(), &["apply", "--yes"], &["status"]] {
            let output = attack.run(command).exits(5);
            assert!(output.stderr.contains("its repository is elsewhere"), "{command:?}: {}", output.stderr);
        }
    }
}

#[test]
fn a_committed_journal_is_believed_by_no_command() {
    let attack = branch();
    attack.write("content/.igsync/journal.jsonl", journal());
    commit_by_force(&attack, "content/.igsync/journal.jsonl");
    let commands: &[&[&str]] = &[
        &["validate"],
        &["validate", "--format", "json"],
        &["plan"],
        &["plan", "--base", "main"],
        &["plan", "--sandbox"],
        &["apply", "--yes"],
        &["apply", "--sandbox", "--yes"],
        &["status"],
        &["status", "--sandbox"],
        &["lock", "list"],
        &["lock", "show", "posts/one"],
        &["lock", "rm", "posts/one"],
        &["lock", "accept", "posts/one", "--dry-run"],
        &["resolve", "posts/one", "--published"],
        &["sandbox", "--port", "0"],
        &["auth", "inspect"],
    ];
    for command in commands {
        let output = attack.run(command).exits(5);
        let text = format!("{command:?}: {}", output.stderr);
        assert!(text.contains("git tracks files that must stay on this machine: .igsync/journal.jsonl"), "{text}");
        assert!(text.contains("git rm --cached -r -- .igsync`"), "{text}");
        assert!(!output.stdout.contains("17999999999999999"), "{command:?}: {}", output.stdout);
    }
    for format in FORMATS {
        let output = attack.run(&["plan", "--base", "main", "--format", format]).exits(5);
        assert!(output.stderr.contains("git rm --cached"), "{format}: {}", output.stderr);
        // The comment on the pull request is all that some reviewers see.
        let is_said = output.stdout.contains("git rm --cached");
        assert_eq!(is_said, format == "markdown", "{format}: {}", output.stdout);
    }
}

#[test]
fn whatever_git_tracks_below_the_private_folder_is_refused() {
    for path in [
        "content/.igsync/.gitignore",
        "content/.igsync/digests.jsonl",
        "content/.igsync/run.lock",
        "content/.igsync/expiry.jsonl",
        "content/.igsync/converted/a.jpg",
        "content/.igsync/sandbox/journal.jsonl",
        "content/.igsync/sandbox/requests.jsonl",
        "content/.igsync/not/known/yet",
    ] {
        let attack = branch();
        attack.write(path, "*\n");
        commit_by_force(&attack, path);
        let _ = attack.run(&["plan"]).exits(5).says("git rm --cached -r -- .igsync");
        // As the help says. The file is still there, and this machine's own now.
        attack.git(&["rm", "-q", "--cached", "-r", "--", "content/.igsync"]);
        let output = attack.run(&["plan"]);
        assert!(!output.stderr.contains("git tracks"), "{path}: {}", output.stderr);
    }
}

#[test]
fn the_private_folder_as_a_file_a_link_or_a_repository_is_refused() {
    let as_file = branch();
    as_file.write("content/.igsync", "x");
    commit_by_force(&as_file, "content/.igsync");
    let as_link = branch();
    as_link.link("content/.igsync", "../outside");
    commit_by_force(&as_link, "content/.igsync");
    let as_repository = branch();
    as_repository.write("content/.igsync/journal.jsonl", journal());
    as_repository.git(&["init", "-q", "content/.igsync"]);
    as_repository.git(&["-C", "content/.igsync", "add", "-A"]);
    as_repository.git(&["-C", "content/.igsync", "commit", "-q", "-m", "one"]);
    commit_by_force(&as_repository, "content/.igsync");
    for attack in [as_file, as_link, as_repository] {
        let _ = attack.run(&["plan"]).exits(5).says("git tracks files that must stay on this machine: .igsync");
        let _ = attack.run(&["apply", "--sandbox", "--yes"]).exits(5);
    }
}

#[test]
fn the_command_that_is_named_works_from_where_igsync_was_started() {
    let attack = branch();
    attack.write("content/.igsync/journal.jsonl", journal());
    commit_by_force(&attack, "content/.igsync/journal.jsonl");
    let below = attack.command(&["plan"]).current_dir(attack.root().join("posts")).output().unwrap();
    assert_eq!(below.status.code(), Some(5));
    let said = String::from_utf8_lossy(&below.stderr).replace('\n', " ");
    assert!(said.contains("-r -- ../.igsync"), "{said}");
    let above = attack.command(&["-C", "content", "plan"]).current_dir(attack.outer()).output().unwrap();
    assert_eq!(above.status.code(), Some(5));
    let said = String::from_utf8_lossy(&above.stderr).replace('\n', " ");
    assert!(said.contains("git -C content rm --cached -r -- .igsync"), "{said}");
}

#[test]
fn this_machines_own_private_folder_is_no_fault() {
    let attack = branch();
    let _ = attack.run(&["apply", "--sandbox", "--yes"]).exits(0);
    assert!(attack.root().join(".igsync/sandbox/journal.jsonl").exists());
    let _ = attack.run(&["plan"]).exits(0);
    let _ = attack.run(&["plan", "--base", "main"]).exits(0);
    // Another content root's, tracked or not, is none of this one's business.
    attack.write("elsewhere/.igsync/journal.jsonl", journal());
    commit_by_force(&attack, "elsewhere");
    let _ = attack.run(&["plan"]).exits(0);
}

const HEADER: &str = "{\"igsync_lock\":1}\n";

/// A line of the lockfile, with more fields at its end.
fn line(key: &str, state: &str, attempt: &str, more: &str) -> String {
    format!(
        "{{\"key\":\"{key}\",\"user_id\":\"17841400000000001\",\"account\":\"harbour\",\"kind\":\"image\",\"state\":\"{state}\",\"attempt\":\"{attempt}\"{more}}}\n"
    )
}

/// What igsync recorded of the live post.
fn live() -> String {
    line("posts/one", "published", "one", LIVE)
}

const LIVE: &str = r#","media_id":"17900000000000001","permalink":"https://www.instagram.com/p/abc/","published_at":"2026-01-01T00:00:00Z","via":"publish","comment":"done""#;

/// As [`branch`], with a live post `posts/one` on the base, and `posts/two` that is new there.
fn with_live_post() -> Attack {
    let attack = Attack::new();
    attack.write("content/.gitignore", ".igsync/\n");
    attack.write("content/posts/two.jpg", crate::attack::numbered_picture(2));
    attack.write("content/posts/two.yaml", "kind: image\nimage: ./two.jpg\ncaption: The second one\n");
    attack.write("content/igsync.lock", format!("{HEADER}{}", live()));
    attack.git(&["init", "-q", "-b", "main"]);
    commit(&attack, "content");
    attack.git(&["checkout", "-q", "-b", "topic"]);
    attack
}

/// The branch writes this lockfile; then every format has to say it, first, and be red.
#[track_caller]
fn is_said(lockfile: &str, effect: &str, sentence: &str) {
    let attack = with_live_post();
    attack.write("content/igsync.lock", lockfile);
    // Not committed is the branch's as well.
    shows(&attack, effect, sentence);
    commit(&attack, "content");
    shows(&attack, effect, sentence);
}

#[track_caller]
fn shows(attack: &Attack, effect: &str, sentence: &str) {
    let run = |format: &str| {
        let arguments = ["plan", "--base", "main", "--now", "2026-06-01T00:00:00Z", "--format", format];
        let data = attack.run(&arguments).exits(0).stdout;
        let refused = attack.run(&[&arguments[..], &["--fail-on-refusal"]].concat()).exits(5);
        assert_eq!(refused.stdout, data, "{format}: what is shown does not depend on the flag");
        assert!(format == "human" || refused.stderr.contains("refused: this branch"), "{format}: {}", refused.stderr);
        data
    };
    // Lines are broken at blanks, and at those alone.
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let human = run("human");
    assert!(human.starts_with("This branch changes what igsync has recorded:\n  - "), "{human}");
    assert!(plain(&human).contains(&plain(sentence)), "{sentence:?} is not in {human}");
    assert!(plain(&human).contains("`git checkout main -- igsync.lock`"), "{human}");
    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    let changes = json["record_changes"].as_array().unwrap();
    assert!(changes.iter().any(|change| change["effect"] == effect), "{effect} is not in {changes:#?}");
    assert!(changes.iter().any(|change| change["message"].as_str().unwrap().contains(sentence)), "{changes:#?}");
    let markdown = run("markdown").replace(['\\', '\u{2060}'], "");
    assert!(markdown.starts_with("### This branch changes the record of "), "{markdown}");
    let second = markdown.split("\n\n").nth(1).unwrap();
    assert!(second.starts_with("> [!CAUTION]\n> **This branch changes what igsync has recorded**"), "{markdown}");
    assert!(second.contains(&sentence[1..]), "{sentence:?} is not in {second}");
    let github = run("github");
    assert!(github.starts_with("::error file=igsync.lock,line="), "{github}");
    assert!(github.replace("%3A", ":").contains(sentence), "{sentence:?} is not in {github}");
}

#[test]
fn a_live_post_whose_line_is_gone_would_go_out_again() {
    let gone = "this branch removes the record of posts/one, which is live as https://www.instagram.com/p/abc/: merging publishes it again";
    is_said(HEADER, "removed", gone);
    let other = line("posts/three", "ignored", "x", "");
    is_said(&format!("{HEADER}{other}"), "removed", gone);
    // Git's base section is read by neither side.
    let hidden = format!("{HEADER}<<<<<<< a\n||||||| b\n{}=======\n>>>>>>> c\n", live());
    is_said(&hidden, "removed", gone);
    let forgotten = line("posts/one", "forgotten", "one", &format!("{LIVE},\"rev\":1"));
    is_said(&format!("{HEADER}{forgotten}"), "removed", gone);
    // A move to nowhere is none.
    let lost = line("posts/one", "forgotten", "one", &format!("{LIVE},\"moved_to\":\"posts/nowhere\",\"rev\":1"));
    is_said(&format!("{HEADER}{lost}"), "removed", gone);
}

#[test]
fn a_live_post_that_is_said_to_be_anything_else_is_said_first() {
    for (state, words, effect) in [
        ("not_published", "not live after an earlier attempt", ": merging publishes it again"),
        // What is deleted goes out again only when it is asked for.
        ("deleted", "deleted on Instagram", ""),
    ] {
        let sentence = format!(
            "this branch claims that posts/one, which is live as https://www.instagram.com/p/abc/, is {words}; igsync did not record that on the base{effect}"
        );
        is_said(&format!("{HEADER}{}", line("posts/one", state, "one", "")), state, &sentence);
    }
}

/// A link in the record is printed, put into outputs and followed by people.
#[test]
fn a_link_to_another_place_is_not_recorded_by_resolve() {
    for link in [
        "https://evil.example/p/C9x/",
        "https://www.instagram.com.evil.example/p/C9x/",
        "https://www.instagram.com@evil.example/p/C9x/",
        "http://www.instagram.com/p/C9x/",
        "javascript://www.instagram.com/p/C9x/",
        "https://www.instagram.com/p/C9x$(x)/",
        &format!("https://www.instagram.com/p/C9x/{}", "../p/C9x/".repeat(100) + &"C9x".repeat(100)),
    ] {
        let attack = Attack::new();
        let refused = attack.run(&["resolve", "posts/one", "--published", link]);
        assert_ne!(refused.code, 0, "{link}: {refused:?}");
        for file in ["igsync.lock", ".igsync/journal.jsonl"] {
            let text = std::fs::read_to_string(attack.root().join(file)).unwrap_or_default();
            assert!(!text.contains("C9x") && !text.contains("posts/one"), "{link}: {text}");
        }
    }
    // What one program reads as Instagram's host and another as someone else's is kept as the first reads it.
    for link in [
        "https://www.instagram.com/p/C9x/?igsh=1#x",
        "https:\\\\www.instagram.com\\p\\C9x\\",
        "https:///www.instagram.com/p/C9x/",
        " https://www.instagr\u{ad}am.com/p/C9x/",
        "https://www.instagram.com/p\n/C9x/",
    ] {
        let attack = Attack::new();
        attack.run(&["resolve", "posts/one", "--published", link]).exits(0);
        let text = std::fs::read_to_string(attack.root().join("igsync.lock")).unwrap();
        assert!(text.contains("\"https://www.instagram.com/p/C9x/\""), "{link:?}: {text}");
    }
}

#[test]
fn the_base_is_quoted_in_the_command_that_names_it() {
    let attack = with_live_post();
    let base = "x;touch$IFS'`id`";
    attack.git(&["branch", base, "main"]);
    std::fs::remove_file(attack.root().join("igsync.lock")).unwrap();
    let said = attack.run(&["plan", "--base", base]).exits(0).stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(r"git checkout 'x;touch$IFS'\''`id`' -- igsync.lock"), "{said}");
}

#[test]
fn a_lockfile_that_is_deleted_takes_every_record_with_it() {
    let attack = with_live_post();
    std::fs::remove_file(attack.root().join("igsync.lock")).unwrap();
    shows(&attack, "removed", "this branch removes the record of posts/one");
}

#[test]
fn a_post_that_the_branch_calls_published_is_not_dropped_in_silence() {
    let sentence =
        "this branch claims that posts/two is published as 17999999999999999; igsync did not record that on the base";
    let forged = line("posts/two", "published", "two", r#","media_id":"17999999999999999","via":"publish""#);
    is_said(&format!("{HEADER}{}{forged}", live()), "published", sentence);
    let resolved = line("posts/two", "published", "two", r#","media_id":"17999999999999999","via":"resolved""#);
    is_said(&format!("{HEADER}{}{resolved}", live()), "published", sentence);
}

#[test]
fn a_state_that_the_branch_forces_is_said() {
    for (state, words) in [
        ("ignored", "never to be published"),
        ("deleted", "deleted on Instagram"),
        ("unknown", "perhaps live, so that apply leaves it alone"),
        ("failed", "refused by Instagram, so that apply leaves it alone"),
        ("containers", "prepared, so that apply continues with its container"),
        ("intent", "being published, so that apply continues with its container"),
    ] {
        let forced = line("posts/two", state, "two", "");
        let sentence = format!("this branch claims that posts/two is {words}; igsync did not record that on the base");
        is_said(&format!("{HEADER}{}{forced}", live()), state, &sentence);
    }
    // A second line of the same attempt, which counts for more.
    let again = line("posts/one", "ignored", "one", r#","rev":99"#);
    let sentence = "this branch claims that posts/one, which is live as https://www.instagram.com/p/abc/, is never to be published";
    is_said(&format!("{HEADER}{}{again}", live()), "ignored", sentence);
}

#[test]
fn another_media_and_a_comment_that_is_due_again_are_said() {
    let swapped = LIVE.replace("17900000000000001", "17999999999999999");
    is_said(
        &format!("{HEADER}{}", line("posts/one", "published", "one", &swapped)),
        "other_media",
        "this branch claims that posts/one is live as 17999999999999999; igsync recorded it as https://www.instagram.com/p/abc/",
    );
    let second = line("posts/one", "published", "zzz", r#","media_id":"17999999999999999","via":"publish""#);
    is_said(
        &format!("{HEADER}{}{second}", live()),
        "other_media",
        "this branch claims that posts/one is live as 17999999999999999",
    );
    let due = LIVE.replace("done", "due");
    is_said(
        &format!("{HEADER}{}", line("posts/one", "published", "one", &due)),
        "extras_due",
        "this branch claims that the first comment or comment switch of posts/one is still due, at 17900000000000001",
    );
}

#[test]
fn what_the_branch_itself_wrote_comes_first_and_is_its_own() {
    let attack = with_live_post();
    attack.write("content/igsync.lock", HEADER);
    commit(&attack, "content");
    let json = attack.run(&["plan", "--base", "main", "--format", "json"]).exits(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let change = json["changes"].as_array().unwrap().iter().find(|change| change["key"] == "posts/one").unwrap();
    assert_eq!((&change["action"], &change["in_diff"]), (&"publish".into(), &true.into()));
    assert_eq!(json["record_changes"][0]["goes_out"], true);
    assert_eq!(json["record_changes"][0]["from"]["media_id"], "17900000000000001");
    let markdown = attack.run(&["plan", "--base", "main", "--format", "markdown"]).exits(0).stdout;
    let (ours, others) = markdown.split_once("### Goes out now, not from this branch").unwrap();
    assert!(ours.contains("#### `posts/one`") && others.contains("#### `posts/two`"), "{markdown}");
}

#[test]
fn texts_of_a_forged_record_are_only_texts() {
    let attack = with_live_post();
    let link = "[x](javascript:alert(1))\\u001b[31m\\n::error::owned ##[error]x @everyone";
    let id = "1`<img src=x>\\n::set-output name=a::b";
    let forged = line("posts/two", "published", "two", &format!(r#","media_id":"{id}","permalink":"{link}""#));
    attack.write("content/igsync.lock", format!("{HEADER}{}{forged}", live()));
    for format in FORMATS {
        let output = attack.run(&["plan", "--base", "main", "--format", format, "--fail-on-refusal"]).exits(5);
        for text in [&output.stdout, &output.stderr] {
            assert!(!text.contains('\u{1b}'), "{format}: {text}");
            let own = text.lines().filter(|line| line.starts_with("::"));
            assert!(own.clone().all(|line| line.starts_with("::error file=")), "{format}: {text}");
            assert!(!text.contains("##["), "{format}: {text}");
        }
        assert!(format != "markdown" || !output.stdout.contains("<img src=x"), "{}", output.stdout);
    }
}

#[test]
fn a_branch_that_merges_the_bots_commits_shows_nothing() {
    let attack = with_live_post();
    attack.write("content/posts/three.jpg", crate::attack::numbered_picture(3));
    attack.write("content/posts/three.yaml", "kind: image\nimage: ./three.jpg\ncaption: The third\ndraft: true\n");
    commit(&attack, "content");
    let nothing = |attack: &Attack| {
        for format in FORMATS {
            let arguments = ["plan", "--base", "main", "--format", format, "--fail-on-refusal"];
            let output = attack.run(&arguments).exits(0);
            assert!(!output.stdout.contains("his branch changes"), "{}", output.stdout);
            assert!(format != "json" || output.stdout.contains("\"record_changes\": []"), "{}", output.stdout);
        }
    };
    nothing(&attack);
    // The base continues: igsync publishes the second post, and notes a link for the first.
    attack.git(&["checkout", "-q", "main"]);
    let second = line("posts/two", "published", "two", r#","media_id":"17900000000000002","via":"publish""#);
    attack.write("content/igsync.lock", format!("{HEADER}{second}{}", live().replace("/p/abc/", "/p/abcd/")));
    commit(&attack, "content");
    attack.git(&["checkout", "-q", "topic"]);
    nothing(&attack);
    attack.git(&["merge", "-q", "--no-edit", "main"]);
    nothing(&attack);
    // As a squashed merge brings them: the branch has no such commit, but the same lines.
    attack.git(&["reset", "-q", "--hard", "HEAD~1"]);
    attack.git(&["checkout", "main", "--", "content/igsync.lock"]);
    commit(&attack, "content");
    nothing(&attack);
}

#[test]
fn a_machine_of_its_own_is_no_branch() {
    // The lockfile is not in git here, on purpose.
    let attack = Attack::new();
    attack.write("content/.gitignore", ".igsync/\nigsync.lock\n");
    attack.git(&["init", "-q", "-b", "main"]);
    attack.git(&["add", "content"]);
    attack.git(&["commit", "-q", "-m", "one"]);
    attack.write("content/igsync.lock", format!("{HEADER}{}", live()));
    let _ = attack.run(&["plan", "--base", "main", "--fail-on-refusal"]).exits(0).says("No changes.");
    // A branch that brings one all the same.
    attack.git(&["add", "-f", "content/igsync.lock"]);
    let _ = attack.run(&["plan", "--base", "main", "--fail-on-refusal"]).exits(5).says("posts/one is published as");
}

#[test]
fn a_damaged_lockfile_of_a_branch_is_an_error_in_every_format() {
    let attack = with_live_post();
    attack.write("content/igsync.lock", format!("{HEADER}not a record\n"));
    for format in FORMATS {
        let output = attack.run(&["plan", "--base", "main", "--format", format]).exits(1);
        assert!(output.stderr.contains("line 2"), "{format}: {}", output.stderr);
    }
    // The base's own damage, which a branch repairs, is an error that names the commit.
    commit(&attack, "content");
    attack.git(&["branch", "-q", "-f", "main", "topic"]);
    attack.write("content/igsync.lock", format!("{HEADER}{}", live()));
    let _ = attack.run(&["plan", "--base", "main"]).exits(1).says("cannot read");
}

#[test]
fn a_guard_is_red_only_for_the_branch_that_makes_it_hold() {
    let attack = with_live_post();
    // The base has a post that looks like a live one.
    attack.git(&["checkout", "-q", "main"]);
    attack.write("content/igsync.yaml", "accounts:\n  harbour:\n    user_id: \"17841400000000001\"\nmedia:\n  hosting: { url: \"https://cdn.example.com/{path}\" }\nlimits: { max_publish_per_run: 1 }\n");
    attack.write("content/posts/more.jpg", crate::attack::numbered_picture(4));
    attack.write("content/posts/more.yaml", "kind: image\nimage: ./more.jpg\ncaption: One more\n");
    commit(&attack, "content");
    attack.git(&["checkout", "-q", "-B", "topic"]);
    let arguments = ["plan", "--base", "main", "--fail-on-refusal"];
    let _ = attack.run(&arguments).exits(0).says("one run publishes at most 1");
    let _ = attack.run(&["plan", "--fail-on-refusal"]).exits(5);
    let _ = attack.run(&["plan"]).exits(0);
    attack.write("content/posts/last.jpg", crate::attack::numbered_picture(5));
    attack.write("content/posts/last.yaml", "kind: image\nimage: ./last.jpg\ncaption: The last\n");
    let _ = attack.run(&arguments).exits(5).says("one run publishes at most 1");
}
