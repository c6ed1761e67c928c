import Foundation
internal import TollhouseNative

/// An AI gateway in this process.
///
/// ```swift
/// let gateway = try Gateway(.init(cache: .init(ttl: .seconds(3600))))
/// for try await piece in gateway.chat("openai/gpt-4o-mini", "Tell me a joke").text {
///     print(piece, terminator: "")
/// }
/// ```
///
/// Opening one starts nothing: no thread, no file, no socket. Its calls may come from any task at the same time; cancelling the
/// task ends the call at the provider.
public final class Gateway: Sendable {
    let native: TollhouseNative.Gateway
    /// What the app gave, to be let go of at the end.
    private let callbacks: [any Callback]
    /// The classes that lead sessions to this gateway.
    let sessionClasses = SessionClasses()

    /// Opens a gateway.
    ///
    /// - Parameters:
    ///   - configuration: What is not set keeps its default. `logs.payloads` is off unless it is set.
    ///   - providers: Models that answer in this process, by name: calls to `custom-local/any-model` reach `local`.
    ///   - keys: Asked for the key of a provider where neither the call nor the configuration has one.
    /// - Throws: `config`, with the field that cannot work.
    public convenience init(
        _ configuration: Configuration = Configuration(), providers: [String: any HostedProvider] = [:], keys: (any TokenBroker)? = nil
    ) throws(TollhouseError) {
        try self.init(text: jsonText(configuration, naming: "configuration"), file: nil, providers: providers, keys: keys)
    }

    /// Opens a gateway with the configuration as JSON text; `logs.payloads` is off here too. See ``init(_:providers:keys:)``.
    public convenience init(
        json: String, providers: [String: any HostedProvider] = [:], keys: (any TokenBroker)? = nil
    ) throws(TollhouseError) {
        try self.init(text: json, file: nil, providers: providers, keys: keys)
    }

    /// Opens a gateway with the configuration in a TOML or JSON file, which says the same in all languages: bodies are logged unless it
    /// has `payloads = false`. See ``init(_:providers:keys:)``.
    public convenience init(
        file: URL, providers: [String: any HostedProvider] = [:], keys: (any TokenBroker)? = nil
    ) throws(TollhouseError) {
        try self.init(text: nil, file: file.path, providers: providers, keys: keys)
    }

    private init(
        text: String?, file: String?, providers: [String: any HostedProvider], keys: (any TokenBroker)?
    ) throws(TollhouseError) {
        try checkLibrary()
        let (hosted, brokered) = (providers.mapValues(Hosted.init), keys.map(Brokered.init))
        native = try Tollhouse.native {
            try TollhouseNative.Gateway.open(config: text, file: file, providers: hosted, tokens: brokered)
        }
        callbacks = Array(hosted.values) + [brokered].compactMap { $0 }
    }

    /// One that is open already.
    init(native: TollhouseNative.Gateway) {
        self.native = native
        callbacks = []
    }

    /// The door: every other call is a short path to it. Where no provider answered, the answer is the gateway's own, and its
    /// ``Response/failure`` says why.
    ///
    /// - Parameters:
    ///   - method: The HTTP method.
    ///   - target: A path of the gateway, such as `/openai/chat/completions`, or a provider's absolute URL.
    ///   - headers: The provider's headers, and `cf-aig-*` for the gateway.
    ///   - body: The provider's own body.
    /// - Throws: `invalidRequest`, `closed`.
    public func handle(_ method: String, _ target: String, headers: Headers = [:], body: Data = Data()) async throws -> Response {
        try await send(
            Request(
                method: method, target: target, headers: headers.native, body: body, connectTimeoutMs: nil, readTimeoutMs: nil
            )
        )
    }

    /// The universal endpoint: entries are tried in order until one succeeds; `cf-aig-step` of the answer names it.
    ///
    /// - Parameters:
    ///   - entries: A list of ``Entry``, or the same as ``JSON``.
    ///   - options: `gateway` with settings of this call, `extraHeaders`.
    public func run(_ entries: some Encodable & Sendable, _ options: JSON = [:]) async throws -> Response {
        let entries = try jsonText(entries, naming: "entries")
        let options = try jsonText(options, naming: "options")
        return try await answer { [native] call in
            try await call.run(gateway: native, entries: entries, options: options)
        }
    }

    /// Any chat model in OpenAI's shape. The call is made when its result is asked for: ``Chat/text`` and others.
    ///
    /// - Parameters:
    ///   - model: `{provider}/{model}`
    ///   - messages: A text, a list of ``ChatMessage``, or the same as ``JSON``.
    ///   - options: Further fields of the body, such as `max_tokens`, and those of ``run(_:_:)``.
    public func chat(_ model: String, _ messages: some Encodable & Sendable, _ options: JSON = [:]) -> Chat {
        Chat(gateway: self, model: model, messages: messages, options: options)
    }

    /// A base URL of this gateway for SDKs that take nothing else: of `provider`, or of the universal endpoint. The first call starts
    /// a server on the loopback interface; the URL holds its key.
    public func getUrl(_ provider: String? = nil) throws(TollhouseError) -> String {
        try Tollhouse.native { try native.getUrl(provider: provider) }
    }

    /// The dashboard's URL, for a browser on this machine. Whoever has it may read and rate logs; its key is drawn anew at each
    /// start.
    public func uiUrl() throws(TollhouseError) -> String {
        try Tollhouse.native { try native.uiUrl() }
    }

    /// The log of one call, readable as soon as its answer is there.
    ///
    /// - Throws: `logNotFound`.
    public func getLog(_ logId: String) async throws -> Log {
        try fromJSON(try await Tollhouse.native { [native] in try await native.getLog(logId: logId) })
    }

    /// The walk of one call, line by line, in words: what it was resolved to, what the cache said, each try, the cost.
    ///
    /// - Throws: `logNotFound`.
    public func explain(_ logId: String) async throws -> Explanation {
        try fromJSON(try await Tollhouse.native { [native] in try await native.explain(logId: logId) })
    }

    /// Why a request would not be answered from the cache: the nearest kept answer, and the fields that differ. Nothing is sent or
    /// logged; of what is kept only digests are told, and of a key nothing.
    ///
    /// - Throws: `invalidRequest`, `closed`.
    public func whyMiss(_ method: String, _ target: String, headers: Headers = [:], body: Data = Data()) async throws -> MissReport {
        let request = Request(
            method: method, target: target, headers: headers.native, body: body, connectTimeoutMs: nil, readTimeoutMs: nil
        )
        return try fromJSON(try await Tollhouse.native { [native] in try await native.whyMiss(request: request) })
    }

    /// Adds `feedback` (-1 or 1), a `score` or `metadata` to a log.
    ///
    /// - Throws: `logNotFound`, `invalidRequest`.
    public func patchLog(_ logId: String, _ patch: JSON) async throws {
        let patch = try jsonText(patch, naming: "patch")
        try await Tollhouse.native { [native] in try await native.patchLog(logId: logId, patch: patch) }
    }

    /// Logs, the newest first unless the query says otherwise.
    ///
    /// - Parameter query: `limit`, `page`, `order_by`, `direction`, `search`, `since`, `until`, `metadata`, `filters`, or a field and
    ///   the value that it must have.
    public func logs(_ query: JSON = [:]) async throws -> LogPage {
        let query = try jsonText(query, naming: "query")
        return try fromJSON(try await Tollhouse.native { [native] in try await native.logs(query: query) })
    }

    /// Deletes the logs that a query selects, and tells how many there were.
    @discardableResult
    public func deleteLogs(_ query: JSON) async throws -> Int {
        let query = try jsonText(query, naming: "query")
        return Int(clamping: try await Tollhouse.native { [native] in try await native.deleteLogs(query: query) })
    }

    /// One body of a call, whole, where payloads are collected.
    ///
    /// - Throws: `logNotFound`, if there is no such log or it has no such body.
    public func logPayload(_ logId: String, _ part: LogPart) async throws -> Data {
        try await Tollhouse.native { [native] in try await native.logPayload(logId: logId, part: part.rawValue) }
    }

    /// Requests, tokens and cost, in groups.
    ///
    /// - Parameter query: `group_by`, and what ``logs(_:)`` selects by.
    public func usage(_ query: JSON = [:]) async throws -> UsageReport {
        let query = try jsonText(query, naming: "query")
        return try fromJSON(try await Tollhouse.native { [native] in try await native.usage(query: query) })
    }

    /// What the cache holds, and what it was asked for: hits, misses, entries and bytes, store by store.
    public func cacheStats() async throws -> CacheStats {
        try fromJSON(try await Tollhouse.native { [native] in try await native.cacheStats() })
    }

    /// Takes away the kept answers that meet all of a filter; without one, all of them.
    ///
    /// - Parameter filter: `scope`, `provider`, `model`, `key` (a word that stood in `cf-aig-cache-key`) and `older_than`.
    /// - Throws: `storage`, if a shared store does not answer; what it holds is given until its time is over.
    @discardableResult
    public func purgeCache(_ filter: JSON = [:]) async throws -> PurgeReport {
        let filter = try jsonText(filter, naming: "filter")
        return try fromJSON(try await Tollhouse.native { [native] in try await native.purgeCache(filter: filter) })
    }

    /// Prices what was logged once more, by the prices in force on the day of each call, in one transaction.
    ///
    /// - Parameter query: What ``logs(_:)`` selects by; without one all logs are priced.
    public func recost(_ query: JSON = [:]) async throws -> Recosted {
        let query = try jsonText(query, naming: "query")
        return try fromJSON(try await Tollhouse.native { [native] in try await native.recost(query: query) })
    }

    /// Least, likely and most that a call may use and cost, before it is made.
    ///
    /// - Parameters:
    ///   - model: `{provider}/{model}`.
    ///   - messages: A text, a list of ``ChatMessage``, or the same as ``JSON``.
    ///   - options: Further fields of the body, such as `max_tokens`, `tools` or `service_tier`.
    public func estimate(_ model: String, _ messages: some Encodable, _ options: JSON = [:]) async throws -> Estimate {
        let messages = try jsonText(messages, naming: "messages")
        let options = try jsonText(options, naming: "options")
        return try fromJSON(
            try await Tollhouse.native { [native] in
                try await native.estimate(model: model, messages: messages, options: options)
            })
    }

    /// Takes a newer price catalogue, as a document or as its text, from the next call on.
    ///
    /// - Throws: `invalidRequest`, if it is cut short or has a price that cannot be; the prices in force stay.
    @discardableResult
    public func loadPrices(_ prices: some Encodable) throws(TollhouseError) -> LoadedPrices {
        let prices = try jsonText(prices, naming: "prices")
        return try fromJSON(try Tollhouse.native { try native.loadPrices(prices: prices) })
    }

    /// How every budget stands: what was spent, is reserved and is left, and when it begins anew.
    public func budgets() async throws -> BudgetReport {
        try fromJSON(try await Tollhouse.native { [native] in try await native.budgets() })
    }

    /// Puts credit into a wallet.
    ///
    /// - Parameter options: `expires_at`, `idempotency_key`, `note`.
    public func topUp(_ wallet: String, _ amount: String, _ options: JSON = [:]) async throws -> CreditEntry {
        let options = try jsonText(options, naming: "options")
        let json = try await Tollhouse.native { [native] in
            try await native.topUp(wallet: wallet, amount: amount, options: options)
        }
        return try fromJSON(json)
    }

    /// Gives credit back that calls drew on a wallet: all of them, or the one of `log_id` in `options`.
    public func refund(_ wallet: String, _ amount: String, _ options: JSON = [:]) async throws -> CreditEntry {
        let options = try jsonText(options, naming: "options")
        let json = try await Tollhouse.native { [native] in
            try await native.refund(wallet: wallet, amount: amount, options: options)
        }
        return try fromJSON(json)
    }

    /// What a wallet has, what calls under way hold of it, and what ends when.
    public func balance(_ wallet: String) async throws -> Balance {
        try fromJSON(try await Tollhouse.native { [native] in try await native.balance(wallet: wallet) })
    }

    /// The entries of the ledger of credits, the newest first: `wallet`, `kind`, `log_id`, `limit`, `page` select.
    public func ledger(_ query: JSON = [:]) async throws -> LedgerPage {
        let query = try jsonText(query, naming: "query")
        return try fromJSON(try await Tollhouse.native { [native] in try await native.ledger(query: query) })
    }

    /// What calls have cost in a period, one page for each customer: `by`, `since`, `until`, `markup_percent`, `format`.
    public func bill(_ query: JSON = [:]) async throws -> Bill {
        let query = try jsonText(query, naming: "query")
        return try fromJSON(try await Tollhouse.native { [native] in try await native.bill(query: query) })
    }

    /// Holds what the report of `openai` or `anthropic` says, a page or a list of pages, against the log, by day and model.
    public func reconcile(_ provider: String, _ report: JSON, _ options: JSON = [:]) async throws -> Reconciliation {
        let report = try jsonText(report, naming: "report")
        let options = try jsonText(options, naming: "options")
        let json = try await Tollhouse.native { [native] in
            try await native.reconcile(provider: provider, report: report, options: options)
        }
        return try fromJSON(json)
    }

    /// Tokens of a text, of a list of texts, of chat messages, or of messages with their tools, before a call, offline.
    ///
    /// - Throws: `unknownModel`, if the model's vocabulary is not known.
    public func countTokens(_ model: String, _ input: some Encodable) throws(TollhouseError) -> TokenCount {
        let input = try jsonText(input, naming: "input")
        return try fromJSON(try Tollhouse.native { try native.countTokens(model: model, input: input) })
    }

    /// Puts a named route in the place of the one that is there; calls that began go on with theirs. Null takes it away.
    ///
    /// - Parameter route: As under `routes.{name}` of the configuration: `try`, or a graph of `elements`.
    /// - Returns: The route's version.
    /// - Throws: `config`, with the field that cannot work; the route that is there goes on.
    @discardableResult
    public func setRoute(_ name: String, _ route: some Encodable) throws(TollhouseError) -> Int {
        let route = try jsonText(route, naming: "route")
        return Int(clamping: try Tollhouse.native { try native.setRoute(name: name, route: route) })
    }

    /// The configuration in force, with every default. Secrets show as `set`.
    public func config() throws(TollhouseError) -> JSON {
        try fromJSON(native.config())
    }

    /// How the log is doing: whether it is as configured, and what was lost.
    public func health() throws(TollhouseError) -> LogHealth {
        try fromJSON(try Tollhouse.native { try native.health() })
    }

    /// Returns when everything that was logged so far is on disk: for the moment when the app goes to the background.
    public func flush() async throws {
        try await Tollhouse.native { [native] in try await native.flush() }
    }

    /// Writes what is still to be written, for at most five seconds, and refuses calls from then on. Providers and keys are let go of:
    /// if one of them refers to what owns the gateway, none of the three ends without this. Closing twice is harmless.
    public func close() async throws {
        defer { callbacks.forEach { $0.letGo() } }
        try await Tollhouse.native { [native] in try await native.close(budgetMs: 5_000) }
    }
}

extension Gateway {
    func send(_ request: Request) async throws -> Response {
        try await answer { [native] call in try await call.handle(gateway: native, request: request) }
    }

    func answer(_ work: @escaping @Sendable (Call) async throws -> Answer) async throws -> Response {
        let call = Call()
        return try await withTaskCancellationHandler {
            Response(try await Tollhouse.native { Unsafe(try await work(call)) }.value)
        } onCancel: {
            call.cancel()
        }
    }
}

/// What the native side hands over belongs to the receiver alone, though its generated type does not say so.
struct Unsafe<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
