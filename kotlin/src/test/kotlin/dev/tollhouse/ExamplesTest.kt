package dev.tollhouse

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.net.URLClassLoader
import java.nio.file.Path
import org.jetbrains.kotlin.cli.common.ExitCode
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir

/**
 * Runs the examples of the documentation, and compares what they print with what their page says.
 *
 * An example is a block marked `kotlin run`. The names in the comment above it say what the scripted provider answers (without
 * a comment the gateway is a real one), and a text block below it what the example prints.
 */
class ExamplesTest {
    private class Example(val name: String, val script: String?, val code: String, val printed: String?)

    @TestFactory
    fun examples(@TempDir folder: Path): List<DynamicTest> {
        val guides = File(Repository.root, "docs/guides")
        val pages = listOf("README.md", "kotlin/README.md").map { File(Repository.root, it) } + guides.listFiles { file -> file.extension == "md" }!!.sorted()
        val examples = pages.flatMap { page ->
            EXAMPLE.findAll(page.readText()).mapIndexed { index, match ->
                val (script, code, printed) = match.destructured
                val isScripted = match.groups[1] != null
                Example("${page.relativeTo(Repository.root).invariantSeparatorsPath.removeSuffix(".md").replace('/', '_')}${index + 1}", script.takeIf { isScripted }, code, printed.takeIf { match.groups[3] != null })
            }
        }
        assertTrue(examples.size > 5, "only ${examples.size} were found")
        val classes = compiled(examples, folder.toFile())
        return examples.map { example -> dynamicTest(example.name) { run(example, classes) } }
    }

    private fun compiled(examples: List<Example>, folder: File): File {
        val (sources, classes) = File(folder, "sources").apply { mkdirs() } to File(folder, "classes")
        for (example in examples) File(sources, "${example.name}.kt").writeText(source(example))
        val told = ByteArrayOutputStream()
        val options = arrayOf("-d", classes.path, "-no-stdlib", "-no-reflect", "-jvm-target", "17", "-cp", System.getProperty("java.class.path"))
        val exit = K2JVMCompiler().exec(PrintStream(told), *options, sources.path)
        assertEquals(ExitCode.OK, exit, told.toString())
        return classes
    }

    /** A program of its own whose gateways, where the page has a script, have one provider that answers by it. */
    private fun source(example: Example): String {
        val (imports, body) = example.code.lines().partition { it.startsWith("import ") }
        val own = if (example.script == null) imports else imports - "import dev.tollhouse.Gateway"
        val gateway =
            if (example.script == null) "" else "fun Gateway(set: dev.tollhouse.Configuration.() -> Unit = {}) = dev.tollhouse.testing.TestGateway(dev.tollhouse.scripted(\"${example.script}\"), set)"
        return "package ${example.name.replace("-", "_")}\n${own.joinToString("\n")}\n$gateway\nfun main() = kotlinx.coroutines.runBlocking<Unit> {\n${body.joinToString("\n")}\n}\n"
    }

    private fun run(example: Example, classes: File) {
        val (out, printed) = System.out to ByteArrayOutputStream()
        System.setOut(PrintStream(printed, true))
        try {
            URLClassLoader(arrayOf(classes.toURI().toURL()), javaClass.classLoader).use { loader ->
                val program = example.name.replace("-", "_") + "." + example.name.replace("-", "_").replaceFirstChar(Char::uppercase) + "Kt"
                loader.loadClass(program).getMethod("main").invoke(null)
            }
        } finally {
            System.setOut(out)
        }
        example.printed?.let { assertEquals(it.trim(), printed.toString().trim()) }
    }

    private companion object {
        val EXAMPLE = Regex("(?:<!-- answers: ([^>]*) -->\n)?```kotlin run\n(.*?)```\n(?:```text\n(.*?)```)?", RegexOption.DOT_MATCHES_ALL)
    }
}

/** The steps with these names. */
fun scripted(names: String): List<Map<String, Any?>> {
    val answers = Repository.json("docs/guides/answers.json")
    return names.split(",").map { answers.getValue(it.trim()) as Map<*, *> }.map { step -> step.entries.associate { (key, value) -> "$key" to value } }
}
