#!/bin/sh
# Run in the fresh root by root.sh: a network of four, made and run by the installed programs.
#
# usage: inside.sh first|again USER
#   first   makes it in /var/lib/assay/net, closes three epochs, ends it
#   again   starts what is there and says "went on" when it closes more epochs of the same chain
set -u
phase=$1 user=$2
[ "$(id -un)" = "$user" ] || exec setpriv --reuid "$user" --regid "$user" --clear-groups sh "$0" "$phase" "$user"
cd /var/lib/assay || exit 1
started=
trap 'for pid in $started; do kill -KILL "$pid" 2>/dev/null; done' EXIT

field() { # field KEY: of the status of the first node
    assay status --json --socket net/node-1/admin.sock 2>/dev/null |
        sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1
}

run() { # run EPOCH: until that one is closed
    for n in 1 2 3 4; do
        assayd --config net/node-$n/assayd.yaml >>net/node-$n/log 2>&1 </dev/null &
        started="$started $!"
    done
    tries=600
    until epoch=$(field epoch) && [ "${epoch:-0}" -ge "$1" ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { tail -n 5 net/node-*/log; exit 1; }
        sleep 0.1
    done
    field epoch >net/epoch
    field chain_id >net/chain
    for pid in $started; do kill -TERM "$pid"; done
    for pid in $started; do wait "$pid" || { echo "$pid ended with $?"; exit 1; }; done
    started=
}

case $phase in
first)
    assay setup local --dir net --epoch-ms 400 --port 0 || exit 1
    for n in 1 2 3 4; do assayd --check-config --config net/node-$n/assayd.yaml || exit 1; done
    run 3
    ;;
again)
    was=$(cat net/epoch) chain=$(cat net/chain)
    run $((was + 2))
    [ -n "$chain" ] && [ "$(cat net/chain)" = "$chain" ] || { echo 'another chain'; exit 1; }
    ! grep -l store_lost net/node-*/log || { echo 'the store was lost'; exit 1; }
    echo 'went on'
    ;;
esac
