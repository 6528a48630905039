# bash completion of assayd, assay-sim, assay-demo and the programs of services. What they take is read from
# their own help, so that no list here can be behind it. (`assay` has a file made from its table of verbs.)
_assay_program() {
    local program=$1 now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local help words value
    COMPREPLY=()
    help=$("$program" --help 2>/dev/null) || return
    case $help in *" COMMAND ..."*)
        if [ "$COMP_CWORD" -eq 1 ]; then
            words=$(sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' <<<"$help")
            COMPREPLY=($(compgen -W "$words --help --version" -- "$now"))
            return
        fi
        help=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null) || return
        ;;
    esac
    if [[ $now == -* ]]; then
        words=$(sed -n '/^usage/,/^$/p; s/^ *\(--[a-z]\)/\1/p' <<<"$help" | grep -oE -- '(^|[[ ])--[a-z][a-z-]*' | tr -d '[ ')
        COMPREPLY=($(compgen -W "$words --help" -- "$now"))
        COMPREPLY=($(printf '%s\n' "${COMPREPLY[@]}" | sort -u))
        return
    fi
    value=
    if [[ $before == --* ]]; then
        value=$(sed -n "/^usage/,/^\$/s/.*$before \([A-Za-z.|=]*\).*/\1/p" <<<"$help" | head -n 1)
    fi
    case $value in
    FILE | PATH) COMPREPLY=($(compgen -f -- "$now")) ;;
    DIR) COMPREPLY=($(compgen -d -- "$now")) ;;
    [a-z]*'|'*) COMPREPLY=($(compgen -W "${value//|/ }" -- "$now")) ;;
    '')
        words=
        case $help in
        *" SCENARIO"*) words=$("$program" list 2>/dev/null | sed '/^$/,$d; s/ .*//') ;;
        *" SWEEP"*) words=$("$program" list 2>/dev/null | sed '1,/^$/d; /:$/d; s/ .*//') ;;
        esac
        COMPREPLY=($(compgen -f -W "$words" -- "$now"))
        ;;
    esac
}
complete -o filenames -F _assay_program \
    assayd assay-sim assay-demo assay-enclave assay-replica assay-holder assay-executor assay-signer
