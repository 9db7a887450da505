import Testing

@testable import SimOutput

@Test(arguments: [
    ("", "", ""),
    ("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&apos;", "a&lt;b&gt;&amp;&quot;c&apos;"),
    ("line\nnext\tcolumn\r", "line\nnext\tcolumn&#13;", "line&#10;next&#9;column&#13;"),
    ("nul\0 escape\u{1B} \u{FFFE}", "nul\u{FFFD} escape\u{FFFD} \u{FFFD}", "nul\u{FFFD} escape\u{FFFD} \u{FFFD}"),
    ("→ 😀 é", "→ 😀 é", "→ 😀 é"),
    ("]]>", "]]&gt;", "]]&gt;"),
])
func xmlIsEscaped(text: String, inText: String, inAttribute: String) {
    #expect(XMLWriter.escaped(text) == inText)
    #expect(XMLWriter.escaped(text, isAttribute: true) == inAttribute)
}

@Test func elementsAreNested() {
    var writer = XMLWriter()
    writer.open("a", [("n", "1")])
    writer.add("b")
    writer.add("c", text: "<")
    writer.close()
    #expect(
        writer.text == """
            <?xml version="1.0" encoding="UTF-8"?>
            <a n="1">
              <b/>
              <c>&lt;</c>
            </a>

            """)
}
