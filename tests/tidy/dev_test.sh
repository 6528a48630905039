#!/bin/sh
# tests/tidy/dev_test.sh - the script `dev`, with a machine played by small stand-ins.
#
# dpkg-query, apt-get, apt-cache, sudo, id, cmake and ctest are programs in a folder that comes first in
# PATH: they write down how they were called and do what the case wants. So the set-up is tried on
# machines that this one is not: without packages, without root, with package lists out of date.
#
# usage: dev_test.sh ROOT
set -eu
export LC_ALL=C

root=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
fake=$tree/fake calls=$tree/calls
mkdir -p "$fake" "$tree/tests"
cp "$root/dev" "$tree/dev"
cp "$root/tests/count.awk" "$tree/tests/"
export calls fake XDG_CACHE_HOME="$tree/cache"
failures=0 checks=0

stand_in() {
    { echo '#!/bin/sh'; echo "echo \"\${0##*/} \$*\" >>\"\$calls\""; cat; } >"$fake/$1"
    chmod +x "$fake/$1"
}

# A machine where everything is installed, and the caller is root.
machine() {
    rm -rf "$tree/build"
    : >"$calls"
    echo >"$fake/installed"
    # "installed" lists what is missing; apt-get install empties it.
    stand_in dpkg-query <<'END'
shift 2
for package; do grep -qx "$package" "$fake/installed" || echo "ii $package"; done
END
    stand_in apt-cache <<'END'
exit 0
END
    stand_in apt-get <<'END'
case "$*" in *install*) : >"$fake/installed" ;; esac
END
    stand_in id <<'END'
echo 0
END
    stand_in find <<'END'
echo /var/lib/apt/lists
END
    stand_in cmake <<'END'
exit 0
END
    stand_in ctest <<'END'
case "$*" in
*"-j 1 -R"*) cat "$fake/alone-output" ;;
*"-L network"*) cat "$fake/network-output" ;;
*) cat "$fake/ctest-output" ;;
esac 2>/dev/null
END
    rm -f "$fake/ctest-output" "$fake/network-output" "$fake/alone-output" "$fake/sudo"
}

dev() {
    status=0
    output=$(PATH="$fake:$PATH" "$tree/dev" "$@" </dev/null 2>&1) || status=$?
}

# check WHAT: the last command of the case; a reason to stop is printed with what was seen.
wrong() {
    echo "dev_test: $1 (status $status)"
    printf '%s\n' "$output"
    cat "$calls"
    failures=$((failures + 1))
}
status_is() { checks=$((checks + 1)); [ "$status" -eq "$1" ] || wrong "expected status $1"; }
says() {
    checks=$((checks + 1))
    case "$output" in *"$1"*) ;; *) wrong "expected the words '$1'" ;; esac
}
last_line_is() {
    checks=$((checks + 1))
    [ "$(printf '%s\n' "$output" | tail -n 1)" = "$1" ] || wrong "expected '$1' as the last line"
}
called() { checks=$((checks + 1)); grep -q -- "$1" "$calls" || wrong "expected the call '$1'"; }
not_called() { checks=$((checks + 1)); ! grep -q -- "$1" "$calls" || wrong "unexpected call '$1'"; }

machine
dev help
status_is 0; says "usage: ./dev COMMAND"
dev nonsense
status_is 2; says 'unknown command "nonsense"'; says "./dev help"
for command in build test check bench soak fuzz package differential; do
    dev "$command" --help
    status_is 0; says "usage: ./dev $command"
    dev help "$command"
    status_is 0; says "usage: ./dev $command"
done
dev test --nonsense
status_is 2; says "./dev help test"
dev fuzz --seconds soon
status_is 2
dev package --sign
status_is 2; says "./dev help package"
not_called apt-get

# Nothing is missing: apt is left alone.
machine
dev build
status_is 0; not_called apt-get; called "cmake --preset release"
called "cmake --build --preset release"

# Something is missing: it is installed, without an update while the lists are fresh.
machine
printf 'cmake\nlibzmq3-dev\n' >"$fake/installed"
dev build
status_is 0; called "apt-get .*install -y --no-install-recommends cmake libzmq3-dev"
not_called "apt-get .*update"; says "Installing 2 missing packages"

# The lists are missing or old, or do not know a package: update comes first.
machine
echo cmake >"$fake/installed"
stand_in find <<'END'
exit 0
END
dev build
status_is 0; called "apt-get .*update"; called "apt-get .*install"
machine
echo cmake >"$fake/installed"
stand_in apt-cache <<'END'
exit 100
END
dev build
status_is 0; called "apt-get .*update"; called "apt-get .*install"

# A young list that names a version which is gone: update, and once more.
machine
echo cmake >"$fake/installed"
stand_in apt-get <<'END'
case "$*" in
*update*) touch "$fake/updated" ;;
*install*) [ -f "$fake/updated" ] || exit 100; : >"$fake/installed" ;;
esac
END
dev build
status_is 0; called "apt-get .*update"
rm -f "$fake/updated"

# apt-get fails for good, or claims success and installs nothing: said, with status 1.
machine
echo cmake >"$fake/installed"
stand_in apt-get <<'END'
echo "no space left on device"; exit 100
END
dev build
status_is 1; says "no space left on device"; says "apt-get update failed"; not_called "cmake --preset"
machine
echo cmake >"$fake/installed"
stand_in apt-get <<'END'
exit 0
END
dev build
status_is 1; says "still missing"

# Not root: with sudo through sudo, without it a message that says what to type.
machine
echo cmake >"$fake/installed"
stand_in id <<'END'
echo 1000
END
stand_in sudo <<'END'
[ "$1" != -n ] || exit 0
exec "$@"
END
dev build
status_is 0; called "sudo env DEBIAN_FRONTEND=noninteractive apt-get"
machine
echo cmake >"$fake/installed"
stand_in id <<'END'
echo 1000
END
stand_in sudo <<'END'
exit 1
END
dev build
status_is 1; says "apt-get install --no-install-recommends cmake"; not_called "^apt-get"

# Packages: what Debian's tools need is installed, and the version is handed on.
machine
mkdir -p "$tree/packaging"
printf 'echo "build.sh $*" >>"$calls"\n' >"$tree/packaging/build.sh"
printf 'debhelper\nlintian\n' >"$fake/installed"
dev package --version 1.2
status_is 0; called "apt-get .*install -y --no-install-recommends debhelper lintian"
called "^build.sh build/package/debs --version 1.2$"
printf 'exit 1\n' >"$tree/packaging/build.sh"
dev package
status_is 1
rm -r "$tree/packaging"

# A build that fails shows the end of its log.
machine
stand_in cmake <<'END'
case "$*" in *--build*) echo "base/cbor.c:3: error"; exit 1 ;; esac
END
dev build
status_is 1; says "base/cbor.c:3: error"; says "building release failed"

# Without Criterion a user's build does without tests; `test` installs it.
machine
echo libcriterion-dev >"$fake/installed"
dev build
status_is 0; not_called apt-get; called "cmake --preset release -DBUILD_TESTING=OFF"

# The browser that opens the reports is the tests' need alone: `build` leaves it, `test` installs it.
machine
echo chromium >"$fake/installed"
dev build
status_is 0; not_called apt-get
dev test
called "apt-get .*install -y --no-install-recommends chromium"

# Counting: cases of Criterion, plain programs, skips (what a filter leaves out is none), a leak after all cases passed, a time-out.
machine
cat >"$fake/ctest-output" <<'END'
test 1
1: [PASS] a::b: (0.00s)
1: [SKIP] a::c: no vectors
1: [SKIP] a::d: Test is disabled
1: [====] Synthesis: Tested: 5 | Passing: 5 | Failing: 0 | Crashing: 0 
1/2 Test #1: test_base_cbor ...................   Passed    0.05 sec
4: Test command: /tests/test_one_of_two "-j1" "--filter" "*/one"
4: [SKIP] b::two: Test is disabled
4: [====] Synthesis: Tested: 1 | Passing: 1 | Failing: 0 | Crashing: 0 
4/4 Test #4: test_one_of_two ..................   Passed    0.05 sec
2/2 Test  #2: tidy ............................   Passed    0.10 sec
   3/3 Test  #3: long_runs .......................***Not Run (Disabled)   0.00 sec
END
dev test
status_is 0; last_line_is "14 passed, 0 failed, 4 skipped" # dev and release both answer alike
called 'ctest --test-dir build/dev .*-LE network|search$'; called 'ctest --test-dir build/release .*-LE network|(turn|third)\[^0\]'
SECONDS=3500 dev test # a slow machine
says 'No faults are planted'; called 'build/release .*-E ^(planted_|sim_mutants_(build|\[1-6\])|sim_sound_|evm_faults_)'
called 'ctest --test-dir build/release .*-LE network|(turn|third)\[^0\]|third$'; status_is 0
SECONDS=2500 dev check --only test
called 'ctest --test-dir build/release .*-LE network$'; status_is 0
cat >"$fake/ctest-output" <<'END'
1: [====] Synthesis: Tested: 6 | Passing: 4 | Failing: 2 | Crashing: 1 
1/4 Test #1: test_a ...........................***Failed    0.05 sec
2: [====] Synthesis: Tested: 3 | Passing: 3 | Failing: 0 | Crashing: 0 
2/4 Test #2: test_leaks .......................***Failed  Error regular expression found in output. 0.1 sec
3/4 Test #3: plain_hangs ......................***Timeout   300.0 sec
4: [====] Synthesis: Tested: 0 | Passing: 0 | Failing: 0 | Crashing: 0 
4/4 Test #4: test_empty .......................   Passed    0.01 sec
5/5 Test #5: plain_skips ......................***Skipped   0.01 sec
END
dev test
status_is 1; last_line_is "14 passed, 10 failed, 2 skipped"; says "plain_hangs"; says "test_leaks"
rm "$fake/ctest-output"
dev test --filter nothing
status_is 1; last_line_is "0 passed, 0 failed, 0 skipped"; called "ctest .*-R nothing"

# A network of daemons that failed beside others runs again alone; what fails there, or does not end, has failed.
machine
cat >"$fake/network-output" <<'END'
1: FAILED: node-2 closes epochs
1: [SKIP] a::c: no vectors
1: [====] Synthesis: Tested: 5 | Passing: 4 | Failing: 1 | Crashing: 0
11: said by another
1/3 Test  #1: net_late ........................***Failed   9.01 sec
2/3 Test #22: net_good ........................   Passed   1.01 sec
3/3 Test  #3: net_skips .......................***Skipped   0.01 sec
END
echo '1/1 Test  #1: net_late ........................   Passed   2.01 sec' >"$fake/alone-output"
dev test
status_is 0; last_line_is "4 passed, 0 failed, 2 skipped"
says "Failed beside others, again alone: net_late (build/log/test-dev-network.log)"
called 'ctest .*-j 1 -R ^(net_late)\$ -L network'
echo '1/1 Test  #1: net_late ........................***Failed   2.01 sec' >"$fake/alone-output"
dev test
status_is 1; last_line_is "2 passed, 2 failed, 2 skipped"
: >"$fake/alone-output"
dev test
status_is 1; last_line_is "10 passed, 2 failed, 4 skipped" # what it said first stands
rm "$fake/network-output" "$fake/alone-output"

# Coverage: below a floor of lines or of branches `check` fails and names the room; without a number, too.
machine
stand_in gcovr <<'END'
cat "$fake/coverage"
END
for program in git clang-tidy; do
    stand_in $program <<'END'
exit 0
END
done
cat >"$fake/ctest-output" <<'END'
1/1 Test #1: test_base_cbor ...................   Passed    0.05 sec
END
coverage_is() { printf 'lines: %s%% (1 out of 1)\nbranches: %s%% (1 out of 1)\n' "$1" "$2" >"$fake/coverage"; }
coverage_is 95.0 90.0
dev check --seconds 0
says "quote: 95 % of lines executed, floor 95 %; 90 % of branches, floor 90 %"
says "coverage    ok"
called "gcovr .*exclude-branches-by-pattern .*ASSAY_(ASSERT|UNREACHABLE)"
called "gcovr .*-f quote/\.\*"
coverage_is 94.9 99.0
dev check --seconds 0
status_is 1; says "coverage    FAILED"
coverage_is 99.0 89.9
dev check --seconds 0
status_is 1; says "quote: 99 % of lines executed, floor 95 %; 89 % of branches, floor 90 %"; says "coverage    FAILED"
: >"$fake/coverage"
dev check --seconds 0
status_is 1; says "quote: no % of lines"
# One part alone, and a part that there is not.
: >"$calls"
coverage_is 95.0 90.0
dev check --only coverage
status_is 0; last_line_is "  coverage    ok"; not_called "cmake --preset clang"
: >"$calls"
dev check --only coverage,tea
status_is 2; says "no part \"tea\"; there are test release"; not_called "gcovr"
rm -f "$fake/gcovr" "$fake/git" "$fake/clang-tidy" "$fake/coverage" "$fake/ctest-output"

echo "dev_test: $checks checks, $failures wrong"
[ $failures -eq 0 ]
