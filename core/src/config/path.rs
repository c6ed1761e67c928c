//! How a path is shown.

use std::path::PathBuf;

use serde::Serialize;

/// A path that is not Unicode is shown as well as it can be.
#[expect(clippy::ref_option, reason = "serde passes the field itself")]
pub(super) fn as_text<S: serde::Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}
