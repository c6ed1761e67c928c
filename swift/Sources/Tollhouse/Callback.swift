internal import TollhouseNative

/// What the app gave, as core asks it. Core holds it until the gateway is gone; if it refers back to the gateway's owner, each would
/// hold the other for ever. So a gateway that closes lets go of what is inside.
protocol Callback: Sendable {
    func letGo()
}

/// What a callback says that outlived its gateway.
let gone = TollhouseError.closed(.init(detail: "the gateway was closed", source: .caller))

/// Runs what the app gave. Whatever it throws is a failure of this call, of this `kind`.
///
/// The words of an error that is not ours stay here: they may hold a key, or what the user asked, and core puts them into answers and
/// logs.
func callback<Value: Sendable>(
    _ what: String, _ kind: @Sendable (TollhouseError.Details) -> TollhouseError, _ work: @Sendable () async throws -> Value
) async throws -> Value {
    do {
        return try await work()
    } catch let error as TollhouseError {
        throw Failure.Failed(
            kind: error.kind, detail: "\(what) failed: \(error.detail)", field: error.field, source: error.source.rawValue,
            status: error.status.flatMap(UInt16.init(exactly:)), retryable: error.isRetryable, logId: error.logId)
    } catch {
        let detail = "\(what) failed with \(type(of: error)); throw a TollhouseError to say more"
        throw kind(.init(detail: detail, source: .upstream, isRetryable: true)).failure
    }
}
