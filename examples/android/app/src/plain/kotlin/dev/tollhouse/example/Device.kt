package dev.tollhouse.example

import dev.tollhouse.HostedAnswer
import dev.tollhouse.HostedProvider
import dev.tollhouse.HostedRequest
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.add
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

/**
 * A model on the device, in the shape of ML Kit's GenAI Prompt API (`GenerativeModel.generateContentStream`), behind which
 * Gemini Nano stands. On a phone this is three lines over that class; in tests it is whatever answers.
 */
fun interface DeviceModel {
    fun generateContentStream(prompt: String): Flow<String>
}

/** Lets the model answer as `custom-device/…`: OpenAI's shape in, a stream of OpenAI's events out. */
class Device(private val model: DeviceModel) : HostedProvider {
    override suspend fun answer(request: HostedRequest): HostedAnswer {
        val prompt = request.json().jsonObject.getValue("messages").jsonArray.joinToString("\n") { message ->
            message.jsonObject.getValue("content").jsonPrimitive.content
        }
        val events = flow {
            model.generateContentStream(prompt).collect { piece -> emit(event(chunk(piece, null))) }
            emit(event(chunk(null, "stop")))
            emit("data: [DONE]\n\n".toByteArray())
        }
        return HostedAnswer(events, headers = listOf("content-type" to "text/event-stream"))
    }

    private fun chunk(piece: String?, finish: String?): JsonObject = buildJsonObject {
        put("object", "chat.completion.chunk")
        putJsonArray("choices") {
            add(
                buildJsonObject {
                    put("index", 0)
                    putJsonObject("delta") { piece?.let { put("content", it) } }
                    put("finish_reason", finish)
                },
            )
        }
    }

    private fun event(json: JsonObject) = "data: $json\n\n".toByteArray()
}
