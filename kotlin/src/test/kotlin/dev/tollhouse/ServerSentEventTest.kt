package dev.tollhouse

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

/** WHATWG HTML, "event stream interpretation". */
class ServerSentEventTest {
    private fun events(text: String, size: Int = Int.MAX_VALUE): List<ServerSentEvent> {
        val (parser, bytes) = EventParser() to text.toByteArray()
        return (bytes.indices step minOf(size, bytes.size)).flatMap { parser.feed(bytes.copyOfRange(it, minOf(bytes.size, it + minOf(size, bytes.size)))) }
    }

    private fun message(data: String, event: String = "message", id: String? = null) = ServerSentEvent(event, data, id)

    @Test
    fun `every line end, wherever chunks are cut`() {
        val text = "\uFEFFdata: a\r\ndata: b\r\n\r\nevent: named\rid: 7\rdata: é😀\r\rdata:c\n\n: a comment\n\ndata\n\nretry: 5\ndata: lost"
        val expected = listOf(message("a\nb"), message("é😀", "named", "7"), message("c", id = "7"), message("", id = "7"))
        for (size in 1..text.toByteArray().size) assertEquals(expected, events(text, size), "in chunks of $size")
    }

    @Test
    fun `a carriage return alone ends a line at once`() = assertEquals(listOf(message("x")), events("data: x\r\r"))

    @Test
    fun `one space is taken off, and fields that are unknown or wrong are left out`() =
        assertEquals(listOf(message(" two:colons")), events("data:  two:colons\nid: a\u0000b\nother: x\n\n"))

    @Test
    fun `a name without data is no event, and does not stick`() = assertEquals(listOf(message("x")), events("event: e\n\ndata: x\n\n"))
}
