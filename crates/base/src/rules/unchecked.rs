//! What Meta requires and files cannot show, so that a clean check is not mistaken for more than it is.

/// One demand that no rule checks.
#[derive(Debug)]
pub struct Unchecked {
    pub what: &'static str,
    /// Why files do not show it, and what does.
    pub why: &'static str,
}

const fn unchecked(what: &'static str, why: &'static str) -> Unchecked {
    Unchecked { what, why }
}

/// Everything in Meta's tables of parameters and media that is not in [`super::ALL`].
pub static UNCHECKED: &[Unchecked] = &[
    unchecked("tagged accounts and collaborators exist, are public, accept", "only Instagram knows its accounts"),
    unchecked("the Page of `location_id` has a location", "Meta answers `INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID`"),
    unchecked("products are approved and in the shop's catalogue", "Meta answers 100/2207037"),
    unchecked("sponsors are professional accounts", "Meta answers `INSTAGRAM_PLATFORM_API__INVALID_PARAM`"),
    unchecked("the track of `audio_configuration` exists and may be used", "Meta answers 100/9050 to 9064"),
    unchecked("the account may publish trial reels, and how many", "Meta answers 2207081 and 2207078"),
    unchecked("quota and container budget of the day", "`igsync plan` forecasts them, `igsync status` asks"),
    unchecked("media at a URL", "nothing is fetched to check; Meta reads them when the container is created"),
    unchecked("the host stays reachable while Meta fetches", "`igsync apply` checks right before it asks Meta to"),
    unchecked("damage in the middle of a picture or video", "headers, index and end are read, not every byte"),
    unchecked("a variable bit rate, and its peaks", "the index gives the average, and that is checked"),
    unchecked(
        "closed groups in HEVC, and in fragmented files",
        "only what the index marks (`stps`, `rap `) is seen; with H.264 the order of the pictures shows it",
    ),
    unchecked(
        "whether H.264 that allows half-frames has any",
        "only each picture shows it; igsync warns, and `fiel` or HEVC's own flags are an error",
    ),
    unchecked("the profile of AAC", "Meta's table says AAC, without a profile"),
    unchecked("9:16, as Meta advises for reels and stories", "advice: other shapes are accepted"),
    unchecked(
        "what Meta counts as a character, hashtag or mention",
        "its pages do not define it; igsync counts code points, and words after `#` and `@`",
    ),
    unchecked("the length of a first comment", "Meta documents no limit"),
    unchecked("polls, comment prompts, title, filters, stickers, links", "manifests have no field for them"),
];
