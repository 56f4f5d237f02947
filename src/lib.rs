//! dlearn: an interactive Docker course in the terminal.

pub mod check;
pub mod cli;
pub mod cmd;
pub mod context;
pub mod course;
pub mod dockerfile;
pub mod engine;
pub mod evidence;
pub mod examine;
pub mod failure;
pub mod layers;
pub mod learner;
mod nearest;
pub mod report;
pub mod selfcheck;
pub mod term;
pub mod watching;

pub use nearest::nearest;
