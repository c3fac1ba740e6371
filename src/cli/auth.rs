//! `igsync auth` and what its commands take.

use clap::{Args, Subcommand, ValueEnum};

use super::OutputFormat;

#[derive(Debug, Subcommand)]
pub enum Auth {
    /// Guide you step by step to a working token
    Login(AuthLogin),
    /// Exchange a short-lived token for one of about 60 days; stdout gets only the new token
    Exchange(AuthToken),
    /// Renew a long-lived token before it expires; stdout gets only the new token
    Refresh(AuthToken),
    /// Check tokens: validity, days left, permissions held and missing
    Inspect(AuthInspect),
    /// List the Instagram accounts that a token reaches, and their ids
    Accounts(AuthAccounts),
}

#[derive(Debug, Args)]
pub struct AuthLogin {
    /// The account of igsync.yaml that the token is for
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Meta's login to use, instead of the configured one
    #[arg(long, value_name = "LOGIN")]
    pub login: Option<LoginArg>,
    /// Sign in through the browser; the app's dashboard must list this address as a redirect URI
    #[arg(long, value_name = "URL")]
    pub redirect_uri: Option<String>,
    /// Print a new token even to a terminal
    #[arg(long)]
    pub show: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoginArg {
    Instagram,
    Facebook,
}

#[derive(Debug, Args)]
pub struct AuthToken {
    /// The account whose token it is
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Print the new token even to a terminal
    #[arg(long)]
    pub show: bool,
}

#[derive(Debug, Args)]
pub struct AuthInspect {
    /// Only these accounts
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    /// Exit 9 when a token has fewer days left
    #[arg(long, value_name = "N")]
    pub min_days: Option<u32>,
    /// The format of the report on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}

#[derive(Debug, Args)]
pub struct AuthAccounts {
    /// The account whose token it is
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// The format of the list on stdout
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: OutputFormat,
}
