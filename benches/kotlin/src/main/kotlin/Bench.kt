// What the gateway costs beside OkHttp, the HTTP client of most programs in Kotlin.
//
// Both are asked in turn, batch by batch, so that a busy machine slows both alike; the ratio of each round is what counts.
// The first argument is the path of a tollhouse-upstream, which is started and ended; a second one, `quick`, makes it a
// quick look. ROUNDS and CALLS are read from the environment, and PROFILE, which says how the core was built.

package dev.tollhouse.bench

import com.sun.management.OperatingSystemMXBean
import dev.tollhouse.Gateway
import dev.tollhouse.okhttp.interceptor
import java.io.IOException
import java.lang.management.ManagementFactory
import java.util.Locale
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit.MINUTES
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.resumeWithException
import kotlin.math.ceil
import kotlin.math.max
import kotlin.system.exitProcess
import kotlinx.coroutines.*
import kotlinx.serialization.json.*
import okhttp3.*
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.RequestBody.Companion.toRequestBody

private const val IN_FLIGHT = 64
private const val STREAM_WORDS = 2_000
private const val STREAMS = 4
private const val TARGET = "/openai/chat/completions"
private const val KEY = "Bearer sk-made-up"
private const val TEXT =
    "A toll house stands where a road is narrow, and whoever comes through is counted, asked to pay, and let on. Say in a few " +
        "plain words what this has in common with a gateway between a program and the models that it calls: what does it see of " +
        "each call, what may it refuse, what should it write down, and how can it do all of that without anybody noticing that " +
        "the way has become longer? Leave out what you are not sure of."
private val HEADERS = listOf("authorization" to KEY, "content-type" to "application/json")
private val WORDS = "word ".repeat(STREAM_WORDS)

/** CPU time of the process, with that of the core and of what compiles and collects; and time on the wall. In µs. */
private class Cost(val cpu: Double, val wall: Double)

/** Asks once, and returns when all has been read. */
private typealias Ask = suspend (number: Int) -> Unit

fun main(arguments: Array<String>) {
    val upstream = ProcessBuilder(arguments[0], "--port", "0", "--with-stdin").redirectError(ProcessBuilder.Redirect.INHERIT).start()
    val url = upstream.inputStream.bufferedReader().readLine().substringAfterLast(' ')
    Gateway { provider("openai") { baseUrl = "$url/v1"; key = "sk-made-up" } }.use { measure(Bench(url, it, "quick" in arguments)) }
    upstream.outputStream.close()
    // OkHttp's threads would hold the program for a minute.
    exitProcess(0)
}

private fun measure(bench: Bench) {
    val (gateway, raw, through) = Triple(bench.gateway, bench.raw, bench.through)
    println("%-38s%10s%10s%9s%11s%11s%9s".format("Kotlin, ${bench.built}", "raw CPU", "ours CPU", "ratio", "raw wall", "ours wall", "ratio"))

    val awaited: Ask = { Json.parseToJsonElement(raw.newCall(bench.request(question(TEXT, it))).await()) }
    val handle: Ask = { bench.handle(question(TEXT, it)).json() }
    val chat: Ask = { gateway.chat("openai/gpt-4o-mini", TEXT, mapOf("seed" to it)).apply { check(isSuccessful) }.json() }
    for (inFlight in listOf(1, IN_FLIGHT)) {
        bench.row("handle, $inFlight in flight", awaited, handle, inFlight)
        bench.row("chat, $inFlight in flight", awaited, chat, inFlight)
    }
    // An interceptor holds its thread, and so does the plain client beside it.
    fun blocking(client: OkHttpClient): Ask = { Json.parseToJsonElement(client.newCall(bench.request(question(TEXT, it))).execute().string()) }
    for (inFlight in listOf(1, IN_FLIGHT)) {
        bench.row("interceptor, $inFlight in flight", blocking(raw), blocking(through), inFlight, bench.threads)
    }

    fun bytes(client: OkHttpClient): Ask = { number -> bench.open(client, number).use { it.readBytes() } }
    fun events(client: OkHttpClient): Ask = { number -> bench.open(client, number).use { it.readEvents() } }
    bench.streamed("streamed chunk, body", bytes(raw)) { number ->
        var length = 0L
        bench.handle(question(WORDS, number, true)).body.collect { length += it.size }
        check(length > STREAM_WORDS)
    }
    bench.streamed("streamed chunk, events", events(raw)) { number ->
        bench.handle(question(WORDS, number, true)).events.collect { if (it.data != "[DONE]") it.json() }
    }
    bench.streamed("streamed chunk, interceptor", bytes(raw), bytes(through))
}

private class Bench(private val url: String, val gateway: Gateway, quick: Boolean) {
    private val rounds = System.getenv("ROUNDS")?.toInt() ?: if (quick) 5 else 11
    /** Four times those of the other benches: Java's clock of CPU time ticks every 10 ms. */
    private val calls = 4 * (System.getenv("CALLS")?.toInt() ?: if (quick) 128 else 384)
    /** So many that the machine has compiled what it is going to compile. */
    private val warmUp = max(3, ceil((if (quick) 3_000.0 else 12_000.0) / calls).toInt())
    private val system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean::class.java)
    private val asked = AtomicInteger()

    val built = (System.getenv("PROFILE") ?: "dev").let { if (it == "dev") "core NOT optimised" else "$it build" }
    val threads = Executors.newFixedThreadPool(IN_FLIGHT).asCoroutineDispatcher()
    val raw: OkHttpClient = OkHttpClient.Builder()
        .dispatcher(Dispatcher().apply { maxRequestsPerHost = IN_FLIGHT })
        .connectionPool(ConnectionPool(IN_FLIGHT, 5, MINUTES))
        .build()
    val through: OkHttpClient = raw.newBuilder().addInterceptor(gateway.interceptor()).build()

    fun request(body: JsonObject): Request =
        Request.Builder().url("$url/v1/chat/completions").header("authorization", KEY)
            .post(body.toString().toRequestBody("application/json".toMediaType())).build()

    suspend fun handle(body: JsonObject) =
        gateway.handle("POST", TARGET, HEADERS, body.toString().toByteArray()).apply { check(isSuccessful) }

    fun open(client: OkHttpClient, number: Int): Response = client.newCall(request(question(WORDS, number, true))).execute()

    /** A batch of calls; the unit is a call. */
    fun row(name: String, theirs: Ask, ours: Ask, inFlight: Int, on: CoroutineDispatcher = Dispatchers.Default) =
        report(name, theirs, ours) { ask ->
            timed(calls) {
                val left = AtomicInteger(calls)
                repeat(inFlight) { launch(on) { while (left.getAndDecrement() > 0) ask(asked.incrementAndGet()) } }
            }
        }

    /** Long streams, one by one; the unit is a chunk as the provider sends it, which is an event. */
    fun streamed(name: String, theirs: Ask, ours: Ask) =
        report(name, theirs, ours) { ask -> timed(STREAMS * STREAM_WORDS) { launch(threads) { repeat(STREAMS) { ask(asked.incrementAndGet()) } } } }

    /** Plays a batch with each once a round, in changing order, and prints the medians. */
    private fun report(name: String, theirs: Ask, ours: Ask, batch: (Ask) -> Cost) {
        val costs = List(2) { mutableListOf<Cost>() }
        for (round in 0 until warmUp + rounds) {
            for (side in if (round % 2 == 0) listOf(0, 1) else listOf(1, 0)) {
                val cost = batch(if (side == 0) theirs else ours)
                if (round >= warmUp) costs[side] += cost
            }
        }
        val cells = listOf(Cost::cpu, Cost::wall).flatMap { what ->
            val (raw, mine) = costs.map { it.map(what) }
            listOf(raw.median(), mine.median(), mine.zip(raw) { one, other -> one / other }.median())
        }
        println("%-38s%,10.1f%,10.1f%8.2f×%,11.1f%,11.1f%8.2f×".format(Locale.ENGLISH, name, *cells.toTypedArray()))
    }

    /** What one unit of [work] cost. What calls leave to the log's thread is waited for, and so counted with them. */
    private fun timed(units: Int, work: suspend CoroutineScope.() -> Unit): Cost {
        val (cpu, wall) = system.processCpuTime to System.nanoTime()
        runBlocking { work() }
        runBlocking { gateway.flush() }
        return Cost((system.processCpuTime - cpu) / 1e3 / units, (System.nanoTime() - wall) / 1e3 / units)
    }
}

/** A body like no other before it, so that no cache knows it. */
private fun question(text: String, seed: Int, stream: Boolean = false) = buildJsonObject {
    put("model", "gpt-4o-mini")
    putJsonArray("messages") { addJsonObject { put("role", "user"); put("content", text) } }
    put("seed", seed)
    if (stream) put("stream", true)
}

/** The answer's text, read where OkHttp gives the answer. */
private suspend fun Call.await(): String = suspendCancellableCoroutine { waiting ->
    waiting.invokeOnCancellation { cancel() }
    enqueue(object : Callback {
        override fun onResponse(call: Call, response: Response) = waiting.resumeWith(runCatching { response.string() })

        override fun onFailure(call: Call, e: IOException) = waiting.resumeWithException(e)
    })
}

private fun Response.string() = use { check(it.isSuccessful); it.body!!.string() }

private fun Response.readBytes() {
    val (source, piece) = body!!.source() to ByteArray(8_192)
    var length = 0L
    while (true) length += source.read(piece).also { if (it < 0) return check(length > STREAM_WORDS) }
}

private fun Response.readEvents() {
    val source = body!!.source()
    while (true) {
        val data = (source.readUtf8Line() ?: return).removePrefix("data: ")
        if (data.isNotEmpty() && data != "[DONE]") Json.parseToJsonElement(data)
    }
}

private fun List<Double>.median() = sorted()[size / 2]
