import Foundation
import XCTest

import func TollhouseNative.errorKinds

@testable import Tollhouse

/// The methods, parameters and error kinds are those of every other language: see tests/surface.json.
final class SurfaceTests: XCTestCase {
    /// What only Swift has.
    private static let own: Set = ["session", "configuration"]
    /// What is still to come here, with the reason. It is counted as skipped.
    private static let missing: [String: String] = [:]

    private let surface = Result {
        try fromJSON(try Data(contentsOf: repository.appendingPathComponent("tests/surface.json")), as: JSON.self)
    }

    func testEveryMethodIsThereWithItsParameters() throws {
        let own = try methods()
        for (name, method) in try XCTUnwrap(surface.get()["methods"]?.object) where Self.missing[name] == nil {
            let declared = own.filter { $0.name == camel(name) }
            XCTAssertFalse(declared.isEmpty, "Gateway.\(camel(name)) is missing")
            for declaration in declared {
                let parameters = method["parameters"]?.array?.compactMap(\.string).map(camel)
                XCTAssertEqual(declaration.parameters, parameters, camel(name))
                // A chat waits when one of its results is asked for.
                XCTAssertEqual(declaration.isAsync || declaration.result == "Chat", method["async"]?.bool, camel(name))
            }
        }
        for (name, reason) in Self.missing { throw XCTSkip("\(camel(name)): \(reason)") }
    }

    func testThereIsNoMethodThatTheOthersLack() throws {
        let known = Set(try XCTUnwrap(surface.get()["methods"]?.object).keys.map(camel)).union(Self.own)
        XCTAssertEqual(Set(try methods().map(\.name)).subtracting(known), [])
    }

    func testErrorsHaveTheSameWords() throws {
        XCTAssertEqual(TollhouseError.kinds.map(\.kind), try surface.get()["error_kinds"]?.array?.compactMap(\.string))
        XCTAssertEqual(TollhouseError.kinds.map(\.kind), errorKinds())
        for (kind, make) in TollhouseError.kinds {
            let error = make(.init(detail: "what happened", field: "f", source: .caller, status: 500, isRetryable: true, logId: "id"))
            XCTAssertEqual(error.kind, kind)
            XCTAssertEqual("\(error)", "what happened")
            XCTAssertEqual(TollhouseError(error.failure), error)
        }
    }
}

private struct Method {
    let name: String
    let parameters: [String]
    let isAsync: Bool
    let result: String
}

/// The public methods of `Gateway`, as its sources declare them.
private func methods() throws -> [Method] {
    let folder = repository.appendingPathComponent("swift/Sources/Tollhouse")
    let files = ["Gateway.swift", "URLSession/Gateway+URLSession.swift"]
    let sources = try files.map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
    let declaration =
        /public func (?<name>\w+)\((?<parameters>(?:[^()]|\([^()]*\))*)\)(?<effects>[^{]*?)(?:-> (?<result>[^{]+?))? \{/
    return sources.joined().matches(of: declaration).map { match in
        let parameters = match.parameters.split(separator: ",").compactMap { parameter in
            parameter.split(separator: ":").first?.split(separator: " ").last.map(String.init)
        }
        return Method(
            name: String(match.name), parameters: parameters, isAsync: match.effects.contains("async"), result: String(match.result ?? "")
        )
    }
}

private func camel(_ name: String) -> String {
    let words = name.split(separator: "_")
    return String(words[0]) + words.dropFirst().map(\.capitalized).joined()
}
