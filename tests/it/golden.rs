//! What igsync writes and answers, kept as files: a change of its inside changes none of them.
//!
//! A story runs commands of the real binary against a sandbox. What they wrote is compared with two committed
//! files of the story's name:
//!
//! - `golden/NAME.snap`: exit codes, plans and events as JSON, every version of `igsync.lock`, and what is live
//!   in the end. This changes only where the contract does.
//! - `golden/wording/NAME.snap`: the digests of the plans and the texts for people, in their order.
//!
//! Ids and times differ from run to run and are replaced by names, never whole lines. After a change that is meant:
//! `INSTA_UPDATE=always cargo test --test it golden`, then read the difference.

mod by_hand;
mod names;
mod old_records;
mod planning;
mod publishing;
mod resuming;
mod story;
mod trouble;
