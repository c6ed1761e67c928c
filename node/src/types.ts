/** The names and shapes of the reference's binding, so that code written for it compiles against tollhouse. */

/** A value of a log's metadata. A bigint is kept as text. */
export type MetadataValue = number | string | boolean | null | bigint;

/** How often and when a failed call is tried again. */
export interface GatewayRetries {
  /** Tries in all, 1 to 5. */
  maxAttempts?: 1 | 2 | 3 | 4 | 5;
  /** Wait before the second try, in milliseconds, at most 5,000. */
  retryDelayMs?: number;
  /** How the wait grows with each try. */
  backoff?: "constant" | "linear" | "exponential";
}

/** Settings of one call, above those of the gateway. */
export interface UniversalGatewayOptions {
  /** @deprecated The gateway is the one that the method is called on. */
  id?: string;
  /** Whether to go past the cached answer. */
  skipCache?: boolean;
  /** How long the answer may be kept, in seconds; 0 keeps it out of the cache. */
  cacheTtl?: number;
  /** The key to keep the answer under, instead of one made of the request. */
  cacheKey?: string;
  /** Whose answers these are, such as a tenant. */
  cacheScope?: string;
  /** Whose threshold holds for near answers. */
  cacheNamespace?: string;
  /** Whether kept answers are given, and new ones kept. */
  cacheMode?: "read-write" | "read-only" | "write-only";
  /** As HTTP has it: "no-cache", "max-age=60", "only-if-cached". */
  cacheControl?: string;
  /** At most five flat entries for the log. */
  metadata?: Record<string, MetadataValue>;
  /** Whether the call is logged. */
  collectLog?: boolean;
  /** An id of the caller's own for the log. */
  eventId?: string;
  /** How long to wait for the answer to begin, in milliseconds. */
  requestTimeoutMs?: number;
  /** Retries of this call. */
  retries?: GatewayRetries;
  /** How long without an answer before a second call is made beside, in milliseconds; 0 is never. */
  hedgeAfterMs?: number;
}

/** The same with the gateway's id, as `Ai.run` of the reference takes it. */
export type GatewayOptions = UniversalGatewayOptions & { id: string };

/** Options of {@link Gateway.handle}. */
export interface HandleOptions {
  /** Ends the call. */
  signal?: AbortSignal;
}

/** Options of {@link Gateway.run}. */
export interface RunOptions {
  /** Settings of this call. */
  gateway?: UniversalGatewayOptions;
  /** Headers of the request; they stand above those that `gateway` leads to. */
  extraHeaders?: object;
  /** Ends the call: the attempt in flight, retries and fallbacks. */
  signal?: AbortSignal;
}

/** Options of {@link Gateway.chat}: all others are fields of the body. */
export interface ChatOptions extends RunOptions {
  /** Whether the answer is a stream of events. */
  stream?: boolean;
  [field: string]: unknown;
}

/** A price of the caller's own, in US dollars. */
export type CustomCost = { per_token_in?: number; per_token_out?: number } | { total_cost?: number };

/** Headers of one entry of a universal request. Values that are no text are written as JSON. */
export interface AIGatewayHeaders {
  "cf-aig-metadata": Record<string, MetadataValue> | string;
  "cf-aig-custom-cost": CustomCost | string;
  "cf-aig-cache-ttl": number | string;
  "cf-aig-skip-cache": boolean | string;
  "cf-aig-cache-key": string;
  "cf-aig-event-id": string;
  "cf-aig-request-timeout": number | string;
  "cf-aig-max-attempts": number | string;
  "cf-aig-retry-delay": number | string;
  "cf-aig-backoff": string;
  "cf-aig-collect-log": boolean | string;
  Authorization: string;
  "Content-Type": string;
  [name: string]: string | number | boolean | object;
}

/** Providers by their names in paths; any other name that the configuration defines works too. */
export type AIGatewayProviders =
  | "workers-ai"
  | "anthropic"
  | "aws-bedrock"
  | "azure-openai"
  | "google-vertex-ai"
  | "huggingface"
  | "openai"
  | "perplexity-ai"
  | "replicate"
  | "groq"
  | "cohere"
  | "google-ai-studio"
  | "mistral"
  | "grok"
  | "openrouter"
  | "deepseek"
  | "cerebras"
  | "cartesia"
  | "elevenlabs"
  | "adobe-firefly";

/** One entry of a universal request: the provider's own request, to be tried in its turn. */
export interface AIGatewayUniversalRequest {
  provider: AIGatewayProviders | (string & {});
  /** The path below the provider's base, with its query string if it has one. */
  endpoint: string;
  headers: Partial<AIGatewayHeaders>;
  /** The provider's own body. */
  query: unknown;
}

/** Feedback on a call. What is absent stays as it is; null clears. */
export interface AiGatewayPatchLog {
  score?: number | null;
  feedback?: -1 | 1 | null;
  metadata?: Record<string, MetadataValue> | null;
}

/** The log of one call. */
export interface AiGatewayLog {
  id: string;
  provider: string;
  model: string;
  model_type?: string;
  path: string;
  /** Milliseconds from the call to the end of its answer. */
  duration: number;
  request_type?: string;
  request_content_type?: string;
  status_code: number;
  response_content_type?: string;
  success: boolean;
  cached: boolean;
  tokens_in?: number;
  tokens_out?: number;
  metadata?: Record<string, MetadataValue>;
  step?: number;
  /** US dollars; absent if the price is not known. */
  cost?: number;
  custom_cost?: boolean;
  request_size: number;
  request_head?: string;
  request_head_complete: boolean;
  response_size: number;
  response_head?: string;
  response_head_complete: boolean;
  created_at: Date;
}
