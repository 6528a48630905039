#!/bin/sh
# What is given in the wrong place: files that are not there, or are no files; sockets that nobody answers; options
# that are missing. One text and one exit status in every command.
. "$(dirname "$0")/lib.sh"
E=$(cd "$(dirname "$0")/../../../examples/evidence" && pwd)
cd "$WORK" || exit 2
"$ASSAY" soft ca vendor --name Vendor >/dev/null
"$ASSAY" soft node vendor one --out platform.key >/dev/null
"$ASSAY" soft quote platform.key --program /bin/true --report-data "$(printf '5f%.0s' $(seq 64))" --out quote >/dev/null
"$ASSAY" keys operator operator.key >operator.pub
mkdir folder
mkfifo fifo

# --- a file that is not there: 5, "PATH: no such file", whatever reads it
none() { expect 5 'absent: no such file' "$ASSAY" "$@"; }
none evidence verify absent
none evidence explain absent
none evidence decode absent
none evidence verify quote --root absent
none evidence verify quote --policy absent
none evidence verify quote --collateral vendor --event-log absent
none ear verify absent --key operator.pub
none ear verify quote --key absent
none policy lint absent
none policy show absent
none policy diff absent absent
none collateral show absent
none collateral compare absent absent
none collateral submit absent
none proof verify absent --checkpoint absent
none audit verify absent --genesis absent
none audit replay absent --genesis absent
none audit orders absent
none store inspect absent
none store verify absent --genesis absent
none genesis show absent
none genesis sign absent --key absent
none checkpoint --file absent
none change show absent
none change sign absent --key operator.key
none recover show absent
none recover sign absent --key operator.key
none keys show absent
expect 5 '"code": "not_found"' "$ASSAY" evidence verify absent --json

# --- something else than a file is named as what it is, and does not hold the command
other() { # other WHAT PATH COMMAND...
    text="$2: is $1, expected a regular file"
    shift 2
    checks=$((checks + 1))
    out=$(timeout 20 "$ASSAY" "$@" 2>&1 </dev/null)
    got=$?
    case $out in *"$text"*) ;; *) wrong "expected \"$text\": $*: $out" ;; esac
    case $got in 1 | 2) ;; *) wrong "exit status $got: $*" ;; esac
}
for verb in 'evidence verify' 'evidence decode' 'policy lint' 'collateral compare folder' 'genesis show' 'change show' \
    'store inspect' 'checkpoint --file'; do
    # shellcheck disable=SC2086
    {
        case $verb in collateral*) ;; *) other 'a directory' folder $verb folder ;; esac
        case $verb in collateral*) ;; *) other 'a FIFO' fifo $verb fifo ;; esac
        case $verb in collateral*) ;; *) other 'a device' /dev/zero $verb /dev/zero ;; esac
    }
done
# What a shell hands over as a file is one, however late its writer begins.
expect 0 '"report_data"' sh -c "(sleep 0.2; cat quote) | '$ASSAY' evidence decode /dev/stdin --json"

expect 0 '"report_data"' sh -c "'$ASSAY' evidence decode - --json <quote"

# --- evidence that is none: what it is, and what to do first
truncate -s 3G huge
expect 13 'huge has 3221225472 bytes, expected at most 1048576' "$ASSAY" evidence verify huge
case $out in *'observed a longer file'*) ;; *) wrong "the reason is another one: $out" ;; esac
base64 quote >quote.base64
od -An -v -tx1 quote | tr -d ' ' >quote.hex
expect 0 '"report_data"' "$ASSAY" evidence decode quote.base64 --json
expect 0 '"report_data"' "$ASSAY" evidence decode quote.hex --json
"$ASSAY" evidence decode quote --json >plain.json
"$ASSAY" evidence decode quote.hex --json >hex.json
expect 0 '' cmp plain.json hex.json
base64 plain.json >json.base64
expect 13 'json.base64 is JSON, expected evidence' "$ASSAY" evidence verify json.base64
head -c 3000 /dev/zero >bytes
expect 13 'bytes is binary data of no known kind, expected evidence' "$ASSAY" evidence verify bytes
expect 13 '--kind is sgx-v3, but the bytes declare tdx-v4' "$ASSAY" evidence verify "$E/quote.bin" \
    --collateral "$E/collateral" --kind sgx-v3
expect 2 'give --collateral DIR (the folder of the SOFT vendor, made by assay soft ca)' "$ASSAY" evidence verify quote
expect 2 'give --collateral DIR (assay collateral fetch gets it)' "$ASSAY" evidence verify "$E/quote.bin"
expect 2 '--socket is given twice' "$ASSAY" status --socket a --socket b
expect 2 '--policy is given twice' "$ASSAY" evidence verify quote --policy a --policy b

# --- a socket: what is wrong with it, and what to do
expect 3 'no such socket; is assayd running' "$ASSAY" status --socket nothing.sock
expect 3 'is a regular file, expected the admin socket' "$ASSAY" status --socket quote
expect 3 'is a directory, expected the admin socket' "$ASSAY" change list --socket folder
expect 3 'is an address of HTTP, expected the path of a UNIX socket' "$ASSAY" nodes --socket 127.0.0.1:8080
expect 3 'is an address of HTTP' "$ASSAY" checkpoint --socket http://127.0.0.1:8080/
expect 0 '' /usr/bin/python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("left.sock")'
expect 3 'no daemon listens on this socket, which a daemon that exited left behind' "$ASSAY" status --socket left.sock
/usr/bin/python3 - <<'END' &
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("other.sock")
os.chmod("other.sock", 0o600)
s.listen(8)
while True:
    c, _ = s.accept()
    try:
        c.recv(4096)
        c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n\n")
    except OSError: # one that only tried whether the socket takes it
        pass
    c.close()
END
started="$started $!"
check 'a socket of another program' until_true 10 test -S other.sock
expect 3 'not one of assayd' "$ASSAY" status --socket other.sock

# --- a daemon that answers with an error: as its exit status
/usr/bin/python3 - <<'END' &
import json, os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("errors.sock")
os.chmod("errors.sock", 0o600)
s.listen(8)
while True:
    c, _ = s.accept()
    words = c.recv(4096).decode().split()
    if words[:1] == ["key-proof"]:
        error = {"code": words[1], "detail": "of " + words[1]}
        c.sendall(json.dumps({"schema": "assay.error", "data": error}).encode() + b"\n")
    c.close()
END
started="$started $!"
check 'a socket with errors' until_true 10 test -S errors.sock
for code in not_found not_closed lists_missing; do
    expect 5 "of $code" "$ASSAY" proof $code --keys --out proof --socket errors.sock
done
expect 1 'of another' "$ASSAY" proof another --keys --out proof --socket errors.sock

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$WORK"
    expect 3 "permission denied for user 65534; run as the daemon's user (root, 0) or in its group (root, 0)" \
        setpriv --reuid=65534 --regid=65534 --clear-groups "$ASSAY" status --socket "$WORK/other.sock"
fi

# --- everything that is missing, at once
expect 2 '--genesis FILE is missing' "$ASSAY" audit verify
for text in 'expected STORE, found no argument' 'usage: assay audit verify'; do
    case $out in *"$text"*) ;; *) wrong "audit verify does not say \"$text\": $out" ;; esac
done
expect 2 '--key FILE is missing' "$ASSAY" share put
for text in '--name TEXT is missing' '--reader ACCOUNT is missing' '--out FILE is missing' 'found no argument'; do
    case $out in *"$text"*) ;; *) wrong "share put does not say \"$text\": $out" ;; esac
done

# --- values that are none are named with what was found; the wrong file is called what it is
expect 2 '--report-data: expected 1 to 64 bytes in hexadecimal, found "zz"' "$ASSAY" evidence verify "$E/quote.bin" \
    --collateral "$E/collateral" --report-data zz
expect 2 'printable ASCII, found 5: "short"' "$ASSAY" evidence verify "$E/quote.bin" \
    --collateral "$E/collateral" --ear x --ear-key y --ear-nonce short
expect 2 'root_ca.pem: is a file, expected a folder' "$ASSAY" evidence verify "$E/quote.bin" --collateral "$E/root_ca.pem"
expect 13 'root_ca.pem is a certificate in PEM, expected evidence' "$ASSAY" evidence verify "$E/root_ca.pem" \
    --collateral "$E/collateral"
expect 2 '--at: "yesterday" is no RFC 3339 time' "$ASSAY" proof verify x --checkpoint y --at yesterday
expect 2 '--max-age: expected 1s to 49710d' "$ASSAY" proof verify x --checkpoint y --max-age 99999d
expect 2 '--max-age: expected 1s to 49710d' "$ASSAY" proof verify x --checkpoint y --max-age 0s
expect 2 '24h, 7d, found "x"' "$ASSAY" proof verify x --checkpoint y --max-age x
expect 0 'KIND: ' "$ASSAY" evidence verify --help

"$ASSAY" soft ca other >ca.out
"$ASSAY" keys operator op.key >op.pub
expect 13 'ca.key is the key of a SOFT vendor' "$ASSAY" evidence verify other/ca.key --collateral "$E/collateral"
expect 2 'other/ca.key: is the key of a SOFT vendor, expected a policy' "$ASSAY" policy show other/ca.key
expect 2 'other/ca.key: is the key of a SOFT vendor, expected a text in YAML' "$ASSAY" config check other/ca.key
expect 13 'op.key: is an operator key, expected a signed attestation result' "$ASSAY" ear verify op.key --key op.pub
expect 2 '--key other/ca.key: is the key of a SOFT vendor, expected a public key' "$ASSAY" ear verify op.key \
    --key other/ca.key
expect 13 'op.key: is an operator key, expected a genesis' "$ASSAY" audit verify x --genesis op.key
expect 2 'expected --format corim, found --format foo' "$ASSAY" policy export x --format foo --out y

# --- the files that task run makes and needs again are named in its help
expect 0 'task.store' "$ASSAY" task run --help

# --- the challenge: a rule of its own, all 64 bytes, never a prefix
judge() {
    "$ASSAY" evidence verify "$E/quote.bin" --collateral "$E/collateral" --root "$E/root_ca.pem" "$@"
}
data=$(for i in $(seq 64 -1 1); do printf '%02x' "$i"; done) # 403f3e...0201, which the quote was made over
expect 0 'not checked freshness' judge
expect 0 'not checked policy' judge
expect 0 '  freshness: this may be a recording' "$ASSAY" evidence explain "$E/quote.bin" --collateral "$E/collateral" \
    --root "$E/root_ca.pem"
expect 0 'genuine     yes' judge --report-data "$data"
case $out in *'not checked freshness'*) wrong "freshness was checked: $out" ;; esac
for challenge in 40 403f "${data%01}" "${data%01}00" "${data%0201}" "5f${data#40}"; do
    expect 11 'reason      challenge: the evidence does not answer the challenge that was given' \
        judge --report-data "$challenge"
    case $out in *'genuine     yes'*) ;; *) wrong "the hardware is genuine, whatever was asked: $out" ;; esac
done
expect 2 'expected 1 to 64 bytes' judge --report-data "$(printf '5f%.0s' $(seq 65))"
expect 2 'expected 1 to 1024 bytes' judge --nonce "$(printf '5f%.0s' $(seq 1025))"
expect 2 'has no nonce' judge --nonce "$(printf '5f%.0s' $(seq 1024))"

finish
