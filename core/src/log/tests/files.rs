//! The log's file: private, shared, kept, and let go of before a fork.

use serde_json::json;

use super::*;
use crate::error::ErrorKind;

#[test]
fn logs_outlive_a_store_that_was_only_dropped() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let store = in_file(&path);
    store.append(record("a", 0));
    wait(store.flush()).expect("the store is open");
    drop(store);
    let store = in_file(&path);
    store.append(record("b", 1));
    assert_eq!(ids(&store, &json!({})), ["b", "a"]);
    assert_eq!(store.health().degraded, None);
}

#[test]
fn two_stores_share_a_file() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let stores = [in_file(&path), in_file(&path)];
    std::thread::scope(|scope| {
        for (number, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                for minute in 0..200 {
                    store.append(record(&format!("{number}-{minute}"), minute));
                    if minute % 20 == 0 {
                        wait(store.flush()).expect("the store is open");
                    }
                }
                wait(store.flush()).expect("the store is open");
            });
        }
    });
    // One that had fled to memory would not be missed here, but in the other's count.
    for store in &stores {
        assert_eq!((store.health().written, store.health().degraded), (200, None));
    }
    for store in &stores {
        assert_eq!(page(store, &json!({})).total_count, 400);
    }
    let [first, second] = stores;
    drop(first);
    second.append(record("last", 999));
    close(&second);
    assert_eq!(page(&in_file(&path), &json!({})).total_count, 401);
}

#[test]
fn the_bound_holds_for_all_stores_of_a_file_together() {
    let directory = TempDir::new();
    let settings = LogSettings { max_records: 3, ..LogSettings::in_file(directory.file("log.db")) };
    let stores = [LogStore::new(settings.clone()), LogStore::new(settings)];
    for minute in 0..6 {
        let store = &stores[usize::from(minute % 2 == 1)];
        store.append(record(&minute.to_string(), minute));
        wait(store.flush()).expect("the store is open");
    }
    assert_eq!(ids(&stores[0], &json!({})), ["5", "4", "3"]);
}

#[test]
fn a_released_file_is_opened_again_when_it_is_needed() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let store = in_file(&path);
    store.append(record("a", 0));
    assert!(store.release(LONG));
    assert!(path.exists() && !path.with_extension("db-wal").exists(), "nothing is open");
    store.append(record("b", 1));
    assert_eq!(ids(&store, &json!({})), ["b", "a"]);
}

#[test]
fn a_forked_child_leaves_its_parents_store_alone() {
    let directory = TempDir::new();
    let path = directory.file("log.db");
    let mut store = in_file(&path);
    store.append(record("a", 0));
    wait(store.flush()).expect("the store is open");
    store.pretend_fork();

    store.append(record("b", 1));
    assert_eq!(store.dropped(), 1);
    assert_eq!(wait(store.get("a")).expect_err("its thread is elsewhere").kind(), ErrorKind::Closed);
    assert!(store.release(LONG) && store.close(LONG), "there is nothing to wait for");
    drop(store);
    assert!(path.with_extension("db-wal").exists(), "the connection is still open");
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mode = |path: &Path| fs::metadata(path).expect("it exists").mode() & 0o777;
    let directory = TempDir::new();
    let path = directory.file("new/deep/log.db");
    let store = in_file(&path);
    store.append(record("a", 0));
    wait(store.flush()).expect("the store is open");
    for (path, expected) in [
        (path.clone(), 0o600),
        (path.with_extension("db-wal"), 0o600),
        (path.with_extension("db-shm"), 0o600),
        (directory.file("new"), 0o700),
        (directory.file("new/deep"), 0o700),
    ] {
        assert_eq!(mode(&path), expected, "{}", path.display());
    }

    assert!(store.close(LONG));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let store = in_file(&path);
    store.append(record("b", 1));
    wait(store.flush()).expect("the store is open");
    assert_eq!((mode(&path), mode(&path.with_extension("db-wal"))), (0o600, 0o600));
}
