#!/bin/sh
# The Ansible role (packaging/ansible) by ansible-core, on a machine of its own: a copy of this one's files under an overlay, where
# no systemd runs. From nothing to a member that its daemon accepts; a second run changes nothing; a wrong configuration replaces
# nothing. Skipped (77) without Ansible, root or overlays.
#
# usage: role.sh BIN TOOLS ROOT
root=$3
. "$root/tests/integration/cli/lib.sh"
skip() {
    echo "skipped: $*"
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip 'not root'
for program in ansible-playbook dpkg-deb systemd-sysusers runuser; do
    command -v $program >/dev/null || skip "$program is not installed"
done
/usr/bin/python3 -c 'import apt' 2>/dev/null || skip 'python3-apt is not installed'
cd "$WORK" || exit 2
# machine COMMAND...: on the other machine. What it changes stays in the folder upper.
mkdir upper workdir merged
cat >machine <<END
mount --make-rprivate / && mount -t overlay overlay -o lowerdir=/,upperdir=$WORK/upper,workdir=$WORK/workdir $WORK/merged &&
    mount --rbind /dev $WORK/merged/dev && mount --rbind /proc $WORK/merged/proc && mount --bind $WORK $WORK/merged/mnt || exit 77
exec chroot $WORK/merged "\$@"
END
machine() { unshare -m sh "$WORK/machine" "$@"; }
machine true 2>/dev/null || skip 'no overlay can be mounted here'
machine getent passwd assay >/dev/null && skip 'this machine has a user assay'

# --- a package as `./dev package` makes it, of the programs built: the same files at the same places
deb=$WORK/deb
mkdir -p "$deb/DEBIAN" "$deb/usr/bin" "$deb/usr/libexec/assay" "$deb/usr/lib/sysusers.d" "$deb/usr/lib/tmpfiles.d" \
    "$deb/lib/systemd/system"
cp "$ASSAYD" "$ASSAY" "$BIN/assay-enclave" "$deb/usr/bin/"
cp "$LIBEXEC/assay-verifier" "$LIBEXEC/assay-transport" "$deb/usr/libexec/assay/"
cp "$root/packaging/systemd/assay.sysusers" "$deb/usr/lib/sysusers.d/assay.conf"
cp "$root/packaging/systemd/assay.tmpfiles" "$deb/usr/lib/tmpfiles.d/assay.conf"
sed 's|@CMAKE_INSTALL_FULL_BINDIR@|/usr/bin|' "$root/packaging/systemd/assayd.service.in" >"$deb/lib/systemd/system/assayd.service"
printf 'Package: assayd\nVersion: 0.1.0\nArchitecture: amd64\nMaintainer: tests <tests@assay.example>\nDescription: of the tests\n' \
    >"$deb/DEBIAN/control"
sed -i "s/amd64/$(dpkg --print-architecture)/" "$deb/DEBIAN/control"
printf '#!/bin/sh\nsystemd-sysusers assay.conf && systemd-tmpfiles --create assay.conf\n' >"$deb/DEBIAN/postinst"
chmod 755 "$deb/DEBIAN/postinst"
dpkg-deb -Znone --root-owner-group --build "$deb" assayd.deb >log 2>&1 || wrong "no package: $(cat log)"
rm -rf "$deb"

cat >play.yml <<'END'
- hosts: all
  gather_facts: false
  roles: [assay]
END
mkdir -p packaging/ansible
cp -r "$root/packaging/systemd" packaging/
cp -r "$root/packaging/ansible/roles" packaging/ansible/
role=packaging/ansible/roles/assay/tasks/main.yml
# play VARIABLES.yml: what Ansible says, in `out`; the recap
play() {
    machine env HOME=/root LC_ALL=C.UTF-8 ANSIBLE_ROLES_PATH=/mnt/packaging/ansible/roles ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_NOCOLOR=1 \
        ANSIBLE_RETRY_FILES_ENABLED=0 ANSIBLE_PIPELINING=1 ansible-playbook -c local -i 'localhost,' -e ansible_python_interpreter=/usr/bin/python3 \
        -e "@/mnt/$1" /mnt/play.yml >out 2>&1
}
# recap CHANGED FAILED: the last line; CHANGED may be a pattern
recap() { tail -5 out | grep -qE "^localhost .*changed=$1 .*failed=$2 " || { tail -40 out; return 1; }; }
on() { machine sh -c "$1"; } # on WORDS: a command of the machine

# --- the variables of docs/ansible.md: peers of the cards, packages of the tree, files next to the inventory
mkdir -p example/group_vars example/cards tree/packaging/ansible tree/build/package/debs
awk '/^```yaml$/ { getline; inside = /group_vars/ } /^```$/ { inside = 0 } inside' "$root/docs/ansible.md" >example/group_vars/assay_members.yml
awk '/^```ini$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$root/docs/ansible.md" >example/inventory
for n in 1 2; do printf 'name: node-%s\nnode_id: "%064d"\n' $n $n >example/cards/node-$n.yaml; done
: >tree/build/package/debs/assayd_0.1.0~git1.amd64.deb >tree/build/package/debs/assay_0.1.0~git1.amd64.deb
: >tree/build/package/debs/assay-sim_0.1.0~git1.amd64.deb
cat >tree/packaging/ansible/show.yml <<'END'
- hosts: assay_members
  gather_facts: false
  tasks:
    - ansible.builtin.copy: {content: "{{ [assay_debs, assay_cards, assay_genesis, assay_config] | to_json }}", dest: "{{ shown }}"}
      delegate_to: localhost
      run_once: true
END
HOME=$WORK LC_ALL=C.UTF-8 ANSIBLE_LOCALHOST_WARNING=0 ansible-playbook -c local -i example/inventory -e shown="$WORK/shown" \
    tree/packaging/ansible/show.yml >out 2>&1 || wrong "the variables of docs/ansible.md: $(tail -5 out)"
check 'the variables of docs/ansible.md name what is there' /usr/bin/python3 -c '
import json, os, sys
debs, cards, genesis, config = json.load(open("shown"))
names = sorted(os.path.basename(one) for one in debs)
wanted = {"listen": {"gossip": "192.0.2.1:7100"}, "peers": [
    {"node": "%064d" % n, "address": "192.0.2.%d:7100" % n} for n in (1, 2)]}
good = names == ["assay_0.1.0~git1.amd64.deb", "assayd_0.1.0~git1.amd64.deb"] and all(map(os.path.isfile, debs)) and config == wanted
good = good and os.path.samefile(cards, "example/cards") and genesis == os.path.realpath("example") + "/genesis"
sys.exit(0 if good else "%s %s %s %s" % (debs, cards, genesis, config))'

# --- first run: package, keys, card
cat >first.yml <<END
assay_name: node-1
assay_evidence: soft
assay_debs: [/mnt/assayd.deb]
assay_cards: /mnt/cards
END
play first.yml
check 'the first run changes the machine' recap '[1-9][0-9]*' 0
check 'its keys are of the user assay' test "$(on 'stat -c "%U %a" /var/lib/assay/keys /var/lib/assay/keys/identity.key' | xargs)" = \
    'assay 700 assay 600'
check 'the card was fetched' grep -q 'node-1' cards/node-1.yaml
check 'the private keys were not' sh -c '! ls cards | grep -v "^node-1.yaml$"'
check 'nothing is configured without a genesis' on '! test -e /etc/assay/assayd.yaml'
play first.yml
check 'the second run changes nothing' recap 0 0

# --- a genesis of four members, one of which is that machine
assay() { "$ASSAY" "$@" >>log 2>&1 || { wrong "assay $*: $(tail -2 log)"; }; }
for n in 1 2; do
    "$ASSAY" soft ca vendor-$n --name "Vendor $n" >vendor-$n.pub 2>>log
    "$ASSAY" keys operator operator-$n.key >operator-$n.pub 2>>log
done
zeros=$(printf '0%.0s' $(seq 128))
for n in 1 2 3 4; do
    mkdir node-$n
    assay soft node vendor-$((n % 2 + 1)) node-$n --out node-$n/platform.key
    [ $n = 1 ] || assay keys generate node-$n/keys --name node-$n
    assay soft quote node-$n/platform.key --program "$BIN/assay-enclave" --report-data "$zeros" --out node-$n/sample.quote
done
cat >policy.yaml <<END
policy_version: 1
profile: development
kinds: [soft]
roots:
  - { name: vendor-1, key: $(sed -n 's/^root_key: //p' vendor-1.pub), kinds: [soft] }
  - { name: vendor-2, key: $(sed -n 's/^root_key: //p' vendor-2.pub), kinds: [soft] }
references:
  - { field: mrenclave, state: allowed, value: "$(sha256sum "$BIN/assay-enclave" | cut -d' ' -f1)" }
END
cat >plan.yaml <<END
plan_version: 1
epoch_ms: 1000
threshold: 2
policy: policy.yaml
collateral: [vendor-1, vendor-2]
operators:
  - name: alpha
    $(cat operator-1.pub)
  - name: beta
    $(cat operator-2.pub)
members:
  - { operator: alpha, card: cards/node-1.yaml, sample: node-1/sample.quote }
  - { operator: alpha, card: node-2/keys/node.yaml, sample: node-2/sample.quote }
  - { operator: beta, card: node-3/keys/node.yaml, sample: node-3/sample.quote }
  - { operator: beta, card: node-4/keys/node.yaml, sample: node-4/sample.quote }
END
assay genesis create plan.yaml --out genesis
assay genesis sign genesis --key operator-1.key
assay genesis sign genesis --key operator-2.key

# --- with it: configuration, checked by the daemon, and the unit
cat >member.yml <<END
assay_name: node-1
assay_evidence: soft
assay_debs: [/mnt/assayd.deb]
assay_genesis: /mnt/genesis
assay_files: [{src: /mnt/node-1/platform.key, dest: /var/lib/assay/platform.key}]
assay_config:
  listen: {gossip: "127.0.0.1:7101"}
  evidence: {credential: /var/lib/assay/platform.key}
  peers: []
END
play member.yml
check 'the member is configured' recap '[1-9][0-9]*' 0
check 'its daemon accepts that, as its user' on 'runuser -u assay -- assayd --config /etc/assay/assayd.yaml --check-config'
check 'the unit is enabled' on 'test -L /etc/systemd/system/multi-user.target.wants/assayd.service'
check 'a change restarts the daemon' grep -q 'RUNNING HANDLER.*Restart assayd' out
play member.yml
check 'a second run changes nothing' recap 0 0
check 'and restarts nothing' sh -c '! grep -q "RUNNING HANDLER" out'
sed 's/127.0.0.1:7101/127.0.0.1:7102/' member.yml >other.yml
play other.yml
check 'another address is one change, and a restart' recap '[12]' 0
check 'of the configuration' on 'grep -q 7102 /etc/assay/assayd.yaml'

# --- what the daemon would refuse replaces nothing
for fault in 's|credential: .*}|credential: /var/lib/assay/none}|' 's|assay_evidence: soft|assay_evidence: hardware|'; do
    sed "$fault" other.yml >wrong.yml
    play wrong.yml
    check "after $fault the run fails" recap '[0-9]*' 1
    check 'and the configuration stays' on 'grep -q 7102 /etc/assay/assayd.yaml && ! grep -q none /etc/assay/assayd.yaml && ! ls -A /etc/assay | grep -q candidate'
done

# --- evidence of hardware brings the drop-in of the unit
sed 's|assay_evidence: soft|assay_evidence: tpm|; /assay_genesis/d' member.yml >tpm.yml
play tpm.yml
check 'the drop-in for a TPM is installed' on 'cmp /etc/systemd/system/assayd.service.d/tpm.conf /mnt/packaging/systemd/examples/tpm.conf'
check 'nothing of it is on this machine' test ! -e /etc/assay/assayd.yaml

# --- a role that forgets a rule is found: a run on the machine as it is changes something, or fails
planted() { # planted SED
    cp "$root/$role" $role
    sed -i "$1" $role
    ! cmp -s "$root/$role" $role || return 1
    play other.yml
    ! tail -5 out | grep -qE '^localhost .*changed=0 .*failed=0 '
}
check 'keys that are made each time would be found' planted '/creates:/d'
check 'a folder with another mode would be found' planted 's|path: /var/lib/assay, owner: assay, mode: "0700"|path: /var/lib/assay, owner: root, mode: "0750"|'
finish
