# tests/tidy/language.awk - rules of names and first lines, and of assertions, seen in the text of C files.
#
# In: `words` (language.txt), C files and headers by their path from the repository root, after strip.awk. Out: one
# finding a line, fields separated by tabs: rule, entry of the baseline, path, line, message.
#
#   banned-word    a word of an identifier of the product has a plain replacement
#   bare-verb      a file-local function of the product is named by a verb alone: a search finds twenty
#   first-line     a C file begins with its path, a dash and a noun phrase
#   shared-prefix  functions assay_<module>_... are defined in more than one room
#   assert-effect  an assertion calls what changes something, or assigns
#
# Plain POSIX awk.

BEGIN {
    while ((getline line < words) > 0) {
        count = split(line, part, / +/)
        if (part[1] == "verb") verb[part[2]] = 1
        if (part[1] != "word") continue
        advice[part[2]] = part[3]
        for (i = 4; i <= count; i++) advice[part[2]] = advice[part[2]] " " part[i]
    }
    effects = "(^|[^a-z0-9_])(pthread_(mutex|cond|join|create|condattr)[a-z_]*|set(e|re)?[ug]id|setgroups|fclose|" \
              "unlink|write|read|recv|fork|kill|" \
              "([a-z0-9_]*_)?(add|append|remove|set|clear|init|free|open|close|start|stop|send|receive|publish|put|" \
              "take|push|pop|encode|load|save|step|turn|next|apply|commit)(_[a-z0-9_]*)?)[ \t]*[(]"
}

function found(rule, entry, line, message) {
    printf "%s\t%s\t%s\t%d\t%s\n", rule, entry, FILENAME, line, message
}

FNR == 1 {
    in_comment = in_assert = 0
    first_seen = ($0 !~ /^\/\*$/)
    room = FILENAME
    sub(/\/.*/, "", room)
    product = room != "tests"
    split("", reported)
    if (first_seen) check_first_line(substr($0, 4), substr($0, 1, 3) == "/* ")
}
FNR == 2 && !first_seen { check_first_line(substr($0, 4), substr($0, 1, 3) == " * ") }

function check_first_line(text, is_comment,    head) {
    head = FILENAME " - "
    if (!is_comment || substr(text, 1, length(head)) != head || length(text) == length(head)) {
        found("first-line", FILENAME, FNR, "begin with \"" head "noun phrase\"")
        return
    }
    text = tolower(substr(text, length(head) + 1))
    if (text !~ /^["`(a-z0-9]/ || text ~ /^(what|who|whose|whom|how|where|when|why)([^a-z]|$)/)
        found("first-line", FILENAME, FNR, "after the dash stands what the file is: a noun phrase")
}

{
    code = strip($0)
    if (product && code !~ /^[ \t]*#[ \t]*include/) check_words(code)
    if (product) check_functions(code)
    if (product) check_assert(code)
}

function check_words(code,    name, part, count, i) {
    while (match(code, /[A-Za-z_][A-Za-z0-9_]*/)) {
        name = substr(code, RSTART, RLENGTH)
        code = substr(code, RSTART + RLENGTH)
        count = split(tolower(name), part, /_+/)
        for (i = 1; i <= count; i++)
            if ((part[i] in advice) && !((part[i]) in reported)) {
                reported[part[i]] = 1
                found("banned-word", FILENAME ":" part[i], FNR,
                      "\"" part[i] "\" in " name ": " advice[part[i]])
            }
    }
}

# Functions stand at the left edge; a prototype in the same file counts for the name alone.
function check_functions(code,    name) {
    if (code !~ /^[A-Za-z_]/ || code !~ /[(]/ || code ~ /^(typedef|struct|enum|union)[^(]*=/) return
    gsub(/__attribute__[ ]*[(][(][^)]*[)]*[)][)]?/, "", code)
    if (!match(code, /[A-Za-z0-9_]+[ \t]*[(]/)) return
    name = substr(code, RSTART, RLENGTH)
    sub(/[ \t]*[(]$/, "", name)
    if (code ~ /^static/) {
        if ((name in verb) && !(("()" name) in reported)) {
            reported["()" name] = 1
            found("bare-verb", FILENAME ":" name, FNR, name "() is a verb alone: say of what")
        }
        return
    }
    if (has_own_prefix() && name ~ /^assay_[a-z0-9]+_/ && code !~ /;[ \t]*$/) {
        sub(/^assay_/, "", name)
        sub(/_.*/, "", name)
        if (!((name, room) in has_prefix)) {
            has_prefix[name, room] = 1
            rooms[name] = rooms[name] " " room
            rooms_of[name]++
        }
    }
}

# Functions of the public libraries keep their frozen names (docs/compatibility.md 2), and a stub of a build without a
# part has the names of that part.
function has_own_prefix() {
    return FILENAME ~ /[.]c$/ && FILENAME !~ /^[a-z]+\/api\// && FILENAME !~ /_none[.]c$/
}

# An assertion may go over several lines.
function check_assert(code,    at, i, c, text) {
    if (!in_assert) {
        at = match(code, /ASSAY_ASSERT[(]/)
        if (!at || code ~ /^[ \t]*#[ \t]*define/) return
        in_assert = FNR
        parens = 0
        asserted = ""
        code = substr(code, RSTART + 12)
    }
    for (i = 1; i <= length(code); i++) {
        c = substr(code, i, 1)
        if (c == "(") parens++
        if (c == ")" && --parens == 0) break
        asserted = asserted c
    }
    asserted = asserted " "
    if (parens > 0) return
    gsub(/[a-z0-9_]*(is|has|can|find|get)_[a-z0-9_]*[ \t]*[(]/, "(", asserted) # these read only
    gsub(/[a-z0-9_]*_(len|count|size)[ \t]*[(]/, "(", asserted)
    text = asserted
    gsub(/[=!<>]=/, " ", text)
    if (text ~ /\+\+|--|=/ || asserted ~ effects)
        found("assert-effect", FILENAME ":" function_in(asserted), in_assert,
              "what changes something is called before the assertion, and its result asserted")
    in_assert = 0
}

function function_in(text) {
    if (!match(text, effects)) return "assignment"
    text = substr(text, RSTART, RLENGTH)
    gsub(/[^a-z0-9_]/, "", text)
    return text
}

END {
    for (name in rooms_of)
        if (rooms_of[name] > 1)
            printf "shared-prefix\tassay_%s_%s\t%s\t0\t%s\n", name, sorted(rooms[name]), "assay_" name "_",
                "a prefix belongs to one room, it is defined in" sorted(rooms[name])
}

function sorted(list,    part, count, i, j, one) {
    count = split(list, part, / /)
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && part[j] < part[j - 1]; j--) {
            one = part[j]; part[j] = part[j - 1]; part[j - 1] = one
        }
    list = ""
    for (i = 1; i <= count; i++) if (part[i] != "") list = list " " part[i]
    return list
}
