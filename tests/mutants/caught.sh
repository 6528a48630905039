#!/bin/sh
# A planted fault is caught when the test that its entry names fails. The other tests of the program,
# and what it says on the way, count as nothing: one line tells, or everything when it was not caught.
#
# usage: caught.sh TEST PROGRAM ARGUMENT...
test=$1
shift
said=$("$@" 2>&1)
if printf '%s\n' "$said" | grep -q "^\[FAIL\] [a-z_]*::$test:"; then
    echo "caught by $test"
    exit 0
fi
printf '%s\n' "$said" | sed 's/^/| /'
echo "expected: $test fails; found: it does not"
exit 1
