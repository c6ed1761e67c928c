// swift-tools-version:6.0

import PackageDescription

// In a folder of its own: SwiftPM names a package by its folder, and the one that is measured is called `swift` already.
let package = Package(
    name: "Bench",
    platforms: [.macOS(.v13)],
    dependencies: [.package(path: "../../../swift")],
    targets: [.executableTarget(name: "Bench", dependencies: [.product(name: "Tollhouse", package: "swift")])]
)
