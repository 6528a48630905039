#!/bin/sh
# Contexts without a network: what `assay context add` checks before anything connects, and that signing works while
# the node of a context does not answer.
. "$(dirname "$0")/lib.sh"
cd "$WORK" || exit 2
export XDG_CONFIG_HOME="$WORK/xdg"
unset ASSAY_CONTEXT ASSAY_SOCKET
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 2 \
        -subj "/CN=$1" -addext 'basicConstraints=critical,CA:TRUE' 2>/dev/null
}
# certificate NAME PURPOSE [OPTION...]
certificate() {
    name=$1
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/O=Example/OU=Audit/CN=$1" 2>/dev/null
    printf 'extendedKeyUsage=%s\n' "$2" >"$1.ext"
    shift 2
    [ $# -gt 0 ] || set -- -days 2
    openssl x509 -req -in "$name.csr" -CA site.pem -CAkey site.key "$@" -extfile "$name.ext" -out "$name.pem" 2>/dev/null
    chmod 600 "$name.key"
}
chain=$(printf '%064d' 7)
# add CERTIFICATE KEY: a context named as the certificate
add() {
    "$ASSAY" context add "$1" --endpoint https://127.0.0.1:9 --ca "${ca:-site.pem}" --certificate "$1.pem" \
        --key "$2.key" --chain-id "$chain"
}
authority site
certificate ann clientAuth
certificate bob clientAuth
certificate server serverAuth
certificate any anyExtendedKeyUsage
certificate old clientAuth -days 0
openssl x509 -req -in ann.csr -CA site.pem -CAkey site.key -days 2 -out plain.pem 2>/dev/null

# --- what every handshake would fail by
expect 2 'bob.key: is not the key of the certificate' add ann bob
sleep 1 # a certificate of no days has ended
expect 2 'old.pem: expired on 20' add old old
for who in server any; do expect 2 "$who.pem: expected the purpose clientAuth" add $who $who; done
expect 2 'plain.pem: expected the purpose clientAuth' add plain ann
cp ann.csr request.pem
expect 2 'request.pem: expected a certificate in PEM' add request ann
cp site.key empty.pem && : >empty.pem
ca=empty.pem expect 2 'empty.pem: expected certificates in PEM' add ann ann
openssl ec -in ann.key -aes128 -passout pass:secret -out locked.key 2>/dev/null
chmod 600 locked.key
expect 2 'locked.key: expected a private key in PEM, without a passphrase' add ann locked
mkdir folder.pem
expect 2 'folder.pem' add folder ann
head -c 70000 /dev/zero >large.pem
expect 2 'large.pem' add large ann
expect 5 'none.pem: no such file' add none ann
check 'nothing was added' test ! -e xdg/assay/contexts.yaml

# --- one that is fit names the subject and key that a role is given to
pin=$(openssl x509 -in ann.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
expect 0 'CN=ann,OU=Audit,O=Example, until 20' add ann ann
case $out in *"$pin"*) ;; *) wrong "the key of http.roles is not named: $out" ;; esac

# --- signing needs no node: that of a context in use, or of the environment, may be away
expect 0 '4 nodes' "$ASSAY" setup local --dir net --nodes 4 --port 7101 --enclave "$BIN/assay-enclave"
mkdir net/store && : >net/store/store.sqlite
cd net || exit 2
expect 0 'drain node-4' "$ASSAY" change draft --out drain --drain node-4 --store store --genesis genesis
expect 0 '' "$ASSAY" context use ann
expect 0 'was not checked: context:ann: ' "$ASSAY" change sign drain --key alpha.key
case $out in *'1 signature in all, not verified'*) ;; *) wrong "it is not signed: $out" ;; esac
expect 0 'was not checked: context:ann: ' "$ASSAY" --context ann change sign drain --key beta.key
expect 0 'no node was queried: context:ann: ' "$ASSAY" --context ann change show drain
expect 0 'no node was queried: none: no such socket' "$ASSAY" change show drain --socket none
expect 3 'assay: collateral status: none: no such socket' "$ASSAY" collateral status --socket none
expect 0 'signatures     2 valid of 2 needed' "$ASSAY" change show drain --store store --genesis genesis

finish
