//! OpenAI's embeddings, as numbers or as base64.
//! Format: <https://platform.openai.com/docs/api-reference/embeddings>; base64 holds little-endian 32-bit floats.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Trouble;
use crate::answer::Answer;
use crate::call::{Call, Tokens};
use crate::reply::words;

/// Enough to be told apart, short enough to be read.
const DIMENSIONS: u64 = 8;

pub(super) fn answer(call: &Call) -> Result<Answer, Trouble> {
    let inputs = inputs(call.field("input"));
    if inputs.is_empty() {
        return Err(Trouble::missing("input"));
    }
    if call.model.is_none() {
        return Err(Trouble::missing("model"));
    }
    let dimensions = call.field("dimensions").as_u64().unwrap_or(DIMENSIONS);
    let packed = call.field("encoding_format") == "base64";
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let vector = vector(&input.to_string(), dimensions);
            json!({"object": "embedding", "index": index, "embedding": if packed { base64(&vector) } else { json!(vector) }})
        })
        .collect();
    let tokens = Tokens { input: inputs.iter().map(|input| count(input)).sum(), output: 0 };
    let usage = json!({"prompt_tokens": tokens.input, "total_tokens": tokens.input});
    let body = json!({"object": "list", "data": data, "model": call.model(), "usage": usage});
    Ok(Answer::json(200, &body).using(tokens))
}

/// The texts or lists of tokens to embed: the input itself, or each of its members.
fn inputs(input: &Value) -> Vec<&Value> {
    match input {
        Value::Array(members) if !members.iter().all(Value::is_number) => members.iter().collect(),
        Value::Array(tokens) if tokens.is_empty() => Vec::new(),
        Value::String(_) | Value::Array(_) => vec![input],
        _ => Vec::new(),
    }
}

fn count(input: &Value) -> u64 {
    input.as_array().map_or_else(|| words(input.as_str().unwrap_or_default()), |tokens| tokens.len() as u64)
}

/// A direction that only the text decides, of length 1 as the real ones are.
fn vector(text: &str, dimensions: u64) -> Vec<f32> {
    let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| mixed(hash ^ u64::from(byte)));
    let raw: Vec<f32> = (0..dimensions)
        .map(|index| {
            let [low, high, ..] = mixed(seed.wrapping_add(index)).to_le_bytes();
            // Half a step beside zero, so that no vector is all zeros.
            f32::from(i16::from_le_bytes([low, high])) + 0.5
        })
        .collect();
    let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    raw.iter().map(|value| value / length).collect()
}

/// Spreads a change of any bit over all of them: a multiplication by 2^64 divided by the golden ratio, and a shift.
fn mixed(bits: u64) -> u64 {
    let product = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 29)
}

fn base64(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    STANDARD.encode(bytes).into()
}
