//! provider

#[allow(dead_code, reason = "the road that calls it is being laid")]
pub(crate) mod catalogue;
