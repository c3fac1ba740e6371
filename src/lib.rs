//! igsync: Terraform's plan and apply, for Instagram.

pub mod cli;
pub mod commands;
pub mod engine;
pub mod exit;
pub mod git;
pub mod hosting;
pub mod process;
pub mod report;
pub mod session;
