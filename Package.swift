// swift-tools-version: 6.2
import Foundation
import PackageDescription

// `make check` and `make test` set YEARBOOK_STRICT: a warning is then an error. A plain
// `swift build` with a newer compiler must still succeed.
let strict = ProcessInfo.processInfo.environment["YEARBOOK_STRICT"] != nil

// The HTTP service needs packages that nothing else needs. They are fetched and built only where this
// is set, as `make service`, `make check` and `make test` set it.
let hasService = ProcessInfo.processInfo.environment["YEARBOOK_SERVICE"] != nil

var swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
// Debug builds, and so the tests, check at run time that no variable is written while it is read
// elsewhere. Release builds do not: the check takes 5 % of a run's time.
swiftSettings.append(
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)))
if strict { swiftSettings.append(.treatAllWarnings(as: .error)) }

// Each module, and what it imports of this project. A module comes before all modules that import
// it. `scripts/check-imports` compares the sources and the map in docs/ARCHITECTURE.md with this
// list.
let house: [(module: String, imports: [String])] = [
  ("Diagnostics", []),
  ("Basics", ["CFiles", "Diagnostics"]),

  ("Postgres", ["CLibPQ", "Basics", "Diagnostics"]),
  ("Markup", ["CLibQREncode", "CLibXML2", "Diagnostics"]),
  ("Sheets", ["CZlib", "Basics", "Diagnostics"]),
  ("Media", ["CLibAV", "CLibRSVG", "CSandbox", "Basics", "Diagnostics"]),
  ("Transfer", ["CCurl", "Diagnostics"]),
  ("ObjectStorage", ["Transfer", "Basics", "Diagnostics"]),
  ("Pipelines", ["Basics", "Diagnostics"]),

  ("Store", ["ObjectStorage", "Transfer", "Basics", "Diagnostics"]),
  ("Extraction", ["Postgres", "Pipelines", "Basics", "Diagnostics"]),
  ("Delivery", ["Transfer", "Basics", "Diagnostics"]),
  ("Telemetry", ["Transfer", "Basics", "Diagnostics"]),
  ("Stages", ["Markup", "Sheets", "Media", "Pipelines", "Basics", "Diagnostics"]),
  ("Sample", ["Postgres", "Media", "Basics", "Diagnostics"]),

  (
    "Engine",
    [
      "Extraction", "Delivery", "Telemetry", "Stages", "Store", "Postgres", "Media",
      "ObjectStorage", "Transfer", "Pipelines", "Basics", "Diagnostics",
    ]
  ),
  (
    "YearbookCLI",
    [
      "Engine", "Sample", "Extraction", "Telemetry", "Stages", "Store", "Postgres", "Media",
      "Pipelines", "Basics", "Diagnostics",
    ]
  ),
  (
    "Service",
    [
      "Store", "Postgres", "ObjectStorage", "Markup", "Transfer", "Pipelines", "Basics",
      "Diagnostics",
    ]
  ),
]

/// What modules and tests use of other packages.
let products: [String: [Target.Dependency]] = [
  "Basics": [.product(name: "Crypto", package: "swift-crypto")],
  "Pipelines": [.product(name: "Yams", package: "Yams")],
  "ObjectStorage": [.product(name: "Crypto", package: "swift-crypto")],
  "Delivery": [.product(name: "Crypto", package: "swift-crypto")],
  "Store": [.product(name: "Crypto", package: "swift-crypto")],
  "Stages": [.product(name: "Mustache", package: "swift-mustache")],
  "Engine": [
    .product(name: "HeapModule", package: "swift-collections"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "Mustache", package: "swift-mustache"),
  ],
  "YearbookCLI": [
    .product(name: "ArgumentParser", package: "swift-argument-parser"),
    .product(name: "Logging", package: "swift-log"),
  ],
  "Service": [
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "JWTKit", package: "jwt-kit"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "Mustache", package: "swift-mustache"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
  ],
]

// C libraries: each has a module map, a shim and exactly one importer.
let libraries: [Target] = [
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
  .systemLibrary(
    name: "CLibQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
  .systemLibrary(name: "CLibRSVG", pkgConfig: "librsvg-2.0", providers: [.apt(["librsvg2-dev"])]),
  .systemLibrary(
    name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
  .systemLibrary(name: "CSandbox"),
  .systemLibrary(name: "CFiles"),
]

let modules: [Target] = house.filter { hasService || $0.module != "Service" }.map { entry in
  .target(
    name: entry.module,
    dependencies: entry.imports.map { .byName(name: $0) } + (products[entry.module] ?? []))
}

/// The tests of one module. They can use every module that it imports.
func tests(of module: String, also more: [String] = []) -> Target {
  let below = house.first { $0.module == module }?.imports.filter { !$0.hasPrefix("C") } ?? []
  return .testTarget(
    name: module + "Tests",
    dependencies: ([module, "TestSupport"] + below + more).map { .byName(name: $0) })
}

let trials: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["Diagnostics", "Postgres"], path: "Tests/TestSupport"),
  .executableTarget(
    name: "StoreTrial", dependencies: ["Diagnostics", "Store"], path: "Tests/StoreTrial"),
  .executableTarget(
    name: "EngineBench", dependencies: ["Engine"], path: "bench/engine", exclude: ["run"]),
  .executableTarget(
    name: "OutboxBench", dependencies: ["Engine"], path: "bench/outbox", exclude: ["run"]),
  .executableTarget(
    name: "PageBench",
    dependencies: ["Basics", "Diagnostics", "Markup", "Media", "Pipelines", "Stages"],
    path: "bench/reports", exclude: ["run"]),
  .executableTarget(
    name: "StoreBench", dependencies: ["Basics", "Diagnostics", "Store"], path: "bench/store",
    exclude: ["run"]),
  .executableTarget(
    name: "DeliverBench",
    dependencies: ["Basics", "Delivery", "Diagnostics", "Engine", "Pipelines", "Transfer"],
    path: "bench/deliver", exclude: ["run"]),
  tests(of: "Diagnostics"),
  tests(of: "Basics"),
  tests(of: "Postgres"),
  tests(of: "Markup"),
  tests(of: "Sheets"),
  tests(of: "Media"),
  tests(of: "Transfer"),
  tests(of: "ObjectStorage", also: ["Store"]),
  tests(of: "Pipelines"),
  tests(of: "Store", also: ["StoreTrial"]),
  tests(of: "Extraction"),
  tests(of: "Delivery"),
  tests(of: "Telemetry"),
  tests(of: "Stages"),
  tests(of: "Sample", also: ["Extraction", "Stages", "Pipelines"]),
  tests(of: "Engine"),
  tests(of: "YearbookCLI", also: ["ObjectStorage"]),
]

let service: [Target] =
  hasService
  ? [
    .executableTarget(name: "yearbook-serve", dependencies: ["Service"]),
    tests(of: "Service", also: ["Engine"]),
  ] : []
// The tests make the tokens of an issuer.
for target in service where target.type == .test {
  target.dependencies += [
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "CryptoExtras", package: "swift-crypto"),
    .product(name: "NIOPosix", package: "swift-nio"),
  ]
}

let fuzzed: [Target.Dependency] =
  [
    "Stages", "Extraction", "Delivery", "Store", "ObjectStorage", "Media", "Pipelines", "Basics",
    "Diagnostics", "TestSupport",
  ] + (hasService ? ["Service"] : [])

/// What reads what others wrote, given anything: seeds and their mutations among the tests, and, for `scripts/fuzz`, a
/// program on libFuzzer that has no part in any other build.
let fuzz: Target =
  ProcessInfo.processInfo.environment["YEARBOOK_FUZZ"] == nil
  ? .testTarget(
    name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz",
    exclude: ["LibFuzzer", "words.dict"])
  : .executableTarget(
    name: "Fuzz", dependencies: fuzzed, path: "Tests/Fuzz",
    exclude: ["FuzzTests.swift", "words.dict"])

let package = Package(
  name: "yearbook",
  products: [.executable(name: "yearbook", targets: ["yearbook"])]
    + (hasService ? [.executable(name: "yearbook-serve", targets: ["yearbook-serve"])] : []),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ]
    + (hasService
      ? [
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(
          url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(
          url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
      ] : []),
  targets: libraries + modules + trials + service
    + [fuzz, .executableTarget(name: "yearbook", dependencies: ["YearbookCLI"])]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = swiftSettings
}
if hasService { fuzz.swiftSettings?.append(.define("YEARBOOK_SERVICE")) }
