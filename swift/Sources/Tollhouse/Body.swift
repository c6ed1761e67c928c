import Foundation
internal import TollhouseNative

/// The bytes of an answer, as they come. It is read once: whoever reads after another goes on where that one stopped.
///
/// Cancelling the task that reads, or letting go of the answer, ends the call at the provider.
public struct Body: AsyncSequence, Sendable {
    public typealias Element = Data

    private let state: State

    init(_ answer: Answer) {
        state = State(whole: answer.content, coming: answer.body)
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(state: state)
    }

    /// Reads a body: each element is all that has come since the last one.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let state: State

        /// The next bytes, or nil at the end.
        ///
        /// - Throws: `TollhouseError` `broken` where the answer breaks off, `CancellationError` in a cancelled task.
        public mutating func next() async throws -> Data? {
            try await state.next()
        }
    }

    /// All bytes that are still to come.
    ///
    /// - Parameter maxBytes: More than this is an error: `tooLarge`.
    public func data(maxBytes: Int = 64_000_000) async throws -> Data {
        var all = Data()
        for try await bytes in self {
            guard all.count + bytes.count <= maxBytes else {
                cancel()
                let detail = "the answer has more than \(maxBytes) bytes; read it in chunks, or allow more"
                throw TollhouseError.tooLarge(.init(detail: detail, field: "maxBytes", source: .caller))
            }
            all.append(bytes)
        }
        return all
    }

    /// Lets go of the rest: the provider is told to stop.
    public func cancel() {
        state.cancel()
    }
}

private final class State: Sendable {
    private let whole: Locked<Data?>
    private let coming: TollhouseNative.Body?

    init(whole: Data?, coming: TollhouseNative.Body?) {
        self.whole = Locked(whole)
        self.coming = coming
    }

    func next() async throws -> Data? {
        guard let coming else {
            let rest = whole.withLock { whole in
                defer { whole = nil }
                return whole
            }
            return rest?.isEmpty == true ? nil : rest
        }
        return try await withTaskCancellationHandler {
            let bytes = try await native { try await coming.next() }
            if bytes == nil { try Task.checkCancellation() }
            return bytes
        } onCancel: {
            coming.cancel()
        }
    }

    func cancel() {
        whole.withLock { $0 = nil }
        coming?.cancel()
    }
}
