#!/bin/sh
# The daemons of every release's golden data continue as this build, on copies of their stores and with the
# configuration that they had: epochs close, and events, scores and blocks of before are still there.
. "$(dirname "$0")/../integration/cli/lib.sh"
SHIM=$CAST/libclock_shim.so
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$SHIM" ] || { echo "$SHIM is missing" >&2; exit 2; }
# What a sanitizer demands of the first library is true of every program but these.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"

dated() { LD_PRELOAD=$SHIM ASSAY_TEST_CLOCK=$WORK/clock "$@"; } # at the date of the release, and on from there
begin() {
    LD_PRELOAD=$SHIM ASSAY_TEST_CLOCK=$WORK/clock "$ASSAYD" --config "node-$1/assayd.yaml" >>"node-$1/log" 2>&1 \
        </dev/null &
    pid=$!
    started="$started $pid"
    eval "pid_$1=$pid"
}
newest() { # newest NODE MEMBER: of its store, by an audit
    "$ASSAY" audit verify "node-$1/state" --genesis genesis --json |
        sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1
}

for release in "$here"/[0-9]*; do
    version=${release##*/}
    cd "$WORK" || exit 2
    rm -rf node-* genesis
    tar -xJf "$release/network.tar.xz" || exit 2
    nodes=$(ls -d node-*/state | wc -l)
    printf '%020d' $(($(cat stopped_unix_s) + 1 - $(date +%s))) >clock
    cp "$BIN/assay-enclave" accepted
    "$TOOLS/free_port" "$nodes" >ports || exit 2
    n=1
    while [ "$n" -le "$nodes" ]; do
        cp accepted node-$n/enclave
        k=1
        while [ "$k" -le "$nodes" ]; do # the ports of the release may be taken here
            sed -i "s/127\\.0\\.0\\.1:$((7709 + k))\$/127.0.0.1:$(sed -n ${k}p ports)/
                    s/127\\.0\\.0\\.1:$((7709 + k)) }/127.0.0.1:$(sed -n ${k}p ports) }/" node-$n/assayd.yaml
            k=$((k + 1))
        done
        expect 0 'fit to run' dated "$ASSAYD" --config node-$n/assayd.yaml --check-config
        n=$((n + 1))
    done
    before=$(newest 1 head_epoch)
    check "$version: the store has epochs" test "${before:-0}" -ge 20

    # a store that a newer build wrote
    cp -r node-1 newer
    printf '\310' | dd of=newer/state/store.sqlite bs=1 seek=63 conv=notrunc 2>/dev/null
    expect 2 'schema version 200, this program reads version' dated "$ASSAYD" --config newer/assayd.yaml --check-config
    rm -rf newer

    for n in $(seq "$nodes"); do begin "$n"; done
    for n in $(seq "$nodes"); do
        check "$version: node-$n closes epochs after those of the release" until_true 60 epoch_at_least "$n" $((before + 4))
    done
    certified() { [ "$(field 1 status certified)" = true ]; }
    check "$version: they are certified" until_true 20 certified
    # What the package runs before it restarts a daemon (packaging/debian/assayd.postinst).
    expect 0 'fit to run' dated "$ASSAYD" --config node-1/assayd.yaml --check-config
    expect 0 'fail_proven' ask 1 timeline # events of before
    expect 0 'change_active' ask 1 timeline
    ask 1 export --format jsonl --since 1 --until "$before" >rows
    check "$version: scores of before are there" test "$(grep -c . rows)" -ge "$before"
    for n in $(seq "$nodes"); do
        check "$version: node-$n resumed, with the keys it had" grep -q 'resumed' node-$n/log
        check "$version: node-$n: nothing was lost" \
            sh -c '! grep -E "store_lost|node_stopped|state_root_mismatch|offence_proven" "$1"' sh node-$n/log
        eval "kill -TERM \$pid_$n; wait \$pid_$n"
        check "$version: node-$n ends with exit status 0" test $? -eq 0
    done
    after=$(newest 1 head_epoch)
    check "$version: an audit from genesis holds, over both builds" test "${after:-0}" -ge $((before + 3))
    echo "$version: epochs $before to $after, by this build"
done
finish
