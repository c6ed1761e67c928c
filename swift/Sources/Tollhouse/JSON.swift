import Foundation

/// A JSON value: for documents that have no type of their own here, and for fields that are newer than this package.
///
/// ```swift
/// let options: JSON = ["max_tokens": 100, "gateway": ["skipCache": true]]
/// options["gateway"]?["skipCache"]?.bool   // true
/// ```
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The value of a key, or nil where this is no object or has no such key.
    public subscript(key: String) -> JSON? { object?[key] }

    /// An item, or nil where this is no array or is shorter.
    public subscript(index: Int) -> JSON? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// The text, if this is one.
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    /// The truth value, if this is one.
    public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    /// The items, if this is an array.
    public var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
    /// The values by key, if this is an object.
    public var object: [String: JSON]? { if case .object(let values) = self { values } else { nil } }

    /// The number, if this is a whole one.
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number)
        default: nil
        }
    }

    /// The number, if this is one.
    public var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}

extension JSON: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let values = try? container.decode([String: JSON].self) {
            self = .object(values)
        } else {
            self = .array(try container.decode([JSON].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .integer(let number): try container.encode(number)
        case .number(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let items): try container.encode(items)
        case .object(let values): try container.encode(values)
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral text: String) { self = .string(text) }
    public init(booleanLiteral flag: Bool) { self = .bool(flag) }
    public init(integerLiteral number: Int64) { self = .integer(number) }
    public init(floatLiteral number: Double) { self = .number(number) }
    public init(arrayLiteral items: JSON...) { self = .array(items) }
    public init(nilLiteral: ()) { self = .null }

    /// Of a key that is there twice, the last value holds.
    public init(dictionaryLiteral values: (String, JSON)...) {
        self = .object(Dictionary(values) { _, last in last })
    }
}

extension JSON: CustomStringConvertible {
    /// The document as text, its keys in order.
    public var description: String { (try? jsonText(self, naming: "json")) ?? "null" }
}

/// Keys in order, so that equal documents are equal bytes: a cache compares them.
private let encoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}()

private let decoder = JSONDecoder()

/// A document as it crosses to core. The error names `argument`.
func jsonText(_ document: some Encodable, naming argument: String) throws(TollhouseError) -> String {
    do {
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    } catch {
        throw .invalidRequest(.init(detail: "\(argument): it cannot be written as JSON: \(error)", field: argument, source: .caller))
    }
}

/// A document that core gave.
func fromJSON<Document: Decodable>(_ text: String, as type: Document.Type = Document.self) throws(TollhouseError) -> Document {
    try fromJSON(Data(text.utf8))
}

/// A document of a provider or of core.
func fromJSON<Document: Decodable>(_ bytes: Data, as type: Document.Type = Document.self) throws(TollhouseError) -> Document {
    do {
        return try decoder.decode(type, from: bytes)
    } catch {
        throw .broken(.init(detail: "this is not the JSON that was expected: \(error)", source: .upstream))
    }
}
