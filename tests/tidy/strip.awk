# tests/tidy/strip.awk - C lines without comments and texts, for rules.awk and language.awk.

# The line without comments and without the insides of strings and characters. in_comment is carried
# from line to line.
function strip(line,    out, at, two, quote) {
    out = ""
    while (line != "") {
        if (in_comment) {
            at = index(line, "*/")
            if (at == 0) return out
            line = substr(line, at + 2)
            in_comment = 0
            continue
        }
        if (!match(line, /\/\*|\/\/|"|'/)) return out line
        out = out substr(line, 1, RSTART - 1)
        two = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (two == "//") return out
        if (two == "/*") { in_comment = 1; continue }
        quote = two
        out = out quote
        while (line != "" && substr(line, 1, 1) != quote)
            line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
        out = out quote
        line = substr(line, 2)
    }
    return out
}
