# tests/count.awk - count single test cases in the output of `ctest -V`.
#
# In: the log; -v counts=FILE. Appends one line "passed failed skipped" per test program to FILE and
# prints Criterion's own summaries. A Criterion program counts its cases, by its synthesis line and its
# [SKIP] lines; any other program counts as one. A program that failed though its cases passed (a leak, a
# crash outside a case, a time-out, no case at all) counts as one failure more, so that nothing is lost.

# "7: text": a line printed by test program number 7
/^[0-9]+: / {
    number = $1 + 0
    said[number, ++lines[number]] = $0
    if ($2 == "Test" && $3 == "command:" && / "--filter" /) filtered[number] = 1
    # Of what a filter leaves out it says the same as of what is disabled; another build runs that.
    if ($2 == "[SKIP]" && !(filtered[number] && /: Test is disabled$/)) skips[number]++
    if ($0 ~ /^[0-9]+: \[====\] Synthesis: Tested: /) {
        criterion[number] = 1
        line = $0
        sub(/^[0-9]+: /, "", line)
        synthesis[number] = line
        for (i = 2; i < NF; i++) {
            if ($i == "Passing:") passing[number] = $(i + 1) + 0
            if ($i == "Failing:") failing[number] = $(i + 1) + 0 # the crashed ones are among them
        }
    }
}

# " 3/41 Test  #7: test_quote_parse ......   Passed    0.05 sec"
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    if ($0 ~ /\*\*\*Not Run \(Disabled\)/) next # too long for this preset: another one runs it
    line = $0
    sub(/^.*Test +#/, "", line)
    number = line + 0
    sub(/^[0-9]+: /, "", line)
    name = line
    sub(/ .*/, "", name)
    ok = line ~ / Passed +[0-9.]+ sec/
    skipped = line ~ /\*\*\*Skipped/

    p = f = s = 0
    if (criterion[number]) {
        p = passing[number]
        f = failing[number]
        s = skips[number] + 0
        if (f == 0 && (!ok || p + s == 0)) f = 1
        printf("%s %s%s\n", name, synthesis[number], (s > 0 ? "| Skipped: " s : ""))
    } else if (skipped) {
        s = 1
    } else if (ok) {
        p = 1
    } else {
        f = 1
    }
    if (f > 0) {
        failed_names = failed_names "  " name "\n"
        if (!criterion[number]) {
            # The end of what a plain program said; Criterion's complaints are picked out below.
            first = lines[number] > 30 ? lines[number] - 29 : 1
            for (i = first; i <= lines[number]; i++)
                complaints = complaints "  " said[number, i] "\n"
        }
    }
    print p, f, s >> counts
}

# What a failed case said, again at the end, where it is seen.
/^[0-9]+: (\[FAIL\]|\[----\] .*(Assertion Failed|Unexpected signal))/ ||
/^[0-9]+: .*(runtime error: |ERROR: (Address|Leak)Sanitizer)/ {
    if (complaint_count++ < 60) complaints = complaints "  " $0 "\n"
}

END {
    if (failed_names != "") printf "Failed programs:\n%s%s", failed_names, complaints
}
