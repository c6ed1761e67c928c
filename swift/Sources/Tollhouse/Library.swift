internal import TollhouseNative

/// Whether the native library is the one that this package was made for. Its own glue would end the program over it.
func checkLibrary() throws(TollhouseError) {
    try check(initializationResult)
}

func check(_ result: InitializationResult) throws(TollhouseError) {
    switch result {
    case .ok: return
    case .contractVersionMismatch, .apiChecksumMismatch:
        let detail = "the native library is of another version than this package; build or install both from one release"
        throw .config(.init(detail: detail, source: .caller))
    }
}
