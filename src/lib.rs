//! dlearn: an interactive Docker course in the terminal.

pub mod check;
pub mod course;
pub mod evidence;
mod nearest;
pub mod term;

pub use nearest::nearest;
