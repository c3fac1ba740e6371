use std::process::Command;

use crate::{Server, USER, has, has_package, node, run, script};

/// Image, reel, carousel and story, whatever the script deleted afterwards.
fn assert_published(server: &Server) {
    let posts = server.posts();
    let kinds: Vec<&str> = posts.iter().map(|post| post.kind).collect();
    assert_eq!(kinds, ["image", "reel", "carousel", "story"]);
    assert_eq!(posts[2].children.len(), 2);
    assert_eq!(posts[0].comments, ["first"]);
    assert!(posts.iter().all(|post| post.publish_calls == 1));
    assert_eq!(posts.iter().filter(|post| post.deleted).count(), 1);
}

#[test]
fn metas_sdk_for_python_publishes_unchanged() {
    let python = std::env::var("IGSYNC_PYTHON").unwrap_or_else(|_| "python3".into());
    if !has("facebook-business from PyPI", Command::new(&python).args(["-c", "import facebook_business"])) {
        return;
    }
    let server = Server::start();
    let (image, video) = (server.host("espresso.jpg"), server.host("stream.mp4"));
    run(Command::new(python).arg(script("publish.py")).args([&server.url, USER, &image, &video]));
    assert_published(&server);
}

#[test]
fn metas_sdk_for_node_publishes_unchanged() {
    if !has_package("facebook-nodejs-business-sdk") {
        return;
    }
    let server = Server::start();
    let (image, video) = (server.host("espresso.jpg"), server.host("stream.mp4"));
    run(node(&script("publish.mjs")).args([&server.url, USER, &image, &video]));
    assert_published(&server);
}
