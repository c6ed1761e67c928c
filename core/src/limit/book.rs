//! Whose budgets this process has seen, and what its calls under way have taken of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::held::LimitKey;

/// More than anybody looks at in one list. Those beyond are counted and not listed.
const MAX_ENTRIES: usize = 100_000;

/// The entries, by the key of the count.
#[derive(Default)]
pub(super) struct Book(Mutex<HashMap<LimitKey, Entry>>);

/// One budget of somebody.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) rule: usize,
    pub(super) by: Map<String, Value>,
    /// When it counts no more.
    pub(super) until_us: u64,
    /// Until when others know of it.
    told_until_us: u64,
    /// What counted when a call was last counted here.
    pub(super) used: u64,
    pub(super) reserved: u64,
}

impl Book {
    /// A call took `amount`, and `used` counts now. Says until when others are to know of it, if they do not yet.
    pub(super) fn took(
        &self,
        (rule, key): (usize, LimitKey),
        (amount, used): (u64, u64),
        (now_us, until_us): (u64, u64),
        by: impl FnOnce() -> Map<String, Value>,
    ) -> Option<(u64, Map<String, Value>)> {
        let mut entries = self.entries();
        if !entries.contains_key(&key) {
            if entries.len() >= MAX_ENTRIES {
                entries.retain(|_, entry| entry.until_us > now_us || entry.reserved > 0);
            }
            if entries.len() >= MAX_ENTRIES {
                return None;
            }
            entries.insert(key, Entry { rule, by: by(), until_us, told_until_us: 0, used: 0, reserved: 0 });
        }
        let entry = entries.get_mut(&key)?;
        entry.used = used;
        entry.reserved = entry.reserved.saturating_add(amount);
        entry.until_us = until_us;
        if entry.told_until_us >= until_us {
            return None;
        }
        // A rolling period ends later with every call; it is told of again when half of what was said is over.
        entry.told_until_us = until_us.saturating_add((until_us - now_us.min(until_us)) / 2);
        Some((entry.told_until_us, entry.by.clone()))
    }

    /// A call used `used` of the `taken`; `None` is all of it.
    pub(super) fn settled(&self, key: LimitKey, taken: u64, used: Option<u64>) {
        if let Some(entry) = self.entries().get_mut(&key) {
            entry.reserved = entry.reserved.saturating_sub(taken);
            entry.used = entry.used.saturating_sub(taken).saturating_add(used.unwrap_or(taken));
        }
    }

    /// What this process's calls under way have taken.
    pub(super) fn reserved(&self, key: LimitKey) -> u64 {
        self.entries().get(&key).map_or(0, |entry| entry.reserved)
    }

    /// All that count at `now_us`.
    pub(super) fn all(&self, now_us: u64) -> Vec<(LimitKey, Entry)> {
        let entries = self.entries();
        entries.iter().filter(|(_, entry)| entry.until_us > now_us).map(|(key, entry)| (*key, entry.clone())).collect()
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<LimitKey, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
