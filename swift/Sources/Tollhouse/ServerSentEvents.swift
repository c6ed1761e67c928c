import Foundation

/// An event of a stream (WHATWG HTML, 9.2, "Server-sent events").
public struct ServerSentEvent: Sendable, Hashable {
    /// The event's name; nil where the stream gives none.
    public var name: String?
    /// Its lines of data.
    public var data: String
    /// The last id that the stream gave, if any.
    public var id: String?

    public init(name: String? = nil, data: String, id: String? = nil) {
        self.name = name
        self.data = data
        self.id = id
    }
}

/// The events of a body.
public struct ServerSentEvents: AsyncSequence, Sendable {
    public typealias Element = ServerSentEvent

    let body: Body

    public func makeAsyncIterator() -> Iterator {
        Iterator(chunks: body.makeAsyncIterator())
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var chunks: Body.Iterator
        private var parser = EventParser()
        private var ready: ArraySlice<ServerSentEvent> = []

        fileprivate init(chunks: Body.Iterator) {
            self.chunks = chunks
        }

        /// The next event, or nil at the end. An event that the end cuts off is none.
        public mutating func next() async throws -> ServerSentEvent? {
            while ready.isEmpty {
                guard let chunk = try await chunks.next() else { return nil }
                ready = parser.parse(chunk)[...]
            }
            return ready.popFirst()
        }
    }
}

/// Makes events of bytes, wherever chunks are cut.
struct EventParser {
    private var line: [UInt8] = []
    /// A line feed that follows a carriage return ends no line of its own.
    private var followsReturn = false
    private var isFirstLine = true
    private var name = ""
    private var data = ""
    private var hasData = false
    private var id: String?

    mutating func parse(_ chunk: Data) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in chunk {
            switch byte {
            case 0x0A where followsReturn:
                followsReturn = false
            case 0x0A, 0x0D:
                followsReturn = byte == 0x0D
                if let event = endLine() { events.append(event) }
            default:
                followsReturn = false
                line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        isFirstLine = false
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty { return dispatch() }
        let colon = line.firstIndex(of: 0x3A) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == 0x20 { value.removeFirst() }
        take(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
        return nil
    }

    private mutating func take(_ field: String, _ value: String) {
        switch field {
        case "event": name = value
        case "data":
            data += hasData ? "\n" + value : value
            hasData = true
        case "id" where !value.utf8.contains(0): id = value
        // `retry` is for whoever connects again; a comment, and what is unknown, is for nobody.
        default: break
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer { (name, data, hasData) = ("", "", false) }
        return hasData ? ServerSentEvent(name: name.isEmpty ? nil : name, data: data, id: id) : nil
    }
}
