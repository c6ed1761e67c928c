// One implementation for both module systems: two copies would mean two of each error class, and `instanceof` would fail.
export * from "./index.js";
