#!/bin/sh
# tests/tidy/elf.sh - the programs that users run are hardened, as the linker left them.
#
# usage: elf.sh PROGRAM...
#
# Position-independent, full RELRO, no executable stack, stack protector, fortified calls, and on x86
# control-flow protection; and no test hook is in them (docs/architecture.md: Byzantine behaviour lives
# in a test build of the daemon).
set -eu
export LC_ALL=C

bad=0
for program; do
    lacks() { echo "elf: $program: $1"; bad=1; }
    headers=$(readelf -Wl "$program")
    dynamic=$(readelf -Wd "$program")
    symbols=$(readelf -W --dyn-syms "$program")
    # A static program imports nothing (and its C library has every symbol): ask what main calls.
    case $headers in *INTERP*) ;; *) symbols=$(objdump -d --disassemble=main "$program" | tr '>' ' ') ;; esac
    case $dynamic in *"Flags:"*PIE*) ;; *) lacks "not position-independent" ;; esac
    case $headers in *GNU_RELRO*) ;; *) lacks "no RELRO segment" ;; esac
    case $dynamic in *NOW*) ;; *) lacks "lazy binding: RELRO is partial" ;; esac
    stack=$(printf '%s\n' "$headers" | awk '$1 == "GNU_STACK" { print $7 }')
    [ "$stack" = RW ] || lacks "executable stack ($stack)"
    case $symbols in *__stack_chk_fail*) ;; *) lacks "no stack protector" ;; esac
    case $symbols in *_chk@* | *_chk\ *) ;; *) lacks "no fortified call" ;; esac
    if [ "$(uname -m)" = x86_64 ]; then
        # Debian's crt1.o carries no CET note, so the linked program has none either; our code is marked.
        # Packages are stripped of names: then the code of others alone (crt1.o, the PLT) has less than ten.
        case $(nm "$program" 2>/dev/null) in
        *" T main"*) code=$(objdump -d --disassemble=main "$program") least=1 ;;
        *) code=$(objdump -d "$program") least=10 ;;
        esac
        [ "$(printf '%s\n' "$code" | grep -c endbr64)" -ge $least ] || lacks "no control-flow protection"
    fi
    hooks=$(nm "$program" 2>/dev/null | grep -Ei 'byzantine|test_hook' | head -n 1) || true
    [ -z "$hooks" ] || lacks "holds a test hook: $hooks"
done
[ $bad -eq 0 ] || exit 1
echo "elf: $# programs are hardened"
