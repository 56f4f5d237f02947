//! dlearn: an interactive Docker course in the terminal.

pub mod check;
pub mod course;
pub mod engine;
pub mod evidence;
mod nearest;

pub use nearest::nearest;
