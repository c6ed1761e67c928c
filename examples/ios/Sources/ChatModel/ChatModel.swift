import Foundation
import Tollhouse

#if canImport(Darwin)
    import Observation
#endif

/// The chat on the screen: what was said, what is being answered, and what it cost.
@MainActor
#if canImport(Darwin)
    // Swift 6.0 for Linux has the library, which lacks a symbol.
    @Observable
#endif
public final class ChatModel {
    public private(set) var lines: [Line] = []
    public private(set) var isAnswering = false
    /// What all answers cost so far, in US dollars.
    public private(set) var spent: Decimal = 0
    public var draft = ""

    private let gateway: Gateway
    private let model: String
    private var answering: Task<Void, Never>?

    /// - Parameter model: `{provider}/{model}`
    public init(gateway: Gateway, model: String = "openai/gpt-4o-mini") {
        self.gateway = gateway
        self.model = model
    }

    /// Asks what stands in the draft. The answer grows in the last line.
    public func send() {
        let text = draft.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, !isAnswering else { return }
        draft = ""
        lines.append(Line(speaker: .user, text: text))
        let messages = lines.map(\.message)
        lines.append(Line(speaker: .model, text: ""))
        isAnswering = true
        answering = Task {
            await answer(messages)
            isAnswering = false
        }
    }

    /// Ends the answer; the provider is told to stop.
    public func stop() {
        answering?.cancel()
    }

    /// Returns when nothing is being answered.
    public func settled() async {
        await answering?.value
    }

    /// The log reaches the disk: for the moment when the app goes to the background.
    public func pause() async {
        try? await gateway.flush()
    }

    private func answer(_ messages: [ChatMessage]) async {
        do {
            var pieces = gateway.chat(model, messages, ["stream_options": ["include_usage": true]]).text.makeAsyncIterator()
            while let piece = try await pieces.next() { lines[lines.count - 1].text += piece }
            if let id = pieces.answer?.logId { try await account(id) }
        } catch is CancellationError {
            lines[lines.count - 1].note = "stopped"
        } catch {
            lines[lines.count - 1].note = error.localizedDescription
        }
    }

    /// What the gateway knows of the answer.
    private func account(_ logId: String) async throws {
        let log = try await gateway.getLog(logId)
        spent += log.cost ?? 0
        lines[lines.count - 1].note = note(of: log)
    }
}

/// One thing that was said.
public struct Line: Identifiable, Sendable {
    public enum Speaker: String, Sendable {
        case user, model
    }

    public let id = UUID()
    public let speaker: Speaker
    public internal(set) var text: String
    /// Below an answer: where it came from and what it cost, or why there is none.
    public internal(set) var note: String?

    var message: ChatMessage { speaker == .user ? .user(text) : .assistant(text) }
}

private func note(of log: Log) -> String {
    if log.cached { return "from the cache, saved \(dollars(log.saved))" }
    return "\(log.tokensOut ?? 0) tokens, \(dollars(log.cost))"
}

private func dollars(_ amount: Decimal?) -> String {
    amount.map { "$\($0)" } ?? "an unknown cost"
}
