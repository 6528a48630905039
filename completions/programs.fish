# fish completion of assayd, assay-sim, assay-demo and the programs of services. What they take is read from
# their own help, so that no list here can be behind it. (`assay` has a file made from its table of verbs.)
function __assay_program
    set -l given (commandline -opc)
    set -l now (commandline -ct)
    set -l help ($given[1] --help 2>/dev/null); or return
    if string match -q '* COMMAND ...*' -- $help[1]
        if test (count $given) -eq 1
            printf '%s\n' $help | sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)/\1\t\2/p'
            printf '%s\n' --help --version
            return
        end
        set help ($given[1] $given[2] --help 2>/dev/null); or return
    end
    if string match -q -- '-*' $now
        printf '%s\n' $help --help | sed -n '/^usage/,/^$/p; s/^ *\(--[a-z]\)/\1/p' | grep -oE -- '(^|[[ ])--[a-z][a-z-]*' |
            tr -d '[ ' | sort -u
        return
    end
    set -l value
    if string match -q -- '--*' $given[-1]
        set value (printf '%s\n' $help | sed -n "/^usage/,/^\$/s/.*$given[-1] \([A-Za-z.|=]*\).*/\1/p" | head -n 1)
    end
    switch "$value"
        case FILE PATH
            __fish_complete_path $now
        case DIR
            __fish_complete_directories $now
        case '*|*'
            string split '|' -- $value
        case ''
            if printf '%s\n' $help | string match -q '* SCENARIO*'
                $given[1] list 2>/dev/null | sed '/^$/,$d; s/ .*//'
            else if printf '%s\n' $help | string match -q '* SWEEP*'
                $given[1] list 2>/dev/null | sed '1,/^$/d; /:$/d; s/ .*//'
            end
            __fish_complete_path $now
    end
end
for program in assayd assay-sim assay-demo assay-enclave assay-replica assay-holder assay-executor assay-signer
    complete -c $program -f -a '(__assay_program)'
end
