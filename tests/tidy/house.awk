# tests/tidy/house.awk - compares docs/architecture.md with the tree.
#
# In: `known`, a file with every path of the tree and "/" behind folders; then docs/architecture.md. Every
# folder of the tree has a row ("| `folder/` | ..."; a `*` stands for any one name and what is below) and no
# second one in its table, every row has its folder, every file that the page names exists (from the root,
# from docs/, or from the folder of its row); folders under "Planned additions" may be missing. Each row
# "| question? | `word` | `file` | `name` |" names a file that contains that name, and the word is part of the
# question and of the name: a search for it finds the answer. Out: path, line, message, separated by tabs.
# Plain POSIX awk.

BEGIN {
    while ((getline path < known) > 0)
        if (path ~ /\/$/) folders[path] = 1
        else files[path] = 1
}

function found(line, message) { printf "%s\t%d\t%s\n", FILENAME, line, message }

# A row's name as an expression: `*` is one name, and at the end everything below it.
function expression(name,    below) {
    gsub(/[.]/, "[.]", name)
    below = sub(/[*]\/$/, "", name) ? "[^/]+/.*" : ""
    gsub(/[*]/, "[^/]*", name)
    return "^" name below "$"
}

function any_file(name,    pattern, path) {
    if (name in files) return 1
    if (name !~ /[*]/) return 0
    pattern = expression(name)
    for (path in files)
        if (path ~ pattern) return 1
    return 0
}

FNR == 1 { coming = 0; row = "" }
{ house($0) }
/^[|] [^|]*[?][^|]* [|] `/ { answer($0) }

function house(text,    name, pattern, path, hit) {
    if (text ~ /^## /) {
        coming = text ~ /^## Planned additions/
        row = ""
    }
    if (text ~ /^[|] ---/) table++
    if (text ~ /^[|] `[^`]*\/` [|]/) {
        split(text, part, "`")
        row = part[2]
        if (rows[table, row]++) found(FNR, "`" row "` has a row already")
        pattern = expression(row)
        hit = 0
        for (path in folders)
            if (path ~ pattern) {
                on_page[path] = 1
                hit = 1
            }
        if (!hit) found(FNR, "`" row "` is not in the tree")
    }
    while (match(text, /`[^`]+`/)) {
        name = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, RSTART + RLENGTH)
        if (name ~ /^[a-z][A-Za-z0-9_.*\/-]*\/$/ && name !~ / /) {
            if (!coming && !(name in folders) && name !~ /[*]/)
                found(FNR, "`" name "` is not in the tree")
        } else if (name ~ /^[A-Za-z0-9_.*\/-]+[.](c|h|sh|awk|yaml|md|allow|txt)$/) {
            if (!any_file(name) && !any_file("docs/" name) && !any_file(row name))
                found(FNR, "`" name "` is not in the tree")
        }
    }
}

function answer(text,    part, word, spoken, file, name, line, hit) {
    answers++
    split(text, part, "`")
    word = tolower(part[2])
    file = part[4]
    name = part[6]
    hit = 0
    spoken = word
    gsub(/_/, " ", spoken)
    if (word == "" || !index(tolower(part[1]), spoken)) found(FNR, "`" part[2] "` is no word of the question")
    if (!index(tolower(name), word)) found(FNR, "`" part[2] "` is no part of `" name "`")
    if (!(file in files)) {
        found(FNR, "`" file "` is not in the tree")
        return
    }
    while ((getline line < file) > 0)
        if (line ~ ("(^|[^A-Za-z0-9_])" name " *[(=]") && line !~ /^[ \t]*(\/?[*]|\/\/)/) hit = 1
    close(file)
    if (name == "" || !hit) found(FNR, "`" name "` is not in " file)
}

END {
    for (path in folders)
        if (!(path in on_page) && path !~ /(^|\/)[.]/)
            printf "docs/architecture.md\t0\t`%s` is in the tree and has no row\n", path
    if (answers < 10) printf "docs/architecture.md\t0\tten questions are expected, %d are answered\n", answers
}
