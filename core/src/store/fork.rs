//! A guard against forks: `SQLite` keeps a table of the locks that its process holds, and a forked child inherits the
//! table without the locks. A child that opens the same file again would hold none, another process could take the
//! write-ahead log away under it, and what it wrote would be lost without an error.
//! See "Carrying an open database connection across a fork" on sqlite.org/howtocorrupt.html.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// The process that has files open (upper half), and how many (lower half). A child finds its parent's number.
static OPEN: AtomicU64 = AtomicU64::new(0);

/// The right to have one file open, given back when dropped.
#[derive(Debug)]
pub(crate) struct Claim(());

impl Claim {
    /// `None` in a process that was forked while a file was open.
    pub(crate) fn take() -> Option<Self> {
        OPEN.fetch_update(SeqCst, SeqCst, |open| one_more(open, std::process::id())).ok().map(|_| Self(()))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, SeqCst);
    }
}

fn one_more(open: u64, process: u32) -> Option<u64> {
    let count = open & u64::from(u32::MAX);
    let ours = open >> 32 == u64::from(process);
    (ours || count == 0).then(|| (u64::from(process) << 32) | (count + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_of_a_process_with_an_open_file_gets_none() {
        let parent = one_more(0, 7).expect("nothing is open");
        let parent = one_more(parent, 7).expect("the same process may have several");
        assert_eq!(one_more(parent, 8), None);
    }

    #[test]
    fn a_child_is_free_once_its_parent_had_closed() {
        let closed = one_more(0, 7).expect("nothing is open") - 1;
        assert_eq!(one_more(closed, 8), Some((8 << 32) | 1));
    }
}
