/// A class for each gateway, so that a configuration, which carries classes, leads to one gateway and to no other.
///
/// The runtime makes them: `Numbered` over a type that spells a number in binary digits. No number is used twice.
enum SessionClass {
    private static let bindings = Locked<(count: UInt, bound: [ObjectIdentifier: Bound])>((0, [:]))

    /// A class that nobody has, bound to a gateway.
    static func make(_ bound: Bound) -> GatewayURLProtocol.Type {
        bindings.withLock { bindings in
            bindings.count += 1
            let made = digits(of: bindings.count).urlProtocol
            bindings.bound[ObjectIdentifier(made)] = bound
            return made
        }
    }

    static func bound(to urlProtocol: GatewayURLProtocol.Type) -> Bound? {
        bindings.withLock { $0.bound[ObjectIdentifier(urlProtocol)] }
    }

    /// From now on the class leads nowhere, and to no other gateway either: a session may still have it.
    static func unbind(_ urlProtocol: GatewayURLProtocol.Type) {
        bindings.withLock { _ = $0.bound.removeValue(forKey: ObjectIdentifier(urlProtocol)) }
    }

    private static func digits(of number: UInt) -> any Digits.Type {
        if number == 0 { return End.self }
        let rest = digits(of: number / 2)
        return number % 2 == 0 ? rest.zero : rest.one
    }
}

/// The classes of one gateway: sessions of equal settings share one. They are bound as long as there is the gateway.
final class SessionClasses: Sendable {
    private let made = Locked<[SessionSettings: GatewayURLProtocol.Type]>([:])

    func of(_ gateway: Gateway, _ settings: SessionSettings) -> GatewayURLProtocol.Type {
        made.withLock { made in
            let one = made[settings] ?? SessionClass.make(Bound(gateway, settings))
            made[settings] = one
            return one
        }
    }

    deinit {
        made.withLock { $0.values.forEach(SessionClass.unbind) }
    }
}

/// What a session's class leads to. The gateway is not kept alive by it.
final class Bound: @unchecked Sendable {
    private(set) weak var gateway: Gateway?
    let settings: SessionSettings

    init(_ gateway: Gateway, _ settings: SessionSettings) {
        self.gateway = gateway
        self.settings = settings
    }
}

private final class Numbered<Number: Digits>: GatewayURLProtocol, @unchecked Sendable {
    override class var bound: Bound? { SessionClass.bound(to: self) }
}

private protocol Digits {}

extension Digits {
    static var zero: any Digits.Type { Zero<Self>.self }
    static var one: any Digits.Type { One<Self>.self }
    static var urlProtocol: GatewayURLProtocol.Type { Numbered<Self>.self }
}

private enum End: Digits {}
private enum Zero<Rest: Digits>: Digits {}
private enum One<Rest: Digits>: Digits {}
