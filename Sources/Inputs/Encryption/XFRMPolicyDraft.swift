import Model

/// A policy as far as its lines were read, in the words that `ip xfrm policy` has in common for what it prints and takes.
struct XFRMPolicyDraft {
    var selector: XFRMSelector
    var position: Position
    var direction: XFRMPolicy.Direction?
    var mark = MarkSelector.any
    var priority: UInt32 = 0
    var action = XFRMPolicy.Action.allow
    var templates: [XFRMPolicy.Template] = []

    init(_ selector: XFRMSelector, position: Position) {
        self.selector = selector
        self.position = position
    }

    /// Takes a key with its values that both forms have.
    /// - Returns: false where the next word is no such key.
    mutating func take(_ line: inout XFRMLine) throws(InputError) -> Bool {
        switch line.next {
        case "dir":
            _ = line.word()
            direction = try line.value(of: "dir", "in, out or fwd") { XFRMPolicy.Direction(rawValue: String($0)) }
        case "mark":
            _ = line.word()
            mark = try line.mark(of: "mark")
        case "priority":
            _ = line.word()
            priority = try line.number(of: "priority")
            // `ip -s` says it once more.
            if let again = line.next, again.hasPrefix("(") { _ = line.word() }
        case "action":
            _ = line.word()
            action = try line.value(of: "action", "allow or block") { XFRMPolicy.Action(rawValue: String($0)) }
        case "ptype":
            _ = line.word()
            let start = line
            guard try line.text(of: "ptype") == "main" else {
                throw start.error("only policies of ptype main are known")
            }
        case "index", "share":
            let key = line.word() ?? ""
            _ = try line.text(of: String(key))
        case "flag":
            _ = line.word()
            while let flag = line.next, flag == "localok" || flag == "icmp" || flag.hasPrefix("(0x") { _ = line.word() }
        default: return false
        }
        return true
    }

    /// Takes `src … dst …` of a template, behind the word `tmpl`.
    mutating func beginTemplate(_ line: inout XFRMLine) throws(InputError) {
        var ends: (source: IPAddress?, destination: IPAddress?)
        while let key = line.next, key == "src" || key == "dst" {
            _ = line.word()
            let address = try line.address(of: String(key))
            if key == "src" { ends.source = address } else { ends.destination = address }
        }
        guard let destination = ends.destination ?? ends.source.map({ $0.family == .v4 ? .anyV4 : .anyV6 }) else {
            throw line.error("a template needs src and dst")
        }
        let source = ends.source ?? (destination.family == .v4 ? .anyV4 : .anyV6)
        templates.append(XFRMPolicy.Template(source: source, destination: destination, requestID: 0))
    }

    /// Takes a key of the latest template.
    /// - Returns: false where the next word is no such key.
    mutating func takeOfTemplate(_ line: inout XFRMLine) throws(InputError) -> Bool {
        guard let last = templates.indices.last else { return false }
        switch line.next {
        case "proto": try take("proto", "esp", &line)
        case "mode": try take("mode", "tunnel", &line)
        case "level": try take("level", "required", &line)
        case "spi":
            _ = line.word()
            let number: UInt32 = try line.number(of: "spi")
            templates[last].spi = number == 0 ? nil : SPI(rawValue: number)
        case "reqid":
            _ = line.word()
            templates[last].requestID = try line.number(of: "reqid")
        case "share", "enc-mask", "auth-mask", "comp-mask":
            let key = line.word() ?? ""
            _ = try line.text(of: String(key))
        default: return false
        }
        return true
    }

    /// Takes a key of which one value only is simulated.
    private func take(_ key: String, _ known: String, _ line: inout XFRMLine) throws(InputError) {
        _ = line.word()
        let start = line
        let value = try line.text(of: key)
        guard value == known[...] else { throw start.error("a template's \(key) must be \(known), not \(value)") }
    }

    /// The policy, once all was read.
    /// - Throws: where its direction is missing.
    func policy(file: String) throws(InputError) -> XFRMPolicy {
        guard let direction else { throw InputError(file, position, "this policy has no dir") }
        return XFRMPolicy(
            direction, selector, mark: mark, priority: priority, action: action, templates: templates)
    }
}
