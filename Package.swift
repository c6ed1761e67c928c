// swift-tools-version:6.0

import PackageDescription

// For apps that name this repository by its URL, where SwiftPM reads no other folder's manifest. The package itself is in swift/, with its
// own manifest for whoever works on it: its tests, and a library that was built here.

/// What swift/scripts/xcframework prints for a release. Nothing is released yet.
let released: (url: String, checksum: String)? = nil

#if os(macOS)
    let isBinary = released != nil
#else
    let isBinary = false
#endif

/// The native library: a released framework for Apple's systems; on Linux one that is installed where the linker looks.
let native: Target =
    if let released, isBinary {
        .binaryTarget(name: "CTollhouse", url: released.url, checksum: released.checksum)
    } else {
        .systemLibrary(name: "CTollhouse", path: "swift/Sources/CTollhouse")
    }

let package = Package(
    name: "Tollhouse",
    platforms: [.macOS(.v13), .iOS(.v16), .tvOS(.v16), .watchOS(.v9), .visionOS(.v1)],
    products: [.library(name: "Tollhouse", targets: ["Tollhouse"])],
    targets: [
        native,
        .target(
            name: "TollhouseNative",
            dependencies: ["CTollhouse"],
            path: "swift/Sources/TollhouseNative",
            swiftSettings: [.swiftLanguageMode(.v5)],
            // The framework is a static library; what it stands on is named here.
            linkerSettings: [
                .linkedFramework("Security", .when(platforms: [.macOS, .iOS, .tvOS, .watchOS, .visionOS])),
                .linkedFramework("SystemConfiguration", .when(platforms: [.macOS, .iOS, .tvOS, .visionOS])),
            ]
        ),
        .target(
            name: "Tollhouse",
            dependencies: ["TollhouseNative"],
            path: "swift/Sources/Tollhouse",
            resources: [.copy("PrivacyInfo.xcprivacy")]
        ),
    ]
)
