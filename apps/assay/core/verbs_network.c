/*
 * apps/assay/core/verbs_network.c - the verbs that make a network and change it (options.h).
 */
#include "apps/assay/core/options.h"

#define DAYS                                                                                       \
    {                                                                                              \
        "days", "N", "how long what is signed lasts, 1 to 7300", 0                                 \
    }
#define TCTI                                                                                       \
    {                                                                                              \
        "tcti", "TCTI", "how the TPM is reached, default device:/dev/tpmrm0", 0                    \
    }
#define OUT(help)                                                                                  \
    {                                                                                              \
        "out", "FILE", help, ASSAY_OPTION_MUST                                                     \
    }
#define OPERATOR_KEY                                                                               \
    {                                                                                              \
        "key", "FILE", "the operator's key (assay keys operator)", ASSAY_OPTION_MUST               \
    }
#define MEASURES                                                                                   \
    { "measurement", "HEX", "64 digits", 0 },                                                      \
    {                                                                                              \
        "program", "FILE", "instead of --measurement: the SHA-256 of this program", 0              \
    }
#define REPORT_DATA                                                                                \
    {                                                                                              \
        "report-data", "HEX", "128 digits", ASSAY_OPTION_MUST                                      \
    }
#define SOURCE                                                                                     \
    ASSAY_OPTION_SOCKET, { "store", "FILE", "the store of a node that does not run, instead", 0 }, \
    {                                                                                              \
        "genesis", "FILE", "with --store: the genesis of its network", 0                           \
    }
#define EXIT_CHANGE  "4 denied, 6 conflict, 13 not the file of a change"
#define EXIT_RECOVER "4 denied, 6 conflict, 13 not such a file"
/* NODE: a name or the hexadecimal node id. */
#define ACTIONS                                                                                    \
    { "join", "FILE", "a new member, by its card; with --sample and --operator",                   \
      ASSAY_OPTION_MANY },                                                                         \
        { "sample", "FILE", "of --join: a quote of its platform", ASSAY_OPTION_MANY },             \
        { "operator", "NAME", "of --join: whose it is", ASSAY_OPTION_MANY },                       \
        { "leave", "NODE", "not a member any more", ASSAY_OPTION_MANY },                           \
        { "rest", "NODE", "weight 0, not judged, place kept", ASSAY_OPTION_MANY },                 \
        { "wake", "NODE", "back at work", ASSAY_OPTION_MANY },                                     \
        { "policy", "FILE", "a whole policy, as YAML", 0 },                                        \
        { "allow-reference", "FIELD=HEX", "the policy in force with this value allowed",           \
          ASSAY_OPTION_MANY },                                                                     \
        { "retire-reference", "FIELD=HEX", "... accepted with a warning", ASSAY_OPTION_MANY },     \
        { "deny-reference", "FIELD=HEX", "... refused", ASSAY_OPTION_MANY },                       \
        { "parameter", "NAME=VALUE",                                                               \
          "epoch_ms, operator_cap, vendor_cap (A/B), block_len_max, collateral_delay (s), "        \
          "verifier "                                                                              \
          "(digest or none), level",                                                               \
          ASSAY_OPTION_MANY },                                                                     \
        { "operators", "FILE", "the whole new list, lines of NAME PUBLIC_KEY", 0 },                \
        { "services", "FILE", "services more, as the section services of a plan", 0 },             \
    {                                                                                              \
        "threshold", "N", "of --operators: how many must sign", 0                                  \
    }

#define LAYERS                                                                                     \
    { "set", "KEY=VALUE", "over every other place, as in log.level=debug", ASSAY_OPTION_MANY },    \
    {                                                                                              \
        "no-environment", NULL, "without the variables of this shell", 0                           \
    }

const struct assay_verb assay_verbs_network[] = {
    { "setup", "local", "",
      "Makes a whole network on this machine, for trying things out: vendors of SOFT platforms, "
      "operators, nodes, policy, genesis, configurations. It starts nothing and says how to. What "
      "is "
      "not given is asked for on a terminal, else has the value in brackets.",
      "6 the folder is there and not empty",
      "assay setup local --dir net\n"
      "assay setup local --dir net --nodes 7 --operators 5 --vendors 4 --http-port 8080\n"
      "assay setup local --dir net --services\n",
      (const struct assay_option[]){
          { "dir", "DIR", "the folder, which is made", 0 },
          { "nodes", "N", "1 to 20 [4]", 0 },
          { "operators", "N", "1 to 8 [2]", 0 },
          { "vendors", "N", "1 to 8 [2]", 0 },
          { "epoch-ms", "MS", "length of an epoch [1000]", 0 },
          { "port", "N", "of the first node, the next one's is one higher [7101]; 0: free ones",
            0 },
          { "http-port", "N", "where the first node serves the page [0: a UNIX socket]", 0 },
          { "services", NULL,
            "a group of state continuity, shares, accounts with money in account.key", 0 },
          { "enclave", "FILE", "the program that nodes run [assay-enclave beside this one]", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "setup", "node", "",
      "Makes the keys and the configuration of one node. What is not given is asked for on a "
      "terminal. Keys that are there stay; no configuration is overwritten.",
      "6 there is a configuration or another genesis already",
      "assay setup node --dir node-5 --name node-5 --kind soft --vendor vendor-1 \\\n"
      "    --genesis genesis --gossip 127.0.0.1:7105\n"
      "assay setup node --unit --name node-5 --kind tpm --credential /etc/assay/tpm \\\n"
      "    --genesis genesis --gossip 192.0.2.5:7100\n",
      (const struct assay_option[]){
          { "dir", "DIR", "the node's folder", 0 },
          { "unit", NULL,
            "as root: for assayd.service, in /etc/assay and /var/lib/assay, instead of --dir", 0 },
          { "name", "NAME", "of the node, for people", 0 },
          { "kind", "soft|tpm|tsm|gramine|nsm", "of its evidence", 0 },
          { "genesis", "FILE", "of its network", 0 },
          { "gossip", "HOST:PORT", "where others reach it", 0 },
          { "vendor", "DIR", "soft: makes its platform (assay soft ca)", 0 },
          { "credential", "PATH", "soft: its platform; tpm: the folder of assay tpm enroll", 0 },
          { "admin", "PATH", "socket of assay [admin.sock in DIR]", 0 },
          { "http", "WHERE", "where HTTP listens [beside the socket of assay]", 0 },
          { "enclave", "FILE", "the program that it runs [assay-enclave beside this one]", 0 },
          { "peer", "NODE_ID=HOST:PORT", "a member to connect to", ASSAY_OPTION_MANY },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "config", "check", "FILE",
      "Reads FILE, its folder (assayd.yaml: assayd.d/*.yaml), ASSAY_... of the environment and "
      "--set as assayd does, and says what does not fit. Keys, genesis and images are looked at by "
      "`assayd --config FILE --check-config`.",
      "", "assay config check /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){ LAYERS, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "config", "show", "FILE",
      "Prints what all of these come to, with what stands without being said. What may hold a "
      "password is printed as (hidden).",
      "", "assay config show /etc/assay/assayd.yaml --origin\n",
      (const struct assay_option[]){
          { "origin", NULL, "beside each value the place that it comes from", 0 },
          LAYERS,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "config", "diff", "A B",
      "Says what differs between two configurations, and whether a reload takes it over.", "",
      "assay config diff assayd.yaml assayd.yaml.new\n",
      (const struct assay_option[]){
          { "no-environment", NULL, "without the variables of this shell", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "node", "request", "",
      "What operators need to let a node join, in one file: its card and a quote of its platform, "
      "made by the source of evidence that its configuration names. Nothing in it is secret.",
      "", "assay node request --config node-5/assayd.yaml --out node-5.request\n",
      (const struct assay_option[]){
          { "config", "FILE", "that of the node's daemon, default /etc/assay/assayd.yaml", 0 },
          OUT("the request"),
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "soft", "ca", "DIR",
      "Makes a vendor of SOFT platforms, for development: DIR/ca.key (secret), DIR/root_ca.pem and "
      "its collateral. SOFT evidence proves nothing about hardware; profile production refuses it.",
      "", "assay soft ca vendor-1 --name \"Vendor 1\"\n",
      (const struct assay_option[]){
          { "name", "NAME", "default vendor", 0 }, DAYS, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "soft", "collateral", "DIR", "Publishes the vendor's collateral anew.", "",
      "assay soft collateral vendor-1 --out next --evaluation 2 --raise 3\n",
      (const struct assay_option[]){
          { "out", "DIR", "where to write it", ASSAY_OPTION_MUST },
          { "evaluation", "N", "its number, 1 to 65535", 0 },
          { "raise", "SVN",
            "the best level wants that SVN of component 1; who is below is out of "
            "date",
            0 },
          DAYS,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "soft", "node", "DIR NAME", "Makes the platform of one node: DIR/nodes/NAME.key (secret).",
      "", "assay soft node vendor-1 node-1 --out node-1/platform.key\n",
      (const struct assay_option[]){
          { "out", "FILE", "write it there instead", 0 }, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "soft", "quote", "KEY",
      "Quotes an enclave on a SOFT platform: MRENCLAVE is the given digest or the SHA-256 of the "
      "program.",
      "",
      "assay soft quote node-1/platform.key --program /usr/bin/assay-enclave \\\n"
      "    --report-data $(printf '0%.0s' $(seq 128)) --out node-1/sample.quote\n",
      (const struct assay_option[]){ MEASURES,
                                     REPORT_DATA,
                                     OUT("the quote"),
                                     { "isvsvn", "N", "0 to 65535", 0 },
                                     { "debug", NULL, "of an enclave in debug mode", 0 },
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "tpm", "registrar", "DIR",
      "Makes an authority that certifies attestation keys of TPMs: DIR/registrar.key (secret), "
      "DIR/root_ca.pem, DIR/crl.der.",
      "", "assay tpm registrar registrar --name \"Our TPMs\"\n",
      (const struct assay_option[]){
          { "name", "NAME", "of the authority", 0 }, DAYS, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "tpm", "enroll", "STATE",
      "Makes a new attestation key in the TPM and has it certified, registrar and TPM being on one "
      "machine; leaves STATE/ak.pem.",
      "", "assay tpm enroll node-1/tpm --registrar registrar --makers makers\n",
      (const struct assay_option[]){
          { "registrar", "DIR", "what assay tpm registrar made", ASSAY_OPTION_MUST },
          { "makers", "DIR", "certificates of TPM makers: roots that are believed, and issuers",
            ASSAY_OPTION_MUST },
          TCTI,
          DAYS,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "tpm", "prepare", "STATE",
      "On the node: a new attestation key in the TPM; writes STATE/request.", "",
      "assay tpm prepare node-1/tpm\n",
      (const struct assay_option[]){ TCTI, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "tpm", "challenge", "REQUEST",
      "At the registrar: checks the TPM's certificate, writes the challenge for the node, and "
      "beside it FILE.secret.",
      "", "assay tpm challenge request --makers makers --out challenge\n",
      (const struct assay_option[]){
          { "makers", "DIR", "certificates of TPM makers: roots that are believed, and issuers",
            ASSAY_OPTION_MUST },
          OUT("the challenge"),
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "tpm", "answer", "CHALLENGE", "On the node: has the TPM open the credential.", "",
      "assay tpm answer challenge --out answer\n",
      (const struct assay_option[]){ OUT("the answer"), TCTI, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "tpm", "issue", "SECRET ANSWER",
      "At the registrar: certifies the attestation key, if the answer is right.", "",
      "assay tpm issue challenge.secret answer --registrar registrar --out ak.pem\n",
      (const struct assay_option[]){
          { "registrar", "DIR", "what assay tpm registrar made", ASSAY_OPTION_MUST },
          OUT("the certificate"),
          DAYS,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "tpm", "crl", "DIR [CERTIFICATE ...]",
      "The registrar's revocation list anew, with these certificates and no others.", "",
      "assay tpm crl registrar stolen.pem\n",
      (const struct assay_option[]){ DAYS, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "tpm", "measure", "", "PCR 23 becomes what it is after this measurement alone.", "",
      "assay tpm measure --program /usr/bin/assay-enclave\n",
      (const struct assay_option[]){ MEASURES, TCTI, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "tpm", "quote", "STATE", "Evidence of kind tpm2.", "",
      "assay tpm quote node-1/tpm --report-data $(printf '0%.0s' $(seq 128)) --out sample.quote\n",
      (const struct assay_option[]){ REPORT_DATA, OUT("the evidence"), TCTI, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "keys", "generate", "DIR",
      "Makes the keys of a node, readable by their owner alone; DIR/node.yaml is its public card, "
      "for whoever plans the network. Keys are never overwritten and never printed.",
      "6 there are keys already", "assay keys generate node-1/keys --name node-1\n",
      (const struct assay_option[]){
          { "name", "NAME", "of the node, for people", ASSAY_OPTION_MUST },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "keys", "rotate", "",
      "Makes new voting and transport keys for a node whose daemon does not run. When it starts it "
      "asks "
      "the network to list them, as a new incarnation, and votes again once they are. Integrity "
      "and "
      "weight stay; availability falls for the epochs that it is away. The identity key names the "
      "node "
      "for life: assay change add-node --replace instead.",
      "6 the daemon runs", "assay keys rotate --config /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){
          { "config", "FILE", "that of the node's daemon, default /etc/assay/assayd.yaml", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "keys", "operator", "FILE", "Makes the key of an operator and prints its public half.",
      "6 there is a key already", "assay keys operator alpha.key > alpha.pub\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "keys", "show", "DIR|FILE", "Prints the public halves.", "", "assay keys show node-1/keys\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "genesis", "create", "PLAN",
      "Reads a plan, verifies everything that it names, and writes the unsigned genesis of a "
      "network. A plan names epoch_ms, threshold, policy, collateral folders, operators (name, "
      "public_key) and members (operator, card, sample quote of the platform).",
      "6 there is a signed genesis already", "assay genesis create plan.yaml --out genesis\n",
      (const struct assay_option[]){
          OUT("the genesis; one that bears signatures is never overwritten"), ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "genesis", "sign", "FILE",
      "Adds a founding operator's signature; read the file with assay genesis show before.",
      "6 the key is none of the founding operators'",
      "assay genesis sign genesis --key alpha.key\n",
      (const struct assay_option[]){ OPERATOR_KEY, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "genesis", "show", "FILE", "Prints what a genesis fixes, and who signed it.", "",
      "assay genesis show genesis\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "draft", "",
      "Writes an unsigned change of a running network: one or more actions, which apply together "
      "or "
      "not at all, in the order they are given. NODE is a name or the hexadecimal node id.",
      EXIT_CHANGE,
      "assay change draft --out rest.change --rest node-5 --activation +60\n"
      "assay change draft --out join.change --join node.yaml --sample sample.quote --operator "
      "beta\n"
      "assay change draft --out more.change --services services.yaml\n",
      (const struct assay_option[]){
          OUT("the change"),
          ACTIONS,
          { "collateral", "DIGEST", "what waits or was reverted serves with the change", 0 },
          { "maintenance", "NODE=EPOCHS", "alone; signed by the node's own operator", 0 },
          { "activation", "+N|EPOCH", "first epoch in which it holds, default +16", 0 },
          { "force", "SEQUENCE", "repeat a change that was reverted, without its trial", 0 },
          SOURCE,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "change", "add-node", "REQUEST",
      "Writes an unsigned change that joins a node, by what assay node request wrote; with "
      "--replace "
      "in the place of a member that leaves.",
      EXIT_CHANGE,
      "assay change add-node node-5.request --operator beta --out join.change\n"
      "assay change add-node node-5.request --operator beta --replace node-2 --out swap.change\n",
      (const struct assay_option[]){
          OUT("the change"),
          { "operator", "NAME", "whose node it is, one of the network's", ASSAY_OPTION_MUST },
          { "replace", "NODE", "this member leaves with the same change", 0 },
          { "activation", "+N|EPOCH", "first epoch in which it holds, default +16", 0 },
          SOURCE,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "change", "show", "FILE",
      "Every action in words, the difference of the policies, signatures there and missing.",
      EXIT_CHANGE, "assay change show rest.change\n",
      (const struct assay_option[]){ SOURCE, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "try", "FILE",
      "Judges the evidence of the last 8 epochs by the rules that would be: who would fall, what "
      "is "
      "tolerated then.",
      EXIT_CHANGE ", 10 somebody would fall, 11 it would revert", "assay change try rest.change\n",
      (const struct assay_option[]){ SOURCE, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "sign", "FILE",
      "Add an operator's signature. Works offline; with --socket, or --store and --genesis, the "
      "key "
      "of one who is no operator of the network is refused before it signs.",
      EXIT_CHANGE, "assay change sign rest.change --key alpha.key\n",
      (const struct assay_option[]){ OPERATOR_KEY, SOURCE, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "submit", "FILE",
      "Hands it to a running node, which offers it until a block has it.", EXIT_CHANGE,
      "assay change submit rest.change\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "list", "",
      "What waits, what is in force since when and signed by whom (the newest 16), what was "
      "reverted, and who rests.",
      "",
      "assay change list\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "status", "", "The era, the final head, and whether the era is fenced.", "",
      "assay recover status\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "fence", "",
      "Writes an unsigned fence. Signed by the threshold and submitted it ends the era: nodes that "
      "have it sign nothing in it any more, unless it is over before they have answered.",
      EXIT_RECOVER, "assay recover fence --reason \"a fire in the second room\" --out fence\n",
      (const struct assay_option[]){ { "reason", "TEXT", "for those who sign", ASSAY_OPTION_MUST },
                                     { "epochs", "N",
                                       "how many epochs from now on it may be taken, 1 to 100000; "
                                       "default: 256",
                                       0 },
                                     OUT("the fence"),
                                     ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "recover", "release", "",
      "Write an unsigned release of the fence at the node, for the operators now in force: the "
      "operators that signed it were replaced. RECOVER alone ends a fence of operators in force.",
      EXIT_RECOVER, "assay recover release --out release\n",
      (const struct assay_option[]){ OUT("the release"), ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "recover", "answer", "",
      "Write the answer of a fenced node. From then on RECOVER or a release alone ends its fence.",
      EXIT_RECOVER, "assay recover answer --out answer-1\n",
      (const struct assay_option[]){ OUT("the answer"), ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "recover", "draft", "ANSWER ...",
      "Has the node at the socket write an unsigned RECOVER on the highest head among the answers. "
      "Takes the actions of assay change draft but maintenance.",
      EXIT_RECOVER ", 10 something may be undone: the draft is written with --forced alone",
      "assay recover draft --out recover answer-1 answer-2 --forced --rest node-3 --rest node-4\n",
      (const struct assay_option[]){
          OUT("the RECOVER"),
          { "forced", NULL, "also where whole logs of two thirds or less answered", 0 },
          ACTIONS,
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "recover", "show", "FILE", "What a fence, an answer or a RECOVER says.", EXIT_RECOVER,
      "assay recover show recover\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "sign", "FILE",
      "Add an operator's signature, offline. The key of one who is no operator is refused: a "
      "RECOVER "
      "lists its operators, for a fence or a release they are those of the node at --socket.",
      EXIT_RECOVER, "assay recover sign recover --key alpha.key\n",
      (const struct assay_option[]){
          OPERATOR_KEY,
          { "forced", NULL, "also a RECOVER whose time lies more than 10 minutes ahead", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "recover", "submit", "FILE", "Hand a fence, a release or a RECOVER to a running node.",
      EXIT_RECOVER, "assay recover submit recover\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "accept", "FILE",
      "Accept a RECOVER manually at one node: on answers of a third of the weight or less, or with "
      "a final head older than 14 days. Compare the printed id with the other operators first.",
      EXIT_RECOVER, "assay recover accept recover\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "withdraw", "",
      "Withdraw what this node accepted manually and has not taken: it follows the running era "
      "again. A file that node.recovers names is accepted again at the next start.",
      EXIT_RECOVER, "assay recover withdraw\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
};
const size_t assay_verbs_network_count = sizeof assay_verbs_network / sizeof assay_verbs_network[0];
