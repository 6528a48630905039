# tests/tidy/rules.awk - the rules that can be seen in one file at a time.
#
# In: C files and headers by their path from the repository root. Out: one finding a line, fields
# separated by tabs: rule, path, line, subject (what allow.txt may name), message with the replacement.
# Plain POSIX awk, so that it runs wherever the project builds.

BEGIN {
    # Functions nobody calls: word, where it may stand, what to use.
    ban("memcpy", "^base/", "use assay_bytes_copy")
    ban("memmove", "^base/", "use assay_bytes_copy")
    ban("memcmp", "^base/", "use assay_bytes_equal, or assay_equal_ct for secrets")
    ban("strcpy", "", "use snprintf")
    ban("stpcpy", "", "use snprintf")
    ban("strcat", "", "use snprintf")
    ban("sprintf", "", "use snprintf")
    ban("vsprintf", "", "use vsnprintf")
    ban("gets", "", "use fgets")
    ban("atoi", "", "use a bounded parser")
    ban("atol", "", "use a bounded parser")
    ban("atof", "", "use a bounded parser of integers")
    ban("strtok", "", "use the cursor")
    ban("rand", "", "take a seed, or assay_random in a host")
    ban("srand", "", "take a seed, or assay_random in a host")
    ban("time", "", "take the time as an argument; hosts use clock_gettime")
    ban("gettimeofday", "", "take the time as an argument; hosts use clock_gettime")
    ban("alloca", "", "name a capacity")
    ban("assert", "", "use ASSAY_ASSERT, which no build type switches off")

    # Outside libraries, each behind its adapter. Tests may look behind the adapter they compare with.
    confine("openssl/", "^(base/crypto/openssl[a-z0-9_]*|net/tls/session|examples/(attested_[a-z]+|peer_key|register_key))[.]c$")
    confine("nettle/", "^(base/crypto/nettle|services/evm/keccak)[.]c$")
    confine("wolfssl/", "^base/crypto/wolfssl[.]c$")
    confine("zmq.h", "^net/zmq/")
    confine("czmq.h", "^net/zmq/")
    confine("sqlite3.h", "^(engine/store/store_sqlite|net/services/shares/vault|apps/api/sqlite/[a-z_]+|apps/demo/enclave/database|examples/notes)[.]c$|^apps/api/sqlite/database[.]h$")
    confine("jansson.h", "^(quote|net)/json/")
    confine("cyaml/", "^(quote/yaml/|apps/config/|sim/yaml/)")
    confine("yaml.h", "^(quote/yaml/|apps/config/)")
    confine("libxml/", "^quote/xml/libxml[.]c$")
    confine("microhttpd.h", "^net/http/server(_requests[.]c|_internal[.]h|[.]c)$")
    confine("gnutls/", "^net/http/tls[.]c$")
    confine("p11-kit/", "^apps/signer/pkcs11[.]c$")
    confine("tss2/", "^quote/source/")
    confine("sodium.h", "^services/shares/sodium[.]c$")
    confine("systemd/", "^enforce/systemd[.]c$")
    confine("curl/", "^(engine/chain/|quote/source/fetch/curl_load[.]h$)")
    confine("secp256k1", "^services/evm/secp256k1[.]c$")
    confine("criterion/", "^tests/")

    # Who may include whom (docs/architecture.md). A room always sees itself.
    arrow["base"] = ""
    arrow["quote"] = " base "
    arrow["scoring"] = " base quote/verdict.h "
    arrow["engine"] = " base scoring quote/verdict.h quote/result/report_data.h "
    arrow["host"] = " base scoring engine quote/verdict.h quote/verify.h services "
    arrow["services"] = " base "
    arrow["enforce"] = " base engine/messages/effect.h engine/store/store.h net/json/json.h "
    arrow["web"] = ""
    arrow["net"] = " base quote scoring engine host services enforce web "
    arrow["sim"] = " base quote scoring engine host services enforce/decide.h net/services/identity/derivation.h net/services/identity/dealing_exchange.h "
    arrow["apps"] = " base quote scoring engine host services enforce net sim web "
    arrow["examples"] = " include "
    arrow["include"] = ""
    arrow["tests"] = " base quote scoring engine host services enforce net sim apps web include "
    # Programs over the libraries for users alone: <assay/...> and their own headers.
    stranger["apps/demo/enclave/"] = 1

    # Within a room: what a folder sees of its own room, beside itself.
    within["engine/consensus/"] = " engine/messages/effect.h engine/messages/message.h engine/store/store.h "
    within["engine/ledger/"] = " engine/consensus/block.h engine/consensus/vote.h "
}

# The core is every folder of these rooms but those that touch the world (docs/architecture.md); purity.sh
# names the same ones.
function is_core(path) {
    return path ~ /^(base|quote|scoring|engine|host|services)\// &&
           path !~ /^(base\/(crypto|file)|quote\/(source|json|yaml|api)|engine\/(api|store))\// &&
           path !~ /^services\/(shares\/sodium|evm\/(keccak|secp256k1))[.]c$/
}
function ban(word, where, advice) { banned[word] = advice; ban_where[word] = where }
function confine(prefix, where) { library[prefix] = where }
function found(rule, line, subject, message) {
    printf "%s\t%s\t%d\t%s\t%s\n", rule, FILENAME, line, subject, message
}

function calls(code, word) { return code ~ ("(^|[^A-Za-z0-9_.>])" word "[ \t]*[(]") }

FNR == 1 {
    if (previous != "") close_file()
    previous = FILENAME
    in_comment = in_macro = comment_seen = returns_seen = depth = switch_depth = 0
    statement = signature = ""
    function_line = 0
    room = FILENAME
    sub(/\/.*/, "", room)
    core = is_core(FILENAME)
    # Programs have no public headers, nor has a room's x_internal.h.
    header = FILENAME ~ /[.]h$/ && FILENAME !~ /^(tests|apps)\/|_internal[.]h$/
}

{
    last_line = FNR
    columns = $0
    gsub(/[\200-\277]/, "", columns) # a UTF-8 letter is one column: its later bytes do not count
    if (length(columns) > 100) found("line-length", FNR, "", length(columns) " columns, 100 at most")
    if (tolower($0) ~ /(^|[^a-z])(to[d]o|fix[m]e|xx[x]|ha[c]k|placeholde[r]|stu[b]|stub[b]ed|for no[w]|not implemente[d]|in a rea[l])([^a-z]|$)/)
        found("promise", FNR, "", "a promise is not code: do it, or file an issue")
    if ($0 ~ /^[ \t]*#[ \t]*include/) check_include($0)

    was_comment = in_comment
    code = strip($0)
    if (header) check_contract(code)
    check_calls(code)
    if (core) check_core(code)
    check_switch(code)
    check_function(code)
}

END {
    if (previous != "") close_file()
}

function close_file() {
    if (last_line > 800)
        printf "file-length\t%s\t%d\t\t%d lines, 800 at most; rethink at 500\n", previous, last_line, last_line
}

function check_include(line,    name, prefix, target, folder) {
    if (match(line, /<[^>]+>/)) {
        name = substr(line, RSTART + 1, RLENGTH - 2)
        for (prefix in library)
            if (index(name, prefix) == 1 && FILENAME !~ library[prefix] && room != "tests")
                found("library", FNR, name, "<" name "> belongs to its adapter, " library[prefix])
        return
    }
    if (!match(line, /"[^"]+"/)) return
    name = substr(line, RSTART + 1, RLENGTH - 2)
    if (name !~ /\// || name ~ /[.][.]/) {
        found("include-arrow", FNR, name, "name the header from the repository root")
        return
    }
    print name > included
    for (folder in stranger)
        if (index(FILENAME, folder) == 1 && index(name, folder) != 1)
            found("include-arrow", FNR, name, folder " may not see " name)
    target = name
    sub(/\/.*/, "", target)
    if (target == room) {
        for (folder in within)
            if (index(FILENAME, folder) == 1 && index(name, folder) != 1 &&
                !index(within[folder], " " name " "))
                found("include-arrow", FNR, name, folder " may not see " name)
        return
    }
    if (index(arrow[room], " " target " ") || index(arrow[room], " " name " ")) return
    found("include-arrow", FNR, name, room "/ may not see " name)
}

function check_calls(code,    word) {
    if (code ~ /^[ \t]*#[ \t]*include/) return
    for (word in banned)
        if (index(code, word) && calls(code, word) &&
            (ban_where[word] == "" || FILENAME !~ ban_where[word]))
            found("banned-call", FNR, word, word "(): " banned[word])
    if (code ~ /[(]void[)] *assay_[a-z0-9_]+[(]/ && room != "tests")
        found("discarded-status", FNR, "", "use assay_status_ignore(call, \"reason\")")
}

function check_core(code) {
    if (code ~ /(^|[^A-Za-z0-9_])(float|double)([^A-Za-z0-9_]|$)/)
        found("float", FNR, "", "two honest nodes must compute the same bits: basis points")
    if (code ~ /^[ \t]*static[ \t][^()=;]*([=;\[]|$)/ &&
        code !~ /(^|[^A-Za-z0-9_])(const|inline)([^A-Za-z0-9_]|$)/ && code !~ /[(]/ && code ~ /[=;]/)
        found("mutable-static", FNR, "", "state lives in memory the caller supplies")
}

# A switch whose labels are all names of constants is a switch over an enum: a new member must become a
# compile error, so it has no default.
function check_switch(code,    rest, label, i, c) {
    if (!core) return
    rest = code
    while (match(rest, /(^|[^A-Za-z0-9_])(case[ \t]+[^:]+:|default[ \t]*:|switch[ \t]*[(])|[{}]/)) {
        label = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^[^A-Za-z0-9_{}]/, "", label)
        if (label == "{") {
            depth++
            if (switch_waits) {
                switch_waits = 0
                switch_depth++
                switch_at[switch_depth] = depth
                switch_names[switch_depth] = switch_others[switch_depth] = switch_default[switch_depth] = 0
            }
        } else if (label == "}") {
            if (switch_depth > 0 && switch_at[switch_depth] == depth) {
                if (switch_default[switch_depth] && switch_names[switch_depth] && !switch_others[switch_depth])
                    found("switch-default", switch_default[switch_depth], "",
                          "no default over an enum: list the members, end in ASSAY_UNREACHABLE")
                switch_depth--
            }
            depth--
        } else if (label ~ /^switch/) {
            switch_waits = 1
        } else if (label ~ /^default/) {
            switch_default[switch_depth] = FNR
        } else if (label ~ /^case[ \t]+[A-Z][A-Z0-9_]*[ \t]*:$/) {
            switch_names[switch_depth]++
        } else {
            switch_others[switch_depth]++
        }
    }
}

# Functions stand at the left edge: signature, "{", body, "}".
function check_function(code,    length_) {
    if (code ~ /^[A-Za-z_]/ && code ~ /[(]/ && signature == "") {
        signature = code
        signature_line = FNR
    }
    if (code ~ /^[{]/ && signature != "") function_line = signature_line
    if (code ~ /^[}]/ && function_line) {
        length_ = FNR - function_line + 1
        if (length_ > 70)
            found("function-length", function_line, function_name(signature), length_ " lines, 70 at most")
        function_line = 0
        signature = ""
    }
    if (!function_line && code ~ /;[ \t]*$/) signature = ""
}

function function_name(text,    name) {
    if (text ~ /^Test[(]/) { # Criterion's: suite and sentence
        match(text, /[(][^)]*/)
        name = substr(text, RSTART + 1, RLENGTH - 1)
        gsub(/ /, "", name)
        sub(/,/, ".", name)
        sub(/,.*/, "", name)
        return name
    }
    match(text, /[A-Za-z0-9_]+[ \t]*[(]/)
    name = substr(text, RSTART, RLENGTH)
    sub(/[ \t]*[(]$/, "", name)
    return name
}

# A prototype is preceded, in its paragraph, by a comment that says what it returns; what returns nothing
# needs a comment all the same.
function check_contract(code) {
    if (in_macro || code ~ /^[ \t]*#/) {
        in_macro = code ~ /\\$/
        return
    }
    if (was_comment || in_comment || $0 ~ /\/[*\/]/) {
        comment_seen = 1
        if ($0 ~ /Returns:/) returns_seen = 1
    }
    if ($0 ~ /^[ \t]*$/ && !was_comment) comment_seen = returns_seen = 0
    if (statement == "" && code !~ /^[A-Za-z_]/) return
    if (statement == "") statement_line = FNR
    statement = statement " " code
    if (code !~ /[;{}][ \t]*$/) return
    if (statement ~ /[(].*[)][^{}=]*;[ \t]*$/ && statement !~ /[{=]/ &&
        statement !~ /^ (typedef|_Static_assert|static|extern "C")/ &&
        !(statement ~ /^ void [a-z]/ ? comment_seen : returns_seen))
        found("returns-line", statement_line, function_name(prototype_tail(statement)),
              "say in the comment above what it returns (Returns: ...)")
    statement = ""
}

# Without attributes, whose parentheses come before the name's.
function prototype_tail(text) {
    gsub(/__attribute__[ ]*[(][(][^)]*[)]*[)]/, "", text)
    return text
}
