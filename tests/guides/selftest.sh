#!/bin/sh
# tests/guides/selftest.sh - the runner of guides finds what is wrong in one.
#
# usage: selftest.sh BIN
set -u
BIN=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/assay-selftest.XXXXXX)
trap 'rm -rf "$work"' EXIT
failures=0
checks=0

# guide STATUS TEXT: the guide on stdin ends the runner with this status, and it says TEXT.
guide() {
    cat >"$work/guide.md"
    out=$(/usr/bin/python3 "$here/run.py" "$work/guide.md" "$BIN" --seconds 6 2>&1)
    got=$?
    checks=$((checks + 1))
    case $out in *"$2"*) said=yes ;; *) said=no ;; esac
    [ $got -eq "$1" ] && [ $said = yes ] && return
    failures=$((failures + 1))
    printf 'FAILED: expected %d and "%s", found %d: %s\n' "$1" "$2" $got "$out" >&2
}

# --- what is true
guide 0 '5 blocks ran, 4 lines came as promised, 2 commands for hardware are known' <<'END'
# A guide
```yaml file=there/file.yaml
port: 7101
```
```sh
name=world; cd there
for n in 1 2; do sleep 30 & done
printf 'hello %s\nmore\nlast line is %d long\n' $name 12
```
```text
hello   world
...
last ... 12 long
```
## Second part
```sh exit=3
(exit 3)
```
```sh until=5
date +%N >>tries; wc -l <tries
```
```text
3
```
```sh
echo 127.0.0.1:7101 of 7100 ms >spoken; diff <(sed 's/port: /127.0.0.1:/; s/$/ of 7100 ms/' file.yaml) spoken
echo $name
kill $(jobs -pr); wait
```
```text
world
```
<!-- sh
touch hidden
-->
```sh hardware
sudo assay keys generate KEYS --name node-1
assayd --config assayd.yaml --check-config
modprobe tdx-guest
```
END

# --- what is not
guide 1 ':4: expected exit status 0, found 1 of `false`' <<'END'
```sh
# A line that is fine, and one that is not, and one that hides it.
true
false
true
```
END
guide 1 'node-1/log: why it ended' <<'END'
```sh
mkdir node-1; echo 'why it ended' >node-1/log; false
```
END
guide 1 ':2: expected exit status 0, found 127' <<'END'
```sh
assay-that-is-no-program
```
END
guide 1 ':5: expected "other"; it said:' <<'END'
```sh
echo one
```
```text
other
```
END
guide 0 '2 lines came as promised' <<'END'
```sh
echo one; echo two
```
```text any
two
one
```
END
guide 1 'expected exit status 0, found 1' <<'END'
```sh
true
```
<!-- sh until=1
false
-->
END
guide 1 ':6: expected "one"' <<'END'
```sh
echo one; echo two
```
```text
two
one
```
END
guide 1 'expected exit status 4, found 0' <<'END'
```sh exit=4
true
```
END
guide 1 'expected exit status 0, found 1' <<'END'
```sh until=1
false
```
END
guide 1 'no end within' <<'END'
```sh
sleep 100
```
END
guide 1 'the guide leaves processes behind: sleep' <<'END'
```sh
setsid sleep 100 &
```
END
guide 1 'a bug' <<'END'
```sh
echo 'x.c:1:1: runtime error: shift'
```
END
guide 1 '"assay keys generate" has no option --nmae' <<'END'
```sh
true
```
```sh hardware
assay keys generate KEYS --nmae node-1
```
END
guide 1 'no such command: "assay keys genrate"' <<'END'
```sh
true
```
```sh hardware
assay keys genrate KEYS
```
END
guide 1 'no such command: "assay kies"' <<'END'
```sh
true
```
```sh hardware
assay kies
```
END
guide 1 'this is no shell' <<'END'
```sh
true
```
```sh hardware
for n in 1 2; do assay status
```
END
# --- guides of which something would not be run
guide 1 'nothing of this guide would be run' <<'END'
# Words
END
guide 1 'neither run nor written to a file' <<'END'
```bash
assay status
```
END
guide 1 'unknown word "unless=5"' <<'END'
```sh unless=5
true
```
END
guide 1 'nothing of this guide would be run' <<'END'
```sh packages
true
```
END
guide 1 'this block has no end' <<'END'
```sh
true
END
guide 1 'would not be run' <<'END'
  ```sh
  true
  ```
END
guide 1 'no command whose words these are' <<'END'
```text
true
```
```sh
true
```
END
ASSAY_VECTORS=/nowhere; export ASSAY_VECTORS
guide 77 'ASSAY_VECTORS names no folder' <<'END'
<!-- needs: vectors -->
```sh
false
```
END

# --- what installs runs where packages are, and nowhere else; steps are noted
mkdir "$work/packages"
: >"$work/packages/some_1_all.deb"
cat >"$work/guide.md" <<'END'
# A guide
```sh packages
ls ./some_*.deb >installed
```
## What comes then
```sh
cat installed; echo "in ${monitoring:-the package}"
```
END
installs() { # installs STATUS TEXT OPTION...
    expected=$1 text=$2
    shift 2
    out=$(/usr/bin/python3 "$here/run.py" "$work/guide.md" "$BIN" --seconds 6 "$@" 2>&1)
    got=$?
    checks=$((checks + 1))
    case $out in *"$text"*) [ $got -eq "$expected" ] && return ;; esac
    failures=$((failures + 1))
    printf 'FAILED: packages: expected %d and "%s", found %d: %s\n' "$expected" "$text" $got "$out" >&2
}
installs 1 'of `cat installed`'
installs 0 '2 blocks ran' --packages "$work/packages" --table "$work/table"
checks=$((checks + 1))
[ "$(sed 's/[0-9.][0-9.]* |$/N |/' "$work/table" 2>/dev/null | tr '\n' ' ')" = \
    '| step | seconds | | --- | --- | | A guide | N | | What comes then | N | | all of it | N | ' ] || {
    failures=$((failures + 1))
    cat "$work/table" >&2
}
printf '```text\nin the package\n```\n' >>"$work/guide.md"
installs 0 '1 lines came as promised' --packages "$work/packages"

# --- links: a tree in which one thing after the other is broken
root=$(cd "$here/../.." && pwd)
links() { # links TEXT SED-EXPRESSION FILE: once this is done to that file, the links are wrong, and TEXT says how
    mkdir "$work/tree"
    cp -r "$root/docs" "$root/README.md" "$root/CONTRIBUTING.md" "$root/SECURITY.md" "$root/LICENSE" "$work/tree"
    sed -i "$2" "$work/tree/$3"
    out=$(/usr/bin/python3 "$here/links.py" "$work/tree" 2>&1)
    got=$?
    rm -rf "$work/tree"
    checks=$((checks + 1))
    case $out in *"$1"*) [ $got -eq 1 ] && return ;; esac
    failures=$((failures + 1))
    printf 'FAILED: links: expected "%s", found %d: %s\n' "$1" $got "$out" >&2
}
links 'leads nowhere' 's/(quick-start/(quick-begin/' docs/guides/concepts.md
links 'is not in the list' 's/(clocks/(disk-full/' docs/runbooks/README.md
links 'has no text' 's/!\[One epoch[^]]*\]/![One epoch]/' docs/guides/concepts.md
links 'for light pages alone' 's/prefers-color-scheme: dark/prefers-nothing/' docs/guides/images/epoch.svg
links 'leads nowhere' 's|runbooks/clocks|runbooks/clock|' docs/monitoring/alerts.yml
links 'says nothing of the alert' 's/AssayClockOff/AssayClock/' docs/runbooks/README.md
links 'no such heading' 's/(quick-start\([^)]*\))/(quick-start\1#the-beginning)/' docs/guides/concepts.md

# --- references: code or words that changed are noticed
reference() { # reference TEXT SED-EXPRESSION FILE
    mkdir "$work/tree"
    for f in base quote engine host net apps enforce docs; do cp -r "$root/$f" "$work/tree"; done
    sed -i "$2" "$work/tree/$3"
    out=$(/usr/bin/python3 "$here/reference.py" "$work/tree" check 2>&1)
    got=$?
    rm -rf "$work/tree"
    checks=$((checks + 1))
    case $out in *"$1"*) [ $got -eq 1 ] && return ;; esac
    failures=$((failures + 1))
    printf 'FAILED: references: expected "%s", found %d: %s\n' "$1" $got "$out" >&2
}
reference 'docs/reference/errors.md: is not what the code says' 's/no answer in time/no answer/' base/status.h
reference 'docs/reference/rules.md: is not what the code says' 's/Take the platform out/Leave the platform/' quote/result/fix.c
reference 'docs/reference/metrics.md: is not what the code says' 's/Length of an epoch/Duration/' net/http/metrics.c
reference 'docs/reference/events.md: is not what the code says' 's/ASSAY_SEVERITY_ERROR, "node_stopped"/ASSAY_SEVERITY_INFO, "node_stopped"/' net/runtime/runtime_step.c
reference "no words for ['ASSAY_E_LATE']" 's/ASSAY_E_TIMEOUT, 306/ASSAY_E_LATE, 306/' base/status.h
# Events that are not plain words beside the call: chosen by a condition, in a variable, handed on by a wrapper.
events='docs/reference/events.md: is not what the code says'
reference "$events" 's/broken ? "error" : "warning",/broken ? "warning" : "error",/' apps/enclave/supervisor.c
reference "no words for ['one_way', 'or_other']" \
    's/ASSAY_SEVERITY_INFO, "state")/ASSAY_SEVERITY_INFO, number > 0 ? "one_way" : "or_other")/' net/runtime/runtime_signals.c
reference "no words for ['renamed']" 's/ASSAY_SEVERITY_ERROR, "stopped"/ASSAY_SEVERITY_ERROR, "renamed"/' \
    apps/daemon/node.c
reference 'which event is name_of(1)?' 's/ASSAY_SEVERITY_INFO, "state")/ASSAY_SEVERITY_INFO, name_of(1))/' net/runtime/runtime_signals.c
reference "no words for ['bans']" '/^bans:/d' docs/reference/words/counters.txt
reference "the code has no ['nobody']" '1i nobody: nothing' docs/reference/words/events.txt

[ $failures -eq 0 ] || exit 1
echo "$checks guides were judged rightly"
