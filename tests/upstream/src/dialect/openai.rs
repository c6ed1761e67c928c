//! OpenAI's errors, files, transcriptions and models.
//! Formats: <https://platform.openai.com/docs/api-reference/files>, `/audio/createTranscription`, `/models`, and
//! <https://platform.openai.com/docs/guides/error-codes>.

use serde_json::{Value, json};

use super::Trouble;
use crate::answer::Answer;
use crate::call::{Call, Tokens};
use crate::form::{File, Form};
use crate::reply::{echo, words};

/// Every object was made at the same time, 2026-01-01T00:00:00Z, so that answers are the same in every run.
pub(super) const CREATED: u64 = 1_767_225_600;

/// 16 kHz, 16 bits, one channel: how many bytes are taken for a second of sound.
const BYTES_PER_SECOND: usize = 32_000;

pub(super) fn error(trouble: &Trouble, message: &str) -> (u16, Value) {
    let status = trouble.status();
    let kind = match status {
        429 => "requests",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    let code = match (trouble, status) {
        (Trouble::WrongKey, _) => Some("invalid_api_key"),
        (Trouble::UnknownModel, _) => Some("model_not_found"),
        (Trouble::UnknownPath, _) => Some("unknown_url"),
        (_, 429) => Some("rate_limit_exceeded"),
        _ => None,
    };
    let field = if let Trouble::Invalid { field, .. } = trouble { Some(*field) } else { None };
    (status, json!({"error": {"message": message, "type": kind, "param": field, "code": code}}))
}

pub(super) fn upload(call: &Call) -> Result<Answer, Trouble> {
    let (form, file) = file(call)?;
    let purpose = form.fields.get("purpose").ok_or_else(|| Trouble::missing("purpose"))?;
    let object = json!({
        "id": format!("file-upstream-{}", call.n), "object": "file", "bytes": file.bytes, "created_at": CREATED,
        "expires_at": null, "filename": file.filename, "purpose": purpose, "status": "processed", "status_details": null,
    });
    Ok(Answer::json(200, &object))
}

pub(super) fn transcription(call: &Call) -> Result<Answer, Trouble> {
    let (form, file) = file(call)?;
    let text = echo(call, &format!("{} ({} bytes)", file.filename, file.bytes));
    if form.fields.get("response_format").is_some_and(|format| format == "text") {
        return Ok(Answer::whole(200, "text/plain; charset=utf-8", format!("{text}\n")));
    }
    let seconds = file.bytes.div_ceil(BYTES_PER_SECOND);
    if call.short_model().starts_with("whisper") {
        let usage = json!({"type": "duration", "seconds": seconds});
        return Ok(Answer::json(200, &json!({"text": text, "usage": usage})));
    }
    let tokens = Tokens { input: seconds as u64, output: words(&text) };
    let usage = json!({
        "type": "tokens", "input_tokens": tokens.input, "output_tokens": tokens.output, "total_tokens": tokens.total(),
        "input_token_details": {"audio_tokens": tokens.input, "text_tokens": 0},
    });
    Ok(Answer::json(200, &json!({"text": text, "usage": usage})).using(tokens))
}

pub(super) fn models(call: &Call) -> Answer {
    let model = |id| json!({"id": id, "object": "model", "created": CREATED, "owned_by": call.provider});
    let data = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"].map(model);
    Answer::json(200, &json!({"object": "list", "data": data}))
}

/// The form of an upload and its first file.
pub(super) fn file(call: &Call) -> Result<(&Form, &File), Trouble> {
    let form = call.form.as_ref().ok_or_else(|| Trouble::Invalid {
        field: "file",
        message: "the body is not multipart/form-data with a boundary".into(),
    })?;
    Ok((form, form.files.first().ok_or_else(|| Trouble::missing("file"))?))
}
