//! dlearn: an interactive Docker course in the terminal.

pub mod check;
pub mod context;
pub mod course;
pub mod dockerfile;
pub mod evidence;
mod nearest;

pub use nearest::nearest;
