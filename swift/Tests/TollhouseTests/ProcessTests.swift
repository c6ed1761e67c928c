#if os(Linux)
    import Foundation
    import XCTest

    @testable import Tollhouse

    /// What a system does to an app: it starts it, freezes it, and kills it.
    final class ProcessTests: XCTestCase {
        func testOpeningStartsNoThreadAndOpensNoFile() throws {
            let keeper = try Keeper(["idle"])
            XCTAssertEqual(try keeper.line(), "true false")
        }

        func testFrozenAndKilledItKeepsWhatWasFlushed() async throws {
            let upstream = try Upstream()
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appendingPathComponent("log.db")

            var kept: [String] = []
            for life in 1...3 {
                let keeper = try Keeper(["log", file.path, "\(upstream.url)/v1"])
                for _ in 0..<10 { kept.append(try XCTUnwrap(keeper.line())) }
                keeper.signal(SIGSTOP)
                XCTAssertEqual(try keeper.state(), "T")
                keeper.signal(SIGCONT)
                // Frozen again in the middle of whatever it does, and killed there.
                for _ in 0..<life { kept.append(try XCTUnwrap(keeper.line())) }
                keeper.signal(SIGSTOP)
                keeper.signal(SIGKILL)
                // What it had said before it died.
                while let line = try keeper.line() { kept.append(line) }
            }
            let gateway = try Gateway(.init(logs: .init(path: file.path)))
            for id in kept {
                let log = try await gateway.getLog(id)
                XCTAssertTrue(log.success)
            }
            XCTAssertEqual(Set(kept).count, kept.count)
            XCTAssertNil(try gateway.health().degraded)
            try await gateway.close()
        }
    }

    /// The program in Tests/Keeper.
    private final class Keeper {
        private let process = Process()
        private let said = Pipe()

        init(_ arguments: [String]) throws {
            process.executableURL = Bundle.main.bundleURL.appendingPathComponent("Keeper")
            process.arguments = arguments
            process.standardOutput = said
            try process.run()
        }

        deinit {
            signal(SIGKILL)
            process.waitUntilExit()
        }

        func line() throws -> String? {
            try firstLine(said.fileHandleForReading)
        }

        func signal(_ signal: Int32) {
            kill(process.processIdentifier, signal)
        }

        /// The letter of its state (proc(5)), once it is stopped.
        func state() throws -> String? {
            while true {
                let stat = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
                let state = stat.split(separator: ")").last?.split(separator: " ").first.map(String.init)
                if state == "T" || state == "Z" || state == nil { return state }
                sched_yield()
            }
        }
    }
#endif
