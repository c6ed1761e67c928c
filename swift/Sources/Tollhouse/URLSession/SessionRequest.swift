import Foundation
internal import TollhouseNative

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A session's request as the gateway takes it.
///
/// - Parameters:
///   - request: What is asked now, its body ``collected(_:)``.
///   - origin: What the session was asked for, before a redirect led here.
func nativeRequest(_ request: URLRequest, in settings: SessionSettings, askedFor origin: URL?) -> Request {
    Request(
        method: request.httpMethod ?? "GET",
        target: request.url?.absoluteString ?? "",
        headers: settings.headers(of: request, askedFor: origin).native,
        body: request.httpBody ?? Data(),
        connectTimeoutMs: nil,
        // As `URLSession` has it: how long may pass without a byte.
        readTimeoutMs: settings.readTimeoutMs(of: request)
    )
}

/// The request with its body in hand: a stream can be read once, and a redirect may need it again.
func collected(_ request: URLRequest) async throws -> URLRequest {
    guard request.httpBody == nil, let stream = request.httpBodyStream else { return request }
    var collected = request
    // In this order: Apple's type has one of the two, and setting one takes the other away.
    collected.httpBodyStream = nil
    collected.httpBody = try await bytes(of: stream)
    return collected
}

private func bytes(of stream: InputStream) async throws -> Data {
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
