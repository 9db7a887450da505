import CommandLineTool
import Testing

private let document: JSONValue = [
    "name": "web", "ports": [80, 443], "empty": [], "none": [:], "drained": false, "node": nil,
    "nested": [["zone": "a"]],
]

@Test func compactJSONIsOneLineInDeclaredOrder() {
    let expected = #"{"name":"web","ports":[80,443],"empty":[],"none":{},"drained":false,"node":null,"#
    #expect(document.compact == expected + #""nested":[{"zone":"a"}]}"#)
}

@Test func prettyJSONIndentsByTwoSpaces() {
    let expected = """
        {
          "name": "web",
          "ports": [
            80,
            443
          ],
          "empty": [],
          "none": {},
          "drained": false,
          "node": null,
          "nested": [
            {
              "zone": "a"
            }
          ]
        }
        """
    #expect(document.pretty == expected)
}

@Test(arguments: [
    ("", #""""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\n\r\t\u{8}\u{C}", #""\n\r\t\b\f""#), ("\r\n", #""\r\n""#),
    ("\0\u{1F}\u{20}\u{7F}", "\"\\u0000\\u001f \u{7F}\""), ("größe 网格 🕸", "\"größe 网格 🕸\""),
])
func stringsAreEscapedOnlyWhereJSONRequires(text: String, written: String) {
    #expect(JSONValue.string(text).compact == written)
}

@Test func integersOfEveryWidthKeepTheirDigits() {
    let numbers: JSONValue = .array([JSONValue(UInt64.max), JSONValue(Int64.min), JSONValue(UInt8(7)), -0])
    #expect(numbers.compact == "[18446744073709551615,-9223372036854775808,7,0]")
    #expect(JSONValue(nil as String?) == nil)
}

@Test func tableColumnsAreAligned() {
    var table = TextTable(columns: [.init("BACKEND"), .init("PACKETS", .right), .init("NOTE")])
    #expect(table.text == "BACKEND  PACKETS  NOTE\n")
    table.append(["web-1", "5", ""])
    table.append(["größe-network", "12345678", "drained"])
    let expected = """
        BACKEND         PACKETS  NOTE
        web-1                 5
        größe-network  12345678  drained

        """
    #expect(table.text == expected)
}

@Test func plainStyleLeavesTextAlone() {
    #expect(Style.plain.bold(Style.plain.red("drop")) == "drop")
    #expect(Style.ansi.green("ok") == "\u{1B}[32mok\u{1B}[0m")
}
