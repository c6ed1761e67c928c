package dev.tollhouse

import java.io.File
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonPrimitive

/** The files that all languages share. */
object Repository {
    val root: File = generateSequence(File("").absoluteFile) { it.parentFile }.first { File(it, "tests/vectors").isDirectory }

    fun json(path: String): JsonObject = Json.parseToJsonElement(File(root, path).readText()) as JsonObject
}

operator fun JsonElement?.get(key: String): JsonElement? = (this as? JsonObject)?.get(key)

fun JsonElement?.text(): String = this!!.jsonPrimitive.content
