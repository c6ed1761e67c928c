import Foundation
import XCTest

@testable import Tollhouse

/// What an example printed.
final class Printed: Sendable {
    private let lines = Locked("")

    func add(_ items: [Any], _ separator: String, _ terminator: String) {
        lines.withLock { $0 += items.map { "\($0)" }.joined(separator: separator) + terminator }
    }

    var text: String { lines.withLock { $0 } }
}

/// Runs an example, and compares what it prints with what its page says.
func compare(_ example: (Printed) async throws -> Void, prints expected: String) async throws {
    let printed = Printed()
    try await example(printed)
    if !expected.isEmpty {
        let trimmed = [printed.text, expected].map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        XCTAssertEqual(trimmed[0], trimmed[1])
    }
}

private let upstream = Result { try Upstream() }

/// A gateway whose only provider answers by `script`. With models or keys of the example's own it is a real one, before the scripted
/// upstream.
func exampleGateway(
    _ configuration: Configuration, _ providers: [String: any HostedProvider], _ keys: (any TokenBroker)?, _ script: String
) throws -> Gateway {
    guard providers.isEmpty, keys == nil else {
        var configuration = configuration
        configuration.providers = ["openai": .init(baseUrl: try upstream.get().url + "/v1")]
        return try Gateway(configuration, providers: providers, keys: keys)
    }
    return try TestGateway(configuration, script: try fromJSON(script, as: JSON.self)).gateway
}
