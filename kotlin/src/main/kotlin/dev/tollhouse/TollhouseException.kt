package dev.tollhouse

import dev.tollhouse.ffi.Failure
import dev.tollhouse.ffi.InternalException

/**
 * An error of the gateway. A provider's failure is an answer and not an error; what is thrown is misuse, or an answer that
 * breaks while it is read.
 *
 * @property kind a stable word, the same in every language
 * @property detail what happened and what to do next
 * @property field the configuration key or argument that the error is about
 * @property source who can mend it: `caller`, `gateway` or `upstream`
 * @property status the HTTP status, where the upstream had answered
 * @property retryable whether the same call may succeed later without a change
 * @property logId the log of the call that failed, where one was written
 */
public sealed class TollhouseException(
    public val kind: String,
    public val detail: String,
    public val field: String?,
    public val source: String,
    public val status: Int?,
    public val retryable: Boolean,
    public val logId: String?,
    cause: Throwable?,
) : Exception(detail, cause) {
    protected constructor(failure: Failure.Failed) : this(
        failure.kind,
        failure.detail,
        failure.field,
        failure.source,
        failure.status?.toInt(),
        failure.retryable,
        failure.logId,
        null,
    )

    /** The configuration cannot work; [field] names the key. */
    public class Config internal constructor(failure: Failure.Failed) : TollhouseException(failure)

    /** An argument cannot work; [field] names it. */
    public class InvalidRequest internal constructor(failure: Failure.Failed) : TollhouseException(failure)

    /** The gateway is closed. */
    public class Closed internal constructor(failure: Failure.Failed) : TollhouseException(failure)

    /** No log has this id, or it does not have this body. */
    public class LogNotFound internal constructor(failure: Failure.Failed) : TollhouseException(failure)

    /** The vocabulary of this model is not known. */
    public class UnknownModel internal constructor(failure: Failure.Failed) : TollhouseException(failure)

    /** The log cannot be read or written. */
    public class Storage internal constructor(failure: Failure.Failed) : TollhouseException(failure)

    /** No connection stood; nothing was sent. */
    public class Connect internal constructor(failure: Failure.Failed) : TollhouseException(failure) {
        /** For what the app brings: a provider or a broker of its own says so what went wrong. */
        public constructor(detail: String) : this(failed("connect", detail, source = "upstream", retryable = true))
    }

    /** No connection stood in time; nothing was sent. */
    public class ConnectTimeout internal constructor(failure: Failure.Failed) : TollhouseException(failure) {
        /** For what the app brings: a provider or a broker of its own says so what went wrong. */
        public constructor(detail: String) : this(failed("connect_timeout", detail, source = "upstream", retryable = true))
    }

    /** No answer came in time. */
    public class Timeout internal constructor(failure: Failure.Failed) : TollhouseException(failure) {
        /** For what the app brings: a provider or a broker of its own says so what went wrong. */
        public constructor(detail: String) : this(failed("timeout", detail, source = "upstream", retryable = true))
    }

    /** The answer broke off: what came is not whole. */
    public class Broken internal constructor(failure: Failure.Failed) : TollhouseException(failure) {
        /** For what the app brings: a provider or a broker of its own says so what went wrong. */
        public constructor(detail: String) : this(failed("broken", detail, source = "upstream", retryable = true))
    }

    /** The answer is larger than was allowed. */
    public class TooLarge internal constructor(failure: Failure.Failed) : TollhouseException(failure)

    /** The text of an answer was asked for that is an error. */
    public class Status internal constructor(reason: String, status: Int, retryable: Boolean, logId: String?) :
        TollhouseException("status", "the answer is an error with status $status: $reason", null, "upstream", status, retryable, logId, null)

    /** The native library cannot be loaded on this platform. */
    public class Library internal constructor(detail: String, cause: Throwable) :
        TollhouseException("library", detail, null, "caller", null, false, null, cause)
}

internal fun Failure.toException(): TollhouseException =
    when (this) {
        is Failure.Failed -> toException()
    }

private fun Failure.Failed.toException(): TollhouseException =
    when (kind) {
        "config" -> TollhouseException.Config(this)
        "invalid_request" -> TollhouseException.InvalidRequest(this)
        "closed" -> TollhouseException.Closed(this)
        "log_not_found" -> TollhouseException.LogNotFound(this)
        "unknown_model" -> TollhouseException.UnknownModel(this)
        "storage" -> TollhouseException.Storage(this)
        "connect" -> TollhouseException.Connect(this)
        "connect_timeout" -> TollhouseException.ConnectTimeout(this)
        "timeout" -> TollhouseException.Timeout(this)
        "too_large" -> TollhouseException.TooLarge(this)
        else -> TollhouseException.Broken(this)
    }

/** A native call whose failures are thrown as what users catch. */
internal inline fun <T> native(call: () -> T): T =
    try {
        call()
    } catch (failure: Failure) {
        throw failure.toException()
    } catch (fault: InternalException) {
        throw failed("broken", "the native side failed: ${fault.message}; please report it", source = "gateway").toException()
    }

internal fun invalid(field: String, detail: String): TollhouseException =
    failed("invalid_request", "invalid $field: $detail", field = field).toException()

internal fun failed(
    kind: String,
    detail: String,
    field: String? = null,
    source: String = "caller",
    status: Int? = null,
    retryable: Boolean = false,
): Failure.Failed = Failure.Failed(kind, detail, field, source, status?.toUShort(), retryable, null)
