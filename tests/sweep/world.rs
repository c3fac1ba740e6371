//! The model account: what is truly live, in what order, and what Meta would answer. Knows no faults
//! beyond the states that a fault puts it into. Times are milliseconds of the simulation.

mod listing;

use std::collections::BTreeMap;

use igsync_base::id::Kind;
use serde_json::json;

use super::scenario::Manifest;

const DAY: i64 = 24 * 60 * 60 * 1000;
pub const USERS: [&str; 2] = ["17841400000000001", "17841400000000002"];

/// What a request asks for, read from its method, path and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Me,
    Quota,
    Create(Vec<(String, String)>),
    Status(u64),
    Publish(u64),
    Listing {
        after: usize,
    },
    Stories,
    /// Bytes of a local video that arrived.
    Upload {
        container: u64,
        offset: usize,
        bytes: Vec<u8>,
        len: usize,
    },
    Comment {
        media: u64,
        text: String,
    },
    Comments(u64),
    Switch(u64),
    Delete(u64),
    /// Whether a media is there.
    Look(u64),
    Other,
}

impl Call {
    /// Whether it leaves a mark at Meta.
    pub fn changes_something(&self) -> bool {
        matches!(
            self,
            Self::Create(_)
                | Self::Publish(_)
                | Self::Upload { .. }
                | Self::Comment { .. }
                | Self::Switch(_)
                | Self::Delete(_)
        )
    }
}

#[derive(Clone, Debug)]
pub struct Container {
    pub account: usize,
    /// The clone that made it.
    pub site: usize,
    /// The post whose media it holds.
    pub owner: Option<usize>,
    pub shape: Shape,
    pub caption: String,
    pub children: Vec<u64>,
    pub made: i64,
    pub ready: i64,
    pub fails: Option<u32>,
    pub media: Option<u64>,
    /// A trial reel.
    pub trial: bool,
    /// What has arrived of a local video.
    pub upload: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Item,
    Post(Kind),
}

#[derive(Clone, Debug)]
pub struct Media {
    pub id: u64,
    pub account: usize,
    /// The container it was published from.
    pub container: Option<u64>,
    /// `None`: a person published it by phone.
    pub owner: Option<usize>,
    pub kind: Kind,
    pub caption: String,
    pub children: usize,
    pub at: i64,
    pub comments_off: bool,
    /// Not listed.
    pub trial: bool,
    pub is_deleted: bool,
}

/// Where Meta's pages are silent.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// A published container reads `EXPIRED` (1), is gone (2) or stays `PUBLISHED` (0) after a day.
    pub after_life: u8,
    /// A second publish of one container is answered with 24/2207006 (0), 100 (1) or 9007 (2), or makes a
    /// second post (3).
    pub twice: u8,
    /// Media on one page of a listing.
    pub page: usize,
    /// So far Meta's clock is ahead of ours, in milliseconds.
    pub skew: i64,
    /// Listings come without captions.
    pub mute: bool,
    /// A carousel over items that are not finished is refused.
    pub strict: bool,
}

/// Status and body of an answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

#[derive(Debug)]
pub struct World {
    pub habits: Habits,
    pub containers: BTreeMap<u64, Container>,
    /// In the order of publishing.
    pub media: Vec<Media>,
    pub comments: Vec<(u64, String)>,
    pub unreadable_until: i64,
    /// Media published since the first time are not listed before the second.
    pub hidden: (i64, i64),
    /// Published videos that are not the files they were made from.
    pub damaged: Vec<String>,
    /// Calls that take effect later: when, of which clone, for which account.
    pending: Vec<(i64, usize, usize, Call)>,
    next: u64,
    /// The clone that is being answered.
    pub speaker: usize,
    /// The Unix time of the simulation's beginning by Meta's clock, in milliseconds.
    epoch: i64,
}

impl World {
    pub fn new(habits: Habits, epoch: i64) -> Self {
        let mut world = Self {
            habits,
            containers: BTreeMap::new(),
            media: Vec::new(),
            comments: Vec::new(),
            unreadable_until: i64::MIN,
            hidden: (i64::MAX, i64::MIN),
            damaged: Vec::new(),
            pending: Vec::new(),
            next: 0,
            speaker: 0,
            epoch,
        };
        for age in [5, 2] {
            world.publish_by_phone(0, Kind::Image, "An older picture", 0, -age * DAY);
        }
        world
    }

    pub fn publish_by_phone(&mut self, account: usize, kind: Kind, caption: &str, children: usize, at: i64) {
        let id = self.id(18);
        let caption = caption.to_owned();
        let (container, owner) = (None, None);
        let media = Media {
            id,
            account,
            container,
            owner,
            kind,
            caption,
            children,
            at,
            comments_off: false,
            trial: false,
            is_deleted: false,
        };
        self.media.push(media);
    }

    /// Whose the live media are.
    pub fn owners(&self) -> Vec<usize> {
        self.media.iter().filter(|media| !media.is_deleted).filter_map(|media| media.owner).collect()
    }

    /// The clone that made the container with this id.
    pub fn maker(&self, container: &str) -> Option<usize> {
        self.containers.get(&container.parse().ok()?).map(|container| container.site)
    }

    /// The post that a call is about.
    pub fn about(&self, call: &Call) -> Option<usize> {
        match call {
            Call::Create(params) => self.owner_of_new(params),
            Call::Status(id) | Call::Publish(id) | Call::Upload { container: id, .. } => {
                self.containers.get(id).and_then(|container| container.owner)
            }
            Call::Comment { media, .. }
            | Call::Comments(media)
            | Call::Switch(media)
            | Call::Delete(media)
            | Call::Look(media) => self.media.iter().find(|known| known.id == *media).and_then(|known| known.owner),
            Call::Me | Call::Quota | Call::Listing { .. } | Call::Stories | Call::Other => None,
        }
    }

    /// Another machine publishes the post of a manifest, with all that belongs to it.
    pub fn publish_by_another(&mut self, manifest: &Manifest, at: i64) -> u64 {
        let children = if manifest.kind == Kind::Carousel { 3 } else { 0 };
        self.publish_by_phone(manifest.account, manifest.kind, &manifest.caption.replace('@', ""), children, at);
        let media = self.media.last_mut().expect("the one just published");
        media.owner = Some(manifest.number);
        media.comments_off = manifest.comments_off;
        if manifest.first_comment {
            self.comments.push((media.id, manifest.comment_text()));
        }
        media.id
    }

    /// Lets everything happen that was to happen until `now`.
    pub fn advance(&mut self, now: i64) {
        self.pending.sort_by_key(|(at, ..)| *at);
        while self.pending.first().is_some_and(|(at, ..)| *at <= now) {
            let (at, speaker, account, call) = self.pending.remove(0);
            self.speaker = speaker;
            self.answer(at, account, &call);
        }
    }

    pub fn later(&mut self, at: i64, account: usize, call: Call) {
        self.pending.push((at, self.speaker, account, call));
    }

    /// Ids grow, and those of media and containers never meet.
    fn id(&mut self, series: u64) -> u64 {
        self.next += 1;
        series * 1_000_000_000_000_000 + self.next * 7
    }

    /// A time as Meta writes it into answers.
    fn time(&self, at: i64) -> String {
        let seconds = (self.epoch + self.habits.skew + at).div_euclid(1000);
        let time = jiff::Timestamp::from_second(seconds).expect("a time of our age");
        time.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
    }

    /// The `Date` header.
    pub fn date(&self, at: i64) -> String {
        let seconds = (self.epoch + self.habits.skew + at).div_euclid(1000);
        let time = jiff::Timestamp::from_second(seconds).expect("a time of our age");
        time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// When Meta has processed it; a carousel waits for its children.
    fn ready(&self, container: &Container) -> i64 {
        let children = container.children.iter().filter_map(|child| self.containers.get(child));
        children.map(|child| child.ready).max().unwrap_or(i64::MIN).max(container.ready)
    }

    pub fn status(&self, container: &Container, now: i64) -> &'static str {
        let is_old = now - container.made >= DAY;
        let is_ready = now >= self.ready(container);
        match (container.media, is_old) {
            (Some(_), true) if self.habits.after_life == 1 => "EXPIRED",
            (Some(_), true) if self.habits.after_life == 2 => "GONE",
            (Some(_), _) => "PUBLISHED",
            (None, true) => "EXPIRED",
            (None, false) if container.fails.is_some() && is_ready => "ERROR",
            (None, false) if is_ready => "FINISHED",
            (None, false) => "IN_PROGRESS",
        }
    }

    /// Does what `call` asks for.
    pub fn answer(&mut self, now: i64, account: usize, call: &Call) -> Reply {
        match call {
            Call::Me => {
                let user = USERS[account];
                ok(format!(r#"{{"id":"{user}","user_id":"{user}","username":"brand{account}"}}"#))
            }
            Call::Quota => {
                let used = self.media.iter().filter(|m| m.account == account && m.at > now - DAY).count();
                let config = r#"{"quota_total":100,"quota_duration":86400}"#;
                ok(format!(r#"{{"data":[{{"quota_usage":{used},"config":{config}}}]}}"#))
            }
            Call::Create(params) => self.create(now, account, params),
            Call::Status(id) => self.read(now, *id),
            Call::Publish(id) => self.publish(now, account, *id),
            Call::Listing { after } => self.listing(now, account, *after),
            Call::Stories => {
                let live = |m: &&Media| m.kind == Kind::Story && m.account == account && m.at > now - DAY;
                let data: Vec<String> = self
                    .media
                    .iter()
                    .rev()
                    .filter(live)
                    .filter(|m| !self.is_hidden(m, now))
                    .map(|m| self.show(m))
                    .collect();
                ok(format!(r#"{{"data":[{}]}}"#, data.join(",")))
            }
            Call::Upload { container, offset, bytes, len } => self.upload(now, *container, *offset, bytes, *len),
            Call::Comment { media, text } => {
                if !self.media.iter().any(|m| m.id == *media && m.account == account) {
                    return error(400, 100, Some(33));
                }
                self.comments.push((*media, text.clone()));
                let id = self.id(16);
                ok(format!(r#"{{"id":"{id}"}}"#))
            }
            Call::Comments(media) => {
                let mine = self.comments.iter().filter(|(on, _)| on == media);
                let data: Vec<String> = mine.map(|(_, text)| format!(r#"{{"id":"1","text":"{text}"}}"#)).collect();
                ok(format!(r#"{{"data":[{}]}}"#, data.join(",")))
            }
            Call::Switch(media) => match self.media.iter_mut().find(|m| m.id == *media) {
                Some(media) => {
                    media.comments_off = true;
                    ok(r#"{"success":true}"#.to_owned())
                }
                None => error(400, 100, Some(33)),
            },
            Call::Delete(media) => {
                let is_its = |m: &&mut Media| m.id == *media && m.account == account && !m.is_deleted;
                match self.media.iter_mut().find(is_its) {
                    Some(gone) => {
                        gone.is_deleted = true;
                        ok(format!(r#"{{"success":true,"deleted_id":"{media}"}}"#))
                    }
                    None => error(400, 100, Some(33)),
                }
            }
            Call::Look(media) => {
                let its = self.media.iter().find(|m| m.id == *media && m.account == account && !m.is_deleted);
                match its.filter(|_| now >= self.unreadable_until) {
                    Some(its) => {
                        let (time, user) = (self.time(its.at), USERS[account]);
                        let owner = format!(r#""owner":{{"id":"{user}"}}"#);
                        ok(format!(r#"{{"id":"{media}","timestamp":"{time}",{owner},"like_count":3}}"#))
                    }
                    None => error(400, 100, Some(33)),
                }
            }
            Call::Other => error(400, 2500, None),
        }
    }

    fn create(&mut self, now: i64, account: usize, params: &[(String, String)]) -> Reply {
        let get = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let children: Vec<u64> = get("children")
            .and_then(|text| serde_json::from_str::<Vec<String>>(text).ok())
            .unwrap_or_default()
            .iter()
            .filter_map(|id| id.parse().ok())
            .collect();
        let owner = self.owner_of_new(params);
        let is_video = get("video_url").is_some();
        let is_upload = get("upload_type").is_some();
        let shape = match get("media_type") {
            _ if get("is_carousel_item").is_some() => Shape::Item,
            Some("REELS") => Shape::Post(Kind::Reel),
            Some("STORIES") => Shape::Post(Kind::Story),
            Some("CAROUSEL") => Shape::Post(Kind::Carousel),
            _ => Shape::Post(Kind::Image),
        };
        // A carousel whose children are gone cannot be made.
        if children.iter().any(|child| self.containers.get(child).is_none_or(|c| now - c.made >= DAY)) {
            return error(400, 24, Some(2_207_008));
        }
        if self.habits.strict {
            let items: Vec<&str> =
                children.iter().filter_map(|id| self.containers.get(id)).map(|item| self.status(item, now)).collect();
            if items.contains(&"ERROR") {
                return error(400, -2, Some(2_207_020));
            }
            if items.contains(&"IN_PROGRESS") {
                return error(400, 9007, Some(2_207_027));
            }
        }
        let ready = if is_upload { i64::MAX } else { now + if is_video { 32_000 } else { 2_500 } };
        let fails = children.iter().filter_map(|child| self.containers.get(child)).find_map(|c| c.fails);
        let id = self.id(17);
        let caption = get("caption").unwrap_or_default().to_owned();
        let (trial, upload) = (get("trial_params").is_some(), is_upload.then(Vec::new));
        let site = self.speaker;
        let made = Container {
            account,
            site,
            owner,
            shape,
            caption,
            children,
            made: now,
            ready,
            fails,
            media: None,
            trial,
            upload,
        };
        self.containers.insert(id, made);
        let uri = format!(r#","uri":"https://rupload.facebook.com/ig-api-upload/v26.0/{id}""#);
        ok(format!(r#"{{"id":"{id}"{}}}"#, if is_upload { &uri } else { "" }))
    }

    /// By the URL of its media, or by that of its children.
    fn owner_of_new(&self, params: &[(String, String)]) -> Option<usize> {
        let get = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let children: Vec<String> = serde_json::from_str(get("children").unwrap_or("[]")).unwrap_or_default();
        let mut children = children.iter().filter_map(|id| self.containers.get(&id.parse().ok()?));
        get("image_url").or(get("video_url")).and_then(owner_of).or_else(|| children.find_map(|child| child.owner))
    }

    fn upload(&mut self, now: i64, id: u64, offset: usize, bytes: &[u8], len: usize) -> Reply {
        let Some(container) = self.containers.get_mut(&id) else { return error(400, 100, Some(33)) };
        let Some(arrived) = &mut container.upload else { return error(400, 100, None) };
        if arrived.len() != offset {
            let info = json!({"retriable": true, "type": "OffsetInvalidError", "message": "wrong offset"});
            return Reply { status: 412, body: json!({"debug_info": info}).to_string() };
        }
        arrived.extend(bytes);
        if arrived.len() < len {
            let info = json!({"retriable": true, "type": "PartialRequestError", "message": "not all of it"});
            return Reply { status: 400, body: json!({"debug_info": info}).to_string() };
        }
        container.owner = owner_of(&String::from_utf8_lossy(arrived));
        container.ready = now + 32_000;
        ok(r#"{"success":true,"message":"Upload successful."}"#.to_owned())
    }

    fn read(&self, now: i64, id: u64) -> Reply {
        let Some(container) = self.containers.get(&id) else { return error(400, 100, Some(33)) };
        if now < self.unreadable_until {
            return error(400, 100, Some(33));
        }
        match self.status(container, now) {
            "GONE" => error(400, 100, Some(33)),
            "ERROR" => {
                let text =
                    format!("Error: Media upload has failed with error code {}", container.fails.unwrap_or_default());
                ok(format!(r#"{{"id":"{id}","status_code":"ERROR","status":"{text}"}}"#))
            }
            status => {
                let video = container.upload.as_ref().map_or_else(String::new, |arrived| {
                    let (phase, len) =
                        (if container.ready == i64::MAX { "in_progress" } else { "complete" }, arrived.len());
                    let uploading = format!(r#"{{"status":"{phase}","bytes_transferred":{len}}}"#);
                    format!(r#","video_status":{{"uploading_phase":{uploading}}}"#)
                });
                ok(format!(r#"{{"id":"{id}","status_code":"{status}"{video}}}"#))
            }
        }
    }

    fn publish(&mut self, now: i64, account: usize, id: u64) -> Reply {
        let Some(container) = self.containers.get(&id).filter(|c| c.account == account) else {
            return error(400, 24, Some(2_207_006));
        };
        let Shape::Post(kind) = container.shape else { return error(400, 24, Some(2_207_006)) };
        if container.media.is_some() {
            return match self.habits.twice {
                0 => error(400, 24, Some(2_207_006)),
                1 => error(400, 100, None),
                2 => error(400, 9007, Some(2_207_027)),
                _ => self.go_live(now, id, kind),
            };
        }
        match self.status(container, now) {
            "FINISHED" => {}
            "IN_PROGRESS" => return error(400, 9007, Some(2_207_027)),
            _ => return error(400, 24, Some(2_207_008)),
        }
        self.go_live(now, id, kind)
    }

    fn go_live(&mut self, now: i64, id: u64, kind: Kind) -> Reply {
        let media = self.id(18);
        let Some(container) = self.containers.get_mut(&id) else { return error(400, 24, Some(2_207_006)) };
        container.media = Some(media);
        let (account, owner, children) = (container.account, container.owner, container.children.len());
        let trial = container.trial;
        if let (Some(arrived), Some(owner)) = (&container.upload, owner)
            && *arrived != file_of(owner)
        {
            self.damaged.push(format!("the video of post {owner} is not its file"));
        }
        let Some(container) = self.containers.get(&id) else { return error(400, 24, Some(2_207_006)) };
        // Meta removes the @ of mentions.
        let caption = container.caption.replace('@', "");
        let (made_from, comments_off) = (Some(id), false);
        let live = Media {
            id: media,
            account,
            container: made_from,
            owner,
            kind,
            caption,
            children,
            at: now,
            comments_off,
            trial,
            is_deleted: false,
        };
        self.media.push(live);
        ok(format!(r#"{{"id":"{media}"}}"#))
    }
}

/// `https://cdn.example.com/p3/1.jpg` belongs to post 3.
fn owner_of(url: &str) -> Option<usize> {
    url.split('/').find_map(|part| part.strip_prefix('p')?.parse().ok())
}

/// The video file of a post, which says whose it is.
pub fn file_of(post: usize) -> Vec<u8> {
    format!("/p{post}/").repeat(100).into_bytes()
}

fn ok(body: String) -> Reply {
    Reply { status: 200, body }
}

pub fn error(status: u16, code: i64, subcode: Option<i64>) -> Reply {
    let mut error =
        json!({"message": "no", "type": "OAuthException", "code": code, "is_transient": false, "fbtrace_id": "A"});
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    Reply { status, body: json!({"error": error}).to_string() }
}
