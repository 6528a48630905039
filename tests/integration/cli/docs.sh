#!/bin/sh
# The operator's pages against the code: every configuration key, command, exit status, event and counter is
# documented on its page, and the example of docs/configuration.md runs as printed.
. "$(dirname "$0")/lib.sh"
ROOT=$(cd "$(dirname "$0")/../../.." && pwd)

# page KIND: the page that documents names of that kind.
page() {
    case $1 in
    configuration | policy) echo docs/configuration.md ;;
    groups | statuses) echo docs/command-line.md ;;
    counters | events) echo docs/reference/events.md ;;
    esac
}

# names WHAT: the names of one kind that the code has, one a line.
names() {
    case $1 in
    configuration)
        sed -n 's/.*ASSAY_CONFIG_FIELD[A-Z_]*("\([a-z_]*\)".*/\1/p; s/.*CYAML_FIELD_[A-Z]*("\([a-z_]*\)".*/\1/p' \
            "$ROOT"/apps/config/*.c
        grep -o 'KEY([a-z_]*)' "$ROOT/apps/config/enforcement.c" | sed 's/KEY(\(.*\))/\1/'
        sed -n 's/.*FIELD(\([a-z_]*\)).*/\1/p' "$ROOT/apps/config/card.c" \
            "$ROOT/apps/config/evidence.c"
        ;;
    policy)
        sed -n 's/.*TEXT("\([a-z_]*\)".*/\1/p; s/.*CYAML_FIELD_[A-Z_]*("\([a-z_]*\)".*/\1/p; s/^ *{ "\([a-z0-9]*\)", ASSAY_.*/\1/p' \
            "$ROOT/quote/yaml/policy.c"
        sed -n 's/^ *X([A-Z0-9_]*, [0-9]*, "\([a-z0-9_]*\)", .*/\1/p' "$ROOT/quote/accept/policy.h" | grep -v '[12]$'
        ;;
    counters) sed -n 's/.*X(ASSAY_COUNT_[A-Z_]*, "\([a-z_]*\)").*/\1/p' "$ROOT/host/peers/counters.h" ;;
    events)
        sed -n 's/.*X(ASSAY_NOTE_[A-Z_]*, [0-9]*, "\([a-z_]*\)").*/\1/p' "$ROOT/engine/messages/effect.h" >"$WORK/notes"
        [ -s "$WORK/notes" ] || echo no-name-of-a-note
        cat "$WORK/notes"
        find "$ROOT/net" -name '*.c' -exec cat {} + | tr -d '\n' |
            grep -o 'assay_log_begin(&[a-z_]*->log, *ASSAY_SEVERITY_[A-Z]*, *"[a-z_]*"' |
            sed 's/.*"\([a-z_]*\)"/\1/' >"$WORK/logged"
        [ -s "$WORK/logged" ] || echo no-name-of-a-logged-event
        cat "$WORK/logged"
        ;;
    groups) tr '\n' ' ' <"$ROOT/apps/assay/core/main.c" | grep -o '{ "[a-z]*", [^{}]*cli_command_' |
        sed 's/{ "\([a-z]*\)".*/\1/' ;;
    statuses) sed -n 's/^ *ASSAY_EXIT_[A-Z_]* = \([0-9]*\),.*/\1/p' "$ROOT/apps/assay/core/command.h" ;;
    esac | sort -u
}

# stands NAME PAGE: as `name`, `section.name`, `name.key`, `assay name ...`, or the first cell of a row.
stands() {
    grep -qE "(^| |[(])\`([a-z_.]*(\[\])?\.|assay )?$1[][\`. ]|^\| $1 \|" "$2"
}

for kind in configuration policy counters events groups statuses; do
    names $kind >"$WORK/names"
    page=$(page $kind)
    check "the code has names of $kind" test "$(wc -l <"$WORK/names")" -ge 8
    while read -r name; do
        check "$page does not document the name of $kind: $name" stands "$name" "$ROOT/$page"
    done <"$WORK/names"
done
# Commands of a group: in a row, complete, or by their last word in a row of their group, or all of them as `assay GROUP ...`.
COMMANDS=$ROOT/docs/command-line.md
is_in_a_row() { # is_in_a_row GROUP WORD PAGE
    grep "^| \`assay $1 " "$3" | grep -qE "(\`assay $1 |\`)($2|[.][.][.])[ \`]"
}
sed -n 's/^command: \([a-z]*\) \([a-z][a-z-]*\)$/\1 \2/p' "$ROOT/docs/reference/names.txt" >"$WORK/commands"
check 'commands of groups are listed' test "$(wc -l <"$WORK/commands")" -ge 100
while read -r group word; do
    check "$COMMANDS has no row of assay $group $word" is_in_a_row "$group" "$word" "$COMMANDS"
done <"$WORK/commands"
grep -v '^| `assay bridge ear' "$COMMANDS" >"$WORK/page"
is_in_a_row bridge ear "$WORK/page" && wrong 'a row that is gone is not missed'
# An option that makes another document of a command has a row of that command.
sed -n '/^## 4[.]/,/^## 5[.]/s/^| \(`[^|]*`\) | .*/\1/p' "$COMMANDS" | grep -oE '`[a-z]+ [a-z]+ --[a-z-]+`' | tr -d '`' >"$WORK/optional"
check 'a command has a document of one option' test -s "$WORK/optional"
while read -r command option; do
    case $option in *' '*) command="$command ${option% *}" option=${option#* } ;; esac
    check "$COMMANDS has no row of assay $command with $option" \
        sh -c 'sed -n "s/^| \(\`assay [^|]*\) | .*/\1/p" "$1" | grep -q -- "\`assay $2 .*$3"' sh "$COMMANDS" "$command" "$option"
done <"$WORK/optional"
# The check can fail: a name is missed once its line is gone.
page=$ROOT/$(page counters)
grep -v '`handshake_accepted`' "$page" >"$WORK/page"
stands handshake_accepted "$WORK/page" && wrong 'a name that is gone is not missed'
stands handshake_accepte "$page" && wrong 'half a name is taken for a whole one'

CONFIGURATION=$ROOT/$(page configuration)
# --- what a reload takes over, in the table of keys and on the page
sed -n 's/^ *LIVE("\([a-z_.]*\)".*/\1/p; s/^ *LIST("\([a-z_.]*\)", ASSAY_CONFIG_LIVE).*/\1/p' \
    "$ROOT/apps/config/keys.c" | sort >"$WORK/live"
sed -n 's/^| `\([a-z_.]*\)` .*\*live\* |$/\1/p' "$CONFIGURATION" | sort >"$WORK/told"
check 'keys are live' test "$(wc -l <"$WORK/live")" -ge 5
check "docs/configuration.md marks other keys live: $(diff "$WORK/live" "$WORK/told")" cmp -s "$WORK/live" "$WORK/told"
# Sections that others cite are about what they say.
cited() { # cited FILE TEXT PAGE TITLE: the number after TEXT is that of the section TITLE on that page
    number=$(grep -o "$2[0-9]*" "$ROOT/$1" | grep -o '[0-9]*$' | head -1)
    [ -n "$number" ] && grep -qx "## $number[.] $4" "$ROOT/docs/$3"
}
check 'policy.h cites another section' cited include/assay/policy.h \
    'text of a policy file (docs/configuration.md, section ' configuration.md 'Policy file'
check 'library.md cites another section' cited docs/library.md \
    'says what is accepted (`docs/configuration.md`, section ' configuration.md 'Policy file'
check 'library.md cites another section for the choice' cited docs/library.md \
    'the rule of `command-line.md`, section ' command-line.md 'Choice of collateral'
cited docs/library.md 'says what is accepted (`docs/configuration.md`, section ' configuration.md 'Sources of evidence' &&
    wrong 'a citation that leads astray is not noticed'

# --- the worked example, on ports of its own and as long as it needs
"$TOOLS/free_port" 4 >"$WORK/ports"
awk '/^<!-- run -->$/ { want = 1; next } want && /^```sh$/ { inside = 1; next }
     /^```$/ { inside = 0; want = 0 } inside' "$CONFIGURATION" |
    sed "s/127.0.0.1:710\\\$n/127.0.0.1:\$(sed -n \${n}p ..\/ports)/
         s/:7101\"/:$(sed -n 1p "$WORK/ports")\"/; s/:7102\"/:$(sed -n 2p "$WORK/ports")\"/
         s/:7103\"/:$(sed -n 3p "$WORK/ports")\"/; s/:7104\"/:$(sed -n 4p "$WORK/ports")\"/
         s/^sleep 8\$/for try in \$(seq 90); do sleep 1; ready \&\& break; done/" \
        >"$WORK/example.sh"
check 'the page has an example' test "$(wc -l <"$WORK/example.sh")" -gt 50
mkdir "$WORK/example"
# It waits for eight seconds, here until two nodes permit: the machine has other work.
sed -i '1i ready() { assay permit --socket node-3/admin.sock && assay permit --socket node-1/admin.sock; }' "$WORK/example.sh"
check 'the example waits' grep -q 'ready && break' "$WORK/example.sh"
# In a process group of its own: if it fails half-way its daemons end with it.
cd "$WORK/example" || exit 2
PATH=$BIN:$PATH setsid bash -e "$WORK/example.sh" >"$WORK/example.out" 2>&1 </dev/null &
group=$!
trap 'kill -KILL -- "-$group" 2>/dev/null; stop_all' EXIT
wait "$group"
got=$?
kill -KILL -- "-$group" 2>/dev/null && wrong 'the example leaves processes behind'
out=$(cat "$WORK/example.out")
check "the example ends with 0: $out" test $got -eq 0
for text in 'signed by 2 of 2 operators, 2 needed' 'node-4/assayd.yaml: fit to run' \
    'INSECURE' 'standing       FULL' 'caps met       operator no, vendor root no' \
    'node-4           FULL' 'permitted: critical'; do
    checks=$((checks + 1))
    case $out in *"$text"*) ;; *) wrong "the example does not say \"$text\": $out" ;; esac
done

finish
