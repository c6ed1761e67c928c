package dev.tollhouse

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.contentOrNull

/** The pieces of text in an answer of OpenAI's shape. */
internal fun pieces(response: Response): Flow<String> = flow {
    response.failure?.let { throw it }
    if (!response.isSuccessful) throw statusError(response, response.string())
    if (!response.isStream()) {
        emitText(parsed(response.string()).choice("message"))
        return@flow
    }
    response.events.collect { event ->
        // What follows the end marker is the end of the body: only who reads on to that gives the connection back.
        if (event.data == END) return@collect
        val chunk = parsed(event.data)
        if ((chunk as? JsonObject)?.containsKey("error") == true) throw statusError(response, event.data)
        emitText(chunk.choice("delta"))
    }
}

/** What is no JSON is no model's answer: a page of the network's, perhaps. */
private fun parsed(text: String): JsonElement =
    try {
        Json.parseToJsonElement(text)
    } catch (_: SerializationException) {
        throw failed("broken", "the answer is no JSON, so it is not a model's", source = "upstream").toException()
    }

private const val END = "[DONE]"

private suspend fun kotlinx.coroutines.flow.FlowCollector<String>.emitText(text: String) {
    if (text.isNotEmpty()) emit(text)
}

private fun Response.isStream(): Boolean = headers["content-type"]?.startsWith("text/event-stream") == true

/** What a model said; empty if it only called tools. */
private fun JsonElement.choice(part: String): String {
    val choice = ((this as? JsonObject)?.get("choices") as? JsonArray)?.firstOrNull()
    val message = (choice as? JsonObject)?.get(part) as? JsonObject
    return (message?.get("content") as? JsonPrimitive)?.contentOrNull.orEmpty()
}

private fun statusError(response: Response, body: String): TollhouseException {
    val status = response.status
    return TollhouseException.Status(reason(body), status, status in setOf(408, 409, 429) || status >= 500, response.logId)
}

/** The sentence in an error body: `error.message` of OpenAI and most others, `error[0].message` of the gateway. */
private fun reason(body: String): String {
    val document =
        try {
            Json.parseToJsonElement(body)
        } catch (_: SerializationException) {
            return body
        }
    val error = (document as? JsonObject)?.get("error") ?: return body
    val first = if (error is JsonArray) error.firstOrNull() ?: error else error
    val message = (first as? JsonObject)?.get("message") ?: first
    return (message as? JsonPrimitive)?.contentOrNull ?: message.toString()
}
