//! Every rule igsync knows, in the order of their ids: the only list. `docs/rules.md` is made from it.

mod unchecked;

use crate::finding::{Rule, Severity};
use crate::id::Kind::{self, Carousel, Image, Reel, Story};

pub use unchecked::{UNCHECKED, Unchecked};

macro_rules! rules {
    ($($const_name:ident = $id:literal $name:literal $severity:ident $about:literal
        $(, kinds $kinds:expr)? $(, limit $limit:literal)? $(, page $url:expr)? $(, observed $seen:literal)?
        $(, remedy $remedy:literal)?;)*) => {
        $(
            #[doc = $about]
            pub static $const_name: Rule = Rule {
                $(kinds: $kinds,)?
                $(limit: Some($limit),)?
                $(page: Some($url),)?
                $(observed: Some($seen),)?
                $(remedy: $remedy,)?
                ..Rule::new($id, $name, Severity::$severity, $about)
            };
        )*

        /// All rules, sorted by id.
        pub static ALL: &[&Rule] = &[$(&$const_name),*];
    };
}

/// Meta's reference of creation, with its limits for texts and media.
const CREATION: &str =
    "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media";
/// Meta's guide to publishing.
const GUIDE: &str = "https://developers.facebook.com/documentation/instagram-platform/content-publishing";
/// Meta's table of error codes.
const ERRORS: &str =
    "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/error-codes";

const FEED: &[Kind] = &[Image, Reel, Carousel];
const PICTURES: &[Kind] = &[Image, Carousel, Story];
const VIDEOS: &[Kind] = &[Reel, Carousel, Story];

rules! {
    NOT_TEXT = "IGS1001" "not-text" Error "a manifest is UTF-8 text", remedy "save the file as UTF-8";
    FILE_TOO_LARGE = "IGS1002" "file-too-large" Error "a manifest has at most 1 MiB, `igsync.yaml` 256 KiB, a `.gitignore` file 64 KiB, a caption file 16 KiB", limit "1,048,576 bytes", remedy "media belong beside the manifest, not in it";
    UNREADABLE = "IGS1003" "unreadable" Error "every manifest and every folder of manifests can be read", remedy "check the file's permissions";
    YAML_SYNTAX = "IGS1004" "yaml-syntax" Error "a manifest is valid YAML 1.2", remedy "fix the line that is shown; put text with `:` or `#` in quotes";
    TAB_INDENTATION = "IGS1005" "tab-indentation" Error "YAML is indented with spaces", remedy "replace the tab with spaces";
    SEVERAL_DOCUMENTS = "IGS1006" "several-documents" Error "a file holds one YAML document", limit "1 document", remedy "give each post its own file";
    YAML_TAG = "IGS1007" "yaml-tag" Error "manifests use no YAML tags", remedy "remove the `!tag`";
    MERGE_KEY = "IGS1008" "merge-key" Error "manifests use no YAML merge keys", remedy "put shared fields in `_defaults.yaml`";
    YAML_TOO_COMPLEX = "IGS1009" "yaml-too-complex" Error "depth, number of values and use of anchors stay within bounds", remedy "write the values out, or split the file";
    DUPLICATE_FIELD = "IGS1010" "duplicate-field" Error "a field appears once", remedy "remove one of them";
    UNKNOWN_FIELD = "IGS1011" "unknown-field" Error "only known fields are used", remedy "use the suggested name";
    WRONG_TYPE = "IGS1012" "wrong-type" Error "every value has the type of its field", remedy "write the value as the message describes";
    EMPTY_VALUE = "IGS1013" "empty-value" Error "every field has a value", remedy "remove the field, or write \"\" for an empty text";
    TEXT_CUT = "IGS1014" "text-cut" Error "no comment cuts a text short", remedy "put the whole text in quotes";
    MISSING_FIELD = "IGS1015" "missing-field" Error "the fields that a kind needs are present", remedy "add the field";
    FIELD_NOT_FOR_KIND = "IGS1016" "field-not-for-kind" Error "a post has only fields that its kind accepts", page CREATION, remedy "remove the field, or choose another kind";
    INVALID_VALUE = "IGS1017" "invalid-value" Error "every value is one that its field allows", remedy "use one of the values that the message names";
    CONFLICTING_FIELDS = "IGS1018" "conflicting-fields" Error "fields that exclude each other are not combined", remedy "keep one of them";
    NOT_A_DEFAULT = "IGS1019" "not-a-default" Error "`_defaults.yaml` holds only what several posts can share", remedy "move the field into the manifest";
    KEY_CLASH = "IGS1020" "key-clash" Error "keys differ by more than upper and lower case", remedy "rename one of the files, or give it an `id`";
    INVALID_KEY = "IGS1021" "invalid-key" Error "a key is a short text without control characters", limit "200 characters", remedy "choose another `id`";
    PATH_OUTSIDE = "IGS1022" "path-outside" Error "paths stay inside the content root", remedy "copy the file into the content root";
    INVALID_PATH = "IGS1023" "invalid-path" Error "a path is relative and uses `/`", remedy "write the path relative to the manifest";
    INVALID_URL = "IGS1024" "invalid-url" Error "a media URL is https and ASCII", page CREATION, remedy "percent-encode other characters; serve the file over https";
    MISSING_FILE = "IGS1025" "missing-file" Error "every file that a post names exists", remedy "add the file, or correct its name";
    NOT_A_FILE = "IGS1026" "not-a-file" Error "what a post names is a regular file", remedy "name the file itself";
    LINKED_MANIFEST = "IGS1027" "linked-manifest" Error "manifests are files, not symbolic links", remedy "copy the manifest instead of linking it";
    LINKED_FOLDER = "IGS1028" "linked-folder" Warning "symbolic links to folders are not followed", remedy "move the folder to this place, or name it in `posts` of igsync.yaml";
    NO_MANIFESTS = "IGS1029" "no-manifests" Warning "a content root holds at least one manifest", remedy "`igsync new image NAME` makes one; `-C DIR` names another content root";
    UNKNOWN_ACCOUNT = "IGS1030" "unknown-account" Error "a post's accounts are in the configuration", remedy "correct the name, or add the account to igsync.yaml";
    NO_ACCOUNT = "IGS1031" "no-account" Error "with several accounts, a post names its account", remedy "add `accounts: [NAME]`, or set `default_account`";
    ACCOUNTS_WIDENED = "IGS1032" "accounts-widened" Error "the accounts of `_defaults.yaml` cannot be widened below it", remedy "add the account to the `_defaults.yaml`, or move the manifest";
    TOKEN_IN_FILE = "IGS1033" "token-in-file" Error "no file holds an access token", remedy "revoke the token: it is in the history of the repository";
    INVALID_TIME = "IGS1034" "invalid-time" Error "times are RFC 3339, or local with a time zone", remedy "write 2026-12-01T18:00:00+01:00, or 2026-12-01T18:00[Europe/Berlin]";
    MISNAMED_FILE = "IGS1035" "misnamed-file" Error "`igsync.yaml` and `_defaults.yaml` end in `.yaml`", remedy "rename the file";
    LINKED_FILE = "IGS1037" "linked-file" Error "captions, media and configuration are files, not symbolic links, and no folder above them is one", remedy "put the file itself there";
    HIDDEN_FILE = "IGS1038" "hidden-file" Error "no post uses a hidden file, or one in a hidden folder", remedy "move the file to where no part of its path begins with a dot";
    IGNORED_FILE = "IGS1039" "ignored-file" Error "no `.gitignore` file excludes captions, media or configuration: what is in no commit is not reviewed", remedy "remove the pattern from `.gitignore`, or move the file";
    CONFUSABLE_KEY = "IGS1040" "confusable-key" Error "a key looks like no other key, and has no invisible characters", remedy "rename the file, or give it an `id`, in letters of one script";
    DRAFT_LIFTED = "IGS1041" "draft-lifted" Error "`draft: true` of `_defaults.yaml` cannot be lifted below it", remedy "remove `draft: true` from the `_defaults.yaml`, or move the manifest";
    STRAY_CHARACTERS = "IGS1042" "stray-characters" Error "no value begins or ends with an invisible character or has curly quotes around it", remedy "write the value as the message shows it";
    FRONT_MATTER = "IGS1043" "front-matter" Error "a caption file is the caption alone, without front matter", remedy "remove the lines between `---`; what belongs to the post is in its manifest";
    COPIED_IMPORT = "IGS1044" "copied-import" Error "one manifest of an account describes a live post: `imported` names it once", remedy "remove `imported` from the copy: it is a post of its own";

    CAPTION_TOO_LONG = "IGS2101" "caption-too-long" Error "a caption has at most 2,200 characters", kinds FEED, limit "2,200 code points", page CREATION, remedy "shorten it; hashtags count";
    CAPTION_MAYBE_TOO_LONG = "IGS2102" "caption-maybe-too-long" Warning "a caption has at most 2,200 UTF-16 units: Meta does not state how it counts", kinds FEED, limit "2,200 UTF-16 units", page CREATION, remedy "remove some emoji or text to be safe";
    TOO_MANY_HASHTAGS = "IGS2103" "too-many-hashtags" Error "a caption has at most 30 hashtags", kinds FEED, limit "30 hashtags", page CREATION, remedy "remove some";
    MANY_HASHTAGS = "IGS2104" "many-hashtags" Warning "a caption has at most 5 hashtags: Instagram announced this limit in December 2025", kinds FEED, limit "5 hashtags", observed "Instagram's announcement of 2025-12-18; the API's pages still say 30", remedy "keep the five best";
    TOO_MANY_MENTIONS = "IGS2105" "too-many-mentions" Error "a caption mentions at most 20 accounts", kinds FEED, limit "20 mentions", page CREATION, remedy "remove some";
    OVERRIDE_CHARACTERS = "IGS2106" "override-characters" Warning "text holds no characters that override its direction (U+202A to U+202E)", remedy "remove them; marks and isolates do the same safely";
    INVALID_HASHTAG = "IGS2107" "invalid-hashtag" Error "a hashtag is one word", kinds FEED, remedy "give each hashtag its own entry";
    UNKNOWN_HASHTAG_SET = "IGS2108" "unknown-hashtag-set" Error "hashtag sets are in the configuration", kinds FEED, remedy "correct the name, or add the set to `hashtag_sets`";
    SAME_CAPTION = "IGS2109" "same-caption" Warning "two posts of an account and kind have different captions", kinds FEED, remedy "change one of the captions, or set `allow_duplicate: true`";
    CONTROL_CHARACTERS = "IGS2110" "control-characters" Warning "text contains no control characters except line breaks and tabs", remedy "remove them";
    ALT_TEXT_TOO_LONG = "IGS2201" "alt-text-too-long" Error "an alternative text has at most 1,000 characters", kinds &[Image, Carousel], limit "1,000 code points", page CREATION, remedy "shorten it";
    MISSING_ALT_TEXT = "IGS2202" "missing-alt-text" Warning "images have an alternative text; off unless the configuration turns it on", kinds &[Image, Carousel], remedy "describe what can be seen";
    TAG_POSITION = "IGS2301" "tag-position" Error "a tag on an image has a position from 0.0 to 1.0", kinds PICTURES, limit "0.0 to 1.0", page CREATION, remedy "add x from the left and y from the top";
    TAG_POSITION_ON_VIDEO = "IGS2302" "tag-position-on-video" Warning "a user tag on a video has no position", kinds &[Reel, Carousel], page CREATION, remedy "remove x and y";
    PRODUCT_POSITION_ON_VIDEO = "IGS2303" "product-position-on-video" Error "a product tag on a video has no position", kinds &[Reel, Carousel], page ERRORS, remedy "remove x and y";
    TOO_MANY_USER_TAGS = "IGS2304" "too-many-user-tags" Error "a picture or video has at most 20 user tags", limit "20 tags", page ERRORS, remedy "remove some";
    TOO_MANY_PRODUCT_TAGS = "IGS2305" "too-many-product-tags" Error "a picture or video has at most 5 product tags", kinds FEED, limit "5 tags", page CREATION, remedy "remove some";
    INVALID_USERNAME = "IGS2306" "invalid-username" Error "a username has 1 to 30 letters, digits, dots and underscores", limit "30 characters", remedy "write the name as in the address of the profile";
    CAROUSEL_SIZE = "IGS2401" "carousel-size" Error "a carousel has 2 to 10 items", kinds &[Carousel], limit "2 to 10 items", page GUIDE, remedy "make it two posts; for a single item use kind image or reel";
    TOO_MANY_COLLABORATORS = "IGS2402" "too-many-collaborators" Error "a post has at most 3 collaborators", kinds FEED, limit "3 usernames", page CREATION, remedy "remove some";
    TOO_MANY_SPONSORS = "IGS2403" "too-many-sponsors" Error "a post has at most 2 sponsors", limit "2 ids", page CREATION, remedy "remove some";
    SPONSOR_IS_SELF = "IGS2404" "sponsor-is-self" Error "an account does not sponsor its own post", page CREATION, remedy "remove the account's own id";
    COVER_WINS = "IGS2405" "cover-wins" Warning "a reel has a `cover` or a `thumb_offset`: the cover wins", kinds &[Reel], page CREATION, remedy "remove one of them";
    PARTNERSHIP_IMPLIED = "IGS2406" "partnership-implied" Warning "a post with sponsors is a paid partnership, whatever `is_paid_partnership` is set to", page CREATION, remedy "remove `is_paid_partnership: false`, or the sponsors";
    TIME_DOES_NOT_EXIST = "IGS2501" "time-does-not-exist" Error "a local time is not skipped by daylight saving", remedy "choose a time before or after the gap";
    TIME_AMBIGUOUS = "IGS2502" "time-ambiguous" Error "a local time does not happen twice", remedy "add the offset";
    NO_TIMEZONE = "IGS2503" "no-timezone" Error "a local time needs a time zone", remedy "set `timezone` in igsync.yaml, or add an offset";
    EMPTY_WINDOW = "IGS2504" "empty-window" Error "`publish_until` comes after `publish_at`", remedy "correct one of the times";
    ALREADY_LATE = "IGS2505" "already-late" Warning "a `publish_at` has not passed by more than `late_after` of the configuration", remedy "choose another time, or `igsync apply --include-late`";
    NO_SLOTS = "IGS2506" "no-slots" Error "an account with posts in the queue has slots and a time zone", remedy "set `schedule.slots` and `timezone` in igsync.yaml, or write a time";
    STORY_IN_QUEUE = "IGS2507" "story-in-queue" Error "stories are not in the queue", remedy "give the story a time";
    WITHIN_MIN_GAP = "IGS2508" "within-min-gap" Warning "dated posts of an account are at least `min_gap` apart", remedy "choose another time; a dated post is never moved";
    ON_SKIPPED_DAY = "IGS2509" "on-skipped-day" Warning "no post is dated on a day of `schedule.skip`", remedy "choose another day; a dated post is published anyway";
    FACEBOOK_LOGIN_ONLY = "IGS2601" "facebook-login-only" Error "some fields need `login: facebook`", page CREATION, remedy "remove the field, or set `login: facebook` for the account";
    MAYBE_FACEBOOK_LOGIN_ONLY = "IGS2602" "maybe-facebook-login-only" Warning "some fields are documented for `login: facebook` alone", page CREATION, remedy "try it in the sandbox of your app first";
    MAYBE_NOT_FOR_STORIES = "IGS2603" "maybe-not-for-stories" Warning "Meta does not document this field for stories", kinds &[Story], page CREATION, remedy "leave it out of stories";
    NO_HOSTING = "IGS2604" "no-hosting" Error "local media have a public address: Meta fetches images, covers and, with Instagram Login, videos", page CREATION, remedy "set `media.hosting` in igsync.yaml, or write an https URL";
    CONVERSION_NOT_HOSTED = "IGS2605" "conversion-not-hosted" Error "a picture that igsync converts is hosted by igsync, too: `hosting.url` and `github` have only the files of the repository", remedy "`igsync fix --write` makes the picture that is committed instead; or use `hosting.object_store` or `hosting.command`";
    SHARE_LINK = "IGS2606" "share-link" Warning "a media URL leads to the file itself, not to the page of a shared file", page CREATION, remedy "download the file and put it beside the manifest";

    MEDIA_IS_POINTER = "IGS3001" "lfs-pointer" Error "a media file is the file itself, not a Git LFS pointer", remedy "run `git lfs pull`; in CI check out with `lfs: true`";
    NOT_MEDIA = "IGS3002" "not-media" Error "a media file holds a picture or a video", page ERRORS, remedy "check the file: it may be a saved web page or a failed download";
    WRONG_MEDIA_TYPE = "IGS3003" "wrong-media-type" Error "`image` and `cover` name pictures, `video` names a video", page ERRORS, remedy "move the file to the field it belongs to";
    MEDIA_TRUNCATED = "IGS3004" "media-truncated" Error "a media file is complete", remedy "copy or export the file again";
    NOT_JPEG = "IGS3101" "not-jpeg" Error "a picture is a JPEG", kinds PICTURES, page CREATION, remedy "`igsync fix --write` makes one of a PNG or WebP, `media.convert` too; the finding has the command for others";
    IMAGE_TOO_LARGE = "IGS3102" "image-too-large" Error "a picture has at most 8 MiB", kinds PICTURES, limit "8,388,608 bytes", page ERRORS, remedy "`igsync fix --write` makes a smaller one, `media.convert` too";
    IMAGE_MAYBE_TOO_LARGE = "IGS3103" "image-maybe-too-large" Warning "a picture has at most 8 MB: Meta's reference says MB, its error MiB", kinds PICTURES, limit "8,000,000 bytes", page CREATION, remedy "`igsync fix --write` makes a smaller one, `media.convert` too";
    IMAGE_SHAPE = "IGS3104" "image-shape" Error "a feed picture is between 3:4 and 1.91:1, as seen", kinds &[Image, Carousel], limit "3:4 to 1.91:1", page CREATION, remedy "crop it with the command in the finding, or set `media.fit`";
    IMAGE_TALL = "IGS3105" "image-tall" Warning "a feed picture is no taller than 4:5: Meta's pages still say so, 3:4 was accepted", kinds &[Image, Carousel], limit "4:5", page CREATION, observed "pictures of 3:4 were published in May 2026", remedy "crop it to 4:5 to be safe, with the command in the finding";
    CAROUSEL_CROP = "IGS3106" "carousel-crop" Warning "all items of a carousel have the shape of the first: Instagram crops the others to it", kinds &[Carousel], page GUIDE, remedy "give the items one shape, or put another one first";
    IMAGE_WIDTH = "IGS3107" "image-width" Warning "a feed picture is 320 to 1,440 pixels wide; Instagram scales others", kinds &[Image, Carousel], limit "320 to 1,440 pixels", page CREATION, remedy "`igsync fix --write` scales it, `media.convert` too; or scale it yourself to decide how it looks";
    IMAGE_COLOUR = "IGS3108" "image-colour" Warning "a picture is in sRGB; Instagram converts others", kinds PICTURES, page CREATION, remedy "`igsync fix --write` converts it, `media.convert` too; or export it as sRGB to decide how it looks";
    GPS_POSITION = "IGS3109" "gps-position" Warning "a picture does not reveal where it was taken", kinds PICTURES, remedy "`igsync fix --write` makes a copy without it, `media.convert` too";
    COVER_CROP = "IGS3110" "cover-crop" Warning "a cover is 9:16: Instagram crops others around their middle", kinds &[Reel], limit "9:16", page CREATION, remedy "crop it yourself to decide what is seen, with the command in the finding";
    NOT_CONVERTED = "IGS3111" "not-converted" Error "with `media.convert`, a picture is one that igsync can convert: still, whole, and of at most 64 megapixels", kinds PICTURES, limit "67,108,864 pixels", remedy "export it as JPEG, or use the command in the finding";

    VIDEO_CONTAINER = "IGS3201" "video-container" Error "a video is MP4 or MOV", kinds VIDEOS, page CREATION, remedy "`ffmpeg -i IN -vf format=yuv420p,crop=iw:ih -r 30 -c:v libx264 -c:a aac -movflags +faststart OUT.mp4`";
    NO_VIDEO_TRACK = "IGS3202" "no-video-track" Error "a video has a video track", kinds VIDEOS, page CREATION, remedy "check what was exported";
    VIDEO_CODEC = "IGS3203" "video-codec" Error "a video is H.264 or HEVC", kinds VIDEOS, page CREATION, remedy "`ffmpeg -i IN -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    FRAME_RATE = "IGS3204" "frame-rate" Error "a video has 23 to 60 frames per second", kinds VIDEOS, limit "23 to 60 fps", page CREATION, remedy "`ffmpeg -i IN -r 30 -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    VIDEO_WIDTH = "IGS3205" "video-width" Error "a video is at most 1,920 pixels wide, as seen", kinds VIDEOS, limit "1,920 pixels", page CREATION, remedy "`ffmpeg -i IN -vf scale=1920:-2 -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    VIDEO_SHAPE = "IGS3206" "video-shape" Error "a reel is between 0.01:1 and 10:1, a story between 0.1:1 and 10:1", kinds VIDEOS, limit "0.01:1 (story 0.1:1) to 10:1", page CREATION, remedy "crop it with the command in the finding";
    VIDEO_DURATION = "IGS3207" "video-duration" Error "a reel has 3 seconds to 15 minutes, a story 3 to 60 seconds", kinds VIDEOS, limit "3 s to 15 min (story 60 s)", page CREATION, remedy "`ffmpeg -i IN -t SECONDS -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4` makes it shorter";
    VIDEO_TOO_LARGE = "IGS3208" "video-too-large" Error "a reel has at most 300 MiB, a story 100 MiB", kinds VIDEOS, limit "300 MiB (story 100 MiB)", page CREATION, remedy "encode it with a lower bit rate: the finding has the command";
    VIDEO_BIT_RATE = "IGS3209" "video-bit-rate" Warning "a video has at most 25 Mbit/s", kinds VIDEOS, limit "25,000,000 bit/s", page CREATION, remedy "`ffmpeg -i IN -maxrate 20M -bufsize 10M -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    CAROUSEL_VIDEO = "IGS3210" "carousel-video" Warning "a video in a carousel has at most 60 seconds and 100 MB: Meta documents no limits of its own for it", kinds &[Carousel], limit "60 s, 100,000,000 bytes", observed "Meta's pages lost this section; the older limits are the safe ones", remedy "shorten it, or make it a reel";
    AUDIO_CODEC = "IGS3211" "audio-codec" Error "the sound of a video is AAC", kinds VIDEOS, page CREATION, remedy "`ffmpeg -i IN -c:v copy -c:a aac -b:a 128k -movflags +faststart OUT.mp4`";
    AUDIO_RATE = "IGS3212" "audio-rate" Error "the sound of a video has at most 48 kHz", kinds VIDEOS, limit "48,000 Hz", page CREATION, remedy "`ffmpeg -i IN -c:v copy -c:a aac -ar 48000 -movflags +faststart OUT.mp4`";
    AUDIO_CHANNELS = "IGS3213" "audio-channels" Error "the sound of a video is mono or stereo", kinds VIDEOS, limit "2 channels", page CREATION, remedy "`ffmpeg -i IN -c:v copy -c:a aac -ac 2 -movflags +faststart OUT.mp4`";
    INDEX_LAST = "IGS3214" "index-last" Error "the index of a video (`moov`) comes before its data (`mdat`)", kinds VIDEOS, page CREATION, remedy "`igsync fix --write` moves it, with the same picture and sound";
    EDIT_LIST = "IGS3215" "edit-list" Error "a video is played from its start to its end, without an edit list that cuts", kinds VIDEOS, page CREATION, remedy "`ffmpeg -i IN -use_editlist 0 -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    FRAGMENTED = "IGS3216" "fragmented" Warning "a video is one piece, not made of fragments: Meta does not state whether it reads those", kinds VIDEOS, remedy "`ffmpeg -i IN -c copy -movflags +faststart OUT.mp4`";
    CHROMA = "IGS3217" "video-chroma" Error "the colours of a video are stored as 4:2:0", kinds VIDEOS, limit "4:2:0", page CREATION, remedy "`ffmpeg -i IN -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    THUMB_OFFSET = "IGS3218" "thumb-offset" Error "`thumb_offset` lies inside the video", kinds &[Reel, Carousel], limit "below the duration, in milliseconds", page ERRORS, remedy "choose a moment before the end";
    INTERLACED = "IGS3219" "interlaced" Error "a video is progressive: its frames are whole", kinds VIDEOS, page CREATION, remedy "`ffmpeg -i IN -vf yadif -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    OPEN_GROUP = "IGS3220" "open-gop" Warning "the groups of pictures of a video are closed: none depends on the one before", kinds VIDEOS, page CREATION, remedy "`ffmpeg -i IN -flags +cgop -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart OUT.mp4`";
    AUDIO_BIT_RATE = "IGS3221" "audio-bit-rate" Warning "the sound of a video has 128 kbit/s", kinds VIDEOS, limit "128,000 bit/s, a tenth more is treated as rounding", page CREATION, remedy "`ffmpeg -i IN -c:v copy -c:a aac -b:a 128k -movflags +faststart OUT.mp4`";
    SILENT_VOLUME = "IGS3222" "silent-video-volume" Warning "music over a silent video leaves `video_volume` at 0", kinds &[Reel], observed "such reels failed in processing with 2207082 in August and September 2026", remedy "set `video_volume: 0`";

    CONFIG_NOT_FOUND = "IGS4001" "config-not-found" Error "the configuration file that was named exists", remedy "check the path after --config";
    ACCOUNT_NAME = "IGS4002" "account-name" Error "an account's name has letters, digits, `-` and `_`", limit "64 characters", remedy "the name on Instagram goes into `username`";
    DUPLICATE_USER_ID = "IGS4003" "duplicate-user-id" Error "every account has a `user_id` of its own", remedy "keep one of the accounts: the name is only a label";
    DEFAULT_ACCOUNT = "IGS4004" "default-account" Error "`default_account` names an account", remedy "use a name from `accounts`";
    POSTS_FOLDER = "IGS4005" "posts-folder" Error "the folders in `posts` exist inside the content root", remedy "write a path relative to the content root";
    PRIVATE_REPOSITORY = "IGS4006" "private-repository" Error "`hosting: github` serves public repositories: Meta has no access to others", remedy "use object_store or command, or make the repository public";
    HOSTING_URL = "IGS4007" "hosting-url" Error "`hosting.url` is an https URL with known placeholders", remedy "use {path}, {commit}, {sha256} and {ext}";
    UNKNOWN_RULE = "IGS4008" "unknown-rule" Error "`rules` names rules of igsync that can be changed", remedy "rules of content (IGS2) and media (IGS3) can be changed";
    ENVIRONMENT = "IGS4009" "environment" Error "environment variables have usable values", remedy "correct or unset the variable";
    UNKNOWN_TIMEZONE = "IGS4010" "unknown-timezone" Error "time zones are IANA names", remedy "write a name such as Europe/Berlin";
    IDLE_FIT = "IGS4011" "idle-fit" Warning "`media.fit` belongs to `convert: true`: without it, only `igsync fix` follows it", remedy "add `convert: true` beside it, or remove `fit`";
    SCHEDULE = "IGS4012" "schedule" Error "`slots` are days of the week with a time, and `skip` lists dates", remedy "write \"Mon,Wed,Fri 18:00\", \"daily 09:30\", or 2026-12-24..2027-01-01";
}

/// Rules that say nothing unless `rules:` of the configuration gives them a severity.
pub static OFF_UNLESS_ASKED: &[&Rule] = &[&MISSING_ALT_TEXT];

/// Rules that compare a manifest with the configuration: without one that can be read they say nothing.
pub static ABOUT_CONFIGURED: &[&Rule] = &[
    &NO_MANIFESTS,
    &UNKNOWN_ACCOUNT,
    &NO_ACCOUNT,
    &UNKNOWN_HASHTAG_SET,
    &NO_TIMEZONE,
    &FACEBOOK_LOGIN_ONLY,
    &MAYBE_FACEBOOK_LOGIN_ONLY,
    &NO_HOSTING,
    &ALREADY_LATE,
];

/// The rule with this id or name.
#[must_use]
pub fn find(id_or_name: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id_or_name || rule.name == id_or_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique_and_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a.id < b.id), "ids ascend");
        let mut names: Vec<_> = ALL.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len(), "names are unique");
    }

    #[test]
    fn every_rule_says_what_to_do() {
        for rule in ALL {
            assert!(!rule.remedy.is_empty() && !rule.remedy.ends_with('.'), "{}", rule.id);
        }
    }
}
