//! dlearn: an interactive Docker course in the terminal.

pub mod check;
pub mod course;
pub mod evidence;
pub mod learner;
mod nearest;

pub use nearest::nearest;
