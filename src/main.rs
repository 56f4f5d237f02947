//! dlearn: parse, run, exit.
fn main() {}
