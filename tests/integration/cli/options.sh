#!/bin/sh
# The table of verbs against everything that is made of it or beside it: what the groups read, help,
# errors for people and programs, completions (bash tries them for real), the man page.
. "$(dirname "$0")/lib.sh"
ROOT=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$WORK" || exit 2

# --- what the table has: "group name" or "group name value", a line an option
"$ASSAY" --help | sed -n '/^usage:/,/^examples/s/^  \([a-z]*\) .*/\1/p' >groups
while read -r group; do
    "$ASSAY" completion man-page "$group" | sed -n '/^[.]Sh SYNOPSIS/,/^[.]Sh DESCRIPTION/p'
done <groups >synopsis
expect 2 '"nothing" is not a command' "$ASSAY" completion man-page nothing
awk '$1 == ".Cm" { group = $2 }
     /^[.](Op )?Fl / { sub(/^[.](Op )?Fl -/, ""); sub(/ [.][.][.]$/, ""); print group, $1, (NF > 1 ? "value" : "") }' \
    synopsis | sort -u >table
check 'the table has options' test "$(wc -l <table)" -gt 150

# --- every verb has a variable for each of its options, of the right kind: the reader asserts it, whatever the line has
awk '$1 == ".Nm" { if (line != "") print line; line = "" }
     $1 == ".Cm" { line = $2 " " $3 }
     $1 == ".Ar" { for (i = 2; i <= NF && substr($i, 1, 1) != "["; i++) if ($i != "...") line = line " nothing/x" }
     $1 == ".Fl" { split($4, choice, "|"); line = line " -" $2 "=" ($4 ~ /^[a-z]/ ? choice[1] : "nothing/x") }
     END { print line }' synopsis >lines
check 'there is a line for every verb' test "$(wc -l <lines)" = "$(grep -c '^[.]Cm' synopsis)"
while read -r line; do
    # shellcheck disable=SC2086
    ASSAY_SOCKET=nothing/x timeout 60 "$ASSAY" $line </dev/null >stdout 2>stderr
    got=$?
    checks=$((checks + 1))
    [ $got -lt 124 ] || wrong "exit status $got: assay $line: $(cat stderr)"
    case $line in setup*) continue ;; esac # it asks for what is missing
    grep -q -- '--[a-z-]* [^ ]* is missing: \|expected .*, found .* argument\|is not a subcommand' stderr &&
        wrong "the line is not valid: assay $line: $(cat stderr)"
done <lines
# --- and no group has one that no verb has
find "$ROOT/apps/assay" -name '*.[ch]' -exec cat {} + | tr -d '\\\n' |
    grep -oE '\{ *"[a-z-]+", *[.](flag|text|number|ms|time|take) =' | sed 's/^{ *"//; s/".*//' | sort -u >taken
cut -d' ' -f2 table | sort -u >had
check "options are read that no verb has: $(comm -23 taken had | tr '\n' ' ')" test -z "$(comm -23 taken had)"
check 'most are read by their names' test "$(wc -l <taken)" -gt 100

# --- help: everywhere, with examples
expect 0 'exit status: 0 done, 1 system error, 2 usage; others depend on the command' "$ASSAY" --help
case $out in *'  assay setup local net --start '*) ;; *) wrong "no example to start with: $out" ;; esac
sections=$(printf '%s\n' "$out" | sed -n '/^examples/q;s/^\([a-z ]*\):$/\1/p' | tr '\n' ,)
check "sections of help: $sections" test "$sections" = \
    'daily,members and rules,verification,recovery,services,development,'
check 'there are groups' test "$(wc -l <groups)" -gt 20
while read -r group; do
    expect 0 "usage: assay $group" "$ASSAY" "$group" --help
    expect 0 "usage: assay $group" "$ASSAY" help "$group"
done <groups
awk '$1 == ".Cm" { print $2, $3 }' synopsis >verbs
while read -r group verb; do
    # shellcheck disable=SC2086
    expect 0 'examples:' "$ASSAY" $group $verb --help
    case $out in *"  assay $group"*'exit status:'*) ;; *) wrong "help of $group $verb: $out" ;; esac
    check "help of $group $verb fits a terminal" test "$(printf '%s\n' "$out" |
        grep -v '^  assay' | awk '{ if (length($0) > m) m = length($0) } END { print m }')" -le 80
    check "no summary of $group" grep -qx "$group" groups
done <verbs

# --- a status that a command ends with is in its help, and one that it never ends with is not
listed() { # listed COMMAND...: the statuses of its help, in a line
    "$ASSAY" "$@" --help | sed -n '/^exit status:/,$p' | tr -s ' \n' ' ' | sed 's/^exit status: //;s/, /\n/g' |
        sed -n 's/^\([0-9][0-9]*\) .*/\1/p' | tr '\n' ' '
}
ends() { # ends STATUS WORDS [ARGUMENT...]: `assay WORDS ARGUMENT...` ends so, as its help says
    status=$1 words=$2
    shift 2
    # shellcheck disable=SC2086
    expect "$status" '' "$ASSAY" $words "$@"
    # shellcheck disable=SC2086
    found=$(listed $words)
    case " $found " in *" $status "*) ;; *) wrong "assay $words: $status is not in its help: $found" ;; esac
}
lacks() { # lacks STATUS WORDS
    # shellcheck disable=SC2086
    case " $(listed $2) " in *" $1 "*) wrong "assay $2 never ends with $1: $(listed $2)" ;; esac
}
for words in 'keys show' 'genesis show' 'change show' 'policy show' 'collateral show' 'evidence decode' 'audit orders' \
    'store inspect' 'recover show' 'tpm crl' 'recover submit'; do
    ends 5 "$words" nothing
done
for words in 'config check' 'config show' 'completion man-page'; do
    ends 2 "$words" nothing
    lacks 5 "$words"
done
ends 2 'config diff' nothing nothing
ends 2 'genesis create' nothing --out genesis.new
ends 1 'keys generate' no/such/folder --name x
ends 1 'keys operator' no/such/key
ends 1 'soft ca' no/such/folder
ends 1 'tpm registrar' no/such/folder
for words in 'config diff' 'genesis create' 'keys generate' 'soft ca' 'tpm registrar'; do
    lacks 5 "$words"
done
for words in status nodes top export checkpoint 'enforce show' 'recover status' 'doctor net'; do
    ends 3 "$words" --socket nothing.sock
done
ends 0 'debug bundle' --out bundle.tar --socket nothing.sock
for words in 'debug bundle' doctor; do lacks 3 "$words" && lacks 7 "$words"; done
for words in status 'completion bash'; do lacks 5 "$words"; done

# --- and the table of docs/command-line.md 7 has a word about it, where a status is no matter of course
while read -r group verb; do
    # shellcheck disable=SC2086
    for status in $(listed $group $verb); do
        case $status in 0 | 1 | 2 | 3 | 5 | 6 | 7 | 13) continue ;; esac # as the table says of every command
        row=$(grep -m1 "^| $status |" "$ROOT/docs/command-line.md")
        checks=$((checks + 1))
        case $group:$row in
        *"\`$group $verb\`"* | *"\`$group\`"* | evidence:*"| evidence: "*) ;;
        *) wrong "row $status of docs/command-line.md 7 lacks assay $group $verb" ;;
        esac
    done
done <verbs

# --- --json: every verb has it, but those whose output is no document of ours: text, pictures, files
without_json() {
    awk '$1 == ".Cm" { if (verb != "" && !json) print verb; verb = $2 " " ($3 ~ /^[a-z]/ ? $3 : ""); json = 0 }
         /^[.](Op )?Fl -json/ { json = 1 }
         END { if (!json) print verb }' "$1" | sed 's/ $//' | sort
}
printf '%s\n' 'completion bash' 'completion fish' 'completion man-commands' 'completion man-page' 'completion zsh' \
    'evidence explain' 'policy export' 'policy import' top >expected
without_json synopsis >had
check "verbs without --json: $(diff expected had)" cmp expected had
grep -v 'Fl -json' synopsis | without_json /dev/stdin >had
check 'looking for --json can fail' test "$(wc -l <had)" -gt 60

# --- errors for people: the word that is wrong
expect 2 '"--polcy"; did you mean "--policy"?' "$ASSAY" evidence verify q --polcy p
expect 2 '"s" is not a subcommand' "$ASSAY" node s
expect 2 'is not a command; did you mean "status"?' "$ASSAY" statsu
expect 2 '"detail": "\"statsu\" is not a command' "$ASSAY" statsu --json
expect 2 'assay: "statsu" is not a command' "$ASSAY" statsu -- --json
expect 2 '"ndoes" is not a command; did you mean "nodes"?' "$ASSAY" ndoes
expect 2 '--timeout: expected 1 to 3600000 milliseconds, found "0"' "$ASSAY" nodes --timeout 0
expect 2 '--since: expected a number from 0, found "x"' "$ASSAY" export --since x
expect 2 '--sequence: expected ' "$ASSAY" keys rotate --identity --config x --out y --sequence 9223372036854775808
expect 2 'Either --for, or --fmspc, --ca and --tee' "$ASSAY" collateral fetch --out d
for url in http://127.0.0.1:1/ https:/// https://name@host/ host; do
    expect 2 "--pccs: \"$url\": expected https:// and a host" "$ASSAY" collateral fetch --fmspc 00606a000000 \
        --ca platform --tee sgx --out d --pccs $url
done
expect 2 '--kds: "http://h/": expected https:// and a host' "$ASSAY" collateral fetch --for q --out d --kds http://h/
expect 2 '--store and --genesis go together' "$ASSAY" change show f --store x

# --- options behind a verb are read, whatever the environment wants of them
expect 3 'is assayd running' env POSIXLY_CORRECT=1 "$ASSAY" enforce hold --reason x --socket nothing.sock

# --- errors for programs: one document on stdout, the words on stderr
json_error() { # json_error STATUS CODE COMMAND...
    want=$1 code=$2
    shift 2
    checks=$((checks + 1))
    "$@" >stdout 2>stderr </dev/null
    got=$?
    [ "$got" -eq "$want" ] || wrong "expected exit status $want, found $got: $*"
    /usr/bin/python3 - "$code" <<'END' || wrong "no document of an error: $*: $(cat stdout)"
import json, sys
d = json.load(open("stdout"))
assert d["schema"] == "assay.error" and d["schema_version"] == 1, d
assert d["data"]["code"] == sys.argv[1] and len(d["data"]["detail"]) > 8, d
END
    check "people are told as well: $*" test -s stderr
}
json_error 2 usage "$ASSAY" audit replay store --genesis genesis --json --table
json_error 3 unreachable "$ASSAY" status --json --socket nothing.sock
json_error 3 unreachable "$ASSAY" nodes --socket nothing.sock --json
json_error 2 usage "$ASSAY" nodes --json --timeout never
json_error 2 usage "$ASSAY" nodes --json --sockt x
json_error 2 usage "$ASSAY" change draft --json --out x
json_error 2 usage "$ASSAY" evidence verify --json
json_error 5 not_found "$ASSAY" store inspect nothing --json
json_error 5 not_found "$ASSAY" audit orders nothing --json
json_error 3 unreachable "$ASSAY" enforce show --json --socket nothing.sock

# --- completions, as the build makes them
sh "$ROOT/cmake/assay_pages.sh" "$ASSAY" "$ROOT/docs/man/assay.1" printed ||
    wrong 'completions and manual could not be made'
cp "$ROOT/completions/"* printed
printf '.Nm assay\n' >no.1
expect 1 'has no generated part' sh "$ROOT/cmake/assay_pages.sh" "$ASSAY" "$PWD/no.1" other

# --- bash completes, for real
completes() { # completes "LINE": what bash offers at its end, sorted
    file=programs.bash function=_assay_program
    case $1 in 'assay '*) file=assay.bash function=_assay ;; esac
    PATH=$BIN:$PATH bash --norc --noprofile -c '
        . "$1"
        line=$3
        read -ra COMP_WORDS <<<"$line"
        case $line in *" ") COMP_WORDS+=("") ;; esac
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        $2 "${COMP_WORDS[0]}"
        printf "%s\n" "${COMPREPLY[@]}"' - "$WORK/printed/$file" $function "$1" | sort | tr '\n' ' '
}
offers() { # offers "LINE" "WORDS"
    checks=$((checks + 1))
    found=$(completes "$1")
    [ "$found" = "$2 " ] || wrong "\"$1\" offers \"$found\", not \"$2\""
}
mkdir folder
: >file.quote
offers 'assay evi' 'evidence'
offers 'assay genesis ' 'create show sign'
offers 'assay evidence v' 'verify'
offers 'assay evidence verify --col' '--collateral'
offers 'assay nodes --' '--help --json --socket --timeout'
offers 'assay permit --class ' 'critical normal'
offers 'assay evidence verify --kind sgx' 'sgx-v3 sgx-v4 sgx-v5'
offers 'assay evidence verify --collateral fo' 'folder'
offers 'assay evidence verify fil' 'file.quote'
offers 'assay proof verify --ch' '--checkpoint'
offers 'assay proof node-1 --b' '--bare'
# Programs beside it: what their help says.
offers 'assayd --' '--check-config --config --help --set --version'
offers 'assayd --config fil' 'file.quote'
offers 'assay-sim tw' 'twins'
offers 'assay-sim run badm' 'badmouthing'
offers 'assay-sim run fil' 'file.quote'
offers 'assay-sim run x --out fo' 'folder'
offers 'assay-sim show --' '--help --json --seed --set'
offers 'assay-demo --story ' 'identity life services trial'
offers 'assay-holder --ch' '--check-config'
for program in assayd assay-sim assay-demo assay-enclave assay-replica assay-holder assay-executor assay-signer; do
    check "bash registers $program" bash --norc -c '. "$1"; complete -p "$2" | grep -q _assay_program' - \
        printed/programs.bash $program
done
check 'what bash registers' bash --norc -c '. "$1"; complete -p assay | grep -q _assay' - printed/assay.bash
for shell in zsh fish; do
    command -v $shell >/dev/null || continue
    for name in assay programs; do
        file=printed/$([ $shell = zsh ] && echo _$name || echo $name.fish)
        check "$shell reads $file" $shell -n "$file"
    done
done

# --- the first line of a plan that does not do says why, and its status is not the only word of it
first_line() { printf '%s\n' "$out" | head -1; }
expect 11 'traffic' "$ASSAY" plan --members 10 --epoch 100 --rtt 300
check "why 11: $(first_line)" [ "$(first_line)" = 'FAIL: epoch 100 ms < 2400 ms (round trip)' ]
expect 11 'FAIL: no epoch suffices for a round trip of 5000 ms' "$ASSAY" plan --members 10 --epoch 60000 --rtt 5000
expect 10 ' 1 core, ' "$ASSAY" plan --members 100 --epoch 1000 --cores 1 --link 10
case $(first_line) in 'WARN: '*' % of this machine, expected 100 % or less') ;; *) wrong "why 10: $out" ;; esac
expect 0 ' hours (node.history_epochs' "$ASSAY" plan --members 10 --epoch 1000 --history 10000
case $(first_line) in 'a node of 10 members'*) ;; *) wrong "nothing is wrong: $out" ;; esac
expect 10 '"verdict": "WARN: ' "$ASSAY" plan --members 100 --epoch 1000 --cores 1 --link 10 --json

finish
