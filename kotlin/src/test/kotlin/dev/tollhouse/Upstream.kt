package dev.tollhouse

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject

/** The scripted upstream of the project: a provider over real HTTP (tests/upstream/README.md). */
class Upstream : AutoCloseable {
    private val process =
        ProcessBuilder(program, "--port", "0", "--with-stdin").redirectError(ProcessBuilder.Redirect.INHERIT).start()

    val url: String = process.inputStream.bufferedReader().readLine().removePrefix("listening on ")

    /** Its providers are all this upstream. */
    fun configuration(configure: Configuration.() -> Unit = {}): Configuration =
        Configuration().apply {
            provider("openai") { baseUrl = "$url/openai"; key = "sk-test" }
            provider("anthropic") { baseUrl = "$url/anthropic"; key = "sk-test" }
            configure()
        }

    /** What the calls to come get: a fault as JSON, or `null` for a normal answer. */
    fun script(vararg steps: String) {
        post("/__script", steps.joinToString(",", "[", "]"))
    }

    /** Every call so far, once [arrived] have come and none is under way. */
    fun ledger(arrived: Int = 0): List<JsonObject> =
        (Json.parseToJsonElement(get("/__ledger?arrived=$arrived&settled=1")) as JsonArray).map { it as JsonObject }

    /** The same without waiting for their ends. */
    fun arrived(count: Int): List<JsonObject> =
        (Json.parseToJsonElement(get("/__ledger?arrived=$count")) as JsonArray).map { it as JsonObject }

    fun reset() {
        post("/__reset", "")
    }

    /** It ends when its standard input does. */
    override fun close() = process.outputStream.close()

    private fun get(path: String) = send(HttpRequest.newBuilder(URI(url + path)).build())

    private fun post(path: String, body: String) =
        send(HttpRequest.newBuilder(URI(url + path)).POST(HttpRequest.BodyPublishers.ofString(body)).build())

    private fun send(request: HttpRequest): String {
        val response = http.send(request, HttpResponse.BodyHandlers.ofString())
        check(response.statusCode() in 200..299) { response.body() }
        return response.body()
    }

    private companion object {
        /** Built by `make -C kotlin test`. */
        val program = checkNotNull(System.getenv("TOLLHOUSE_UPSTREAM")) { "run `make -C kotlin test`, which builds the upstream and names it" }
        val http: HttpClient = HttpClient.newHttpClient()
    }
}
