#!/bin/sh
# The manual pages format without a warning, and name what the programs name.
. "$(dirname "$0")/lib.sh"
ROOT=$(cd "$(dirname "$0")/../../.." && pwd)
MAN=$WORK/man
mkdir "$MAN" && cp "$ROOT"/docs/man/*.[1-8] "$MAN"
sh "$ROOT/cmake/assay_pages.sh" "$ASSAY" "$ROOT/docs/man/assay.1" "$WORK/printed" || wrong 'assay.1 could not be made'
cp "$WORK/printed/assay.1" "$WORK/printed/commands/"* "$MAN"

# warnings PAGE: what the formatter has to say against it.
if command -v man >/dev/null && man --help 2>/dev/null | grep -q -- --warnings; then
    warnings() { MANWIDTH=80 man --warnings -E UTF-8 -l "$1" 2>&1 >"$WORK/page"; }
elif command -v groff >/dev/null; then
    warnings() { groff -mandoc -Tutf8 -ww "$1" 2>&1 >"$WORK/page"; }
else
    echo 'neither man nor groff is here' >&2
    exit 77
fi

for page in assay.1 assay-demo.1 assay-enclave.1 assay-executor.8 assay-holder.8 assay-policy.5 assay-replica.8 assay-signer.8 assayd.8 assayd.yaml.5; do
    said=$(warnings "$MAN/$page")
    check "$page formats without a warning: $said" test -z "$said"
    check "$page is a page" test "$(wc -l <"$WORK/page")" -gt 20
done
printf '.Dd November 20, 2026\n.Dt BROKEN 1\n.Os\n.Sh NAME\n.Nm broken\n.Nd x\n.Bl -tag\n.It a\n\\*[undefined-string]\n' \
    >"$WORK/broken.1"
said=$(warnings "$WORK/broken.1")
check 'a broken page is noticed' test -n "$said"

for key in $(sed -n '/^## 3/,/^## 4/s/^| `\([a-z_.]*\(\[\]\.[a-z]*\)\{0,1\}\)` |.*/\1/p' \
    "$ROOT/docs/configuration.md"); do
    check "assayd.yaml.5 says nothing of $key" grep -qF ".It Cm $key" "$MAN/assayd.yaml.5"
done
grep -E '^[.](It )?Cm ' "$MAN/assay-policy.5" >"$WORK/keys"
for key in $(sed -n '/^## 4/,/^Fields of/p' "$ROOT/docs/configuration.md" | sed -n 's/^| \(`.*\)` |.*| .*/\1/p' |
    sed 's/ |.*//' | grep -o '[a-z_]*\(\[\]\)\{0,1\}[a-z_.]*' | sed 's/^snp_tcb_min\.//' | sort -u); do
    check "assay-policy.5 says nothing of $key" grep -qwF -- "$key" "$WORK/keys"
done
for group in $(tr '\n' ' ' <"$ROOT/apps/assay/core/main.c" | grep -o '{ "[a-z]*", [^{}]*cli_command_' |
    sed 's/{ "\([a-z]*\)".*/\1/'); do
    page=$MAN/assay-$group.1
    check "assay.1 does not list assay $group" grep -qx "\.It Xr assay-$group 1" "$MAN/assay.1"
    said=$(warnings "$page")
    check "assay-$group.1 formats without a warning: $said" test -z "$said"
    check "assay-$group.1 is a page of its own" sh -c 'grep -q "^[.]Dd " "$1" && grep -q "^exit status: " "$1" &&
        ! grep "^[.]Ss assay " "$1" | grep -qv "^[.]Ss assay $2\( \|\$\)"' - "$page" "$group"
done
sections=$(sed -n 's/^[.]Ss Commands: //p' "$MAN/assay.1" | tr '\n' ,)
check "sections of assay.1 are those of --help: $sections" test "$sections" = \
    "$("$ASSAY" --help | sed -n '/^examples/q;s/^\([a-z ]*\):$/\1/p' | tr '\n' ,)"
for status in $(sed -n 's/^ *ASSAY_EXIT_[A-Z_]* = \([0-9]*\),.*/\1/p' "$ROOT/apps/assay/core/command.h"); do
    check "assay.1 says nothing of exit status $status" grep -qx "\.It $status" "$MAN/assay.1"
done
for option in $("$ASSAYD" --help | grep -oE '^ +--[a-z-]+' | sort -u); do
    check "assayd.8 says nothing of $option" grep -q -- "Fl -${option#--}" "$MAN/assayd.8"
done

finish
