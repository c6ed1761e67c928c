/** The errors that users catch. Upstream failures are answers; what is thrown is misuse, or a log that is not there. */

import type { Failure } from "./native.js";

/** Every code, in the order of `tests/surface.json`. */
export const ERROR_CODES = [
  "config",
  "invalid_request",
  "closed",
  "log_not_found",
  "unknown_model",
  "storage",
  "connect",
  "connect_timeout",
  "timeout",
  "broken",
  "too_large",
] as const;

/** The stable words of {@link TollhouseError.code}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error of the gateway. Its message says what happened and what to do next. */
export class TollhouseError extends Error {
  /** What went wrong, as a word that is the same in every language. */
  readonly code: ErrorCode;
  /** The configuration key or argument that the error is about. */
  readonly field: string | undefined;
  /** Who can mend it. */
  readonly source: "caller" | "gateway" | "upstream";
  /** The HTTP status, where the upstream had answered. */
  readonly status: number | undefined;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** The log of the call that failed, where one was written. */
  readonly logId: string | undefined;

  static {
    this.prototype.name = "TollhouseError";
  }

  /** @internal */
  constructor(failure: Failure) {
    super(failure.message);
    this.code = failure.code as ErrorCode;
    this.field = failure.field;
    this.source = failure.source as TollhouseError["source"];
    this.status = failure.status;
    this.retryable = failure.retryable;
    this.logId = failure.logId;
  }
}

/** A failure of the gateway's own management: `getLog`, `patchLog`, `getUrl`. */
export class AiGatewayInternalError extends TollhouseError {
  static {
    this.prototype.name = "AiGatewayInternalError";
  }
}

/** No log has this id. */
export class AiGatewayLogNotFound extends TollhouseError {
  static {
    this.prototype.name = "AiGatewayLogNotFound";
  }
}

/** Whether what a native call gave is a failure. */
export function isFailure(value: unknown): value is Failure {
  return typeof value === "object" && value !== null && "code" in value && "retryable" in value;
}

/** The same error under the name that the reference's binding gives it. */
export function asManagementError(error: unknown): unknown {
  if (!(error instanceof TollhouseError)) {
    return error;
  }
  return error.code === "log_not_found" ? new AiGatewayLogNotFound(error) : new AiGatewayInternalError(error);
}
