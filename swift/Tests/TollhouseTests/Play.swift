import Foundation
import XCTest

@testable import Tollhouse

/// The repository.
let repository = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardized

/// Runs a case of tests/vectors. What is not known there fails, so that no step is passed over in silence.
func play(_ area: String, _ name: String, upstream: String) async throws {
    let file = repository.appendingPathComponent("tests/vectors/\(area).json")
    let cases = try fromJSON(try Data(contentsOf: file), as: JSON.self)["cases"]?.array ?? []
    let vector = try XCTUnwrap(cases.first { $0["name"]?.string == name })
    known(vector, ["name", "contract", "proves", "guards", "config", "upstream", "steps", "calls"], "case")
    let test = try TestGateway(json: (vector["config"] ?? [:]).description, scriptText: upstream)
    var saved: [String: String] = [:]
    for (index, step) in (vector["steps"]?.array ?? []).enumerated() {
        let place = "step \(index)"
        if let milliseconds = step["advance_ms"]?.integer {
            test.advance(by: .milliseconds(milliseconds))
            continue
        }
        let got = try await take(test.gateway, step, saved, place)
        if let log = got["log"]?.string {
            saved["log"] = log
            if let name = step["save"]?.string { saved[name] = log }
        }
        check(got, step["expect"] ?? [:], place)
        if let calls = step["expect"]?["upstream_calls"] {
            XCTAssertEqual(try test.calls().count, calls.integer.map(Int.init), "\(place): upstream_calls")
        }
    }
    if let calls = vector["calls"] { matches(.array(try test.calls()), calls, "calls") }
}

/// Does what a step says, and gives what came of it in the words of the expectations.
private func take(_ gateway: Gateway, _ step: JSON, _ saved: [String: String], _ place: String) async throws -> [String: JSON] {
    known(
        step,
        [
            "call", "run", "options", "chat", "get_log", "patch_log", "patch", "logs", "usage", "count_tokens", "advance_ms", "save",
            "take_chunks", "method", "with", "together", "times", "in_turn", "expect",
        ], place)
    do {
        if let response = try await answer(gateway, step) { return await read(response, step["take_chunks"]?.integer) }
        return ["json": try await report(gateway, step, saved)]
    } catch let error as TollhouseError {
        return ["error": ["kind": .string(error.kind), "field": error.field.map(JSON.string) ?? .null]]
    }
}

private func answer(_ gateway: Gateway, _ step: JSON) async throws -> Response? {
    if let call = step["call"] {
        var headers = Headers((call["headers"]?.object ?? [:]).map { Headers.Field($0.key, $0.value.string ?? $0.value.description) })
        if call["json"] != nil, headers["content-type"] == nil { headers["content-type"] = "application/json" }
        let body = call["json"]?.description ?? call["body"]?.string ?? ""
        let (method, target) = (call["method"]?.string ?? "POST", try XCTUnwrap(call["target"]?.string))
        return try await gateway.handle(method, target, headers: headers, body: Data(body.utf8))
    }
    if let entries = step["run"] { return try await gateway.run(entries, step["options"] ?? [:]) }
    guard let chat = step["chat"] else { return nil }
    return try await gateway.chat(chat["model"]?.string ?? "", chat["messages"] ?? .null, chat["options"] ?? [:]).response()
}

private func report(_ gateway: Gateway, _ step: JSON, _ saved: [String: String]) async throws -> JSON {
    func id(_ name: String) -> String { name.first == "$" ? saved[String(name.dropFirst())] ?? "" : name }
    if let log = step["get_log"]?.string { return try plain(try await gateway.getLog(id(log))) }
    if let log = step["patch_log"]?.string {
        try await gateway.patchLog(id(log), step["patch"] ?? .null)
        return .null
    }
    if let query = step["logs"] { return try plain(try await gateway.logs(query)) }
    if let query = step["usage"] { return try plain(try await gateway.usage(query)) }
    if let calls = step["together"]?.array { return try await together(gateway, calls, step) }
    if let name = step["method"]?.string { return try await method(gateway, name, step["with"] ?? [:], id) }
    let count = try XCTUnwrap(step["count_tokens"], "no such step: \(step)")
    return try plain(try gateway.countTokens(count["model"]?.string ?? "", count["input"] ?? .null))
}

/// Makes calls at once, or each when the answer of the one before has begun, and counts what came of them.
private func together(_ gateway: Gateway, _ list: [JSON], _ step: JSON) async throws -> JSON {
    let calls = (0..<(step["times"]?.integer ?? 1)).flatMap { _ in list }
    var answers: [[String: JSON]] = []
    if step["in_turn"] == .bool(true) {
        var responses: [Response] = []
        for call in calls { responses.append(try await answer(gateway, ["call": call])!) }
        for response in responses { answers.append(await read(response, nil)) }
    } else {
        answers = try await withThrowingTaskGroup(of: [String: JSON].self) { group in
            for call in calls { group.addTask { await read(try await answer(gateway, ["call": call])!, nil) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
    var told: [String: [String: Int64]] = ["statuses": [:], "cache": [:], "bodies": [:]]
    for got in answers {
        told["statuses"]![got["status"]?.description ?? "", default: 0] += 1
        told["cache"]![got["headers"]?["cf-aig-cache-status"]?.string ?? "none", default: 0] += 1
        told["bodies"]![got["body"]?.string ?? "", default: 0] += 1
    }
    return .object(told.mapValues { .object($0.mapValues(JSON.integer)) })
}

/// The public method of this name, with its parameters by name.
private func method(_ gateway: Gateway, _ name: String, _ with: JSON, _ id: (String) -> String) async throws -> JSON {
    func text(_ parameter: String) -> String { id(with[parameter]?.string ?? "") }
    switch name {
    case "why_miss":
        let headers = Headers((with["headers"]?.object ?? [:]).map { Headers.Field($0.key, $0.value.string ?? $0.value.description) })
        let body = with["body"]?.string ?? with["body"]?.description ?? ""
        return try plain(try await gateway.whyMiss(text("method"), text("target"), headers: headers, body: Data(body.utf8)))
    case "explain": return try plain(try await gateway.explain(text("log_id")))
    case "set_route": return .integer(Int64(try gateway.setRoute(text("name"), with["route"] ?? .null)))
    case "delete_logs": return .integer(Int64(try await gateway.deleteLogs(with["query"] ?? [:])))
    case "flush":
        try await gateway.flush()
        return .null
    case "cache_stats": return try plain(try await gateway.cacheStats())
    case "purge_cache": return try plain(try await gateway.purgeCache(with["filter"] ?? [:]))
    case "recost": return try plain(try await gateway.recost(with["query"] ?? [:]))
    case "estimate":
        return try plain(try await gateway.estimate(text("model"), with["messages"] ?? .null, with["options"] ?? [:]))
    case "load_prices": return try plain(try gateway.loadPrices(with["prices"] ?? .null))
    case "budgets": return try plain(try await gateway.budgets())
    case "top_up": return try plain(try await gateway.topUp(text("wallet"), text("amount"), with["options"] ?? [:]))
    case "refund": return try plain(try await gateway.refund(text("wallet"), text("amount"), with["options"] ?? [:]))
    case "balance": return try plain(try await gateway.balance(text("wallet")))
    case "ledger": return try plain(try await gateway.ledger(with["query"] ?? [:]))
    case "bill": return try plain(try await gateway.bill(with["query"] ?? [:]))
    case "reconcile": return try plain(try await gateway.reconcile(text("provider"), with["report"] ?? .null, with["options"] ?? [:]))
    case "health": return try plain(try gateway.health())
    default:
        XCTFail("no such method: \(name)")
        return .null
    }
}

/// A typed report as the document that it came from.
private func plain(_ report: some Encodable) throws -> JSON {
    try fromJSON(try jsonText(report, naming: "report"))
}

private func read(_ response: Response, _ chunks: Int64?) async -> [String: JSON] {
    var got: [String: JSON] = [
        "status": .integer(Int64(response.status)),
        "headers": .object(Dictionary(response.headers.map { ($0.name, .string($0.value)) }) { _, last in last }),
        "failure": response.failure.map { .string($0.kind) } ?? .null,
        "log": response.logId.map(JSON.string) ?? .null,
    ]
    var (body, taken) = (Data(), Int64(0))
    do {
        var iterator = response.body.makeAsyncIterator()
        while taken != chunks, let bytes = try await iterator.next() {
            body += bytes
            taken += 1
        }
        response.body.cancel()
    } catch let error as TollhouseError {
        got["broken"] = .string(error.kind)
    } catch {
        XCTFail("\(error)")
    }
    got["body"] = .string(String(decoding: body, as: UTF8.self))
    return got
}

private func check(_ got: [String: JSON], _ expected: JSON, _ place: String) {
    known(expected, ["status", "headers", "json", "body", "contains", "broken", "failure", "error", "upstream_calls"], place)
    for (key, pattern) in expected.object ?? [:] where key != "upstream_calls" {
        switch (key, got["body"]?.string) {
        case ("contains", let body):
            XCTAssertTrue(body?.contains(pattern.string ?? "") == true, "\(place): \(body ?? "") should contain \(pattern)")
        case ("json", let body?):
            matches(try? fromJSON(body, as: JSON.self), pattern, "\(place): json")
        default:
            matches(got[key], pattern, "\(place): \(key)")
        }
    }
    if expected["error"] == nil { XCTAssertNil(got["error"], place) }
}

private func known(_ document: JSON, _ keys: Set<String>, _ place: String) {
    let unknown = Set((document.object ?? [:]).keys).subtracting(keys)
    XCTAssertEqual(unknown, [], "\(place): this runner does not know these keys; see tests/vectors/README.md")
}
