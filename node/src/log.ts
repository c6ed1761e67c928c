/** Logs and reports, as the native side gives them. */

import type { AiGatewayLog } from "./types.js";

/** A log with what tollhouse knows beyond the reference. What is unknown is absent, or null in `usage`. */
export interface GatewayLog extends AiGatewayLog {
  event_id: string;
  /** The model that the answer names. */
  model_served?: string;
  stream: boolean;
  /** Whether the caller let go of the answer before its end. */
  cancelled: boolean;
  /** Whether the answer broke off. */
  truncated: boolean;
  /** What went wrong, in words. */
  error?: string;
  /** Every try that was made, in order. */
  attempts: object[];
  /** Milliseconds to the first byte of the answer. */
  first_byte_ms?: number;
  usage: Record<string, string | number | null>;
  /** The cost in billionths of a US dollar. */
  cost_nano_usd?: number;
  /** What a cached answer would have cost, in US dollars. */
  saved?: number;
  saved_nano_usd?: number;
  feedback?: -1 | 1;
  score?: number;
  user_agent?: string;
}

/** What to select logs by: `limit`, `page`, `order_by`, `filters`, `since`, `until`, or a filter key and its value. */
export type LogQuery = Record<string, unknown>;

/** One page of logs, without the beginnings of their bodies. */
export interface LogPage {
  logs: GatewayLog[];
  /** How many logs the query selects in all. */
  total_count: number;
  /** Which page this is, from 1. */
  page: number;
  per_page: number;
}

/** What to count: `group_by`, and what {@link LogQuery} selects by. */
export type UsageQuery = Record<string, unknown>;

/** The numbers of one group. Null where nothing is known. */
export interface UsageRow {
  group: Record<string, unknown>;
  requests: number;
  cached: number;
  errors: number;
  cancelled: number;
  tokens_in: number | null;
  tokens_out: number | null;
  /** Requests whose tokens were counted here and not by the provider. */
  estimated: number;
  /** US dollars. */
  cost: number | null;
  cost_nano_usd: number | null;
  /** Requests that were answered well and whose cost is unknown. */
  unpriced: number;
  saved: number | null;
  saved_nano_usd: number | null;
}

/** Requests, tokens and cost. */
export interface UsageReport {
  /** How the numbers are counted, in words. */
  basis: string;
  rows: UsageRow[];
  total: UsageRow;
}

/** How all budgets stand. */
export interface BudgetReport {
  /** How the numbers are counted, in words. */
  basis: string;
  budgets: BudgetState[];
}

/** How a budget stands. Amounts are in its own currency, and under `…_nano_usd` in billionths of a dollar. */
export interface BudgetState {
  name: string;
  /** Whose it is, where everybody has one of their own. */
  by: Record<string, string | null>;
  mode: "hard" | "soft";
  period: "day" | "week" | "month" | "rolling" | "total";
  per: string | null;
  time_zone: string;
  starts_at: string | null;
  /** When the next period begins; null for never. */
  resets_at: string | null;
  currency: string;
  limit: number;
  spent: number;
  /** What this process's calls under way have taken, each at its worst. */
  reserved: number;
  remaining: number;
  limit_nano_usd: number;
  spent_nano_usd: number;
  reserved_nano_usd: number;
  remaining_nano_usd: number;
  used_percent: number;
  alert: boolean;
  /** Calls that passed in this process although nobody knew before what they may cost. */
  unpriced: number;
}

/** What may be said of a movement of credit. */
export interface CreditOptions {
  /** When the credit ends: RFC 3339. */
  expires_at?: string;
  /** By which a repetition is known. */
  idempotency_key?: string;
  log_id?: string;
  note?: string;
}

/** A movement that was entered. Amounts are US dollars, and under `…_nano_usd` billionths of them. */
export interface CreditEntry {
  transaction: number;
  wallet: string;
  amount: number;
  amount_nano_usd: number;
  /** Whether it had been entered before, under the same key. */
  replayed: boolean;
  expires_at: string | null;
  balance: number;
  balance_nano_usd: number;
}

/** What a wallet has. */
export interface Balance {
  wallet: string;
  balance: number;
  /** What calls under way hold of it. */
  reserved: number;
  available: number;
  balance_nano_usd: number;
  reserved_nano_usd: number;
  available_nano_usd: number;
  expiring: { amount: number; amount_nano_usd: number; expires_at: string }[];
}

/** One side of a movement. */
export interface LedgerEntry {
  transaction: number;
  at: string;
  kind: "top_up" | "draw" | "refund" | "expiry";
  account: string;
  amount: number;
  amount_nano_usd: number;
  log_id: string | null;
  note: string | null;
}

/** Entries of the ledger, and what all accounts hold. */
export interface LedgerPage {
  basis: string;
  entries: LedgerEntry[];
  total_count: number;
  page: number;
  per_page: number;
  accounts_nano_usd: Record<string, number>;
  /** Whether all entries together are zero. */
  balanced: boolean;
}

/** What calls have cost in a period. */
export interface Bill {
  /** How the numbers are counted, in words. */
  basis: string;
  customers: Record<string, unknown>[];
  total: Record<string, unknown>;
  /** The document, where a `format` was asked for. */
  text?: string;
  [field: string]: unknown;
}

/** What one side says of a day and a model; what it does not tell is null. */
export interface ReconciledSide {
  requests: number | null;
  tokens_in: number | null;
  tokens_out: number | null;
  cost_nano_usd: number | null;
}

/** A provider's report, held against the log. */
export interface Reconciliation {
  basis: string;
  rows: ReconciledRow[];
  total: ReconciledRow;
}

/** A day and a model, as both sides see it. */
export interface ReconciledRow {
  day: string;
  model: string | null;
  provider: ReconciledSide;
  own: ReconciledSide;
  /** Own less provider, where both are known. */
  difference: ReconciledSide;
}

/** A call's walk, in the order in which it went. */
export interface Explanation {
  log_id: string;
  lines: ExplanationLine[];
}

/** Why a request would not be answered from the cache. */
export interface MissReport {
  would_hit: boolean;
  /** `hit`, `off`, `past`, `method`, `stream`, `too_large`, `stale`, `nothing_kept`, `differs`, `refused` or `route`. */
  reason: string | null;
  text: string | null;
  targets: TargetMiss[];
}

/** The same for one target. */
export interface TargetMiss {
  step: number;
  provider: string;
  model: string;
  reason: string;
  text: string;
  /** The kept answer whose request comes nearest, and where the two differ. */
  nearest: { age_ms: number; count: number; differences: FieldDifference[] } | null;
}

/** How two requests differ in one field. */
export interface FieldDifference {
  field: string;
  kind: "other" | "only_asked" | "only_kept";
  /** What this request says, cut short; null for a key. */
  asked: string | null;
  /** A digest of what the kept one said. */
  kept_digest: string | null;
}

/** What happened at one stage, in words, and the numbers beside them. */
export interface ExplanationLine {
  stage: "resolve" | "cache" | "limit" | "route" | "skip" | "attempt" | "answer" | "cost";
  text: string;
  [field: string]: unknown;
}

/** How the log is doing. */
export interface LogHealth {
  /** What is not as it was configured, and what to do about it; null when all is well. */
  degraded: string | null;
  /** Logs that were lost: too many waited, or nothing could be written. */
  dropped: number;
  /** Logs that the settings turned away. */
  refused: number;
  written: number;
  /** Where processes count together for the limits; null where each counts for itself. */
  limits: StoreHealth | null;
  /** Where processes keep answers together for the cache; null where each keeps its own. */
  cache: StoreHealth | null;
  /** Routes whose changed file was refused, by name, and why; what was in force goes on. */
  routes: Record<string, string>;
  /** The file of the ledger of credits; null where it is kept in memory. */
  credits: StoreHealth | null;
  /** Budgets of which so much is used that it was to be told, in words. */
  budgets: string[];
  /** How each receiver of logs stands, by its name in the configuration. */
  uploads: Record<string, UploadHealth>;
}

/** How a receiver of logs stands, as this process last saw it. */
export interface UploadHealth {
  /** Records that wait. */
  waiting: number;
  /** What they take, roughly. */
  waiting_bytes: number;
  /** When the oldest of them was logged: microseconds since 1970 UTC. */
  oldest_us: number | null;
  /** Records that the receiver has; one that has changed counts again. */
  taken: number;
  /** Records that the receiver refused for good. */
  dead: number;
  /** Records whose bodies were left out because too much waited. */
  payloads_shed: number;
  /** Records that were given up because too much waited. */
  shed: number;
  /** Records that the log's own bounds or a deletion took away before they were sent. */
  lost: number;
  /** Why it takes nothing just now; null when it does. */
  trouble: string | null;
}

/** How a store outside of the process is doing. */
export interface StoreHealth {
  /** Why the store cannot be used just now; the gateway goes on without it meanwhile. */
  degraded: string | null;
  /** How often it was asked and did not answer. */
  failures: number;
}

/** What a gateway's cache holds, and what it was asked for. Counts are those of this process, since it began. */
export interface CacheStats {
  /** Calls that found an answer. */
  hits: number;
  /** Calls that found none that was fresh. */
  misses: number;
  /** Answers that were kept. */
  stored: number;
  /** Stale answers that were made new in the background, or are being made new. */
  refreshes: number;
  /** Answers that were not kept, because they are larger than `cache.max_entry_bytes`. */
  too_large: number;
  /** Store by store, in the order in which they are asked. */
  stores: StoreStats[];
  /** Questions that mean the same; null without `cache.semantic`. */
  semantic: { lookups: number; near: number; guarded: number; failures: number; entries: number } | null;
}

/** One store of a cache. */
export interface StoreStats {
  store: "memory" | "file" | "redis";
  /** How many answers it holds, of all processes; null where it does not say so in time. */
  entries: number | null;
  /** What they take up. */
  bytes: number | null;
  /** What they may take up, where there is a bound. */
  max_bytes: number | null;
  /** Calls of this process that found an answer here. */
  hits: number;
  /** Calls of this process that found none here. */
  misses: number;
  /** How often it was asked and did not answer. */
  errors: number;
}

/** Which kept answers are meant: those that meet all of it. */
export interface PurgeFilter {
  scope?: string;
  provider?: string;
  model?: string;
  /** A word that stood in `cf-aig-cache-key`. */
  key?: string;
  /** A span such as `"1h"`. */
  older_than?: string;
  older_than_ms?: number;
}

/** What a purge took away: answers, and what they took up. Where processes share a store it is that store's count. */
export interface PurgeReport {
  entries: number;
  bytes: number;
}

/** A number of tokens, and how it is known. */
export interface TokenCount {
  tokens: number;
  /** Whether the model's own vocabulary was used; otherwise this is an estimate. */
  exact: boolean;
  /** The vocabulary, such as `o200k_base`. */
  encoding: string;
  /** By how many percent it may be wrong either way; 0 where it is exact. */
  error_percent: number;
  /** The counts of a list of texts, one by one. */
  each?: number[];
}

/** Least, likely and most of something. */
export interface Spread {
  least: number;
  likely: number;
  most: number;
}

/** What a call may use and cost. */
export interface Estimate {
  provider: string;
  model: string;
  tokens_in: Spread;
  tokens_out: Spread;
  /** US dollars; null where the model's price is not known. */
  cost: Spread | null;
  /** The same, exact: in billionths of a dollar. */
  cost_nano_usd: Spread | null;
  /** The price that it comes from. */
  priced_by: string | null;
  /** How it is reckoned, in words. */
  basis: string;
}

/** What came of pricing logs once more. Dollars, and exact billionths of them. */
export interface Recosted {
  /** Calls that were looked at. */
  requests: number;
  changed: number;
  /** Those for which there is no price now: they keep the cost that they have. */
  unpriced: number;
  cost_before: number;
  cost_before_nano_usd: number;
  cost_after: number;
  cost_after_nano_usd: number;
  difference: number;
  difference_nano_usd: number;
}

/** The price catalogue that is in force now. */
export interface LoadedPrices {
  version: string;
  models: number;
}

/** A log out of its JSON text. */
export function toLog(json: string): GatewayLog {
  return typed(JSON.parse(json) as Record<string, unknown>);
}

/** A page out of its JSON text. */
export function toPage(json: string): LogPage {
  const page = JSON.parse(json) as LogPage & { logs: Record<string, unknown>[] };
  return { ...page, logs: page.logs.map(typed) };
}

/** The reference's types know an absent field, and no null. */
function typed(log: Record<string, unknown>): GatewayLog {
  const known = Object.fromEntries(Object.entries(log).filter(([, value]) => value !== null));
  return { ...known, created_at: new Date(log["created_at"] as string) } as unknown as GatewayLog;
}
