package dev.tollhouse.testing

/** A chat completion of OpenAI with this text. */
public fun answer(content: String, model: String = "gpt-4o-mini", tokensIn: Int = 1, tokensOut: Int = 1): Map<String, Any?> =
    mapOf(
        "json" to
            mapOf(
                "id" to "chatcmpl-scripted",
                "object" to "chat.completion",
                "created" to 0,
                "model" to model,
                "choices" to
                    listOf(
                        mapOf(
                            "index" to 0,
                            "message" to mapOf("role" to "assistant", "content" to content),
                            "finish_reason" to "stop",
                        ),
                    ),
                "usage" to
                    mapOf("prompt_tokens" to tokensIn, "completion_tokens" to tokensOut, "total_tokens" to tokensIn + tokensOut),
            ),
    )

/** The same, in pieces. A stream that is [cut] breaks off behind them. */
public fun stream(vararg pieces: String, model: String = "gpt-4o-mini", cut: Boolean = false): Map<String, Any?> {
    val deltas = pieces.map { mapOf("role" to "assistant", "content" to it) }
    val events = deltas.map { chunk(model, it, null) }
    return if (cut) mapOf("sse" to events, "fail" to "cut") else mapOf("sse" to events + chunk(model, emptyMap(), "stop") + "[DONE]")
}

/** An error of OpenAI with this status. */
public fun fail(status: Int, message: String = "scripted failure"): Map<String, Any?> =
    mapOf(
        "status" to status,
        "json" to mapOf("error" to mapOf("message" to message, "type" to "scripted", "param" to null, "code" to null)),
    )

/** Nobody listens. */
public fun unreachable(): Map<String, Any?> = mapOf("fail" to "connect")

private fun chunk(model: String, delta: Map<String, Any?>, finish: String?): Map<String, Any?> =
    mapOf(
        "id" to "chatcmpl-scripted",
        "object" to "chat.completion.chunk",
        "created" to 0,
        "model" to model,
        "choices" to listOf(mapOf("index" to 0, "delta" to delta, "finish_reason" to finish)),
    )
