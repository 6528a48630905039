# tests/integration/http/authority.sh - certificates of the tests of HTTP. Source it behind lib.sh.
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 2 \
        -subj "/CN=$1" -addext 'basicConstraints=critical,CA:TRUE' 2>/dev/null
}
# certificate NAME AUTHORITY PURPOSE SUBJECT
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$4" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1,DNS:node-1.example\nextendedKeyUsage=%s\n' "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days 2 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
    chmod 600 "$1.key"
}
