package dev.tollhouse

import com.sun.jna.Platform
import java.io.File
import java.net.URLClassLoader
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** Where the native library comes from, on platforms that are not here too. */
class LibraryTest {
    @Test
    fun `each platform has a folder, and musl is another Linux`() {
        val musl = sequenceOf("7f00 r--p 00000000 00:1f 9 /usr/bin/java", "7f01 r-xp 00014000 00:1f 42 /lib/ld-musl-aarch64.so.1")
        val glibc = sequenceOf("7f01 r-xp 00014000 00:1f 42 /usr/lib/x86_64-linux-gnu/libc.so.6")
        assertEquals("linux-aarch64-musl", Library.folder("linux-aarch64", musl))
        assertEquals("linux-x86-64", Library.folder("linux-x86-64", glibc))
        assertEquals("darwin-aarch64", Library.folder("darwin-aarch64", emptySequence()))
    }

    @Test
    fun `the release builds every folder that is looked for`() {
        val script = File(Repository.root, "kotlin/scripts/library").readText()
        val workflow = File(Repository.root, ".github/workflows/release.yml").readText()
        val folders = listOf("linux-x86-64", "linux-aarch64").flatMap { listOf(it, Library.folder(it, sequenceOf("/lib/ld-musl-x.so.1"))) }
        for (folder in folders + listOf("darwin-x86-64", "darwin-aarch64", "win32-x86-64")) {
            val target = checkNotNull(Regex("(\\S+?)\\*?\\) echo $folder ;;").find(script)) { "scripts/library has no $folder" }.groupValues[1]
            assertTrue(Regex("target: $target").containsMatchIn(workflow), "the release builds no $target")
        }
    }

    @Test
    fun `a library that JNA does not look for is taken out of the jar`(@TempDir folder: Path) {
        val own = "/${Platform.RESOURCE_PREFIX}/${System.mapLibraryName("tollhouse_ffi")}"
        val bytes = javaClass.getResourceAsStream(own)!!.use { it.readAllBytes() }
        folder.resolve("linux-x86-64-musl").toFile().mkdir()
        folder.resolve("linux-x86-64-musl/${System.mapLibraryName("tollhouse_ffi")}").toFile().writeBytes(bytes)
        URLClassLoader(arrayOf(folder.toUri().toURL()), null).use { jar ->
            assertArrayEquals(bytes, Library.extracted("linux-x86-64-musl", jar).readBytes())
            assertThrows<java.io.IOException> { Library.extracted("linux-aarch64-musl", jar) }
        }
    }

    @Test
    fun `a library that is not there is an error with its remedy`() {
        val told = program("without-library")
        assertTrue("library: the native library of tollhouse cannot be loaded on" in told, told)
        assertTrue("jna.library.path" in told, told)
        assertEquals(2, told.lines().count { it.startsWith("library: ") }, "the second time too")
    }

    @Test
    fun `a platform that nobody knows is an error with its name`() {
        val told = program("unknown-platform")
        assertEquals(2, told.lines().count { it.startsWith("library: the native library of tollhouse cannot be loaded on") }, told)
        assertTrue("abacus" in told, told)
    }

    private fun program(name: String): String {
        val process = Programs.start(name)
        assertTrue(process.waitFor(60, TimeUnit.SECONDS))
        return process.inputStream.bufferedReader().readText().trim().also { assertEquals(0, process.exitValue(), it) }
    }
}
