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
check 'without a version it is nobody' test -z "$(find "$prefix" -name 'libassay.so')"
check 'installs what developers need' "$cmake" --install "$build" --prefix "$prefix" --component dev
so=$(find "$prefix" -name 'libassay.so')
archive=$(find "$prefix" -name 'libassay.a')
lib=$(dirname "$so")
header=$prefix/include/assay/assay.h

# --- the interface: header, map, dynamic symbols and archive name the same functions
cat "$prefix"/include/assay/*.h | tr '\n' ' ' | grep -oE 'ASSAY_API [^;(]*\(' | grep -oE 'assay_[a-z0-9_]+\($' | tr -d '(' |
    sort -u >"$work/declared"
check 'the header declares functions' test "$(wc -l <"$work/declared")" -gt 30
sed -n 's/^ *\(assay_[a-z0-9_]*\);$/\1/p' "$root/cmake/libassay.map" | sort >"$work/mapped"
check 'the map names what the header declares' same "$work/declared" "$work/mapped"
nm -D --defined-only "$so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/exported"
check 'the library exports what the header declares' same "$work/declared" "$work/exported"
nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort >"$work/archived"
check 'the archive offers what the header declares' same "$work/declared" "$work/archived"
head -n 5 "$work/declared" >"$work/fewer"
check 'a missing symbol would be seen' fails same "$work/fewer" "$work/exported"
check 'it has a SONAME with its version' \
    sh -c 'readelf -d "$0" | grep -q "SONAME.*libassay[.]so[.][0-9]*[.][0-9]*\]"' "$so"
check 'it may be loaded at run time' fails sh -c 'readelf -d "$0" | grep -q NOOPEN' "$so"
check 'no text is relocated and the stack is not executable' \
    fails sh -c 'readelf -dlW "$0" | grep -qE "TEXTREL|GNU_STACK.*RWE"' "$so"
check 'it depends on nothing but what the documentation names' fails sh -c \
    'readelf -d "$0" | sed -n "s/.*NEEDED.*\[\(.*\)\]/\1/p" |
     grep -vE "^(libc|libcrypto|libjansson|libcyaml|libyaml-0|libhogweed|libnettle|libgmp|libwolfssl|ld-linux.*)[.]so"' "$so"

# --- the binary interface: symbols with their versions, sizes, offsets
python=$(command -v python3 || true)
if [ -n "$python" ] && [ "$(getconf LONG_BIT)" = 64 ]; then
    abi() { "$python" "$root/tests/integration/library/abi.py" "$(dirname "$header")" "$so" "$cc" "$root/tests/integration/library/abi.txt" "$1"; }
    check 'the binary interface is that of tests/integration/library/abi.txt' abi check
    check 'and another one would be seen' abi selftest
fi

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
check 'examples/verify.c has fewer than 60 lines' test "$(wc -l <"$root/examples/verify.c")" -lt 60
export PKG_CONFIG_PATH="$lib/pkgconfig"
if command -v pkg-config >/dev/null; then
    check 'pkg-config knows it' pkg-config --exists assay
    # shellcheck disable=SC2046 # words are wanted
    check 'the example builds with pkg-config' "$cc" "$root/examples/verify.c" \
        $(pkg-config --cflags --libs assay) -o "$work/by-pkg-config"
    # shellcheck disable=SC2046
    check 'and against the archive' "$cc" "$root/examples/verify.c" $(pkg-config --cflags assay) \
        "$archive" $(pkg-config --static --libs assay | sed 's/-lassay//') -o "$work/static"
fi
mkdir "$work/user"
cp "$root/examples/verify.c" "$work/user"
for spelling in assay Assay; do
    cat >"$work/user/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package($spelling 0.1 REQUIRED)
add_executable(shared verify.c)
target_link_libraries(shared PRIVATE $spelling::assay)
add_executable(static verify.c)
target_link_libraries(static PRIVATE $spelling::assay_static)
END
    check "find_package($spelling) finds it" "$cmake" -S "$work/user" -B "$work/$spelling" \
        -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc"
    check "the example builds with find_package($spelling)" "$cmake" --build "$work/$spelling"
done
sed 's/ 0\.1 / 0.2 /' "$work/user/CMakeLists.txt" >"$work/user/later" &&
    mv "$work/user/later" "$work/user/CMakeLists.txt"
check 'another minor version is not taken for it' fails "$cmake" -S "$work/user" -B "$work/none" \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc"

# --- the same from Python, with nothing compiled
if [ -n "$python" ]; then
    check 'installs the Python binding' "$cmake" --install "$build" --prefix "$prefix" --component python
    binding=$(find "$prefix" -name assay.py)
    check 'the Python binding is installed' test -f "$binding"
    printf '#!/bin/sh\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH="%s" exec "%s" "%s" "$@"\n' "$(dirname "$binding")" "$python" \
        "$root/examples/verify.py" >"$work/by-python"
    chmod +x "$work/by-python"
    check 'the Python binding loads the library by its SONAME' \
        grep -q "\"$(readelf -d "$so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')\"" "$binding"
    check 'the Python binding' env LD_LIBRARY_PATH="$lib" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$(dirname "$binding")" \
        "$python" "$root/tests/integration/library/binding.py" "${ASSAY_VECTORS:-$root/../shared/vectors}"
fi

mkdir "$work/empty"
head -c 500 /dev/zero >"$work/zeros"
for program in "$work/by-pkg-config" "$work/static" "$work/assay/shared" "$work/assay/static" \
    "$work/Assay/shared" "$work/by-python"; do
    [ -x "$program" ] || continue
    check "$(basename "$program") judges bytes that are no evidence" \
        sh -c 'LD_LIBRARY_PATH=$1 "$0" "$2" "$3" 2>/dev/null | grep -qxE "none|contraindicated"' \
        "$program" "$lib" "$work/zeros" "$work/empty"
    vectors=${ASSAY_VECTORS:-$root/../shared/vectors}/tdx/tdx-v4-uptodate
    [ -d "$vectors" ] || continue
    check "$(basename "$program") affirms a genuine quote" \
        sh -c 'LD_LIBRARY_PATH=$1 "$0" "$2/quote.bin" "$2" 1751624191 | grep -qx affirming' \
        "$program" "$lib" "$vectors"
    LD_LIBRARY_PATH=$lib "$program" "$vectors/quote.bin" "$vectors" 1 >"$work/early" 2>/dev/null
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
        $(pkg-config --cflags --libs assay) -o "$work/standing"
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
    check "a proof without votes is not: $said" test "${said%%:*}" = 'not believed'
    said=$(standing "$proofs/whole" "$proofs/genesis" 1 $at)
    check "an old one is old: $said" test "${said#*its block is older}" != "$said"
    said=$(standing "$proofs/whole" "$proofs/genesis" 0 $((at + 86400)))
    check "24 hours are the default: $said" test "${said#*its block is older}" != "$said"
    said=$(standing "$proofs/whole" "$proofs/genesis" 1)
    check "without a time it is now: $said" test "${said%%:*}" = 'not believed'
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
