// swift-tools-version: 6.2

// Programs that hand random bytes to every parser of hostile input: `make fuzz`, and for a short time `make test`. A
// package of its own, because all that it uses is built with libFuzzer and the address sanitizer.
//
// A harness is a case of `Harness` in Harnesses/Harness.swift, which says what is done with the bytes; its corpus is a
// folder of that name in corpus/, of small files made by hand. What a run finds is kept in .build/fuzz-corpus and grows
// from run to run. A crash, a leak, or an input that takes more than some seconds ends the run, and the input is
// written to .build/fuzz-findings: `.build/fuzz/debug/fuzz NAME FILE` repeats it.

import PackageDescription

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "kmesh-twins", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz", dependencies: [.product(name: "Parsers", package: "kmesh-twins")],
            path: "Harnesses",
            swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error)])
    ]
)
