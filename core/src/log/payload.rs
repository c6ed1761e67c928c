//! The bodies of a call.

/// One of the two bodies of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// What was asked.
    Request,
    /// What was answered.
    Response,
}
