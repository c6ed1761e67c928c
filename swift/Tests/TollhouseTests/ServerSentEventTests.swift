import Foundation
import XCTest

@testable import Tollhouse

final class ServerSentEventTests: XCTestCase {
    private let stream =
        "\u{FEFF}: a comment\r\nevent: one\r\ndata: first\r\ndata:second\rid: 7\r\n\r\ndata\n\nnonsense: x\rdata: {\"ä\":\"日本\"}\r\r"
        + "event: alone\n\nid: \0\ndata:  two spaces\n\ndata: cut off"
    private let expected = [
        ServerSentEvent(name: "one", data: "first\nsecond", id: "7"),
        ServerSentEvent(data: "", id: "7"),
        ServerSentEvent(data: "{\"ä\":\"日本\"}", id: "7"),
        ServerSentEvent(data: " two spaces", id: "7"),
    ]

    func testEventsAreThoseOfTheStandard() {
        var parser = EventParser()
        XCTAssertEqual(parser.parse(Data(stream.utf8)), expected)
    }

    func testChunksMayBeCutAnywhere() {
        let bytes = Data(stream.utf8)
        for first in 0...bytes.count {
            var parser = EventParser()
            XCTAssertEqual(parser.parse(bytes[..<first]) + parser.parse(bytes[first...]), expected, "cut at \(first)")
        }
        var parser = EventParser()
        XCTAssertEqual(bytes.flatMap { parser.parse(Data([$0])) }, expected)
    }
}
