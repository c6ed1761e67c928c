import Foundation
import XCTest

@testable import Tollhouse

/// Streams and cancellation, over real HTTP.
final class StreamTests: XCTestCase {
    func testTextComesInPieces() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        var pieces: [String] = []
        let options: JSON = ["stream_options": ["include_usage": true]]
        for try await piece in gateway.chat("openai/gpt-4o-mini", "tell me a joke", options).text { pieces.append(piece) }
        XCTAssertEqual(pieces.joined(), reply)
        XCTAssertGreaterThan(pieces.count, 5)
        let log = try await gateway.logs(["limit": 1]).logs[0]
        XCTAssertEqual([log.stream, log.success, log.cancelled], [true, true, false])
        XCTAssertEqual(log.tokensOut, 8)
        XCTAssertNotNil(log.cost)
    }

    func testTextOfAWholeAnswerIsOnePiece() async throws {
        let upstream = try Upstream()
        let chat = try Gateway(upstream.configuration).chat("openai/gpt-4o-mini", "tell me a joke", ["stream": false])
        var pieces: [String] = []
        for try await piece in chat.text { pieces.append(piece) }
        XCTAssertEqual(pieces, [reply])
        let completion = try await chat.completion()
        XCTAssertEqual(completion.text, reply)
        XCTAssertEqual(completion.usage?.completionTokens, 8)
    }

    func testAnErrorIsThrownWhereTextWasAskedFor() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        let error = await caught { for try await _ in gateway.chat("openai/fail-503", "hi").text {} }
        guard case .status(let details) = error else { return XCTFail("\(String(describing: error))") }
        XCTAssertEqual([details.status, details.isRetryable ? 1 : 0], [503, 1])
        XCTAssertNotNil(details.logId)
    }

    func testAStreamThatBreaksIsAnError() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        var came = ""
        let error = await caught { for try await piece in gateway.chat("openai/cut-stream", "tell me a joke").text { came += piece } }
        XCTAssertEqual(error?.kind, "broken")
        XCTAssertFalse(came.isEmpty)
    }

    func testCancellingTheTaskBeforeTheAnswerEndsTheCall() async throws {
        let upstream = try Upstream()
        try await upstream.script([["delay_ms": 60_000]])
        let gateway = try Gateway(upstream.configuration)
        let task = Task { try await gateway.chat("openai/gpt-4o-mini", "tell me a joke").completion() }
        _ = try await upstream.ledger(arrived: 1, settled: false)
        task.cancel()
        await assertCancelled { _ = try await task.value }
        try await assertClientGone(upstream, gateway)
    }

    func testCancellingTheTaskInTheMiddleEndsTheCall() async throws {
        let upstream = try Upstream()
        try await upstream.script([["fail": "stall"]])
        let gateway = try Gateway(upstream.configuration)
        let first = expectation(description: "the first piece")
        first.assertForOverFulfill = false
        let task = Task {
            for try await _ in gateway.chat("openai/gpt-4o-mini", "tell me a joke").text { first.fulfill() }
        }
        await fulfillment(of: [first], timeout: 60)
        task.cancel()
        await assertCancelled { try await task.value }
        try await assertClientGone(upstream, gateway)
    }

    func testATaskThatIsCancelledAlreadySendsNothing() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await gateway.handle("POST", "/openai/chat/completions", body: Data(question.description.utf8))
        }
        await assertCancelled { try await task.value }
        let calls = try await upstream.ledger()
        XCTAssertEqual(calls.count, 0)
    }

    func testLettingGoOfAnAnswerEndsTheCall() async throws {
        let upstream = try Upstream()
        try await upstream.script([["fail": "stall"], ["fail": "stall"]])
        let gateway = try Gateway(upstream.configuration)
        let body = Data(streamed(question).description.utf8)
        do {
            let response = try await gateway.handle("POST", "/openai/chat/completions", body: body)
            for try await _ in response.body { break }
        }
        try await assertClientGone(upstream, gateway)
        let response = try await gateway.handle("POST", "/openai/chat/completions", body: body)
        response.body.cancel()
        let rest = try await response.data()
        XCTAssertEqual(rest, Data())
        let calls = try await upstream.ledger(arrived: 2)
        XCTAssertEqual(calls.last?["ending"], "client_gone")
    }

    func testABodyThatIsTooLargeIsLetGo() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        let error = await caught {
            _ = try await gateway.chat("openai/gpt-4o-mini", "tell me a joke").response().data(maxBytes: 10)
        }
        XCTAssertEqual([error?.kind, error?.field], ["too_large", "maxBytes"])
    }

    func testManyCallsAtOnceKeepTheirAnswers() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<100 {
                group.addTask {
                    var text = ""
                    for try await piece in gateway.chat("openai/gpt-4o-mini", "number \(number)").text { text += piece }
                    return (number, text)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for number in 0..<100 { XCTAssertEqual(answers[number], "[openai gpt-4o-mini] You said: number \(number)") }
    }

    private func assertClientGone(_ upstream: Upstream, _ gateway: Gateway) async throws {
        let calls = try await upstream.ledger(arrived: 1)
        XCTAssertEqual(calls.map { $0["ending"] }, ["client_gone"])
        let log = try await gateway.logs(["limit": 1]).logs[0]
        XCTAssertTrue(log.cancelled)
    }

    private func assertCancelled(_ work: () async throws -> Void) async {
        do {
            try await work()
            XCTFail("it should be cancelled")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
    }
}
