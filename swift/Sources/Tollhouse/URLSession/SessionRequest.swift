import Foundation
internal import TollhouseNative

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A session's request as the gateway takes it.
func nativeRequest(_ request: URLRequest) async throws -> Request {
    var headers = Headers((request.allHTTPHeaderFields ?? [:]).sorted { $0.key < $1.key }.map { Headers.Field($0.key, $0.value) })
    // Of this connection, not of the next one.
    for name in ["content-length", "host", "connection"] { headers[name] = nil }
    return Request(
        method: request.httpMethod ?? "GET",
        target: request.url?.absoluteString ?? "",
        headers: headers.native,
        body: try await body(of: request),
        connectTimeoutMs: nil,
        // As `URLSession` has it: how long may pass without a byte.
        readTimeoutMs: readTimeout(request.timeoutInterval)
    )
}

/// Milliseconds. For ever, and years, is no timeout.
func readTimeout(_ seconds: TimeInterval) -> UInt64? {
    seconds > 0 && seconds < 1e9 ? UInt64((seconds * 1_000).rounded(.up)) : nil
}

private func body(of request: URLRequest) async throws -> Data {
    if let body = request.httpBody { return body }
    guard let stream = request.httpBodyStream else { return Data() }
    // A stream blocks whoever reads it, which is not for the threads that all tasks share.
    let (reading, isLeft) = (Unsafe(stream), Locked(false))
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try drain(reading.value) { isLeft.withLock { $0 } } })
            }
        }
    } onCancel: {
        isLeft.withLock { $0 = true }
    }
}

private func drain(_ stream: InputStream, isLeft: () -> Bool) throws -> Data {
    stream.open()
    defer { stream.close() }
    var all = Data()
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = stream.read(&buffer, maxLength: buffer.count)
        if isLeft() { throw CancellationError() }
        if count == 0 { return all }
        guard count > 0 else { throw stream.streamError ?? URLError(.requestBodyStreamExhausted) }
        all.append(contentsOf: buffer[..<count])
    }
}
