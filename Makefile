# Every target sets up what it needs; what the tools print goes through unchanged.

PACKAGES = libyaml-dev pkg-config
SCENARIO ?= scenarios/books.yaml
BIN = .build/release

.PHONY: setup build run test bench lint

setup:
	@Scripts/setup $(PACKAGES)

build: setup
	swift build -c release

run: build
	$(BIN)/kmesh-sim run $(SCENARIO)

test: lint
	swift build --build-tests
	swift test --skip-build

lint: setup
	swift format lint --strict -r Package.swift Sources Tests Benchmarks

bench: build
	$(BIN)/kmesh-bench
