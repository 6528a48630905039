#!/bin/sh
# A build without services, EVM chains and the simulator: it has none of their code and libraries, its commands are
# gone, it refuses a network with services, and a network without them runs.
#
# usage: options.sh ROOT BUILD CMAKE WHOLE
#
# BUILD is a folder for this build, kept between runs; WHOLE is bin/ of a build with every part.
set -u
export LC_ALL=C
root=$1 build=$2 cmake=$3 whole=$4
work=$(mktemp -d)
pids=''
cleanup() {
    # shellcheck disable=SC2086 # a list
    [ -z "$pids" ] || kill $pids 2>/dev/null
    wait
    rm -rf "$work"
}
trap cleanup EXIT
checks=0 failures=0
check() { # check TEXT COMMAND...
    what=$1
    shift
    checks=$((checks + 1))
    "$@" >"$work/said" 2>&1 && return 0
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$what" >&2
    sed 's/^/  /' "$work/said" | head -20 >&2
}
fails() { ! "$@"; }
says() { # says TEXT COMMAND...: COMMAND prints TEXT, whatever its status
    text=$1
    shift
    "$@" >"$work/printed" 2>&1
    tr '\n' ' ' <"$work/printed" | tr -s ' ' | grep -qF "$text" || { cat "$work/printed"; return 1; }
}

# --- options that contradict one another
configure() {
    folder=$1
    shift
    "$cmake" -S "$root" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@"
}
check 'EVM chains need services' says 'ASSAY_WITH_EVM=ON needs ASSAY_WITH_SERVICES=ON' \
    configure "$work/wrong" -DASSAY_WITH_SERVICES=OFF -DASSAY_WITH_SIMULATOR=OFF -DBUILD_TESTING=OFF
check 'the tests need every part' says 'the tests need every part' configure "$work/other" -DASSAY_WITH_SIMULATOR=OFF
check 'of devices, too' says 'ASSAY_WITH_NVIDIA is OFF' configure "$work/devices" -DASSAY_WITH_NVIDIA=OFF

# --- the build
check 'configures' configure "$build" -DBUILD_TESTING=OFF -DASSAY_WITH_SERVICES=OFF -DASSAY_WITH_EVM=OFF \
    -DASSAY_WITH_SIMULATOR=OFF -DASSAY_WITH_NVIDIA=OFF
check 'builds' "$cmake" --build "$build"
check 'installs' "$cmake" --install "$build" --prefix "$work/all"
check 'has the programs of nodes and users alone' \
    test "$(ls "$work/all/bin" | xargs)" = 'assay assay-enclave assayd'
check 'has no manual of a program that is left out' fails sh -c \
    'find "$0" -name "assay-sim*" -o -name "assay-demo*" -o -name "assay-replica*" -o -name "assay-anchor*" | grep .' \
    "$work/all"

# --- none of their code, none of their libraries
code='assay_registry_apply|assay_cont_group|assay_share_registry|assay_task_ledger|assay_service_server_open|assay_sodium|assay_evm'
symbols() { nm "$1" | grep -E " [tT] ($code)"; }
check 'what is looked for is in a build with every part' symbols "$whole/assayd"
check 'the daemon has no code of services' fails symbols "$build/bin/assayd"
check 'nor has the command line' fails symbols "$build/bin/assay"
for library in libsodium libsecp256k1; do
    for program in assayd assay; do
        check "$program does not load $library" fails sh -c 'readelf -d "$0" | grep -q "NEEDED.*$1"' \
            "$build/bin/$program" "$library"
    done
done

# --- commands
check 'its help has no commands about services' fails sh -c '"$0" --help | grep -E "^  (share|task|account|continuity|anchor) "' \
    "$build/bin/assay"
check 'that of a build with every part has' sh -c '"$0" --help | grep -q "^  share "' "$whole/assay"
check 'a command about them is none' says '"share" is not a command' "$build/bin/assay" share status
check 'programs of services are not set up' says 'this build has no services' \
    "$build/bin/assay" setup local --nodes 4 --services --dir "$work/none" --enclave "$build/bin/assay-enclave"

# --- a network with services
check 'a network with services is made' "$whole/assay" setup local --nodes 4 --services --dir "$work/with" \
    --enclave "$build/bin/assay-enclave"
check 'and refused' says 'this network has services, and this build has none' \
    timeout 60 "$build/bin/assayd" --config "$work/with/node-1/assayd.yaml"

# --- a network without
check 'a network without services is made' "$build/bin/assay" setup local --nodes 4 --dir "$work/net" \
    --enclave "$build/bin/assay-enclave"
for n in 1 2 3 4; do
    "$build/bin/assayd" --config "$work/net/node-$n/assayd.yaml" >"$work/node-$n.log" 2>&1 &
    pids="$pids $!"
done
closes() { # an epoch closes within two minutes
    for _ in $(seq 120); do
        "$build/bin/assay" status --socket "$work/net/node-1/admin.sock" --json >"$work/status" 2>&1 &&
            grep -qE '"epoch": *([3-9]|[1-9][0-9])' "$work/status" && return 0
        sleep 1
    done
    cat "$work/status" "$work/node-1.log"
    return 1
}
check 'and runs' closes

printf '%s: %d checks, %d failed\n' options "$checks" "$failures"
[ "$failures" -eq 0 ]
