//! igsync: Terraform's plan and apply, for Instagram.

pub mod apply;
pub mod cli;
pub mod commands;
pub mod config;
pub mod content;
pub mod engine;
pub mod exit;
pub mod files;
pub mod finding;
pub mod git;
pub mod graph;
pub mod hosting;
pub mod id;
pub mod lockfile;
pub mod manifest;
pub mod media;
pub mod net;
pub mod path;
pub mod plan;
pub mod port;
pub mod process;
pub mod report;
pub mod rules;
pub mod sandbox;
pub mod text;
pub mod yaml;
