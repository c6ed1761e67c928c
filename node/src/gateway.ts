/** The gateway as JavaScript sees it. All that decides is in the native core. */

import { calls, checked, ready } from "./calls.js";
import { Door } from "./door.js";
import { asManagementError } from "./errors.js";
import { toFetch, type GatewayFetch } from "./fetch.js";
import type { GatewayParts } from "./host.js";
import { toJson } from "./json.js";
import { toLog, toPage, type Balance, type Bill, type BudgetReport, type CacheStats, type CreditEntry, type CreditOptions, type Estimate, type Explanation, type LedgerPage, type LoadedPrices, type LogHealth, type LogPage, type LogQuery, type MissReport, type PurgeFilter, type PurgeReport, type Reconciliation, type Recosted, type TokenCount, type UsageQuery, type UsageReport } from "./log.js";
import { toCall } from "./request.js";
import { native, type NativeGateway, type Outcome } from "./native.js";
import type { GatewayResponse } from "./response.js";
import type { GatewayConfig, RouteConfig } from "./config.js";
import type { AIGatewayProviders, AIGatewayUniversalRequest, AiGatewayLog, AiGatewayPatchLog, ChatOptions, HandleOptions, RunOptions } from "./types.js";

/** How long {@link Gateway.close} may take to write what is still to be written, in milliseconds. */
const CLOSE_BUDGET_MS = 5_000;

/**
 * An AI gateway in this process.
 *
 * ```js
 * const gateway = new Gateway({ cache: { ttl: "1h" } });
 * const openai = new OpenAI({ fetch: gateway.fetch });
 * ```
 */
export class Gateway {
  /** A `fetch` that goes through this gateway, for the `fetch` option of SDKs. It needs no `this`. */
  readonly fetch: GatewayFetch;
  readonly #door: Door;
  readonly #native: NativeGateway;

  /**
   * @param config The configuration, or the name of a TOML or JSON file. Without it `tollhouse.toml` in the working
   * directory is used if there is one. Keys are read from the environment; nothing is started before the first call.
   * @param options What the program brings itself.
   * @throws {TollhouseError} `config`, with the field that cannot work.
   */
  constructor(config?: GatewayConfig | string, options?: GatewayParts);
  /** @internal */
  constructor(config: Opened);
  constructor(config?: GatewayConfig | string | Opened, options: GatewayParts = {}) {
    this.#native = config instanceof Opened ? config.native : open(config, options);
    this.#door = new Door(this.#native);
    this.fetch = toFetch(this.#door);
  }

  /** The id of the last answer's log. With calls in flight at the same time, read `cf-aig-log-id` of the answer. */
  get aiGatewayLogId(): string | null {
    return this.#door.lastLogId;
  }

  /**
   * The door: every other call is a short path to it. Where no provider answered, it resolves with the gateway's own
   * answer, whose `failure` says why.
   *
   * @param target A path of the gateway, such as `/openai/chat/completions`, or a provider's absolute URL.
   */
  handle(
    method: string,
    target: string,
    headers?: RequestInit["headers"],
    body?: RequestInit["body"],
    options: HandleOptions = {},
  ): Promise<GatewayResponse> {
    return this.#door.send(target, { ...options, method, headers, body } as RequestInit);
  }

  /**
   * The universal endpoint: entries are tried in order until one succeeds.
   *
   * @returns The answer, whatever its status; `cf-aig-step` names the entry that gave it.
   */
  async run(
    entries: AIGatewayUniversalRequest | AIGatewayUniversalRequest[],
    options: RunOptions = {},
  ): Promise<GatewayResponse> {
    const { signal, ...settings } = options;
    signal?.throwIfAborted();
    return this.#door.answer(this.#native.run(toJson(entries), settingsJson(settings)), signal);
  }

  /**
   * Asks any chat model in OpenAI's shape.
   *
   * @param model `{provider}/{model}`
   * @param messages A text, or a list of messages.
   * @param options Further fields of the body, such as `stream`, beside those of {@link run}.
   */
  async chat(model: string, messages: string | object[], options: ChatOptions = {}): Promise<GatewayResponse> {
    const { signal, ...fields } = options;
    signal?.throwIfAborted();
    return this.#door.answer(this.#native.chat(model, toJson(messages), settingsJson(fields)), signal);
  }

  /**
   * A base URL of this gateway for SDKs that take nothing else, and for other programs of the same user: of `provider`,
   * or of the universal endpoint. The first call starts a server on the loopback interface; the URL holds its key.
   */
  async getUrl(provider?: AIGatewayProviders | (string & {})): Promise<string> {
    return this.#manage(this.#native.getUrl(provider));
  }

  /**
   * The dashboard's URL, for a browser on this machine: logs, costs, reliability. The first call starts a server. Whoever
   * has the URL may read and rate logs; its key is drawn anew at each start.
   */
  uiUrl(): string {
    return ready(this.#native.uiUrl());
  }

  /**
   * The log of one call, readable as soon as its answer is there.
   *
   * @throws {AiGatewayLogNotFound} if no log has this id.
   */
  async getLog(logId: string): Promise<AiGatewayLog> {
    return toLog(await this.#manage(this.#native.getLog(logId)));
  }

  /**
   * A call's walk, line by line: where it was resolved to, cache, each try, what it cost.
   *
   * @throws {AiGatewayLogNotFound} if no log has this id.
   */
  async explain(logId: string): Promise<Explanation> {
    return JSON.parse(await this.#manage(this.#native.explain(logId))) as Explanation;
  }

  /**
   * Why a request would not be answered from the cache: the nearest kept answer, and the fields that differ. Nothing is
   * sent or logged; of what is kept only digests are told, and of a key nothing. Parameters as those of {@link handle}.
   */
  async whyMiss(
    method: string,
    target: string,
    headers?: RequestInit["headers"],
    body?: RequestInit["body"],
  ): Promise<MissReport> {
    const call = await toCall(target, { method, headers, body } as RequestInit);
    return JSON.parse(
      await this.#manage(this.#native.whyMiss(call.method, call.target, call.headers, call.body)),
    ) as MissReport;
  }

  /**
   * Adds feedback, a score or metadata to a log.
   *
   * @throws {AiGatewayLogNotFound} if no log has this id.
   */
  async patchLog(logId: string, patch: AiGatewayPatchLog): Promise<void> {
    await this.#manage(this.#native.patchLog(logId, toJson(patch)));
  }

  /** Logs, the newest first unless the query says otherwise. */
  async logs(query: LogQuery = {}): Promise<LogPage> {
    return toPage(await this.#finish(this.#native.logs(toJson(query))));
  }

  /** Deletes the logs that a query selects, and tells how many there were. */
  async deleteLogs(query: LogQuery): Promise<number> {
    return Number(await this.#finish(this.#native.deleteLogs(toJson(query))));
  }

  /**
   * One body of a call, whole, where payloads are collected.
   *
   * @throws {AiGatewayLogNotFound} if there is no such log, or it has no such body.
   */
  async logPayload(logId: string, part: "request" | "response"): Promise<Uint8Array<ArrayBuffer>> {
    return this.#manage(this.#native.logPayload(logId, part));
  }

  /** Requests, tokens and cost, in groups; `basis` says in words how they are counted. */
  async usage(query: UsageQuery = {}): Promise<UsageReport> {
    return JSON.parse(await this.#finish(this.#native.usage(toJson(query)))) as UsageReport;
  }

  /** How every budget stands: what was spent, is reserved and is left, and when it begins anew. */
  async budgets(): Promise<BudgetReport> {
    return JSON.parse(await this.#finish(this.#native.budgets())) as BudgetReport;
  }

  /** Puts credit into a wallet. Under an `idempotency_key` that was used before nothing is put in again. */
  async topUp(wallet: string, amount: string, options: CreditOptions = {}): Promise<CreditEntry> {
    return JSON.parse(await this.#finish(this.#native.topUp(wallet, amount, toJson(options)))) as CreditEntry;
  }

  /** Gives credit back that calls drew on a wallet: all of them, or the one of `log_id`. */
  async refund(wallet: string, amount: string, options: CreditOptions = {}): Promise<CreditEntry> {
    return JSON.parse(await this.#finish(this.#native.refund(wallet, amount, toJson(options)))) as CreditEntry;
  }

  /** What a wallet has, what calls under way hold of it, and what ends when. */
  async balance(wallet: string): Promise<Balance> {
    return JSON.parse(await this.#finish(this.#native.balance(wallet))) as Balance;
  }

  /** The entries of the ledger of credits, the newest first: `wallet`, `kind`, `log_id`, `limit`, `page` select. */
  async ledger(query: Record<string, unknown> = {}): Promise<LedgerPage> {
    return JSON.parse(await this.#finish(this.#native.ledger(toJson(query)))) as LedgerPage;
  }

  /** What calls have cost in a period, one page for each customer: `by`, `since`, `until`, `markup_percent`, `format`. */
  async bill(query: Record<string, unknown> = {}): Promise<Bill> {
    return JSON.parse(await this.#finish(this.#native.bill(toJson(query)))) as Bill;
  }

  /** Holds what a provider's own usage or cost report says against the log, by day and model. */
  async reconcile(provider: "openai" | "anthropic", report: object, options: Record<string, unknown> = {}): Promise<Reconciliation> {
    return JSON.parse(await this.#finish(this.#native.reconcile(provider, toJson(report), toJson(options)))) as Reconciliation;
  }

  /** What the cache holds, and what it was asked for: hits, misses, entries and bytes, store by store. */
  async cacheStats(): Promise<CacheStats> {
    return JSON.parse(await this.#finish(this.#native.cacheStats())) as CacheStats;
  }

  /**
   * Takes away the kept answers that meet all of `filter`; without one, all of them.
   *
   * @throws {TollhouseError} `storage`, if a shared store does not answer; what it holds is given until its time is over.
   */
  async purgeCache(filter: PurgeFilter = {}): Promise<PurgeReport> {
    return JSON.parse(await this.#finish(this.#native.purgeCache(toJson(filter)))) as PurgeReport;
  }

  /**
   * Prices what was logged once more, by the prices in force on the day of each call, in one transaction. The query
   * selects as that of {@link logs}; without one all logs are priced.
   */
  async recost(query: UsageQuery = {}): Promise<Recosted> {
    return JSON.parse(await this.#finish(this.#native.recost(toJson(query)))) as Recosted;
  }

  /**
   * Least, likely and most that a call may use and cost, before it is made.
   *
   * @param model `{provider}/{model}`
   * @param messages A text, or a list of messages.
   * @param options Further fields of the body, such as `max_tokens`, `tools` or `service_tier`.
   */
  async estimate(model: string, messages: string | object[], options: Record<string, unknown> = {}): Promise<Estimate> {
    return JSON.parse(await this.#finish(this.#native.estimate(model, toJson(messages), toJson(options)))) as Estimate;
  }

  /**
   * Takes a newer price catalogue, as an object or as its text, from the next call on.
   *
   * @throws {TollhouseError} `invalid_request`, if it is cut short or has a price that cannot be; the prices in force stay.
   */
  loadPrices(prices: object | string): LoadedPrices {
    return JSON.parse(ready(this.#native.loadPrices(toJson(prices)))) as LoadedPrices;
  }

  /**
   * Tokens of a text, of a list of texts, of chat messages, or of messages with their tools, before a call, offline.
   *
   * @throws {TollhouseError} `unknown_model`, if the model's vocabulary is not known.
   */
  countTokens(model: string, input: string | string[] | object[] | { messages: object[]; tools?: object[]; tool_choice?: unknown }): TokenCount {
    return JSON.parse(ready(this.#native.countTokens(model, toJson(input)))) as TokenCount;
  }

  /**
   * Puts a route in the place of the one of this name, or takes it away with null; gives its version.
   *
   * @throws {TollhouseError} `config`, if it cannot work; the route that is there goes on.
   */
  setRoute(name: string, route: RouteConfig | null): number {
    return Number(ready(this.#native.setRoute(name, toJson(route))));
  }

  /** The configuration in force, with every default. Secrets show as `set`. */
  config(): GatewayConfig {
    return JSON.parse(this.#native.config()) as GatewayConfig;
  }

  /** How the log is doing: whether it is as configured, and what was lost. */
  health(): LogHealth {
    return JSON.parse(ready(this.#native.health())) as LogHealth;
  }

  /** Resolves when everything that was logged so far is on disk. */
  async flush(): Promise<void> {
    await this.#finish(this.#native.flush());
  }

  /** Writes what is still to be written, and refuses calls from now on. Closing twice is harmless. */
  async close(): Promise<void> {
    await this.#finish(this.#native.close(CLOSE_BUDGET_MS));
  }

  /** Closes the gateway at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #finish<Value>(outcome: Outcome<Value>): Value | Promise<Value> {
    return this.#door.calls.finish(outcome);
  }

  async #manage<Value>(outcome: Outcome<Value>): Promise<Value> {
    try {
      return await this.#finish(outcome);
    } catch (error) {
      throw asManagementError(error);
    }
  }
}

/** @internal A native gateway that is open already. */
export class Opened {
  readonly native: NativeGateway;

  constructor(opened: NativeGateway) {
    this.native = opened;
  }
}

function open(config: GatewayConfig | string | undefined, { embedder }: GatewayParts): NativeGateway {
  const file = typeof config === "string" ? config : undefined;
  const json = typeof config === "object" ? toJson(config) : undefined;
  const { native: shared, host } = calls();
  return checked(native().open(shared, json, file, undefined, embedder && host.lend(embedder)));
}

/** `Headers` would be an empty object as JSON. */
function settingsJson(settings: Omit<RunOptions, "signal">): string {
  const { extraHeaders } = settings;
  return toJson(extraHeaders instanceof Headers ? { ...settings, extraHeaders: Object.fromEntries(extraHeaders) } : settings);
}
