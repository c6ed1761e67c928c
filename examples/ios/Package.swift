// swift-tools-version:6.0

import PackageDescription

// What the app does, without a screen: it compiles and is tested on Linux too. The screen is in App/, for Xcode.
let package = Package(
    name: "TollhouseChat",
    platforms: [.macOS(.v14), .iOS(.v17)],
    products: [.library(name: "ChatModel", targets: ["ChatModel"])],
    dependencies: [.package(name: "Tollhouse", path: "../../swift")],
    targets: [
        .target(name: "ChatModel", dependencies: [.product(name: "Tollhouse", package: "Tollhouse")]),
        .testTarget(name: "ChatModelTests", dependencies: ["ChatModel"]),
    ]
)
