/// A key or a token. It shows as `set` wherever it is printed, and goes out only where it is needed.
public struct Secret: Sendable, Hashable, Encodable, ExpressibleByStringLiteral {
    /// The text itself. Every use of it is a place where a secret can get out.
    public let exposed: String

    public init(_ text: String) {
        exposed = text
    }

    public init(stringLiteral text: String) {
        exposed = text
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(exposed)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "set" }
    public var debugDescription: String { "set" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
