//! What belongs to one process and must be left alone in a forked child.

use std::ops::{Deref, DerefMut};

/// A value with sockets, timers or locks in it. A forked child has a copy of it, but the sockets are still the parent's and
/// a lock may be held by a thread that the child does not have: dropping the copy there could cut the parent's connections
/// or wait for ever. So a child lets the memory go to waste instead.
pub(crate) struct Owned<T> {
    process: u32,
    value: Option<T>,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: std::process::id(), value: Some(value) }
    }

    /// Whether this process made the value.
    pub(crate) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// The value, unless it is a parent's.
    pub(crate) fn take(mut self) -> Option<T> {
        if self.is_ours() { self.value.take() } else { None }
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("only `take`, which consumes the owner, and `drop` empty it")
    }
}

impl<T> DerefMut for Owned<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("only `take`, which consumes the owner, and `drop` empty it")
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.is_ours() {
            std::mem::forget(self.value.take());
        }
    }
}
