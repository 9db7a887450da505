import Live
import Testing

private func text(_ families: MetricFamily...) -> String { String(decoding: MetricText.bytes(families), as: UTF8.self) }

@Test func aFamilyIsWrittenWithHelpTypeAndSamples() throws {
    var histogram = MetricHistogram(bounds: [0.1, 1])
    for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
    let written = text(
        MetricFamily(
            "a_total", .counter, help: "Back\\slash and\nline.",
            [.init([.init("x", "q\"b\\n\n é"), .init("y", "")], .max), .init([], 0)]),
        MetricFamily(
            "b", .gauge, help: "B.",
            [
                .init([], .number(-0.5)), .init([.init("i", "1")], .number(.infinity)),
                .init([.init("i", "2")], .number(.nan)),
            ]
        ),
        MetricFamily("c_seconds", .histogram, help: "C.", [.init([.init("k", "v")], .histogram(histogram))]))
    #expect(
        written == #"""
            # HELP a_total Back\\slash and\nline.
            # TYPE a_total counter
            a_total{x="q\"b\\n\n é",y=""} 18446744073709551615
            a_total 0
            # HELP b B.
            # TYPE b gauge
            b -0.5
            b{i="1"} +Inf
            b{i="2"} NaN
            # HELP c_seconds C.
            # TYPE c_seconds histogram
            c_seconds_bucket{k="v",le="0.1"} 2
            c_seconds_bucket{k="v",le="1"} 3
            c_seconds_bucket{k="v",le="+Inf"} 4
            c_seconds_sum{k="v"} 7.65
            c_seconds_count{k="v"} 4

            """#)
    #expect(try Exposition(written).samples.count == 10)
}

@Test(arguments: [
    "a 1", "# TYPE a gauge\na 1\n", "# HELP a b\n# TYPE a gauge\nb 1\n", "# HELP a b\n# TYPE a gauge\na 1\na 1\n",
    "# HELP a b\n# TYPE a gauge\na{x=\"\\q\"} 1\n", "# HELP a b\n# TYPE a gauge\na{x=\"} 1\n",
    "# HELP a b\n# TYPE a gauge\na inf\n", "# HELP a b\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n",
])
func theCheckerOfTheseTestsIsStrict(_ text: String) {
    #expect(throws: Exposition.Failure.self) { try Exposition(text) }
}
