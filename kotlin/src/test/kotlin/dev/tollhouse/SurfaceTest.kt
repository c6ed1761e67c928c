package dev.tollhouse

import dev.tollhouse.ffi.errorKinds
import java.lang.reflect.Method
import java.lang.reflect.Modifier
import kotlin.coroutines.Continuation
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeFalse
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** The methods, parameters and error kinds are those of every other language: see tests/surface.json. */
class SurfaceTest {
    private val surface = Repository.json("tests/surface.json")
    private val methods = surface["methods"] as JsonObject
    private val own = Gateway::class.java.declaredMethods.filter { it.isPublic() }

    @TestFactory
    fun `every method is there, with its parameters`(): List<DynamicTest> =
        methods.map { (name, told) ->
            dynamicTest(camel(name)) {
                assumeFalse(name in NOT_YET, "not in Kotlin yet")
                val expected = (told["parameters"] as JsonArray).map { camel(it.text()) }
                val isAsync = told["async"]!!.jsonPrimitive.boolean
                val found = own.filter { it.title() == camel(name) }.map { it.names() - setOfNotNull(EXTRA[name]) to it.isSuspending() }
                assertTrue(expected to isAsync in found, "${camel(name)}$expected, async $isAsync; there is $found")
            }
        }

    @Test
    fun `there is no method that the other languages lack`() {
        assertEquals(emptySet<String>(), own.map { it.title() }.toSet() - methods.keys.map(::camel).toSet())
    }

    @Test
    fun `errors have the same words, and a class each`() {
        val kinds = (surface["error_kinds"] as JsonArray).map { it.text() }
        Library.ensureLoaded()
        assertEquals(kinds, errorKinds())
        val classes = kinds.map { failed(it, "").toException().javaClass.simpleName }
        assertEquals(kinds.map { camel(it).replaceFirstChar(Char::uppercase) }, classes)
    }

    /** What is internal has a `$` in its name. */
    private fun Method.isPublic() = Modifier.isPublic(modifiers) && !isSynthetic && '$' !in name

    /** Behind a `-` stands what the compiler adds for a parameter that is a value class. */
    private fun Method.title() = name.substringBefore('-')

    private fun Method.isSuspending() = parameterTypes.lastOrNull() == Continuation::class.java

    /** A parameter that is a value class is called `$v$c$its-class$-name$0`. */
    private fun Method.names() =
        parameters.filter { it.type != Continuation::class.java }.map { it.name.substringAfter("$-").substringBefore('$') }

    private companion object {
        /** Methods that are in core and not here, which is counted as skips. */
        val NOT_YET = emptySet<String>()

        /** `close()` is the blocking word of [AutoCloseable]; the one that suspends is told its budget. */
        val EXTRA = mapOf("close" to "budget")

        fun camel(name: String) = Regex("_(.)").replace(name) { it.groupValues[1].uppercase() }
    }
}
