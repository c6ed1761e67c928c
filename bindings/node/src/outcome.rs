//! What a native call returns, or hands over later.

use bytes::Bytes;
use napi::bindgen_prelude::{BufferSlice, Null, ToNapiValue, sys};
use napi::{Env, Result};

use crate::answer::Answer;
use crate::errors::Failure;

/// The end of a call, or the number under which it will be handed over.
pub enum Outcome {
    /// A number: the call goes on.
    Pending(u32),
    /// An array.
    Answer(Answer),
    /// A buffer with all chunks that have come.
    Chunks(Vec<Bytes>),
    /// JSON text.
    Text(String),
    /// `null`: done, with nothing to say; the end of a body.
    Nothing,
    /// An object with `code`.
    Failure(Failure),
}

impl Outcome {
    /// JSON text of `value`, or its error.
    pub fn json<T: serde::Serialize>(value: std::result::Result<T, tollhouse::Error>) -> Self {
        match value {
            Ok(value) => match serde_json::to_string(&value) {
                Ok(text) => Self::Text(text),
                Err(_) => Self::Failure(Failure::of_panic()),
            },
            Err(error) => error.into(),
        }
    }
}

impl From<tollhouse::Error> for Outcome {
    fn from(error: tollhouse::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl ToNapiValue for Outcome {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        // SAFETY: `env` is the live environment that the caller vouches for; each part is passed on to it as it is.
        unsafe {
            match value {
                Self::Pending(id) => ToNapiValue::to_napi_value(env, id),
                Self::Answer(answer) => ToNapiValue::to_napi_value(env, answer),
                Self::Chunks(chunks) => Chunk::to_napi_value(env, Chunk::joined(chunks)),
                Self::Text(text) => ToNapiValue::to_napi_value(env, text),
                Self::Nothing => ToNapiValue::to_napi_value(env, Null),
                Self::Failure(failure) => ToNapiValue::to_napi_value(env, failure),
            }
        }
    }
}

/// Bytes that become a `Buffer`.
pub struct Chunk(pub Bytes);

impl Chunk {
    fn joined(mut chunks: Vec<Bytes>) -> Self {
        if chunks.len() == 1 {
            return Self(chunks.remove(0));
        }
        Self(chunks.concat().into())
    }
}

impl ToNapiValue for Chunk {
    /// Copies: for the sizes of answers and events that is cheaper than a finaliser for memory of ours.
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        let environment = Env::from_raw(env);
        let buffer = BufferSlice::copy_from(&environment, value.0)?;
        // SAFETY: `env` is the live environment that the caller vouches for, and the buffer was just made in it.
        unsafe { ToNapiValue::to_napi_value(env, &buffer) }
    }
}
