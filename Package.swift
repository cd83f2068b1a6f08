// swift-tools-version: 6.2
import Foundation
import PackageDescription

// `make check` and `make test` set YEARBOOK_STRICT: a warning is then an error. A plain
// `swift build` by somebody with a newer compiler should still go through.
let strict = ProcessInfo.processInfo.environment["YEARBOOK_STRICT"] != nil

var swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
// Debug builds, and with them the tests, check at run time that no variable is written while it is read elsewhere.
// What they have never found need not be looked for in each cell of each table: that is a twentieth of a run's time.
swiftSettings.append(
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)))
if strict { swiftSettings.append(.treatAllWarnings(as: .error)) }

let package = Package(
  name: "yearbook",
  products: [.executable(name: "yearbook", targets: ["yearbook"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // C libraries: a module map and a shim each, and exactly one importer.
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "CLibAV", pkgConfig: "libavformat",
      providers: [
        .apt([
          "libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswscale-dev",
          "libswresample-dev", "libavfilter-dev",
        ])
      ]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CLibRSVG", pkgConfig: "librsvg-2.0", providers: [.apt(["librsvg2-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CSandbox"),
    .systemLibrary(name: "CFiles"),

    .target(name: "Diagnostics"),
    .target(name: "Postgres", dependencies: ["CLibPQ", "Diagnostics"]),
    .target(name: "Markup", dependencies: ["CLibXML2", "Diagnostics"]),
    .target(name: "Media", dependencies: ["CLibAV", "CLibRSVG", "CSandbox", "Diagnostics"]),
    .target(
      name: "Store",
      dependencies: [
        "CCurl", "CFiles", "Diagnostics", .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(
      name: "Pipelines",
      dependencies: [
        "Diagnostics", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "Stages",
      dependencies: [
        "Diagnostics", "Postgres", "Markup", "Media", "Store", "Pipelines",
        .product(name: "Mustache", package: "swift-mustache"),
      ]),
    .target(
      name: "Engine",
      dependencies: [
        "Diagnostics", "Postgres", "Media", "Store", "Pipelines", "Stages",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "Sample", dependencies: ["Diagnostics", "Postgres", "Media", "Pipelines"]),
    .target(
      name: "YearbookCLI",
      dependencies: [
        "Diagnostics", "Postgres", "Markup", "Media", "Store", "Pipelines", "Stages", "Engine",
        "Sample",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(name: "yearbook", dependencies: ["YearbookCLI"]),

    .target(
      name: "TestSupport", dependencies: ["Diagnostics", "Postgres"], path: "Tests/TestSupport"),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport"]),
    .testTarget(name: "MarkupTests", dependencies: ["Markup", "TestSupport"]),
    .testTarget(name: "MediaTests", dependencies: ["Media", "TestSupport"]),
    .testTarget(name: "StoreTests", dependencies: ["Store", "StoreTrial", "TestSupport"]),
    .executableTarget(
      name: "EngineBench", dependencies: ["Engine"], path: "bench/engine", exclude: ["run"]),
    .executableTarget(
      name: "PageBench", dependencies: ["Diagnostics", "Markup", "Media", "Pipelines", "Stages"],
      path: "bench/reports", exclude: ["run"]),
    .executableTarget(
      name: "StoreBench", dependencies: ["Diagnostics", "Store"], path: "bench/store",
      exclude: ["run"]),
    .executableTarget(
      name: "StoreTrial", dependencies: ["Diagnostics", "Store"], path: "Tests/StoreTrial"),
    .testTarget(name: "PipelinesTests", dependencies: ["Pipelines", "TestSupport"]),
    .testTarget(
      name: "StagesTests",
      dependencies: [
        "Diagnostics", "Media", "Stages", "Postgres", "Pipelines", "Store", "TestSupport",
      ]),
    .testTarget(
      name: "EngineTests",
      dependencies: ["Engine", "Pipelines", "Postgres", "Stages", "Store", "TestSupport"]),
    .testTarget(
      name: "SampleTests",
      dependencies: ["Sample", "Stages", "Pipelines", "Postgres", "TestSupport"]),
    .testTarget(
      name: "YearbookCLITests",
      dependencies: ["Engine", "YearbookCLI", "Postgres", "Store", "TestSupport"]),
  ]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = swiftSettings
}
