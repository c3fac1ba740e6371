//! Making the containers of one post: children first, then the one that is published.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Unit;
use url::Url;

use crate::graph::{NewContainer, NewlyCreated, Uploaded, VideoUpload};
use crate::id::{ContainerId, Kind};
use crate::lockfile::{Created, Record};
use crate::manifest::{Item, MediaType, Post};
use crate::port::{Access, Disk, Progress, Stat};

use super::account::AccountRun;
use super::attempt;
use super::content;
use super::context::Halt;
use super::event::Event;
use super::media::Located;
use super::outcome::Failure;

/// What a step gives: a value, this post's failure, or the end of the account's run.
pub(super) type Made<T> = Result<Result<T, Failure>, Halt>;

/// Takes the value out, or returns the post's failure.
macro_rules! or_fail {
    ($made:expr) => {
        match $made {
            Ok(value) => value,
            Err(failure) => return Ok(Err(failure)),
        }
    };
}

impl AccountRun {
    /// Makes what is missing of a post's containers, recording each. Containers of an earlier run are
    /// used again while they live.
    pub(super) async fn make_containers(&self, post: &Post, record: Record) -> Made<Record> {
        let mut record = self.without_old_children(post, record).await?;
        let new = if post.kind == Kind::Carousel {
            record = or_fail!(self.make_children(post, record).await?);
            content::carousel(post, record.children.iter().map(|child| child.id.clone()).collect())
        } else {
            let Some(item) = post.items.first() else { return Ok(Err(Failure::new("the post has no media", ""))) };
            let located = or_fail!(self.locate(post, &item.source, item.media_type).await?);
            let cover = or_fail!(self.locate_cover(post).await?);
            content::single(post, item, &located, cover)
        };
        let made = or_fail!(self.create(&new).await?);
        record.container = Some(created(&made));
        let record = self.write(record)?;
        self.tell_created(post, &made.id, None)?;
        if let Some((item, uri)) = post.items.first().zip(made.upload.as_ref()) {
            or_fail!(self.upload(post, item, &made.id, uri, false).await?);
        }
        Ok(Ok(record))
    }

    /// Goes on with uploads that an earlier run may have left half done. Costs one call per video.
    pub(super) async fn finish_uploads(&self, post: &Post, record: &Record) -> Made<()> {
        let containers =
            if post.kind == Kind::Carousel { record.children.as_slice() } else { record.container.as_slice() };
        for (index, (item, container)) in post.items.iter().zip(containers).enumerate() {
            let finished = self.finish_upload(post, item, &container.id).await?;
            or_fail!(finished.map_err(|failure| match post.kind {
                Kind::Carousel => failure.in_item(index + 1),
                _ => failure,
            }));
        }
        Ok(Ok(()))
    }

    async fn finish_upload(&self, post: &Post, item: &Item, container: &ContainerId) -> Made<()> {
        if !self.media.uploads(item) {
            return Ok(Ok(()));
        }
        match self.client.upload_address(container) {
            Ok(uri) => self.upload(post, item, container, &uri, true).await,
            Err(error) => Ok(Err(Failure::from_answer("uploading the video", &error))),
        }
    }

    /// Containers die after a day, and a carousel needs all of its children: an attempt with one that is
    /// too old ends here, and the post goes on with a new one.
    async fn without_old_children(&self, post: &Post, record: Record) -> Result<Record, Halt> {
        let now = self.client.server_now();
        if record.children.iter().all(|made| attempt::is_usable(made, now)) {
            return Ok(record);
        }
        self.end(attempt::not_published(record, "expired")).await?;
        Ok(attempt::begin(post, &self.user_id, self.shared.new_attempt(), self.graph.clone()))
    }

    async fn make_children(&self, post: &Post, mut record: Record) -> Made<Record> {
        or_fail!(self.finish_uploads(post, &record).await?);
        for (index, item) in post.items.iter().enumerate().skip(record.children.len()) {
            self.shared.go_on()?;
            let number = index + 1;
            let made = or_fail!(self.make_child(post, item).await?.map_err(|failure| failure.in_item(number)));
            record.children.push(created(&made));
            record = self.write(record)?;
            self.tell_created(post, &made.id, Some(number))?;
            if let Some(uri) = &made.upload {
                let sent = self.upload(post, item, &made.id, uri, false).await?;
                or_fail!(sent.map_err(|failure| failure.in_item(number)));
            }
        }
        Ok(Ok(record))
    }

    async fn make_child(&self, post: &Post, item: &Item) -> Made<NewlyCreated> {
        let located = or_fail!(self.locate(post, &item.source, item.media_type).await?);
        self.create(&content::child(item, &located)).await
    }

    async fn locate_cover(&self, post: &Post) -> Made<Option<String>> {
        let Some(cover) = post.reel.as_ref().and_then(|reel| reel.cover.as_ref()) else { return Ok(Ok(None)) };
        Ok(self.locate(post, cover, MediaType::Image).await?.map(|located| match located {
            Located::Url(url) => Some(url),
            // Only videos are uploaded.
            Located::Upload { .. } => None,
        }))
    }

    async fn create(&self, new: &NewContainer) -> Made<NewlyCreated> {
        self.may_begin()?;
        match self.shared.ask(self.client.create_container(&self.user_id, new)).await? {
            Ok(made) => Ok(Ok(made)),
            Err(error) => match Halt::for_account(&error) {
                Some(halt) => Err(halt),
                None => Ok(Err(Failure::from_answer("making the container", &error))),
            },
        }
    }

    /// Sends a local video to its container; with `resume` from where an earlier run stopped.
    async fn upload(&self, post: &Post, item: &Item, container: &ContainerId, uri: &Url, resume: bool) -> Made<()> {
        let located = or_fail!(self.locate(post, &item.source, item.media_type).await?);
        let Located::Upload { path, stat } = located else { return Ok(Ok(())) };
        let disk = &*self.shared.disk;
        let open = || open_unchanged(disk, &path, &stat);
        let progress = Some(self.progress(post, stat.len));
        let upload = VideoUpload { container, uri, len: stat.len, open: &open, progress, resume };
        let sent = self.shared.ask(self.client.upload(&upload)).await?;
        if let Some(halt) = sent.as_ref().err().and_then(Halt::for_account) {
            return Err(halt);
        }
        // Bytes of two files in one container are no video, whatever was answered.
        if disk.stat(&path).ok() != Some(stat) {
            let reason = format!("{} changed while it was uploaded", path.display());
            let help = "run apply again: it begins anew with the new file";
            return Ok(Err(Failure { spoilt: true, ..Failure::new(reason, help) }));
        }
        Ok(match sent {
            Ok(Uploaded::Complete) => Ok(()),
            Ok(Uploaded::Useless(why)) => {
                let failure = Failure::new(format!("uploading the video: {why}"), "run apply again");
                Err(Failure { spoilt: true, try_again: true, ..failure })
            }
            Err(error) => Err(Failure::from_answer("uploading the video", &error)),
        })
    }

    /// Announces bytes as they leave; a failing output ends the run at its next step, not the upload.
    pub(super) fn progress(&self, post: &Post, total_bytes: u64) -> Progress {
        let (shared, post) = (Arc::clone(&self.shared), self.post_ref(&post.key));
        Arc::new(move |sent_bytes| {
            let _ = shared.tell(&Event::UploadProgress { post: post.clone(), sent_bytes, total_bytes });
        })
    }

    fn tell_created(&self, post: &Post, container: &ContainerId, item: Option<usize>) -> Result<(), Halt> {
        let post = self.post_ref(&post.key);
        self.shared.tell(&Event::ContainerCreated { post, container: container.clone(), item })
    }
}

/// A part of another file must not end up behind the parts that were sent.
fn open_unchanged(disk: &dyn Disk, path: &Path, stat: &Stat) -> io::Result<Box<dyn Access>> {
    if disk.stat(path)? != *stat {
        return Err(io::Error::other("it changed while it was uploaded"));
    }
    disk.open(path)
}

fn created(made: &NewlyCreated) -> Created {
    Created { id: made.id.clone(), created_at: Some(attempt::whole(made.created_at, Unit::Second)) }
}
