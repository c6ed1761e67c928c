import ChatModel
import SwiftUI

/// One screen: what was said, the answer as it grows, and what it cost.
struct ChatView: View {
    @Bindable var chat: ChatModel

    var body: some View {
        NavigationStack {
            ScrollView {
                LazyVStack(alignment: .leading, spacing: 12) {
                    ForEach(chat.lines) { LineView(line: $0) }
                }
                .padding()
            }
            .defaultScrollAnchor(.bottom)
            .safeAreaInset(edge: .bottom) { entry }
            .navigationTitle("Chat")
            .toolbar { Text(chat.spent, format: .currency(code: "USD").precision(.fractionLength(0...6))) }
        }
    }

    private var entry: some View {
        HStack {
            TextField("Ask something", text: $chat.draft)
                .textFieldStyle(.roundedBorder)
                .onSubmit(chat.send)
            if chat.isAnswering {
                Button("Stop", systemImage: "stop.fill", action: chat.stop)
            } else {
                Button("Send", systemImage: "arrow.up", action: chat.send)
            }
        }
        .labelStyle(.iconOnly)
        .padding()
        .background(.bar)
    }
}

private struct LineView: View {
    let line: Line

    var body: some View {
        VStack(alignment: line.speaker == .user ? .trailing : .leading) {
            Text(line.text)
                .padding(10)
                .background(
                    line.speaker == .user ? Color.accentColor.opacity(0.2) : Color.secondary.opacity(0.15), in: .rect(cornerRadius: 12))
            if let note = line.note {
                Text(note).font(.caption).foregroundStyle(.secondary)
            }
        }
        .frame(maxWidth: .infinity, alignment: line.speaker == .user ? .trailing : .leading)
    }
}
