//! `validate` and the sandbox judge every numeric limit alike: one below it, at it, one above it.
//!
//! The expected verdicts are literals from Meta's pages, taken from neither side.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;

use igsync_sandbox::Options;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::case::PICTURE;
use crate::media::{large_jpeg, sizes};
use crate::project::{Project, Server};
use crate::testing::{Mp4, avc, jpeg, part, png};

/// One value at one limit.
struct Row {
    name: String,
    manifest: String,
    /// The post's only file, `FILE` in the parameters.
    media: Option<(&'static str, Vec<u8>)>,
    params: Vec<(&'static str, String)>,
    facebook: bool,
    /// `None`: accepted. Else the subcode, or the code where Meta has no subcode.
    refused: Option<i64>,
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Rows {
    fn add(&mut self, row: Row) {
        assert!(self.0.iter().all(|other| other.name != row.name), "{}", row.name);
        self.0.push(row);
    }

    /// An image post with a field and its parameter.
    fn image(&mut self, name: &str, field: &str, yaml: &str, param: (&'static str, String), refused: Option<i64>) {
        self.add(Row {
            name: name.into(),
            manifest: format!("kind: image\nimage: ./a.jpg\n{field}: {yaml}\n"),
            media: None,
            params: vec![("image_url", "PICTURE".into()), param],
            facebook: field == "product_tags",
            refused,
        });
    }

    fn caption(&mut self, name: &str, caption: &str, refused: Option<i64>) {
        self.image(name, "caption", &format!("\"{caption}\""), ("caption", caption.into()), refused);
    }

    /// The last row's manifest and parameters with one more.
    fn also(&mut self, yaml: &str, param: (&'static str, String)) {
        let row = self.0.last_mut().unwrap();
        row.manifest += yaml;
        row.manifest += "\n";
        row.params.push(param);
    }

    /// A list as YAML and JSON at once.
    fn list(&mut self, name: &str, field: &'static str, entries: &[String], refused: Option<i64>) {
        let list = format!("[{}]", entries.join(", "));
        self.image(name, field, &list, (field, list.clone()), refused);
    }

    fn picture(&mut self, name: &str, bytes: Vec<u8>, refused: Option<i64>) {
        self.add(Row {
            name: name.into(),
            manifest: format!("kind: image\nimage: ./{name}.jpg\n"),
            media: Some(("jpg", bytes)),
            params: vec![("image_url", "FILE".into())],
            facebook: false,
            refused,
        });
    }

    /// A picture that is no feed post of its own.
    fn other_picture(
        &mut self,
        name: &str,
        manifest: &str,
        params: Vec<(&'static str, String)>,
        bytes: Vec<u8>,
        refused: Option<i64>,
    ) {
        self.add(Row {
            name: name.into(),
            manifest: manifest.replace("FILE", &format!("./{name}.jpg")),
            media: Some(("jpg", bytes)),
            params,
            facebook: false,
            refused,
        });
    }

    fn story(&mut self, name: &str, bytes: Vec<u8>, refused: Option<i64>) {
        let params = vec![("media_type", "STORIES".into()), ("image_url", "FILE".into())];
        self.other_picture(name, "kind: story\nimage: FILE\n", params, bytes, refused);
    }

    fn cover(&mut self, name: &str, bytes: Vec<u8>, refused: Option<i64>) {
        let params = vec![("media_type", "REELS".into()), ("video_url", "FILM".into()), ("cover_url", "FILE".into())];
        self.other_picture(name, "kind: reel\nvideo: ./film.mp4\ncover: FILE\n", params, bytes, refused);
    }

    /// The second item of a carousel; the first is a good picture.
    fn child_picture(&mut self, name: &str, bytes: Vec<u8>, refused: Option<i64>) {
        let params = vec![("image_url", "FILE".into()), ("is_carousel_item", "true".into())];
        self.other_picture(
            name,
            "kind: carousel\nitems:\n  - image: ./a.jpg\n  - image: FILE\n",
            params,
            bytes,
            refused,
        );
    }

    fn video(&mut self, name: &str, kind: &str, video: &Mp4, refused: Option<i64>) {
        let (media_type, manifest) = match kind {
            "reel" => ("REELS", "kind: reel\nvideo: FILE\n"),
            "story" => ("STORIES", "kind: story\nvideo: FILE\n"),
            _ => ("VIDEO", "kind: carousel\nitems:\n  - image: ./a.jpg\n  - video: FILE\n"),
        };
        let mut params = vec![("media_type", media_type.into()), ("video_url", "FILE".into())];
        if media_type == "VIDEO" {
            params.push(("is_carousel_item", "true".into()));
        }
        self.add(Row {
            name: name.into(),
            manifest: manifest.replace("FILE", &format!("./{name}.mp4")),
            media: Some(("mp4", video.build())),
            params,
            facebook: false,
            refused,
        });
    }
}

const TOO_MANY_TAGS: Option<i64> = Some(2_207_040);
const ASPECT: Option<i64> = Some(2_207_009);
const FORMAT: Option<i64> = Some(2_207_005);
const VIDEO: Option<i64> = Some(2_207_026);

fn texts(rows: &mut Rows) {
    let words = |count: usize, mark: &str| (0..count).map(|n| format!("{mark}w{n}")).collect::<Vec<_>>().join(" ");
    for (count, refused) in [(2_199, None), (2_200, None), (2_201, Some(2_207_010))] {
        rows.caption(&format!("caption-{count}"), &"a".repeat(count), refused);
    }
    for (count, refused) in [(29, None), (30, None), (31, Some(100))] {
        rows.caption(&format!("hashtags-{count}"), &words(count, "#"), refused);
    }
    for (count, refused) in [(19, None), (20, None), (21, TOO_MANY_TAGS)] {
        rows.caption(&format!("mentions-{count}"), &words(count, "@"), refused);
        let tags: Vec<String> =
            (0..count).map(|n| format!("{{\"username\": \"u{n}\", \"x\": 0.5, \"y\": 0.5}}")).collect();
        rows.list(&format!("user-tags-{count}"), "user_tags", &tags, refused);
    }
    for (count, refused) in [(999, None), (1000, None), (1001, Some(100))] {
        let text = "a".repeat(count);
        rows.image(&format!("alt-text-{count}"), "alt_text", &text, ("alt_text", text.clone()), refused);
    }
    for (count, refused) in [(2, None), (3, None), (4, Some(100))] {
        let names: Vec<String> = (0..count).map(|n| format!("\"u{n}\"")).collect();
        rows.list(&format!("collaborators-{count}"), "collaborators", &names, refused);
    }
    for (count, refused) in [(1, None), (2, None), (3, Some(100))] {
        let ids: Vec<String> = (0..count).map(|n| format!("\"178414000000001{n}\"")).collect();
        rows.list(&format!("sponsors-{count}"), "branded_content_sponsor_ids", &ids, refused);
    }
    for (count, refused) in [(4, None), (5, None), (6, Some(100))] {
        let tags: Vec<String> =
            (0..count).map(|n| format!("{{\"product_id\": \"10{n}\", \"x\": 0.5, \"y\": 0.5}}")).collect();
        rows.list(&format!("product-tags-{count}"), "product_tags", &tags, refused);
    }
    for (at, refused) in
        [("-0.01", Some(100)), ("0.0", None), ("0.01", None), ("0.99", None), ("1.0", None), ("1.01", Some(100))]
    {
        for (x, y) in [(at, "0.5"), ("0.5", at)] {
            let place = format!("\"x\": {x}, \"y\": {y}}}");
            rows.list(&format!("tag-{x}-{y}"), "user_tags", &[format!("{{\"username\": \"acme\", {place}")], refused);
            rows.list(
                &format!("product-{x}-{y}"),
                "product_tags",
                &[format!("{{\"product_id\": \"10\", {place}")],
                refused,
            );
        }
    }
    for (id, refused) in [("17841400000000002", None), ("17841400000000001", Some(100))] {
        rows.list(&format!("sponsor-{id}"), "branded_content_sponsor_ids", &[format!("\"{id}\"")], refused);
    }
}

fn pictures(rows: &mut Rows) {
    for (len, refused) in [(8_388_607, None), (8_388_608, None), (8_388_609, Some(2_207_004))] {
        rows.picture(&format!("bytes-{len}"), large_jpeg(len), refused);
        rows.story(&format!("story-bytes-{len}"), large_jpeg(len), refused);
        rows.cover(&format!("cover-bytes-{len}"), large_jpeg(len), refused);
        rows.child_picture(&format!("item-bytes-{len}"), large_jpeg(len), refused);
    }
    // Scaled, not refused.
    for width in [319, 320, 321, 1439, 1440, 1441] {
        rows.picture(&format!("width-{width}"), jpeg(width, width), None);
    }
    // Stories and covers have no shape that is refused.
    for (width, height) in [(100, 1000), (1000, 100)] {
        rows.story(&format!("story-{width}-{height}"), jpeg(width, height), None);
        rows.cover(&format!("cover-{width}-{height}"), jpeg(width, height), None);
    }
    for (height, refused) in [(1439, None), (1440, None), (1441, ASPECT)] {
        rows.picture(&format!("tall-{height}"), jpeg(1080, height), refused);
        rows.child_picture(&format!("item-tall-{height}"), jpeg(1080, height), refused);
    }
    for (width, refused) in [(1336, None), (1337, None), (1338, ASPECT)] {
        rows.picture(&format!("wide-{width}"), jpeg(width, 700), refused);
        rows.child_picture(&format!("item-wide-{width}"), jpeg(width, 700), refused);
    }
    rows.picture("png", png(1080, 1080), FORMAT);
    rows.story("story-png", png(1080, 1080), FORMAT);
    rows.cover("cover-png", png(1080, 1080), FORMAT);
}

fn videos(rows: &mut Rows) {
    for kind in ["reel", "story", "item"] {
        specification(rows, kind);
    }
    for (seconds, refused) in [(2, VIDEO), (3, None), (4, None), (899, None), (900, None), (901, VIDEO)] {
        let video = Mp4 { duration_ms: seconds * 1000, ..Mp4::default() };
        rows.video(&format!("reel-{seconds}s"), "reel", &video, refused);
        rows.video(&format!("item-{seconds}s"), "item", &video, refused);
    }
    for (seconds, refused) in [(2, VIDEO), (3, None), (4, None), (59, None), (60, None), (61, VIDEO)] {
        let video = Mp4 { duration_ms: seconds * 1000, ..Mp4::default() };
        rows.video(&format!("story-{seconds}s"), "story", &video, refused);
    }
    for (width, refused) in [(99, VIDEO), (100, None), (101, None)] {
        rows.video(&format!("ratio-0.1-{width}"), "story", &Mp4 { width, height: 1000, ..Mp4::default() }, refused);
    }
    for (width, refused) in [(9, VIDEO), (10, None), (11, None)] {
        rows.video(&format!("ratio-0.01-{width}"), "reel", &Mp4 { width, height: 1000, ..Mp4::default() }, refused);
    }
    // The video of every row lasts 5,000 ms.
    for (offset, refused) in [(4_998, None), (4_999, None), (5_000, Some(2_207_057))] {
        let name = format!("offset-{offset}");
        rows.video(&name, "reel", &Mp4::default(), refused);
        rows.also(&format!("thumb_offset: {offset}"), ("thumb_offset", offset.to_string()));
        rows.video(&format!("item-{name}"), "item", &Mp4::default(), refused);
        rows.also(&format!("    thumb_offset: {offset}"), ("thumb_offset", offset.to_string()));
    }
}

/// What Meta's table asks of every video.
fn specification(rows: &mut Rows, kind: &str) {
    let mut row = |what: String, refused, change: &dyn Fn(&mut Mp4)| {
        let mut video = Mp4::default();
        change(&mut video);
        rows.video(&format!("{kind}-{what}"), kind, &video, refused);
    };
    for (fps, refused) in [(22, VIDEO), (23, None), (24, None), (59, None), (60, None), (61, VIDEO)] {
        row(format!("fps-{fps}"), refused, &|video| video.frames_per_second = fps);
    }
    for (width, refused) in [(1919, None), (1920, None), (1921, VIDEO)] {
        row(format!("columns-{width}"), refused, &|video| (video.width, video.height) = (width, 1080));
    }
    for (width, refused) in [(999, None), (1000, None), (1001, VIDEO)] {
        row(format!("ratio-10-{width}"), refused, &|video| (video.width, video.height) = (width, 100));
    }
    for (rate, refused) in [(47_999, None), (48_000, None), (48_001, VIDEO)] {
        row(format!("rate-{rate}"), refused, &|video| video.audio = Some((*b"mp4a", rate, 2)));
    }
    for (channels, refused) in [(1, None), (2, None), (3, VIDEO)] {
        row(format!("channels-{channels}"), refused, &|video| video.audio = Some((*b"mp4a", 48_000, channels)));
    }
    // Rates of bits are documented, and neither side takes them for a refusal.
    for (n, size) in [20_833, 20_834, 20_835].into_iter().enumerate() {
        row(format!("bits-{n}"), None, &|video| video.tables[0] = sizes(size * 5, 150));
    }
    for (n, size) in [159, 160, 161].into_iter().enumerate() {
        row(format!("sound-bits-{n}"), None, &|video| {
            (video.audio, video.tables[1]) = (Some((*b"mp4a", 48_000, 2)), sizes(size, 500));
        });
    }
    for (codec, refused) in [(*b"avc1", None), (*b"hvc1", None), (*b"hev1", None), (*b"vp09", VIDEO), (*b"av01", VIDEO)]
    {
        row(format!("codec-{}", String::from_utf8_lossy(&codec)), refused, &|video| video.codec = codec);
    }
    for (codec, refused) in [(*b"mp4a", None), (*b"ac-3", VIDEO), (*b"Opus", VIDEO)] {
        row(format!("sound-{}", String::from_utf8_lossy(&codec)), refused, &|video| {
            video.audio = Some((codec, 48_000, 2));
        });
    }
    for (name, configuration, refused) in [
        ("420", avc(100, 1, true), None),
        ("422", avc(122, 2, true), VIDEO),
        ("444", avc(244, 3, true), VIDEO),
        ("progressive", part(*b"fiel", &[&[1, 0]]), None),
        ("interlaced", part(*b"fiel", &[&[2, 9]]), VIDEO),
    ] {
        row(name.into(), refused, &|video| video.configuration.clone_from(&configuration));
    }
    row("silent".into(), None, &|video| video.audio = None);
    row("mov".into(), None, &|video| video.brand = *b"qt  ");
    row("index-last".into(), VIDEO, &|video| video.moov_first = false);
    row("edits".into(), VIDEO, &|video| video.edits = vec![1500]);
    row("delay".into(), None, &|video| video.edits = vec![66]);
}

/// A sandbox that tells of bad videos at once, and how it is asked.
struct Asked {
    server: Server,
}

impl Asked {
    fn new(min_aspect: f64) -> Self {
        let server = Server::with(&Options::quick());
        server.sandbox.configure(|settings| {
            settings.min_aspect = min_aspect;
            settings.video_faults_at_once = true;
        });
        Self { server }
    }

    /// One request, one answer.
    fn send(&self, method: &str, path: &str, body: &[u8]) -> Value {
        let address = self.server.url().replace("http://", "");
        let mut stream = TcpStream::connect(&address).unwrap();
        let len = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let json = &body[body.find('{').unwrap()..=body.rfind('}').unwrap()];
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// The address of a file that the sandbox hosts.
    fn host(&self, bytes: &[u8], extension: &str) -> String {
        let name: String = Sha256::digest(bytes).iter().fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
        let path = format!("/_sandbox/media/{name}.{extension}");
        self.send("PUT", &path, bytes);
        format!("{}{path}", self.server.url())
    }

    fn create(&self, facebook: bool, params: &[(&str, String)]) -> Value {
        let (user, token) =
            if facebook { ("17841400000000002", "EAA-BOTH") } else { ("17841400000000001", "IGAA-LONG") };
        let mut path = format!("/v26.0/{user}/media?access_token={token}");
        for (name, value) in params {
            let _ = write!(path, "&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        self.send("POST", &path, b"")
    }

    /// The subcode of the refusal, else its code.
    fn verdict(answer: &Value) -> Option<i64> {
        let error = answer.get("error")?;
        error["error_subcode"].as_i64().or(error["code"].as_i64())
    }
}

const CONFIG: &str = "\
accounts:
  harbour: { user_id: \"17841400000000001\", login: instagram }
  shop: { user_id: \"17841400000000002\", login: facebook }
default_account: harbour
media:
  hosting: { url: \"https://cdn.example.com/{path}\" }
";

/// The posts against which `validate` has an error.
fn refused_by_validate(project: &Project) -> Vec<String> {
    let output = project.run(["validate", "--format", "json"]);
    let findings: Value = serde_json::from_str(&output.stdout).unwrap();
    let errors = findings["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    errors.map(|finding| finding["file"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn validate_and_the_sandbox_agree_at_every_limit() {
    let mut rows = Rows::default();
    texts(&mut rows);
    pictures(&mut rows);
    videos(&mut rows);
    let asked = Asked::new(0.75);
    let project = Project::empty();
    project.write("igsync.yaml", CONFIG);
    project.write("posts/a.jpg", &*PICTURE);
    let picture = asked.host(&PICTURE, "jpg");
    let film = Mp4::default().build();
    project.write("posts/film.mp4", &film);
    let film = asked.host(&film, "mp4");
    for row in &rows.0 {
        let account = if row.facebook { "accounts: [shop]\n" } else { "" };
        project.write(&format!("posts/{}.yaml", row.name), format!("{}{account}", row.manifest));
        if let Some((extension, bytes)) = &row.media {
            project.write(&format!("posts/{}.{extension}", row.name), bytes);
        }
    }
    let refused = refused_by_validate(&project);
    let mut surprises = Vec::new();
    for row in &rows.0 {
        let hosted = row.media.as_ref().map(|(extension, bytes)| asked.host(bytes, extension)).unwrap_or_default();
        let params: Vec<(&str, String)> = row
            .params
            .iter()
            .map(|(name, value)| match value.as_str() {
                "PICTURE" => (*name, picture.clone()),
                "FILM" => (*name, film.clone()),
                "FILE" => (*name, hosted.clone()),
                _ => (*name, value.clone()),
            })
            .collect();
        let answer = asked.create(row.facebook, &params);
        let expected = row.refused;
        if Asked::verdict(&answer) != expected {
            surprises.push(format!("{}: the sandbox answers {answer}, expected {expected:?}", row.name));
        }
        if refused.contains(&format!("posts/{}.yaml", row.name)) != expected.is_some() {
            surprises.push(format!("{}: validate is of another mind than {expected:?}", row.name));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

#[test]
fn validate_and_the_sandbox_agree_on_the_size_of_a_carousel() {
    let asked = Asked::new(0.75);
    let project = Project::empty();
    project.write("igsync.yaml", CONFIG);
    project.write("posts/a.jpg", &*PICTURE);
    let picture = asked.host(&PICTURE, "jpg");
    let child = || {
        let params = [("image_url", picture.clone()), ("is_carousel_item", "true".to_owned())];
        asked.create(false, &params)["id"].as_str().unwrap().to_owned()
    };
    let children: Vec<String> = (0..11).map(|_| child()).collect();
    for (count, refused) in [(1, true), (2, false), (3, false), (9, false), (10, false), (11, true)] {
        project.write("posts/tour.yaml", format!("kind: carousel\nitems:\n{}", "  - image: ./a.jpg\n".repeat(count)));
        assert_eq!(!refused_by_validate(&project).is_empty(), refused, "validate, {count} items");
        let params = [("media_type", "CAROUSEL".to_owned()), ("children", children[..count].join(","))];
        let verdict = Asked::verdict(&asked.create(false, &params));
        assert_eq!(verdict, refused.then_some(2_207_028), "the sandbox, {count} items");
    }
}

/// A video of exactly this many bytes: a box that readers skip fills it up.
fn padded(len: usize) -> Vec<u8> {
    let mut film = Mp4 { duration_ms: 59_000, ..Mp4::default() }.build();
    let free = len - film.len();
    film.extend(u32::try_from(free).unwrap().to_be_bytes());
    film.extend(b"free");
    film.resize(len, 0);
    film
}

/// The largest files, one at a time. igsync counts MB as MiB before it calls a file too large.
#[test]
fn validate_and_the_sandbox_agree_on_the_largest_videos() {
    const STORY: usize = 100 << 20;
    const REEL: usize = 300 << 20;
    let project = Project::empty();
    project.write("igsync.yaml", CONFIG);
    let sizes = [
        ("story", "STORIES", STORY - 1, None),
        ("story", "STORIES", STORY, None),
        ("story", "STORIES", STORY + 1, VIDEO),
        ("reel", "REELS", STORY + 1, None),
        ("reel", "REELS", REEL - 1, None),
        ("reel", "REELS", REEL, None),
        ("reel", "REELS", REEL + 1, VIDEO),
    ];
    for (kind, media_type, len, refused) in sizes {
        let bytes = padded(len);
        // The file is a hole but for its beginning.
        project.write("posts/a.mp4", &bytes[..8192]);
        let file = std::fs::File::options().write(true).open(project.path().join("posts/a.mp4")).unwrap();
        file.set_len(len as u64).unwrap();
        project.write("posts/a.yaml", format!("kind: {kind}\nvideo: ./a.mp4\n"));
        assert_eq!(!refused_by_validate(&project).is_empty(), refused.is_some(), "validate, {kind} of {len} bytes");
        let asked = Asked::new(0.75);
        let params = [("media_type", media_type.to_owned()), ("video_url", asked.host(&bytes, "mp4"))];
        assert_eq!(Asked::verdict(&asked.create(false, &params)), refused, "the sandbox, {kind} of {len} bytes");
    }
}

/// Meta's pages say 4:5, pictures down to 3:4 were published: igsync warns where the strict sandbox refuses.
#[test]
fn a_picture_between_3_4_and_4_5_is_a_warning_here_and_a_refusal_of_the_strict_sandbox() {
    let asked = Asked::new(0.8);
    let project = Project::empty();
    project.write("igsync.yaml", CONFIG);
    for (height, warns) in [(1349, false), (1350, false), (1351, true)] {
        let bytes = jpeg(1080, height);
        project.write("posts/a.jpg", &bytes);
        project.write("posts/a.yaml", "kind: image\nimage: ./a.jpg\n");
        let output = project.run(["validate"]).exits(0);
        assert_eq!(output.stdout.contains("IGS3105 image-tall"), warns, "{}", output.stdout);
        let verdict = Asked::verdict(&asked.create(false, &[("image_url", asked.host(&bytes, "jpg"))]));
        assert_eq!(verdict, warns.then_some(2_207_009), "{height}");
    }
}
