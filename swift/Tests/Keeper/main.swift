// A program of its own for tests that need one: `keeper idle` counts threads and open files around the first use, `keeper log FILE URL`
// calls and logs until it is killed, and says which logs are on disk.

import Foundation
import Tollhouse

func count(_ folder: String) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count) ?? 0
}

func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "idle":
    let before = [count("task"), count("fd")]
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("keeper-\(getpid()).db")
    let gateway = try Gateway(
        Configuration(cache: .init(ttl: .seconds(60)), logs: .init(path: file.path)),
        providers: ["device": DeviceModel { _ in Silent() }], keys: Broker { _ in nil })
    _ = try gateway.session()
    _ = try gateway.config()
    let after = [count("task"), count("fd")]
    say("\(before == after) \(FileManager.default.fileExists(atPath: file.path))")
case "log":
    let (file, url) = (arguments.dropFirst().first ?? "", arguments.last ?? "")
    let gateway = try Gateway(
        Configuration(providers: ["openai": .init(key: "sk-test", baseUrl: url)], logs: .init(path: file)))
    while true {
        let response = try await gateway.chat("openai/gpt-4o-mini", "tell me a joke").response()
        _ = try await response.data()
        try await gateway.flush()
        say(response.logId ?? "")
    }
default:
    say("keeper: idle or log")
    exit(2)
}

private struct Silent: LanguageSession {
    func streamResponse(to prompt: String) -> AsyncStream<String> { AsyncStream { $0.finish() } }
}
