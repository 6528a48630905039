#!/bin/sh
# examples/evidence: every command that its page prints, and what changes the answer.
. "$(dirname "$0")/../lib.sh"
ROOT=$(cd "$(dirname "$0")/../../../.." && pwd)
cd "$WORK" || exit 2
mkdir examples
cp -r "$ROOT/examples/evidence" examples/evidence

# --- the commands, as they are printed
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' examples/evidence/README.md >commands
check 'there are commands' test "$(wc -l <commands)" -eq 5
while read -r line; do
    expect 0 '' sh -c "PATH=$BIN:\$PATH; $line"
    case $line in
    *verify*) want='verdict     affirming' ;;
    *explain*) want='a quote of an Intel TDX domain, format version 4' ;;
    *decode*) want=tdx-v4 ;;
    *'policy try'*) want=affirming ;;
    *) want=tcb ;;
    esac
    case $out in *"$want"*) ;; *) wrong "no \"$want\": $line: $out" ;; esac
done <commands

# --- and what its page says will change the answer
verify() { "$ASSAY" evidence verify "$@" --collateral examples/evidence/collateral; }
expect 11 'the chain does not end in a pinned root key' verify examples/evidence/quote.bin
/usr/bin/python3 - <<'END'
quote = bytearray(open("examples/evidence/quote.bin", "rb").read())
quote[300] ^= 1
open("changed.bin", "wb").write(quote)
END
expect 11 'quote-signature' verify changed.bin --root examples/evidence/root_ca.pem
sed 's/state: allowed/state: denied/' examples/evidence/policy.yaml >denied.yaml
expect 11 'measurement-' verify examples/evidence/quote.bin --policy denied.yaml
expect 12 '' verify examples/evidence/quote.bin --root examples/evidence/root_ca.pem --at 2034-01-01T00:00:00Z

finish
