//! dlearn: an interactive Docker course in the terminal.

pub mod check;
pub mod context;
pub mod course;
pub mod dockerfile;
pub mod engine;
pub mod evidence;
pub mod examine;
pub mod failure;
pub mod layers;
mod nearest;
pub mod report;
pub mod term;

pub use nearest::nearest;
