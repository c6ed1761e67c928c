package dev.tollhouse

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive

/**
 * A Kotlin value as JSON: null, booleans, numbers, texts, maps, lists, arrays, and JSON itself.
 *
 * @throws TollhouseException.InvalidRequest naming the place of what has no such form.
 */
internal fun toJson(place: String, value: Any?): JsonElement =
    when (value) {
        null -> JsonNull
        is JsonElement -> value
        is String -> JsonPrimitive(value)
        is Boolean -> JsonPrimitive(value)
        is Double -> number(place, value, value.isFinite())
        is Float -> number(place, value, value.isFinite())
        is Number -> JsonPrimitive(value)
        is Map<*, *> -> JsonObject(value.entries.associate { (key, part) -> key.toString() to toJson("$place.$key", part) })
        is Iterable<*> -> JsonArray(value.mapIndexed { index, part -> toJson("$place[$index]", part) })
        is Array<*> -> toJson(place, value.asList())
        else -> throw invalid(place, "a ${value.javaClass.name} has no form in JSON; give a map, a list, a text or a number")
    }

private fun number(place: String, value: Number, isFinite: Boolean): JsonElement =
    if (isFinite) JsonPrimitive(value) else throw invalid(place, "$value is not a number that JSON can hold")

/** What the native side tells is JSON. */
internal fun document(text: String): JsonObject = Json.parseToJsonElement(text) as JsonObject
