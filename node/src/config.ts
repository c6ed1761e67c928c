// Made by scripts/config-types.mjs out of docs/reference/config.schema.json: do not edit.

/** The configuration of a gateway: the same document as `tollhouse.toml`. */
export interface GatewayConfig {
  /** The gateway's id, as it stands in URLs and logs: 1 to 64 letters, digits, `-`, `_` or `.`. */
  id?: string;
  /** Answers that are given again without a call. */
  cache?: CacheConfig;
  /** How much may go out. */
  limits?: LimitsConfig;
  /** How much may be spent, under names of your own. */
  budgets?: Record<string, BudgetConfig>;
  /** Prepaid credit. */
  credits?: CreditsConfig;
  /** What one unit of a currency costs: `EUR = "1.08 USD"`. */
  currencies?: Record<string, Money>;
  /** What is tried again. */
  retries?: RetryConfig;
  /** How long is waited. */
  timeouts?: TimeoutConfig;
  /** When a second call is made beside one that does not begin to answer. */
  hedging?: HedgingConfig;
  /**
   * Settings by provider slug. A slug that is not in the catalogue makes a provider of your own, used as
   * `custom-{slug}`.
   */
  providers?: Record<string, ProviderConfig>;
  /** Prices by `provider/model`; they go before the built-in ones. `*` in a name stands for anything. */
  prices?: Record<string, PriceConfig>;
  /** What models can do, by `provider/model`: a route skips those that cannot serve a request. */
  models?: Record<string, ModelConfig>;
  /** Routes by name; each is the model `dynamic/{name}`. */
  routes?: Record<string, RouteConfig>;
  /** What happens to a stream that breaks. */
  streams?: StreamsConfig;
  /** How a call is carried to a provider of another format. */
  translation?: TranslationConfig;
  /** What is remembered of each call. */
  logs?: LogsConfig;
  /** Where logs are sent to as well, by names of your own. */
  uploads?: Record<string, UploadConfig>;
  /** The server on the loopback interface. */
  server?: ServerConfig;
  /** Where editors find this schema. */
  "$schema"?: string;
}

/** Answers that are given again without a call. */
export interface CacheConfig {
  /**
   * How long an answer is given again: 1 s to 31 days. Without it, or with `"0"`, only requests that ask for it
   * are cached.
   */
  ttl?: Span | null;
  /** Memory for all answers together. 0 stores none. */
  max_bytes?: Size;
  /** Larger requests and answers are not stored. */
  max_entry_bytes?: Size;
  /** Whether streams are stored and answered too. */
  streams?: boolean;
  /** How a stored stream is given again. */
  replay?: Replay;
  /** What the cache does if a request does not say. */
  mode?: CacheMode;
  /** Whose `Cache-Control` headers are minded. */
  control?: CacheControl;
  /** How long after its time an answer is still given while another is fetched behind it, up to 31 days. */
  stale_while_revalidate?: Span | null;
  /** How long after its time an answer is still given if nobody answers, up to 31 days. */
  stale_if_error?: Span | null;
  /**
   * Fields of a JSON body that make no other request: `user`, or names from the top down with `/` between them, such as
   * `metadata/user_id`, where `*` is any name and each item of a list. At most 64.
   */
  ignore?: (string)[];
  /** Answers to questions that mean the same. Without it there are none. */
  semantic?: SemanticConfig | null;
  /** A `SQLite` file in which the processes of one host keep answers together. It may be the file of `limits.path`. */
  path?: string | null;
  /** The file's room for all answers together, at least 1 MB; what has not been used for long makes room. */
  max_file_bytes?: Size;
  /**
   * A Redis or Valkey server on which many hosts keep answers together:
   * `redis://[user:password@]host[:port][/database]`. It may hold a password, so it is kept like a key.
   */
  redis?: Secret | null;
  /** How long a call waits for that server, 1 ms to 10 s. One that is slower or gone is a miss. */
  redis_timeout?: Span;
  /**
   * How long a process answers from its own memory before it asks the file or the server again, up to 1 h. What is purged
   * elsewhere may be given for so long. `"0"` asks every time.
   */
  memory_ttl?: Span;
  /** `ttl` as a plain number of milliseconds. */
  ttl_ms?: number;
  /** `stale_while_revalidate` as a plain number of milliseconds. */
  stale_while_revalidate_ms?: number;
  /** `stale_if_error` as a plain number of milliseconds. */
  stale_if_error_ms?: number;
  /** `redis_timeout` as a plain number of milliseconds. */
  redis_timeout_ms?: number;
  /** `memory_ttl` as a plain number of milliseconds. */
  memory_ttl_ms?: number;
}

/** A duration with its unit. Zero needs none. */
export type Span = string | 0;

/** A number of bytes. KB, MB and GB go in steps of 1000; KiB, MiB and GiB in steps of 1024. */
export type Size = string | number;

/** How a stored stream is given again. Its chunks are those that had come either way. */
export type Replay = "at_once" | "original";

/** What the cache does. */
export type CacheMode = "read_write" | "read_only" | "write_only";

/** Whose `Cache-Control` headers the cache minds. */
export type CacheControl = "request" | "both" | "ignore";

/** Answers to questions that mean the same. */
export interface SemanticConfig {
  /** The model that embeds questions, as `provider/model`; its provider must have OpenAI's embeddings endpoint. */
  model?: string | null;
  /** Whether near answers are given, or only told of. */
  mode?: SemanticMode;
  /** How alike two questions must be: the cosine of their vectors, 0 to 1. */
  threshold?: number;
  /** Other thresholds by namespace, for calls with `x-tollhouse-cache-namespace`. */
  namespaces?: Record<string, number>;
  /** How many questions are remembered, 1 to 100000; each takes about five bytes for each part of its vector. */
  max_entries?: number;
  /** How long an embedding may take, 1 ms to 1 min; a call that it takes longer for is made as usual. */
  timeout?: Span;
  /** `timeout` as a plain number of milliseconds. */
  timeout_ms?: number;
}

/** What becomes of a near answer. */
export type SemanticMode = "shadow" | "serve";

/** A secret. It is never shown again: `set` stands in its place. */
export type Secret = string;

/**
 * What is refused, or made to wait, before a call is made. Several rules hold together: a call passes all of them, or
 * it counts in none.
 */
export interface LimitsConfig {
  /** How many calls in a span of time. Answers from the cache do not count. */
  requests?: LimitRule | null;
  /** How many tokens, in and out, in a span of time. */
  tokens?: LimitRule | null;
  /** How much money in a span of time, by the price table. */
  cost?: LimitRule | null;
  /** How many calls at once; a call ends when its answer's body does. */
  concurrency?: LimitRule | null;
  /** More rules under names of your own. Each says in `count` what it counts. */
  rules?: Record<string, LimitRule>;
  /** The limits that providers have themselves. */
  quotas?: QuotaConfig;
  /** A `SQLite` file in which the processes of one host count together. Without it each counts for itself. */
  path?: string | null;
  /**
   * A Redis or Valkey server on which many hosts count together: `redis://[user:password@]host[:port][/database]`. It
   * may hold a password, so it is kept like a key.
   */
  redis?: Secret | null;
}

/** One rule. */
export interface LimitRule {
  /** What is counted. Only `rules` need it: `requests`, `tokens`, `cost` and `concurrency` say it by their name. */
  count?: Count | null;
  /** How much passes: a whole number, or an amount of money such as `"5 USD"` for `cost`. 0 switches the rule off. */
  limit: Ceiling;
  /** In which span of time, up to 31 days. `"0"` switches the rule off. Concurrency has none. */
  per?: Span | null;
  /** How the span of time moves; `fixed` without it. */
  technique?: Technique | null;
  /**
   * Who has a count of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
   * `metadata.{key}`, or a list of them. Calls that lack it share one count.
   */
  by?: By;
  /**
   * Which calls the rule is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end
   * stands for anything. Without it the rule is for all.
   */
  when?: Record<string, string>;
  /** Whether the rule holds calls back, or only says that it would have. */
  mode?: LimitMode;
  /** What happens to a call that does not pass. */
  when_full?: AtLimit;
  /** How long a call waits at most where `when_full` is `wait`, up to 1 h; 10 s without it. */
  max_wait?: Span | null;
  /** `per` as a plain number of milliseconds. */
  per_ms?: number;
  /** `max_wait` as a plain number of milliseconds. */
  max_wait_ms?: number;
}

/** What a rule counts. */
export type Count = "requests" | "tokens" | "tokens_in" | "tokens_out" | "cost" | "concurrency";

/** How much passes: a whole number, or an amount of money. */
export type Ceiling = number | Money;

/** US dollars, exact to a billionth. */
export type Money = string | 0;

/** How a limit's span of time moves. */
export type Technique = "fixed" | "sliding" | "token_bucket";

/** Who has a count of their own: one dimension, or a list of them. */
export type By = Dimension | (Dimension)[];

/** What tells calls apart: `gateway`, `provider`, `model`, `key`, `user` or `metadata.{key}`. */
export type Dimension = string;

/** Whether a rule holds calls back. */
export type LimitMode = "enforce" | "observe";

/** What happens to a call that does not pass. */
export type AtLimit = "reject" | "wait";

/** The limits that providers have themselves, as their answers tell. */
export interface QuotaConfig {
  /** Whether a call waits where its provider's last answers say that it would be refused. */
  pace?: boolean;
  /** For how long at most, up to 1 h. Where it would be longer the call goes out, and the provider says no. */
  max_wait?: Span;
  /** `max_wait` as a plain number of milliseconds. */
  max_wait_ms?: number;
}

/** How much may be spent in a period, by everybody together or by each of somebody. */
export interface BudgetConfig {
  /**
   * How much: `"100 USD"`, or an amount in a currency that `currencies` has a rate for. 0 lets nothing pass but what is
   * free.
   */
  limit: Amount;
  /** When it begins anew. */
  period: Period;
  /** How long a `rolling` period is, up to 31 days. */
  per?: Span | null;
  /** Where a day begins at midnight: a name of the IANA time zone database such as `Europe/Berlin`; UTC without it. */
  time_zone?: string | null;
  /**
   * Who has a budget of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
   * `metadata.{key}`, or a list of them. Calls that lack it share one.
   */
  by?: By;
  /**
   * Which calls it is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end stands for
   * anything. Without it the budget is for all.
   */
  when?: Record<string, string>;
  /** What happens at the limit. */
  mode?: BudgetMode;
  /**
   * What happens to a call whose cost nobody can tell before; `refuse` without it where the budget is hard, `pass` where
   * it is soft.
   */
  unpriced?: Unpriced | null;
  /** From which part of the limit on an alert is raised, in percent: 1 to 100; 100 without it. */
  alert_at_percent?: number | null;
  /** `per` as a plain number of milliseconds. */
  per_ms?: number;
}

/** An amount of money in any currency that `currencies` has a rate for, exact to a billionth. */
export type Amount = string;

/** When a budget begins anew. */
export type Period = "day" | "week" | "month" | "rolling" | "total";

/** What happens at a budget's limit. */
export type BudgetMode = "hard" | "soft";

/** What happens to a call whose cost nobody can tell before it is made. */
export type Unpriced = "refuse" | "pass";

/** Prepaid credit. */
export interface CreditsConfig {
  /**
   * The `SQLite` file of the ledger, shared by the processes of one host. Without it credit is kept in memory and ends
   * with the gateway.
   */
  path?: string | null;
  /**
   * Wallets under names of your own. A call draws on the first one, by name, that is for it; one that none is for costs
   * no credit.
   */
  wallets?: Record<string, WalletConfig>;
}

/** A wallet, or one for each of somebody. */
export interface WalletConfig {
  /**
   * Who has a wallet of their own, called `{name}/{value}`: `provider`, `model`, `key`, `user`, `metadata.{key}`, or a
   * list of them. Without it there is one, called `{name}`.
   */
  by?: By;
  /** Which calls it is for, by the same words. A `*` at the end stands for anything. Without it, for all. */
  when?: Record<string, string>;
  /** What is drawn beyond the cost of a call, in percent of it: 0 to 1000. */
  markup_percent?: number;
  /** What happens to a call whose cost nobody can tell before; `refuse` without it. */
  unpriced?: Unpriced | null;
}

/** What is tried again at the same target. */
export interface RetryConfig {
  /** How often a target is tried, the first time included: 1 to 5. */
  max_attempts?: number;
  /** What is waited before the second try, up to 5 s. */
  delay?: Span;
  /** How the delay grows. */
  backoff?: Backoff;
  /** By how much a wait may be shortened by chance, in percent, so that many callers do not come back at once: 0 to 100. */
  jitter_percent?: number;
  /** After what is tried again: `not_sent`, `maybe_processed`, a status such as `429`, or `5xx`. */
  on?: (Cause)[];
  /**
   * How many calls more a provider may get by retries, in percent of the calls to it: 0 to 100. Ten retries are always
   * free, so that a few calls alone are tried again as they ask. 0 sets no bound.
   */
  budget_percent?: number;
  /** `delay` as a plain number of milliseconds. */
  delay_ms?: number;
}

/** How the delay between tries grows. */
export type Backoff = "constant" | "linear" | "exponential";

/** Something after which a target may be tried again. */
export type Cause = string | number;

/** How long is waited. Zero waits for ever, where that is allowed. */
export interface TimeoutConfig {
  /** For a connection to a provider: 1 ms to 1 day. */
  connect?: Span;
  /** From sending a request to the first byte of its answer, up to 1 day. A stream that began in time is not cut. */
  first_byte?: Span | null;
  /** From the call to the end of its answer, all tries, targets and waits included, up to 1 day. A stream is cut too. */
  total?: Span | null;
  /** Between two chunks of an answer, up to 1 day; 10 minutes without it, as the providers' SDKs have it. */
  between_chunks?: Span | null;
  /** `connect` as a plain number of milliseconds. */
  connect_ms?: number;
  /** `first_byte` as a plain number of milliseconds. */
  first_byte_ms?: number;
  /** `total` as a plain number of milliseconds. */
  total_ms?: number;
  /** `between_chunks` as a plain number of milliseconds. */
  between_chunks_ms?: number;
}

/** A second call beside one that does not begin to answer: the first good answer is taken, and the other call is let go. */
export interface HedgingConfig {
  /** After so long without an answer, up to 1 day. Without it, or with `"0"`, only requests that ask for it are hedged. */
  after?: Span | null;
  /**
   * In the place of `after`, once twenty answers of a model are known: the time within which so many percent of its last
   * hundred began, 50 to 99.
   */
  percentile?: number | null;
  /** Who is asked beside. */
  to?: HedgeTo;
  /**
   * How many calls to a provider may be hedged, in percent of all calls to it: 0 to 100. Ten are always free, so that a
   * few calls alone are hedged as they ask. 0 sets no bound.
   */
  budget_percent?: number;
  /** `after` as a plain number of milliseconds. */
  after_ms?: number;
}

/** Who is asked beside a call that does not begin to answer. */
export type HedgeTo = "next" | "same";

/** Settings of one provider. */
export interface ProviderConfig {
  /** The key, used where a request brings none. Without it the variables that the provider's own SDK reads are asked. */
  key?: Secret | null;
  /**
   * Several keys that take turns; one that the provider refuses, or that has reached its limit, rests while the others
   * go on.
   */
  keys?: (Secret)[];
  /** The environment variable that holds the key. */
  key_env?: string | null;
  /** Where the provider is: an `http` or `https` URL without credentials, query or fragment. */
  base_url?: string | null;
  /** The format of its bodies; `openai` for a provider of your own. */
  format?: Format | null;
  /**
   * How its chats take the beginning of an answer, for streams that break (`streams.broken = "continue"`). Known of
   * the providers that document it.
   */
  prefill?: Prefill | null;
  /** Headers for every request that does not bring them itself. Their values are kept like keys. */
  headers?: Record<string, Secret>;
}

/**
 * The format that a provider's bodies are in: it decides how usage and stream ends are read, and whether an
 * OpenAI-shaped call needs translation.
 */
export type Format = "openai" | "anthropic" | "gemini" | "bedrock" | "workers-ai" | "other";

/** How the chats of a provider take the beginning of an answer: as a last message of the assistant's. */
export type Prefill = "plain" | "prefix" | "partial";

/** Prices of one model, each per million tokens unless it says otherwise; or what is taken off the catalogue's prices. */
export interface PriceConfig {
  /** Input tokens. */
  input?: Money | null;
  /** Output tokens. Without it what is put out has no price. */
  output?: Money | null;
  /** Input tokens that the provider's prompt cache held; without it they cost as much as other input. */
  cache_read?: Money | null;
  /** Input tokens written to the provider's prompt cache; without it they cost as much as other input. */
  cache_write?: Money | null;
  /** The same for an hour; without it they cost as much as other writes. */
  cache_write_1h?: Money | null;
  /** Output tokens spent on reasoning; without it they cost as much as other output. */
  reasoning?: Money | null;
  /** Sound that is listened to; without it it costs as much as text. */
  audio_in?: Money | null;
  /** Sound that is put out; without it it costs as much as text. */
  audio_out?: Money | null;
  /** Pictures that are seen; without it they cost as much as text. */
  image_in?: Money | null;
  /** Pictures that are put out; without it they cost as much as text. */
  image_out?: Money | null;
  /** A call; this and what follows is not per million. */
  request?: Money | null;
  /** A picture that is made. */
  image?: Money | null;
  /** A search on the web that the provider makes. */
  search?: Money | null;
  /** An hour of sound that is listened to. */
  hour?: Money | null;
  /** What is taken off the catalogue's price, in percent, 0 to 100: an agreement of your own. Not beside prices. */
  discount_percent?: number | null;
}

/** What is known of a model beyond its price. What is not said is not known, and nothing is skipped for it. */
export interface ModelConfig {
  /** Tokens that a request and its answer may have together. */
  context_tokens?: number | null;
  /** Whether it calls tools. */
  tools?: boolean | null;
  /** Whether it reads images. */
  images?: boolean | null;
}

/** A route, called as the model `dynamic/{name}`: a list of models in `try`, or a graph in `file` or `elements`. */
export interface RouteConfig {
  /** The models that may answer, as `provider/model`, at least one and at most 1,000. */
  try?: (string)[];
  /** Which of them is asked first, and which next. */
  strategy?: Strategy;
  /** Shares for the strategies `weighted`, `least_busy` and `sticky`, by model: 0 to 1,000,000, 1 without it. */
  weights?: Record<string, number>;
  /** What the strategy `sticky` holds on to: `metadata.{key}`, `headers.{name}` or `body.{field}`. */
  sticky_by?: string | null;
  /** The failures after which the next one is asked. Other failures are the answer. */
  on?: (Failure)[];
  /** Models that are asked instead of the rest of `try`, by the failure that came first. */
  instead?: InsteadConfig;
  /** Models that cost more are skipped, and so are those whose price is not known. */
  max_price?: MaxPrice | null;
  /** When a model is left alone for a while. */
  breaker?: BreakerConfig;
  /** From sending a request to the first byte of its answer, up to 1 day; `timeouts.first_byte` without it. */
  first_byte?: Span | null;
  /**
   * After so long without an answer a second call is made beside it, up to 1 day; `hedging.after` without it, and never
   * with `"0"`.
   */
  hedge_after?: Span | null;
  /**
   * The file with the graph: JSON, in the reference's form. It is looked at once a second while it is in use, and read
   * again when it has changed.
   */
  file?: string | null;
  /** The graph itself: the reference's list of elements. */
  elements?: (Record<string, unknown>)[] | null;
  /** `first_byte` as a plain number of milliseconds. */
  first_byte_ms?: number;
  /** `hedge_after` as a plain number of milliseconds. */
  hedge_after_ms?: number;
}

/** Which model is asked first, and which next. */
export type Strategy = "ordered" | "weighted" | "least_busy" | "lowest_latency" | "lowest_cost" | "sticky";

/** The kinds of failure, by what helps against them. */
export type Failure = "outage" | "rate_limit" | "context_window" | "refusal" | "auth" | "not_found" | "request";

/** Models that are asked instead, by the failure that came first. */
export interface InsteadConfig {
  /** After no answer, 408, 425, or 500 and above. */
  outage?: (string)[];
  /** After 429. */
  rate_limit?: (string)[];
  /** After a request that is too long for the model. */
  context_window?: (string)[];
  /** After a refusal because of the content. */
  refusal?: (string)[];
  /** After 401, 402 or 403. */
  auth?: (string)[];
  /** After 404. */
  not_found?: (string)[];
  /** After any other 4xx. */
  request?: (string)[];
}

/** The highest price of a model, per million tokens. */
export interface MaxPrice {
  /** For input tokens. */
  input?: Money | null;
  /** For output tokens. */
  output?: Money | null;
}

/** When a model is left alone for a while. */
export interface BreakerConfig {
  /** After so many outages and rate limits in a row. 0 leaves no model alone. */
  failures?: number;
  /** For so long, 1 ms to 1 day; then a single call probes whether it is back. */
  pause?: Span;
  /** `pause` as a plain number of milliseconds. */
  pause_ms?: number;
}

/** What happens to a stream that breaks. */
export interface StreamsConfig {
  /** What is done about it. */
  broken?: Broken;
  /**
   * With `restart`: so many pieces of text are held back before the first is passed on, 1 to 1,000. A piece is an event
   * with text in it, mostly a token.
   */
  hold_tokens?: number;
}

/** What is done about a stream that breaks. */
export type Broken = "error" | "restart" | "continue";

/** How a call is carried to a provider of another format. */
export interface TranslationConfig {
  /** Whether a call that cannot be carried as it is, is refused; otherwise it is changed, and the changes are named. */
  strict?: boolean;
}

/** What is remembered of each call. */
export interface LogsConfig {
  /** Whether a call is logged if its request does not say. */
  enabled?: boolean;
  /** The SQLite file. Without it the log is kept in memory and ends with the gateway. */
  path?: string | null;
  /** Whether bodies are kept if the request does not say. */
  payloads?: boolean;
  /** How many logs are kept, at least 1. Without it there is no bound. */
  max_records?: number | null;
  /** What happens at `max_records`. */
  when_full?: WhenFull;
  /** What an end without warning may cost. */
  durability?: Durability;
}

/** What happens when the log is full. */
export type WhenFull = "delete_oldest" | "stop_inserting";

/** What an end without warning may cost of the log. */
export type Durability = "group" | "full";

/** A receiver of logs, and how they get there. */
export interface UploadConfig {
  /** Where batches are posted to: an `http` or `https` URL without credentials, query or fragment. */
  to?: string;
  /** What the receiver is shown as `authorization: Bearer {key}`. */
  key?: Secret | null;
  /** The environment variable that holds the key. */
  key_env?: string | null;
  /** Headers for every batch. Their values are kept like keys. */
  headers?: Record<string, Secret>;
  /** Whether bodies are sent too, where the log keeps them. */
  payloads?: boolean;
  /** How many records a batch holds at most: 1 to 10,000. */
  batch_records?: number;
  /** How many bytes a batch holds at most before it is compressed: 1 KiB to 64 MiB. A record that is larger goes alone. */
  batch_bytes?: Size;
  /** How long a record waits for others, up to 1 hour. */
  batch_age?: Span;
  /**
   * How many bytes may wait, at least 64 KiB. Beyond it bodies of the oldest records are left out, then records of
   * calls that succeeded, then the others; each is counted.
   */
  max_bytes?: Size;
  /** `batch_age` as a plain number of milliseconds. */
  batch_age_ms?: number;
}

/** The server on the loopback interface. */
export interface ServerConfig {
  /** The TCP port; 0 takes any that is free. */
  port?: number;
  /** What requests must bring as `cf-aig-authorization: Bearer {token}`. Without it none is asked for. */
  token?: Secret | null;
}
