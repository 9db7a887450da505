# Every target sets up what it needs; what the tools print goes through unchanged.

PACKAGES = libyaml-dev libssl-dev pkg-config clang bpftool libbpf-dev libelf-dev libmicrohttpd-dev libmnl-dev \
	libpcap-dev zlib1g-dev libzstd-dev
TEST_PACKAGES = iproute2 iptables nginx-light curl wrk dnsmasq-base bind9-dnsutils tshark tcpdump zstd \
	qemu-system-x86 busybox-static kmod cpio
PROGRAMS = Sources/KernelPrograms/generated/kmesh.skel.h
SCENARIO ?= scenarios/books.yaml
SEED ?= 1
COUNT ?= 420
PACKETS ?= 100000
SECONDS ?= 60
KERNEL ?= 6.1
BIN = .build/release

.PHONY: setup test-setup programs build run test differential guest-test fuzz bench lint

setup:
	@Scripts/setup $(PACKAGES)

test-setup:
	@Scripts/setup $(PACKAGES) $(TEST_PACKAGES)

programs: $(PROGRAMS)

$(PROGRAMS): Scripts/programs $(wildcard Sources/KernelABI/include/*.h bpf/*) | setup
	Scripts/programs $@

build: programs
	swift build -c release

run: build
	$(BIN)/kmesh-sim run $(SCENARIO)

test: lint test-setup programs
	swift build --build-tests
	swift test --skip-build
	Scripts/fuzz 15

# Random cases and packets in the kernel and in the simulator, as root: make differential SEED=7 COUNT=5000 PACKETS=1000000
differential: programs
	swift build --build-tests
	SEED=$(SEED) COUNT=$(COUNT) PACKETS=$(PACKETS) REQUIRE_ALL_TESTS=1 swift test --skip-build --filter 'DifferentialTests/theTwinsAgree'

# Encryption and the programs on a stock Debian kernel, as root: make guest-test KERNEL=6.12
guest-test: test-setup programs
	swift build --build-tests
	KERNEL=$(KERNEL) REQUIRE_ALL_TESTS=1 swift test --skip-build --filter GuestTests

# Random bytes for every parser of hostile input: make fuzz SECONDS=3600
fuzz: setup
	Scripts/fuzz $(SECONDS)

lint: setup
	swift format lint --strict -r Package.swift Sources Tests Benchmarks Fuzz

bench: build
	$(BIN)/kmesh-bench
	$(BIN)/kmesh-live-bench
