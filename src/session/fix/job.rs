//! One file that is to be made, and what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use igsync_apply::Signal;
use igsync_media::convert::{ConversionPlan, Target};
use igsync_model::manifest::{Post, Source, Spot};

/// What part of a content root is asked for: a manifest and a file that it names.
pub(crate) type Wanted<'w> = dyn Fn(&str, &str) -> bool + 'w;

/// One file to be made.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What it is made from, relative to the content root.
    pub source: Arc<str>,
    pub work: Work,
    /// The manifests that are to name it, and where.
    pub places: BTreeMap<Arc<str>, Vec<Spot<'static>>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// Conversion, as `media.convert` does it.
    Picture { target: Target, plan: Box<ConversionPlan> },
    /// A clip of so many bytes whose index goes first.
    Clip { len: u64 },
}

impl Work {
    /// Whether the same file comes out of both.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Picture { plan: one, .. }, Self::Picture { plan: other, .. }) => one == other,
            (Self::Clip { .. }, Self::Clip { .. }) => true,
            _ => false,
        }
    }

    pub(super) fn extension(&self) -> &'static str {
        match self {
            Self::Picture { .. } => "jpg",
            Self::Clip { .. } => "mp4",
        }
    }
}

/// Why something is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The file it is about, relative to the content root.
    pub file: Arc<str>,
    /// Lower case, no full stop.
    pub reason: String,
}

/// A file that was made, or would be.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub job: Job,
    /// Relative to the content root.
    pub path: String,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Planned,
    Written,
    /// An earlier run has made it.
    There,
}

/// What has become of all jobs.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub made: Vec<Made>,
    pub left: Vec<Left>,
    /// The run was asked to end before all was done.
    pub stopped: Option<Signal>,
}

/// The jobs without the manifests that have to be changed by hand: no file is made for those.
pub(crate) fn without(mut jobs: Vec<Job>, left: &[Left]) -> Vec<Job> {
    for job in &mut jobs {
        job.places.retain(|manifest, _| left.iter().all(|left| left.file != *manifest));
    }
    jobs.retain(|job| !job.places.is_empty());
    jobs
}

/// The local files of a post, and where it names them.
pub(super) fn spots(post: &Post) -> impl Iterator<Item = (Spot<'static>, &Arc<str>)> {
    let items = post.content.items.iter().map(|item| (Spot::Item(item.slot), &item.source));
    let cover = post.content.cover().map(|cover| (Spot::Cover, cover));
    items.chain(cover).filter_map(|(spot, source)| match source {
        Source::Local(path) => Some((spot, path)),
        Source::Url(_) => None,
    })
}
