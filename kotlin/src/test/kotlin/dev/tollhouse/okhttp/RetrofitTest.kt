package dev.tollhouse.okhttp

import dev.tollhouse.Gateway
import dev.tollhouse.Upstream
import dev.tollhouse.get
import dev.tollhouse.text
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.RequestBody
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.ResponseBody
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import retrofit2.Retrofit
import retrofit2.http.Body
import retrofit2.http.Header
import retrofit2.http.POST
import retrofit2.http.Streaming

/** An existing Retrofit service whose client has the interceptor. */
class RetrofitTest {
    interface OpenAi {
        @POST("chat/completions")
        suspend fun ask(@Header("authorization") key: String, @Body body: RequestBody): ResponseBody

        @Streaming
        @POST("chat/completions")
        suspend fun stream(@Header("authorization") key: String, @Body body: RequestBody): ResponseBody
    }

    private fun body(text: String) = text.toRequestBody("application/json".toMediaType())

    @Test
    fun `calls, streams and cancellation`() = Upstream().use { upstream ->
        val client = OkHttpClient.Builder().addInterceptor(Gateway(upstream.configuration()).interceptor()).build()
        val service = Retrofit.Builder().baseUrl("${upstream.url}/openai/").client(client).build().create(OpenAi::class.java)
        val question = """{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}"""
        val streamed = """{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}"""
        runBlocking {
            assertTrue("You said: hi" in service.ask("Bearer k", body(question)).string())
            assertTrue("[DONE]" in service.stream("Bearer k", body(streamed)).string())
            upstream.script("""{"delay_ms": 60000}""")
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { service.ask("Bearer k", body(question)) }
            upstream.arrived(3)
            waiting.cancelAndJoin()
            assertEquals("client_gone", upstream.ledger(3).last()["ending"].text())
        }
    }
}
