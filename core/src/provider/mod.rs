//! provider

#[allow(dead_code, reason = "the road that calls it is being laid")]
mod anthropic;
#[allow(dead_code, reason = "the road that calls it is being laid")]
pub(crate) mod catalogue;
#[allow(dead_code, reason = "the road that calls it is being laid")]
mod completion;
#[allow(dead_code, reason = "the road that calls it is being laid")]
mod model;
#[allow(dead_code, reason = "the road that calls it is being laid")]
mod object;
#[allow(dead_code, reason = "the road that calls it is being laid")]
mod text;
#[allow(dead_code, reason = "the road that calls it is being laid")]
mod translate;

#[allow(unused_imports, reason = "the road that calls it is being laid")]
pub(crate) use model::{read_model, split_model, with_model};
#[allow(unused_imports, reason = "the road that calls it is being laid")]
pub(crate) use translate::{Change, StreamDecoder, Translated, Translation, Untranslatable, translation};
