#!/bin/sh
# libassay from C, Python, Go and Rust: the cases of cases.py have equal results, the examples print the same, misuse is
# an error. Everything is what `cmake --install` puts under a prefix; nothing is fetched.
#
# usage: bindings.sh ROOT BUILD CMAKE CC [genuine]     (genuine: the cases of ASSAY_VECTORS alone; 77 without them)
set -u
export LC_ALL=C
root=$1 build=$2 cmake=$3 cc=$4 part=${5:-made}
work=$build/bindings # kept: caches of go and cargo are in it
prefix=$work/prefix out=$work/$part
vectors=${ASSAY_VECTORS:-$root/../shared/vectors}
checks=0 failures=0
mkdir -p "$work"
check() { # check TEXT COMMAND...
    what=$1
    shift
    checks=$((checks + 1))
    "$@" >"$work/said" 2>&1 && return 0
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$what" >&2
    sed 's/^/  /' "$work/said" | head -20 >&2
    return 1
}
fails() { ! "$@"; }
done_with_checks() {
    echo "$((checks - failures)) of $checks checks passed"
    [ "$failures" -eq 0 ]
    exit
}
if [ "$part" = genuine ] && [ ! -f "$vectors/MANIFEST.json" ]; then
    echo "no genuine evidence: $vectors is missing; set ASSAY_VECTORS"
    exit 77
fi

# --- toolchains: those on PATH, with everything that they write in the build folder, and no network
for tool in python3 go cargo pkg-config; do
    check "$tool is there: \`./dev test\` installs it" command -v $tool || done_with_checks
done
export GOPATH="$work/gopath" GOCACHE="${GOCACHE:-$work/gocache}" GOENV=off GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GO111MODULE=on
tags='' features=yaml components='' programs='run verify attested_keys workload'
if grep -q '^ASSAY_WITH_SERVICES:BOOL=ON$' "$build/CMakeCache.txt"; then
    features=$features,continuity components='library-continuity library-sqlite' programs="$programs continuity counter"
else
    tags=assay_no_continuity # there is no such library
fi
export GOFLAGS="-mod=mod -buildvcs=false -tags=$tags" GOWORK=off CGO_ENABLED=1 CC="$cc"
export CARGO_HOME="$work/cargo" CARGO_TARGET_DIR="$work/target" CARGO_NET_OFFLINE=true
unset RUSTFLAGS RUSTC_WRAPPER CARGO_BUILD_TARGET GOOS GOARCH CGO_CFLAGS CGO_LDFLAGS

# --- what users install
for component in library library-policy library-standing library-keys $components dev python go rust; do
    check "installs $component" "$cmake" --install "$build" --prefix "$prefix" --component $component
done
lib=$(dirname "$(find "$prefix" -name 'libassay.so')")
python=$(dirname "$(dirname "$(find "$prefix" -path '*/assay/_library.py')")")
gocode=$prefix/share/gocode/src/assay.example/assay
crate=$(find "$prefix/share/cargo/registry" -mindepth 1 -maxdepth 1 -name 'assay-*')
export PKG_CONFIG_PATH="$lib/pkgconfig" LD_LIBRARY_PATH="$lib" PYTHONPATH="$python" PYTHONDONTWRITEBYTECODE=1
check 'the Go package is installed' test -f "$gocode/assay.go"
check 'the Rust crate is installed' test -f "$crate/Cargo.toml"

# --- the runners and the examples of Go and Rust, as users build them; those of C are the build's
rm -rf "$work/go" "$work/rust" "$work/rustls"
mkdir -p "$work/go/verify" "$work/go/attested_keys" "$work/go/counter" "$work/rust/src" "$work/rustls/.cargo" \
    "$work/bin"
cp -Rp "$root/tests/bindings/go/." "$work/go"
cp -p "$root/examples/verify.go" "$work/go/verify/main.go"
cp -p "$root/examples/attested_keys.go" "$work/go/attested_keys/main.go"
cp -p "$root/examples/counter.go" "$work/go/counter/main.go"
[ -z "$tags" ] || rm -rf "$work/go/counter" "$work/go/continuity"
sed "s|=> .*|=> $gocode|" "$root/tests/bindings/go/go.mod" >"$work/go/go.mod"
cp -Rp "$root/tests/bindings/rust/." "$work/rust"
cp -p "$root/examples/verify.rs" "$root/examples/counter.rs" "$work/rust/src"
sed "s|path = \"../../../bindings/rust\"|path = \"$crate\"|; s|../../../examples/|src/|" \
    "$root/tests/bindings/rust/Cargo.toml" >"$work/rust/Cargo.toml"
# With rustls of Debian, whose crates are a folder.
sed "s|path = \"../../../bindings/rust\"|path = \"$crate\"|; s|../../../examples/|$root/examples/|" \
    "$root/tests/bindings/rustls/Cargo.toml" >"$work/rustls/Cargo.toml"
printf '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "/usr/share/cargo/registry"\n' \
    >"$work/rustls/.cargo/config.toml"
cargo_features=''
[ -n "$tags" ] || cargo_features='--features continuity'
within() { cd "$1" && shift && "$@"; }
go_builds() { (within "$work/go" go build -o "$work/bin/go-$1" "./$1"); }
cargo_builds() { (within "$work/rust" cargo build --quiet --offline --locked --no-default-features $cargo_features); }
rustls_builds() { (within "$work/rustls" cargo build --quiet --offline); }
for program in $programs; do
    check "Go builds $program" go_builds $program || done_with_checks
done
check 'cargo builds all, offline and locked' cargo_builds || done_with_checks

if [ "$part" = made ]; then
    check 'rustls is there (librust-rustls-dev): `./dev test` installs it' \
        sh -c 'ls -d /usr/share/cargo/registry/rustls-0.20.*' || done_with_checks
    check 'cargo builds attested_keys with rustls' rustls_builds || done_with_checks
fi

# --- one table of cases
make_identities() { # make_identities FOLDER: of 4 shares, 3 of which sign, at the time of the cases
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1/key.pem" &&
        openssl pkey -in "$1/key.pem" -pubout -outform DER -out "$1/key.spki" &&
        "$build/tests/identity_certificates" "$1" 1800000000 4 3 >"$1/chain"
}
rm -rf "$out"
mkdir -p "$out/made"
if [ "$part" = genuine ]; then
    set -- genuine "$vectors"
else
    check 'evidence is made' "$build/tests/make_cases" "$out/made" || done_with_checks
    mkdir "$out/tokens"
    check 'tokens are made' python3 "$root/tests/integration/cli/evidence/result_maker.py" "$out/tokens" || done_with_checks
    mkdir "$out/standings"
    check 'key proofs are made' "$build/tests/make_key_proofs" "$out/standings" || done_with_checks
    set -- made "$root/examples/evidence" "$out/made" "$out/tokens" "$out/standings"
    if grep -q '^ASSAY_WITH_SERVICES:BOOL=ON$' "$build/CMakeCache.txt"; then
        mkdir "$out/identities"
        check 'certificates of a network are made' make_identities "$out/identities" || done_with_checks
        set -- "$@" "$out/identities"
    fi
fi
check 'the table of cases is made' python3 "$root/tests/bindings/cases.py" "$out" "$@" || done_with_checks
cat "$work/said"
check 'C' sh -c '"$0" "$1" >"$2"' "$build/tests/run_cases" "$out/table" "$out/c"
check 'Python' sh -c 'python3 "$0" "$1" >"$2"' "$root/tests/bindings/run.py" "$out/table" "$out/python"
check 'Go' sh -c '"$0" "$1" >"$2"' "$work/bin/go-run" "$out/table" "$out/go"
check 'Rust' sh -c '"$0" "$1" >"$2"' "$work/target/debug/run" "$out/table" "$out/rust"
compare() { python3 "$root/tests/bindings/compare.py" "$out/table" "$@"; }
check 'C, Python, Go and Rust have equal results, and those that are expected' \
    compare "$out/c" "$out/python" "$out/go" "$out/rust"
check 'another result would be seen' compare --selftest "$part" "$out/c"
[ "$part" = made ] || done_with_checks

# A binding that forgets an argument has other results.
mkdir -p "$out/faulty"
for fault in 's/expected_report_data=data.slice/expected_report_data=api.Bytes()/' 's/memory, policy=accepted/memory, policy=None/' \
    's/expected_nonce=challenge.slice/expected_nonce=api.Bytes()/' 's/int(time.time()) if at is None else at/1900000001/' \
    's/api.lib.assay_trust_set_exact(self._pointer, exact)/0/' 's/log_count=len(borrowed)/log_count=0/' \
    's/_text(one.mode) or None/None/' 's/one.expires_unix_s if one.has_expiry else None/None/' \
    's/api.digest_for(request.chain_id, "chain_id")/None/' 's/has_age_max=request.age_max_s is not None/has_age_max=False/' \
    's/has_era=request.era is not None/has_era=False/' 's/"trust_domain", "service", /"trust_domain", /' \
    's/api.digest_for(request.node_id, "node_id"),$/None,/' 's/name=api.text_for(request.name, "name")/name=None/' \
    's/standing_worst=api.number_of(request.standing_worst, c.c_int),$/standing_worst=0,/' \
    's/now_ms=_now(request.now_ms)/now_ms=_now(None)/' 's/max_age_s=api.number_of(request.max_age_s, c.c_uint32)/max_age_s=3600/' \
    's/(found.checkpoint)\[:found.checkpoint_len\]/(found.checkpoint)[:0]/' 's/self.stage = Stage(found.stage)/self.stage = Stage(2)/' \
    's/skew_s=api.number_of(request.skew_s, c.c_uint32)/skew_s=300/' 's/made, given.array, len(given)/made, given.array, 1/'; do
    rm -rf "$out/faulty/assay"
    cp -R "$python/assay" "$out/faulty"
    sed -i "$fault" "$out/faulty/assay/"*.py
    check "$fault is a fault" fails diff -r "$python/assay" "$out/faulty/assay"
    PYTHONPATH="$out/faulty" python3 "$root/tests/bindings/run.py" "$out/table" >"$out/faulty/result" 2>/dev/null
    check "a binding after $fault would be seen" fails compare "$out/c" "$out/faulty/result"
done

# --- the examples: the same output and status in each language
evidence=$root/examples/evidence
challenge=$(awk -F'\t' '$1 == "td-challenge" { print $8 }' "$out/table")
printf 'policy_version: [\n' >"$out/wrong.yaml"
example() { # example LANGUAGE ARGUMENT...
    language=$1
    shift
    case $language in
    c) "$build/examples/example_verify" "$@" ;;
    python) python3 "$root/examples/verify.py" "$@" ;;
    go) "$work/bin/go-verify" "$@" ;;
    rust) "$work/target/debug/verify" "$@" ;;
    esac
}
examples_agree() { # examples_agree STATUS FIRST-LINE ARGUMENT...
    expected=$1 line=$2
    shift 2
    for language in c python go rust; do
        example $language "$@" >"$out/$language.said" 2>"$out/error"
        status=$?
        [ $status -eq "$expected" ] || { echo "$language: status $status"; cat "$out/error"; return 1; }
        [ "$(head -n 1 "$out/$language.said")" = "$line" ] && cmp "$out/c.said" "$out/$language.said" ||
            { cat "$out/$language.said"; return 1; }
    done
}
quote=$evidence/quote.bin collateral=$evidence/collateral policy=$evidence/policy.yaml
check 'examples affirm' examples_agree 0 affirming "$quote" "$collateral" "$policy" "$challenge" 1800000000
check 'and print claims' grep -qx 'mrtd: [0-9a-f]\{96\}' "$out/c.said"
mkdir -p "$out/empty"
check 'without collateral there is no answer' examples_agree 1 none "$quote" "$out/empty" "$policy" "$challenge" 1800000000
check 'and they print what was not checked' grep -q '^not checked: ' "$out/c.said"
check 'another challenge is refused' examples_agree 1 contraindicated "$quote" "$collateral" "$policy" 00 1800000000
check 'now is a time as well' examples_agree 0 affirming "$quote" "$collateral" "$policy" "$challenge"
check 'a policy that is none' examples_agree 2 '' "$quote" "$collateral" "$out/wrong.yaml" "$challenge" 1800000000
check 'wrong usage' examples_agree 2 '' "$quote"
check 'evidence that is not there' examples_agree 2 '' "$out/none" "$collateral" "$policy" "$challenge" 1800000000
check 'a folder that is not there' examples_agree 2 '' "$quote" "$out/none" "$policy" "$challenge" 1800000000
for wrong in zz "${challenge}zz" 5f1 '' "$(printf '5f%.0s' $(seq 65))"; do
    check "no challenge: $wrong" examples_agree 2 '' "$quote" "$collateral" "$policy" "$wrong" 1800000000
done
check 'no time' examples_agree 2 '' "$quote" "$collateral" "$policy" "$challenge" tomorrow

# --- attested TLS without a certificate authority, by the TLS library of each language
check 'TLS connections in C, Go and Rust' python3 "$root/tests/bindings/attested_keys.py" "$out/standings" "$out/tls" \
    "$build/examples/example_attested_keys" "$work/bin/go-attested_keys" "$work/target/debug/attested_keys"

# --- registration of a key: an enclave of their own, the same outcomes
if [ -x "$build/tests/key_service" ]; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$out/workload.pem" 2>/dev/null
    openssl pkey -in "$out/workload.pem" -pubout -outform DER -out "$out/workload.der"
    sockets=$(mktemp -d /tmp/assay-keys.XXXXXX) # short: the path of a UNIX socket has 107 bytes
    services=
    trap 'kill $services 2>/dev/null; rm -rf "$sockets"' EXIT
    registers() { # registers LANGUAGE COMMAND...
        "$build/tests/key_service" "$sockets/$1" &
        services="$services $!"
        for _ in $(seq 100); do [ -S "$sockets/$1" ] && break || sleep 0.1; done
        language=$1
        shift
        "$@" "$sockets/$language" "$out/workload.pem" "$out/workload.der" "$sockets/absent" >"$out/workload.$language"
    }
    check 'Python registers keys' registers python python3 "$root/tests/bindings/run_workload.py"
    check 'Go registers keys' registers go "$work/bin/go-workload"
    check 'Rust registers keys' registers rust "$work/target/debug/workload"
    for language in python go rust; do
        check "what $language receives is what is expected" diff "$root/tests/bindings/workload.txt" "$out/workload.$language"
    done
fi

# --- rollback protection: the results of the header, the same outcomes of misuse; a network is in
# tests/integration/cli/services/continuity_library.sh
if [ -z "$tags" ]; then
    header=$prefix/include/assay/continuity.h
    sed -n 's/^ *ASSAY_CONTINUITY_\([A-Z_]*\) = \([0-9]*\).*/\2 \1/p' "$header" >"$out/results"
    check 'the header has results' test "$(wc -l <"$out/results")" -ge 26
    protects() { # protects LANGUAGE COMMAND...
        language=$1
        shift
        mkdir "$out/continuity.$language.d"
        "$@" "$out/standings/checkpoint.early" "$out/continuity.$language.d" >"$out/continuity.$language"
    }
    export MALLOC_PERTURB_=165 # in freed memory: other bytes
    check 'Python protects states' protects python python3 "$root/tests/bindings/run_continuity.py"
    check 'Go protects states' protects go env GODEBUG=cgocheck=2 "$work/bin/go-continuity"
    check 'Rust protects states' protects rust "$work/target/debug/continuity"
    mkdir "$out/store.d"
    check 'Python refuses misuse of stores' \
        python3 "$root/tests/bindings/run_kv.py" "$out/standings/checkpoint.early" "$out/store.d"
    unset MALLOC_PERTURB_
    same_results() { sed -n 's/^\([0-9]* [A-Z_]*\) .*/\1/p' "$1" | diff "$out/results" -; }
    same_outcomes() { sed '/^[0-9]/d; s/ [0-9a-f]\{64\}/ ID/g' "$1" | diff "$root/tests/bindings/continuity.txt" -; }
    for language in python go rust; do
        check "the results of $language are those of the header" same_results "$out/continuity.$language"
        check "the outcomes of $language are what is expected" same_outcomes "$out/continuity.$language"
        check "the words of $language are those of Python" diff "$out/continuity.python" "$out/continuity.$language"
    done
    head -c 32 /dev/urandom >"$out/continuity.key"
    counter() { # counter LANGUAGE ARGUMENT...
        language=$1
        shift
        case $language in
        c) "$build/examples/example_counter" "$@" ;;
        python) python3 "$root/examples/counter.py" "$@" ;;
        go) "$work/bin/go-counter" "$@" ;;
        rust) "$work/target/debug/counter" "$@" ;;
        esac
    }
    counters_agree() { # counters_agree STATUS TEXT ARGUMENT...: of the last line on the error output
        expected=$1 line=$2
        shift 2
        for language in c python go rust; do
            counter $language "$@" >"$out/$language.said" 2>"$out/error"
            status=$?
            [ $status -eq "$expected" ] && [ ! -s "$out/$language.said" ] || { echo "$language: $status"; return 1; }
            [ $language = c ] && [ $status = 2 ] && continue # it prints nothing then
            grep -q "^$line" "$out/error" || { echo "$language: $(cat "$out/error")"; return 1; }
        done
    }
    early=$out/standings/checkpoint.early key=$out/continuity.key
    mkdir "$out/no-instance"
    empty=$out/no-instance
    check 'counters: no instance' counters_agree 1 'NO_INSTANCE: .*: has no file identity (the folder has no instance: ' \
        open "$out/absent" "$early" "$key" "$empty"
    check 'counters: no checkpoint' counters_agree 1 'MISUSE: checkpoint: expected one of `assay checkpoint`, ' \
        create "$out/absent" "$key" "$key" "$empty"
    check 'counters: no key' counters_agree 2 .. create "$out/absent" "$early" /dev/null "$empty"
    check 'counters: wrong usage' counters_agree 2 'usage: counter' create "$out/absent" "$early"
    code=$(sed '/^""".*[^"]$/,/^"""$/d; /^#/d; /^$/d' "$root/examples/counter.py" | wc -l)
    check 'the example in Python is below 30 lines of code' test "$code" -lt 30
fi

# --- tokens of other verifiers: results, never evidence
tokens=$out/tokens
issued=$(awk -F'\t' '$1 == "token-azure" { print $7 }' "$out/table")
results_agree() { # results_agree STATUS FIRST-LINE ARGUMENT...
    expected=$1 line=$2
    shift 2
    "$build/examples/example_result" "$@" >"$out/c.said" 2>"$out/error"
    status=$?
    python3 "$root/examples/result.py" "$@" >"$out/python.said" 2>>"$out/error"
    [ $? -eq "$expected" ] && [ $status -eq "$expected" ] && [ "$(head -n 1 "$out/c.said")" = "$line" ] &&
        cmp "$out/c.said" "$out/python.said" || { cat "$out/c.said" "$out/python.said" "$out/error"; return 1; }
}
check 'an affirming token' results_agree 0 'valid, affirming' "$tokens/all.yaml" "$tokens/azure.jwt" 5f1c "$issued"
check 'its evidence is not checked' grep -q '^not checked: evidence: ' "$out/c.said"
check 'its freshness is' fails grep -q '^not checked: freshness: ' "$out/c.said"
check 'a token without a nonce' results_agree 0 'valid, affirming' "$tokens/all.yaml" "$tokens/azure.jwt" '' "$issued"
check 'may be an old one' grep -q '^not checked: freshness: ' "$out/c.said"
check 'a valid token with a bad statement' \
    results_agree 1 'valid, contraindicated' "$tokens/all.yaml" "$tokens/debug.jwt" '' "$issued"
check 'a token of nobody' results_agree 1 'other-issuer, nothing' "$tokens/google.yaml" "$tokens/azure.jwt" '' "$issued"
check 'no issuers' results_agree 2 '' "$tokens/none.yaml" "$tokens/azure.jwt" '' "$issued"
check 'a policy without issuers' results_agree 2 '' "$root/examples/evidence/policy.yaml" "$tokens/azure.jwt" '' "$issued"
check 'which both say' test "$(grep -c 'policy.yaml: names no issuer: expected a section token_issuers$' "$out/error")" = 2
check 'issuers of no policy' results_agree 2 '' "$tokens/wrong.yaml" "$tokens/azure.jwt" '' "$issued"
check 'no such token' results_agree 2 '' "$tokens/all.yaml" "$tokens/none" '' "$issued"
check 'a time that is none' results_agree 2 '' "$tokens/all.yaml" "$tokens/azure.jwt" '' tomorrow
check 'a token is no evidence' examples_agree 1 contraindicated "$tokens/azure.jwt" "$collateral" "$policy" "$challenge" "$issued"

# --- misuse, threads, signed results
longest=$(sed -n 's/^#define ASSAY_EAR_BYTES_MAX \([0-9]*\)$/\1/p' "$prefix/include/assay/assay.h")
check 'Python has room for every result' test "$longest" -eq "$(python3 -c 'import assay; print(assay._library.RESULT_MAX)')"
check 'Rust as well' grep -qx "const RESULT_MAX: usize = $longest;" "$crate/src/verdict.rs"
export ASSAY_EXAMPLE="$evidence" ASSAY_TOKENS="$tokens"
go_tests() { (within "$root/bindings/go" env MALLOC_PERTURB_=165 go test -count=1 .); } # in freed memory: other bytes
cargo_tests() {
    (within "$root/bindings/rust" cargo test --quiet --offline --locked --no-default-features --features $features \
        --test misuse --test continuity)
}
go_vets() { (within "$1" go vet ./...); }
check 'tests of the Go binding' go_tests
check 'go vet finds nothing in the binding' go_vets "$root/bindings/go"
check 'nor in the runner' go_vets "$work/go"
check 'gofmt would change nothing' test -z "$(gofmt -l "$root/bindings/go" "$root/tests/bindings/go" "$root/examples")"
check 'tests of the Rust binding' cargo_tests
without_yaml() { (within "$work/go" go build -tags assay_no_yaml,assay_no_continuity -o "$work/bin/go-bare" ./bare); }
mkdir -p "$work/go/bare"
printf 'package main\n\nimport "assay.example/assay"\n\nfunc main() { println(assay.Version()) }\n' >"$work/go/bare/main.go"
check 'a Go program without policy files builds' without_yaml
check 'and links no YAML' fails sh -c 'ldd "$0" | grep yaml' "$work/bin/go-bare"
check 'another one does' sh -c 'ldd "$0" | grep -q yaml' "$work/bin/go-run"
check 'nor what states of enclaves need' fails sh -c 'ldd "$0" | grep continuity' "$work/bin/go-bare"

# --- what the documentation quotes of the examples is in them
check 'quotations of examples' python3 "$root/tests/bindings/quoted.py" "$root"
done_with_checks
