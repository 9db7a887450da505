/// Writes the script that lets a shell complete the command lines of a tool.
///
/// Scripts offer subcommands, options and choices, and file names wherever else a value or an argument is due.
/// Each is self-contained and finds its place by walking the words typed so far, as the parser does.
public enum Completion: String, CaseIterable, Sendable {
    /// For bash 4 or later: `source <(tool ...)`.
    case bash
    /// For zsh: a file named `_tool` in a directory of `$fpath`.
    case zsh
    /// For fish 3 or later: `tool.fish` in its completions directory.
    case fish

    /// The script for the tool declared by `root`.
    public func script(for root: Command) -> String {
        let paths = CommandPath(root: root).tree
        // A shell function's name; `.` and `+` are not safe in one.
        let function = String(root.name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
        let lines =
            switch self {
            case .bash: bashScript(root.name, function, paths)
            case .zsh: zshScript(root.name, function, paths)
            case .fish: fishScript(root.name, function, paths)
            }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CommandPath {
    /// Words due where no option is typed; empty where file names are.
    fileprivate var words: [(word: String, help: String)] {
        command.subcommands.map { ($0.name, $0.summary) }
            + command.positionals.flatMap { positional in positional.choices.map { ($0, positional.help) } }
    }

    /// Every way to write every option, with its help.
    fileprivate var spellings: [(word: String, help: String)] {
        options.flatMap { option in option.spellings.map { ($0, option.help) } }
    }

    /// For options with a value: a shell pattern of "place option", and the choices.
    fileprivate var valuePatterns: [(pattern: String, choices: [String])] {
        options.compactMap { option in
            option.value.map { value in
                (option.spellings.map { "'\(title) \($0)'" }.joined(separator: " | "), value.choices)
            }
        }
    }
}

/// `case` branches, in bash and zsh, that move `place` one command down.
private func descents(_ paths: [CommandPath]) -> [String] {
    paths.dropFirst().map { "            '\($0.title)') place='\($0.title)' ;;" }
}

private func bashScript(_ name: String, _ function: String, _ paths: [CommandPath]) -> [String] {
    var lines = [
        "# bash completion for \(name)",
        "_\(function)() {",
        "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}",
        "    local place='\(name)' options= words= i",
        "    COMPREPLY=()",
        "    # In --option=value the = is a word of its own.",
        "    if [[ $current == '=' ]]; then",
        "        current=",
        "    elif [[ $previous == '=' ]]; then",
        "        previous=${COMP_WORDS[COMP_CWORD-2]}",
        "    fi",
        "    for ((i = 1; i < COMP_CWORD; i++)); do",
        "        case \"$place ${COMP_WORDS[i]}\" in",
    ]
    lines += descents(paths)
    lines += ["        esac", "    done", "    case \"$place $previous\" in"]
    for (pattern, choices) in paths.flatMap(\.valuePatterns) {
        let reply = choices.isEmpty ? "" : " COMPREPLY=($(compgen -W '\(joined(choices))' -- \"$current\"));"
        lines.append("        \(pattern))\(reply) return ;;")
    }
    lines += ["    esac", "    case $place in"]
    for path in paths {
        let (options, words) = (joined(path.spellings.map(\.word)), joined(path.words.map(\.word)))
        lines.append("        '\(path.title)') options='\(options)' words='\(words)' ;;")
    }
    lines += [
        "    esac",
        "    [[ $current == -* ]] && words=$options",
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))",
        "}",
        "# Without a reply, -o default completes file names.",
        "complete -o default -F _\(function) \(name)",
    ]
    return lines
}

private func zshScript(_ name: String, _ function: String, _ paths: [CommandPath]) -> [String] {
    var lines = [
        "#compdef \(name)",
        "_\(function)() {",
        "    local place='\(name)' previous=$words[CURRENT-1] word",
        "    local -a options items",
        "    if [[ $PREFIX == --*=* ]]; then",
        "        previous=${PREFIX%%=*}",
        "        compset -P '*='",
        "    fi",
        "    for word in ${words[2,CURRENT-1]}; do",
        "        case \"$place $word\" in",
    ]
    lines += descents(paths)
    lines += ["        esac", "    done", "    case \"$place $previous\" in"]
    for (pattern, choices) in paths.flatMap(\.valuePatterns) {
        let reply = choices.isEmpty ? "_files" : "compadd -- \(joined(choices))"
        lines.append("        \(pattern)) \(reply); return ;;")
    }
    lines += ["    esac", "    case $place in"]
    for path in paths {
        lines.append("        '\(path.title)')")
        lines.append("            options=(\(joined(path.spellings.map(described))))")
        lines.append("            items=(\(joined(path.words.map(described)))) ;;")
    }
    lines += [
        "    esac",
        "    if [[ $PREFIX == -* ]]; then",
        "        _describe option options",
        "    elif (( $#items )); then",
        "        _describe word items",
        "    else",
        "        _files",
        "    fi",
        "}",
        // Autoloaded from $fpath the file is the function's body; sourced, it registers the function.
        "if [[ $funcstack[1] == _\(function) ]]; then _\(function) \"$@\"; else compdef _\(function) \(name); fi",
    ]
    return lines
}

private func fishScript(_ name: String, _ function: String, _ paths: [CommandPath]) -> [String] {
    var lines = [
        "# fish completion for \(name)",
        "function __\(function)_at --description 'Whether the words typed so far lead to this command'",
        "    set -l place '\(name)'",
        "    for word in (commandline -opc)[2..-1]",
        "        switch \"$place $word\"",
    ]
    lines += paths.dropFirst().map { "            case '\($0.title)'\n                set place '\($0.title)'" }
    lines += ["        end", "    end", "    test \"$place\" = \"$argv[1]\"", "end"]
    for path in paths {
        let start = "complete -c \(name) -n \"__\(function)_at '\(path.title)'\""
        for (word, help) in path.words {
            lines.append("\(start) -f -a \(word) -d \(fishQuoted(help))")
        }
        for option in path.options {
            let short = option.short.map { " -s \($0)" } ?? ""
            let choices = option.value?.choices ?? []
            let value = option.value == nil ? "" : choices.isEmpty ? " -r" : " -x -a '\(joined(choices))'"
            lines.append("\(start)\(short) -l \(option.long)\(value) -d \(fishQuoted(option.help))")
        }
    }
    return lines
}

private func joined(_ words: [String]) -> String { words.joined(separator: " ") }

/// `'word:help'` for zsh; inside single quotes only `'` is special.
private func described(_ entry: (word: String, help: String)) -> String {
    let help = entry.help.map { $0 == "'" ? "'\\''" : String($0) }.joined()
    return "'\(entry.word):\(help)'"
}

/// Inside single quotes fish knows `\'` and `\\`.
private func fishQuoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
}
