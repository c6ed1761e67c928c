package dev.tollhouse

import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.DisabledOnOs
import org.junit.jupiter.api.condition.OS
import org.junit.jupiter.api.io.TempDir

/** A phone freezes an app in the background, thaws it, and kills it without a word. */
@DisabledOnOs(OS.WINDOWS)
class FreezeTest {
    @Test
    fun `what was flushed survives being stopped, continued and killed`(@TempDir folder: Path) = runBlocking {
        val file = folder.resolve("tollhouse.db").toString()
        val flushed = mutableListOf<String>()
        Upstream().use { upstream ->
            repeat(3) {
                val process = Programs.start("logs", upstream.url, file)
                val lines = process.inputStream.bufferedReader()
                fun more() = repeat(5) { flushed += lines.readLine() }
                more()
                signal("STOP", process)
                signal("CONT", process)
                more()
                signal("STOP", process)
                signal("KILL", process)
                // What it had said before it died.
                flushed += lines.readLines().filter { it.length == flushed.first().length }
                process.waitFor()
            }
        }
        Gateway { logs { path = file } }.use { gateway ->
            for (id in flushed) assertEquals(id, gateway.getLog(id).id)
            assertEquals(null, gateway.health().degraded)
        }
    }

    private fun signal(name: String, process: Process) {
        assertEquals(0, ProcessBuilder("kill", "-$name", "${process.pid()}").start().waitFor())
    }
}
