//! The room as a whole. Nothing here waits for time to pass, and no future needs a runtime.

mod bounds;
mod entries;
mod files;
mod outbox;
mod queries;
mod trouble;
mod usage;

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use serde_json::Value;

use super::query::{LogPage, LogQuery};
use super::settings::LogSettings;
use super::store::LogStore;
use crate::record::Record;

/// 2026-11-22T12:00:00Z.
const NOON_US: u64 = 1_795_348_800_000_000;

/// Longer than any test runs: a wait that ends by it has failed.
const LONG: Duration = Duration::from_secs(60);

/// A directory of its own, gone when dropped.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tollhouse-log-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("the temporary directory takes a new name");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A successful call a minute after noon for each unit of `minute`.
fn record(id: &str, minute: u64) -> Record {
    Record {
        log_id: id.to_owned(),
        event_id: id.to_owned(),
        created_at_us: NOON_US + minute * 60_000_000,
        provider: String::from("openai"),
        model: String::from("gpt-4o-mini"),
        path: String::from("chat/completions"),
        status_code: Some(200),
        success: true,
        ..Record::default()
    }
}

fn in_memory(records: impl IntoIterator<Item = Record>) -> LogStore {
    let store = LogStore::new(LogSettings::in_memory());
    records.into_iter().for_each(|record| store.append(record));
    store
}

fn in_file(path: &Path) -> LogStore {
    LogStore::new(LogSettings::in_file(path))
}

/// Ends a store for certain, however busy the machine is.
fn close(store: &LogStore) {
    assert!(store.close(LONG), "the store did not end within a minute");
}

/// The page that a query finds an hour after noon.
fn page(store: &LogStore, query: &Value) -> LogPage {
    let query = LogQuery::from_json(query, NOON_US + 3_600_000_000).expect("the query is well formed");
    wait(store.query(query)).expect("the store is open")
}

/// The ids that a query finds, in its order.
fn ids(store: &LogStore, query: &Value) -> Vec<String> {
    page(store, query).logs.iter().map(|log| log["id"].as_str().expect("every log has an id").to_owned()).collect()
}

/// Drives a future on this thread alone.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
