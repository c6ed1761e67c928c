/** The configuration: the same document as `tollhouse.toml`. */
export type GatewayConfig = Record<string, unknown>;
