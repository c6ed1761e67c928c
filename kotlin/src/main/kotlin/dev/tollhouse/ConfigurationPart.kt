package dev.tollhouse

import java.math.BigDecimal
import kotlin.time.Duration
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive

/** Keeps a block for one part of the configuration from setting another by accident. */
@DslMarker
public annotation class ConfigurationDsl

/** A part of a [Configuration]. It shows nothing of what it holds: there may be keys in it. */
public abstract class ConfigurationPart internal constructor() {
    /** What the app itself brings for this part: no document can hold it. */
    internal val callbacks: Callbacks = Callbacks()

    /** What is set, under the names of the document. */
    internal abstract fun parts(): Map<String, Any?>

    /** The document as JSON text, with durations and money in their unit. Keys are in it, so it is not for logs. */
    public fun toJson(): String = json("", this).toString()
}

/** One of the words that a setting takes. */
public interface ConfigurationWord {
    /** The word as it stands in the document. */
    public val word: String
}

/** A value that may be of more than one type. */
public abstract class ConfigurationChoice internal constructor() {
    internal abstract val choice: Any
}

private fun json(place: String, value: Any?): JsonElement =
    when (value) {
        null -> JsonNull
        is JsonElement -> value
        is ConfigurationPart -> json(place, value.parts())
        is ConfigurationChoice -> json(place, value.choice)
        is ConfigurationWord -> JsonPrimitive(value.word)
        is Duration -> JsonPrimitive(BigDecimal(finite(place, value, value.isFinite()).inWholeMicroseconds).movePointLeft(3).toPlainString() + "ms")
        is BigDecimal -> JsonPrimitive(value.toPlainString() + " USD")
        is Map<*, *> -> JsonObject(value.entries.filter { isSet(it.value) }.associate { (key, part) -> "$key" to json(if (place.isEmpty()) "$key" else "$place.$key", part) })
        is List<*> -> JsonArray(value.mapIndexed { index, part -> json("$place[$index]", part) })
        is Boolean -> JsonPrimitive(value)
        is Double -> JsonPrimitive(finite(place, value, value.isFinite()))
        is Float -> JsonPrimitive(finite(place, value, value.isFinite()))
        is Number -> JsonPrimitive(value)
        else -> JsonPrimitive("$value")
    }

/** No document can hold another one, so core could not name it. */
private fun <T> finite(place: String, value: T, isFinite: Boolean): T =
    if (isFinite) value else throw failed("config", "config error at $place: $value cannot be; leave it out for the default", field = place).toException()

private fun isSet(value: Any?): Boolean = value != null && (value as? Map<*, *>)?.isEmpty() != true && (value as? List<*>)?.isEmpty() != true
