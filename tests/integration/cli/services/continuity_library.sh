#!/bin/sh
# The counters of examples/ in C, Python, Go and Rust over libassay-continuity in a network: a program that is killed
# goes on with its next value, an older copy of its folder is refused (ROLLBACK), of two copies only the newer session
# goes on (FENCED), and each language opens the folder of another one. Languages without a toolchain are left out.
root=$(cd "$(dirname "$0")/../../../.." && pwd)
. "$(dirname "$0")/../lib.sh"
cd "$WORK" || exit 2
build=${BIN%/bin}
[ -x "$build/examples/example_counter" ] || { echo 'this build has no libassay-continuity' >&2; exit 77; }

end_network() {
    "$ASSAY" setup local "$WORK/net" --stop >/dev/null 2>&1
    stop_all
}
trap end_network EXIT

# --- the network, and meanwhile the programs: over what is installed, in the folder of tests/bindings, with its caches
expect 0 'services: ' "$ASSAY" setup local --dir net --services --epoch-ms 1500 --port 0
"$ASSAY" setup local net --start >start 2>&1 </dev/null &
starting=$!
work=$build/bindings prefix=$build/bindings/prefix
programs=$work/continuity
mkdir -p "$programs/go" "$programs/rust"
from_cache() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
for component in library library-policy library-standing library-keys library-continuity dev python go rust; do
    check "installs $component" \
        "$(from_cache CMAKE_COMMAND)" --install "$build" --prefix "$prefix" --component $component >install
done
lib=$(dirname "$(find "$prefix" -name libassay-continuity.so)")
PYTHONPATH=$(dirname "$(dirname "$(find "$prefix" -path '*/assay/_continuity.py')")")
export PKG_CONFIG_PATH="$lib/pkgconfig" LD_LIBRARY_PATH="$lib" PYTHONPATH PYTHONDONTWRITEBYTECODE=1
go_builds() (
    cd "$programs/go" && cp -p "$root/examples/counter.go" main.go || exit 1
    printf 'module assay.example/counter\n\ngo 1.19\n\nrequire assay.example/assay v0.0.0\n' >go.mod
    printf '\nreplace assay.example/assay => %s\n' "$prefix/share/gocode/src/assay.example/assay" >>go.mod
    unset GOOS GOARCH CGO_CFLAGS CGO_LDFLAGS
    export GOPATH="$work/gopath" GOCACHE="${GOCACHE:-$work/gocache}" GOENV=off GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local
    export GO111MODULE=on GOFLAGS='-mod=mod -buildvcs=false' GOWORK=off CGO_ENABLED=1
    CC="$(from_cache CMAKE_C_COMPILER)" go build -o counter .
)
rust_builds() (
    cd "$programs/rust" || exit 1
    {
        printf '[package]\nname = "counter"\nversion = "0.0.0"\nedition = "2021"\n[[bin]]\nname = "counter"\n'
        printf 'path = "%s/examples/counter.rs"\n[dependencies]\nassay = { path = "%s" }\n' "$root" \
            "$(find "$prefix/share/cargo/registry" -mindepth 1 -maxdepth 1 -name 'assay-*')"
    } >Cargo.toml
    unset RUSTFLAGS RUSTC_WRAPPER CARGO_BUILD_TARGET
    CARGO_HOME="$work/cargo" CARGO_TARGET_DIR="$work/target" CARGO_NET_OFFLINE=true cargo build --quiet --offline
)
languages=c
command -v python3 >/dev/null && languages="$languages python"
if command -v go >/dev/null && command -v pkg-config >/dev/null; then
    languages="$languages go"
    check 'Go builds the counter' go_builds
fi
if command -v cargo >/dev/null; then
    languages="$languages rust"
    check 'cargo builds the counter' rust_builds
fi
wait $starting || wrong "the network does not start: $(cat start)"
for language in $languages; do head -c 32 /dev/urandom >"key.$language"; done
expect 0 '' "$ASSAY" checkpoint --out checkpoint --socket net/node-1/admin.sock

# counter NAME VERB KEY FOLDER: of $language, in the background; outputs in NAME.out and NAME.err, number in pid_NAME.
counter() {
    name=$1 verb=$2 key=$3 folder=$4
    set -- "$verb" net/node-1/admin.svcs checkpoint "$key" "$folder"
    case $language in
    c) exec "$build/examples/example_counter" "$@" ;;
    python) exec python3 "$root/examples/counter.py" "$@" ;;
    go) exec "$programs/go/counter" "$@" ;;
    rust) exec "$work/target/debug/counter" "$@" ;;
    esac >"$name.out" 2>"$name.err" </dev/null &
    eval "pid_$name=$!"
    started="$started $!"
}
pid_of() { eval "echo \$pid_$1"; }
stop_counter() { kill -KILL "$(pid_of "$1")" && wait "$(pid_of "$1")" 2>/dev/null; }
printed() { # printed NAME COUNT: so many values
    ended "$(pid_of "$1")" && return 0 # waiting is of no use
    [ "$(wc -l <"$1.out")" -ge "$2" ]
}
counts() { # counts NAME COUNT
    until_true 20 printed "$1" "$2"
    [ "$(wc -l <"$1.out")" -ge "$2" ] || { echo "$1: $(cat "$1.out" "$1.err")"; return 1; }
}
# A value that was saved when the program was killed, and not printed, may be certified: then it is skipped.
follows() { # follows NAME BEFORE: its values go on where those of BEFORE ended, one by one
    awk -v last="$(tail -n 1 "$2.out")" 'NR == 1 { bad = $0 != last + 1 && $0 != last + 2; next_value = $0 }
        $0 != next_value++ { bad = 1 } END { exit bad || NR == 0 }' "$1.out" ||
        { echo "$2: $(cat "$2.out"), then $1: $(cat "$1.out" "$1.err")"; return 1; }
}
refused() { # refused NAME WORDS: it prints this line, and ends with status 1
    until_true 20 ended "$(pid_of "$1")" || { echo "$1 runs"; return 1; }
    wait "$(pid_of "$1")"
    [ $? -eq 1 ] && grep -q "^$2" "$1.err" && [ "$(wc -l <"$1.err")" = 1 ] || { cat "$1.err"; return 1; }
}
each() { # each COMMAND...: with $language
    for language in $languages; do "$@"; done
}

# --- a new instance in each language: 1, 2, 3; an old copy of its folder, which nothing writes meanwhile
copy_folder() { # copy_folder NAME TO: of the program NAME, which is stopped
    kill -STOP "$(pid_of "$1")" && cp -a "folder.$language" "$2"
}
create() { counter "$language" create "key.$language" "folder.$language"; }
age() {
    check "$language counts" counts "$language" 1
    check 'its folder is copied' copy_folder "$language" "yesterday.$language"
    kill -CONT "$(pid_of "$language")"
}
count_on() {
    check "$language counts to 3" counts "$language" 3
    stop_counter "$language"
    check "$language counts from 1" test "$(head -n 3 "$language.out" | xargs)" = '1 2 3'
}
each create
each age
each count_on

# --- killed, and opened again; then a copy of the folder is opened, which fences it
reopen() { counter "again_$language" open "key.$language" "folder.$language"; }
copy() {
    check "$language goes on" counts "again_$language" 1
    check 'its folder is copied' copy_folder "again_$language" "copy.$language"
    check "$language goes on at 4" follows "again_$language" "$language"
    counter "copy_$language" open "key.$language" "copy.$language"
}
fence() {
    check "a copy of the folder of $language is opened" counts "copy_$language" 1
    kill -CONT "$(pid_of "again_$language")"
    check "$language is fenced" refused "again_$language" 'FENCED: .*a newer session of this instance runs: '
    check 'the copy goes on' follows "copy_$language" "again_$language"
}
each reopen
each copy
each fence

# --- yesterday's folder is refused; what was certified last is not, and has one form in all languages
roll_back() { counter "yesterday_$language" open "key.$language" "yesterday.$language"; }
stale='ROLLBACK: the folder.s newest state has index [1-9][0-9]* and digest [0-9a-f]*; certified last was index '
refuse() {
    check "$language refuses an older folder" refused "yesterday_$language" "$stale"
    check 'and prints no value' test ! -s "yesterday_$language.out"
}
end_copy() { stop_counter "copy_$language"; }
other=${languages##* }
exchange() {
    owner=$other other=$language
    counter "other_$owner" open "key.$owner" "copy.$owner"
}
count_other() {
    check "the folder of $language serves another language" counts "other_$language" 1
    check 'which goes on' follows "other_$language" "copy_$language"
}
each end_copy
each roll_back
each refuse
each exchange
each count_other

# --- calls that the counters do not make, from Python: states in flight, reads, receipts, an event loop, retirement
cat >calls.py <<'END'
import select
import subprocess
import sys

import assay


def within(call):
    """Its result, after any number of InDoubt in a minute."""
    for _ in range(60):
        try:
            return call()
        except assay.InDoubt:
            pass
    raise TimeoutError


sockets, checkpoint, key, folder, command = sys.argv[1:]
with open(checkpoint, "rb") as trusted, open(key, "rb") as secret:
    given = sockets, folder, trusted.read(), secret.read()
with assay.Continuity.create(*given, state_max=4) as c:
    within(lambda: c.start(1000))
    assert (c.state, c.index) == (b"", 0), c.status
    assert [c.update(state) for state in (b"one", b"", bytearray(b"2345"))] == [1, 2, 3]
    assert (c.state, c.index) == (b"2345", 3), c.status
    while c.status.certified < 3:
        select.select([c], [], [], c.timeout_ms / 1000)
        c.step()
    within(lambda: c.wait(3, 1000))
    within(lambda: c.confirm(1000))
    first, second = (within(lambda: c.receipt(bytes([n] * 32), 1000)) for n in (1, 2))
    assert first != second and 200 < len(first) <= 3072 and bytes([1] * 32) in first, first.hex()
    status = c.status
    assert (status.given, status.certified, status.given_digest) == (3, 3, status.certified_digest), status
    assert status.session > 0 and any(status.chain_id) and any(status.instance), status
    # A relying party, which trusts a checkpoint, and asks a node for the evidence.
    subprocess.run([command, "checkpoint", "--out", "trusted", "--socket", "net/node-1/admin.sock"], check=True)
    subprocess.run([command, "continuity", "show", status.instance.hex(), "--checkpoint", "trusted", "--out", "row.evidence",
                    "--socket", "net/node-1/admin.sock"], check=True)
    third = within(lambda: c.receipt(bytes([3] * 32), 1000))
    files = {}
    for name in ("trusted", "row.evidence"):
        with open(name, "rb") as file:
            files[name] = file.read()
    with open("receipt", "wb") as file:
        file.write(third)
    claims = assay.verify_receipt(files["trusted"], files["row.evidence"], third, nonce=bytes([3] * 32),
                                  instance=status.instance)
    assert (claims.index, claims.digest, claims.session) == (3, status.certified_digest, status.session), claims
    assert claims.is_listed and claims.is_kept and not claims.is_retired and claims.chain_id == status.chain_id, claims
    for answer, changed in ((assay.ReceiptAnswer.FORGED, third[:-1] + bytes([third[-1] ^ 1])),
                            (assay.ReceiptAnswer.NOT_READ, third[:-1]), (assay.ReceiptAnswer.OTHER_NONCE, first)):
        try:
            sys.exit("verified: %r" % (assay.verify_receipt(files["trusted"], files["row.evidence"], changed,
                                                            nonce=bytes([3] * 32)),))
        except assay.ReceiptError as error:
            assert error.answer is answer and error.reason, error
    for result, call in ((assay.ContinuityResult.TOO_LARGE, lambda: c.update(b"12345")),
                         (assay.ContinuityResult.MISUSE, lambda: c.wait(4, 0))):
        try:
            sys.exit("expected %s, found %r" % (result.name, call()))
        except assay.ContinuityError as error:
            assert error.result is result and error.reason, error
with assay.Continuity.open(*given) as c:
    within(lambda: c.start(1000))
    assert (c.state, c.index) == (b"2345", 3), c.status
    within(lambda: c.retire(1000))
with assay.Continuity.open(*given) as c:
    try:
        within(lambda: c.start(1000))
        sys.exit("an instance that was retired has started")
    except assay.ContinuityError as error:
        assert error.result is assay.ContinuityResult.RETIRED, error
print("all called")
END
case $languages in
*python*)
    expect 0 'all called' python3 calls.py net/node-2/admin.svcs checkpoint key.python folder.calls "$ASSAY"
    # --- the receipt that it wrote, by the command
    nonce=0303030303030303030303030303030303030303030303030303030303030303
    receipt() { # receipt STATUS WORDS CHECKPOINT FILE ARGUMENT...
        status=$1 words=$2 trusted=$3 file=$4
        shift 4
        expect "$status" "$words" "$ASSAY" continuity receipt "$file" --checkpoint "$trusted" --evidence row.evidence "$@"
    }
    receipt 0 'state          index 3, digest ' trusted receipt --nonce $nonce
    receipt 0 'ledger         kept' trusted receipt --nonce $nonce
    receipt 0 'not compared: the receipt may be of any age' trusted receipt
    receipt 0 '"verified": true' trusted receipt --nonce $nonce --json
    receipt 4 'refused: OTHER_NONCE: ' trusted receipt --nonce "${nonce%3}4"
    receipt 4 '"answer": "OTHER_NONCE"' trusted receipt --nonce "${nonce%3}4" --json
    receipt 4 'refused: OTHER_INSTANCE: ' trusted receipt --instance $nonce
    receipt 4 'refused: EXPIRED: ' trusted receipt --max-age 1s --at "$(date -u -d 'now + 1 hour' +%Y-%m-%dT%H:%M:%SZ)"
    receipt 14 'its age is unknown' trusted receipt --no-clock
    receipt 2 'expected 64 hexadecimal digits' trusted receipt --nonce 03
    receipt 5 'no such file' trusted missing
    head -c 300 receipt >cut
    receipt 13 'refused: NOT_READ: ' trusted cut
    expect 13 'cut: refused: BAD_EVIDENCE: ' "$ASSAY" continuity receipt receipt --checkpoint trusted --evidence cut
    expect 13 'refused: BAD_EVIDENCE: ' "$ASSAY" continuity receipt receipt --checkpoint trusted --evidence receipt
    expect 0 'services: ' "$ASSAY" setup local --dir another --services --port 0
    receipt 4 'refused: OTHER_CHAIN: ' another/genesis receipt
    ;;
esac
finish
