#!/bin/sh
# The library as a product: what it exports, what it installs, and that a stranger's build finds it.
#
# usage: package.sh ROOT BUILD CMAKE CC CXX     (CXX: none where there is no C++ compiler)
set -u
export LC_ALL=C
root=$1 build=$2 cmake=$3 cc=$4 cxx=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
same() { diff "$1" "$2"; }
fails() { ! "$@"; }

prefix=$work/prefix
check 'installs' "$cmake" --install "$build" --prefix "$prefix" --component library
# Who only runs programs gets the library alone: no header, no link without a version.
check 'the library by itself is one file and its SONAME' \
    test "$(find "$prefix" ! -type d | sed 's|.*/||; s|[0-9.]*$||' | sort -u)" = libassay.so
libraries='policy standing permit keys'
[ ! -e "$build/quote/api/libassay-continuity.so" ] || libraries="$libraries continuity sqlite"
for name in $libraries; do
    check "installs $name" "$cmake" --install "$build" --prefix "$prefix" --component library-$name
done
check 'without a version it is nobody' test -z "$(find "$prefix" -name 'libassay*.so')"
check 'installs what developers need' "$cmake" --install "$build" --prefix "$prefix" --component dev
so=$(find "$prefix" -name 'libassay.so')
archive=$(find "$prefix" -name 'libassay.a')
lib=$(dirname "$so")
headers=$prefix/include/assay
python=$(command -v python3 || true)

# --- each library: headers, map, dynamic symbols and archive name the same functions; it links what the table of
# docs/library.md names (and of another P-384, that); its binary interface is the one in abi/
declared_by() { # declared_by HEADER...
    (cd "$headers" && cat "$@") | tr '\n' ' ' | grep -oE 'ASSAY_API [^;(]*\(' | grep -oE 'assay_[a-z0-9_]+\($' | tr -d '(' | sort -u
}
needed_by() { readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)[.]so.*/\1/p' | grep -vE '^(libc|ld-linux.*)$' | sort; }
documented_for() { # the last column of its row; what follows "for" explains
    sed -n "s/^| .$1. .*| \(.*\) |\$/\1/p" "$root/docs/library.md" | grep -oE 'lib[a-z]+3?(-[a-z]+)*' | sed 's/^libyaml$/libyaml-0/' |
        grep -vx "$1" | sort
}
links_what_is_documented() { documented_for "$1" >"$work/documented"; needed_by "$2" >"$work/needed"; same "$work/documented" "$work/needed"; }
check_library() { # check_library NAME HEADER...
    name=$1
    shift
    shared=$lib/$name.so
    case $name in libassay-policy) declared_by policy.h ;; libassay-sqlite) declared_by sqlite.h kv.h ;; *) declared_by "$@" ;; esac >"$work/declared"
    check "$name: the headers declare functions" test -s "$work/declared"
    sed -n 's/^ *\(assay_[a-z0-9_]*\);$/\1/p' "$root/cmake/$name.map" | sort >"$work/mapped"
    check "$name: the map names what the headers declare" same "$work/declared" "$work/mapped"
    nm -D --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/exported"
    check "$name exports what the headers declare" same "$work/declared" "$work/exported"
    nm -g --defined-only "$lib/$name.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort >"$work/archived"
    check "$name: the archive offers what the headers declare" same "$work/declared" "$work/archived"
    sed 1d "$work/declared" >"$work/fewer"
    check "$name: a missing symbol would be seen" fails same "$work/fewer" "$work/exported"
    check "$name has a SONAME with its version" \
        sh -c 'readelf -d "$0" | grep -q "SONAME.*$1[.]so[.][0-9]*[.][0-9]*\]"' "$shared" "$name"
    check "$name may be loaded at run time" fails sh -c 'readelf -d "$0" | grep -q NOOPEN' "$shared"
    check "$name: no text is relocated and the stack is not executable" \
        fails sh -c 'readelf -dlW "$0" | grep -qE "TEXTREL|GNU_STACK.*RWE"' "$shared"
    if needed_by "$so" | grep -qx libhogweed; then # the usual build
        check "$name links what docs/library.md names" links_what_is_documented "$name" "$shared"
    fi
    [ -n "$python" ] && [ "$(getconf LONG_BIT)" = 64 ] || return 0
    check "the binary interface of $name is that of tests/integration/library/abi" abi "$name" "$shared" check "$@"
}
abi() { # abi NAME LIBRARY check|selftest HEADER...
    list=$root/tests/integration/library/abi/${1#lib}.txt of=$2 action=$3
    shift 3
    "$python" "$root/tests/integration/library/abi.py" "$(printf ",$headers/%s" "$@" | cut -c2-)" "$of" "$cc" "$list" "$action"
}
check_library libassay status.h assay.h identity.h result.h
check_library libassay-policy status.h assay.h identity.h result.h policy.h
check_library libassay-standing status.h standing.h
check_library libassay-permit status.h permit.h
check_library libassay-keys status.h keys.h
[ ! -e "$headers/continuity.h" ] || check_library libassay-continuity status.h continuity.h
[ ! -e "$headers/sqlite.h" ] || check_library libassay-sqlite status.h continuity.h sqlite.h kv.h
[ -z "$python" ] || check 'another binary interface would be seen' abi libassay "$so" selftest status.h assay.h identity.h result.h
check 'another library would be seen' fails links_what_is_documented libassay-standing "$so"
for name in libassay libassay-standing libassay-permit libassay-keys; do
    check "$name loads no YAML" fails sh -c 'ldd "$0" | grep -i yaml' "$lib/$name.so"
done
for name in libassay-standing libassay-keys; do
    check "$name loads no JSON" fails sh -c 'ldd "$0" | grep jansson' "$lib/$name.so"
done
check 'libassay-permit loads no cryptography' fails sh -c 'ldd "$0" | grep -E "crypto|gmp|hogweed"' "$lib/libassay-permit.so"

# --- an answer that cannot be taken for trust by accident: the compiler is asked, not the reader
body() { # body NAME STATEMENT
    printf '#include <assay/assay.h>\nint f(const struct assay_verify_request *r, struct assay_verdict *v);\n%s%s%s\n' \
        'int f(const struct assay_verify_request *r, struct assay_verdict *v) { enum assay_tier t; (void)v; ' "$2" ' }' \
        >"$work/$1.c"
}
compiles() { "$cc" -std=c11 -Wall -Wextra -Werror -c -o "$work/$1.o" -I"$prefix/include" "$work/$1.c"; }
body with 'return assay_verify(r, v, &t) == ASSAY_OK && t == ASSAY_TIER_AFFIRMING;'
check 'a program that reads the tier compiles' compiles with
body without '(void)t; return assay_verify(r, v) == ASSAY_OK;'
check 'a program that asks for no tier does not compile' fails compiles without
body ignored 'assay_verify(r, v, &t); return t == ASSAY_TIER_AFFIRMING;'
check 'a status that is ignored is a warning' fails compiles ignored
check 'the installed header has no guard for the library itself' \
    fails grep -nE 'INTERNAL|_(BASE|QUOTE|ENGINE|SCORING)_[A-Z_]*H' "$prefix"/include/assay/*.h
printf '#include <assay/assay.h>\n#if !ASSAY_VERSION_AT_LEAST(0, 1, 0) || ASSAY_VERSION_AT_LEAST(99, 0, 0)\n#error\n#endif\n' \
    >"$work/version.c"
check 'the version can be compared by the preprocessor' compiles version

# --- the header in other languages and by itself
printf '#include <assay/assay.h>\nint main(void) { return assay_version()[0] == 0; }\n' >"$work/alone.c"
for standard in c11 c17; do
    check "the header is good $standard" \
        "$cc" -std=$standard -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror -fsyntax-only \
        -I"$prefix/include" "$work/alone.c"
done
if [ "$cxx" != none ]; then
    cp "$work/alone.c" "$work/alone.cc"
    for standard in c++11 c++17; do
        check "the header is good $standard" "$cxx" -std=$standard -Wall -Wextra -Wpedantic -Werror \
            -I"$prefix/include" "$work/alone.cc" -L"$lib" -lassay -o "$work/cxx"
    done
    check 'a C++ program runs' env LD_LIBRARY_PATH="$lib" "$work/cxx"
fi

# --- the example, by pkg-config and by find_package, shared and static
export PKG_CONFIG_PATH="$lib/pkgconfig"
if command -v pkg-config >/dev/null; then
    for name in assay $(printf ' assay-%s' $libraries); do
        check "pkg-config knows $name" pkg-config --exists $name
    done
    # shellcheck disable=SC2046 # words are wanted
    check 'the example builds with pkg-config' "$cc" "$root/examples/verify.c" \
        $(pkg-config --cflags --libs assay-policy) -o "$work/by-pkg-config"
    # shellcheck disable=SC2046
    check 'and against the archives' "$cc" "$root/examples/verify.c" $(pkg-config --cflags assay-policy) \
        $(pkg-config --static --libs assay-policy | sed "s|-l\\(assay[a-z-]*\\)|$lib/lib\\1.a|g") -o "$work/static"
    # Two libraries have the texts of statuses; a static program may use both.
    printf '#include <assay/permit.h>\n#include <assay/standing.h>\n#include <assay/assay.h>\nint main(void)\n{\n%s%s%s}\n' \
        '    struct assay_permit_answer a = { .size = sizeof a };\n    (void)!assay_permit_ask("/", ASSAY_PERMIT_NORMAL, 1, &a);\n' \
        '    return assay_describe_answer(ASSAY_PROVEN) == 0 || assay_version() == 0 ||\n' \
        '           assay_describe_status(ASSAY_OK) == 0;\n' | sed 's/\\n/\n/g' >"$work/three.c"
    # shellcheck disable=SC2046
    check 'three libraries in a static program' "$cc" "$work/three.c" $(pkg-config --cflags assay) \
        $(pkg-config --static --libs assay-standing assay-permit assay | sed "s|-l\\(assay[a-z-]*\\)|$lib/lib\\1.a|g") -o "$work/three"
    check 'runs' "$work/three"
fi
mkdir "$work/user"
cp "$root/examples/verify.c" "$root/examples/result.c" "$root/examples/standing.c" "$root/examples/gate.c" "$work/user"
for spelling in assay Assay; do
    cat >"$work/user/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package($spelling 0.1 REQUIRED)
add_executable(shared verify.c)
target_link_libraries(shared PRIVATE $spelling::policy)
add_executable(static verify.c)
target_link_libraries(static PRIVATE $spelling::policy_static)
add_executable(result result.c)
target_link_libraries(result PRIVATE $spelling::policy)
add_executable(standing standing.c)
target_link_libraries(standing PRIVATE $spelling::standing)
add_executable(gate gate.c)
target_link_libraries(gate PRIVATE $spelling::permit_static)
END
    check "find_package($spelling) finds it" "$cmake" -S "$work/user" -B "$work/$spelling" \
        -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc"
    check "the examples build with find_package($spelling)" "$cmake" --build "$work/$spelling"
done
check 'a program of proofs loads one library of Assay' \
    test "$(needed_by "$work/assay/standing" | grep assay)" = libassay-standing
sed 's/ 0\.1 / 0.2 /' "$work/user/CMakeLists.txt" >"$work/user/later" &&
    mv "$work/user/later" "$work/user/CMakeLists.txt"
check 'another minor version is not taken for it' fails "$cmake" -S "$work/user" -B "$work/none" \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc"

# --- the same from Python, with nothing compiled
if [ -n "$python" ]; then
    check 'installs the Python binding' "$cmake" --install "$build" --prefix "$prefix" --component python
    binding=$(find "$prefix" -path '*/assay/_library.py')
    modules=$(dirname "$(dirname "$binding")")
    check 'the Python binding is installed' test -f "$modules/assay/__init__.py"
    check 'with its types' test -f "$modules/assay/py.typed"
    printf '#!/bin/sh\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH="%s" exec "%s" "%s" "$@"\n' "$modules" "$python" \
        "$root/examples/verify.py" >"$work/by-python"
    chmod +x "$work/by-python"
    check 'the Python binding loads the library by its SONAME' \
        grep -q "\"$(readelf -d "$so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')\"" "$binding"
    check 'the Python binding' env LD_LIBRARY_PATH="$lib" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$modules" \
        "$python" "$root/tests/integration/library/binding.py" "${ASSAY_VECTORS:-$root/../shared/vectors}"
fi

mkdir "$work/empty"
head -c 500 /dev/zero >"$work/zeros"
printf 'policy_version: 1\nprofile: production\n' >"$work/policy.yaml"
sample=$root/examples/evidence
data=$(tail -c +569 "$sample/quote.bin" | head -c 64 | od -An -v -tx1 | tr -d ' \n')
for program in "$work/by-pkg-config" "$work/static" "$work/assay/shared" "$work/assay/static" \
    "$work/Assay/shared" "$work/by-python"; do
    [ -x "$program" ] || continue
    check "$(basename "$program") judges bytes that are no evidence" \
        sh -c 'LD_LIBRARY_PATH=$1 "$0" "$2" "$3" "$4" 00 2>/dev/null | grep -qxE "none|contraindicated"' \
        "$program" "$lib" "$work/zeros" "$work/empty" "$work/policy.yaml"
    check "$(basename "$program") affirms the sample" \
        sh -c 'LD_LIBRARY_PATH=$1 "$0" "$2/quote.bin" "$2/collateral" "$2/policy.yaml" "$3" 1800000000 | grep -qx affirming' \
        "$program" "$lib" "$sample" "$data"
    vectors=${ASSAY_VECTORS:-$root/../shared/vectors}/tdx/tdx-v4-uptodate
    [ -d "$vectors" ] || continue
    data_of_it=$(tail -c +569 "$vectors/quote.bin" | head -c 64 | od -An -v -tx1 | tr -d ' \n')
    check "$(basename "$program") affirms a genuine quote" \
        sh -c 'LD_LIBRARY_PATH=$1 "$0" "$2/quote.bin" "$2" "$3" "$4" 1751624191 | grep -qx affirming' \
        "$program" "$lib" "$vectors" "$work/policy.yaml" "$data_of_it"
    LD_LIBRARY_PATH=$lib "$program" "$vectors/quote.bin" "$vectors" "$work/policy.yaml" "$data_of_it" 1 >"$work/early" 2>/dev/null
    [ -s "$work/first" ] || cp "$work/early" "$work/first"
    check "$(basename "$program") gives the same reasons as the first" same "$work/first" "$work/early"
done
# A static program carries the library; it needs none at run time.
for program in "$work/static" "$work/assay/static"; do
    check "$program needs no libassay.so" fails sh -c 'readelf -d "$0" | grep -q "NEEDED.*libassay"' "$program"
done

# --- what a network says of a member, from the files of a real one
if command -v pkg-config >/dev/null; then
    # shellcheck disable=SC2046
    check 'examples/standing.c builds' "$cc" "$root/examples/standing.c" \
        $(pkg-config --cflags --libs assay-standing) -o "$work/standing"
    proofs=$work/proofs
    mkdir "$proofs" && tar -xf "$root/tests/fuzz/corpus/engine/proof.tar" -C "$proofs"
    standing() { LD_LIBRARY_PATH=$lib "$work/standing" "$@" 2>&1; }
    # The files are of one moment: an hour after their network's genesis, whose time in ms stands 13
    # bytes before the end of its checkpoint.
    began_ms=$(tail -c 13 "$proofs/genesis" | head -c 8 | od -An -tx1 | tr -d ' \n')
    at=$((0x$began_ms / 1000 + 3600))
    said=$(standing "$proofs/whole" "$proofs/genesis" 0 $at)
    check "a proof is believed: $said" test "${said%%,*}" = FULL
    said=$(standing "$proofs/absent" "$proofs/genesis" 0 $at)
    check "who is absent is proven absent: $said" test "${said%%,*}" = SUSPENDED
    said=$(standing "$proofs/bare" "$proofs/genesis" 0 $at)
    check "a proof without votes is not: $said" test "${said%%:*}" = 'refused'
    said=$(standing "$proofs/whole" "$proofs/genesis" 1 $at)
    check "an old one is old: $said" test "${said#*its block is older}" != "$said"
    said=$(standing "$proofs/whole" "$proofs/genesis" 0 $((at + 86400)))
    check "24 hours are the default: $said" test "${said#*its block is older}" != "$said"
    said=$(standing "$proofs/whole" "$proofs/genesis" 1)
    check "without a time it is now: $said" test "${said%%:*}" = 'refused'
fi

# --- pages, and what is not the library's
check 'nothing but the library is installed' test -z "$(find "$prefix" -path '*/bin/*' -o -path '*/libexec/*')"
check 'the manual is installed' test -f "$prefix/share/man/man3/libassay.3"
if command -v groff >/dev/null; then
    said=$(groff -mandoc -Tutf8 -ww "$prefix/share/man/man3/libassay.3" 2>&1 >"$work/page")
    check "libassay(3) formats without a warning: $said" test -z "$said"
fi
while read -r name; do
    case $name in
    assay_name_of_* | assay_verdict_get_* | assay_verdict_is_* | assay_verdict_count_*) continue ;;
    esac
    grep -q "$name" "$prefix/share/man/man3/libassay.3" || printf '%s\n' "$name"
done <"$work/declared" >"$work/silent"
check "libassay(3) says nothing of $(tr '\n' ' ' <"$work/silent")" test ! -s "$work/silent"

echo "$((checks - failures)) of $checks checks passed"
[ "$failures" -eq 0 ]
