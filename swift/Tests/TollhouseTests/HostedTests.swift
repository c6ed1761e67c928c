import Foundation
import XCTest

@testable import Tollhouse

/// Models and keys that the app brings.
final class HostedTests: XCTestCase {
    func testAModelOnTheDeviceIsATargetLikeAnyOther() async throws {
        let gateway = try Gateway(.init(cache: .init(ttl: .seconds(60))), providers: ["device": DeviceModel { Parrot(instructions: $0) }])
        var pieces: [String] = []
        let messages: [ChatMessage] = [.system("Be loud."), .user("hello you")]
        for try await piece in gateway.chat("custom-device/parrot", messages).text { pieces.append(piece) }
        XCTAssertEqual(pieces, ["Be loud.", " hello", " you"])
        let whole = try await gateway.chat("custom-device/parrot", messages).completion()
        XCTAssertEqual(whole.text, "Be loud. hello you")
        let again = try await gateway.chat("custom-device/parrot", messages).response()
        XCTAssertTrue(again.isCached)
        let log = try await gateway.logs(["order_by": "created_at", "direction": "asc"]).logs[0]
        XCTAssertEqual([log.provider, log.model], ["custom-device", "parrot"])
    }

    func testATalkIsToldWithItsSpeakers() async throws {
        let gateway = try Gateway(providers: ["device": DeviceModel { Parrot(instructions: $0) }])
        let messages: [ChatMessage] = [.user("one"), .assistant("two"), .user("three")]
        let text = try await gateway.chat("custom-device/parrot", messages).completion().text
        XCTAssertEqual(text, "user: one\nassistant: two\nuser: three")
    }

    func testItIsTheFallbackWhenNobodyAnswers() async throws {
        let upstream = try Upstream()
        try await upstream.script([["status": 503]])
        let gateway = try Gateway(upstream.configuration, providers: ["device": DeviceModel { Parrot(instructions: $0) }])
        let response = try await gateway.run([
            Entry(provider: "openai", endpoint: "chat/completions", query: question),
            Entry(provider: "custom-device", endpoint: "chat/completions", query: question),
        ])
        let answer = try await response.json(ChatCompletion.self)
        XCTAssertEqual(answer.text, "tell me a joke")
        XCTAssertEqual(response.headers["cf-aig-step"], "1")
    }

    func testWhatItThrowsIsAnAnswerWithItsReason() async throws {
        let gateway = try Gateway(providers: ["device": DeviceModel { _ in throw notLoaded() }])
        let response = try await gateway.chat("custom-device/parrot", "hi").response()
        XCTAssertFalse(response.isSuccess)
        XCTAssertTrue(response.failure?.detail.contains("the model is not loaded") == true, "\(String(describing: response.failure))")
    }

    func testAnErrorInTheMiddleBreaksTheStream() async throws {
        let gateway = try Gateway(providers: [
            "device": Chunked {
                ["data: {\"choices\":[]}\n\n"]
            } failing: {
                notLoaded()
            }
        ])
        let error = await caught { for try await _ in gateway.chat("custom-device/any", "hi").text {} }
        XCTAssertEqual(error?.kind, "broken")
    }

    func testAStatusThatIsNoneIsAnError() async throws {
        let gateway = try Gateway(providers: ["device": Chunked(status: 7) { [] }])
        let response = try await gateway.chat("custom-device/any", "hi").response()
        XCTAssertTrue(response.failure?.detail.contains("7 is not an HTTP status") == true, "\(String(describing: response.failure))")
    }

    func testAnAnswerMayBeGivenAgain() async throws {
        let whole = HostedResponse(headers: ["content-type": "text/plain"], body: Data("whole".utf8))
        let chunked = HostedResponse(headers: ["content-type": "text/plain"], chunks: Counted())
        let gateway = try Gateway(providers: ["whole": Canned(response: whole), "chunked": Canned(response: chunked)])
        for _ in 0..<3 {
            for (provider, expected) in [("whole", "whole"), ("chunked", "123")] {
                let response = try await gateway.handle("POST", "/custom-\(provider)/chat/completions", body: Data("{}".utf8))
                let text = try await response.string()
                XCTAssertEqual(text, expected)
            }
        }
        // At once, too: no call takes another's chunks.
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    try await gateway.handle("POST", "/custom-chunked/chat/completions", body: Data("{}".utf8)).string()
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(Set(texts), ["123"])
    }

    func testCancellingReachesTheModel() async throws {
        let (begun, ended) = (expectation(description: "the model's text comes"), expectation(description: "the model stops"))
        let gateway = try Gateway(providers: ["device": Endless(ended: ended)])
        let task = Task { for try await _ in gateway.chat("custom-device/endless", "hi").text { begun.fulfill() } }
        await fulfillment(of: [begun], timeout: 60)
        task.cancel()
        await fulfillment(of: [ended], timeout: 60)
        do {
            try await task.value
            XCTFail("it should be cancelled")
        } catch { XCTAssertTrue(error is CancellationError, "\(error)") }
    }

    /// The caller leaves while the answer is handed over: sometimes before, sometimes after, and now and then in the same moment.
    func testAnAnswerThatComesAsItsCallerLeavesIsLetGo() async throws {
        for _ in 0..<100 {
            let (begun, ended) = (expectation(description: "the model writes"), expectation(description: "the model stops"))
            let gateway = try Gateway(providers: ["device": Endless(begun: begun, ended: ended)])
            let task = Task { for try await _ in gateway.chat("custom-device/endless", "hi").text {} }
            await fulfillment(of: [begun], timeout: 60)
            task.cancel()
            await fulfillment(of: [ended], timeout: 60)
        }
    }

    func testABrokerIsAskedOnceInTheLifetimeOfItsKey() async throws {
        let upstream = try Upstream()
        let asked = Locked<[String]>([])
        let gateway = try Gateway(
            Configuration(providers: ["openai": .init(baseUrl: "\(upstream.url)/v1")]),
            keys: Broker { provider in
                asked.withLock { $0.append(provider) }
                return Token("sk-brought", lifetime: .seconds(3600))
            })
        for _ in 0..<3 { _ = try await gateway.chat("openai/gpt-4o-mini", "hi").completion() }
        XCTAssertEqual(asked.withLock { $0 }, ["openai"])
        let calls = try await upstream.ledger()
        XCTAssertEqual(calls.map { $0["headers"]?["authorization"] }, Array(repeating: "Bearer sk-brought", count: 3))
    }

    func testABrokerThatThrowsSendsNothing() async throws {
        let upstream = try Upstream()
        let configuration = Configuration(providers: ["openai": .init(baseUrl: "\(upstream.url)/v1")])
        let gateway = try Gateway(configuration, keys: Broker { _ in throw notLoaded() })
        let response = try await gateway.chat("openai/gpt-4o-mini", "hi").response()
        XCTAssertTrue(response.failure?.detail.contains("the model is not loaded") == true, "\(String(describing: response.failure))")
        let calls = try await upstream.ledger()
        XCTAssertEqual(calls.count, 0)
    }

    func testBrokersAreChosenByProvider() async throws {
        let brokers: Brokers = ["openai": Broker { _ in Token("one") }, "groq": Broker { _ in Token("two") }]
        let (one, two, none) = try await (brokers.token(for: "openai"), brokers.token(for: "groq"), brokers.token(for: "mistral"))
        XCTAssertEqual([one?.secret.exposed, two?.secret.exposed, none?.secret.exposed], ["one", "two", nil])
    }

    func testWhatAnErrorThatIsNotOursSaysIsToldNowhere() async throws {
        let gateway = try Gateway(
            .init(logs: .init(payloads: true)),
            providers: [
                "device": DeviceModel { _ in throw Foreign() },
                "half": Chunked {
                    ["data: {\"choices\":[]}\n\n"]
                } failing: {
                    Foreign()
                },
            ], keys: Broker { _ in throw Foreign() })
        var told: [String] = []
        for model in ["custom-device/m", "custom-half/m", "openai/m"] {
            let response = try await gateway.chat(model, "hi", ["stream": true]).response()
            told.append(String(reflecting: response.failure))
            do { told.append(try await response.string()) } catch { told.append("\(error) \(String(reflecting: error))") }
            let id = try XCTUnwrap(response.logId)
            told.append(try jsonText(try await gateway.getLog(id), naming: "log"))
            told.append(try jsonText(try await gateway.explain(id), naming: "explanation"))
        }
        told.append(try jsonText(try await gateway.logs(), naming: "logs"))
        XCTAssertFalse(told.joined().contains(canary), told.joined(separator: "\n"))
        XCTAssertTrue(told[0].contains("failed with Foreign; throw a TollhouseError to say more"), told[0])
    }

    func testAClosedGatewayHoldsNobodyAndNobodyHoldsIt() async throws {
        var owner: Owner? = try Owner()
        weak var gone = owner
        try await owner?.gateway?.close()
        owner = nil
        XCTAssertNil(gone)
    }

    func testClosingEndsNoCallThatIsUnderWay() async throws {
        let (asked, goOn) = (expectation(description: "the model is asked"), expectation(description: "the gateway is closed"))
        let gateway = try Gateway(providers: [
            "device": DeviceModel { instructions in
                asked.fulfill()
                await XCTWaiter().fulfillment(of: [goOn], timeout: 60)
                return Parrot(instructions: instructions)
            }
        ])
        let task = Task { try await gateway.chat("custom-device/m", "hello").completion().text }
        await fulfillment(of: [asked], timeout: 60)
        try await gateway.close()
        goOn.fulfill()
        let text = try await task.value
        XCTAssertEqual(text, "hello")
        let error = await caught { _ = try await gateway.chat("custom-device/m", "hello").response() }
        XCTAssertEqual(error?.kind, "closed")
    }

    func testCancellingReachesABroker() async throws {
        let (asked, ended) = (expectation(description: "the broker is asked"), expectation(description: "the broker is let go"))
        let gateway = try Gateway(
            keys: Broker { _ in
                asked.fulfill()
                do { try await Task.sleep(for: .seconds(3600)) } catch { ended.fulfill() }
                return nil
            })
        let task = Task { _ = try await gateway.chat("openai/gpt-4o-mini", "hi").response() }
        await fulfillment(of: [asked], timeout: 60)
        task.cancel()
        await fulfillment(of: [ended], timeout: 60)
    }
}

/// A stand-in for a model on the device: it says what it is told, word by word.
struct Parrot: LanguageSession {
    var instructions: String?

    func streamResponse(to prompt: String) -> AsyncThrowingStream<String, any Error> {
        let words = ([instructions].compactMap { $0 } + prompt.components(separatedBy: " "))
        return AsyncThrowingStream { continuation in
            for count in words.indices { continuation.yield(words[...count].joined(separator: " ")) }
            continuation.finish()
        }
    }
}

/// What an app says of its own model.
private func notLoaded() -> TollhouseError {
    .connect(.init(detail: "the model is not loaded", source: .upstream, isRetryable: true))
}

/// An error that is not ours, with what nobody else should read.
private struct Foreign: LocalizedError, CustomStringConvertible {
    let description = canary
    var errorDescription: String? { canary }
}

private let canary = "sk-canary-4711"

/// An app's model: it has the gateway, and the gateway's callbacks have it.
private final class Owner: HostedProvider, TokenBroker, @unchecked Sendable {
    private(set) var gateway: Gateway?

    init() throws {
        gateway = try Gateway(providers: ["device": self], keys: self)
    }

    func send(_ request: HostedRequest) async throws -> HostedResponse { throw notLoaded() }
    func token(for provider: String) async throws -> Token? { nil }
}

/// A provider with one answer for all.
private struct Canned: HostedProvider {
    let response: HostedResponse

    func send(_ request: HostedRequest) async throws -> HostedResponse { response }
}

/// `1`, `2`, `3`, to whoever asks.
private struct Counted: AsyncSequence, Sendable {
    typealias Element = Data

    func makeAsyncIterator() -> Iterator { Iterator() }

    struct Iterator: AsyncIteratorProtocol {
        private var count = 0

        mutating func next() async throws -> Data? {
            count += 1
            return count > 3 ? nil : Data("\(count)".utf8)
        }
    }
}

/// A provider that gives these chunks.
private struct Chunked: HostedProvider {
    var status = 200
    let chunks: @Sendable () -> [String]
    var failing: (@Sendable () -> any Error)?

    func send(_ request: HostedRequest) async throws -> HostedResponse {
        let stream = AsyncThrowingStream<Data, any Error> { continuation in
            for chunk in chunks() { continuation.yield(Data(chunk.utf8)) }
            continuation.finish(throwing: failing?())
        }
        return HostedResponse(status: status, headers: ["content-type": "text/event-stream"], chunks: stream)
    }
}

/// A provider that never ends, and says when it is let go.
private struct Endless: HostedProvider {
    var begun: XCTestExpectation?
    let ended: XCTestExpectation

    func send(_ request: HostedRequest) async throws -> HostedResponse {
        let stream = AsyncThrowingStream<Data, any Error> { continuation in
            continuation.onTermination = { [ended] _ in ended.fulfill() }
            continuation.yield(Data("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n".utf8))
            begun?.fulfill()
        }
        return HostedResponse(headers: ["content-type": "text/event-stream"], chunks: stream)
    }
}
