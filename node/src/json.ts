/** Arguments on their way to the native side. */

/** JSON text of `value`; a bigint becomes a string, which JSON itself would refuse. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    // Only now: a replacer makes every call many times dearer, and bigints are rare.
    return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : part)) ?? "null";
  }
}
