/** An AI gateway that runs inside your application. */

export type { GatewayConfig } from "./config.js";
export { AiGatewayInternalError, AiGatewayLogNotFound, TollhouseError, type ErrorCode } from "./errors.js";
export { gateway } from "./factory.js";
export type { GatewayFetch } from "./fetch.js";
export { Gateway, Gateway as AiGateway } from "./gateway.js";
export type { Balance, Bill, BudgetReport, BudgetState, CacheStats, CreditEntry, CreditOptions, Estimate, Explanation, ExplanationLine, FieldDifference, GatewayLog, LedgerEntry, LedgerPage, LoadedPrices, LogHealth, LogPage, LogQuery, MissReport, PurgeFilter, PurgeReport, ReconciledRow, ReconciledSide, Reconciliation, Recosted, Spread, StoreHealth, StoreStats, TargetMiss, TokenCount, UploadHealth, UsageQuery, UsageReport, UsageRow } from "./log.js";
export type { Embedder, GatewayParts } from "./host.js";
export type { GatewayResponse } from "./response.js";
export type * from "./types.js";
