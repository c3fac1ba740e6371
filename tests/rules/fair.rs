//! What `validate` passes without an error, the sandbox publishes as it is at its start.

use proptest::prelude::*;
use serde_json::Value;

use crate::project::{Project, Server};
use crate::testing::{Mp4, jpeg, with_exif};

const CONFIG: &str = "\
accounts:
  harbour: { user_id: \"17841400000000001\" }
limits: { max_publish_per_run: 50 }
";

#[derive(Clone, Debug)]
struct Picture {
    width: u32,
    /// Width to height, in thousandths.
    shape: u32,
    orientation: u8,
    gps: bool,
    /// Bytes behind its end.
    behind: usize,
}

impl Picture {
    fn build(&self) -> Vec<u8> {
        let picture = jpeg(self.width, (self.width * 1000 / self.shape).max(1));
        let mut bytes = with_exif(&picture, self.orientation, self.gps);
        bytes.extend((0..self.behind).map(|n| (n % 251).to_le_bytes()[0]));
        bytes
    }
}

#[derive(Clone, Debug)]
enum Post {
    Image(Picture),
    Story(Picture),
    Reel(Mp4, Option<Picture>),
    StoryClip(Mp4),
    Carousel(Picture, Vec<Result<Picture, Mp4>>),
}

impl Post {
    fn write(&self, project: &Project, name: &str) {
        let mut files = 0;
        let mut save = |extension: &str, bytes: Vec<u8>| {
            files += 1;
            let file = format!("{name}-{files}.{extension}");
            project.write(&format!("posts/{file}"), bytes);
            file
        };
        let fields = match self {
            Self::Image(picture) => format!("kind: image\nimage: {}\n", save("jpg", picture.build())),
            Self::Story(picture) => format!("kind: story\nimage: {}\n", save("jpg", picture.build())),
            Self::Reel(clip, cover) => {
                let cover = cover.as_ref().map(|cover| format!("cover: {}\n", save("jpg", cover.build())));
                format!("kind: reel\nvideo: {}\n{}", save("mp4", clip.build()), cover.unwrap_or_default())
            }
            Self::StoryClip(clip) => format!("kind: story\nvideo: {}\n", save("mp4", clip.build())),
            Self::Carousel(first, others) => {
                let first = format!("kind: carousel\nitems:\n  - image: {}\n", save("jpg", first.build()));
                let others = others.iter().map(|item| match item {
                    Ok(picture) => format!("  - image: {}\n", save("jpg", picture.build())),
                    Err(clip) => format!("  - video: {}\n", save("mp4", clip.build())),
                });
                first + &others.collect::<String>()
            }
        };
        project.write(&format!("posts/{name}.yaml"), format!("{fields}allow_duplicate: true\n"));
    }
}

/// Around every limit, and on it.
fn pictures() -> impl Strategy<Value = Picture> {
    let shapes = prop_oneof![
        4 => 750_u32..=1910,
        1 => prop::sample::select(vec![740, 749, 750, 751, 800, 1000, 1909, 1910, 1911, 1930]),
    ];
    let behind = prop::sample::select(vec![0, 0, 1, 70_000]);
    (prop_oneof![1 => 100_u32..320, 6 => 320_u32..700], shapes, 1_u8..=8, any::<bool>(), behind)
        .prop_map(|(width, shape, orientation, gps, behind)| Picture { width, shape, orientation, gps, behind })
}

fn clips() -> impl Strategy<Value = Mp4> {
    let codecs = prop::sample::select(vec![*b"avc1", *b"avc1", *b"hvc1", *b"hev1", *b"vp09"]);
    let sounds = prop::sample::select(vec![
        None,
        Some((*b"mp4a", 44_100, 2)),
        Some((*b"mp4a", 48_000, 1)),
        Some((*b"mp4a", 48_000, 2)),
        Some((*b"ac-3", 48_000, 2)),
    ]);
    let durations = prop_oneof![6 => 3_000_u32..60_000, 1 => 2_890_u32..3_010, 1 => 59_900_u32..60_600];
    let sizes = (prop_oneof![6 => 100_u16..=1920, 1 => 1900_u16..1930], 100_u16..2000);
    let turns = prop::sample::select(vec![0, 90, 180, 270]);
    let edits = prop::sample::select(vec![vec![], vec![], vec![0], vec![66], vec![1500]]);
    let brands = prop::sample::select(vec![*b"isom", *b"mp42", *b"qt  "]);
    (codecs, sounds, durations, sizes, turns, edits, brands, 22_u32..=61, prop::bool::weighted(0.9)).prop_map(
        |(codec, audio, duration_ms, (width, height), rotation, edits, brand, frames_per_second, moov_first)| Mp4 {
            codec,
            audio,
            duration_ms,
            width,
            height,
            rotation,
            edits,
            brand,
            frames_per_second,
            moov_first,
            ..Mp4::default()
        },
    )
}

fn posts() -> impl Strategy<Value = Post> {
    let item = prop_oneof![3 => pictures().prop_map(Ok), 1 => clips().prop_map(Err)];
    prop_oneof![
        2 => pictures().prop_map(Post::Image),
        1 => pictures().prop_map(Post::Story),
        2 => (clips(), prop::option::of(pictures())).prop_map(|(clip, cover)| Post::Reel(clip, cover)),
        1 => clips().prop_map(Post::StoryClip),
        2 => (pictures(), prop::collection::vec(item, 1..3)).prop_map(|(first, others)| Post::Carousel(first, others)),
    ]
}

/// The manifests that `validate` has an error against.
fn refused(project: &Project) -> Vec<String> {
    let output = project.run(["validate", "--format", "json"]);
    let findings: Value = serde_json::from_str(&output.stdout).unwrap();
    let errors = findings["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    let mut files: Vec<String> = errors.map(|finding| finding["file"].as_str().unwrap().to_owned()).collect();
    files.dedup();
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn what_validate_passes_without_an_error_the_sandbox_publishes(posts in prop::collection::vec(posts(), 30)) {
        let server = Server::start();
        let project = Project::empty().against(&server, "instagram", "IGAA-LONG");
        project.write("igsync.yaml", CONFIG);
        project.write("igsync.lock", "{\"igsync_lock\":1}\n");
        for (number, post) in posts.iter().enumerate() {
            post.write(&project, &format!("p{number}"));
        }
        let refused = refused(&project);
        for file in &refused {
            project.remove(file);
        }
        let output = project.run(["apply", "--yes"]);
        prop_assert_eq!(output.code, 0, "{}\n{}", output.stdout, output.stderr);
        prop_assert_eq!(server.published().len(), posts.len() - refused.len());
        prop_assert!(refused.len() < posts.len() && !refused.is_empty(), "{refused:?}");
    }
}
