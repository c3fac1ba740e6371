//! What is still wrong once the files are made.

use igsync_base::finding::{self, Finding, Severity};
use igsync_base::rules;
use igsync_media::DigestCache;
use igsync_media::rules::Broken;
use igsync_model::manifest::{self, ConvertSettings, Files, Post, Spot};

use super::super::ports::Ports;
use super::super::project::{Project, convert_settings_of};
use super::job::{Job, Made, Wanted, Work, spots};

/// What is still wrong with the media that were asked for once the files of `planned` are made, errors alone. A draft is
/// judged like any other post.
pub(crate) fn remaining(
    project: &Project,
    wanted: &Wanted<'_>,
    all: bool,
    planned: &[Made],
    ports: &Ports,
) -> Vec<Finding> {
    let disk = &*ports.disk;
    let mut cache = DigestCache::load(disk, &project.paths.digests());
    let mut files = Files::new(disk, &project.root, &mut cache);
    let mut found: Vec<Finding> = Vec::new();
    for post in project.posts.iter().filter(|post| all || !project.is_recorded(post)) {
        for (spot, broken) in broken(project, post, planned, &mut files) {
            let named = spots(post).find(|(place, _)| *place == spot).map_or("", |(_, source)| source);
            if !wanted(&post.file, named) {
                continue;
            }
            let severity = broken.severity;
            let finding = manifest::place(disk, &project.root, post, spot, broken);
            let judged = project.config.judge(Finding { severity, ..finding });
            found.extend(judged.filter(|finding| finding.severity == Severity::Error));
        }
    }
    // What could not be read has no media that could pass.
    let is_read = |file: &str| project.posts.iter().any(|post| *post.file == *file);
    let unread = project.findings.iter().filter(|finding| {
        let is_error = finding.severity == Severity::Error && finding.rule.id.starts_with("IGS1");
        is_error && !is_read(&finding.file) && wanted(&finding.file, "")
    });
    found.extend(unread.cloned());
    // A post of two accounts has each mistake once.
    finding::sort(&mut found);
    found
}

/// What is wrong with the media of one post. What is going to be made is judged as it will be.
fn broken(project: &Project, post: &Post, planned: &[Made], files: &mut Files<'_>) -> Vec<(Spot<'static>, Broken)> {
    let Some(account) = project.config.account(&post.account) else { return Vec::new() };
    let jobs: Vec<&Job> =
        planned.iter().map(|made| &made.job).filter(|job| job.places.contains_key(&post.file)).collect();
    let converting = Some(ConvertSettings { fit: account.fit }).filter(|_| !jobs.is_empty());
    let mut broken = manifest::check_files(post, false, converting.or_else(|| convert_settings_of(account)), files);
    if jobs.is_empty() && !project.settings.is_loopback() {
        broken.extend(manifest::check_conversion_hosting(post, account));
    }
    let is_made = |spot: Spot<'_>| {
        jobs.iter().any(|job| matches!(job.work, Work::Clip { .. }) && job.places[&post.file].contains(&spot))
    };
    broken.retain(|(spot, broken)| broken.rule.id != rules::INDEX_LAST.id || !is_made(*spot));
    broken
}
