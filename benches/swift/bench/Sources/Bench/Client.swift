import Foundation
import Tollhouse

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Whoever is measured: one call, and one stream, which gives the number of its events.
struct Client: Sendable {
    let ask: @Sendable (Data) async throws -> Void
    let stream: @Sendable (Data) async throws -> Int
}

let headers: Headers = ["authorization": "Bearer sk-made-up", "content-type": "application/json"]
let target = "/openai/chat/completions"

func question(stream: Bool, text: String) -> Data {
    let body: JSON = ["model": "gpt-4o-mini", "stream": .bool(stream), "messages": [["role": "user", "content": .string(text)]]]
    return Data(body.description.utf8)
}

func request(_ body: Data) -> URLRequest {
    guard let url = URL(string: "\(upstream.url)/v1/chat/completions") else { preconditionFailure("it is a URL") }
    var request = URLRequest(url: url)
    request.httpMethod = "POST"
    request.httpBody = body
    for header in headers { request.setValue(header.value, forHTTPHeaderField: header.name) }
    return request
}

/// As clients on every platform read a stream of URLSession: with a delegate. Events are counted by their ends.
func events(of session: URLSession, _ body: Data) async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
        let delegate = Counting(continuation)
        let own = URLSession(configuration: session.configuration, delegate: delegate, delegateQueue: nil)
        own.dataTask(with: request(body)).resume()
        own.finishTasksAndInvalidate()
    }
}

private final class Counting: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let continuation: CheckedContinuation<Int, any Error>
    private var count = 0
    private var last: UInt8 = 0

    init(_ continuation: CheckedContinuation<Int, any Error>) {
        self.continuation = continuation
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        for byte in data {
            if byte == 0x0A, last == 0x0A { count += 1 }
            last = byte
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error { continuation.resume(throwing: error) } else { continuation.resume(returning: count) }
    }
}

/// CPU of the whole process for each of `count`.
func microseconds(per count: Int, _ work: () async throws -> Void) async throws -> Double {
    let before = cpu()
    try await work()
    return (cpu() - before) / Double(count)
}

private func cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

/// The provider over real HTTP; it ends with this program.
final class Upstream: @unchecked Sendable {
    let url: String
    private let process = Process()
    private let held = Pipe()

    init(_ program: String) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--port", "0", "--with-stdin"]
        let said = Pipe()
        (process.standardInput, process.standardOutput) = (held, said)
        try process.run()
        var line = Data()
        while let byte = try said.fileHandleForReading.read(upToCount: 1), byte != Data([0x0A]) { line += byte }
        url = String(decoding: line, as: UTF8.self).split(separator: " ").last.map(String.init) ?? ""
    }
}
