//! Events of a streamed response, numbered.

use super::super::written::Written;

/// The number of the next event.
#[derive(Default)]
pub(super) struct Events(u64);

impl Events {
    /// Writes one event under its name.
    pub(super) fn write(&mut self, name: &str, members: Written, out: &mut Vec<u8>) {
        let event = Written::of(name).with("sequence_number", self.0).joined(members);
        self.0 += 1;
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        out.extend_from_slice(&event.to_bytes());
        out.extend_from_slice(b"\n\n");
    }
}
