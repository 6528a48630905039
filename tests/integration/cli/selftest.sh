#!/bin/sh
# The checks of lib.sh must be able to fail: each planted fault must make its script exit 1.
#
# usage: selftest.sh BIN TOOLS
set -u
here=$(cd "$(dirname "$0")" && pwd)
BIN=$1 TOOLS=$2
bad=0
count=0

# planted STATUS NAME TEXT: a script of these lines ends with this status.
planted() {
    count=$((count + 1))
    script=$(mktemp /tmp/assay-it.XXXXXX) || exit 2
    printf '. "%s/lib.sh"\n%s\nfinish\n' "$here" "$3" >"$script"
    sh "$script" "$BIN" "$TOOLS" >"$script.out" 2>&1
    got=$?
    if [ "$got" -ne "$1" ]; then
        echo "FAILED: $2: expected exit status $1, found $got: $(cat "$script.out")" >&2
        bad=$((bad + 1))
    fi
    rm -f "$script" "$script.out"
}

planted 0 'a check that holds' 'expect 0 "usage: assay [--context NAME] COMMAND" "$ASSAY" --help'
planted 1 'no check at all' ':'
planted 1 'another exit status' 'expect 2 "usage" "$ASSAY" --help'
planted 1 'another text' 'expect 0 "something else" "$ASSAY" --help'
planted 1 'a failure before a success' 'expect 2 "" true
expect 0 "" true'
planted 1 'a report of a sanitizer' 'expect 0 "" echo "ERROR: AddressSanitizer: heap-use-after-free"'
planted 1 'a broken assertion' 'expect 0 "" echo "x.c:1: f: assertion failed: a"'
planted 1 'a command that fails' 'check "false holds" false'
planted 1 'something that never comes true' 'check "it comes" until_true 1 false'
planted 0 'something that comes true' 'check "it comes" until_true 5 true'
planted 0 'a network that can be made' 'network 2 500 2
sign alpha beta
expect 0 "fit to run" "$ASSAYD" --config "$WORK/node-2/assayd.yaml" --check-config'

# What a script started, it ends, also when it stops in the middle.
script=$(mktemp /tmp/assay-it.XXXXXX) || exit 2
printf '. "%s/lib.sh"\nsleep 300 &\nstarted=$!\necho "$started $WORK"\nexit 1\n' "$here" >"$script"
said=$(sh "$script" "$BIN" "$TOOLS")
rm -f "$script"
count=$((count + 1))
if kill -0 "${said%% *}" 2>/dev/null || [ -e "${said#* }" ]; then
    echo "FAILED: a script left something behind: $said" >&2
    bad=$((bad + 1))
fi

# And nothing else: not who has the number of what it started by now.
sleep 300 &
other=$!
script=$(mktemp /tmp/assay-it.XXXXXX) || exit 2
printf '. "%s/lib.sh"\nstarted=%s\nrunning %s && echo it\nended %s || echo is\nexit 1\n' "$here" $other $other $other >"$script"
said=$(sh "$script" "$BIN" "$TOOLS")
rm -f "$script"
count=$((count + 1))
if ! kill $other 2>/dev/null || [ -n "$said" ]; then
    echo "FAILED: a script took another process for its own: $said" >&2
    bad=$((bad + 1))
fi

[ "$bad" -eq 0 ] || exit 1
echo "$count planted cases behave"
