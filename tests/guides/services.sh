# tests/guides/services.sh - a network of four SOFT nodes with a group of three replicas, shares of four slots of which
# three make a secret, and money: net/node-1 to net/node-4, the operators' keys and account.key in net/.
#
# usage: . "$guides/services.sh" [EPOCH_MS [--identity]]: made, not started; with --identity it is a certificate
#        authority with holders (assay-signer) instead
#        start NUMBER [PROGRAM]: assayd, or assay-PROGRAM beside it, in the background; its log in net/node-NUMBER/
#        stop NUMBER [PROGRAM [SIGNAL]]
#        all_full: every node stands full
#        stop_all

assay setup local --dir net "${2:---services}" --port 0 --epoch-ms "${1:-500}" >setup.out 2>&1
export ASSAY_SOCKET=$PWD/net/node-1/admin.sock

start() {
    if [ -z "${2:-}" ]; then assayd --config "net/node-$1/assayd.yaml" 2>>"net/node-$1/log" &
    else "assay-$2" --config "net/node-$1/$2.yaml" 2>>"net/node-$1/$2.log" & fi
    eval "pid_$1_${2:-daemon}=$!"
}

stop() { eval "kill -${3:-TERM} \$pid_$1_${2:-daemon}; wait \$pid_$1_${2:-daemon}" 2>/dev/null || true; }

all_full() { assay status | grep -q '4 full'; }

# Ends everything that `start` began.
stop_all() {
    # shellcheck disable=SC2046
    kill $(jobs -p) 2>/dev/null
    wait
}
