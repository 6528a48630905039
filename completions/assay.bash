# bash completion of assay; made by `assay completion bash`
_assay() {
    local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local group=${COMP_WORDS[1]} verb=${COMP_WORDS[2]} options= words= want=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W '--help --version help evidence ear tcb collateral policy setup config node soft tpm keys genesis change recover status nodes top explain doctor debug permit enforce counters timeline export report checkpoint proof store audit completion services continuity share account task anchor' -- "$now"))
        return
    fi
    case $group in
    evidence) words='verify explain decode' ;;
    ear) words='verify' ;;
    tcb) words='forecast' ;;
    collateral) words='fetch show pack apply compare forecast submit status' ;;
    policy) words='lint show diff try import export' ;;
    setup) words='local node' ;;
    config) words='check show diff' ;;
    node) words='request' ;;
    soft) words='ca collateral node quote' ;;
    tpm) words='registrar enroll prepare challenge answer issue crl measure quote' ;;
    keys) words='generate rotate operator show' ;;
    genesis) words='create sign show' ;;
    change) words='draft add-node show simulate sign submit list' ;;
    recover) words='status fence release answer draft show sign submit accept withdraw' ;;
    status) words='' verb= ;;
    nodes) words='' verb= ;;
    top) words='' verb= ;;
    explain) words='' verb= ;;
    doctor) words='net' ;;
    debug) words='bundle' ;;
    permit) words='' verb= ;;
    enforce) words='show hold release' ;;
    counters) words='' verb= ;;
    timeline) words='' verb= ;;
    export) words='' verb= ;;
    report) words='' verb= ;;
    checkpoint) words='' verb= ;;
    proof) words='verify' ;;
    store) words='save verify inspect restore' ;;
    audit) words='verify replay orders' ;;
    completion) words='bash zsh fish man-synopsis man-options' ;;
    services) words='status' ;;
    continuity) words='status show verify' ;;
    share) words='status put read readers delete' ;;
    account) words='create show transfer' ;;
    task) words='offers status run deploy close release' ;;
    anchor) words='show advance deploy' ;;
    esac
    if [ "$COMP_CWORD" -eq 2 ] && [ -n "$words" ] &&
        [ "${now#-}" = "$now" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$now"))
        return
    fi
    case " $words " in *" $verb "*) ;; *) verb= ;; esac
    words=
    case $group${verb:+ $verb} in
    'evidence verify')
        options='--help --collateral --root --at --kind --policy --event-log --report-data --nonce --ear --ear-key --ear-profile --ear-nonce --json'
        case $before in
        --collateral) want=folder ;;
        --root) want=file ;;
        --at) want=text ;;
        --kind) words='sgx-v3 sgx-v4 sgx-v5 tdx-v4 tdx-v5 snp nitro tpm2 paravisor-vtpm-snp paravisor-vtpm-tdx cca nitro-tpm soft' ;;
        --policy) want=file ;;
        --event-log) want=file ;;
        --report-data) want=text ;;
        --nonce) want=text ;;
        --ear) want=file ;;
        --ear-key) want=file ;;
        --ear-profile) words='ietf-03 veraison-2023' ;;
        --ear-nonce) want=text ;;
        esac
        ;;
    'evidence explain')
        options='--help --collateral --root --at --kind --policy --event-log'
        case $before in
        --collateral) want=folder ;;
        --root) want=file ;;
        --at) want=text ;;
        --kind) words='sgx-v3 sgx-v4 sgx-v5 tdx-v4 tdx-v5 snp nitro tpm2 paravisor-vtpm-snp paravisor-vtpm-tdx cca nitro-tpm soft' ;;
        --policy) want=file ;;
        --event-log) want=file ;;
        esac
        ;;
    'evidence decode')
        options='--help --kind --json'
        case $before in
        --kind) words='sgx-v3 sgx-v4 sgx-v5 tdx-v4 tdx-v5 snp nitro tpm2 paravisor-vtpm-snp paravisor-vtpm-tdx cca nitro-tpm soft' ;;
        esac
        ;;
    'ear verify')
        options='--help --key --at --nonce --json'
        case $before in
        --key) want=file ;;
        --at) want=text ;;
        --nonce) want=text ;;
        esac
        ;;
    'tcb forecast')
        options='--help --collateral --against --root --at --kind --policy --json'
        case $before in
        --collateral) want=folder ;;
        --against) want=folder ;;
        --root) want=file ;;
        --at) want=text ;;
        --kind) words='sgx-v3 sgx-v4 sgx-v5 tdx-v4 tdx-v5 snp nitro tpm2 paravisor-vtpm-snp paravisor-vtpm-tdx cca nitro-tpm soft' ;;
        --policy) want=file ;;
        esac
        ;;
    'collateral fetch')
        options='--help --for --fmspc --ca --tee --out --pccs --kds --early --product --root --cache --offline --refresh --ca-file --timeout --at --json'
        case $before in
        --for) want=file ;;
        --fmspc) want=text ;;
        --ca) words='processor platform' ;;
        --tee) words='sgx tdx' ;;
        --out) want=folder ;;
        --pccs) want=text ;;
        --kds) want=text ;;
        --product) words='milan genoa turin' ;;
        --root) want=file ;;
        --cache) want=folder ;;
        --ca-file) want=file ;;
        --timeout) want=text ;;
        --at) want=text ;;
        esac
        ;;
    'collateral show')
        options='--help --root --at --json'
        case $before in
        --root) want=file ;;
        --at) want=text ;;
        esac
        ;;
    'collateral pack')
        options='--help --in-force --out --at --json'
        case $before in
        --in-force) want=file ;;
        --out) want=file ;;
        --at) want=text ;;
        esac
        ;;
    'collateral apply')
        options='--help --in-force --offer --out --at --json'
        case $before in
        --in-force) want=file ;;
        --offer) want=file ;;
        --out) want=file ;;
        --at) want=text ;;
        esac
        ;;
    'collateral compare')
        options='--help --at --json'
        case $before in
        --at) want=text ;;
        esac
        ;;
    'collateral forecast')
        options='--help --in-force --offer --evidence --policy --then --at --json'
        case $before in
        --in-force) want=file ;;
        --offer) want=file ;;
        --evidence) want=file ;;
        --policy) want=file ;;
        --then) want=text ;;
        --at) want=text ;;
        esac
        ;;
    'collateral submit')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'collateral status')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'policy lint')
        options='--help --at --json'
        case $before in
        --at) want=text ;;
        esac
        ;;
    'policy show')
        options='--help --json'
        case $before in
        esac
        ;;
    'policy diff')
        options='--help --json'
        case $before in
        esac
        ;;
    'policy try')
        options='--help --collateral --against --root --at --kind --event-log --json'
        case $before in
        --collateral) want=folder ;;
        --against) want=file ;;
        --root) want=file ;;
        --at) want=text ;;
        --kind) words='sgx-v3 sgx-v4 sgx-v5 tdx-v4 tdx-v5 snp nitro tpm2 paravisor-vtpm-snp paravisor-vtpm-tdx cca nitro-tpm soft' ;;
        --event-log) want=file ;;
        esac
        ;;
    'policy import')
        options='--help --signer --partial --into'
        case $before in
        --signer) want=file ;;
        --into) want=file ;;
        esac
        ;;
    'policy export')
        options='--help --format --key --id --issuer --out'
        case $before in
        --format) want=text ;;
        --key) want=file ;;
        --id) want=text ;;
        --issuer) want=text ;;
        --out) want=file ;;
        esac
        ;;
    'setup local')
        options='--help --dir --nodes --operators --vendors --epoch-ms --port --http-port --services --enclave --json'
        case $before in
        --dir) want=folder ;;
        --nodes) want=text ;;
        --operators) want=text ;;
        --vendors) want=text ;;
        --epoch-ms) want=text ;;
        --port) want=text ;;
        --http-port) want=text ;;
        --enclave) want=file ;;
        esac
        ;;
    'setup node')
        options='--help --dir --unit --name --kind --genesis --gossip --vendor --credential --admin --http --enclave --peer --json'
        case $before in
        --dir) want=folder ;;
        --name) want=text ;;
        --kind) words='soft tpm tsm gramine nsm' ;;
        --genesis) want=file ;;
        --gossip) want=text ;;
        --vendor) want=folder ;;
        --credential) want=file ;;
        --admin) want=file ;;
        --http) want=text ;;
        --enclave) want=file ;;
        --peer) want=text ;;
        esac
        ;;
    'config check')
        options='--help --set --no-environment --json'
        case $before in
        --set) want=text ;;
        esac
        ;;
    'config show')
        options='--help --origin --set --no-environment --json'
        case $before in
        --set) want=text ;;
        esac
        ;;
    'config diff')
        options='--help --no-environment --json'
        case $before in
        esac
        ;;
    'node request')
        options='--help --config --out --json'
        case $before in
        --config) want=file ;;
        --out) want=file ;;
        esac
        ;;
    'soft ca')
        options='--help --name --days --json'
        case $before in
        --name) want=text ;;
        --days) want=text ;;
        esac
        ;;
    'soft collateral')
        options='--help --out --evaluation --raise --days --json'
        case $before in
        --out) want=folder ;;
        --evaluation) want=text ;;
        --raise) want=text ;;
        --days) want=text ;;
        esac
        ;;
    'soft node')
        options='--help --out --json'
        case $before in
        --out) want=file ;;
        esac
        ;;
    'soft quote')
        options='--help --measurement --program --report-data --out --isvsvn --debug --json'
        case $before in
        --measurement) want=text ;;
        --program) want=file ;;
        --report-data) want=text ;;
        --out) want=file ;;
        --isvsvn) want=text ;;
        esac
        ;;
    'tpm registrar')
        options='--help --name --days --json'
        case $before in
        --name) want=text ;;
        --days) want=text ;;
        esac
        ;;
    'tpm enroll')
        options='--help --registrar --makers --tcti --days --json'
        case $before in
        --registrar) want=folder ;;
        --makers) want=folder ;;
        --tcti) want=text ;;
        --days) want=text ;;
        esac
        ;;
    'tpm prepare')
        options='--help --tcti --json'
        case $before in
        --tcti) want=text ;;
        esac
        ;;
    'tpm challenge')
        options='--help --makers --out --json'
        case $before in
        --makers) want=folder ;;
        --out) want=file ;;
        esac
        ;;
    'tpm answer')
        options='--help --out --tcti --json'
        case $before in
        --out) want=file ;;
        --tcti) want=text ;;
        esac
        ;;
    'tpm issue')
        options='--help --registrar --out --days --json'
        case $before in
        --registrar) want=folder ;;
        --out) want=file ;;
        --days) want=text ;;
        esac
        ;;
    'tpm crl')
        options='--help --days --json'
        case $before in
        --days) want=text ;;
        esac
        ;;
    'tpm measure')
        options='--help --measurement --program --tcti --json'
        case $before in
        --measurement) want=text ;;
        --program) want=file ;;
        --tcti) want=text ;;
        esac
        ;;
    'tpm quote')
        options='--help --report-data --out --tcti --json'
        case $before in
        --report-data) want=text ;;
        --out) want=file ;;
        --tcti) want=text ;;
        esac
        ;;
    'keys generate')
        options='--help --name --json'
        case $before in
        --name) want=text ;;
        esac
        ;;
    'keys rotate')
        options='--help --config --json'
        case $before in
        --config) want=file ;;
        esac
        ;;
    'keys operator')
        options='--help --json'
        case $before in
        esac
        ;;
    'keys show')
        options='--help --json'
        case $before in
        esac
        ;;
    'genesis create')
        options='--help --out --json'
        case $before in
        --out) want=file ;;
        esac
        ;;
    'genesis sign')
        options='--help --key --json'
        case $before in
        --key) want=file ;;
        esac
        ;;
    'genesis show')
        options='--help --json'
        case $before in
        esac
        ;;
    'change draft')
        options='--help --out --join --sample --operator --leave --drain --undrain --policy --allow-reference --retire-reference --deny-reference --parameter --operators --services --threshold --collateral --maintenance --activation --force --socket --store --genesis --json'
        case $before in
        --out) want=file ;;
        --join) want=file ;;
        --sample) want=file ;;
        --operator) want=text ;;
        --leave) want=text ;;
        --drain) want=text ;;
        --undrain) want=text ;;
        --policy) want=file ;;
        --allow-reference) want=text ;;
        --retire-reference) want=text ;;
        --deny-reference) want=text ;;
        --parameter) want=text ;;
        --operators) want=file ;;
        --services) want=file ;;
        --threshold) want=text ;;
        --collateral) want=text ;;
        --maintenance) want=text ;;
        --activation) want=text ;;
        --force) want=text ;;
        --socket) want=file ;;
        --store) want=file ;;
        --genesis) want=file ;;
        esac
        ;;
    'change add-node')
        options='--help --out --operator --replace --activation --socket --store --genesis --json'
        case $before in
        --out) want=file ;;
        --operator) want=text ;;
        --replace) want=text ;;
        --activation) want=text ;;
        --socket) want=file ;;
        --store) want=file ;;
        --genesis) want=file ;;
        esac
        ;;
    'change show')
        options='--help --socket --store --genesis --json'
        case $before in
        --socket) want=file ;;
        --store) want=file ;;
        --genesis) want=file ;;
        esac
        ;;
    'change simulate')
        options='--help --socket --store --genesis --json'
        case $before in
        --socket) want=file ;;
        --store) want=file ;;
        --genesis) want=file ;;
        esac
        ;;
    'change sign')
        options='--help --key --socket --store --genesis --json'
        case $before in
        --key) want=file ;;
        --socket) want=file ;;
        --store) want=file ;;
        --genesis) want=file ;;
        esac
        ;;
    'change submit')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'change list')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'recover status')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'recover fence')
        options='--help --reason --epochs --out --socket --json'
        case $before in
        --reason) want=text ;;
        --epochs) want=text ;;
        --out) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'recover release')
        options='--help --out --socket --json'
        case $before in
        --out) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'recover answer')
        options='--help --out --socket --json'
        case $before in
        --out) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'recover draft')
        options='--help --out --forced --join --sample --operator --leave --drain --undrain --policy --allow-reference --retire-reference --deny-reference --parameter --operators --services --threshold --socket --json'
        case $before in
        --out) want=file ;;
        --join) want=file ;;
        --sample) want=file ;;
        --operator) want=text ;;
        --leave) want=text ;;
        --drain) want=text ;;
        --undrain) want=text ;;
        --policy) want=file ;;
        --allow-reference) want=text ;;
        --retire-reference) want=text ;;
        --deny-reference) want=text ;;
        --parameter) want=text ;;
        --operators) want=file ;;
        --services) want=file ;;
        --threshold) want=text ;;
        --socket) want=file ;;
        esac
        ;;
    'recover show')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'recover sign')
        options='--help --key --forced --socket --json'
        case $before in
        --key) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'recover submit')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'recover accept')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'recover withdraw')
        options='--help --socket --json'
        case $before in
        --socket) want=file ;;
        esac
        ;;
    'status')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'nodes')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'top')
        options='--help --every --once --socket --timeout'
        case $before in
        --every) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'explain')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'doctor')
        options='--help --config --socket --json --timeout'
        case $before in
        --config) want=file ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'doctor net')
        options='--help --config --socket --json --timeout'
        case $before in
        --config) want=file ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'debug bundle')
        options='--help --out --config --socket --json'
        case $before in
        --out) want=file ;;
        --config) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'permit')
        options='--help --class --socket --json --timeout'
        case $before in
        --class) words='critical normal' ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'enforce show')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'enforce hold')
        options='--help --reason --socket --json --timeout'
        case $before in
        --reason) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'enforce release')
        options='--help --reason --socket --json --timeout'
        case $before in
        --reason) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'counters')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'timeline')
        options='--help --since --socket --json --timeout'
        case $before in
        --since) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'export')
        options='--help --format --since --until --votes --json --follow --socket --timeout'
        case $before in
        --format) words='json jsonl csv' ;;
        --since) want=text ;;
        --until) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'report')
        options='--help --html --json --socket --http --timeout'
        case $before in
        --html) want=file ;;
        --socket) want=file ;;
        --http) want=text ;;
        --timeout) want=text ;;
        esac
        ;;
    'checkpoint')
        options='--help --file --since --max-age --at --no-clock --genesis --out --trusting-period --json --socket'
        case $before in
        --file) want=file ;;
        --since) want=file ;;
        --max-age) want=text ;;
        --at) want=text ;;
        --genesis) want=file ;;
        --out) want=file ;;
        --trusting-period) want=text ;;
        --socket) want=file ;;
        esac
        ;;
    'proof')
        options='--help --out --bare --socket --json'
        case $before in
        --out) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'proof verify')
        options='--help --checkpoint --node --max-age --at --no-clock --next --policy --ear --ear-key --json'
        case $before in
        --checkpoint) want=file ;;
        --node) want=text ;;
        --max-age) want=text ;;
        --at) want=text ;;
        --next) want=file ;;
        --policy) want=file ;;
        --ear) want=file ;;
        --ear-key) want=file ;;
        esac
        ;;
    'store save')
        options='--help --out --socket --json'
        case $before in
        --out) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'store verify')
        options='--help --genesis --checkpoint --json'
        case $before in
        --genesis) want=file ;;
        --checkpoint) want=file ;;
        esac
        ;;
    'store inspect')
        options='--help --json'
        case $before in
        esac
        ;;
    'store restore')
        options='--help --into --genesis --checkpoint --json'
        case $before in
        --into) want=folder ;;
        --genesis) want=file ;;
        --checkpoint) want=file ;;
        esac
        ;;
    'audit verify')
        options='--help --genesis --checkpoint --from --json'
        case $before in
        --genesis) want=file ;;
        --checkpoint) want=file ;;
        --from) want=text ;;
        esac
        ;;
    'audit replay')
        options='--help --genesis --checkpoint --from --no-signatures --table --json'
        case $before in
        --genesis) want=file ;;
        --checkpoint) want=file ;;
        --from) want=text ;;
        esac
        ;;
    'audit orders')
        options='--help --head --json'
        case $before in
        --head) want=text ;;
        esac
        ;;
    'completion bash')
        options='--help'
        case $before in
        esac
        ;;
    'completion zsh')
        options='--help'
        case $before in
        esac
        ;;
    'completion fish')
        options='--help'
        case $before in
        esac
        ;;
    'completion man-synopsis')
        options='--help'
        case $before in
        esac
        ;;
    'completion man-options')
        options='--help'
        case $before in
        esac
        ;;
    'services status')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'continuity status')
        options='--help --group --socket --json --timeout'
        case $before in
        --group) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'continuity show')
        options='--help --group --checkpoint --max-age --at --no-clock --out --socket --json --timeout'
        case $before in
        --group) want=text ;;
        --checkpoint) want=file ;;
        --max-age) want=text ;;
        --at) want=text ;;
        --out) want=file ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'continuity verify')
        options='--help --checkpoint --instance --max-age --at --no-clock --json'
        case $before in
        --checkpoint) want=file ;;
        --instance) want=text ;;
        --max-age) want=text ;;
        --at) want=text ;;
        esac
        ;;
    'share status')
        options='--help --id --socket --json --timeout'
        case $before in
        --id) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'share put')
        options='--help --key --name --reader --out --cluster --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --name) want=text ;;
        --reader) want=text ;;
        --out) want=file ;;
        --cluster) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'share read')
        options='--help --key --sealed --out --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --sealed) want=file ;;
        --out) want=file ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'share readers')
        options='--help --key --name --reader --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --name) want=text ;;
        --reader) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'share delete')
        options='--help --key --name --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --name) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'account create')
        options='--help --out --json'
        case $before in
        --out) want=file ;;
        esac
        ;;
    'account show')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'account transfer')
        options='--help --key --to --amount --sequence --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --to) want=text ;;
        --amount) want=text ;;
        --sequence) want=text ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'task offers')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'task status')
        options='--help --socket --json --timeout'
        case $before in
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'task run')
        options='--help --key --out --after --code --steps --price --hold --executor --standing --score --deadline --evm --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --out) want=folder ;;
        --after) want=folder ;;
        --code) want=text ;;
        --steps) want=text ;;
        --price) want=text ;;
        --hold) want=text ;;
        --executor) want=text ;;
        --standing) words='full warning restricted' ;;
        --score) want=text ;;
        --deadline) want=text ;;
        --evm) want=file ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'task deploy')
        options='--help --evm --json --timeout'
        case $before in
        --evm) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'task close')
        options='--help --key --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'task release')
        options='--help --key --socket --json --timeout'
        case $before in
        --key) want=file ;;
        --socket) want=file ;;
        --timeout) want=text ;;
        esac
        ;;
    'anchor show')
        options='--help --config --rpc --ca-file --contract --proof --checkpoint --socket --json'
        case $before in
        --config) want=file ;;
        --rpc) want=text ;;
        --ca-file) want=file ;;
        --contract) want=text ;;
        --proof) want=file ;;
        --checkpoint) want=file ;;
        --socket) want=file ;;
        esac
        ;;
    'anchor advance')
        options='--help --config --rpc --ca-file --contract --chain --key --max-fee --tip --max-gas --confirmations --wait --socket --json'
        case $before in
        --config) want=file ;;
        --rpc) want=text ;;
        --ca-file) want=file ;;
        --contract) want=text ;;
        --chain) want=text ;;
        --key) want=file ;;
        --max-fee) want=text ;;
        --tip) want=text ;;
        --max-gas) want=text ;;
        --confirmations) want=text ;;
        --wait) want=text ;;
        --socket) want=file ;;
        esac
        ;;
    'anchor deploy')
        options='--help --config --rpc --ca-file --chain --key --max-fee --tip --max-gas --confirmations --wait --socket --json'
        case $before in
        --config) want=file ;;
        --rpc) want=text ;;
        --ca-file) want=file ;;
        --chain) want=text ;;
        --key) want=file ;;
        --max-fee) want=text ;;
        --tip) want=text ;;
        --max-gas) want=text ;;
        --confirmations) want=text ;;
        --wait) want=text ;;
        --socket) want=file ;;
        esac
        ;;
    esac
    case $now in -*) words=$options ;; esac
    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$now"))
    elif [ "$want" = folder ]; then COMPREPLY=($(compgen -d -- "$now"))
    elif [ "$want" != text ]; then COMPREPLY=($(compgen -f -- "$now"))
    fi
}
complete -o filenames -F _assay assay
