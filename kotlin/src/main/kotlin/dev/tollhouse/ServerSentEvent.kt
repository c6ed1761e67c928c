package dev.tollhouse

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement

/**
 * One event of a stream.
 *
 * @property event its name, `message` if it has none
 * @property data its text
 * @property id its id, if one was set
 */
public data class ServerSentEvent(val event: String, val data: String, val id: String?) {
    /** The data as JSON. */
    public fun json(): JsonElement = Json.parseToJsonElement(data)
}

/** The events of a body, as they are complete (WHATWG HTML, "event stream interpretation"). */
internal fun Flow<ByteArray>.toEvents(): Flow<ServerSentEvent> = flow {
    val parser = EventParser()
    collect { chunk -> parser.feed(chunk).forEach { emit(it) } }
}

/** Takes bytes as they come and gives the events that are complete. What the end of the stream leaves open is dropped. */
internal class EventParser {
    private val line = ByteBuffer()
    private var isFirstLine = true
    private var wasReturn = false
    private var name = ""
    private val data = mutableListOf<String>()
    private var id: String? = null

    fun feed(chunk: ByteArray): List<ServerSentEvent> {
        val events = mutableListOf<ServerSentEvent>()
        var start = 0
        for (index in chunk.indices) {
            val byte = chunk[index]
            // The second half of a CRLF, whose first half has ended the line.
            val isOtherHalf = byte == LINE_FEED && wasReturn
            wasReturn = byte == RETURN
            if (byte == LINE_FEED || byte == RETURN) {
                if (!isOtherHalf) {
                    line.add(chunk, start, index)
                    take(line.takeText())?.let(events::add)
                }
                start = index + 1
            }
        }
        line.add(chunk, start, chunk.size)
        return events
    }

    private fun take(text: String): ServerSentEvent? {
        val line = if (isFirstLine) text.removePrefix("\uFEFF") else text
        isFirstLine = false
        if (line.isEmpty()) return dispatch()
        val value = line.substringAfter(':', "").removePrefix(" ")
        when (line.substringBefore(':')) {
            "data" -> data.add(value)
            "event" -> name = value
            "id" -> if ('\u0000' !in value) id = value
        }
        return null
    }

    private fun dispatch(): ServerSentEvent? {
        val event = if (data.isEmpty()) null else ServerSentEvent(name.ifEmpty { "message" }, data.joinToString("\n"), id)
        name = ""
        data.clear()
        return event
    }

    private class ByteBuffer {
        private val bytes = java.io.ByteArrayOutputStream()

        fun add(chunk: ByteArray, from: Int, to: Int) = bytes.write(chunk, from, to - from)

        fun takeText(): String = String(bytes.toByteArray(), Charsets.UTF_8).also { bytes.reset() }
    }

    private companion object {
        const val LINE_FEED = '\n'.code.toByte()
        const val RETURN = '\r'.code.toByte()
    }
}
