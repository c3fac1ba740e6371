//! Every refusal the sandbox can utter, as data: code, subcode, words.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/error-codes>

#![expect(clippy::unreadable_literal, reason = "subcodes are searched for as Meta writes them")]

use serde_json::{Value, json};

/// One row of the error table.
#[derive(Debug)]
pub(crate) struct Row {
    /// How tests, faults and switches call it.
    pub(crate) name: &'static str,
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    /// The HTTP status; no meaning may be derived from it.
    pub(crate) http: u16,
    pub(crate) message: &'static str,
    /// Title and text for people.
    pub(crate) user: Option<(&'static str, &'static str)>,
}

macro_rules! rows {
    ($($name:ident = $code:literal $(/ $subcode:literal)?, $http:literal, $message:literal $(, $title:literal: $text:literal)?;)*) => {
        $(pub(crate) static $name: Row = Row {
            name: stringify!($name),
            code: $code,
            subcode: rows!(@option $($subcode)?),
            http: $http,
            message: $message,
            user: rows!(@option $(($title, $text))?),
        };)*
        /// All rows.
        pub(crate) static ALL: &[&Row] = &[$(&$name),*];
    };
    (@option) => { None };
    (@option $value:expr) => { Some($value) };
}

rows! {
    DOWNLOAD_TIMEOUT = -2/2207003, 400, "The media took too long to download", "Timeout": "The media could not be downloaded in time.";
    CONTAINER_EXPIRED = -2/2207020, 400, "The media has expired", "Media expired": "The media you are trying to publish has expired.";
    SERVER = -1/2207001, 500, "An unknown error has occurred.", "Instagram server error": "Please try again later.";
    CREATION_FAILED = -1/2207032, 400, "Create media fail, please try to re-create media", "Create media fail": "Please try to create the media again.";
    UPLOAD_UNKNOWN = -1/2207053, 400, "Unknown upload error", "Unknown upload error": "The video could not be uploaded.";
    DELETE_FATAL = -1/2207085, 400, "Fatal", "Cannot delete": "The media could not be deleted.";
    DELETE_UNSUPPORTED = -1/2207073, 400, "Fatal", "Cannot delete": "This kind of media cannot be deleted.";
    UNKNOWN = 1, 500, "An unknown error occurred";
    THUMB_OFFSET = 1/2207057, 400, "Invalid parameter", "Thumbnail offset": "The thumbnail offset must lie inside the video.";
    SERVICE_DOWN = 2, 503, "Service temporarily unavailable";
    NO_CAPABILITY = 3, 400, "(#3) Application does not have the capability to make this API call.";
    APP_THROTTLED = 4, 400, "(#4) Application request limit reached";
    SPAM = 4/2207051, 400, "Application request limit reached", "Action is blocked": "We restrict certain activity to protect our community.";
    QUOTA = 9/2207042, 400, "User is performing too many actions", "Limit reached": "You have reached the maximum number of posts that can be published by the API.";
    CONTAINER_BUDGET = 9, 400, "(#9) User is performing too many actions: too many media containers were created in 24 hours";
    TRIAL_LIMIT = 9/2207078, 400, "User is performing too many actions", "Trial reels": "You have reached the maximum number of trial reels.";
    PERMISSION = 10, 403, "(#10) Application does not have permission for this action";
    SPONSOR_PERMISSION = 10, 403, "INSTAGRAM_PLATFORM_API__PERMISSION";
    FEW_VIEWERS = 10, 403, "(#10) Not enough viewers for the media to show insights";
    USER_THROTTLED = 17, 400, "(#17) User request limit reached";
    CONTAINER_NOT_FOUND = 24/2207006, 400, "The requested resource does not exist", "Media not found": "The media with this creation ID cannot be found.";
    CONTAINER_GONE = 24/2207008, 400, "The requested resource does not exist", "Media builder expired": "The media builder with this creation ID does not exist or has been expired.";
    RESTRICTED = 25/2207050, 400, "The Instagram account is restricted", "Account restricted": "Sign in to the Instagram app and complete any required action.";
    PAGES_THROTTLED = 32, 400, "(#32) Page request limit reached";
    PARAMETER = 100, 400, "(#100) Invalid parameter";
    NONEXISTENT = 100/33, 400, "Unsupported request. Object does not exist, cannot be loaded due to missing permissions, or does not support this operation";
    BEFORE_PROFESSIONAL = 100/2108006, 400, "Invalid parameter", "Media posted before business account conversion": "The media was posted before the account was converted to a business account.";
    MEDIA_TYPE = 100/2207023, 400, "Invalid parameter", "Unknown media type": "The media type is unknown.";
    CAROUSEL_SIZE = 100/2207028, 400, "Invalid parameter", "Carousel": "A carousel needs at least 2 and at most 10 items.";
    PRODUCT_TAG_POSITION = 100/2207035, 400, "Invalid parameter", "Product tag": "Product tags of a video take no position.";
    PRODUCT_TAG_NO_POSITION = 100/2207036, 400, "Invalid parameter", "Product tag": "Product tags of a photo need a position.";
    PRODUCT_TAG = 100/2207037, 400, "Invalid parameter", "Product tag": "A product tag is invalid.";
    TOO_MANY_TAGS = 100/2207040, 400, "Invalid parameter", "Too many tags": "At most 20 @ tags are allowed.";
    LOCATION = 100, 400, "INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID";
    SPONSOR = 100, 400, "INSTAGRAM_PLATFORM_API__INVALID_PARAM";
    TRIAL_INELIGIBLE = 100/2207081, 400, "Invalid parameter", "Trial reels": "This account cannot publish trial reels.";
    AUDIO_TYPE = 100/9050, 400, "Invalid parameter", "Audio": "The parameter audio_type must be music or original_sound.";
    AUDIO_USER = 100/9051, 400, "Invalid parameter", "Audio": "The parameter user_id must be an Instagram account of yours.";
    SESSION = 102, 400, "(#102) Session key invalid or no longer valid";
    NO_TOKEN = 104, 400, "An access token is required to request this resource.";
    TOKEN_UNREADABLE = 190, 401, "Invalid OAuth access token - Cannot parse access token";
    TOKEN_NOT_INSTALLED = 190/458, 400, "Error validating access token: The user has not authorized application.";
    TOKEN_CHECKPOINT = 190/459, 400, "Error validating access token: You cannot access the app till you log in and follow the instructions given.";
    TOKEN_PASSWORD = 190/460, 400, "Error validating access token: The session has been invalidated because the user changed the password.";
    TOKEN_EXPIRED = 190/463, 400, "Error validating access token: Session has expired.";
    TOKEN_UNCONFIRMED = 190/464, 400, "Error validating access token: The user is not confirmed.";
    TOKEN_REVOKED = 190/467, 400, "Error validating access token: The session is invalid because the user logged out.";
    TOKEN_PAGE_ROLE = 190/492, 400, "Error validating access token: The user has no role on the Page any more.";
    BLOCKED = 200, 403, "API access blocked.";
    ACTION_LIMIT = 341, 400, "(#341) Feed action request limit reached";
    VIDEO_FORMAT = 352/2207026, 400, "The video format is not supported", "Video format": "The video format is not supported. Please check the video specifications.";
    POLICY = 368, 400, "The action attempted has been deemed abusive or is otherwise disallowed";
    DUPLICATE = 506, 400, "(#506) Duplicate status message";
    CALL_LIMIT = 613, 400, "(#613) Calls to this api have exceeded the rate limit.";
    ALIAS = 803, 404, "(#803) Some of the aliases you requested do not exist";
    BAD_REQUEST = 2500, 400, "Unknown path components";
    FETCH = 9004/2207052, 400, "Only photo or video can be accepted as media type.", "The media could not be fetched": "The media could not be fetched from this URI.";
    NOT_READY = 9007/2207027, 400, "Media ID is not available", "Media not ready": "The media is not ready for publishing, please wait for a moment.";
    UNAVAILABLE = 9009, 400, "(#9009) The Instagram user is not available";
    IMAGE_TOO_LARGE = 36000/2207004, 400, "The image size is too large", "Image too large": "The image is larger than 8 MiB.";
    IMAGE_FORMAT = 36001/2207005, 400, "The image format is not supported", "Image format": "The image format is not supported.";
    ASPECT_RATIO = 36003/2207009, 400, "The aspect ratio is not supported", "Aspect ratio": "The submitted image's aspect ratio is not supported.";
    CAPTION_TOO_LONG = 36004/2207010, 400, "The caption was too long", "Caption too long": "The caption is longer than 2,200 characters.";
    PAGE_THROTTLED = 80001, 400, "(#80001) There have been too many calls to this Page account. Wait a bit and try again.";
    THROTTLED = 80002, 400, "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.";
}

/// Subcodes that appear only in the `status` of a failed container, with what they are known to mean.
pub(crate) static PROCESSING: &[(i64, &str)] = &[
    (2207076, "The upload of the media failed."),
    (2207077, "The video could not be downloaded."),
    (2207082, "The video could not be processed; it may be too large."),
    (2207085, "The video could not be processed."),
];

/// Why a container failed, in words for people.
pub(crate) fn reason(subcode: i64) -> Option<&'static str> {
    let row = || ALL.iter().find(|row| row.subcode == Some(subcode))?.user.map(|(_, text)| text);
    PROCESSING.iter().find(|(known, _)| *known == subcode).map(|(_, text)| *text).or_else(row)
}

/// Of a batch; the one refusal with a type of its own and no documented code.
pub(crate) const TOO_MANY_CALLS: &str = "Too many requests in batch message. Maximum batch size is 50";

/// A row with the words that this one answer needs.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    pub(crate) http: u16,
    pub(crate) message: String,
    pub(crate) user: Option<(String, String)>,
    /// In the shape of the code exchange, which knows no envelope.
    pub(crate) flat: bool,
}

impl From<&Row> for Refusal {
    fn from(row: &Row) -> Self {
        Self {
            code: row.code,
            subcode: row.subcode,
            http: row.http,
            message: row.message.to_owned(),
            user: row.user.map(|(title, text)| (title.to_owned(), text.to_owned())),
            flat: false,
        }
    }
}

impl Row {
    /// The same refusal in other words.
    pub(crate) fn because(&'static self, message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), ..self.into() }
    }
}

impl Refusal {
    /// The row for this code and subcode, or one without known words.
    pub(crate) fn of(code: i64, subcode: Option<i64>) -> Self {
        match ALL.iter().find(|row| row.code == code && row.subcode == subcode) {
            Some(row) => (*row).into(),
            None => Self { code, subcode, http: 400, message: format!("(#{code}) Error"), user: None, flat: false },
        }
    }

    /// A parameter that is wrong.
    pub(crate) fn parameter(message: impl std::fmt::Display) -> Self {
        PARAMETER.because(format!("(#100) {message}"))
    }

    /// An id that leads nowhere, or nowhere this token may go.
    pub(crate) fn nonexistent(verb: &str, id: &str) -> Self {
        NONEXISTENT.because(format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation"
        ))
    }

    /// With the texts for people in another language than English.
    pub(crate) fn localised(self) -> Self {
        let user =
            self.user.map(|_| ("Es ist ein Fehler aufgetreten".into(), "Bitte versuche es später noch einmal.".into()));
        Self { user, ..self }
    }

    /// Meta's envelope.
    pub(crate) fn body(&self, trace: &str) -> Value {
        if self.flat {
            let message = self.message.trim_start_matches("(#100) ");
            return json!({ "error_type": "OAuthException", "code": 400, "error_message": message });
        }
        let kind = match (self.code, self.subcode) {
            (100, Some(33)) => "GraphMethodException",
            _ if self.message == TOO_MANY_CALLS => "GraphBatchException",
            _ => "OAuthException",
        };
        let mut error = json!({ "message": self.message, "type": kind, "code": self.code });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        // False even on errors that clear by themselves, as observed.
        error["is_transient"] = (self.code == 2).into();
        if let Some((title, text)) = &self.user {
            error["error_user_title"] = title.as_str().into();
            error["error_user_msg"] = text.as_str().into();
        }
        error["fbtrace_id"] = trace.into();
        json!({ "error": error })
    }
}
