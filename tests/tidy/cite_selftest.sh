#!/bin/sh
# tests/tidy/cite_selftest.sh - cite.sh can fail: one fault at a time, each of which must be found.
set -eu
export LC_ALL=C

cite=$(cd "$(dirname "$0")" && pwd)/cite.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree" "$tree.out"' EXIT
failures=0 checks=0

clean_tree() {
    rm -rf "$tree"
    mkdir -p "$tree/base/crypto" "$tree/quote" "$tree/docs/man" "$tree/tests/unit/base/deep"
    cat >"$tree/docs/protocol.md" <<'END'
# The rules

## 5. Consensus

* 5.1 A rule, and its sibling (5.2). Section 6 has more.
* 5.2 Another.
* 5.2.1 A part of it.

## 6. Weights

Words, not rules: `operations.md`, section 2.
END
    printf '# Operations\n\n## 2. The files\n\nSee section 2, and assayd(8); RFC 1234 section 9.\n' >"$tree/docs/operations.md"
    printf '.Dd today\n.Xr assayd 8\n.Xr ls 1\n' >"$tree/docs/man/assayd.8"
    cat >"$tree/docs/architecture.md" <<'END'
# The house

| folder | what it owns |
| --- | --- |
| `base/` | words, in `word.h`, `word*.c` and `base/word.c` |
| `base/crypto/` | a seam |
| `docs/` | pages, `protocol.md` first |
| `docs/man/` | manuals |
| `quote/` | verdicts |
| `tests/` | tests |
| `tests/unit/` | by room |
| `tests/unit/*/` | and below |

## Planned additions

| what | where |
| --- | --- |
| guests | `inn/`, behind `base/word.h` |

## Ten questions

| where | word | file | name |
| --- | --- | --- | --- |
| is one? | `one` | `base/word.c` | `one` |
| is two? | `two` | `base/word.c` | `two` |
| is three? | `three` | `base/word.c` | `three` |
| is four? | `four` | `base/word.h` | `FOUR` |
| is five? Here | `five` | `base/word.h` | `FIVE` |
| is six? | `six` | `base/word.h` | `SIX` |
| is seven? | `seven` | `base/word.h` | `SEVEN` |
| is eight? | `eight` | `base/word.h` | `EIGHT` |
| is nine of all? | `nine_of` | `base/word.h` | `NINE_OF_ALL` |
| is ten? | `ten` | `base/word.h` | `TEN` |
END
    cat >"$tree/base/word.c" <<'END'
/* docs/protocol.md 5.1 and 5.2.1, protocol.md 5, 6; (docs/operations.md, section 2) assayd(8) */
/* A citation that is broken between two lines (protocol.md
 * 5.2), of docs/man/assayd.8 and docs/man/. protocol.md 5.1, 7 nodes: no rule. "%s.md" NAME.md */
int one(void) { return 1; }
int two(int a) { return a; }
static int three(void);
END
    printf 'enum { FOUR = 4, FIVE = 5, SIX = 6, SEVEN = 7, EIGHT = 8, NINE_OF_ALL = 9, TEN = 10 };\n' >"$tree/base/word.h"
    printf '# docs/protocol.md 5.2\n' >"$tree/tests/run.sh"
}

# expect WORDS WHAT: cite.sh finds that and nothing else; WORDS "" expects a clean tree.
expect() {
    checks=$((checks + 1))
    status=0
    sh "$cite" "$tree" >"$tree.out" 2>&1 || status=$?
    count=$(grep -c '^[^ ]*:[0-9]*: ' "$tree.out") || true
    if { [ -z "$1" ] && [ "$status" -ne 0 ]; } ||
       { [ -n "$1" ] && { [ "$status" -ne 1 ] || [ "$count" -ne 1 ] || ! grep -qF -- "$1" "$tree.out"; }; }; then
        echo "cite_selftest: $2: expected '${1:-nothing}' (status $status)"
        cat "$tree.out"
        failures=$((failures + 1))
    fi
}

# plant WORDS FILE TEXT: the text is appended to the file.
plant() {
    clean_tree
    printf '%s\n' "$3" >>"$tree/$2"
    expect "$1" "$3"
}

# change WORDS FILE EXPRESSION: of sed.
change() {
    clean_tree
    sed "$3" "$tree/$2" >"$tree.out"
    cp "$tree.out" "$tree/$2"
    expect "$1" "$2: $3"
}

clean_tree
expect "" "a clean tree"

# --- citations
plant 'protocol.md 5.3" leads nowhere' base/word.c '/* docs/protocol.md 5.3 */'
plant 'protocol.md 7" leads nowhere' base/word.c '/* protocol.md 5.1, 5.2 and 7 */'
plant 'protocol.md 5.9" leads nowhere' base/word.c '/* protocol.md 5.1 to 5.9 */'
plant 'protocol.md 5.2.2" leads nowhere' tests/run.sh '# protocol.md 5.2.2'
plant 'base/word.c:7: ' base/word.c '/* docs/protocol.md
 * 5.4 */'
plant 'operations.md 3" leads nowhere' base/word.c '/* docs/operations.md, section 3 */'
plant '"quotes.md" leads nowhere' base/word.c '/* quotes.md 7.14: a page outside */'
plant '"docs/quotes.md" leads nowhere' tests/run.sh '# docs/quotes.md'
plant '"docs/figures" leads nowhere' base/word.c '/* docs/figures/ */'
plant 'docs/man/assay.1" leads nowhere' tests/run.sh '# docs/man/assay.1'
plant 'assay-policy(5)" leads nowhere' base/word.c '/* assay-policy(5) */'
plant 'assay-stats(1)" leads nowhere' base/word.c '/* assay-stats(1) */'
plant 'assay(1)" leads nowhere' docs/man/assayd.8 '.Xr assay 1 ,'
plant '(5.7)" leads nowhere' docs/protocol.md '* 5.3 As in (5.7).'
plant 'section 4" leads nowhere' docs/operations.md 'As in section 4.'
plant 'stands twice' docs/protocol.md '* 5.2 Again.'
change 'protocol.md 6" leads nowhere' docs/protocol.md 's/^## 6\. Weights/## Weights/; s/ Section 6 has more\.//'

# --- the house
clean_tree
mkdir "$tree/attic"
expect '`attic/` is in the tree and has no row' "a folder without a row"
change '`docs/man/` is in the tree and has no row' docs/architecture.md '/docs.man/d'
plant '`cellar/` is not in the tree' docs/architecture.md '
## Below

| `cellar/` | wine |'
plant '`base/gone.c` is not in the tree' docs/architecture.md 'And `base/gone.c`.'
plant '`docs/` has a row already' docs/architecture.md '
| folder | again |
| --- | --- |
| `docs/` | once |
| `docs/` | twice |'
change '`words*.c` is not in the tree' docs/architecture.md 's/word\*\.c/words*.c/'
change '`base/world.h` is not in the tree' docs/architecture.md 's/behind .base.word/behind `base\/world/'

# --- the ten questions
change '`three` is not in base/word.c' base/word.c 's/three/drei/'
change '`FOUR` is not in base/word.h' base/word.h 's/FOUR = 4,//'
change '`one` is not in base/word.c' base/word.c 's|^int one.*|/* one() was here */|'
change 'ten questions are expected, 9 are answered' docs/architecture.md '/is five/d'
change '`sixth` is no part of `SIX`' docs/architecture.md 's/is six? | `six`/is sixth? | `sixth`/'
change '`seven` is no word of the question' docs/architecture.md 's/is seven?/is it?/'
change '`base/gone.c` is not in the tree' docs/architecture.md '/is one/s/word/gone/'

echo "cite_selftest: $checks trees, $failures wrong"
[ $failures -eq 0 ]
