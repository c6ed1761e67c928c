/// One entry of the universal endpoint: the provider's own request, to be tried in its turn.
public struct Entry: Sendable, Hashable, Encodable {
    /// The provider's slug, such as `openai`.
    public var provider: String
    /// The path below the provider's base, with its query if it has one.
    public var endpoint: String
    /// The provider's headers, and `cf-aig-*` for this entry. Values that are no text are written as JSON.
    public var headers: [String: JSON]
    /// The provider's own body.
    public var query: JSON

    public init(provider: String, endpoint: String, headers: [String: JSON] = [:], query: JSON) {
        self.provider = provider
        self.endpoint = endpoint
        self.headers = headers
        self.query = query
    }
}

extension Entry: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Of the headers only the names: some values are secrets.
    public var description: String { "Entry(\(provider), \(endpoint), headers: \(headers.keys.sorted()), query: \(query))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror {
        Mirror(self, children: ["provider": provider, "endpoint": endpoint, "headers": headers.keys.sorted(), "query": query])
    }
}
