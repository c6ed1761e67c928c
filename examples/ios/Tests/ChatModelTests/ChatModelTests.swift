import Foundation
import Tollhouse
import XCTest

@testable import ChatModel

final class ChatModelTests: XCTestCase {
    @MainActor func testAnAnswerGrowsAndIsAccounted() async throws {
        let gateway = try scripted([words])
        for (note, spent) in [("2 tokens, $0.0000045", "0.0000045"), ("from the cache, saved $0.0000045", "0")] {
            let chat = ChatModel(gateway: gateway)
            chat.draft = " Tell me a joke "
            chat.send()
            XCTAssertTrue(chat.isAnswering)
            await chat.settled()
            XCTAssertFalse(chat.isAnswering)
            XCTAssertEqual(chat.lines.map(\.text), ["Tell me a joke", "A joke"])
            XCTAssertEqual(chat.lines.last?.note, note)
            XCTAssertEqual(chat.spent, Decimal(string: spent))
            XCTAssertEqual(chat.draft, "")
        }
    }

    @MainActor func testAnErrorIsSaid() async throws {
        let chat = ChatModel(gateway: try scripted([["status": 503, "json": ["error": ["message": "overloaded"]]]]))
        chat.draft = "hi"
        chat.send()
        await chat.settled()
        XCTAssertEqual(chat.lines.last?.note, "the answer is an error with status 503: overloaded")
    }

    @MainActor func testNothingIsSentForNothing() async throws {
        let chat = ChatModel(gateway: try scripted([]))
        chat.draft = "  \n"
        chat.send()
        XCTAssertTrue(chat.lines.isEmpty)
    }

    @MainActor func testTheModelOnTheDeviceAnswers() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).db")
        defer { try? FileManager.default.removeItem(at: file) }
        let gateway = try openGateway(tokens: URL(fileURLWithPath: "/"), logFile: file)
        let chat = ChatModel(gateway: gateway, model: "custom-device/any")
        chat.draft = "hello you"
        chat.send()
        await chat.settled()
        XCTAssertEqual(chat.lines.last?.text, "You said: hello you")
        await chat.pause()
        try await gateway.close()
    }

    private let words: JSON = [
        "sse": [
            ["choices": [["delta": ["content": "A "]]]], ["choices": [["delta": ["content": "joke"]]]],
            ["choices": [], "usage": ["prompt_tokens": 22, "completion_tokens": 2]], "[DONE]",
        ]
    ]

    private func scripted(_ script: [JSON]) throws -> Gateway {
        try TestGateway(.init(cache: .init(ttl: .seconds(60))), script: .array(script)).gateway
    }
}
