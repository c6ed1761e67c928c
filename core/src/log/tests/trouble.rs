//! What goes wrong with files: calls go on, and it is told.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::log::append::Pending;
use crate::log::database::Database;
use crate::log::entry;
use crate::log::health::Health;

/// A database to be driven by hand, which goes back to its file as soon as it can.
struct Driven {
    database: Database,
    settings: Arc<LogSettings>,
    health: Arc<Health>,
}

impl Driven {
    fn new(path: &Path) -> Self {
        let (settings, health) = (Arc::new(LogSettings::in_file(path)), Arc::<Health>::default());
        let mut database = Database::new(Arc::clone(&settings), Arc::clone(&health));
        database.retry_after = Duration::ZERO;
        Self { database, settings, health }
    }

    fn append(&mut self, record: Record) {
        let pending = Pending::admit(record, &self.settings, &self.health).expect("nothing waits");
        self.database.append(vec![pending]);
    }

    fn has(&mut self, id: &str) -> bool {
        self.database.ask(|connection| entry::read(connection, id, 0)).expect("it can be read").is_some()
    }

    fn degraded(&self) -> String {
        self.health.report().degraded.unwrap_or_default()
    }

    fn execute(&mut self, sql: &str) {
        self.database.ask(|connection| connection.execute_batch(sql)).expect("the test's own SQL runs");
    }
}

fn damaged_files(directory: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(&directory.0).expect("it is a directory").map(|entry| entry.expect("readable").path());
    entries.filter(|path| path.to_string_lossy().contains("log.db.damaged-")).collect()
}

/// A log whose first page is sound, and no other.
fn fill_and_damage(path: &Path) {
    let store = in_file(path);
    (0..200).for_each(|minute| store.append(record(&minute.to_string(), minute)));
    close(&store);
    let mut bytes = fs::read(path).expect("it was written");
    bytes[4096..].fill(0xee);
    fs::write(path, bytes).expect("it is ours");
}

/// What stands in the file is known to a store that opens it now.
fn found_in_file(path: &Path) -> Vec<String> {
    ids(&in_file(path), &json!({"direction": "asc"}))
}

#[test]
fn a_file_whose_first_page_was_lost_is_set_aside() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let garbage = vec![0; 10_000];
    fs::write(&path, &garbage).expect("the directory is ours");
    let store = in_file(&path);
    store.append(record("a", 0));
    assert!(wait(store.get("a")).is_ok(), "calls go on");

    let aside = damaged_files(&directory);
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(fs::read(&aside[0]).expect("it is kept"), garbage);
    let degraded = store.health().degraded.expect("it is told");
    assert!(degraded.contains(aside[0].to_str().expect("plain letters")), "{degraded}");
    close(&store);
    assert_eq!(found_in_file(&path), ["a"]);
}

#[test]
fn damage_inside_a_file_is_found_when_it_is_met() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    fill_and_damage(&path);

    let store = in_file(&path);
    store.append(record("a", 0));
    assert_eq!(ids(&store, &json!({})), ["a"]);
    assert_eq!(damaged_files(&directory).len(), 1);
    assert_eq!((store.health().written, store.dropped()), (1, 0));
}

#[test]
fn a_question_may_be_the_first_to_meet_damage() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    fill_and_damage(&path);

    let store = in_file(&path);
    assert_eq!(page(&store, &json!({})).total_count, 0);
    assert_eq!(damaged_files(&directory).len(), 1);
}

#[test]
fn an_unusable_path_is_left_for_memory_and_returned_to_with_everything() {
    let directory = TempDir::new();
    let path = directory.file("file/log.db");
    fs::write(directory.file("file"), "not a directory").expect("the directory is ours");
    let mut driven = Driven::new(&path);
    driven.append(Record { request_body: Some(Bytes::from_static(b"body")), ..record("a", 0) });
    assert!(driven.has("a"));
    assert!(driven.degraded().contains("kept in memory"), "{}", driven.degraded());
    driven.append(record("b", 1));

    fs::remove_file(directory.file("file")).expect("it is ours");
    driven.append(record("c", 2));
    assert_eq!(driven.degraded(), "");
    assert_eq!(driven.health.written.load(Relaxed), 3);
    drop(driven);
    assert_eq!(found_in_file(&path), ["a", "b", "c"]);
    let body = in_file(&path).payload("a", crate::log::Payload::Request);
    assert_eq!(wait(body).expect("it was carried over"), "body");
}

#[test]
fn a_disk_that_fills_up_costs_no_log() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let mut driven = Driven::new(&path);
    driven.append(record("a", 0));
    // SQLite then answers as it does when the disk is full.
    driven.database.retry_after = Duration::MAX;
    driven.execute("PRAGMA max_page_count = 1");
    driven.append(Record { request_body: Some(Bytes::from(vec![0; 100_000])), ..record("b", 1) });
    assert!(driven.degraded().contains("full"), "{}", driven.degraded());
    assert!(driven.has("b"));

    driven.database.retry_after = Duration::ZERO;
    driven.append(record("c", 2));
    assert_eq!(driven.degraded(), "");
    assert_eq!(driven.health.dropped.load(Relaxed), 0);
    drop(driven);
    assert_eq!(found_in_file(&path), ["a", "b", "c"]);
}

#[test]
fn a_file_that_was_removed_is_begun_again() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let store = in_file(&path);
    store.append(record("a", 0));
    wait(store.flush()).expect("the store is open");
    for name in ["log.db", "log.db-wal", "log.db-shm"] {
        fs::remove_file(directory.file(name)).expect("it is ours");
    }
    store.append(record("b", 1));
    wait(store.flush()).expect("the store is open");
    assert_eq!(found_in_file(&path), ["b"]);
    assert_eq!(store.health().degraded, None);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_not_followed() {
    let directory = TempDir::new();
    fs::write(directory.file("target"), "").expect("the directory is ours");
    std::os::unix::fs::symlink(directory.file("target"), directory.file("log.db")).expect("the directory is ours");
    let store = in_file(&directory.file("log.db"));
    store.append(record("a", 0));
    assert!(wait(store.get("a")).is_ok(), "calls go on");
    assert!(store.health().degraded.expect("it is told").contains("symbolic link"));
    assert_eq!(fs::read(directory.file("target")).expect("it exists"), b"");
}

#[test]
fn databases_of_others_are_left_alone() {
    let directory = TempDir::new();
    for (name, sql, reason) in [
        ("other.db", "CREATE TABLE theirs (x)", "another program"),
        ("newer.db", "PRAGMA application_id = 0x746f6c6c; PRAGMA user_version = 99; CREATE TABLE log (x)", "newer"),
    ] {
        let path = directory.file(name);
        rusqlite::Connection::open(&path).and_then(|other| other.execute_batch(sql)).expect("the directory is ours");
        let before = fs::metadata(&path).expect("it exists");
        let store = in_file(&path);
        store.append(record("a", 0));
        assert!(wait(store.get("a")).is_ok(), "calls go on");
        assert!(store.health().degraded.expect("it is told").contains(reason));
        close(&store);
        let tables = rusqlite::Connection::open(&path)
            .and_then(|other| other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)));
        assert_eq!(tables.expect("it is sound"), 1);
        let after = fs::metadata(&path).expect("it exists");
        assert_eq!((after.len(), after.permissions()), (before.len(), before.permissions()));
    }
}

#[test]
fn a_file_of_another_kind_is_left_alone() {
    for content in [&b"[cache]\nttl = \"1h\"\n"[..], &[b'x'; 10_000]] {
        let directory = TempDir::new();
        let path = directory.file("tollhouse.toml");
        fs::write(&path, content).expect("the directory is ours");
        let store = LogStore::new(LogSettings::in_file(&path));
        store.append(record("a", 0));
        wait(store.get("a")).expect("the log goes on in memory");
        assert!(store.health().degraded.is_some_and(|reason| reason.contains("another kind")));
        assert!(store.close(LONG));
        assert_eq!(fs::read(&path).expect("it is still there"), content);
    }
}
