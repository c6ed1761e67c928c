package dev.tollhouse.example

import dev.tollhouse.Gateway
import dev.tollhouse.TollhouseException
import java.math.BigDecimal
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update

/**
 * What the screen shows.
 *
 * @property cache `HIT`, or `MISS` for an answer that a provider gave; null before the first one
 * @property cost US dollars; null where the price is not known
 */
data class ChatState(
    val answer: String = "",
    val isBusy: Boolean = false,
    val cache: String? = null,
    val cost: BigDecimal? = null,
    val problem: String? = null,
)

/** One chat. It knows nothing of Android, so that it is tested anywhere. */
class Chat(private val gateway: Gateway, private val model: String = "openai/gpt-4o-mini") {
    private val current = MutableStateFlow(ChatState())

    val state: StateFlow<ChatState> = current.asStateFlow()

    /** Asks, and shows the answer as it comes. Cancelling the coroutine ends the call at the provider. */
    suspend fun ask(question: String) {
        current.value = ChatState(isBusy = true)
        try {
            gateway.chat(model, question, mapOf("stream" to true)).use { answer ->
                current.update { it.copy(cache = answer.headers["cf-aig-cache-status"]) }
                answer.text.collect { piece -> current.update { it.copy(answer = it.answer + piece) } }
                answer.logId?.let { id -> current.update { state -> state.copy(cost = gateway.costOf(id)) } }
            }
        } catch (error: TollhouseException) {
            current.update { it.copy(problem = error.detail) }
        } finally {
            current.update { it.copy(isBusy = false) }
        }
    }

    /** An answer from the cache cost nothing. */
    private suspend fun Gateway.costOf(logId: String): BigDecimal? = getLog(logId).let { if (it.cached) BigDecimal.ZERO else it.cost }
}
