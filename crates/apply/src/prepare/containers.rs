//! Making the containers of one post: children first, then the one that is published.

use std::io;
use std::path::Path;

use jiff::Unit;

use igsync_base::files::{Access, Disk, Stat};
use igsync_base::id::{Kind, PartId};
use igsync_model::lockfile::{Created, Reason, Record};
use igsync_model::manifest::{Item, MediaType, Post};

use super::super::attempt;
use super::super::engine::{Address, Filled, Filling, Made, Part};
use super::super::event::Event;
use super::super::failure::Failure;
use super::super::media::Located;
use super::super::stop::{Halt, Stop};
use super::Preparer;

impl Preparer {
    /// Makes what is missing of a post's containers, recording each. Containers of an earlier run are
    /// used again while they live.
    pub(super) async fn make_containers(&self, post: &Post, record: Record) -> Result<Record, Stop> {
        let mut record = self.without_old_children(post, record).await?;
        let made = if post.content.kind == Kind::Carousel {
            // The whole has no media of its own.
            record = self.make_children(post, record, Vec::new()).await?;
            let (over, made) = self.assemble(post, record).await?;
            record = over;
            made
        } else {
            let Some(item) = post.content.items.first() else {
                return Err(Stop::Post(Failure::new("the post has no media", "")));
            };
            let located = self.placer.locate(post, &item.source, item.media_type).await?;
            let cover = self.locate_cover(post).await?;
            record = attempt::made_of(record, post);
            self.make(Part::Single { post, item, located: &located, cover: cover.as_deref() }).await?
        };
        record.container = Some(created(&made));
        let record = self.book.write(record).await?;
        self.emit_created(post, &made.id, None)?;
        if let Some((item, address)) = post.content.items.first().zip(made.address.as_ref()) {
            self.upload(post, item, &made.id, Some(address)).await?;
        }
        Ok(record)
    }

    /// Goes on with uploads that an earlier run may have left half done. Costs one call per video.
    pub(super) async fn finish_uploads(&self, post: &Post, record: &Record) -> Result<(), Stop> {
        let containers =
            if post.content.kind == Kind::Carousel { record.children.as_slice() } else { record.container.as_slice() };
        for (index, (item, container)) in post.content.items.iter().zip(containers).enumerate() {
            if !self.placer.media.uploads(item) {
                continue;
            }
            self.upload(post, item, &container.id, None).await.map_err(|stop| match post.content.kind {
                Kind::Carousel => stop.in_item(index + 1),
                _ => stop,
            })?;
        }
        Ok(())
    }

    /// Containers die after a day, and a carousel needs all of its children: an attempt with one that is
    /// too old ends here, and the post continues with a new one.
    async fn without_old_children(&self, post: &Post, record: Record) -> Result<Record, Stop> {
        let now = self.engine.now();
        if record.children.iter().all(|made| attempt::is_usable(made, now)) {
            return Ok(record);
        }
        self.book.end(attempt::not_published(record, Reason::Expired)).await?;
        Ok(attempt::begin(post, &self.scope.user_id, self.scope.new_attempt(), self.terms.graph.clone()))
    }

    /// Makes the containers of the items that have none; `living` are those of an earlier attempt, item by item.
    pub(super) async fn make_children(
        &self,
        post: &Post,
        mut record: Record,
        mut living: Vec<Option<Created>>,
    ) -> Result<Record, Stop> {
        self.finish_uploads(post, &record).await?;
        for (index, item) in post.content.items.iter().enumerate().skip(record.children.len()) {
            self.scope.go_on()?;
            if let Some(child) = living.get_mut(index).and_then(Option::take) {
                record.children.push(child);
                record = self.book.write(record).await?;
                continue;
            }
            let number = index + 1;
            let made = self.make_child(post, item).await.map_err(|stop| stop.in_item(number))?;
            record = attempt::made_of(record, post);
            record.children.push(created(&made));
            record = self.book.write(record).await?;
            self.emit_created(post, &made.id, Some(number))?;
            if let Some(address) = &made.address {
                self.upload(post, item, &made.id, Some(address)).await.map_err(|stop| stop.in_item(number))?;
            }
        }
        Ok(record)
    }

    async fn make_child(&self, post: &Post, item: &Item) -> Result<Made, Stop> {
        let located = self.placer.locate(post, &item.source, item.media_type).await?;
        self.make(Part::Child { item, located: &located }).await
    }

    async fn locate_cover(&self, post: &Post) -> Result<Option<String>, Stop> {
        let Some(cover) = post.content.cover() else { return Ok(None) };
        Ok(match self.placer.locate(post, cover, MediaType::Image).await? {
            Located::Url(url) => Some(url),
            // Only videos are uploaded.
            Located::Upload { .. } => None,
        })
    }

    async fn make(&self, part: Part<'_>) -> Result<Made, Stop> {
        self.scope.may_begin(&*self.engine)?;
        let made = self.scope.ask(self.engine.make(part)).await?;
        made.map_err(|refusal| Stop::refused("making the container", &refusal))
    }

    /// Sends a local video to its container; without an address from where an earlier run stopped.
    async fn upload(
        &self,
        post: &Post,
        item: &Item,
        container: &PartId,
        address: Option<&Address>,
    ) -> Result<(), Stop> {
        let located = self.placer.locate(post, &item.source, item.media_type).await?;
        let Located::Upload { path, stat } = located else { return Ok(()) };
        let disk = &*self.placer.media.disk;
        let open = || open_unchanged(disk, &path, &stat);
        let progress = Some(self.placer.progress(post, stat.len));
        let filling = Filling { part: container, address, len: stat.len, open: &open, progress };
        let sent = self.scope.ask(self.engine.fill(filling)).await?;
        if let Some(halt) = sent.as_ref().err().and_then(Halt::for_account) {
            return Err(Stop::Account(halt));
        }
        // Bytes of two files in one container are no video, whatever was answered.
        if disk.stat(&path).ok() != Some(stat) {
            let reason = format!("{} changed while it was uploaded", path.display());
            let help = "run apply again: it starts over with the new file";
            return Err(Stop::Post(Failure { spoilt: true, ..Failure::new(reason, help) }));
        }
        match sent {
            Ok(Filled::Complete) => Ok(()),
            Ok(Filled::Useless(why)) => {
                let failure = Failure::new(format!("uploading the video: {why}"), "run apply again");
                Err(Stop::Post(Failure { spoilt: true, try_again: true, ..failure }))
            }
            Err(refusal) => Err(Stop::Post(Failure::refused("uploading the video", &refusal))),
        }
    }

    fn emit_created(&self, post: &Post, container: &PartId, item: Option<usize>) -> Result<(), Stop> {
        let post = self.scope.post_ref(&post.key);
        self.scope.emit(&Event::ContainerCreated { post, container: container.clone(), item })
    }
}

/// A part of another file must not end up behind the parts that were sent.
fn open_unchanged(disk: &dyn Disk, path: &Path, stat: &Stat) -> io::Result<Box<dyn Access>> {
    if disk.stat(path)? != *stat {
        return Err(io::Error::other("it changed while it was uploaded"));
    }
    disk.open(path)
}

fn created(made: &Made) -> Created {
    Created { id: made.id.clone(), created_at: Some(attempt::whole(made.created_at, Unit::Second)) }
}
