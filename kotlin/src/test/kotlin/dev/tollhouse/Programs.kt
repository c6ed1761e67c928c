package dev.tollhouse

import java.io.File
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking

/** What has to be looked at from outside: each is a process of its own. */
object Programs {
    /** Starts one of the programs below with the classes of this test. */
    fun start(vararg arguments: String): Process {
        val options =
            when (arguments[0]) {
                "without-library" -> listOf("-Djna.noclasspath=true")
                "unknown-platform" -> listOf("-Dos.arch=abacus")
                else -> emptyList()
            }
        val java = File(System.getProperty("java.home"), "bin/java").path
        val command = listOf(java) + options + listOf("-cp", System.getProperty("java.class.path"), "dev.tollhouse.Programs") + arguments
        return ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    }

    @JvmStatic
    fun main(arguments: Array<String>) {
        when (arguments[0]) {
            "idle" -> idle()
            "without-library", "unknown-platform" -> repeat(2) { withoutLibrary() }
            "logs" -> logs(arguments[1], arguments[2])
            else -> exitProcess(2)
        }
    }

    private fun idle() = runBlocking {
        val gateway = Gateway { provider("openai") { baseUrl = "http://127.0.0.1:9"; key = "k" } }
        gateway.config()
        println("opened: ${threads()} and ${sockets()} sockets")
        gateway.chat("openai/m", "hi").bytes()
        gateway.flush()
        println("called: ${threads()} and ${if (sockets() > 0) "some" else "no"} sockets")
    }

    /** Those of the gateway, as the kernel names them; others are the virtual machine's. */
    private fun threads() =
        File("/proc/self/task").listFiles()!!.map { File(it, "comm").readText().trim() }.filter { it.startsWith("tollhouse") }.distinct().sorted()

    private fun sockets() =
        File("/proc/self/fd").listFiles()!!.count { runCatching { java.nio.file.Files.readSymbolicLink(it.toPath()) }.getOrNull().toString().startsWith("socket:") }

    private fun withoutLibrary() {
        try {
            Gateway()
        } catch (error: TollhouseException.Library) {
            println("${error.kind}: ${error.message}")
        }
    }

    /** Logs to a file for ever, and says after each `flush` which call is on disk. */
    private fun logs(url: String, file: String) = runBlocking {
        val gateway = Gateway {
            provider("openai") { baseUrl = "$url/openai"; key = "sk-test" }
            logs { path = file }
        }
        while (true) {
            val response = gateway.chat("openai/gpt-4o-mini", "hi")
            response.bytes()
            gateway.flush()
            println(response.logId)
        }
    }
}
