import Foundation
import XCTest

import enum TollhouseNative.InitializationResult

@testable import Tollhouse

/// Bad input, reports, and the end.
final class GatewayTests: XCTestCase {
    private let answer: JSON = [
        "json": [
            "model": "gpt-4o-mini-2024-07-18", "choices": [["message": ["role": "assistant", "content": "hi"]]],
            "usage": ["prompt_tokens": 12, "completion_tokens": 14],
        ]
    ]

    func testAConfigurationThatCannotWorkNamesItsField() {
        XCTAssertThrowsError(try Gateway(json: #"{"cache": {"tll": "1h"}}"#)) { error in
            XCTAssertEqual((error as? TollhouseError)?.kind, "config")
            XCTAssertEqual((error as? TollhouseError)?.field, "cache.tll")
            XCTAssertEqual(error.localizedDescription, "config error at cache.tll: unknown key; did you mean \"ttl\"?")
        }
        for broken in ["", "{", "[]", "null", "7", "{\"logs\": 1}"] { XCTAssertThrowsError(try Gateway(json: broken), broken) }
        XCTAssertThrowsError(try Gateway(.init(cache: .init(ttl: .milliseconds(-5)))))
        XCTAssertThrowsError(try Gateway(file: URL(fileURLWithPath: "/nowhere/tollhouse.toml"))) { error in
            XCTAssertEqual((error as? TollhouseError)?.kind, "config")
        }
    }

    func testALibraryOfAnotherVersionIsAnError() throws {
        XCTAssertNoThrow(try check(.ok))
        for result in [InitializationResult.contractVersionMismatch, .apiChecksumMismatch] {
            XCTAssertThrowsError(try check(result)) { XCTAssertEqual(($0 as? TollhouseError)?.kind, "config") }
        }
    }

    func testBodiesAreNotLoggedUnlessAskedFor() async throws {
        XCTAssertEqual(try Gateway().config()["logs"]?["payloads"], false)
        XCTAssertEqual(try Gateway(.init(logs: .init(maxRecords: 5))).config()["logs"]?["payloads"], false)
        XCTAssertEqual(try Gateway(.init(logs: .init(payloads: true))).config()["logs"]?["payloads"], true)
        for (text, isLogged) in [("{}", false), (#"{"logs": {"max_records": 5}}"#, false), (#"{"logs": {"payloads": true}}"#, true)] {
            XCTAssertEqual(try Gateway(json: text).config()["logs"]?["payloads"], .bool(isLogged), text)
            XCTAssertEqual(try TestGateway(json: text).gateway.config()["logs"]?["payloads"], .bool(isLogged), text)
        }
        XCTAssertEqual(try TestGateway().gateway.config()["logs"]?["payloads"], false)
        XCTAssertThrowsError(try TestGateway(json: "{")) { XCTAssertEqual(($0 as? TollhouseError)?.kind, "config") }
    }

    func testAFileSaysWhetherBodiesAreLogged() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).toml")
        defer { try? FileManager.default.removeItem(at: file) }
        for (text, isLogged) in [("", true), ("[logs]\npayloads = false", false)] {
            try Data(text.utf8).write(to: file)
            XCTAssertEqual(try Gateway(file: file).config()["logs"]?["payloads"], .bool(isLogged), text)
        }
    }

    func testArgumentsThatCannotWorkAreNamed() async throws {
        let gateway = try TestGateway().gateway
        let bad = await caught { _ = try await gateway.handle("NO METHOD", "/openai/x") }
        XCTAssertEqual([bad?.kind, bad?.field], ["invalid_request", "method"])
        let header = await caught { _ = try await gateway.handle("GET", "/openai/x", headers: ["x": "a\nb"]) }
        XCTAssertEqual([header?.kind, header?.field], ["invalid_request", "headers.x"])
        let nan = await caught { _ = try await gateway.run([Double.nan]) }
        XCTAssertEqual([nan?.kind, nan?.field], ["invalid_request", "entries"])
        let log = await caught { _ = try await gateway.getLog("01999999-0000-7000-8000-000000000000") }
        XCTAssertEqual(log?.kind, "log_not_found")
        XCTAssertThrowsError(try gateway.countTokens("nobody/knows", "text")) { error in
            XCTAssertEqual((error as? TollhouseError)?.kind, "unknown_model")
        }
    }

    func testAClosedGatewayRefuses() async throws {
        let gateway = try TestGateway(script: [answer]).gateway
        try await gateway.close()
        try await gateway.close()
        let error = await caught { _ = try await gateway.handle("POST", "/openai/chat/completions") }
        XCTAssertEqual(error?.kind, "closed")
        let chat = await caught { for try await _ in gateway.chat("openai/gpt-4o-mini", "hi").text {} }
        XCTAssertEqual(chat?.kind, "closed")
        XCTAssertThrowsError(try gateway.getUrl())
    }

    func testLogsAndReportsAreTyped() async throws {
        let test = try TestGateway(.init(cache: .init(ttl: .seconds(60))), script: [answer])
        for _ in 0..<3 {
            _ = try await test.gateway.chat("openai/gpt-4o-mini", "hi", ["gateway": ["metadata": ["user": "123"]]]).completion()
        }
        let page = try await test.gateway.logs(["direction": "asc"])
        XCTAssertEqual(page.totalCount, 3)
        let log = page.logs[0]
        XCTAssertEqual(log.createdAt, Date(timeIntervalSince1970: 1_767_269_340))
        XCTAssertEqual([log.tokensIn, log.tokensOut, log.statusCode], [12, 14, 200])
        XCTAssertEqual(log.cost, Decimal(string: "0.0000102"))
        XCTAssertEqual(page.logs[1].saved, Decimal(string: "0.0000102"))
        XCTAssertEqual(log.metadata, ["user": "123"])
        try await test.gateway.patchLog(log.id, ["feedback": 1, "score": 0.5])
        let patched = try await test.gateway.getLog(log.id)
        XCTAssertEqual(patched.feedback, 1)
        XCTAssertEqual(patched.score, 0.5)
        XCTAssertNotNil(patched.fields["request_head"])
        let usage = try await test.gateway.usage(["group_by": "model"])
        XCTAssertEqual(usage.rows[0].group, ["model": "gpt-4o-mini"])
        XCTAssertEqual([usage.total.requests, usage.total.cached], [3, 2])
        XCTAssertEqual(usage.total.saved, Decimal(string: "0.0000204"))
        let deleted = try await test.gateway.deleteLogs(["cached": true])
        XCTAssertEqual(deleted, 2)
        XCTAssertEqual(try test.gateway.health().dropped, 0)
    }

    func testAStoreThatCannotBeUsedIsToldWithItsReason() async throws {
        let none = try TestGateway().gateway.health()
        XCTAssertNil(none.limits)
        XCTAssertNil(none.cache)
        XCTAssertEqual(none.routes, [:])
        let file = FileManager.default.temporaryDirectory.path + "/\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: file) }
        XCTAssertTrue(FileManager.default.createFile(atPath: file, contents: Data("no folder".utf8)))
        let path = file + "/cache.db"
        let gateway = try TestGateway(.init(cache: .init(ttl: .seconds(60), path: path)), script: [answer]).gateway
        let response = try await gateway.chat("openai/gpt-4o-mini", "hi").response()
        XCTAssertEqual(response.status, 200)
        let cache = try XCTUnwrap(gateway.health().cache)
        XCTAssertGreaterThan(cache.failures, 0)
        XCTAssertTrue(cache.degraded?.contains(path) == true, "\(cache)")
    }

    func testARouteIsSetAndExplained() async throws {
        let gateway = try TestGateway(script: [answer]).gateway
        try gateway.setRoute("smart", ["try": ["openai/gpt-4o-mini"]] as JSON)
        let response = try await gateway.chat("dynamic/smart", "hi").response()
        XCTAssertEqual(response.status, 200)
        let explanation = try await gateway.explain(try XCTUnwrap(response.logId))
        XCTAssertEqual(explanation.lines.first?.stage, "resolve")
        XCTAssertTrue(explanation.lines.allSatisfy { !$0.text.isEmpty })
        XCTAssertThrowsError(try gateway.setRoute("smart", ["tri": []] as JSON)) { error in
            XCTAssertEqual((error as? TollhouseError)?.kind, "config")
        }
    }

    func testABodyOfALogIsReadable() async throws {
        let gateway = try TestGateway(.init(logs: .init(payloads: true)), script: [answer]).gateway
        let response = try await gateway.handle("POST", "/openai/chat/completions", body: Data(question.description.utf8))
        _ = try await response.data()
        let asked = try await gateway.logPayload(try XCTUnwrap(response.logId), .request)
        XCTAssertEqual(try fromJSON(asked, as: JSON.self), question)
    }

    func testWhatAChatHasBeyondItsTypesIsKept() async throws {
        let message: JSON = ["role": "assistant", "content": nil, "reasoning_content": "hm", "tool_calls": [["id": "1"]]]
        let usage: JSON = ["prompt_tokens": 1, "prompt_tokens_details": ["cached_tokens": 7]]
        let body: JSON = ["choices": [["message": message, "logprobs": nil]], "usage": usage, "service_tier": "flex", "model": "m"]
        let test = try TestGateway(script: [["json": body], answer])
        let completion = try await test.gateway.chat("openai/gpt-4o-mini", "hi").completion()
        XCTAssertEqual([completion.text, completion.model], ["", "m"])
        XCTAssertEqual(completion.fields["service_tier"], "flex")
        XCTAssertEqual(completion.usage?.promptTokens, 1)
        XCTAssertEqual(completion.usage?.fields["prompt_tokens_details"]?["cached_tokens"], 7)
        XCTAssertEqual(completion.choices[0].message.fields["reasoning_content"], "hm")
        // Sent back, it is what it was.
        _ = try await test.gateway.chat("openai/gpt-4o-mini", [.user("hi"), completion.choices[0].message]).completion()
        XCTAssertEqual(try test.calls()[1]["json"]?["messages"]?[1], message)
    }

    func testTimesMayBeAnyLength() async throws {
        for time in [Duration.seconds(Int64.max), .seconds(9_223_372_036_854_775), .seconds(-1), .seconds(Int64.min)] {
            _ = milliseconds(time)
        }
        XCTAssertEqual([milliseconds(.seconds(-1)), milliseconds(.milliseconds(1_500))], [0, 1_500])
        let upstream = try Upstream()
        let configuration = Configuration(providers: ["openai": .init(baseUrl: "\(upstream.url)/v1")])
        let gateway = try Gateway(configuration, keys: Broker { _ in Token("k", lifetime: .seconds(Int64.max)) })
        for _ in 0..<2 { _ = try await gateway.chat("openai/gpt-4o-mini", "hi").completion() }
    }

    func testTheLoopbackServerAnswers() async throws {
        let gateway = try TestGateway(script: [answer]).gateway
        let url = try gateway.getUrl("openai")
        XCTAssertTrue(url.hasPrefix("http://127.0.0.1:"), url)
        try await gateway.close()
    }

    func testATimeIsWrittenAsItIs() throws {
        let times = [Duration.milliseconds(1_500), .seconds(-2), .nanoseconds(-5)]
        XCTAssertEqual(times.map(\.spanText), ["1500ms", "-2000ms", "-0.000005ms"])
        for time in [Duration.nanoseconds(-5), .nanoseconds(5), .milliseconds(-5), .seconds(Int64.min)] {
            XCTAssertThrowsError(try Gateway(.init(cache: .init(ttl: time))), "\(time)") { error in
                XCTAssertEqual((error as? TollhouseError)?.field, "cache.ttl")
            }
        }
    }

    func testNothingShowsAKey() {
        let configuration = Configuration(providers: ["openai": .init(key: "sk-hidden", headers: ["x-key": "sk-hidden"])])
        let token = Token("sk-hidden")
        let headers: Headers = ["authorization": "Bearer sk-hidden"]
        let entry = Entry(provider: "openai", endpoint: "chat/completions", headers: ["authorization": "Bearer sk-hidden"], query: [:])
        let request = HostedRequest(method: "POST", url: "host://device/", headers: headers, body: Data())
        let response = HostedResponse(headers: headers, body: Data())
        for value: Any in [configuration, token, headers, headers[0], headers.fields, entry, request, response] {
            var dumped = ""
            dump(value, to: &dumped)
            for shown in ["\(value)", String(reflecting: value), dumped] { XCTAssertFalse(shown.contains("hidden"), shown) }
        }
        XCTAssertEqual("\(headers)", "Headers(authorization)")
    }

    func testAFileOfTheAppIsItsOwn() throws {
        let support = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: support) }
        let file = try AppFolder.file("log.db", in: support)
        XCTAssertEqual(file.path, support.appendingPathComponent("tollhouse/log.db").path)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.deletingLastPathComponent().path)
        XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o700)
    }
}
