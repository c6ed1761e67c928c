import Foundation

/// A session of a model on the device, in the shape of Apple's `LanguageModelSession`.
public protocol LanguageSession: Sendable {
    /// The text as it grows: each element is all of it so far.
    associatedtype Snapshots: AsyncSequence & Sendable where Snapshots.Element == String

    func streamResponse(to prompt: String) -> Snapshots
}

/// A model on the device as a provider: OpenAI's format without, a language session within.
///
/// ```swift
/// let gateway = try Gateway(providers: ["device": DeviceModel { instructions in Parrot() }])
/// for try await piece in gateway.chat("custom-device/parrot", "hello").text { print(piece) }
/// ```
public struct DeviceModel: HostedProvider {
    private let open: @Sendable (_ instructions: String?) async throws -> any LanguageSession

    /// - Parameter open: Opens a session for one call with the instructions of its system messages. What it throws, such as a model
    ///   that is not loaded, leads to the next target.
    public init(_ open: @escaping @Sendable (_ instructions: String?) async throws -> any LanguageSession) {
        self.open = open
    }

    public func send(_ request: HostedRequest) async throws -> HostedResponse {
        let asked = try fromJSON(request.body, as: Asked.self)
        return try await answer(asked, by: try await open(asked.instructions))
    }

    private func answer(_ asked: Asked, by session: some LanguageSession) async throws -> HostedResponse {
        let snapshots = session.streamResponse(to: asked.prompt)
        let model = asked.model ?? "device"
        if asked.stream == true {
            return HostedResponse(
                headers: ["content-type": "text/event-stream"], chunks: ChatEvents(pieces: Pieces(snapshots: snapshots), model: model)
            )
        }
        var text = ""
        for try await snapshot in snapshots { text = snapshot }
        let message: JSON = ["role": "assistant", "content": .string(text)]
        let choices: JSON = [["index": 0, "message": message, "finish_reason": "stop"]]
        let answer: JSON = ["object": "chat.completion", "model": .string(model), "choices": choices]
        return HostedResponse(headers: ["content-type": "application/json"], body: Data(answer.description.utf8))
    }
}

/// What a call asks of a model.
private struct Asked: Decodable {
    let model: String?
    let messages: [ChatMessage]
    let stream: Bool?

    /// What the system messages say.
    var instructions: String? {
        let texts = messages.filter(\.isInstruction).map(\.plainText)
        return texts.isEmpty ? nil : texts.joined(separator: "\n")
    }

    /// One message as it is; a talk with its speakers.
    var prompt: String {
        let turns = messages.filter { !$0.isInstruction }
        guard turns.count > 1 else { return turns.first?.plainText ?? "" }
        return turns.map { "\($0.role): \($0.plainText)" }.joined(separator: "\n")
    }
}

extension ChatMessage {
    fileprivate var isInstruction: Bool { role == "system" || role == "developer" }

    /// A text, or the texts of its parts.
    fileprivate var plainText: String {
        content.string ?? (content.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
    }
}

/// What each snapshot adds to the one before.
struct Pieces<Snapshots: AsyncSequence & Sendable>: AsyncSequence, Sendable where Snapshots.Element == String {
    typealias Element = String
    let snapshots: Snapshots

    func makeAsyncIterator() -> Iterator {
        Iterator(snapshots: snapshots.makeAsyncIterator())
    }

    struct Iterator: AsyncIteratorProtocol {
        var snapshots: Snapshots.AsyncIterator
        private var length = 0

        init(snapshots: Snapshots.AsyncIterator) {
            self.snapshots = snapshots
        }

        mutating func next() async throws -> String? {
            guard let snapshot = try await snapshots.next() else { return nil }
            // A model may take back what it said; what was told cannot be. Counted in scalars: a letter may grow an accent.
            let scalars = snapshot.unicodeScalars
            let piece = scalars.dropFirst(length)
            length = Swift.max(length, scalars.count)
            return String(piece)
        }
    }
}

/// Pieces of text as the events of OpenAI's format.
private struct ChatEvents<Texts: AsyncSequence & Sendable>: AsyncSequence, Sendable where Texts.Element == String {
    typealias Element = Data
    let pieces: Texts
    let model: String

    func makeAsyncIterator() -> Iterator {
        Iterator(pieces: pieces.makeAsyncIterator(), model: model)
    }

    struct Iterator: AsyncIteratorProtocol {
        var pieces: Texts.AsyncIterator
        let model: String
        private var isDone = false

        init(pieces: Texts.AsyncIterator, model: String) {
            self.pieces = pieces
            self.model = model
        }

        mutating func next() async throws -> Data? {
            if isDone { return nil }
            guard let piece = try await pieces.next() else {
                isDone = true
                return Data((event([:], "stop") + "data: [DONE]\n\n").utf8)
            }
            return Data(event(["content": .string(piece)], nil).utf8)
        }

        private func event(_ delta: JSON, _ reason: JSON) -> String {
            let choices: JSON = [["index": 0, "delta": delta, "finish_reason": reason]]
            let chunk: JSON = ["object": "chat.completion.chunk", "model": .string(model), "choices": choices]
            return "data: \(chunk)\n\n"
        }
    }
}
