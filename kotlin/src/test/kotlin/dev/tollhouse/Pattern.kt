package dev.tollhouse

import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue

private val UUID7 = Regex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

/** Asserts that [value] matches [pattern], as tests/vectors/README.md says; [place] says where in the vector. */
fun assertMatches(value: JsonElement?, pattern: JsonElement, place: String) {
    val there = value.takeUnless { it is JsonNull }
    when {
        pattern is JsonNull -> assertTrue(there == null, "$place: $value should be null")
        pattern == JsonPrimitive("\$any") -> assertTrue(there != null, "$place should be there")
        pattern == JsonPrimitive("\$uuid7") ->
            assertTrue(there is JsonPrimitive && UUID7.matches(there.content), "$place: $value is no UUIDv7")
        pattern is JsonArray -> {
            assertTrue(there is JsonArray, "$place: $value should be a list")
            assertEquals(pattern.size, (there as JsonArray).size, "$place: its length")
            pattern.forEachIndexed { index, item -> assertMatches(there[index], item, "$place[$index]") }
        }
        pattern is JsonObject -> {
            assertTrue(there is JsonObject, "$place: $value should be an object")
            pattern.forEach { (key, part) -> assertMatches((there as JsonObject)[key], part, "$place.$key") }
        }
        else -> assertTrue(isSame(there, pattern as JsonPrimitive), "$place: $value should be $pattern")
    }
}

/** Numbers compare by value. */
private fun isSame(value: JsonElement?, pattern: JsonPrimitive): Boolean {
    if (value !is JsonPrimitive || value.isString != pattern.isString) return false
    val (number, expected) = value.content.toBigDecimalOrNull() to pattern.content.toBigDecimalOrNull()
    return if (pattern.isString || number == null || expected == null) value.content == pattern.content else number.compareTo(expected) == 0
}
