internal import TollhouseNative

/// A gateway with a scripted provider and a clock to turn by hand, for the tests of your own app. Its environment is empty, and its
/// clock stands still between calls.
///
/// ```swift
/// let test = try TestGateway(script: [["status": 503], ["json": ["choices": [["message": ["content": "hi"]]]]]])
/// let response = try await test.gateway.handle("POST", "/openai/chat/completions")
/// ```
public final class TestGateway: Sendable {
    /// The gateway under test.
    public let gateway: Gateway
    private let native: TollhouseNative.TestGateway

    /// - Parameters:
    ///   - configuration: As that of ``Gateway``.
    ///   - script: What the only provider answers, one step to each call: `status`, `headers`; `json`, `text`, `sse` or `chunks` for the
    ///     body; `delay_ms`, `chunk_delay_ms` on the test's clock; `fail` with `connect`, `reset` or `cut`.
    public convenience init(_ configuration: Configuration = Configuration(), script: JSON = []) throws(TollhouseError) {
        try self.init(json: jsonText(configuration, naming: "configuration"), script: script)
    }

    /// With the configuration as JSON text. As with ``Gateway``, bodies are logged only if it says so.
    public convenience init(json: String, script: JSON = []) throws(TollhouseError) {
        try self.init(json: discreet(json), scriptText: jsonText(script, naming: "script"))
    }

    /// With the script as JSON text too, whose keys keep their order.
    init(json: String, scriptText: String) throws(TollhouseError) {
        try checkLibrary()
        let native = try Tollhouse.native { try TollhouseNative.TestGateway.open(config: json, script: scriptText) }
        self.native = native
        gateway = Gateway(native: native.gateway())
    }

    /// What the provider was asked so far: `method`, `url`, `headers`, `body`, `json`, `finished`.
    public func calls() throws(TollhouseError) -> [JSON] {
        try fromJSON(native.calls())
    }

    /// Turns the clock on.
    public func advance(by duration: Duration) {
        native.advance(milliseconds: milliseconds(duration))
    }
}
