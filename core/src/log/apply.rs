//! Writes a patch into the log that it is for.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::patch::LogPatch;

/// Makes the changes, and says whether the log exists.
pub(super) fn apply(connection: &Connection, id: &str, patch: &LogPatch) -> rusqlite::Result<bool> {
    let metadata = patch.metadata.value().cloned().unwrap_or_default();
    let mut update = connection.prepare_cached(
        "UPDATE log SET
            rev = rev + 1,
            feedback = iif(?2, ?3, feedback),
            score = iif(?4, ?5, score),
            metadata = iif(?6, ?7, metadata)
         WHERE id = ?1",
    )?;
    let changed = update.execute(params![
        id,
        patch.feedback.is_made(),
        patch.feedback.value(),
        patch.score.is_made(),
        patch.score.value(),
        patch.metadata.is_made(),
        Value::Object(metadata).to_string(),
    ])?;
    Ok(changed == 1)
}
