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
    /// As the configuration writes it: in milliseconds, exactly. What is too fine, core refuses.
    var spanText: String {
        let (seconds, attoseconds) = components
        let rest = Decimal(sign: attoseconds < 0 ? .minus : .plus, exponent: -15, significand: Decimal(attoseconds.magnitude))
        return "\(Decimal(seconds) * 1_000 + rest)ms"
    }
}

extension Decimal {
    /// As the configuration writes it.
    var moneyText: String { "\(self) USD" }
}

/// The text of a configuration in which bodies stay out of the log unless it says otherwise. What cannot be read, core refuses.
func discreet(_ text: String) -> String {
    guard case .object(var document)? = try? fromJSON(text, as: JSON.self), case .object(var logs) = document["logs"] ?? [:],
        logs["payloads"] == nil
    else { return text }
    logs["payloads"] = false
    document["logs"] = .object(logs)
    return JSON.object(document).description
}
