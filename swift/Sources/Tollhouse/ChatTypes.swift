/// A message of a chat.
///
/// ```swift
/// let messages: [ChatMessage] = [.system("Be brief."), .user("What is a toll house?")]
/// ```
public struct ChatMessage: Sendable, Hashable {
    /// Every field, those too that have no name here, such as a provider's `reasoning_content`: a message that is sent back is whole.
    public var fields: [String: JSON]

    /// `system`, `user`, `assistant`, `tool`.
    public var role: String {
        get { fields["role"]?.string ?? "assistant" }
        set { fields["role"] = .string(newValue) }
    }

    /// A text, or parts in OpenAI's form; null where the model only calls tools.
    public var content: JSON {
        get { fields["content"] ?? .null }
        set { fields["content"] = newValue }
    }

    /// The tools that the model calls, in OpenAI's form.
    public var toolCalls: JSON? {
        get { fields["tool_calls"] }
        set { fields["tool_calls"] = newValue }
    }

    /// Which call a tool's answer belongs to.
    public var toolCallId: String? {
        get { fields["tool_call_id"]?.string }
        set { fields["tool_call_id"] = newValue.map(JSON.string) }
    }

    public init(role: String, content: JSON, toolCalls: JSON? = nil, toolCallId: String? = nil) {
        fields = ["role": .string(role), "content": content]
        self.toolCalls = toolCalls
        self.toolCallId = toolCallId
    }

    public static func system(_ text: String) -> Self { Self(role: "system", content: .string(text)) }
    public static func user(_ text: String) -> Self { Self(role: "user", content: .string(text)) }
    public static func assistant(_ text: String) -> Self { Self(role: "assistant", content: .string(text)) }
}

extension ChatMessage: Codable {
    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}

/// A whole answer in OpenAI's shape. ``Response/json(_:maxBytes:)`` reads the same body with a type of your own.
public struct ChatCompletion: Sendable, Hashable, Codable {
    public let choices: [Choice]
    /// Every field, those too that have no name here.
    public let fields: [String: JSON]

    /// One of the answers that were asked for.
    public struct Choice: Sendable, Hashable, Codable {
        public var message: ChatMessage
        /// `stop`, `length`, `tool_calls`, …
        public var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case message
            case finishReason = "finish_reason"
        }
    }

    /// Tokens as the provider counted them.
    public struct Usage: Sendable, Hashable {
        /// Every field: the counts in detail too.
        public let fields: [String: JSON]

        public var promptTokens: Int? { whole("prompt_tokens") }
        public var completionTokens: Int? { whole("completion_tokens") }
        public var totalTokens: Int? { whole("total_tokens") }

        private func whole(_ name: String) -> Int? { fields[name]?.integer.map(Int.init(clamping:)) }
    }

    public var id: String? { fields["id"]?.string }
    /// The model that answered.
    public var model: String? { fields["model"]?.string }
    public var usage: Usage? { fields["usage"]?.object.map(Usage.init) }
    /// What the model said; empty if it only called tools.
    public var text: String { choices.first?.message.content.string ?? "" }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
        choices = try decoder.container(keyedBy: CodingKeys.self).decode([Choice].self, forKey: .choices)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }

    private enum CodingKeys: CodingKey {
        case choices
    }
}

/// A piece of a streamed answer in OpenAI's shape.
public struct ChatChunk: Sendable, Hashable, Codable {
    public var choices: [Choice]?
    /// What went wrong in the middle of the stream.
    public var error: JSON?

    public struct Choice: Sendable, Hashable, Codable {
        public var delta: Delta?
        public var finishReason: String?

        private enum CodingKeys: String, CodingKey {
            case delta
            case finishReason = "finish_reason"
        }
    }

    /// What a piece adds to the message; ``fields`` has what is no text: reasoning, tools.
    public struct Delta: Sendable, Hashable, Codable {
        public var fields: [String: JSON]

        public var content: String? { fields["content"]?.string }

        public init(from decoder: any Decoder) throws {
            fields = try decoder.singleValueContainer().decode([String: JSON].self)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(fields)
        }
    }

    /// What it adds to the text.
    public var text: String? { choices?.first?.delta?.content }
}
