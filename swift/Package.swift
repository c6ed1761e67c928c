// swift-tools-version:6.0

import PackageDescription

// Where the native library comes from, in this order:
//   TOLLHOUSE_LIBRARY      a folder with libtollhouse_ffi, built by cargo: Linux, and work on tollhouse itself
//   TOLLHOUSE_XCFRAMEWORK  a framework that scripts/xcframework built, by its path in this package
//   a library that is installed where the linker looks
// Apps that take the package by its URL read the manifest at the top of the repository, which has the released framework.
let library = Context.environment["TOLLHOUSE_LIBRARY"]
let framework = Context.environment["TOLLHOUSE_XCFRAMEWORK"]

let native: Target =
    if let framework, library == nil {
        .binaryTarget(name: "CTollhouse", path: framework)
    } else {
        .systemLibrary(name: "CTollhouse")
    }

let linking: [LinkerSetting] =
    if let library {
        [.unsafeFlags(["-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library])]
    } else {
        // The framework is a static library; what it stands on is named here.
        [
            .linkedFramework("Security", .when(platforms: [.macOS, .iOS, .tvOS, .watchOS, .visionOS])),
            .linkedFramework("SystemConfiguration", .when(platforms: [.macOS, .iOS, .tvOS, .visionOS])),
        ]
    }

/// Those who work on tollhouse are held to what the compiler warns of.
let strict: [SwiftSetting] = library == nil ? [] : [.unsafeFlags(["-warnings-as-errors"])]

let package = Package(
    name: "Tollhouse",
    platforms: [.macOS(.v13), .iOS(.v16), .tvOS(.v16), .watchOS(.v9), .visionOS(.v1)],
    products: [.library(name: "Tollhouse", targets: ["Tollhouse"])],
    targets: [
        native,
        // Generated: see scripts/gen-bindings.
        .target(
            name: "TollhouseNative",
            dependencies: ["CTollhouse"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: linking
        ),
        .target(
            name: "Tollhouse",
            dependencies: ["TollhouseNative"],
            resources: [.copy("PrivacyInfo.xcprivacy")],
            swiftSettings: strict
        ),
        .testTarget(name: "TollhouseTests", dependencies: ["Tollhouse", "TollhouseNative"], swiftSettings: strict),
    ]
)

// What only the tests need is built for those who work on tollhouse.
if library != nil {
    package.targets += [.executableTarget(name: "Keeper", dependencies: ["Tollhouse"], path: "Tests/Keeper")]
}
