import Foundation
import Tollhouse

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The gateway of the app: a cache, a log in the app's own folder, keys from a server of ours, and no key in the app.
public func openGateway(tokens: URL, logFile: URL) throws -> Gateway {
    try Gateway(
        Configuration(
            cache: .init(ttl: .seconds(3600), maxBytes: 16_000_000),
            logs: .init(path: logFile.path, maxRecords: 5_000)
        ),
        providers: ["device": DeviceModel(openDeviceModel)],
        keys: Broker { provider in
            let (answer, _) = try await URLSession.shared.data(from: tokens.appendingPathComponent(provider))
            let brought = try JSONDecoder().decode(Brought.self, from: answer)
            return Token(brought.token, lifetime: .seconds(brought.seconds))
        }
    )
}

/// What our server answers.
private struct Brought: Decodable {
    let token: String
    let seconds: Int
}

/// Apple's model where there is one; elsewhere a stand-in of the same shape, so that the app can be tried.
@Sendable
private func openDeviceModel(_ instructions: String?) throws -> any LanguageSession {
    #if canImport(FoundationModels)
        if #available(iOS 26, macOS 26, *) { return try AppleModel(instructions: instructions) }
    #endif
    return Echo()
}

/// A stand-in: it gives back what it is told.
struct Echo: LanguageSession {
    func streamResponse(to prompt: String) -> AsyncStream<String> {
        AsyncStream { continuation in
            var said = "You said:"
            for word in prompt.split(separator: " ") {
                said += " \(word)"
                continuation.yield(said)
            }
            continuation.finish()
        }
    }
}
