package dev.tollhouse.example

import dev.tollhouse.Gateway
import dev.tollhouse.hosted
import dev.tollhouse.testing.TestGateway
import dev.tollhouse.testing.fail
import dev.tollhouse.testing.answer
import java.math.BigDecimal
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What the example app shows, without a phone. */
class ChatTest {
    @Test
    fun `the answer, the cache and the cost are shown`() = runBlocking {
        val chat = Chat(TestGateway(listOf(answer("A joke.", tokensIn = 12, tokensOut = 14), fail(503, "down"))))
        chat.ask("Tell me a joke")
        assertEquals("A joke." to false, chat.state.value.answer to chat.state.value.isBusy)
        assertEquals(BigDecimal("0.0000102"), chat.state.value.cost)
        chat.ask("Another")
        assertTrue("down" in chat.state.value.problem!!)
    }

    @Test
    fun `a model on the device stands in, streams, and stops when nobody reads`() = runBlocking {
        val chat = Chat(Gateway { hosted("device", Device { prompt -> flowOf("You said: ", prompt) }) }, "custom-device/nano")
        chat.ask("hello")
        assertEquals("You said: hello", chat.state.value.answer)

        val stopped = CompletableDeferred<Unit>()
        val endless = Device {
            flow {
                try {
                    emit("one")
                    awaitCancellation()
                } finally {
                    stopped.complete(Unit)
                }
            }
        }
        val waiting = Chat(Gateway { hosted("device", endless) }, "custom-device/nano")
        val asking = launch(Dispatchers.Default) { waiting.ask("hello") }
        waiting.state.first { it.answer == "one" }
        asking.cancelAndJoin()
        stopped.await()
        assertEquals(false, waiting.state.value.isBusy)
    }
}
