//! The tollhouse command.
fn main() {}
