//! What was asked of the upstream, and how each answer ended.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::call::{Call, Ending};

/// The ledger forgets the oldest calls beyond this many, or a bench would fill the memory.
const KEPT_CALLS: usize = 10_000;

pub(crate) struct Ledger {
    book: Mutex<Book>,
    file: Option<Mutex<File>>,
    changed: Notify,
}

#[derive(Default)]
struct Book {
    numbers: u64,
    calls: VecDeque<Arc<Mutex<Call>>>,
}

/// The right to say how one call ended. Dropped in silence, the client has left.
pub(crate) struct Ticket {
    call: Arc<Mutex<Call>>,
    ledger: Arc<Ledger>,
}

impl Ledger {
    pub(crate) fn new(file: Option<&Path>) -> io::Result<Self> {
        let file = file.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Self { book: Mutex::default(), file: file.map(Mutex::new), changed: Notify::new() })
    }

    /// The number of the next call, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        let mut book = lock(&self.book);
        book.numbers += 1;
        book.numbers
    }

    pub(crate) fn open(self: &Arc<Self>, call: Call) -> Ticket {
        let call = Arc::new(Mutex::new(call));
        let mut book = lock(&self.book);
        if book.calls.len() == KEPT_CALLS {
            book.calls.pop_front();
        }
        book.calls.push_back(Arc::clone(&call));
        drop(book);
        self.changed.notify_waiters();
        Ticket { call, ledger: Arc::clone(self) }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.book).calls.iter().map(|call| lock(call).clone()).collect()
    }

    pub(crate) fn clear(&self) {
        *lock(&self.book) = Book::default();
        self.changed.notify_waiters();
    }

    /// The calls, once none is under way.
    pub(crate) async fn settled(&self) -> Vec<Call> {
        self.when(|calls| calls.iter().all(|call| lock(call).ending.is_some())).await
    }

    /// The calls, once there are `count`.
    pub(crate) async fn arrived(&self, count: usize) -> Vec<Call> {
        self.when(|calls| calls.len() >= count).await
    }

    async fn when(&self, ready: impl Fn(&VecDeque<Arc<Mutex<Call>>>) -> bool) -> Vec<Call> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Listening starts before the look, so that no change falls between the two.
            changed.as_mut().enable();
            if ready(&lock(&self.book).calls) {
                return self.calls();
            }
            changed.await;
        }
    }

    fn write_down(&self, call: &Call) {
        let Some(file) = &self.file else { return };
        let mut line = serde_json::to_vec(call).expect("a call holds only what JSON can say");
        line.push(b'\n');
        if let Err(error) = lock(file).write_all(&line) {
            eprintln!("the ledger file takes no more: {error}");
        }
    }
}

impl Ticket {
    /// Says how the call ended. The first word counts.
    pub(crate) fn settle(&self, ending: Ending) {
        let mut call = lock(&self.call);
        if call.ending.is_some() {
            return;
        }
        call.ending = Some(ending);
        call.finished = ending == Ending::Complete;
        self.ledger.write_down(&call);
        drop(call);
        self.ledger.changed.notify_waiters();
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.settle(Ending::ClientGone);
    }
}

/// Nothing is left half done under these locks, so what a panic left behind is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
