//! A manifest or a `_defaults.yaml` as it was written: every value with its place.

use std::ops::Range;
use std::sync::Arc;

use super::schema::PostState;
use super::time::{WrittenDue, WrittenTime};
use crate::config::HashtagsIn;
use crate::yaml::Problems;
use igsync_base::content::{Audio, GraduationStrategy, MediaType, ProductTag, UserTag};
use igsync_base::finding::{Finding, Rule, SourceText};
use igsync_base::id::{AccountName, Kind, MediaId};
use igsync_base::path::Source;

/// A value with its place. What can be long is behind an `Arc`: thousands of manifests inherit it.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Range<usize>,
    /// The `_defaults.yaml` it comes from; `None`: the manifest itself.
    pub origin: Option<Arc<SourceText>>,
}

impl<T> At<T> {
    /// Reports a finding at this value, in the file that contains it.
    pub(super) fn report<'p>(
        &self,
        problems: &'p mut Problems<'_>,
        rule: &'static Rule,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &'p mut Finding {
        match &self.origin {
            Some(source) => problems.report_in(source, rule, &self.span, message, label),
            None => problems.report(rule, &self.span, message, label),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Caption {
    Text(Arc<str>),
    /// Relative to the content root.
    File(Arc<str>),
}

/// A list, each entry with its place.
pub(super) type List<T> = At<Arc<[At<T>]>>;

/// One item of a carousel.
#[derive(Clone, Debug)]
pub(super) struct WrittenItem {
    pub media: Option<At<(MediaType, Source)>>,
    pub tags: Tags,
}

/// What belongs to one picture or video.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the names are the manifest's")]
pub(super) struct Tags {
    pub alt_text: Option<At<Arc<str>>>,
    pub user_tags: Option<List<UserTag>>,
    pub product_tags: Option<List<ProductTag>>,
    pub thumb_offset: Option<At<u64>>,
}

/// All fields of one file. `None`: absent, or with a finding; [`Written::has`] tells them apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// The file holds fields at all.
    pub is_described: bool,
    /// Fields that were meant by unknown ones.
    pub meant: Vec<&'static str>,
    /// The fields that are there, with the places of their names.
    pub present: Vec<(&'static str, Range<usize>)>,
    pub kind: Option<At<Kind>>,
    /// What a misspelt kind was probably meant to be.
    pub kind_meant: Option<Kind>,
    pub id: Option<At<String>>,
    pub image: Option<At<Source>>,
    pub video: Option<At<Source>>,
    pub items: Option<At<Vec<WrittenItem>>>,
    pub caption: Option<At<Caption>>,
    pub hashtags: Option<List<String>>,
    pub hashtags_in: Option<At<HashtagsIn>>,
    pub tags: Tags,
    pub collaborators: Option<List<String>>,
    pub location_id: Option<At<String>>,
    pub cover: Option<At<Source>>,
    pub share_to_feed: Option<At<bool>>,
    pub audio_name: Option<At<Arc<str>>>,
    pub audio_configuration: Option<At<Audio>>,
    pub trial: Option<At<GraduationStrategy>>,
    pub is_ai_generated: Option<At<bool>>,
    pub is_paid_partnership: Option<At<bool>>,
    pub branded_content_sponsor_ids: Option<List<String>>,
    pub first_comment: Option<At<Arc<str>>>,
    pub comment_enabled: Option<At<bool>>,
    pub publish_at: Option<At<WrittenDue>>,
    pub publish_until: Option<At<WrittenTime>>,
    pub queue_order: Option<At<f64>>,
    pub draft: Option<At<bool>>,
    pub allow_duplicate: Option<At<bool>>,
    pub note: Option<At<Arc<str>>>,
    pub accounts: Option<List<AccountName>>,
    pub state: Option<At<PostState>>,
    pub imported: Option<At<MediaId>>,
}

impl Written {
    pub(super) fn has(&self, name: &str) -> bool {
        self.present.iter().any(|(present, _)| *present == name)
    }

    /// Neither there nor meant.
    pub(super) fn lacks(&self, name: &str) -> bool {
        !self.has(name) && !self.meant.contains(&name)
    }

    pub(super) fn name_span(&self, name: &str) -> Option<Range<usize>> {
        self.present.iter().find(|(present, _)| *present == name).map(|(_, span)| span.clone())
    }

    /// Takes every shared field that is absent here from `outer`.
    pub(super) fn inherit(&mut self, outer: &Self) {
        // Without `..`, so that the compiler asks of a new field whether it is shared.
        let Self {
            is_described: _,
            meant: _,
            present: _,
            kind,
            kind_meant: _,
            id: _,
            image: _,
            video: _,
            items: _,
            caption,
            hashtags,
            hashtags_in,
            tags: Tags { alt_text, user_tags, product_tags, thumb_offset },
            collaborators,
            location_id,
            cover: _,
            share_to_feed,
            audio_name,
            audio_configuration,
            trial,
            is_ai_generated,
            is_paid_partnership,
            branded_content_sponsor_ids,
            first_comment,
            comment_enabled,
            publish_at,
            publish_until,
            queue_order,
            draft,
            allow_duplicate: _,
            note,
            accounts,
            state: _,
            imported: _,
        } = outer;
        macro_rules! take {
            ($($name:literal $field:ident $(in $group:ident)?;)*) => {
                $(if !self.has($name) && self.$($group.)?$field.is_none() {
                    self.$($group.)?$field.clone_from($field);
                })*
            };
        }
        if !self.has("caption_file") {
            take! { "caption" caption; }
        }
        take! {
            "kind" kind;
            "hashtags" hashtags;
            "hashtags_in" hashtags_in;
            "alt_text" alt_text in tags;
            "user_tags" user_tags in tags;
            "product_tags" product_tags in tags;
            "thumb_offset" thumb_offset in tags;
            "collaborators" collaborators;
            "location_id" location_id;
            "share_to_feed" share_to_feed;
            "audio_name" audio_name;
            "audio_configuration" audio_configuration;
            "trial_params" trial;
            "is_ai_generated" is_ai_generated;
            "is_paid_partnership" is_paid_partnership;
            "branded_content_sponsor_ids" branded_content_sponsor_ids;
            "first_comment" first_comment;
            "comment_enabled" comment_enabled;
            "publish_at" publish_at;
            "publish_until" publish_until;
            "queue_order" queue_order;
            "draft" draft;
            "note" note;
            "accounts" accounts;
        }
    }
}
