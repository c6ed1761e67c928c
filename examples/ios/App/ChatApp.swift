import ChatModel
import SwiftUI
import Tollhouse

@main
struct ChatApp: App {
    @State private var chat = Result { try open() }
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            switch chat {
            case .success(let chat): ChatView(chat: chat)
            case .failure(let error):
                ContentUnavailableView("No gateway", systemImage: "xmark", description: Text(error.localizedDescription))
            }
        }
        .onChange(of: phase) { _, phase in
            guard phase == .background, let chat = try? chat.get() else { return }
            let time = UIApplication.shared.beginBackgroundTask()
            Task {
                await chat.pause()
                UIApplication.shared.endBackgroundTask(time)
            }
        }
    }
}

/// The address of your token broker: see docs/guides/keys-on-a-phone.md.
private let tokens = URL(string: "https://tokens.example.com")!

@MainActor
private func open() throws -> ChatModel {
    ChatModel(gateway: try openGateway(tokens: tokens, logFile: try AppFolder.file()))
}
