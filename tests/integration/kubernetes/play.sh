#!/bin/sh
# The pod of the DaemonSet (packaging/kubernetes) as a member of a network of four, played by `podman kube play`: what the
# kubelet would probe, the settings of the ConfigMap, the user, the folders of the node. Skipped (77) where Podman is missing or
# plays no pod; why stands in the last line.
#
# usage: play.sh BIN TOOLS ROOT. Needs root and mount namespaces: the engine sees cgroups of version 2 alone.
root=$3
. "$root/tests/integration/cli/lib.sh"
skip() {
    echo "skipped: $*"
    exit 77
}
command -v podman >/dev/null || skip 'podman is not installed'
command -v catatonit >/dev/null || skip 'catatonit is not installed'
[ "$(id -u)" -eq 0 ] || skip 'not root'
/usr/bin/python3 -c 'import yaml' 2>/dev/null || skip 'python3-yaml is not installed'
cd "$WORK" || exit 2
chmod 755 . # the pod's user passes through

# --- an image as packaging/oci/build.sh makes it: the programs and the libraries that they load, no shell
image=$WORK/image
mkdir -p "$image/usr/bin" "$image/usr/libexec/assay" "$image/etc/assay" "$image/var/lib/assay" "$image/run/assay" "$image/tmp"
cp "$ASSAYD" "$ASSAY" "$BIN/assay-enclave" "$image/usr/bin/"
cp "$LIBEXEC/assay-verifier" "$LIBEXEC/assay-transport" "$image/usr/libexec/assay/"
for library in $(ldd "$ASSAYD" "$ASSAY" "$LIBEXEC/assay-verifier" "$LIBEXEC/assay-transport" | grep -o '/[^ ]*' | grep -v ':$' | sort -u); do
    mkdir -p "$image$(dirname "$library")" && cp -L "$library" "$image$library"
done
echo 'assay:x:64007:64007:Assay:/var/lib/assay:/usr/sbin/nologin' >"$image/etc/passwd"
echo 'assay:x:64007:' >"$image/etc/group"
tar -C "$image" -cf image.tar .
rm -rf "$image"

# The engine, with storage of its own. Where a container may neither make devices nor limit them (this machine is itself
# one), the runtime is called without these limits; everything else of the pod stays.
cat >runtime <<'END'
#!/usr/bin/python3
import json, os, sys
arguments = sys.argv[1:]
if "create" in arguments and "--bundle" in arguments:
    path = arguments[arguments.index("--bundle") + 1] + "/config.json"
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    config["linux"]["resources"] = {"devices": [{"allow": True, "access": "rwm"}]}
    config["linux"]["cgroupsPath"] = "/apart/" + arguments[-1]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
os.execvp("crun", ["crun", *arguments])
END
chmod 755 runtime
cat >containers.conf <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
END
cat >engine <<END
mount --make-rprivate / && umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 77
export CONTAINERS_CONF=$WORK/containers.conf
exec podman --storage-driver=vfs --root $WORK/root --runroot $WORK/runroot --tmpdir $WORK/tmp --runtime $WORK/runtime "\$@"
END
engine() { unshare -m sh "$WORK/engine" "$@"; }
engine import --change 'USER 64007:64007' --change 'WORKDIR /var/lib/assay' --change 'ENTRYPOINT ["/usr/bin/assayd"]' \
    --change 'CMD ["--config", "/etc/assay/assayd.yaml"]' image.tar localhost/assay:0.1.0 >log 2>&1 || skip "$(tail -1 log)"
rm image.tar

# --- a network: three members on this machine, the fourth in the pod, with the folders of its node
http=$("$TOOLS/free_port" 1)
expect 0 '4 nodes' "$ASSAY" setup local --dir net --port 0 --epoch-ms 1500
mkdir -p node/etc node/state node/run
cp -r net/genesis net/node-4/platform.key node/etc/
cp -r net/node-4/keys node/state/
cp net/node-4/enclave node/state/enclave
sed 's|state_dir: state|state_dir: /var/lib/assay/state|; s|keys_dir: keys|keys_dir: /var/lib/assay/keys|
     s|genesis: ../genesis|genesis: genesis|; s|path: enclave$|path: /var/lib/assay/enclave|
    s|service: .*|service: /run/assay/enclave.sock|' net/node-4/assayd.yaml >node/etc/assayd.yaml
chown -R 64007:64007 node
chmod 700 node/state
cat >pod.py <<'END'
"""The ConfigMap and the pod of the DaemonSet. Podman plays no DaemonSet, and would probe with a curl in the container: the test
probes as the kubelet does, from the machine."""
import sys
import yaml
text, work, port = sys.argv[1:4]
pod = None
for one in yaml.safe_load_all(open(text, encoding="utf-8")):
    if one["kind"] == "ConfigMap":
        one["data"]["ASSAY_LISTEN__HTTP"] = "127.0.0.1:" + port
        settings = one
    if one["kind"] == "DaemonSet":
        pod = one["spec"]["template"]
container = pod["spec"]["containers"][0]
probes = [container.pop(name)["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe", "startupProbe")]
for volume in pod["spec"]["volumes"]:
    for of_node, folder in (("/etc/assay", "etc"), ("/var/lib/assay", "state"), ("/run/assay", "run")):
        if volume.get("hostPath", {}).get("path") == of_node:
            volume["hostPath"]["path"] = work + "/node/" + folder
pod.update(apiVersion="v1", kind="Pod")
pod["metadata"]["name"] = "member"
pod["metadata"].pop("annotations")  # Podman wants values as short as those of labels
pod["spec"]["restartPolicy"] = "Never"
yaml.safe_dump_all([settings, pod], open("pod.yaml", "w", encoding="utf-8"))
print(*probes[:2])
END
probes=$(/usr/bin/python3 pod.py "$root/packaging/kubernetes/manifests/assay.yaml" "$WORK" "$http")
check 'the manifest has probes' test "$probes" = '/livez /readyz'
for n in 1 2 3; do
    "$ASSAYD" --config net/node-$n/assayd.yaml 2>>net/node-$n/log </dev/null &
    started="$started $!"
done
down() {
    engine kube down pod.yaml >down.log 2>&1
    engine rm -fa >/dev/null 2>&1
    stop_all
}
trap down EXIT
engine kube play --network host pod.yaml >log 2>&1 || skip "$(grep -i 'error\|starting' log | tail -1)"
said() { engine logs member-assayd 2>&1 | tail -20; }
probe() { [ "$(curl -s -m 5 -o probe -w '%{http_code}' "http://127.0.0.1:$http$1")" = "$2" ]; }
check 'livez is 200' until_true 40 probe /livez 200
check 'readyz is 200 when it votes and is attested' until_true 60 probe /readyz 200
[ "$failures" -eq 0 ] || said
check 'it is user 64007' test "$(stat -c %u:%g node/run/admin.sock 2>/dev/null)" = 64007:64007
full() { "$ASSAY" nodes --socket net/node-1/admin.sock | grep 'node-4' | grep -q FULL; }
check 'the network has it at FULL' until_true 40 full
expect 0 'node-4' "$ASSAY" status --socket node/run/admin.sock
check 'settings of the ConfigMap are in force: events are JSON' sh -c 'echo "$1" | grep -q "^{"' sh "$(said)"
check 'its enclave is the image'"'"'s' sh -c 'cmp "$1" "$2"' sh node/state/enclave "$BIN/assay-enclave"

# --- an end on request is announced, and its place is taken up again by the next pod
quietly() { engine "$@" >log 2>&1; }
check 'the pod ends' quietly kube down pod.yaml
check 'livez is gone' until_true 20 probe /livez 000
check 'a new pod is played' quietly kube play --network host pod.yaml
check 'it is ready again' until_true 60 probe /readyz 200
finish
