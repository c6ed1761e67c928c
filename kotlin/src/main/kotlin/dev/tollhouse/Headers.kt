package dev.tollhouse

import dev.tollhouse.ffi.Header

/** The headers of an answer, in their order, duplicates kept. Names are found in any case. */
public class Headers internal constructor(private val pairs: List<Pair<String, String>>) : Iterable<Pair<String, String>> {
    /** The value of the first header with this name. */
    public operator fun get(name: String): String? = pairs.firstOrNull { it.first.equals(name, ignoreCase = true) }?.second

    /** The values of all headers with this name. */
    public fun values(name: String): List<String> = pairs.filter { it.first.equals(name, ignoreCase = true) }.map { it.second }

    override fun iterator(): Iterator<Pair<String, String>> = pairs.iterator()

    /** The names, and no values: some are secrets. */
    override fun toString(): String = pairs.joinToString(prefix = "Headers(", postfix = ")") { it.first }
}

internal fun Iterable<Pair<String, String>>.toNative(): List<Header> = map { (name, value) -> Header(name, value) }

internal fun List<Header>.toHeaders(): Headers = Headers(map { it.name to it.value })
