#!/bin/sh
# tests/tidy/language_selftest.sh - proof that each rule of language.sh can fail, and that baselines only shrink.
#
# A small clean tree passes; then each fault is planted alone and must give exactly its rule.
set -eu
export LC_ALL=C

language=$(cd "$(dirname "$0")" && pwd)/language.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree" "$tree.out"' EXIT
failures=0 checks=0

clean_tree() {
    rm -rf "$tree"
    mkdir -p "$tree/base" "$tree/engine/node" "$tree/engine/store" "$tree/net" "$tree/tests/tidy/baseline"
    cat >"$tree/base/clock.c" <<'END'
/*
 * base/clock.c - readings of a clock. Whoever says "desk" or told in a comment breaks no rule.
 */
#include "base/clock.h"

static int read_clock(int eyesight, const char *text)
{
    return text == "who tells" ? eyesight : 0;
}

int assay_clock_now(void)
{
    ASSAY_ASSERT(read_clock(1, "x = 1") == 0 && assay_clock_has_next(2) && assay_clock_set_len(3) <= 4);
    return 1;
}
END
    printf '/* base/clock.h - readings of a clock. */\nint assay_clock_now(void);\n' >"$tree/base/clock.h"
}

# expect RULE: language.sh reports that rule and no other; RULE "" expects a clean tree.
expect() {
    checks=$((checks + 1))
    seen=0
    sh "$language" "$tree" >"$tree.out" 2>&1 || seen=1
    rules=$(sed -n 's/^[^ ]*:[0-9]*: \([a-z-]*\):.*/\1/p' "$tree.out" | sort -u | tr '\n' ' ')
    wanted=0
    [ -z "$1" ] || wanted=1
    if [ "$rules" != "${1:+$1 }" ] || [ $seen -ne $wanted ]; then
        echo "language_selftest: $2: expected '${1:-nothing}', found '$rules' (status $seen)"
        cat "$tree.out"
        failures=$((failures + 1))
    fi
}

# plant RULE FILE TEXT: the text becomes the file, after a first line as it should be.
plant() {
    clean_tree
    mkdir -p "$(dirname "$tree/$2")"
    printf '/* %s - part of a test. */\n%s\n' "$2" "$3" >"$tree/$2"
    expect "$1" "$3"
}

clean_tree
expect "" "a clean tree"

plant banned-word net/a.c 'int assay_desk_open(void);'
plant banned-word net/a.c 'static int is_told = 1;'
plant banned-word net/a.h 'enum { ASSAY_COUNT_HEARD };'
plant "" net/a.c 'int x; /* it was told */ const char *y = "heard";'
plant "" net/a.c 'int untold, desktop, theyes;'
plant "" tests/a.c 'int told;'
plant bare-verb net/a.c 'static int take(int x)
{
    return x;
}'
plant bare-verb net/a.c 'static __attribute__((noinline)) void put(void)
{
}'
plant "" net/a.c 'static int take_frame(int x)
{
    return take(x);
}'
plant "" net/a.c 'int put(int x);
static const int take[2] = { f(1), 2 };'
plant shared-prefix net/a.c 'int assay_clock_stop(void)
{
}'
plant "" net/a.c 'int assay_clock_stop(void);'
plant "" net/a.c 'static int assay_clock_stop(void)
{
}'
plant "" tests/a.c 'int assay_clock_stop(void)
{
}'
# Names of the libraries are frozen, and a stub has those of what it stands for; a room has neither exemption.
for file in net/api/a.c net/a_none.c; do
    plant "" "$file" 'int assay_clock_stop(void)
{
}'
done
for file in net/apis/a.c net/a_none_at_all.c; do
    plant shared-prefix "$file" 'int assay_clock_stop(void)
{
}'
done
for assertion in 'x++ < 3' 'x = 1' 'pthread_mutex_lock(&lock) == 0' 'assay_list_append(list)' 'seteuid(0) == 0' \
    'take_one(x) && x == 2' 'ok &&
        close(fd) == 0'; do
    plant assert-effect net/a.c "void f(void) { ASSAY_ASSERT($assertion); }"
done
for assertion in 'x <= 3 && x != 2' 'is_closed(x)' 'assay_key_can_sign(k)' 'n == assay_set_count(s)' 'closed(x)'; do
    plant "" net/a.c "void f(void) { ASSAY_ASSERT($assertion); g(x = 1, close(fd)); }"
done

# first_line RULE TEXT: the text is all of the file.
first_line() {
    clean_tree
    printf '%s\n' "$2" >"$tree/net/a.c"
    expect "$1" "$2"
}
first_line "" '/*
 * net/a.c - queue of frames.
 */'
first_line first-line '#include "base/clock.h"'
first_line first-line '/*
 * A queue of frames.
 */'
first_line first-line '/* net/b.c - queue of frames. */'
first_line first-line '/* net/a.c - */'
first_line first-line '/* net/a.c: queue of frames. */'
first_line first-line '/*
 * net/a.c - what is sent to a peer.
 */'
first_line first-line '/* net/a.c - Whose turn it is. */'
first_line first-line '/* net/a.c - who sends. */'
first_line "" '/* net/a.c - whole frames. */'

# includes RULE: engine/node and engine/store include each other, as far as the lines say.
includes() {
    clean_tree
    for pair in $2; do
        from=${pair%%:*} to=${pair##*:}
        mkdir -p "$tree/$(dirname "$from")" "$tree/$(dirname "$to")"
        for file in "$from" "$to"; do
            [ -f "$tree/$file" ] || printf '/* %s - part of a test. */\n' "$file" >"$tree/$file"
        done
        printf '#include "%s"\n' "$to" >>"$tree/$from"
    done
    expect "$1" "$2"
}
includes "" "engine/node/a.c:engine/store/b.h engine/node/a.c:engine/store/c.h"
includes circle "engine/node/a.c:engine/store/b.h engine/store/c.c:engine/node/d.h"
includes "" "net/a.c:net/b.h net/b.c:net/c.h net/c.c:net/a.h"
includes circle "net/a.c:net/b.h net/b.c:net/c.h net/c.c:net/d.h net/d.c:net/a.h"

# Baselines: known findings pass, others fail, and so does an entry that nothing needs.
clean_tree
printf '/* net/a.c - part of a test. */\nint told, heard;\n' >"$tree/net/a.c"
printf 'net/a.c:told\n' >"$tree/tests/tidy/baseline/banned-word.txt"
expect banned-word "one of two is known"
printf 'net/a.c:heard\nnet/a.c:told\n' >"$tree/tests/tidy/baseline/banned-word.txt"
expect "" "both are known"
printf '/* net/a.c - part of a test. */\nint told;\n' >"$tree/net/a.c"
expect baseline "an entry that nothing needs"
checks=$((checks + 1))
sh "$language" "$tree" --shrink >"$tree.out"
[ "$(cat "$tree/tests/tidy/baseline/banned-word.txt")" = net/a.c:told ] ||
    { echo "language_selftest: --shrink left something else"; failures=$((failures + 1)); }
expect "" "after --shrink"
printf '/* net/b.c - part of a test. */\nint told;\n' >"$tree/net/b.c"
checks=$((checks + 1))
if sh "$language" "$tree" --shrink >"$tree.out"; then
    echo "language_selftest: --shrink accepted a new finding"
    failures=$((failures + 1))
fi
expect banned-word "--shrink adds nothing"

# A circle that loses a member is its rest, one that gains a member is new.
includes circle "engine/node/a.c:engine/store/b.h engine/store/c.c:engine/node/d.h"
printf 'folders: engine/node engine/store net\n' >"$tree/tests/tidy/baseline/circle.txt"
seen=0
sh "$language" "$tree" >"$tree.out" || seen=1
[ $seen -eq 1 ] || { echo "language_selftest: a smaller circle passes unnoticed"; failures=$((failures + 1)); }
sh "$language" "$tree" --shrink >"$tree.out" ||
    { echo "language_selftest: --shrink refused a smaller circle"; failures=$((failures + 1)); }
expect "" "a circle that has become smaller"
printf 'folders: base engine/node\n' >"$tree/tests/tidy/baseline/circle.txt"
seen=0
sh "$language" "$tree" --shrink >"$tree.out" || seen=1
[ $seen -eq 1 ] || { echo "language_selftest: --shrink accepted another circle"; failures=$((failures + 1)); }

echo "language_selftest: $checks trees, $failures wrong"
[ $failures -eq 0 ]
