import Foundation

/// A chat with any model, in OpenAI's shape. Nothing is sent before its result is asked for, and each of its results is a call.
public struct Chat: Sendable {
    let gateway: Gateway
    let model: String
    let messages: any Encodable & Sendable
    let options: JSON

    /// The text, in pieces as the model writes it.
    ///
    /// - Throws while it is read: `status`, if the answer is an error; `broken`, if it breaks off.
    public var text: ChatText { ChatText(chat: self) }

    /// The whole answer.
    ///
    /// - Throws: `status`, if the answer is an error.
    public func completion() async throws -> ChatCompletion {
        let response = try await response()
        if let failure = response.failure { throw failure }
        guard response.isSuccess else { throw response.statusError(try await response.string()) }
        return try await response.json(ChatCompletion.self)
    }

    /// The answer with its status and headers, as the options ask for it.
    public func response() async throws -> Response {
        try await response(options)
    }

    fileprivate func streamed() async throws -> Response {
        guard case .object(var fields) = options else { return try await response() }
        fields["stream"] = fields["stream"] ?? true
        return try await response(.object(fields))
    }

    private func response(_ options: JSON) async throws -> Response {
        let messages = try jsonText(messages, naming: "messages")
        let options = try jsonText(options, naming: "options")
        return try await gateway.answer { [gateway, model] call in
            try await call.chat(gateway: gateway.native, model: model, messages: messages, options: options)
        }
    }
}

/// The pieces of an answer's text. The call begins with the first one.
public struct ChatText: AsyncSequence, Sendable {
    public typealias Element = String

    let chat: Chat

    public func makeAsyncIterator() -> Iterator {
        Iterator(chat: chat)
    }

    public struct Iterator: AsyncIteratorProtocol {
        private let chat: Chat
        private var response: Response?
        private var events: ServerSentEvents.Iterator?

        fileprivate init(chat: Chat) {
            self.chat = chat
        }

        /// The answer with its headers, once the first piece has come.
        public var answer: Response? { response }

        public mutating func next() async throws -> String? {
            if response == nil {
                let response = try await chat.streamed()
                self.response = response
                if let failure = response.failure { throw failure }
                guard response.isSuccess else { throw response.statusError(try await response.string()) }
                guard response.headers["content-type"]?.hasPrefix("text/event-stream") == true else {
                    return try await response.json(ChatCompletion.self).text
                }
                events = response.events.makeAsyncIterator()
            }
            while let event = try await events?.next() {
                // The end marker is not the end of the body: only who reads on to that gives the connection back.
                if event.data == "[DONE]" { continue }
                let chunk = try fromJSON(event.data, as: ChatChunk.self)
                if chunk.error != nil, let response { throw response.statusError(event.data) }
                if let piece = chunk.text, !piece.isEmpty { return piece }
            }
            return nil
        }
    }
}
