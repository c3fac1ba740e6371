//! A bucket behind a real S3 server.

use crate::content::{self, POSTS, hosted_files};
use crate::project::{Project, Server};
use crate::servers::{Files, KEY_ID, Proxy, S3, SECRET, Seen};
use crate::ways::{Api, LOGINS, addresses, publishes_everything};

/// A bucket behind a proxy that counts, and a sandbox that does not host.
pub struct World {
    pub s3: S3,
    pub store: Proxy,
    pub api: Api,
}

impl World {
    pub fn start() -> Option<Self> {
        let s3 = S3::start()?;
        let store = Proxy::to(s3.url());
        Some(Self { s3, store, api: Api::start() })
    }

    /// The configuration that leads here.
    pub fn hosting(&self, more: &str) -> String {
        format!("{{ object_store: {{ bucket: media, endpoint: \"{}\"{more} }} }}", self.store.url())
    }

    /// With keys that open the bucket.
    pub fn connect(&self, project: Project, login: &str, token: &str) -> Project {
        with_keys(self.api.connect(project, login, token), KEY_ID, SECRET)
    }
}

pub fn with_keys(project: Project, id: &str, secret: &str) -> Project {
    project.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret)
}

pub fn uploads(seen: &[Seen]) -> Vec<&Seen> {
    seen.iter().filter(|seen| seen.method == "PUT").collect()
}

#[test]
fn a_private_bucket_serves_by_signed_links() {
    for (login, token) in LOGINS {
        let Some(world) = World::start() else { return };
        let project = content::repository_with(&world.hosting(", prefix: instagram/"));
        let project = world.connect(project, login, token);
        publishes_everything(&world.api, &project, &format!("{}/media/instagram/", world.store.url()));
        for address in addresses(&world.api.server.published()) {
            assert!(address.contains("X-Amz-Expires=43200") && address.contains("X-Amz-Signature="), "{address}");
            assert!(!address.contains(SECRET));
        }
        let seen = world.store.take();
        let sent = uploads(&seen);
        assert_eq!(sent.len(), hosted_files(login), "{sent:#?}");
        for put in sent {
            let name = put.path.split('?').next().unwrap();
            let expected = if name.rsplit('.').next() == Some("mp4") { "video/mp4" } else { "image/jpeg" };
            assert_eq!((put.status, put.headers["content-type"].as_str()), (200, expected), "{put:?}");
            assert_eq!(put.headers["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(put.headers["if-none-match"], "*");
            assert!(put.headers["authorization"].starts_with("AWS4-HMAC-SHA256 "));
        }
        assert_eq!(world.s3.objects().len(), hosted_files(login));
        assert!(world.s3.objects().iter().all(|name| name.starts_with("instagram/")), "{:?}", world.s3.objects());
    }
}

#[test]
fn what_the_bucket_holds_is_not_sent_again() {
    let Some(world) = World::start() else { return };
    let project = content::repository_with(&world.hosting(""));
    let project = world.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    let first = world.store.take();
    assert_eq!(uploads(&first).len(), hosted_files("instagram"));

    content::forget(&project);
    let elsewhere = Api::start();
    let project = elsewhere.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    let second = world.store.take();
    assert_eq!(uploads(&second), Vec::<&Seen>::new());
    let looks = second.iter().filter(|seen| seen.method == "HEAD").count();
    assert_eq!(looks, hosted_files("instagram"), "one look for each file");
    assert_eq!(elsewhere.server.published().len(), POSTS);
}

#[test]
fn a_public_bucket_serves_at_its_own_address() {
    let Some(world) = World::start() else { return };
    let host = Files::of(&world.s3.folder.path().join("media"));
    let project = content::repository_with(
        &world.hosting(&format!(", prefix: ig, public_url: \"{}/\", path_style: true", host.url())),
    );
    let project = world.connect(project, "instagram", "IGAA-LONG");
    publishes_everything(&world.api, &project, &format!("{}/ig/", host.url()));
}

#[test]
fn a_large_video_goes_up_in_parts() {
    let Some(world) = World::start() else { return };
    let project = content::one_image_with(&world.hosting(", presign: 2h"));
    project.write("posts/one.mp4", content::large_video(20 << 20));
    project.write("posts/one.yaml", "kind: reel\nvideo: ./one.mp4\ncaption: A long one\n");
    let project = world.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    let seen = world.store.take();
    let parts: Vec<_> =
        uploads(&seen).iter().filter(|put| put.path.contains("partNumber=")).map(|put| put.status).collect();
    assert_eq!(parts, [200, 200, 200]);
    let objects = world.s3.objects();
    assert_eq!(objects.len(), 1, "{objects:?}");
    let stored = std::fs::read(world.s3.folder.path().join("media").join(&objects[0])).unwrap();
    assert!(stored == std::fs::read(project.path().join("posts/one.mp4")).unwrap(), "other bytes were stored");
    assert!(addresses(&world.api.server.published())[0].contains("X-Amz-Expires=7200"));
}

#[test]
fn two_posts_with_one_file_send_it_once() {
    let Some(world) = World::start() else { return };
    let project = content::one_image_with(&world.hosting(""));
    project.write("posts/two.yaml", "kind: story\nimage: ./one.jpg\n");
    let project = world.connect(project, "instagram", "IGAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(uploads(&world.store.take()).len(), 1);
}

#[test]
fn the_endpoint_and_the_region_may_stand_in_the_environment() {
    let Some(world) = World::start() else { return };
    let project = content::one_image_with("{ object_store: { bucket: media } }");
    let project = world
        .connect(project, "instagram", "IGAA-LONG")
        .env("AWS_ENDPOINT_URL", "https://replaced.example")
        .env("AWS_ENDPOINT_URL_S3", world.store.url())
        .env("AWS_REGION", "eu-north-1");
    project.run(["apply", "--yes"]).exits(0);
    let address = addresses(&world.api.server.published()).remove(0);
    assert!(address.contains("%2Feu-north-1%2Fs3%2Faws4_request"), "{address}");
}

#[test]
fn nothing_is_uploaded_but_by_apply_to_a_real_account() {
    let Some(world) = World::start() else { return };
    let project = content::one_image_with(&world.hosting(""));
    let project = world.connect(project, "instagram", "IGAA-LONG");
    project.run(["validate"]).exits(0);
    project.run(["plan"]).exits(0);
    project.run(["apply", "--sandbox", "--yes"]).exits(0);
    assert_eq!(world.store.take(), []);
}

#[test]
fn without_keys_files_that_need_no_host_still_go_out() {
    let Some(world) = World::start() else { return };
    let server = Server::start();
    let project = content::one_image_with(&world.hosting(""));
    project.write("posts/one.mp4", content::large_video(0));
    project.write("posts/one.yaml", "kind: reel\nvideo: ./one.mp4\ncaption: Straight to Meta\n");
    let project = project.against(&server, "facebook", "EAA-LONG");
    project.run(["apply", "--yes"]).exits(0);
    assert_eq!(world.store.take(), []);
}
