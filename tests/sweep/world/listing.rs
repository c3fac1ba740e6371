//! How the model account lists its media.

use igsync_base::id::Kind;

use super::{Media, Reply, World, ok};

impl World {
    pub(super) fn is_hidden(&self, media: &Media, now: i64) -> bool {
        media.at >= self.hidden.0 && now < self.hidden.1
    }

    pub(super) fn listing(&self, now: i64, account: usize, after: usize) -> Reply {
        let mut shown: Vec<&Media> = self.media.iter().collect();
        let is_listed = |m: &Media| m.kind != Kind::Story && !m.trial && !m.is_deleted;
        shown.retain(|m| is_listed(m) && m.account == account && !self.is_hidden(m, now));
        shown.sort_by_key(|m| std::cmp::Reverse(m.at));
        let data: Vec<String> = shown.iter().skip(after).take(self.habits.page).map(|m| self.show(m)).collect();
        let end = after + data.len();
        let next = r#""next":"https://graph.instagram.com/next""#;
        let paging = format!(r#","paging":{{"cursors":{{"before":"b","after":"{end}"}},{next}}}"#);
        ok(format!(r#"{{"data":[{}]{}}}"#, data.join(","), if end < shown.len() { &paging } else { "" }))
    }

    /// As Meta shows it; no caption here needs an escape.
    pub(super) fn show(&self, media: &Media) -> String {
        let (media_type, product) = match media.kind {
            Kind::Image => ("IMAGE", "FEED"),
            Kind::Reel => ("VIDEO", "REELS"),
            Kind::Carousel => ("CAROUSEL_ALBUM", "FEED"),
            Kind::Story => ("IMAGE", "STORY"),
        };
        let (id, time) = (media.id, self.time(media.at));
        let caption = if media.caption.is_empty() || self.habits.mute {
            String::new()
        } else {
            format!(r#","caption":"{}""#, media.caption)
        };
        let children = if media.kind == Kind::Carousel {
            let child = |n| format!(r#"{{"id":"{n}","media_type":"IMAGE"}}"#);
            format!(r#","children":{{"data":[{}]}}"#, (0..media.children).map(child).collect::<Vec<_>>().join(","))
        } else {
            String::new()
        };
        let permalink = format!("https://www.instagram.com/p/{id}/");
        format!(
            r#"{{"id":"{id}","timestamp":"{time}","media_type":"{media_type}","media_product_type":"{product}","permalink":"{permalink}"{caption}{children}}}"#
        )
    }
}
