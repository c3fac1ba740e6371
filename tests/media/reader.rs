//! Another reader's opinion: Pillow decodes with libjpeg and converts colours with `LittleCMS`.
//! `IGSYNC_CONTACT_SHEET=page.png cargo test --test media reader` draws sources and results side by side, for people.

use std::path::Path;
use std::process::Command;

use igsync_media::convert::{Fit, Target, convert};
use igsync_media::probe::probe;
use igsync_media::rules::{Use, check};
use moxcms::ColorProfile;

use crate::project::{has, repository};

fn python() -> String {
    std::env::var("IGSYNC_PYTHON").unwrap_or_else(|_| "python3".into())
}

/// `false`: the program is missing, which is said, and is a failure where tools are required.
fn has_pillow() -> bool {
    let output = Command::new(python()).args(["-c", "import PIL.ImageCms"]).output();
    has("Pillow from PyPI", output.is_ok_and(|output| output.status.success()))
}

fn run(arguments: &[&Path]) -> String {
    let script = repository().join("tests/media/pictures.py");
    let output = Command::new(python()).arg(script).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "fixtures need no durability")]
fn another_reader_sees_the_same_pictures() {
    if !has_pillow() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (sources, results) = (folder.path().join("sources"), folder.path().join("results"));
    for made in [&sources, &results] {
        std::fs::create_dir(made).unwrap();
    }
    let profiles = [
        ("p3", ColorProfile::new_display_p3()),
        ("adobe", ColorProfile::new_adobe_rgb()),
        ("press", crate::press::press()),
    ];
    for (name, profile) in profiles {
        std::fs::write(folder.path().join(name).with_extension("icc"), profile.encode().unwrap()).unwrap();
    }
    run(&[Path::new("make"), &sources, folder.path()]);
    let mut count = 0;
    for entry in std::fs::read_dir(&sources).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let (usage, fit) = match name.split('-').next() {
            Some("pad") => (Use::Image, Some(Fit::Pad)),
            Some("crop") => (Use::Image, Some(Fit::Crop)),
            Some("story") => (Use::StoryImage, None),
            _ => (Use::Image, None),
        };
        let target = Target { usage, fit, first: None };
        let result = convert(&bytes, &target).unwrap().unwrap_or_else(|| panic!("{name} needs conversion"));
        let facts = probe(&mut std::io::Cursor::new(&result)).unwrap();
        let broken: Vec<_> = check(&facts, usage, &name).into_iter().map(|broken| broken.rule.name).collect();
        assert!(broken.is_empty(), "{name} breaks {broken:?}");
        assert_eq!(convert(&result, &target).unwrap(), None, "{name} is done");
        std::fs::write(results.join(&name).with_extension("jpg"), result).unwrap();
        count += 1;
    }
    assert!(count >= 30, "{count} pictures");
    if let Some(sheet) = std::env::var_os("IGSYNC_CONTACT_SHEET") {
        run(&[Path::new("sheet"), &sources, &results, Path::new(&sheet)]);
    }
    print!("{}", run(&[Path::new("compare"), &sources, &results]));
}
