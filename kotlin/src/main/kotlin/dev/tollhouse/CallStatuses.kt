package dev.tollhouse

import dev.tollhouse.ffi.UniffiRustCallStatus

/**
 * The structures in which the native side says how a call went. JNA makes one with memory of its own, by reflection, and
 * has it cleaned up behind the garbage collector; a call needs several. So each thread keeps those that it has made. A call
 * within a call, from a callback, takes another one.
 */
internal object CallStatuses {
    private val kept: ThreadLocal<ArrayDeque<UniffiRustCallStatus>> = ThreadLocal.withInitial { ArrayDeque() }

    inline fun <T> lend(work: (UniffiRustCallStatus) -> T): T {
        val status = take()
        try {
            return work(status)
        } finally {
            give(status)
        }
    }

    fun take(): UniffiRustCallStatus = kept.get().removeLastOrNull() ?: UniffiRustCallStatus()

    /** As it was made: what it said of an error has been read, and its memory is somebody else's. */
    fun give(status: UniffiRustCallStatus) {
        if (!status.isSuccess()) {
            status.code = 0
            status.error_buf.apply {
                capacity = 0
                len = 0
                data = null
            }
        }
        kept.get().addLast(status)
    }
}
