// swift-tools-version: 6.2

import PackageDescription

/// Every Swift target: Swift 6, unsafe code marked, no warnings.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "kmesh-twins",
    products: [
        .executable(name: "kmesh-sim", targets: ["kmesh-sim"]),
        .executable(name: "kmesh-live", targets: ["kmesh-live"]),
        // For Fuzz, which is a package of its own: it is built with other flags.
        .library(name: "Parsers", targets: ["Captures", "Crypto", "Inputs", "Model", "Sim"]),
    ],
    targets: [
        .target(name: "KernelABI"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CSecrets"),
        .target(name: "Model", dependencies: ["CSecrets", "KernelABI"], swiftSettings: strict),
        .target(name: "Crypto", dependencies: ["CCrypto", "Model"], swiftSettings: strict),
        .target(name: "Inputs", dependencies: ["KernelABI", "Model", "CYAML"], swiftSettings: strict),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CPcap", linkerSettings: [.linkedLibrary("pcap")]),
        .target(name: "Captures", dependencies: ["CPcap", "CZlib", "CZstd", "Model"], swiftSettings: strict),
        .target(name: "Scenario", dependencies: ["Model", "Inputs"], swiftSettings: strict),
        .target(
            name: "Sim", dependencies: ["Crypto", "KernelABI", "Model", "Inputs", "Scenario"], swiftSettings: strict),
        .target(name: "CommandLineTool", dependencies: ["Model"], swiftSettings: strict),
        .target(
            name: "SimOutput", dependencies: ["CommandLineTool", "Inputs", "Model", "Scenario", "Sim"],
            swiftSettings: strict),
        .executableTarget(
            name: "kmesh-sim",
            dependencies: ["Captures", "CommandLineTool", "Inputs", "Model", "Scenario", "Sim", "SimOutput"],
            swiftSettings: strict),
        .systemLibrary(name: "CBPF", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev", "libelf-dev"])]),
        .systemLibrary(name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .target(name: "CLinux", linkerSettings: [.linkedLibrary("mnl")]),
        .target(name: "KernelPrograms", dependencies: ["CBPF", "KernelABI"]),
        .target(
            name: "Live",
            dependencies: [
                "CBPF", "CLinux", "CMicrohttpd", "CSecrets", "CommandLineTool", "Crypto", "Inputs", "KernelABI",
                "KernelPrograms", "Model",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "kmesh-live", dependencies: ["CommandLineTool", "Inputs", "Live", "Model"], swiftSettings: strict),
        .target(name: "ReferenceReplay", path: "Benchmarks/ReferenceReplay"),
        .target(name: "ReferenceLookup", dependencies: ["KernelABI"], path: "Benchmarks/ReferenceLookup"),
        .target(
            name: "BenchmarkSupport", dependencies: ["CommandLineTool", "Model"], path: "Benchmarks/BenchmarkSupport",
            swiftSettings: strict),
        .executableTarget(
            name: "kmesh-bench",
            dependencies: [
                "BenchmarkSupport", "Captures", "CommandLineTool", "Crypto", "KernelABI", "Model", "ReferenceLookup",
                "ReferenceReplay", "Sim",
            ],
            path: "Benchmarks/kmesh-bench", swiftSettings: strict),
        .executableTarget(
            name: "kmesh-live-bench",
            dependencies: [
                "BenchmarkSupport", "CLinux", "CSocketCalls", "CommandLineTool", "Crypto", "KernelTestSupport", "Live",
                "Model",
            ],
            path: "Benchmarks/kmesh-live-bench", swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["Captures", "Model"], path: "Tests/TestSupport", swiftSettings: strict),
        .target(name: "CSocketCalls", path: "Tests/CSocketCalls"),
        .target(
            name: "SocketDriverProtocol", dependencies: ["Model"], path: "Tests/SocketDriverProtocol",
            swiftSettings: strict),
        .executableTarget(
            name: "socket-driver", dependencies: ["CBPF", "CLinux", "CSocketCalls", "Model", "SocketDriverProtocol"],
            path: "Tests/SocketDriver", swiftSettings: strict),
        .target(
            name: "KernelTestSupport",
            dependencies: ["CLinux", "CSocketCalls", "KernelABI", "Model", "SocketDriverProtocol"],
            path: "Tests/KernelTestSupport", swiftSettings: strict),
        .target(name: "GuestLayout", dependencies: ["Model"], path: "Tests/GuestLayout", swiftSettings: strict),
        .executableTarget(
            name: "guest-node",
            dependencies: ["CLinux", "CSocketCalls", "Captures", "CommandLineTool", "Crypto", "GuestLayout", "Model"],
            path: "Tests/GuestNode", swiftSettings: strict),
        .testTarget(name: "ModelTests", dependencies: ["Model", "KernelABI", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "CryptoTests", dependencies: ["Crypto", "Model", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "InputsTests", dependencies: ["Inputs", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CapturesTests", dependencies: ["Captures", "Model", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ScenarioTests", dependencies: ["Scenario", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "SimTests",
            dependencies: ["Captures", "Crypto", "KernelABI", "Model", "Inputs", "Scenario", "Sim", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "CommandLineToolTests", dependencies: ["CommandLineTool"], swiftSettings: strict),
        .testTarget(
            name: "SimOutputTests",
            dependencies: ["CommandLineTool", "Inputs", "Model", "Scenario", "Sim", "SimOutput", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ToolTests", dependencies: ["Captures", "kmesh-sim", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "KernelTestSupportTests",
            dependencies: [
                "CBPF", "KernelABI", "KernelPrograms", "KernelTestSupport", "Model", "SocketDriverProtocol",
                "socket-driver",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LiveTests",
            dependencies: [
                "CBPF", "CLinux", "Inputs", "KernelABI", "KernelTestSupport", "Live", "Model", "SocketDriverProtocol",
                "TestSupport", "socket-driver",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LiveToolTests",
            dependencies: [
                "CommandLineTool", "Inputs", "kmesh-live", "KernelTestSupport", "Live", "Model", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "AgentTests",
            dependencies: [
                "CSocketCalls", "Inputs", "KernelTestSupport", "Live", "Model", "SocketDriverProtocol", "TestSupport",
                "kmesh-live", "kmesh-sim", "socket-driver",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DifferentialTests",
            dependencies: [
                "CBPF", "Inputs", "KernelABI", "KernelTestSupport", "Live", "Model", "Scenario", "Sim",
                "SocketDriverProtocol", "TestSupport", "socket-driver",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TrafficTests",
            dependencies: [
                "CBPF", "CSocketCalls", "KernelABI", "KernelTestSupport", "Live", "Model", "Sim",
                "SocketDriverProtocol", "TestSupport", "socket-driver",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GuestTests",
            dependencies: [
                "Crypto", "GuestLayout", "Inputs", "Model", "Sim", "TestSupport", "guest-node", "kmesh-live",
            ],
            swiftSettings: strict),
    ]
)
