import Foundation

/// A name of the configuration's document.
struct ConfigurationKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init(stringLiteral name: String) {
        stringValue = name
    }

    init?(intValue: Int) {
        nil
    }
}

extension Duration {
    /// As the configuration writes it: whole microseconds, in milliseconds.
    var spanText: String {
        let (seconds, attoseconds) = components
        let microseconds = Decimal(seconds) * 1_000_000 + Decimal(attoseconds / 1_000_000_000_000)
        return "\(microseconds / 1_000)ms"
    }
}

extension Decimal {
    /// As the configuration writes it.
    var moneyText: String { "\(self) USD" }
}
