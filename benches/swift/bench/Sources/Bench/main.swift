// What the gateway costs beside URLSession, on the same upstream.
//
// Both are asked in turn, batch by batch, so that a busy machine slows both alike; the ratio of each round is what counts.
// `Bench UPSTREAM` takes the path of a release-built tollhouse-upstream, which it starts and ends. ROUNDS and CALLS are read from the
// environment. Times are CPU of the whole process, in microseconds.

import Foundation
import Tollhouse

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

let environment = ProcessInfo.processInfo.environment
let rounds = Int(environment["ROUNDS"] ?? "") ?? 11
let calls = Int(environment["CALLS"] ?? "") ?? 384
let streamWords = 2_000

let upstream = try Upstream(CommandLine.arguments[1])
let configuration = Configuration(providers: ["openai": .init(baseUrl: "\(upstream.url)/v1")])
let gateway = try Gateway(configuration)
let cached = try Gateway(.init(cache: .init(ttl: .seconds(3600)), providers: configuration.providers))

let theirs = Client(
    ask: { body in _ = try await URLSession.shared.data(for: request(body)).0 },
    stream: { body in try await events(of: URLSession.shared, body) })
let ours = Client(
    ask: { body in _ = try await gateway.handle("POST", target, headers: headers, body: body).data() },
    stream: { body in
        var count = 0
        for try await _ in try await gateway.handle("POST", target, headers: headers, body: body).events { count += 1 }
        return count
    })
let session = gateway.session()
let through = Client(
    ask: { body in _ = try await session.data(for: request(body)).0 },
    stream: { body in try await events(of: gateway.session(), body) })

print("Swift, CPU in µs: URLSession, the gateway, their ratio (median of \(rounds) rounds)")
try await row("call, 1 in flight", theirs, ours) { try await asked($0, inFlight: 1) }
try await row("call, 64 in flight", theirs, ours) { try await asked($0, inFlight: 64) }
try await row("call through a session, 64 in flight", theirs, through) { try await asked($0, inFlight: 64) }
try await row("streamed event", theirs, ours) { try await streamed($0) }
try await hits()

/// Both clients in turn; the ratio of each round, so that a slow moment slows both.
func row(_ name: String, _ raw: Client, _ mine: Client, _ measure: (Client) async throws -> Double) async throws {
    for client in [raw, mine] { _ = try await measure(client) }
    var pairs: [(raw: Double, ours: Double)] = []
    for _ in 0..<rounds { pairs.append((try await measure(raw), try await measure(mine))) }
    show(name, median(pairs.map(\.raw)), median(pairs.map(\.ours)), median(pairs.map { $0.ours / $0.raw }))
    try await gateway.flush()
}

func asked(_ client: Client, inFlight: Int) async throws -> Double {
    let body = question(stream: false, text: "Say something about toll houses.")
    return try await microseconds(per: calls) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<calls {
                if number >= inFlight { try await group.next() }
                group.addTask { try await client.ask(body) }
            }
            try await group.waitForAll()
        }
    }
}

func streamed(_ client: Client) async throws -> Double {
    let body = question(stream: true, text: Array(repeating: "word", count: streamWords).joined(separator: " "))
    return try await microseconds(per: streamWords) {
        let count = try await client.stream(body)
        precondition(count > streamWords, "only \(count) events came")
    }
}

/// What a call costs that is answered from the cache: no network at all.
func hits() async throws {
    let body = question(stream: false, text: "cached")
    let ask = { _ = try await cached.handle("POST", target, headers: headers, body: body).data() }
    try await ask()
    let cost = try await microseconds(per: calls) { for _ in 0..<calls { try await ask() } }
    show("answer from the cache", nil, cost, nil)
}

func show(_ name: String, _ raw: Double?, _ ours: Double, _ ratio: Double?) {
    let figure = { (value: Double?) in value.map { String(format: "%.1f", $0) } ?? "" }
    let cells = [figure(raw), figure(ours), ratio.map { String(format: "%.2f×", $0) } ?? ""]
    let padded = cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }
    print(name.padding(toLength: 40, withPad: " ", startingAt: 0) + padded.joined())
}

func median(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
}
