import Foundation
import XCTest

@testable import Tollhouse

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The scripted provider over real HTTP: see tests/upstream/README.md. It ends with whoever holds it.
final class Upstream: @unchecked Sendable {
    let url: String
    private let process = Process()
    private let held = Pipe()

    init() throws {
        let program = try XCTUnwrap(ProcessInfo.processInfo.environment["TOLLHOUSE_UPSTREAM"], "run the tests with make test")
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--port", "0", "--with-stdin"]
        process.standardInput = held
        let said = Pipe()
        process.standardOutput = said
        try process.run()
        let line = try XCTUnwrap(firstLine(said.fileHandleForReading))
        url = String(try XCTUnwrap(line.split(separator: " ").last))
    }

    deinit {
        try? held.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// A configuration whose provider `openai` is this server.
    var configuration: Configuration {
        Configuration(providers: ["openai": .init(key: "sk-test", baseUrl: "\(url)/v1")])
    }

    /// What the next calls get, one step to each.
    func script(_ steps: JSON) async throws {
        var request = URLRequest(url: try XCTUnwrap(URL(string: "\(url)/__script")))
        request.httpMethod = "POST"
        request.httpBody = Data(steps.description.utf8)
        _ = try await URLSession.shared.data(for: request)
    }

    /// The calls so far, once `arrived` have come and, with `settled`, no answer is under way.
    func ledger(arrived: Int = 0, settled: Bool = true) async throws -> [JSON] {
        let page = try XCTUnwrap(URL(string: "\(url)/__ledger?arrived=\(arrived)" + (settled ? "&settled=1" : "")))
        let (bytes, _) = try await URLSession.shared.data(from: page)
        return try fromJSON(bytes, as: JSON.self).array ?? []
    }
}

/// Reads to the end of a line, and no further.
func firstLine(_ handle: FileHandle) throws -> String? {
    var line = Data()
    while let byte = try handle.read(upToCount: 1), byte != Data([0x0A]) { line += byte }
    return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
}

let question: JSON = ["model": "gpt-4o-mini", "messages": [["role": "user", "content": "tell me a joke"]]]
let reply = "[openai gpt-4o-mini] You said: tell me a joke"

func streamed(_ question: JSON) -> JSON {
    guard case .object(var fields) = question else { return question }
    fields["stream"] = true
    return .object(fields)
}

/// The error that `work` ends with.
func caught(_ work: () async throws -> Void, file: StaticString = #filePath, line: UInt = #line) async -> TollhouseError? {
    do {
        try await work()
        XCTFail("it should throw", file: file, line: line)
    } catch let error as TollhouseError {
        return error
    } catch {
        XCTFail("\(error) is no TollhouseError", file: file, line: line)
    }
    return nil
}
