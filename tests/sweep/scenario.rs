//! The manifests of a simulation.

use std::sync::Arc;

use igsync_base::id::{AccountName, Digest, Kind, PostKey, UserId};
use igsync_model::config::Login;
use igsync_model::manifest::{Content, GraduationStrategy, Item, MediaType, Post, PostState, ReelOptions, Source};
use serde::{Deserialize, Serialize};

use super::world::USERS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    Image,
    Reel,
    Carousel,
    Story,
    /// An image without a caption.
    Bare,
    /// Three posts, with a first comment and comment switches.
    Mixed,
    /// Two images with the same caption.
    Twins,
    /// Two images with the same media.
    Copies,
    /// Two accounts, one of them with two posts.
    TwoAccounts,
    /// A trial reel, which no listing shows.
    Trial,
    /// An image and a reel; listings come without captions.
    Mute,
    /// A reel and a carousel with videos from this machine.
    Upload,
    /// Of two live posts one is ordered to be deleted.
    Farewell,
    /// The only live post that is recorded is ordered to be deleted.
    Last,
    /// As `Farewell`, and the id of the post was only found by comparing.
    Matched,
    /// Two live posts are ordered to be deleted, which is more than one run deletes.
    TwoOrders,
    /// As `Farewell`, and the record of the post names the media of another one.
    Swapped,
}

impl Scenario {
    pub const ALL: [Self; 12] = [
        Self::Image,
        Self::Reel,
        Self::Carousel,
        Self::Story,
        Self::Bare,
        Self::Mixed,
        Self::Twins,
        Self::Copies,
        Self::TwoAccounts,
        Self::Trial,
        Self::Mute,
        Self::Upload,
    ];

    /// Those that begin with live posts of which some are ordered to be deleted.
    pub const DELETED: [Self; 5] = [Self::Farewell, Self::Last, Self::Matched, Self::TwoOrders, Self::Swapped];

    /// Whether its posts are live and recorded at the beginning.
    pub fn is_live(self) -> bool {
        Self::DELETED.contains(&self)
    }

    /// Whether the orders of its manifests can be carried out.
    pub fn can_delete(self) -> bool {
        self.is_live() && !matches!(self, Self::Matched | Self::Swapped)
    }

    /// What its manifests say at the beginning.
    pub fn manifests(self) -> Vec<Manifest> {
        let one = |number, kind, caption: &str| Manifest::new(number, 0, kind, caption);
        match self {
            Self::Image => vec![one(0, Kind::Image, "Golden hour with @ana").commented()],
            Self::Reel => vec![one(0, Kind::Reel, "Boats").silent()],
            Self::Carousel => vec![one(0, Kind::Carousel, "Three boats").commented()],
            Self::Story => vec![one(0, Kind::Story, "")],
            Self::Bare => vec![one(0, Kind::Image, "")],
            Self::Mixed => vec![
                one(0, Kind::Image, "First").commented().silent(),
                one(1, Kind::Carousel, "Second").silent(),
                one(2, Kind::Story, ""),
            ],
            Self::Twins => vec![one(0, Kind::Image, "Same"), one(1, Kind::Image, "Same")],
            Self::Copies => {
                vec![one(0, Kind::Image, "First"), Manifest { media: Some(0), ..one(1, Kind::Image, "Again") }]
            }
            Self::TwoAccounts => vec![
                one(0, Kind::Image, "First"),
                Manifest::new(1, 1, Kind::Image, "First"),
                Manifest::new(2, 1, Kind::Story, ""),
            ],
            Self::Trial => vec![Manifest { trial: true, ..one(0, Kind::Reel, "For strangers") }.commented()],
            Self::Mute => vec![one(0, Kind::Image, "Seen").commented(), one(1, Kind::Reel, "Heard")],
            Self::Upload => vec![
                Manifest { local: true, ..one(0, Kind::Reel, "From here") }.commented(),
                Manifest { local: true, ..one(1, Kind::Carousel, "From here, too") },
            ],
            Self::Farewell | Self::Matched | Self::Swapped => {
                vec![one(0, Kind::Image, "Goes").ordered_away(), one(1, Kind::Image, "Stays")]
            }
            Self::Last => vec![one(0, Kind::Image, "Goes").ordered_away()],
            Self::TwoOrders => {
                vec![one(0, Kind::Image, "Goes").ordered_away(), one(1, Kind::Reel, "Goes, too").ordered_away()]
            }
        }
    }

    /// Listings come without captions.
    pub fn is_mute(self) -> bool {
        self == Self::Mute
    }

    /// Only with Facebook Login a local video is uploaded.
    pub fn login(self) -> Login {
        if self == Self::Upload || self.is_live() { Login::Facebook } else { Login::Instagram }
    }

    pub fn accounts(self) -> usize {
        if self == Self::TwoAccounts { 2 } else { 1 }
    }
}

/// One manifest, as people edit it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what a manifest says, each on its own")]
pub struct Manifest {
    /// Names the post for ever, whatever its key is.
    pub number: usize,
    pub account: usize,
    pub key: String,
    pub kind: Kind,
    pub caption: String,
    pub first_comment: bool,
    pub comments_off: bool,
    pub is_deleted: bool,
    /// It says `state: absent`.
    pub is_absent: bool,
    pub trial: bool,
    /// Its video lies on this machine.
    pub local: bool,
    /// It has the media of this post.
    pub media: Option<usize>,
}

impl Manifest {
    fn new(number: usize, account: usize, kind: Kind, caption: &str) -> Self {
        Self {
            number,
            account,
            key: format!("posts/{number}"),
            kind,
            caption: caption.to_owned(),
            first_comment: false,
            comments_off: false,
            is_deleted: false,
            is_absent: false,
            trial: false,
            local: false,
            media: None,
        }
    }

    /// An image, one of many.
    pub fn of_many(number: usize) -> Self {
        Self { key: format!("posts/{number:03}"), ..Self::new(number, 0, Kind::Image, &format!("Post {number}")) }
    }

    /// Another post under a key that is free again.
    pub fn under(key: &str, number: usize, account: usize) -> Self {
        Self { key: key.to_owned(), ..Self::new(number, account, Kind::Image, "A new post under an old name") }
    }

    /// The same post under another key.
    pub fn renamed(self) -> Self {
        Self { key: format!("posts/renamed-{}", self.number), ..self }
    }

    fn commented(mut self) -> Self {
        self.first_comment = true;
        self
    }

    fn ordered_away(mut self) -> Self {
        self.is_absent = true;
        self
    }

    fn silent(mut self) -> Self {
        self.comments_off = true;
        self
    }

    pub fn key(&self) -> PostKey {
        PostKey::from(&*self.key)
    }

    pub fn user_id(&self) -> UserId {
        UserId::from(USERS[self.account])
    }

    /// Under its new key it has no record, and an order takes over none by its looks: it is about nothing.
    pub fn is_about_nothing(&self) -> bool {
        self.is_absent && self.key.ends_with("-moved")
    }

    /// The first comment tells its post apart.
    pub fn comment_text(&self) -> String {
        format!("the comment of {}", self.number)
    }

    /// Below the content root.
    pub fn video(&self) -> String {
        format!("media/{}.mp4", self.number)
    }

    pub fn media_digest(&self) -> Digest {
        Digest::new(format!("v1:sha256:media-{}", self.media.unwrap_or(self.number)))
    }

    pub fn post(&self) -> Arc<Post> {
        let is_reel = self.kind == Kind::Reel;
        let item = |number: usize| {
            let media_type = if is_reel || self.local && number == 0 { MediaType::Video } else { MediaType::Image };
            let source = if self.local && number == 0 {
                Source::Local(self.video().into())
            } else {
                Source::Url(format!("https://cdn.example.com/p{}/{number}.jpg", self.number).into())
            };
            Item::new(number, media_type, source)
        };
        let count = if self.kind == Kind::Carousel { 3 } else { 1 };
        let reel = ReelOptions { trial: self.trial.then_some(GraduationStrategy::Manual), ..ReelOptions::default() };
        let content = Content {
            caption: self.caption.clone(),
            reel: is_reel.then_some(reel),
            ..Content::new(self.kind, (0..count).map(item).collect())
        };
        let digest = |what: &str| Digest::new(format!("v1:sha256:{what}"));
        Arc::new(Post {
            key: self.key(),
            account: account_name(self.account),
            user_id: Some(self.user_id()),
            file: format!("{}.yaml", self.key).into(),
            line: 1,
            content,
            caption_file: None,
            first_comment: self.first_comment.then(|| self.comment_text()),
            note: None,
            comment_enabled: !self.comments_off,
            own_comment_enabled: self.comments_off.then_some(false),
            publish_at: None,
            queued: None,
            queue_order: 0.0,
            publish_until: None,
            draft: false,
            allow_duplicate: false,
            state: if self.is_absent { PostState::Absent } else { PostState::Present },
            imported: None,
            text_digest: digest(&format!("text-{}", self.caption)),
            media_digest: Some(self.media_digest()),
            digest: Some(digest(&format!("all-{}-{}", self.number, self.caption))),
            cover_digest: None,
            sent_digest: None,
            own_digest: None,
            doubled_digest: None,
            files: Vec::new(),
            conversions: Vec::new(),
            has_errors: false,
            slot: None,
            due_at: None,
        })
    }
}

pub fn account_name(account: usize) -> AccountName {
    AccountName::from(["brand", "other"][account])
}
