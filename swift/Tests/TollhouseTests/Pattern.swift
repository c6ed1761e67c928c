import XCTest

@testable import Tollhouse

/// Checks `value` against a pattern of the vectors: see "Patterns" in tests/vectors/README.md.
func matches(_ value: JSON?, _ pattern: JSON, _ place: String, file: StaticString = #filePath, line: UInt = #line) {
    let shown = value ?? .null
    switch pattern {
    case .object(let keys):
        guard let values = shown.object else { return XCTFail("\(place): \(shown) is no object", file: file, line: line) }
        for (key, pattern) in keys { matches(values[key], pattern, "\(place).\(key)", file: file, line: line) }
    case .array(let patterns):
        guard let items = shown.array, items.count == patterns.count else {
            return XCTFail("\(place): \(shown) should have \(patterns.count) items", file: file, line: line)
        }
        for (index, pattern) in patterns.enumerated() { matches(items[index], pattern, "\(place)[\(index)]", file: file, line: line) }
    case "$any":
        XCTAssertNotEqual(shown, .null, place, file: file, line: line)
    case "$uuid7":
        let form = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
        XCTAssertNotNil(shown.string?.range(of: form, options: .regularExpression), "\(place): \(shown)", file: file, line: line)
    case .integer, .number:
        XCTAssertEqual(shown.number, pattern.number, place, file: file, line: line)
    default:
        XCTAssertEqual(shown, pattern, place, file: file, line: line)
    }
}
