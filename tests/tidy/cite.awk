# tests/tidy/cite.awk - does every citation lead somewhere?
#
# Phase 1 reads the pages (docs/*.md) for what can be cited: headings "## N." and rules "* N.M ...". Phase
# 2 reads every file for citations: a page with numbers behind it ("protocol.md 5.2 and 5.3"), a path below
# docs/, a man page of ours, and in a page its own "(N.M)" and "section N". A number must be written on the
# page of its name, once. In: paths from the repository root, and `known`, a file with every path of the
# tree. Out: path, line, message, separated by tabs. Plain POSIX awk.

BEGIN {
    while ((getline path < known) > 0) exists[path] = 1
    NUMBER = "[0-9]+([.][0-9]+)*"
    PAGE = "[A-Za-z0-9_./-]*[A-Za-z0-9_-][.]md"
}

function found(line, message) { printf "%s\t%d\t%s\n", path_now, line, message }

# --- phase 1: what a page offers
function offer(number) {
    if ((FILENAME, number) in target)
        printf "%s\t%d\t%s stands twice on this page\n", FILENAME, FNR, number
    target[FILENAME, number] = 1
    if (number ~ /[.]/) has_rules[FILENAME] = 1
    has_numbers[FILENAME] = 1
}

phase == 1 {
    if (match($0, /^## [0-9]+[. ]/)) offer(substr($0, 4, RLENGTH - 4))
    if (match($0, /^### [0-9]+[.][0-9]+ /)) offer(substr($0, 5, RLENGTH - 5))
    else if (match($0, /^[*] [0-9]+([.][0-9]+)+ /)) offer(substr($0, 3, RLENGTH - 3))
    next
}

# --- phase 2: a line and the next one, for a citation may be broken between them
FNR == 1 {
    if (path_now != "") look(held, "", held_line)
    held = ""
    path_now = FILENAME
    is_page = FILENAME ~ /[.]md$/
}

{
    text = $0
    sub(/^[ \t]*([*]|#|\/[*]|\/\/|[.]\\")?[ \t]*/, "", text)
    if (FNR > 1) look(held, text, FNR - 1)
    held = text
    held_line = FNR
}

END {
    if (path_now != "") look(held, "", held_line)
}

# Where a page of that name is, for the file at hand; "" if nowhere.
function page_of(name,    folder) {
    sub(/^.*ROOT\//, "", name) # "$ROOT/docs/x.md" of a script
    sub(/^[.]?\//, "", name)   # and ROOT "/docs/x.md" of a test
    if (name in exists) return name
    if (name !~ /\// && ("docs/" name) in exists) return "docs/" name
    folder = path_now
    sub(/[^\/]*$/, "", folder)
    while (name ~ /^[.][.]\//) {
        sub(/^[.][.]\//, "", name)
        sub(/[^\/]*\/$/, "", folder)
    }
    return (folder name) in exists ? folder name : ""
}

# The numbers at the beginning of `rest`: "5", "5.2, 5.3 and 7", "2 to 10", ", section 5".
function numbers(page, rest, line,    number, next_one) {
    sub(/^[`"']+/, "", rest)
    sub(/^,? sections? /, " ", rest)
    next_one = "^ " NUMBER
    while (match(rest, next_one)) {
        number = substr(rest, 1, RLENGTH)
        rest = substr(rest, RLENGTH + 1)
        # "5th", and what is counted behind a comma: "protocol.md 5, 3 nodes", is no number of a rule.
        if (rest ~ /^[A-Za-z_%:-]/ || (number ~ /^,/ && rest ~ /^ [a-z][a-z]/ && rest !~ /^ (and|or|to) [0-9]/))
            return
        sub(/^[^0-9]*/, "", number)
        if (!((page, number) in target))
            found(line, "\"" page " " number "\" leads nowhere: no such number on that page")
        next_one = "^(,|,? and|,? or| to) " NUMBER
    }
}

function look(line_text, next_text, line,    text, len) {
    text = line_text " " next_text
    len = length(line_text)
    pages(text, len, line)
    paths(line_text, line)
    manuals(line_text, line)
    if (is_page && path_now in has_numbers) own(text, len, line)
}

function pages(text, len, line,    at, name, page, rest, before) {
    at = 0
    rest = text
    while (match(rest, PAGE)) {
        if (at + RSTART > len) return
        name = substr(rest, RSTART, RLENGTH)
        before = substr(rest, 1, RSTART - 1)
        at += RSTART + RLENGTH - 1
        rest = substr(rest, RSTART + RLENGTH)
        # A pattern of names is none: NAME.md, %s.md, $page.md.
        if (name ~ /NAME|(^|\/)name[.]md$/ || before ~ /[%$}{]$/ || rest ~ /^[A-Za-z0-9_]/) continue
        page = page_of(name)
        if (page == "") found(line, "\"" name "\" leads nowhere: no such page in this tree")
        else numbers(page, rest, line)
    }
}

# Other paths below docs/.
function paths(rest, line,    name) {
    while (match(rest, /(^|[^A-Za-z0-9_\/.])docs\/[A-Za-z0-9_.\/-]+/)) {
        name = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^.*docs\//, "docs/", name)
        sub(/[.\/]+$/, "", name)
        if (name ~ /[.]md$|NAME/ || rest ~ /^[*%$]/) continue
        if (!(name in exists)) found(line, "\"" name "\" leads nowhere: no such path")
    }
}

function manuals(rest, line,    name, section) {
    if (match(rest, /^[.]Xr [A-Za-z0-9._-]+ [0-9]/)) {
        split(substr(rest, 5, RLENGTH - 4), word, " ")
        manual(word[1], word[2], line)
        return
    }
    while (match(rest, /(lib)?assay[A-Za-z0-9._-]*[(][1-8][)]/)) {
        name = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        section = substr(name, length(name) - 1, 1)
        sub(/[(].*/, "", name)
        manual(name, section, line)
    }
}

function manual(name, section, line) {
    if (name ~ /^(lib)?assay/ && name !~ /_/ && !(("docs/man/" name "." section) in exists))
        found(line, "\"" name "(" section ")\" leads nowhere: no such page in docs/man")
}

# A page's references to itself: "(5.2)" where it has rules, "section 4" where nothing else is named.
function own(text, len, line,    rest, at, number) {
    if (path_now in has_rules) {
        rest = text
        at = 0
        while (match(rest, /[(][0-9]+([.][0-9]+)+[),;]/)) {
            if (at + RSTART > len) break
            number = substr(rest, RSTART + 1, RLENGTH - 2)
            at += RSTART + RLENGTH - 1
            rest = substr(rest, RSTART + RLENGTH)
            if (!((path_now, number) in target))
                found(line, "\"(" number ")\" leads nowhere: no such rule on this page")
        }
    }
    if (text ~ /RFC|draft|[.]md/) return
    rest = text
    at = 0
    while (match(rest, /[Ss]ections? [0-9]+([.][0-9]+)*/)) {
        if (at + RSTART > len) return
        number = substr(rest, RSTART, RLENGTH)
        at += RSTART + RLENGTH - 1
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^[^0-9]*/, "", number)
        if (!((path_now, number) in target))
            found(line, "\"section " number "\" leads nowhere: no such section on this page")
    }
}
