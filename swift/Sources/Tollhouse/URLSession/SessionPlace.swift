import Foundation

/// Where a session asks, and wants to be told: the thread with its run loop on Apple's systems, a queue elsewhere.
final class SessionPlace: @unchecked Sendable {
    #if canImport(Darwin)
        private let loop = CFRunLoopGetCurrent()

        func perform(_ work: @escaping @Sendable () -> Void) {
            CFRunLoopPerformBlock(loop, CFRunLoopMode.commonModes.rawValue, work)
            CFRunLoopWakeUp(loop)
        }
    #else
        // swift-corelibs-foundation keeps its tables of tasks without a lock, for its own queue alone, and shows that queue to nobody.
        // libdispatch knows it; Swift's part of it no longer has the call, so it is looked up by its name in C.
        private let queue: OpaquePointer

        init() {
            queue = Dispatch.currentQueue()
            Dispatch.retain(queue)
        }

        deinit {
            Dispatch.release(queue)
        }

        func perform(_ work: @escaping @Sendable () -> Void) {
            Dispatch.async(queue, Unmanaged.passRetained(Work(work)).toOpaque()) { work in
                if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().work() }
            }
        }
    #endif
}

#if !canImport(Darwin)
    private final class Work {
        let work: @Sendable () -> Void

        init(_ work: @escaping @Sendable () -> Void) {
            self.work = work
        }
    }

    /// libdispatch in C.
    private enum Dispatch {
        static let currentQueue = function("dispatch_get_current_queue", as: (@convention(c) () -> OpaquePointer).self)
        static let retain = function("dispatch_retain", as: (@convention(c) (OpaquePointer) -> Void).self)
        static let release = function("dispatch_release", as: (@convention(c) (OpaquePointer) -> Void).self)
        static let async = function(
            "dispatch_async_f",
            as: (@convention(c) (OpaquePointer, UnsafeMutableRawPointer?, @convention(c) (UnsafeMutableRawPointer?) -> Void) -> Void).self)

        private static func function<Function>(_ name: String, as type: Function.Type) -> Function {
            guard let found = dlsym(nil, name) else { preconditionFailure("libdispatch has no \(name)") }
            return unsafeBitCast(found, to: type)
        }
    }
#endif
