//! Making the containers of one post: children first, then the one that is published.

use std::io;
use std::path::Path;

use jiff::Unit;
use url::Url;

use crate::graph::{NewContainer, NewlyCreated, Uploaded, VideoUpload};
use crate::id::{ContainerId, Kind};
use crate::lockfile::{Created, Record};
use crate::manifest::{Item, MediaType, Post};
use crate::port::{Access, Disk, Stat};

use super::super::attempt;
use super::super::content;
use super::super::event::Event;
use super::super::media::Located;
use super::super::outcome::Failure;
use super::super::stop::{Halt, Stop};
use super::Preparer;

impl Preparer {
    /// Makes what is missing of a post's containers, recording each. Containers of an earlier run are
    /// used again while they live.
    pub(super) async fn make_containers(&self, post: &Post, record: Record) -> Result<Record, Stop> {
        let mut record = self.without_old_children(post, record).await?;
        let new = if post.kind == Kind::Carousel {
            record = self.make_children(post, record).await?;
            content::carousel(post, record.children.iter().map(|child| child.id.clone()).collect())
        } else {
            let Some(item) = post.items.first() else {
                return Err(Stop::Post(Failure::new("the post has no media", "")));
            };
            let located = self.placer.locate(post, &item.source, item.media_type).await?;
            let cover = self.locate_cover(post).await?;
            content::single(post, item, &located, cover)
        };
        let made = self.create(&new).await?;
        record.container = Some(created(&made));
        let record = self.book.write(record).await?;
        self.tell_created(post, &made.id, None)?;
        if let Some((item, uri)) = post.items.first().zip(made.upload.as_ref()) {
            self.upload(post, item, &made.id, uri, false).await?;
        }
        Ok(record)
    }

    /// Goes on with uploads that an earlier run may have left half done. Costs one call per video.
    pub(super) async fn finish_uploads(&self, post: &Post, record: &Record) -> Result<(), Stop> {
        let containers =
            if post.kind == Kind::Carousel { record.children.as_slice() } else { record.container.as_slice() };
        for (index, (item, container)) in post.items.iter().zip(containers).enumerate() {
            self.finish_upload(post, item, &container.id).await.map_err(|stop| match post.kind {
                Kind::Carousel => stop.in_item(index + 1),
                _ => stop,
            })?;
        }
        Ok(())
    }

    async fn finish_upload(&self, post: &Post, item: &Item, container: &ContainerId) -> Result<(), Stop> {
        if !self.placer.media.uploads(item) {
            return Ok(());
        }
        match self.client.upload_address(container) {
            Ok(uri) => self.upload(post, item, container, &uri, true).await,
            Err(error) => Err(Stop::Post(Failure::from_answer("uploading the video", &error))),
        }
    }

    /// Containers die after a day, and a carousel needs all of its children: an attempt with one that is
    /// too old ends here, and the post goes on with a new one.
    async fn without_old_children(&self, post: &Post, record: Record) -> Result<Record, Stop> {
        let now = self.client.server_now();
        if record.children.iter().all(|made| attempt::is_usable(made, now)) {
            return Ok(record);
        }
        self.book.end(attempt::not_published(record, "expired")).await?;
        Ok(attempt::begin(post, &self.scope.user_id, self.scope.new_attempt(), self.terms.graph.clone()))
    }

    async fn make_children(&self, post: &Post, mut record: Record) -> Result<Record, Stop> {
        self.finish_uploads(post, &record).await?;
        for (index, item) in post.items.iter().enumerate().skip(record.children.len()) {
            self.scope.go_on()?;
            let number = index + 1;
            let made = self.make_child(post, item).await.map_err(|stop| stop.in_item(number))?;
            record.children.push(created(&made));
            record = self.book.write(record).await?;
            self.tell_created(post, &made.id, Some(number))?;
            if let Some(uri) = &made.upload {
                self.upload(post, item, &made.id, uri, false).await.map_err(|stop| stop.in_item(number))?;
            }
        }
        Ok(record)
    }

    async fn make_child(&self, post: &Post, item: &Item) -> Result<NewlyCreated, Stop> {
        let located = self.placer.locate(post, &item.source, item.media_type).await?;
        self.create(&content::child(item, &located)).await
    }

    async fn locate_cover(&self, post: &Post) -> Result<Option<String>, Stop> {
        let Some(cover) = post.reel.as_ref().and_then(|reel| reel.cover.as_ref()) else { return Ok(None) };
        Ok(match self.placer.locate(post, cover, MediaType::Image).await? {
            Located::Url(url) => Some(url),
            // Only videos are uploaded.
            Located::Upload { .. } => None,
        })
    }

    async fn create(&self, new: &NewContainer) -> Result<NewlyCreated, Stop> {
        let made = self.scope.ask(self.client.create_container(&self.scope.user_id, new)).await?;
        made.map_err(|error| Stop::from_answer("making the container", &error))
    }

    /// Sends a local video to its container; with `resume` from where an earlier run stopped.
    async fn upload(
        &self,
        post: &Post,
        item: &Item,
        container: &ContainerId,
        uri: &Url,
        resume: bool,
    ) -> Result<(), Stop> {
        let located = self.placer.locate(post, &item.source, item.media_type).await?;
        let Located::Upload { path, stat } = located else { return Ok(()) };
        let disk = &*self.placer.media.disk;
        let open = || open_unchanged(disk, &path, &stat);
        let progress = Some(self.placer.progress(post, stat.len));
        let upload = VideoUpload { container, uri, len: stat.len, open: &open, progress, resume };
        let sent = self.scope.ask(self.client.upload(&upload)).await?;
        if let Some(halt) = sent.as_ref().err().and_then(Halt::for_account) {
            return Err(Stop::Account(halt));
        }
        // Bytes of two files in one container are no video, whatever was answered.
        if disk.stat(&path).ok() != Some(stat) {
            let reason = format!("{} changed while it was uploaded", path.display());
            let help = "run apply again: it begins anew with the new file";
            return Err(Stop::Post(Failure { spoilt: true, ..Failure::new(reason, help) }));
        }
        match sent {
            Ok(Uploaded::Complete) => Ok(()),
            Ok(Uploaded::Useless(why)) => {
                let failure = Failure::new(format!("uploading the video: {why}"), "run apply again");
                Err(Stop::Post(Failure { spoilt: true, try_again: true, ..failure }))
            }
            Err(error) => Err(Stop::Post(Failure::from_answer("uploading the video", &error))),
        }
    }

    fn tell_created(&self, post: &Post, container: &ContainerId, item: Option<usize>) -> Result<(), Stop> {
        let post = self.scope.post_ref(&post.key);
        self.scope.tell(&Event::ContainerCreated { post, container: container.clone(), item })
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
