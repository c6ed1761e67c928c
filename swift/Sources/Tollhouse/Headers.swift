internal import TollhouseNative

/// HTTP headers in their order. Names are looked up in any case, and one may come several times.
///
/// ```swift
/// let headers: Headers = ["content-type": "application/json"]
/// headers["Content-Type"]   // "application/json"
/// ```
public struct Headers: Sendable, Hashable {
    /// The headers, as they were given.
    public private(set) var fields: [Field]

    /// One header.
    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// The first value of this name. Setting one replaces all of it; nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { same($0.name, name) }?.value }
        set {
            let place = fields.firstIndex { same($0.name, name) } ?? fields.endIndex
            fields.removeAll { same($0.name, name) }
            if let newValue {
                fields.insert(Field(name, newValue), at: place)
            }
        }
    }

    /// All values of this name.
    public func values(of name: String) -> [String] {
        fields.filter { same($0.name, name) }.map(\.value)
    }

    /// Adds a header beside those of the same name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name, value))
    }
}

extension Headers: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names, and no values: some are secrets.
    public var description: String { "Headers(\(fields.map(\.name).joined(separator: ", ")))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["names": fields.map(\.name)]) }
}

extension Headers.Field: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name, and no value.
    public var description: String { name }
    public var debugDescription: String { name }
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension Headers: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral headers: (String, String)...) {
        fields = headers.map(Field.init)
    }
}

extension Headers: RandomAccessCollection {
    public var startIndex: Int { fields.startIndex }
    public var endIndex: Int { fields.endIndex }
    public subscript(index: Int) -> Field { fields[index] }
}

extension Headers {
    init(_ native: [Header]) {
        fields = native.map { Field($0.name, $0.value) }
    }

    var native: [Header] {
        fields.map { Header(name: $0.name, value: $0.value) }
    }
}

/// Names of headers are ASCII.
private func same(_ one: String, _ other: String) -> Bool {
    one.utf8.elementsEqual(other.utf8) { lowercased($0) == lowercased($1) }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
