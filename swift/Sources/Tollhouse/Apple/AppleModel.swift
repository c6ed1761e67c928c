#if canImport(FoundationModels)
    import FoundationModels

    /// Apple's model on the device as a session of ``DeviceModel``.
    ///
    /// ```swift
    /// let gateway = try Gateway(providers: ["apple": DeviceModel { try AppleModel(instructions: $0) }])
    /// ```
    @available(iOS 26, macOS 26, visionOS 26, *)
    public struct AppleModel: LanguageSession {
        private let session: LanguageModelSession

        /// - Throws: `connect`, if the device has no model, or has it not ready: the next target is asked.
        public init(instructions: String?) throws {
            guard case .available = SystemLanguageModel.default.availability else {
                let detail = "the model of this device is not available: \(SystemLanguageModel.default.availability)"
                throw TollhouseError.connect(.init(detail: detail, source: .upstream, isRetryable: true))
            }
            session = LanguageModelSession(instructions: instructions)
        }

        public func streamResponse(to prompt: String) -> AsyncThrowingStream<String, any Error> {
            let snapshots = session.streamResponse(to: prompt)
            return AsyncThrowingStream { continuation in
                let task = Task {
                    do {
                        for try await snapshot in snapshots { continuation.yield(snapshot.content) }
                        continuation.finish()
                    } catch {
                        continuation.finish(throwing: error)
                    }
                }
                continuation.onTermination = { _ in task.cancel() }
            }
        }
    }
#endif
