#!/bin/sh
# tests/tidy/selftest.sh - tidy.sh can fail: one fault per rule, each of which must be found.
#
# A small clean tree passes; then each fault is planted alone and must give exactly its rule.
set -eu
export LC_ALL=C

tidy=$(cd "$(dirname "$0")" && pwd)/tidy.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree" "$tree.out"' EXIT
failures=0 checks=0

clean_tree() {
    rm -rf "$tree"
    mkdir -p "$tree/base" "$tree/engine/node" "$tree/engine/parts" "$tree/engine/store" "$tree/engine/consensus" "$tree/engine/ledger" "$tree/host" "$tree/net" "$tree/quote/intel" "$tree/quote/json" "$tree/tests/tidy" "$tree/scoring"
    cat >"$tree/base/status.h" <<'END'
/* What went wrong. */
#define ASSAY_STATUS_LIST(X) \
    X(ASSAY_OK, 0, "success") \
    X(ASSAY_E_RANGE, 103, "a number is outside its range")

/* Returns: static text. */
const char *assay_status_text(int status);
END
    cat >"$tree/base/status.c" <<'END'
#include "base/status.h"

static const int known = 2; /* a double negation, "float" and memcpy(in a comment) are only words */

const char *assay_status_text(int status)
{
    switch (status) {
    case 1: return "float time(NULL) // strcpy(a, b)";
    default: return known > status ? "yes" : "no";
    }
}
END
    cat >"$tree/engine/node/engine.c" <<'END'
#include "base/status.h"

int step(int kind)
{
    switch (kind) {
    case ASSAY_EVENT_TICK:
    case ASSAY_EVENT_STOP: return 1;
    }
    return 0;
}
END
    printf '#include "base/status.h"\nint test(void) { return ASSAY_OK + ASSAY_E_RANGE; }\n' >"$tree/tests/test.c"
    printf '# none\n' >"$tree/tests/tidy/allow.txt"
    list_built
}

list_built() {
    (cd "$tree" && find . -name '*.c') | sed "s|^\./\(.*\)|  \"file\": \"$tree/\1\",|" >"$tree/commands.json"
}

# expect RULE: tidy finds that rule and no other; RULE "" expects a clean tree.
expect() {
    checks=$((checks + 1))
    seen=0
    sh "$tidy" "$tree" "$tree/commands.json" >"$tree.out" 2>&1 || seen=1
    rules=$(sed -n 's/^[^ ]*:[0-9]*: \([a-z-]*\):.*/\1/p' "$tree.out" | sort -u | tr '\n' ' ')
    wanted=0
    [ -z "$1" ] || wanted=1
    if [ "$rules" != "${1:+$1 }" ] || [ $seen -ne $wanted ]; then
        echo "selftest: $2: expected '${1:-nothing}', found '$rules' (status $seen)"
        cat "$tree.out"
        failures=$((failures + 1))
    fi
}

# plant RULE FILE TEXT: the text is appended to the file.
plant() {
    clean_tree
    mkdir -p "$tree/$(dirname "$2")"
    printf '%s\n' "$3" >>"$tree/$2"
    list_built
    expect "$1" "$3"
}

clean_tree
expect "" "a clean tree"

plant include-arrow engine/node/engine.c '#include "quote/verify.h"'
plant include-arrow scoring/a.c '#include "engine/engine.h"'
plant include-arrow net/a.c '#include "sim/world.h"'
plant include-arrow base/status.c '#include "status.h"'
plant include-arrow engine/consensus/a.c '#include "engine/ledger/state.h"'
plant include-arrow engine/consensus/a.c '#include "engine/engine.h"'
plant include-arrow engine/ledger/a.c '#include "engine/consensus/simplex.h"'
plant include-arrow host/a.c '#include "net/link.h"'
plant include-arrow apps/demo/enclave/a.c '#include "base/bytes.h"'
plant include-arrow apps/demo/enclave/a.c '#include "apps/demo/demo.h"'
plant "" apps/demo/enclave/a.c '#include "apps/demo/enclave/enclave.h"'
plant "" engine/ledger/a.c '#include "engine/consensus/vote.h"'
plant "" engine/node/engine.c '#include "engine/ledger/state.h"'
plant "" engine/node/engine.c '#include "quote/verdict.h"'
plant float quote/intel/a.c 'static int f(double x) { return 1; }'
plant "" quote/json/a.c 'static int f(double x) { return 1; }'
plant library net/a.c '#include <sqlite3.h>'
plant library quote/a.c '#include <openssl/evp.h>'
for call in 'strcpy(a, b)' 'sprintf(a, b)' 'atoi(a)' 'strtok(a, b)' 'rand()' 'time(0)' 'memcmp(a, b, 1)' \
    'memcpy(a, b, 1)' 'assert(a)' 'alloca(3)' 'gettimeofday(a, b)' 'strcat (a, b)'; do
    plant banned-call net/a.c "int x = $call;"
done
plant "" base/status.c 'static void move(void) { memcpy(a, b, 1); assay_wall_time(1); a->time(3); }'
plant discarded-status net/a.c 'void f(void) { (void)assay_store_put(a); }'
plant float engine/node/engine.c 'static int f(double x) { return 1; }'
plant "" net/a.c 'static int f(double x) { return 1; }'
plant mutable-static quote/a.c 'static int count;'
plant mutable-static quote/a.c '    static unsigned long count = 3;'
plant "" quote/a.c 'static const int table[2] = { 1, 2 };'
plant line-length tests/test.c "/* $(printf '%0100d' 0) */"
plant promise net/a.c "/* TO""DO: later */"
plant promise tests/notes.md "a place""holder"
plant switch-default engine/node/engine.c 'int g(int k) { switch (k) { case ASSAY_A: return 1; default: return 2; } }'
plant "" engine/node/engine.c 'int g(int k) { switch (k) { case 7: return 1; default: return 2; } }'
plant returns-line base/status.h '
int assay_status_number(const char *text);'
plant "" base/status.h 'int assay_status_number(const char *text); /* in the paragraph of the one above */'
plant returns-line base/status.h '
/* Something, without saying what comes back. */
__attribute__((pure)) int assay_status_number(const char *text,
                                              int text_len);'
plant returns-line base/status.h '
void assay_status_forget(void);'
plant "" base/status.h '
/* Forgets. */
void assay_status_forget(void);'
plant "" base/status.h '
/* A number. Returns: it, or 0. */
int assay_status_number(const char *text);'
plant status-untested base/status.h '    X(ASSAY_E_FORGOTTEN, 1, "nobody asks for it")'
plant unused-header base/forgotten.h '/* nobody reads me */'
plant merge-mark net/page.md "$(printf '<%.0s' 1 2 3 4 5 6 7) ours"
plant stray-file 'net/node:1~leaves' 'what a shell wrote'
clean_tree
for i in $(seq 41); do : >"$tree/net/page-$i.md"; done
list_built
expect folder-entries '41 entries in a folder'

# Parts and their owners. parts RULE FILE TEXT
parts() {
    clean_tree
    { echo 'struct assay_parts {'; echo '    struct assay_chain_head head; /* node/head.c */'; echo '    struct assay_seat *seats; /* node/seat.c: [members] */'; echo '};'; } \
        >"$tree/engine/parts/engine_internal.h"
    echo '#include "engine/parts/engine_internal.h"' >"$tree/engine/node/head.c"
    printf '%s\n' "$3" >>"$tree/engine/node/$2"
    list_built
    expect "$1" "$2: $3"
}
parts "" head.c 'void f(struct assay_engine *e) { e->parts->head.epoch = 1; }'
parts "" seat.c 'void f(struct assay_engine *e) { e->parts->seats[0].asked++; }'
parts part-owner seat.c 'void f(struct assay_engine *e) { e->parts->head.epoch = 1; }'
parts part-owner head.c 'void f(struct assay_engine *e) { e->parts->head.epoch = e->parts->seats[0].asked; }'
parts part-owner head.c 'void f(struct assay_engine *e) { e->parts->unheard = 1; }'
parts part-owner head.c 'void f(struct assay_parts *p) { p->head.epoch = 1; }'

clean_tree
{ echo 'void f(void)'; echo '{'; for _ in $(seq 68); do echo '    ;'; done; echo '}'; } >"$tree/net/a.c"
list_built
expect function-length "a function of 71 lines"
printf 'function-length net/a.c:f one dispatch table, read as a whole\n' >>"$tree/tests/tidy/allow.txt"
expect "" "an exception with a reason"
clean_tree
printf 'function-length net/a.c:f nothing needs this exception now\n' >>"$tree/tests/tidy/allow.txt"
expect allow "an exception that nothing needs"
clean_tree
printf 'function-length net/a.c\n' >>"$tree/tests/tidy/allow.txt"
expect allow "an exception without a reason"

clean_tree
{ echo 'void f(void)'; echo '{'; for _ in $(seq 67); do echo '    ;'; done; echo '}'; } >"$tree/net/a.c"
list_built
expect "" "a function of 70 lines"
clean_tree
seq 801 | sed 's|.*|/* & */|' >"$tree/net/a.c"
list_built
expect file-length "a file of 801 lines"
clean_tree
echo 'int lonely;' >"$tree/net/lonely.c"
expect unbuilt-file "a file that no target builds"

echo "selftest: $checks trees, $failures wrong"
[ $failures -eq 0 ]
