//! The rows. Meanings and remedies are ours; numbers are Meta's, or observed where marked.

use super::{Class, Known, Source};

const ERRORS: &str =
    "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/error-codes";
const GRAPH: &str = "https://developers.facebook.com/docs/graph-api/guides/error-handling/";
const LIMITS: &str = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting";
const MEDIA: &str = "https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media";
const PUBLISHING: &str = "https://developers.facebook.com/documentation/instagram-platform/content-publishing";
const INSIGHTS: &str =
    "https://developers.facebook.com/documentation/instagram-platform/reference/instagram-media/insights";
const AUDIO: &str = "https://developers.facebook.com/documentation/instagram-platform/content-publishing/audio-api";

const SAME_LATER: &str = "nothing to do: a later run tries again";
const CHECK_TOKEN: &str = "get a new token with `igsync auth login` and check its permissions";
const CHECK_HOST: &str =
    "check that the URL answers Meta's crawler without redirect, login or robots.txt rule, then run igsync again";
const OTHER_VIDEO: &str = "encode the video again (H.264, AAC, moov first) and change the manifest's file";
const SLOW_DOWN: &str = "wait until the window has passed: every further call extends it";

const BASE: Known = Known {
    code: None,
    subcode: None,
    name: None,
    meaning: "",
    class: Class::Unknown,
    account_level: false,
    remedy: "",
    source: Source::Documented,
    page: ERRORS,
};

/// One of Instagram's own errors.
const fn row(code: i64, subcode: i64, class: Class, meaning: &'static str, remedy: &'static str) -> Known {
    Known { code: Some(code), subcode: Some(subcode), class, meaning, remedy, ..BASE }
}

/// One of the Graph API's errors, whatever the subcode.
const fn code(code: i64, class: Class, meaning: &'static str, remedy: &'static str) -> Known {
    Known { code: Some(code), class, meaning, remedy, page: GRAPH, ..BASE }
}

/// Seen in a container's `status`, where no code is beside the subcode.
const fn seen(subcode: i64, class: Class, meaning: &'static str, remedy: &'static str) -> Known {
    Known { subcode: Some(subcode), class, meaning, remedy, source: Source::Observed, ..BASE }
}

const fn named(name: &'static str, class: Class, meaning: &'static str, remedy: &'static str) -> Known {
    Known { name: Some(name), class, meaning, remedy, ..BASE }
}

impl Known {
    const fn account(self) -> Self {
        Self { account_level: true, ..self }
    }

    const fn on(self, page: &'static str) -> Self {
        Self { page, ..self }
    }

    const fn because(self, subcode: i64) -> Self {
        Self { subcode: Some(subcode), ..self }
    }
}

/// 9050 to 9064 are subcodes of 100.
const fn audio(subcode: i64) -> Known {
    let remedy = "check audio_configuration in the manifest";
    row(100, subcode, Class::FixContent, "the audio settings are not valid", remedy).on(AUDIO)
}

const fn throttle(number: i64, meaning: &'static str) -> Known {
    code(number, Class::QuotaWait, meaning, SLOW_DOWN).account().on(LIMITS)
}

const fn token(subcode: i64, class: Class, meaning: &'static str, remedy: &'static str) -> Known {
    code(190, class, meaning, remedy).because(subcode).account()
}

/// 200 to 299, each a permission of its own.
const PERMISSION_ROW: Known = code(
    200,
    Class::FixToken,
    "a permission is not granted, or Meta blocked the app",
    "grant the app its publishing permissions with `igsync auth login`, and check the app's dashboard",
)
.account();

/// Stands for every code of its range.
pub(super) static PERMISSION: Known = PERMISSION_ROW;

pub(super) static UNKNOWN: Known = Known {
    meaning: "an error that igsync does not know",
    remedy: "look the code up on Meta's page, then run igsync again",
    ..BASE
};

/// Sorted by code, then subcode; rows without a code last.
#[rustfmt::skip]
pub(super) static KNOWN: &[Known] = &[
    row(-2, 2_207_003, Class::Retry, "Meta could not download the media in time", CHECK_HOST),
    row(-2, 2_207_020, Class::NewContainer, "the container has expired", SAME_LATER),
    row(-1, 2_207_001, Class::Retry, "Instagram's server had an error", SAME_LATER),
    row(-1, 2_207_032, Class::NewContainer, "the container could not be created", SAME_LATER),
    row(-1, 2_207_053, Class::NewContainer, "the video upload failed", SAME_LATER),
    row(-1, 2_207_073, Class::Human, "this kind of media cannot be deleted by the API", "delete it in the Instagram app").on(MEDIA),
    code(1, Class::Retry, "an unknown error that may be temporary", SAME_LATER),
    row(1, 2_207_057, Class::FixContent, "thumb_offset lies outside the video", "set a thumb_offset below the video's length in milliseconds"),
    code(2, Class::Retry, "the service is down for the moment", SAME_LATER),
    code(3, Class::FixToken, "the app may not use this method", "add the Instagram product and its permissions to the app in its dashboard"),
    throttle(4, "the app has sent too many calls"),
    row(4, 2_207_051, Class::Human, "Instagram treated the action as spam", "check in the Instagram app whether the post is live, and publish nothing more today").account(),
    row(9, 2_207_042, Class::QuotaWait, "the account's publishing quota is used up", "wait: the rest goes out on a later run, as old posts leave the 24 hour window").account(),
    code(10, Class::FixToken, "the app lacks a permission, or it was revoked", CHECK_TOKEN).account(),
    throttle(17, "the user has sent too many calls"),
    code(24, Class::NewContainer, "the media or container does not exist", SAME_LATER),
    row(24, 2_207_006, Class::NewContainer, "the media or container cannot be found", "check that the token belongs to the account that made it; a later run creates a new container"),
    row(24, 2_207_008, Class::WaitSame, "the container is missing or expired, perhaps only for the moment", SAME_LATER),
    code(25, Class::Human, "the account is restricted", "sign in to the Instagram app and do what it asks for").account().on(ERRORS),
    row(25, 2_207_050, Class::Human, "the account is restricted, inactive or held at a checkpoint", "sign in to the Instagram app and do what it asks for").account(),
    throttle(32, "the Page has had too many calls"),
    code(100, Class::FixContent, "a parameter is not valid", "read Meta's message for the name of the parameter"),
    code(100, Class::Unknown, "the object does not exist, may not be read, or cannot do this", "check that the token belongs to this account; fresh objects can be unreadable for hours").because(33),
    audio(9050), audio(9051), audio(9052), audio(9053), audio(9054), audio(9055), audio(9056), audio(9057),
    audio(9058), audio(9059), audio(9060), audio(9061), audio(9062), audio(9063), audio(9064),
    code(100, Class::Human, "the post is from before its account was professional", "nothing: such a post has no insights, and never gets any").because(2_108_006).on(INSIGHTS),
    row(100, 2_207_023, Class::FixContent, "the media type is not known", "check the manifest's kind"),
    row(100, 2_207_028, Class::FixContent, "a carousel needs 2 to 10 items", "add or remove items"),
    row(100, 2_207_035, Class::FixContent, "a product tag on a video has a position", "remove x and y from the video's product tags"),
    row(100, 2_207_036, Class::FixContent, "a product tag on a photo has no position", "give the product tag x and y"),
    row(100, 2_207_037, Class::FixContent, "a product tag names no product that may be tagged", "check the product id and the shop's approval"),
    row(100, 2_207_040, Class::FixContent, "more than 20 accounts are tagged", "remove tags until 20 are left"),
    code(102, Class::FixToken, "the session is not valid", CHECK_TOKEN).account(),
    code(104, Class::FixToken, "the signature of the request is wrong", "check IGSYNC_APP_SECRET against the app's dashboard"),
    code(190, Class::FixToken, "the token is not valid for this host, or belongs to the other login", CHECK_TOKEN).account(),
    token(458, Class::FixToken, "the user has removed the app", CHECK_TOKEN),
    token(459, Class::Human, "the user is held at a checkpoint", "sign in to Facebook or Instagram and do what it asks for"),
    token(460, Class::FixToken, "the password was changed", CHECK_TOKEN),
    token(463, Class::FixToken, "the token has expired", CHECK_TOKEN),
    token(464, Class::Human, "the user is not confirmed", "sign in to Facebook and confirm the account"),
    token(467, Class::FixToken, "the token was revoked", CHECK_TOKEN),
    token(492, Class::FixToken, "the user has lost the role on the Page", "restore the Page role, then get a new token"),
    PERMISSION_ROW,
    throttle(341, "the app or account has reached a limit"),
    row(352, 2_207_026, Class::FixContent, "the video's format is not supported", OTHER_VIDEO),
    code(368, Class::Human, "the action is blocked as abusive or against the rules", "check the Instagram app for a notice, and wait a long time").account(),
    code(506, Class::FixContent, "the same post was published just before", "change the caption or the media"),
    throttle(613, "a limit on calls was reached"),
    throttle(613, "the calls were too irregular").because(1996),
    code(803, Class::FixContent, "an id or name is not known", "check the ids in the manifest and the configuration"),
    code(2500, Class::FixContent, "the request could not be parsed", "check the ids in the manifest and the configuration"),
    row(9004, 2_207_052, Class::Retry, "Meta could not fetch the media, or what it got is no photo or video", CHECK_HOST),
    row(9007, 2_207_027, Class::WaitSame, "the media is not ready yet", SAME_LATER),
    code(9009, Class::Human, "the Instagram account is not available", "sign in to the Instagram app and check the account"),
    row(36_000, 2_207_004, Class::FixContent, "the image is larger than 8 MiB", "save the image smaller"),
    row(36_001, 2_207_005, Class::FixContent, "the image's format is not supported", "save the image as JPEG"),
    row(36_003, 2_207_009, Class::FixContent, "the aspect ratio is outside 4:5 to 1.91:1", "crop or pad the image"),
    row(36_004, 2_207_010, Class::FixContent, "the caption is too long", "cut the caption to 2,200 characters, 30 hashtags and 20 mentions"),
    throttle(80_001, "the Page has had too many calls"),
    throttle(80_002, "the Instagram account has had too many calls"),
    named("INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID", Class::FixContent, "the location is not a Page with an address", "use a location_id of a Page that has a location"),
    named("INSTAGRAM_PLATFORM_API__INVALID_PARAM", Class::FixContent, "the branded content settings are not valid", "check branded_content_sponsor_ids and is_paid_partnership").on(PUBLISHING),
    named("INSTAGRAM_PLATFORM_API__PERMISSION", Class::FixContent, "the account may not publish branded content with this sponsor", "ask the sponsor to allow the account").on(PUBLISHING),
    seen(2_207_076, Class::NewContainer, "the media upload failed", SAME_LATER),
    seen(2_207_077, Class::NewContainer, "Meta could not download the video", CHECK_HOST),
    seen(2_207_078, Class::QuotaWait, "the limit of trial reels is reached", "wait a day, or publish without trial_params"),
    seen(2_207_081, Class::FixContent, "the account may not publish trial reels", "remove trial_params"),
    seen(2_207_082, Class::NewContainer, "the video could not be processed", "try a smaller file, and video_volume 0 when audio is added to a silent video"),
    seen(2_207_085, Class::NewContainer, "the video could not be processed", OTHER_VIDEO),
];
