import Foundation
import XCTest

import struct TollhouseNative.Answer
import struct TollhouseNative.Header

@testable import Tollhouse

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Clients of `URLSession`, over real HTTP.
final class URLSessionTests: XCTestCase {
    func testARequestGoesThroughTheGateway() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(cached(upstream))
        let session = try gateway.session()
        for expected in ["MISS", "HIT"] {
            let (bytes, response) = try await session.data(for: request(upstream, question))
            let head = try XCTUnwrap(response as? HTTPURLResponse)
            XCTAssertEqual(head.value(forHTTPHeaderField: "cf-aig-cache-status"), expected)
            XCTAssertEqual(head.statusCode, 200)
            XCTAssertEqual(head.url?.absoluteString, "\(upstream.url)/v1/chat/completions")
            XCTAssertEqual(try JSONDecoder().decode(ChatCompletion.self, from: bytes).text, reply)
        }
        let calls = try await upstream.ledger()
        XCTAssertEqual(calls.count, 1)
        XCTAssertEqual(calls.first?["headers"]?["authorization"], "Bearer sk-mine")
        XCTAssertEqual(calls.first?["headers"]?.object?.keys.filter { $0.contains("tollhouse") }, [])
    }

    func testAStreamedAnswerIsWholeForACompletionHandler() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        let (bytes, _) = try await gateway.session().data(for: request(upstream, streamed(question)))
        let text = String(decoding: bytes, as: UTF8.self)
        XCTAssertTrue(text.hasSuffix("data: [DONE]\n\n"), text)
        XCTAssertGreaterThan(text.components(separatedBy: "data: ").count, 8)
    }

    func testADelegateIsToldInChunks() async throws {
        let upstream = try Upstream()
        // Behind the first chunk nothing comes until the test has seen it: what is told is not held back.
        try await upstream.script([["fail": "stall"]])
        let gateway = try Gateway(upstream.configuration)
        let delegate = Delegate(self)
        let session = try gateway.session(delegate: delegate)
        let task = session.dataTask(with: try request(upstream, streamed(question)))
        task.resume()
        await fulfillment(of: [delegate.headed, delegate.came], timeout: 60)
        task.cancel()
        await fulfillment(of: [delegate.completed], timeout: 60)
        XCTAssertEqual((delegate.error.withLock { $0 } as? URLError)?.code, .cancelled)
        let calls = try await upstream.ledger(arrived: 1)
        XCTAssertEqual(calls.first?["ending"], "client_gone")
    }

    func testCancellingTheTaskEndsTheCall() async throws {
        let upstream = try Upstream()
        try await upstream.script([["delay_ms": 60_000]])
        let gateway = try Gateway(upstream.configuration)
        let session = try gateway.session()
        let request = try request(upstream, question)
        let ended = expectation(description: "the task ends")
        let task = session.dataTask(with: request) { _, _, error in
            XCTAssertEqual((error as? URLError)?.code, .cancelled)
            ended.fulfill()
        }
        task.resume()
        _ = try await upstream.ledger(arrived: 1, settled: false)
        task.cancel()
        await fulfillment(of: [ended], timeout: 60)
        let calls = try await upstream.ledger(arrived: 1)
        XCTAssertEqual(calls.first?["ending"], "client_gone")
    }

    func testAStreamIsABodyToo() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        var request = try request(upstream, question)
        request.httpBody = nil
        request.httpBodyStream = InputStream(data: Data(question.description.utf8))
        let (bytes, _) = try await gateway.session().data(for: request)
        XCTAssertEqual(try JSONDecoder().decode(ChatCompletion.self, from: bytes).text, reply)
    }

    func testAnUploadIsNeverSentWithoutItsBody() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        var request = try request(upstream, question)
        request.httpBody = nil
        do {
            let (bytes, _) = try await gateway.session().upload(for: request, from: Data(question.description.utf8))
            XCTAssertEqual(try JSONDecoder().decode(ChatCompletion.self, from: bytes).text, reply)
        } catch let error as URLError {
            // swift-corelibs-foundation shows the body of an upload task to its own classes only.
            XCTAssertEqual(error.code, .requestBodyStreamExhausted)
            let calls = try await upstream.ledger()
            XCTAssertEqual(calls.count, 0)
        }
    }

    func testADownloadEndsNoProgram() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        do {
            let (file, _) = try await gateway.session().download(for: request(upstream, question))
            XCTAssertEqual(try fromJSON(try Data(contentsOf: file), as: ChatCompletion.self).text, reply)
        } catch let error as URLError {
            // swift-corelibs-foundation has a file for its own classes only.
            XCTAssertEqual(error.code, .cannotCreateFile)
            let calls = try await upstream.ledger()
            XCTAssertEqual(calls.count, 0)
        }
    }

    func testATimeoutMayBeAnyNumber() {
        let seconds: [TimeInterval] = [60, 0.0001, 0, -1, .infinity, .nan, .greatestFiniteMagnitude]
        XCTAssertEqual(seconds.map(readTimeout), [60_000, 1, nil, nil, nil, nil, nil])
    }

    func testAProvidersErrorIsAnAnswer() async throws {
        let upstream = try Upstream()
        try await upstream.script([["status": 401, "headers": ["www-authenticate": "Bearer"]]])
        let gateway = try Gateway(upstream.configuration)
        let (bytes, response) = try await gateway.session().data(for: request(upstream, question))
        XCTAssertEqual((response as? HTTPURLResponse)?.statusCode, 401)
        XCTAssertNotNil(try fromJSON(bytes, as: JSON.self)["error"])
    }

    func testWhereNobodyAnswersTheErrorIsTheKnownOne() async throws {
        let upstream = try Upstream()
        try await upstream.script([["fail": "stall"], ["delay_ms": 60_000]])
        let gateway = try Gateway(upstream.configuration)
        var slow = try request(upstream, streamed(question))
        slow.timeoutInterval = 0.2
        for expected in [URLError.Code.timedOut, .timedOut] {
            let error = await failure(try gateway.session(), slow)
            XCTAssertEqual(error?.code, expected)
            XCTAssertTrue(error?.userInfo[NSUnderlyingErrorKey] is TollhouseError)
        }
        let nobody = try Gateway(.init(providers: ["openai": .init(baseUrl: "http://127.0.0.1:1/v1")]))
        var request = URLRequest(url: try XCTUnwrap(URL(string: "http://127.0.0.1:1/v1/chat/completions")))
        request.httpMethod = "POST"
        let error = await failure(try nobody.session(), request)
        XCTAssertEqual(error?.code, .cannotConnectToHost)
    }

    func testTwoGatewaysNeverMeet() async throws {
        let (one, other) = (try Upstream(), try Upstream())
        let gateways = try [one, other].map { try Gateway(cached($0)) }
        let configurations = try gateways.map { try $0.configuration(isStreamed: false) }
        let sessions = configurations.map { URLSession(configuration: $0) } + [try gateways[0].session()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<30 {
                group.addTask {
                    let session = sessions[number % 3]
                    let (_, response) = try await session.data(for: request(number % 3 == 1 ? other : one, question))
                    XCTAssertNotNil((response as? HTTPURLResponse)?.value(forHTTPHeaderField: "cf-aig-log-id"))
                }
            }
            try await group.waitForAll()
        }
        let counts = try await [gateways[0].logs().totalCount, gateways[1].logs().totalCount]
        XCTAssertEqual(counts, [20, 10])
    }

    /// The session's tables are its own queue's: whoever tells it from elsewhere ends the program, now and then.
    func testManyTasksAtOnceInManySessionsEndNoProgram() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(cached(upstream))
        for round in 0..<20 {
            let session = try gateway.session()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        let asked: JSON = ["model": "gpt-4o-mini", "messages": [["role": "user", "content": .string("\(number % 8)")]]]
                        let task = Task { try await session.data(for: request(upstream, asked)) }
                        if (number + round) % 4 == 0 { task.cancel() }
                        do {
                            let (_, response) = try await task.value
                            XCTAssertEqual((response as? HTTPURLResponse)?.statusCode, 200)
                        } catch let error as URLError { XCTAssertEqual(error.code, .cancelled) } catch is CancellationError {}
                    }
                }
                try await group.waitForAll()
            }
            session.finishTasksAndInvalidate()
        }
    }

    func testEachClassIsAnother() throws {
        let gateway = try Gateway()
        let classes = (0..<200).map { _ in SessionClass.make(Bound(gateway, SessionSettings(isStreamed: true))) }
        XCTAssertEqual(Set(classes.map(ObjectIdentifier.init)).count, 200)
        XCTAssertTrue(classes.allSatisfy { $0.bound?.gateway === gateway })
    }

    func testASessionWithoutItsGatewayFails() async throws {
        let upstream = try Upstream()
        var gateway: Gateway? = try Gateway(upstream.configuration)
        let session = try XCTUnwrap(try gateway?.session())
        gateway = nil
        let error = await failure(session, try request(upstream, question))
        XCTAssertEqual(error?.code, .resourceUnavailable)
        XCTAssertTrue(error?.localizedDescription.contains("keep it as long as its session") == true, "\(String(describing: error))")
        let calls = try await upstream.ledger()
        XCTAssertEqual(calls.count, 0)
    }

    func testAClosedGatewayIsNoCancelledTask() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        let session = try gateway.session()
        try await gateway.close()
        let error = await failure(session, try request(upstream, question))
        XCTAssertEqual(error?.code, .resourceUnavailable)
        guard case TollhouseError.closed? = error?.userInfo[NSUnderlyingErrorKey] else { return XCTFail("\(String(describing: error))") }
    }

    func testTheClassesOfAGatewayThatIsGoneLeadNowhere() throws {
        var gateway: Gateway? = try Gateway()
        let (one, same) = try (XCTUnwrap(gateway).configuration(), XCTUnwrap(gateway).configuration())
        let urlProtocol = try XCTUnwrap(one.protocolClasses?.first as? GatewayURLProtocol.Type)
        XCTAssertTrue(same.protocolClasses?.first == urlProtocol)
        XCTAssertNotNil(SessionClass.bound(to: urlProtocol))
        gateway = nil
        XCTAssertNil(SessionClass.bound(to: urlProtocol))
    }

    func testHeadersOfTheConfigurationGoAlong() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(.init(providers: ["openai": .init(baseUrl: "\(upstream.url)/v1")]))
        let configuration = URLSessionConfiguration.default
        configuration.httpAdditionalHeaders = ["Authorization": "Bearer sk-session", "X-Mine": "1"]
        var request = try request(upstream, question)
        request.setValue(nil, forHTTPHeaderField: "authorization")
        request.setValue("the request's", forHTTPHeaderField: "x-mine")
        let (_, response) = try await gateway.session(configuration: configuration).data(for: request)
        XCTAssertEqual((response as? HTTPURLResponse)?.statusCode, 200)
        let sent = try await upstream.ledger().first?["headers"]
        XCTAssertEqual(sent?["authorization"], "Bearer sk-session")
        XCTAssertEqual(sent?["x-mine"], "the request's")
        // Another session of the same gateway has none of them.
        let (_, other) = try await gateway.session().data(for: request)
        XCTAssertEqual((other as? HTTPURLResponse)?.statusCode, 401)
    }

    func testAKeyOfTheConfigurationStaysWhereTheSessionAsked() throws {
        let configuration = URLSessionConfiguration.default
        configuration.httpAdditionalHeaders = ["Authorization": "Bearer sk-session", "X-Mine": "1"]
        let settings = SessionSettings(configuration, isStreamed: true)
        let asked = try XCTUnwrap(URL(string: "https://api.openai.com/v1/a"))
        for (place, names) in [
            ("https://api.openai.com/v1/b", ["Authorization", "X-Mine"]), ("https://example.com/", ["X-Mine"]),
        ] {
            let headers = settings.headers(of: URLRequest(url: try XCTUnwrap(URL(string: place))), askedFor: asked)
            XCTAssertEqual(headers.map(\.name), names, place)
        }
    }

    func testTheTimeoutOfTheConfigurationHoldsWhereARequestHasNone() async throws {
        let upstream = try Upstream()
        try await upstream.script([["delay_ms": 60_000]])
        let gateway = try Gateway(upstream.configuration)
        let configuration = URLSessionConfiguration.default
        configuration.timeoutIntervalForRequest = 0.2
        let error = await failure(try gateway.session(configuration: configuration), try request(upstream, question))
        XCTAssertEqual(error?.code, .timedOut)
        var own = try request(upstream, question)
        own.timeoutInterval = 5
        XCTAssertEqual(SessionSettings(configuration, isStreamed: true).readTimeoutMs(of: own), 5_000)
    }

    func testABackgroundSessionIsRefused() throws {
        let configuration = URLSessionConfiguration.default
        configuration.identifier = "dev.example.background"
        XCTAssertThrowsError(try Gateway().session(configuration: configuration)) { error in
            XCTAssertEqual((error as? TollhouseError)?.kind, "invalid_request")
            XCTAssertEqual((error as? TollhouseError)?.field, "configuration")
        }
    }

    func testARequestThatMustNotBeLoadedIsNot() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        var request = try request(upstream, question)
        request.cachePolicy = .returnCacheDataDontLoad
        let error = await failure(try gateway.session(), request)
        XCTAssertEqual(error?.code, .resourceUnavailable)
        let calls = try await upstream.ledger()
        XCTAssertEqual(calls.count, 0)
    }

    func testABodyThatWasAStreamFollowsARedirect() async throws {
        var request = URLRequest(url: try XCTUnwrap(URL(string: "https://api.openai.com/v1/a")))
        request.httpMethod = "POST"
        request.httpBodyStream = InputStream(data: Data("x".utf8))
        let asked = try await collected(request)
        let next = try XCTUnwrap(redirected(asked, by: redirect(307, "/v1/b")))
        XCTAssertEqual(next.httpBody, Data("x".utf8))
        XCTAssertNil(next.httpBodyStream)
    }

    func testOtherSessionsAreLeftAlone() async throws {
        let upstream = try Upstream()
        let gateway = try Gateway(upstream.configuration)
        _ = try gateway.session()
        let (_, response) = try await URLSession.shared.data(for: request(upstream, question))
        XCTAssertNil((response as? HTTPURLResponse)?.value(forHTTPHeaderField: "cf-aig-log-id"))
    }

    func testARedirectIsFollowedAsThePlatformDoes() throws {
        var request = URLRequest(url: try XCTUnwrap(URL(string: "https://api.openai.com/v1/a")))
        request.httpMethod = "POST"
        request.httpBody = Data("x".utf8)
        request.setValue("Bearer sk", forHTTPHeaderField: "authorization")
        let kept = try XCTUnwrap(redirected(request, by: redirect(307, "/v1/b")))
        XCTAssertEqual(kept.url?.absoluteString, "https://api.openai.com/v1/b")
        XCTAssertEqual([kept.httpMethod, kept.value(forHTTPHeaderField: "authorization")], ["POST", "Bearer sk"])
        XCTAssertEqual(kept.httpBody, Data("x".utf8))
        let other = try XCTUnwrap(redirected(request, by: redirect(302, "https://example.com/")))
        XCTAssertEqual([other.httpMethod, other.value(forHTTPHeaderField: "authorization")], ["GET", nil])
        XCTAssertNil(other.httpBody)
        request.setValue("sk", forHTTPHeaderField: "x-api-key")
        for place in ["https://api.openai.com.example.com/v1/a", "http://api.openai.com/v1/a", "https://api.openai.com:8443/v1/a"] {
            let elsewhere = try XCTUnwrap(redirected(request, by: redirect(308, place)))
            XCTAssertEqual(elsewhere.allHTTPHeaderFields ?? [:], [:], place)
        }
        let explicit = try XCTUnwrap(redirected(request, by: redirect(307, "https://api.openai.com:443/v1/b")))
        XCTAssertEqual(explicit.value(forHTTPHeaderField: "x-api-key"), "sk")
        XCTAssertNil(redirected(request, by: redirect(200, "/")))
    }
}

private func redirect(_ status: Int, _ place: String) -> Tollhouse.Response {
    Response(Answer(status: UInt16(status), headers: [Header(name: "location", value: place)], content: Data(), body: nil, failure: nil))
}

private func cached(_ upstream: Upstream) -> Configuration {
    var configuration = upstream.configuration
    configuration.cache = .init(ttl: .seconds(60))
    return configuration
}

private func request(_ upstream: Upstream, _ body: JSON) throws -> URLRequest {
    var request = URLRequest(url: try XCTUnwrap(URL(string: "\(upstream.url)/v1/chat/completions")))
    request.httpMethod = "POST"
    request.httpBody = Data(body.description.utf8)
    request.setValue("application/json", forHTTPHeaderField: "content-type")
    request.setValue("Bearer sk-mine", forHTTPHeaderField: "authorization")
    return request
}

private func failure(_ session: URLSession, _ request: URLRequest) async -> URLError? {
    do {
        _ = try await session.data(for: request)
        XCTFail("it should fail")
        return nil
    } catch {
        return error as? URLError
    }
}

private final class Delegate: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    let headed: XCTestExpectation
    let came: XCTestExpectation
    let completed: XCTestExpectation
    let error = Locked<(any Error)?>(nil)

    init(_ test: XCTestCase) {
        headed = test.expectation(description: "the head came")
        came = test.expectation(description: "a chunk came")
        came.assertForOverFulfill = false
        completed = test.expectation(description: "the task ended")
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        headed.fulfill()
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        came.fulfill()
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        self.error.withLock { $0 = error }
        completed.fulfill()
    }
}
