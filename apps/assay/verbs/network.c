/*
 * apps/assay/verbs/network.c - table of verbs that set up a network and change it (options.h).
 */
#include "apps/assay/core/options.h"

#define DAYS                                                                                       \
    {                                                                                              \
        "days", "N",                                                                               \
            "validity in days, 1 to 7300; default 3650, attestation keys 365, revocation lists "   \
            "30",                                                                                  \
            0                                                                                      \
    }
#define TCTI                                                                                       \
    {                                                                                              \
        "tcti", "TCTI", "interface to the TPM, default device:/dev/tpmrm0", 0                      \
    }
#define OUT(help)                                                                                  \
    {                                                                                              \
        "out", "FILE", help, ASSAY_OPTION_MUST                                                     \
    }
#define OPERATOR_KEY                                                                               \
    {                                                                                              \
        "key", "FILE",                                                                             \
            "the operator's key: a file (assay keys operator), pkcs11:token=LABEL;object=LABEL "   \
            "of a token, or ssh-agent:SHA256:FINGERPRINT of an agent",                             \
            ASSAY_OPTION_MUST                                                                      \
    }
#define COMMENT                                                                                    \
    {                                                                                              \
        "comment", "TEXT", "for the other operators, at most 280 bytes of UTF-8", 0                \
    }
#define YES                                                                                        \
    {                                                                                              \
        "yes", NULL, "sign without confirmation", 0                                                \
    }
#define MEASURES                                                                                   \
    { "measurement", "HEX", "measurement, 64 hex digits", 0 },                                     \
    {                                                                                              \
        "program", "FILE", "instead of --measurement: the SHA-256 of this program", 0              \
    }
#define REPORT_DATA                                                                                \
    {                                                                                              \
        "report-data", "HEX", "report data, 128 hex digits", ASSAY_OPTION_MUST                     \
    }
#define SOURCE                                                                                     \
    ASSAY_OPTION_SOCKET, { "store", "FILE", "store of a stopped node, instead of a daemon", 0 },   \
    {                                                                                              \
        "genesis", "FILE", "with --store: genesis of the network", 0                               \
    }
#define EXIT_CHANGE  "4 denied, 6 conflict, 13 not a change file"
#define EXIT_RECOVER "4 denied, 6 conflict, 13 not a file of assay recover"
/* NODE: a name or a node id. */
#define ACTIONS                                                                                    \
    { "join", "FILE", "card of a new member; with --sample and --operator", ASSAY_OPTION_MANY },   \
        { "sample", "FILE", "with --join: a quote of its platform", ASSAY_OPTION_MANY },           \
        { "operator", "NAME", "with --join: its operator", ASSAY_OPTION_MANY },                    \
        { "leave", "NODE", "remove this member", ASSAY_OPTION_MANY },                              \
        { "drain", "NODE", "drain this member: weight 0, not appraised, slot reserved",            \
          ASSAY_OPTION_MANY },                                                                     \
        { "undrain", "NODE", "return this member to service", ASSAY_OPTION_MANY },                 \
        { "policy", "FILE", "a complete policy, as YAML", 0 },                                     \
        { "allow-reference", "FIELD=HEX|any",                                                      \
          "allow this value in the policy in force; any: confirm that every program may be "       \
          "accepted that is not denied",                                                           \
          ASSAY_OPTION_MANY },                                                                     \
        { "retire-reference", "FIELD=HEX", "accept this value with a warning",                     \
          ASSAY_OPTION_MANY },                                                                     \
        { "deny-reference", "FIELD=HEX", "reject this value", ASSAY_OPTION_MANY },                 \
        { "parameter", "NAME=VALUE",                                                               \
          "epoch_ms (100 to 3600000), operator_cap, vendor_cap (A/B), amplification_percent (100 " \
          "to 300), quiet_floor_percent (67 to 100), block_len_max (bytes, 65536 to 4194304), "    \
          "collateral_delay (seconds, 1 to 2419200), verifier (digest or none), level (the next)", \
          ASSAY_OPTION_MANY },                                                                     \
        { "operators", "FILE", "complete new list, lines of NAME PUBLIC_KEY", 0 },                 \
        { "operator-key", "NAME=KEY", "new key of an operator, whose members stay", 0 },           \
        { "identity", "FILE", "new identity key of a node (assay keys rotate --identity)",         \
          ASSAY_OPTION_MANY },                                                                     \
        { "services", "FILE", "services to add, as the section services of a plan", 0 },           \
    {                                                                                              \
        "threshold", "N", "with --operators: number of required signatures", 0                     \
    }

#define LAYERS                                                                                     \
    { "set", "KEY=VALUE", "override every other source, as in log.level=debug",                    \
      ASSAY_OPTION_MANY },                                                                         \
    {                                                                                              \
        "no-environment", NULL, "ignore the environment", 0                                        \
    }

const struct assay_verb assay_verbs_network[] = {
    { "setup", "local", "[DIR]",
      "Set up a complete network on this machine, for evaluation: vendors of SOFT platforms, "
      "operators, nodes, policy, genesis, configurations. Missing values are requested on a "
      "terminal, else have the default in brackets. Nothing runs without --start; its processes "
      "outlive the command, with logs in DIR/node-N, until --stop.",
      "1 system error, or a program ended while it was started, 5 no parent folder, no program for "
      "the enclave, or with --stop no such folder, 6 the folder has something else, is set up "
      "already, or a port is taken, 7 no answer, or no end, in a minute",
      "assay setup local net --start\n"
      "assay setup local net --stop\n"
      "assay setup local net --nodes 7 --operators 5 --vendors 4 --http-port 8080\n"
      "assay setup local net --services --start\n"
      "assay setup local net --identity --start\n",
      (const struct assay_option[]){
          { "dir", "DIR", "the same as the argument: the folder of the network", 0 },
          { "start", NULL,
            "set up the network where it is absent, start the programs of it that do not run, "
            "and wait until its nodes answer; stops what it started if one does not",
            0 },
          { "stop", NULL, "end all programs of the network, and wait until they have ended", 0 },
          { "nodes", "N", "number of nodes, 1 to 20 [4]", 0 },
          { "operators", "N", "number of operators, 1 to 8 [2; with --services 3]", 0 },
          { "vendors", "N", "number of vendors of SOFT platforms, 1 to 8 [2]", 0 },
          { "epoch-ms", "MS", "length of an epoch in ms, 100 to 3600000 [1000]", 0 },
          { "port", "N",
            "port of the first node, incremented for each further node [7101]; 0: free ports", 0 },
          { "http-port", "N", "HTTP port of the first node [0: a UNIX socket]", 0 },
          { "services", NULL,
            "add a group of state continuity, shares, and an account with money in account.key",
            0 },
          { "identity", NULL,
            "add a certificate authority: holders of a group key (assay-signer) that certify "
            "keys of workloads, trust domain assay.test",
            0 },
          { "enclave", "FILE", "program that the nodes run [assay-enclave next to this program]",
            0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "setup", "node", "",
      "Create the keys and the configuration of one node. Missing values are requested on a "
      "terminal. Existing keys are retained; no configuration is overwritten.",
      "6 a configuration or another genesis exists",
      "assay setup node --dir node-5 --name node-5 --kind soft --vendor vendor-1 \\\n"
      "    --genesis genesis --gossip 127.0.0.1:7105\n"
      "assay setup node --unit --name node-5 --kind tpm --credential /etc/assay/tpm \\\n"
      "    --genesis genesis --gossip 192.0.2.5:7100\n",
      (const struct assay_option[]){
          { "dir", "DIR", "folder of the node", 0 },
          { "unit", NULL,
            "as root: set up assayd.service, in /etc/assay and /var/lib/assay, instead of --dir",
            0 },
          { "name", "NAME", "display name of the node", 0 },
          { "kind", "soft|tpm|tsm|gramine|nsm", "source of its evidence", 0 },
          { "genesis", "FILE", "genesis of its network", 0 },
          { "gossip", "HOST:PORT", "address at which peers reach it", 0 },
          { "vendor", "DIR", "soft: vendor that makes its platform (assay soft ca)", 0 },
          { "credential", "PATH", "soft: its platform; tpm: folder of assay tpm enroll", 0 },
          { "admin", "PATH", "admin socket [admin.sock in DIR]", 0 },
          { "http", "WHERE", "HTTP socket or address [next to the admin socket]", 0 },
          { "enclave", "FILE", "program that it runs [assay-enclave next to this program]", 0 },
          { "peer", "NODE_ID=HOST:PORT", "a member to connect to", ASSAY_OPTION_MANY },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "config", "check", "FILE",
      "Check a configuration: read FILE, its folder (assayd.yaml: assayd.d/*.yaml), ASSAY_... of "
      "the environment and --set as assayd does, and report invalid entries. Keys, genesis and "
      "images are checked by `assayd --config FILE --check-config`.",
      "never 5; ", "assay config check /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){ LAYERS, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "config", "show", "FILE",
      "Print the effective configuration, defaults included. A value that may contain a password "
      "is printed as (hidden).",
      "never 5; ", "assay config show /etc/assay/assayd.yaml --origin\n",
      (const struct assay_option[]){ { "origin", NULL, "print the source of each value", 0 },
                                     LAYERS,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "config", "diff", "A B",
      "Compare two configurations, and report whether a reload applies each difference.",
      "never 5; ", "assay config diff assayd.yaml assayd.yaml.new\n",
      (const struct assay_option[]){ { "no-environment", NULL, "ignore the environment", 0 },
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "node", "request", "",
      "Write a join request for operators: the node's card and a quote of its platform, made by "
      "the source of evidence in its configuration. Contains no secrets.",
      "", "assay node request --config node-5/assayd.yaml --out node-5.request\n",
      (const struct assay_option[]){
          { "config", "FILE", "configuration of the node's daemon, default /etc/assay/assayd.yaml",
            0 },
          OUT("the request"),
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "soft", "ca", "DIR",
      "Create a vendor of SOFT platforms, for development: DIR/ca.key (secret), DIR/root_ca.pem "
      "and its collateral. SOFT evidence proves nothing about hardware; profile production rejects "
      "it.",
      "never 5; ", "assay soft ca vendor-1 --name \"Vendor 1\"\n",
      (const struct assay_option[]){ { "name", "NAME", "name of the vendor, default vendor", 0 },
                                     DAYS,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "soft", "collateral", "DIR", "Publish new collateral of a SOFT vendor.", "",
      "assay soft collateral vendor-1 --out next --evaluation 2 --raise 3\n",
      (const struct assay_option[]){
          { "out", "DIR", "output folder", ASSAY_OPTION_MUST },
          { "evaluation", "N", "evaluation number, 1 to 65535, default 1", 0 },
          { "raise", "SVN",
            "SVN of component 1 that the best TCB level requires, 2 "
            "to 255; platforms below it are out of date",
            0 },
          DAYS,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "soft", "node", "DIR NAME", "Create the platform of one node: DIR/nodes/NAME.key (secret).",
      "", "assay soft node vendor-1 node-1 --out node-1/platform.key\n",
      (const struct assay_option[]){
          { "out", "FILE", "output file instead", 0 }, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "soft", "quote", "KEY",
      "Quote an enclave on a SOFT platform: MRENCLAVE is the given digest or the SHA-256 of the "
      "program.",
      "",
      "assay soft quote node-1/platform.key --program /usr/bin/assay-enclave \\\n"
      "    --report-data $(printf '0%.0s' $(seq 128)) --out node-1/sample.quote\n",
      (const struct assay_option[]){ MEASURES,
                                     REPORT_DATA,
                                     OUT("the quote"),
                                     { "isvsvn", "N", "ISVSVN, 0 to 65535, default 0", 0 },
                                     { "debug", NULL, "set the debug attribute", 0 },
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "tpm", "registrar", "DIR",
      "Create an authority that certifies attestation keys of TPMs: DIR/registrar.key (secret), "
      "DIR/root_ca.pem, DIR/crl.der.",
      "never 5; ", "assay tpm registrar registrar --name \"Our TPMs\"\n",
      (const struct assay_option[]){ { "name", "NAME", "name of the authority", 0 },
                                     DAYS,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "tpm", "enroll", "STATE",
      "Create an attestation key in the TPM and certify it, with registrar and TPM on one machine; "
      "writes STATE/ak.pem.",
      "", "assay tpm enroll node-1/tpm --registrar registrar --tpm-vendors vendors\n",
      (const struct assay_option[]){
          { "registrar", "DIR", "folder of assay tpm registrar", ASSAY_OPTION_MUST },
          { "tpm-vendors", "DIR", "certificates of TPM vendors: trusted roots, and issuers",
            ASSAY_OPTION_MUST },
          TCTI,
          DAYS,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "tpm", "prepare", "STATE",
      "On the node: create an attestation key in the TPM and write STATE/request.", "",
      "assay tpm prepare node-1/tpm\n",
      (const struct assay_option[]){ TCTI, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "tpm", "challenge", "REQUEST",
      "At the registrar: verify the TPM's certificate, and write the challenge for the node and, "
      "in the same directory, FILE.secret.",
      "", "assay tpm challenge request --tpm-vendors vendors --out challenge\n",
      (const struct assay_option[]){ { "tpm-vendors", "DIR",
                                       "certificates of TPM vendors: trusted roots, and issuers",
                                       ASSAY_OPTION_MUST },
                                     OUT("the challenge"),
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "tpm", "answer", "CHALLENGE", "On the node: activate the credential in the TPM.", "",
      "assay tpm answer challenge --out answer\n",
      (const struct assay_option[]){ OUT("the answer"), TCTI, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "tpm", "issue", "SECRET ANSWER",
      "At the registrar: certify the attestation key if the answer is correct.", "",
      "assay tpm issue challenge.secret answer --registrar registrar --out ak.pem\n",
      (const struct assay_option[]){
          { "registrar", "DIR", "folder of assay tpm registrar", ASSAY_OPTION_MUST },
          OUT("the certificate"),
          DAYS,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "tpm", "crl", "DIR [CERTIFICATE ...]",
      "Write the registrar's revocation list with exactly these certificates.", "",
      "assay tpm crl registrar stolen.pem\n",
      (const struct assay_option[]){ DAYS, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "tpm", "measure", "", "Reset PCR 23 and extend it with this measurement.", "",
      "assay tpm measure --program /usr/bin/assay-enclave\n",
      (const struct assay_option[]){ MEASURES, TCTI, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "tpm", "quote", "STATE", "Write evidence of kind tpm2.", "",
      "assay tpm quote node-1/tpm --report-data $(printf '0%.0s' $(seq 128)) --out sample.quote\n",
      (const struct assay_option[]){ REPORT_DATA, OUT("the evidence"), TCTI, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "keys", "generate", "DIR",
      "Generate the keys of a node, readable by their owner only; DIR/node.yaml is its public "
      "card, for the plan of the network. Keys are never overwritten and never printed.",
      "never 5; 6 keys exist", "assay keys generate node-1/keys --name node-1\n",
      (const struct assay_option[]){
          { "name", "NAME", "display name of the node", ASSAY_OPTION_MUST },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "keys", "rotate", "",
      "Rotate the voting and transport keys of a node whose daemon is stopped. At its next start "
      "the node re-registers with the new keys, as a new incarnation, and votes again once they "
      "are listed. Integrity and weight stay; availability drops for the epochs that it is away. "
      "The node does not vote until the others list the new keys: rotate one node at a time, and "
      "only if the others have more than two thirds of the weight; otherwise the network stops and "
      "needs RECOVER. "
      "With --identity: make a new identity key, which waits next to the one in force, and write "
      "the request for operators (assay change draft --identity), which is valid for the change of "
      "one number; again: for another number, with the same key. The daemon may run, and uses the "
      "new key from the boundary on at which their change is in force.",
      "6 the daemon is running",
      "assay keys rotate --config /etc/assay/assayd.yaml\n"
      "assay keys rotate --identity --config /etc/assay/assayd.yaml --out node-1.identity\n",
      (const struct assay_option[]){
          { "config", "FILE", "configuration of the node's daemon, default /etc/assay/assayd.yaml",
            0 },
          { "identity", NULL, "the identity key, instead of the voting and transport keys", 0 },
          { "out", "FILE", "with --identity: output file of the request", 0 },
          { "era", "N",
            "with --identity: era of the change, default the running one; for a RECOVER "
            "the next one",
            0 },
          { "sequence", "N",
            "with --identity: number of the change, default the next one of the "
            "ledger",
            0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "keys", "operator", "FILE|KEY",
      "Generate the key of an operator in a file and print its public half. Of a key in a token "
      "(pkcs11:token=LABEL;object=LABEL) or an agent (ssh-agent:SHA256:FINGERPRINT) print the "
      "public half, once it has signed a test text.",
      "3 no agent, 4 wrong PIN or refused, 6 the key exists, 13 another type of key",
      "assay keys operator alpha.key > alpha.pub\n"
      "assay keys operator 'pkcs11:token=Operators;object=beta' --generate > beta.pub\n"
      "assay keys operator ssh-agent:gamma > gamma.pub\n",
      (const struct assay_option[]){
          { "generate", NULL, "generate the key pair in the token, which it never leaves", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "keys", "show", "DIR|FILE|KEY", "Print the public halves.", "",
      "assay keys show node-1/keys\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "keys", "list", "[NODE]",
      "List the workload keys that members have declared, each with the reason why it is active or "
      "not: of all members, or of one. NODE is a name, a slot or a node id. `assay "
      "proof NODE --keys` fetches a key proof, which shows offline which TLS keys a member has.",
      "", "assay keys list\nassay keys list node-3 --json\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_TIMEOUT, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "identity", "fetch", "",
      "Keep the certificate of a workload key in a folder: make the key, register it with the "
      "enclave program of this machine, wait until the network has certified it, request its "
      "certificate of a node, verify it, and write key, certificate and CA certificates into a new "
      "folder, to which the symbolic link DIR/current is swapped. A process that is killed leaves "
      "the old folder complete. With --checkpoint and without --ca, the published CA certificates "
      "and the SPIFFE bundle are proven from the checkpoint and written as well; DIR/checkpoint "
      "has "
      "the newest epoch. With --token, keep a token in DIR/token instead, of the member's own "
      "node. "
      "With --watch, renew at half of the validity, and register again when the enclave program "
      "restarts.",
      "4 refused, or the authority is not proven, 5 no such file, 6 --dir is for another key, 7 "
      "nothing issued within --wait, "
      "8 "
      "the hook failed, 11 the certificate or token does not verify, 14 the clock is before the "
      "checkpoint",
      "assay identity fetch --dir /run/app/tls --key api --enclave "
      "/run/assay-services/keys/enclave.sock --checkpoint net.checkpoint --watch --hook 'systemctl "
      "reload nginx'\n"
      "assay identity fetch --dir tls --key api --enclave net/node-1/service.sock --ca ca-1.pem "
      "--chain-id HEX --socket net/node-1/admin.sock --accept-insecure\n"
      "assay identity fetch --dir jobs --token jobs --audience https://api.example --enclave "
      "net/node-1/service.sock --checkpoint net.checkpoint --socket net/node-1/admin.sock "
      "--accept-insecure\n",
      (const struct assay_option[]){
          { "dir", "DIR", "folder of this user alone; made if missing", ASSAY_OPTION_MUST },
          { "key", "NAME", "name of the key: a DNS label in lower case", 0 },
          { "token", "NAME", "instead of --key: name of a key for tokens", 0 },
          { "audience", "TEXT", "audience of the token", 0 },
          { "ca", "FILE",
            "CA certificates of the network, PEM or its SPIFFE bundle; default: proven from "
            "--checkpoint",
            0 },
          { "enclave", "PATH", "socket of the enclave program, which registers the key", 0 },
          { "member", "NODE_ID", "instead of --enclave: the member whose key is registered", 0 },
          { "private-key", "FILE", "PEM: P-256 key in PKCS #8, instead of DIR/key.pem", 0 },
          { "chain-id", "HEX", "chain_id of the network, with --ca", 0 },
          { "checkpoint", "FILE", "instead of --chain-id: a trusted checkpoint", 0 },
          { "http", "WHERE",
            "UNIX socket or address of HTTP, instead of the admin socket; an address needs "
            "http.local_role: service of that node; again: the node that is requested after a "
            "failure of the one before",
            ASSAY_OPTION_MANY },
          ASSAY_OPTION_SOCKET,
          { "watch", NULL, "go on: renew until the process is ended", 0 },
          { "hook", "CMD",
            "execute with sh -c after each new certificate or token, again until it succeeds", 0 },
          { "hook-wait", "S", "kill a hook that lasts longer, 1 to 3600 seconds, default 60", 0 },
          { "wait", "S", "seconds to wait for the certificate, 0 to 86400, default 600", 0 },
          { "accept-insecure", NULL, "accept a network for development, or without TEEs", 0 },
          ASSAY_OPTION_TIMEOUT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "identity", "list", "",
      "List the keys that are registered with an enclave program: purpose, name, user and SHA-256 "
      "of "
      "the public key.",
      "", "assay identity list --enclave /run/assay-services/keys/enclave.sock\n",
      (const struct assay_option[]){
          { "enclave", "PATH", "socket of the enclave program", ASSAY_OPTION_MUST },
          ASSAY_OPTION_TIMEOUT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "identity", "withdraw", "",
      "Withdraw a key from an enclave program, as the user who registered it: the member declares "
      "it "
      "no longer, and its name is free for another key.",
      "4 another user registered it, 5 no such key",
      "assay identity withdraw --enclave /run/assay-services/keys/enclave.sock --key api\n",
      (const struct assay_option[]){
          { "enclave", "PATH", "socket of the enclave program", ASSAY_OPTION_MUST },
          { "key", "NAME", "name of a key for certificates", 0 },
          { "token", "NAME", "name of a key for tokens", 0 },
          { "holder", NULL, "the key of assay-signer, whose vault is lost", 0 },
          ASSAY_OPTION_TIMEOUT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "genesis", "create", "PLAN",
      "Create the unsigned genesis of a network from a plan, after verifying everything that the "
      "plan names. A plan names epoch_ms, threshold, policy, collateral folders, operators (name, "
      "public_key) and members (operator, card, sample quote of the platform).",
      "never 5; 6 a signed genesis exists", "assay genesis create plan.yaml --out genesis\n",
      (const struct assay_option[]){ OUT("the genesis; a signed one is never overwritten"),
                                     ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "genesis", "sign", "FILE",
      "Sign a genesis as a founding operator; inspect it with assay genesis show before.",
      "6 not the key of a founding operator", "assay genesis sign genesis --key alpha.key\n",
      (const struct assay_option[]){ OPERATOR_KEY, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "genesis", "show", "FILE", "Print the contents of a genesis and its signatures.", "",
      "assay genesis show genesis\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "draft", "",
      "Write an unsigned change of a running network: one or more actions, which apply atomically, "
      "in the given order. NODE is a name or a node id.",
      EXIT_CHANGE,
      "assay change draft --out drain.change --drain node-5 --activation +60\n"
      "assay change draft --out join.change --join node.yaml --sample sample.quote --operator "
      "beta\n"
      "assay change draft --out more.change --services services.yaml\n",
      (const struct assay_option[]){
          OUT("the change"),
          ACTIONS,
          { "collateral", "DIGEST",
            "pending or reverted collateral that takes effect with the change", 0 },
          { "maintenance", "NODE=EPOCHS",
            "maintenance window, as the only action; signed by the node's own operator", 0 },
          { "activation", "+N|EPOCH", "first epoch in force, default +16", 0 },
          { "force", "SEQUENCE", "repeat a reverted change, without its trial", 0 },
          SOURCE,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "change", "add-node", "REQUEST",
      "Write an unsigned change that adds a node, from the request of assay node request; with "
      "--replace in the slot of a member that leaves.",
      EXIT_CHANGE,
      "assay change add-node node-5.request --operator beta --out join.change\n"
      "assay change add-node node-5.request --operator beta --replace node-2 --out swap.change\n",
      (const struct assay_option[]){
          OUT("the change"),
          { "operator", "NAME", "operator of the node, one of the network's", ASSAY_OPTION_MUST },
          { "replace", "NODE", "member that leaves with the same change", 0 },
          { "activation", "+N|EPOCH", "first epoch in force, default +16", 0 },
          SOURCE,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "change", "show", "FILE",
      "Show every action of a change, the difference of the policies, and the present and missing "
      "signatures.",
      EXIT_CHANGE, "assay change show drain.change\n",
      (const struct assay_option[]){ SOURCE, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "simulate", "FILE",
      "Simulate a change: appraise the evidence of the last 8 epochs under the new rules, and "
      "report the members that would be suspended and the remaining fault tolerance.",
      EXIT_CHANGE ", 10 a member would be suspended or the others may lack a quorum, 11 it would "
                  "be reverted",
      "assay change simulate drain.change\n",
      (const struct assay_option[]){ SOURCE, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "sign", "FILE",
      "Sign a change as an operator. Works offline; with --socket, or --store and --genesis, a key "
      "that is not an operator's of the network is rejected before it signs.",
      EXIT_CHANGE, "assay change sign drain.change --key alpha.key\n",
      (const struct assay_option[]){ OPERATOR_KEY, SOURCE, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "submit", "FILE",
      "Submit a change to a running node, which offers it until a block contains it.", EXIT_CHANGE,
      "assay change submit drain.change\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "propose", "FILE",
      "Propose a change to the other operators: show it, ask for confirmation, sign it, and submit "
      "it to a running node. The operators approve it with assay change approve; when enough did, "
      "the nodes put it into a block. Needs feature level 2.",
      EXIT_CHANGE ", 12 not confirmed",
      "assay change propose drain.change --key alpha.key --comment \"node-5 gets a new disk\"\n",
      (const struct assay_option[]){
          OPERATOR_KEY,
          COMMENT,
          { "expires", "EPOCHS",
            "lifetime in epochs, 1 to 16384, default 1440; two epochs before the change is in "
            "force it ends in any case",
            0 },
          YES,
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "change", "inbox", "",
      "List open proposals: their actions, who approved, who is missing, when they expire, and "
      "whether they fit on the queried node.",
      "", "assay change inbox\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "approve", "ID",
      "Approve a proposal: decode its change here, show and simulate it, ask for confirmation, "
      "sign it, and submit the approval. ID is the SHA-256 of the change, or at least its first 16 "
      "digits; with --yes or --json all 64.",
      EXIT_CHANGE ", 5 no such proposal, 12 not confirmed",
      "assay change approve 1f0e4c5a99d2b17c --key beta.key\n",
      (const struct assay_option[]){ OPERATOR_KEY, COMMENT, YES, ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "change", "withdraw", "ID",
      "Withdraw your own proposal, which ends it, or your approval of another operator's.",
      EXIT_CHANGE ", 5 no such proposal",
      "assay change withdraw 1f0e4c5a99d2b17c --key alpha.key\n",
      (const struct assay_option[]){
          OPERATOR_KEY,
          COMMENT,
          { "yes", NULL,
            "withdraw also what the queried node does not show: a statement that another node may "
            "hold back",
            0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "change", "list", "",
      "List pending changes, changes in force with activation and signers (the newest 16), "
      "reverted changes, and drained members.",
      "", "assay change list\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "status", "", "Show the era, the final head, and whether the era is fenced.", "",
      "assay recover status\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "fence", "",
      "Write an unsigned fence. Signed by the threshold and submitted, it ends the era: nodes that "
      "have it sign nothing in the era any more, unless the fence expires before they have "
      "answered.",
      EXIT_RECOVER, "assay recover fence --reason \"a fire in the second room\" --out fence\n",
      (const struct assay_option[]){
          { "reason", "TEXT", "reason, for the signing operators", ASSAY_OPTION_MUST },
          { "epochs", "N", "validity of the fence in epochs from now on, 1 to 100000; default 256",
            0 },
          OUT("the fence"),
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "recover", "release", "",
      "Write an unsigned release of the node's fence, for the operators in force after the "
      "operators that signed the fence were replaced. A fence of operators in force is ended by "
      "RECOVER only.",
      EXIT_RECOVER, "assay recover release --out release\n",
      (const struct assay_option[]){ OUT("the release"), ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "recover", "answer", "",
      "Write the answer of a fenced node. After that only RECOVER or a release ends its fence.",
      EXIT_RECOVER, "assay recover answer --out answer-1\n",
      (const struct assay_option[]){ OUT("the answer"), ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "recover", "draft", "ANSWER ...",
      "Draft an unsigned RECOVER, at the node of the socket, on the highest head among the "
      "answers. Accepts the actions of assay change draft except maintenance.",
      EXIT_RECOVER ", 10 final state may be undone: requires --forced",
      "assay recover draft --out recover answer-1 answer-2 --forced --drain node-3 --drain "
      "node-4\n",
      (const struct assay_option[]){
          OUT("the RECOVER"),
          { "forced", NULL, "also if complete logs of two thirds or less answered", 0 },
          ACTIONS,
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "recover", "show", "FILE", "Show the contents of a fence, an answer or a RECOVER.",
      EXIT_RECOVER, "assay recover show recover\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "sign", "FILE",
      "Sign as an operator, offline. A key that is not an operator's is rejected: a RECOVER lists "
      "its operators; for a fence or a release they are those of the node at --socket.",
      EXIT_RECOVER, "assay recover sign recover --key alpha.key\n",
      (const struct assay_option[]){
          OPERATOR_KEY,
          { "forced", NULL, "also a RECOVER whose time is more than 10 minutes ahead", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "recover", "submit", "FILE", "Submit a fence, a release or a RECOVER to a running node.",
      EXIT_RECOVER, "assay recover submit recover\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "accept", "FILE",
      "Accept a RECOVER manually at one node: on answers of a third of the weight or less, or with "
      "a final head older than 14 days. Compare the printed id with the other operators first. A "
      "node that is behind stores it, and takes it by itself once it is caught up.",
      EXIT_RECOVER, "assay recover accept recover\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "recover", "withdraw", "",
      "Withdraw what this node accepted manually and has not taken: it follows the running era "
      "again. A file that node.recovers names is accepted again at the next start.",
      EXIT_RECOVER, "assay recover withdraw\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
};
const size_t assay_verbs_network_count = sizeof assay_verbs_network / sizeof assay_verbs_network[0];
