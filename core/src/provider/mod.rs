//! What is known of providers: who they are, where and how they are called, and how a chat in OpenAI's shape is carried
//! to one of another format. Data and pure translation; the road decides when to use them.

mod anthropic;
pub(crate) mod catalogue;
mod completion;
mod model;
mod object;
mod text;
mod translate;

pub(crate) use catalogue::{Catalogue, Provider};
pub(crate) use model::{split_model, with_model};
pub(crate) use translate::{Change, StreamDecoder, Translation, translation};
