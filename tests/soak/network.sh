#!/bin/sh
# tests/soak/network.sh - the files of a network for a soak: keys, genesis, configurations for the hosts of a hub.
#
# usage: network.sh BIN TOOLS COUNT EPOCH_MS      prints the folder, which is the caller's to remove
count=$3 epoch=$4
. "$(dirname "$0")/../links/lib.sh" "$1" "$2" >&2
trap - EXIT
linked "$count" "$epoch" >&2
for i in $(seq "$count"); do
    sed -i 's/^  admin: admin.sock/&\n  http: admin.http/' "$WORK/node-$i/assayd.yaml"
done
echo "$WORK"
