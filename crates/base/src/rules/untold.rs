//! What Meta asks for and files cannot tell, so that nobody takes a clean check for more than it is.

/// One demand that no rule checks.
#[derive(Debug)]
pub struct Untold {
    pub what: &'static str,
    /// Why files do not tell, and who does.
    pub why: &'static str,
}

const fn untold(what: &'static str, why: &'static str) -> Untold {
    Untold { what, why }
}

/// Everything in Meta's tables of parameters and media that is not in [`super::ALL`].
pub static UNTOLD: &[Untold] = &[
    untold("tagged accounts and collaborators exist, are public, accept", "only Instagram knows its accounts"),
    untold(
        "the Page behind `location_id` has a location",
        "Meta answers `INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID`",
    ),
    untold("products are approved and in the shop's catalogue", "Meta answers 100/2207037"),
    untold("sponsors are professional accounts", "Meta answers `INSTAGRAM_PLATFORM_API__INVALID_PARAM`"),
    untold("the track of `audio_configuration` exists and may be used", "Meta answers 100/9050 to 9064"),
    untold("the account may publish trial reels, and how many", "Meta answers 2207081 and 2207078"),
    untold("quota and container budget of the day", "`igsync plan` forecasts them, `igsync status` asks"),
    untold("media at a URL", "nothing is fetched to check; Meta reads them when the container is made"),
    untold("the host stays reachable while Meta fetches", "`igsync apply` looks right before it asks Meta to"),
    untold("damage in the middle of a picture or video", "headers, index and end are read, not every byte"),
    untold("a variable bit rate, and its peaks", "the index gives the average, and that is checked"),
    untold(
        "closed groups in HEVC, and in fragmented files",
        "only what the index marks (`stps`, `rap `) is seen; with H.264 the order of the pictures tells",
    ),
    untold(
        "whether H.264 that allows half-frames has any",
        "each picture says for itself; igsync warns, and `fiel` or HEVC's own flags are an error",
    ),
    untold("the profile of AAC", "Meta's table says AAC and no more"),
    untold("9:16, as Meta advises for reels and stories", "advice: other shapes are taken as they are"),
    untold(
        "what Meta counts as a character, hashtag or mention",
        "its pages do not say; igsync counts code points, and words behind `#` and `@`",
    ),
    untold("the length of a first comment", "Meta documents no limit"),
    untold("polls, comment prompts, title, filters, stickers, links", "manifests have no field for them"),
];
