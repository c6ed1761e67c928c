//! How budgets stand: what calls take of them is entered in the book, and whoever asks is told.

use serde_json::{Map, Value, json};

use super::budget::{BASIS, BudgetReport};
use super::rule::Rule;
use super::store::{Ask, Taken};
use super::{Limits, used, used_percent};
use crate::exchange::Target;
use crate::held::{Held, LimitKey, Spent, Take};

impl Limits {
    /// Enters what a call took of a budget.
    pub(super) fn enter(&self, ask: &Ask, taken: &Taken, target: &Target, held: &mut Held) {
        let rule = &self.rules[ask.rule];
        let Some(budget) = &rule.budget else { return };
        let until_us = ask.ends_us.unwrap_or_else(|| taken.at_us.saturating_add(rule.terms.span_us));
        let by = || rule.by(target);
        let times = (taken.at_us, until_us);
        let untold = self.book.took((ask.rule, ask.key), (ask.amount, taken.used), times, by);
        if let Some((until_us, by)) = untold.filter(|_| !rule.is_for_all()) {
            let whose = json!({ "budget": rule.path, "by": by, "until_us": until_us }).to_string();
            self.store.name(ask.key, whose, until_us);
        }
        // What this call has taken at its worst is not spent yet.
        let percent = used_percent(taken.used - ask.amount.min(taken.used), rule.terms.limit);
        if taken.over && rule.observe || percent >= f64::from(budget.alert_at_percent) {
            let words = words(rule, &rule.by(target), percent);
            if !held.alerts.iter().any(|(path, _)| *path == rule.path) {
                held.alerts.push((rule.path.clone(), words));
            }
        }
    }

    /// What a call took of a budget is settled.
    pub(super) fn leave(&self, take: &Take, spent: &Spent) {
        let rule = &self.rules[take.rule];
        if rule.budget.is_some() {
            self.book.settled(take.key, take.amount, used(rule.count, spent));
        }
    }

    /// How every budget stands: those of all together, and those of everybody who has spent something.
    pub(crate) async fn budgets(&self) -> BudgetReport {
        let now_us = self.clock.now_us();
        let all = self.known(now_us).await;
        let keys: Vec<_> = all.iter().map(|(rule, key, _)| (*rule, *key)).collect();
        let used = self.store.used(&keys, now_us).await;
        let state = |((rule, key, by), used): ((usize, LimitKey, Map<String, Value>), u64)| {
            let rule = &self.rules[rule];
            let budget = rule.budget.as_ref()?;
            Some(budget.state(by, rule.terms.limit, used, self.book.reserved(key), now_us))
        };
        let budgets = all.into_iter().zip(used).filter_map(state).collect();
        BudgetReport { basis: BASIS.to_owned(), budgets }
    }

    /// Every budget that is known, in the order of the configuration and of whose they are.
    async fn known(&self, now_us: u64) -> Vec<(usize, LimitKey, Map<String, Value>)> {
        let budgets = || self.rules.iter().enumerate().filter(|(_, rule)| rule.budget.is_some());
        let of_all = budgets().filter(|(_, rule)| rule.is_for_all());
        let mut known: Vec<_> = of_all.map(|(at, rule)| (at, rule.key_for_all(now_us), Map::new())).collect();
        if budgets().any(|(_, rule)| !rule.is_for_all()) {
            known.extend(self.store.named(now_us).await.into_iter().filter_map(|(key, whose)| {
                let mut whose: Map<String, Value> = serde_json::from_str(&whose).ok()?;
                let path = whose.get("budget")?.as_str()?.to_owned();
                let (at, _) = budgets().find(|(_, rule)| rule.path == path && !rule.is_for_all())?;
                let Value::Object(by) = whose.remove("by")? else { return None };
                Some((at, key, by))
            }));
        }
        let own = self.book.all(now_us).into_iter().filter(|(_, entry)| !self.rules[entry.rule].is_for_all());
        known.extend(own.map(|(key, entry)| (entry.rule, key, entry.by)));
        known.sort_by_cached_key(|(rule, key, by)| (*rule, Value::from(by.clone()).to_string(), *key));
        known.dedup_by_key(|(_, key, _)| *key);
        known
    }

    /// What is to be told of the budgets that this process has seen.
    pub(crate) fn alerts(&self) -> Vec<String> {
        let told = |(_, entry): (LimitKey, super::book::Entry)| {
            let rule = &self.rules[entry.rule];
            let percent = used_percent(entry.used.saturating_sub(entry.reserved), rule.terms.limit);
            let alert_at = f64::from(rule.budget.as_ref()?.alert_at_percent);
            (percent >= alert_at).then(|| words(rule, &entry.by, percent))
        };
        let mut alerts: Vec<_> = self.book.all(self.clock.now_us()).into_iter().filter_map(told).collect();
        alerts.sort();
        alerts
    }
}

/// `budgets.team of metadata.team "web" is used by 83 %: 100 EUR per month`.
fn words(rule: &Rule, by: &Map<String, Value>, percent: f64) -> String {
    let whose: Vec<_> = by.iter().map(|(dimension, value)| format!("{dimension} {value}")).collect();
    let whose = if whose.is_empty() { String::new() } else { format!(" of {}", whose.join(", ")) };
    format!("{}{whose} is used by {percent} %: {}", rule.path, rule.what())
}
