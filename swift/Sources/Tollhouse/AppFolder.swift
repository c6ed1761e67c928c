import Foundation

/// The place of an app for files that nobody else reads.
public enum AppFolder {
    /// A file in `Application Support/tollhouse`, for ``Configuration/Logs/path``. The folder is made, stays out of backups, and is
    /// readable by this app alone, from the first unlock after a start of the device on: an app in the background may go on logging.
    ///
    /// - Parameter name: The file's name, without a folder.
    /// - Throws: `storage`, if the folder cannot be made.
    public static func file(_ name: String = "tollhouse.db") throws(TollhouseError) -> URL {
        do {
            return try file(
                name,
                in: try FileManager.default.url(
                    for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true
                ))
        } catch {
            throw .storage(
                .init(detail: "the app's folder cannot be made: \(error.localizedDescription)", field: "logs.path", source: .caller))
        }
    }

    static func file(_ name: String, in support: URL) throws -> URL {
        let folder = support.appendingPathComponent("tollhouse", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        #if canImport(Darwin)
            try protect(folder)
        #endif
        return folder.appendingPathComponent(name)
    }

    #if canImport(Darwin)
        private static func protect(_ folder: URL) throws {
            #if !os(macOS)
                let protection: [FileAttributeKey: Any] = [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
                try FileManager.default.setAttributes(protection, ofItemAtPath: folder.path)
            #endif
            var (folder, values) = (folder, URLResourceValues())
            values.isExcludedFromBackup = true
            try folder.setResourceValues(values)
        }
    #endif
}
