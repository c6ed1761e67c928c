/// A message of a chat.
///
/// ```swift
/// let messages: [ChatMessage] = [.system("Be brief."), .user("What is a toll house?")]
/// ```
public struct ChatMessage: Sendable, Hashable, Codable {
    /// `system`, `user`, `assistant`, `tool`.
    public var role: String
    /// A text, or parts in OpenAI's form; null where the model only calls tools.
    public var content: JSON
    /// The tools that the model calls, in OpenAI's form.
    public var toolCalls: JSON?
    /// Which call a tool's answer belongs to.
    public var toolCallId: String?

    public init(role: String, content: JSON, toolCalls: JSON? = nil, toolCallId: String? = nil) {
        self.role = role
        self.content = content
        self.toolCalls = toolCalls
        self.toolCallId = toolCallId
    }

    public static func system(_ text: String) -> Self { Self(role: "system", content: .string(text)) }
    public static func user(_ text: String) -> Self { Self(role: "user", content: .string(text)) }
    public static func assistant(_ text: String) -> Self { Self(role: "assistant", content: .string(text)) }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        role = try fields.decode(String.self, forKey: .role)
        content = try fields.decodeIfPresent(JSON.self, forKey: .content) ?? .null
        toolCalls = try fields.decodeIfPresent(JSON.self, forKey: .toolCalls)
        toolCallId = try fields.decodeIfPresent(String.self, forKey: .toolCallId)
    }

    private enum CodingKeys: String, CodingKey {
        case role, content
        case toolCalls = "tool_calls"
        case toolCallId = "tool_call_id"
    }
}

/// A whole answer in OpenAI's shape. ``Response/json(_:maxBytes:)`` reads the same body with a type of your own.
public struct ChatCompletion: Sendable, Hashable, Codable {
    public var id: String?
    /// The model that answered.
    public var model: String?
    public var choices: [Choice]
    public var usage: Usage?

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
    public struct Usage: Sendable, Hashable, Codable {
        public var promptTokens: Int?
        public var completionTokens: Int?
        public var totalTokens: Int?

        private enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case totalTokens = "total_tokens"
        }
    }

    /// What the model said; empty if it only called tools.
    public var text: String { choices.first?.message.content.string ?? "" }
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

    public struct Delta: Sendable, Hashable, Codable {
        public var content: String?
    }

    /// What it adds to the text.
    public var text: String? { choices?.first?.delta?.content }
}
