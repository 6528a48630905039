/*
 * apps/assay/verbs/node.c - table of verbs that query a node or read its files (options.h).
 */
#include "apps/assay/core/options.h"

#define ASKED ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTION_TIMEOUT, ASSAY_OPTIONS_END
#define GENESIS                                                                                    \
    {                                                                                              \
        "genesis", "FILE", "genesis of the network", ASSAY_OPTION_MUST                             \
    }
#define CHECKPOINT                                                                                 \
    {                                                                                              \
        "checkpoint", "FILE", "checkpoint whose epoch the chain must contain (assay checkpoint)",  \
            0                                                                                      \
    }
#define REASON                                                                                     \
    {                                                                                              \
        "reason", "TEXT", "reason for the journal, 1 to 200 printable characters",                 \
            ASSAY_OPTION_MUST                                                                      \
    }
#define NOTHING                                                                                    \
    (const struct assay_option[])                                                                  \
    {                                                                                              \
        ASSAY_OPTIONS_END                                                                          \
    }
#define EXIT_PERMIT "0 permitted, 4 denied"
#define BACKUP_CONFIG                                                                              \
    {                                                                                              \
        "config", "FILE", "configuration of the daemon, default /etc/assay/assayd.yaml", 0         \
    }
#define PASSPHRASE                                                                                 \
    {                                                                                              \
        "passphrase-file", "FILE", "passphrase in one line, of 12 bytes or more; mode 0600", 0     \
    }
#define BACKUP_KEY                                                                                 \
    {                                                                                              \
        "key", "FILE", "key that opens it (assay backup key)", 0                                   \
    }
#define BACKUP_GENESIS                                                                             \
    {                                                                                              \
        "genesis", "FILE", "trusted genesis: the backup must be of this network", 0                \
    }
#define IDENTITY_DIR                                                                               \
    {                                                                                              \
        "identity-dir", "DIR",                                                                     \
            "folder of identity.key and bootstrap.key, instead of node.identity_dir", 0            \
    }
#define EXIT_BACKUP                                                                                \
    "never 3 7; 11 it does not authenticate, or its content is invalid, 12 no trusted state "      \
    "leads "                                                                                       \
    "to its ledger, 13 no backup"
#define EXIT_STORE                                                                                 \
    "11 invalid: one line with the failed check and its place, 12 no trusted state leads to it"

const struct assay_verb assay_verbs_node[] = {
    { "status", "", "",
      "Show the state of a running node: a summary, then what blocks it, which members are "
      "missing, what to do, and the remaining fault tolerance.",
      "", "assay status\nassay status --socket node-1/admin.sock --json\n",
      (const struct assay_option[]){ ASKED } },
    { "nodes", "", "",
      "List scores, standings and weights of all members, by slot, with the last cause of change "
      "of each score.",
      "", "assay nodes\n", (const struct assay_option[]){ ASKED } },
    { "top", "", "",
      "Monitor the network in a terminal: summary, remaining fault tolerance, members. Shortcuts: "
      "q quits, s sorts by slot, score, weight or name, r reverses the order. Plain ASCII where "
      "the locale has no UTF-8, no colours with NO_COLOR; into a pipe one snapshot.",
      "", "assay top\nassay top --once --socket node-1/admin.sock\n",
      (const struct assay_option[]){
          { "every", "MS", "refresh interval in ms, 1 to 3600000, default 1000", 0 },
          { "once", NULL, "print one snapshot and exit; works without a terminal", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_TIMEOUT,
          ASSAY_OPTIONS_END } },
    { "fleet", "", "",
      "Show several networks, one line for each: state, epoch, members by condition, and the worst "
      "member with its reason. Without --context all contexts.",
      "3 no network answers, 8 one or more do not",
      "assay fleet\nassay fleet --context prod --context test --json\n",
      (const struct assay_option[]){ { "context", "NAME", "show this network", ASSAY_OPTION_MANY },
                                     { "all", NULL, "show all contexts, as without --context", 0 },
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTION_TIMEOUT,
                                     ASSAY_OPTIONS_END } },
    { "context", "list", "", "List the contexts: networks that commands reach over HTTPS.", "",
      "assay context list\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "context", "add", "NAME",
      "Add a context: addresses of nodes of one network, the authority of their certificates, this "
      "user's certificate and key, and the chain that the nodes must be of.",
      "5 no such file, 6 there is a context of that name",
      "assay context add prod --endpoint https://n1.example:8443 --endpoint "
      "https://n2.example:8443 "
      "--ca ca.pem --certificate me.pem --key me.key --chain-id HEX\n",
      (const struct assay_option[]){
          { "endpoint", "URL", "https://HOST:PORT of a node; further ones are tried in turn",
            ASSAY_OPTION_MUST | ASSAY_OPTION_MANY },
          { "ca", "FILE", "PEM: authority of the nodes' certificates", ASSAY_OPTION_MUST },
          { "certificate", "FILE", "PEM: certificate of this user", ASSAY_OPTION_MUST },
          { "key", "FILE", "PEM: its key, readable by this user alone", ASSAY_OPTION_MUST },
          { "chain-id", "HEX", "chain_id of the network (assay status --json)", ASSAY_OPTION_MUST },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "context", "use", "NAME",
      "Use this context for commands without --context; \"local\" is the admin socket.",
      "5 no such context", "assay context use prod\nassay context use local\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "context", "test", "NAME",
      "Connect to each endpoint of a context, and compare its chain with the pinned one.",
      "3 no endpoint answers, 5 no such context, 8 one or more do not", "assay context test prod\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTION_TIMEOUT, ASSAY_OPTIONS_END } },
    { "context", "remove", "NAME", "Remove a context. Its files stay.", "5 no such context",
      "assay context remove prod\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "explain", "", "NODE",
      "Explain a member's standing: what happened and when, which verifiers reported it, what to "
      "do. NODE is a name, a slot or a node id.",
      "", "assay explain node-3\n", (const struct assay_option[]){ ASKED } },
    { "doctor", "", "",
      "Diagnose this node: configuration, genesis, keys, folders, disk, programs, source of "
      "evidence, descriptors, sockets, the clock against the peers', quorum, collateral. Each line "
      "is ok, warn or fail, with what was found, what was expected and what to do. Changes "
      "nothing, and works with the daemon running or not.",
      "never 3 7; 10 a warning, 11 a failure", "assay doctor --config /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){
          { "config", "FILE", "configuration of the daemon, default /etc/assay/assayd.yaml", 0 },
          ASKED } },
    { "doctor", "net", "",
      "Check which epoch length T the links of this node support, and which peers are too slow for "
      "the T in force: the round-trip time to each peer, as measured by the running daemon.",
      "10 a peer is too slow or unreachable, 11 T is too short for a quorum", "assay doctor net\n",
      (const struct assay_option[]){
          { "config", "FILE", "configuration of the daemon, default /etc/assay/assayd.yaml", 0 },
          ASKED } },
    { "debug", "bundle", "",
      "Write a support bundle, one tar file: documents of the daemon, results of doctor, names and "
      "permissions of its files, the configuration without comments. Contains no secrets: no keys, "
      "no evidence, no contents of the state folder.",
      "never 3 7; 6 the file exists",
      "assay debug bundle --out assay-debug.tar --config /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){ { "out", "FILE", "the tar file", ASSAY_OPTION_MUST },
                                     { "config", "FILE", "configuration of the daemon", 0 },
                                     ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "monitoring", "", "",
      "Write alerts.yml, rules for Prometheus, and dashboard.json, for Grafana, as installed in "
      "/usr/share/assay/monitoring, with links to the runbooks of a site.",
      "6 another file is there",
      "assay monitoring --runbook-base https://wiki.example/assay/runbooks --out monitoring\n",
      (const struct assay_option[]){ { "out", "DIR", "folder of the files", ASSAY_OPTION_MUST },
                                     { "runbook-base", "URL",
                                       "where docs/runbooks is served, default: the names of the "
                                       "pages remain",
                                       0 },
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "permit", "", "", "Query whether this node may act now.", EXIT_PERMIT,
      "assay permit --class critical && deliver-the-secret\n",
      (const struct assay_option[]){
          { "class", "critical|normal", "class of the work", ASSAY_OPTION_MUST }, ASKED } },
    { "enforce", "show", "",
      "Show enforcement on this node: enclave and targets, the hold, the journal of orders.", "",
      "assay enforce show\n", (const struct assay_option[]){ ASKED } },
    { "enforce", "hold", "",
      "Block work on this node, independent of the network, until release; persists over restarts.",
      "6 already held", "assay enforce hold --reason 'disk is being replaced, ticket 4711'\n",
      (const struct assay_option[]){ REASON, ASKED } },
    { "enforce", "release", "", "End the hold; orders that the network gave meanwhile apply.",
      "6 not held", "assay enforce release --reason 'disk replaced'\n",
      (const struct assay_option[]){ REASON, ASKED } },
    { "counters", "", "", "Print the counters of rejected messages and other events.", "",
      "assay counters\n", (const struct assay_option[]){ ASKED } },
    { "timeline", "", "",
      "Print events. What repeats is one line, with its first and last epoch and its count.", "",
      "assay timeline --node node-3\n",
      (const struct assay_option[]){
          { "since", "SEQ", "only events after this number, default 0: all retained ones", 0 },
          { "node", "NAME", "only events about this member", 0 },
          ASKED } },
    { "export", "", "",
      "Export events, scores or orders: to stdout, to files that rotate, to syslog, or to an "
      "OpenTelemetry receiver, once or continuously. The position is saved, so that nothing is "
      "lost or repeated after a restart; each hole in the daemon's history is a record. Without "
      "--what: closed epochs; json is one document, with the continuation in next_since; jsonl and "
      "csv have one line per member and epoch, for the complete range.",
      "6 another export writes to the same folder, 8 interrupted without --follow",
      "assay export --format csv --since 1000 --until 2000 > scores.csv\n"
      "assay export --what events --follow --to /var/log/assay\n"
      "assay export --what events --follow --to syslog:udp://logs.example.org:514 --state state\n"
      "assay export --what events --follow --to otlp:https://otel.example.org:4318 --state state\n",
      (const struct assay_option[]){
          { "what", "events|scores|orders",
            "records: events of the timeline; one per member and closed epoch; the same, of those "
            "members with orders in effect",
            0 },
          { "to", "TARGET",
            "a folder; syslog:/PATH, syslog:udp://HOST:PORT, syslog:tcp://HOST:PORT (RFC 5424); "
            "otlp:URL (OTLP/HTTP with JSON, logs and metrics); default stdout",
            0 },
          { "follow", NULL, "jsonl, csv, --to: continue, until --until or a signal", 0 },
          { "state", "DIR",
            "syslog, otlp: folder where the position is saved, default $STATE_DIRECTORY, else "
            "nowhere",
            0 },
          { "format", "json|jsonl|csv", "output format, default json; with --to and --what jsonl",
            0 },
          { "since", "EPOCH",
            "first epoch (events: all after this number), default the oldest retained one; ignored "
            "once a position is saved",
            0 },
          { "until", "EPOCH", "last epoch", 0 },
          { "votes", NULL,
            "include each verifier's vote on each member, as far back as blocks are retained", 0 },
          { "json", NULL, "same as --format json", 0 },
          { "rotate-bytes", "N", "folder: size of a file, 4096 or more, default 67108864", 0 },
          { "keep", "N", "folder: files that stay, default 16; 0: all", 0 },
          { "queue", "N",
            "records in memory while the target does not answer, 1 to 1000000, default 16384; then "
            "the daemon's timeline is the queue",
            0 },
          { "metrics-every", "N", "otlp: seconds between two sets of metrics, default 60; 0: none",
            0 },
          { "ca", "FILE", "otlp: roots that the receiver is trusted under, default the system's",
            0 },
          { "certificate", "FILE", "otlp: client certificate, PEM; with --key", 0 },
          { "key", "FILE", "otlp: its key, PEM", 0 },
          { "headers", "FILE",
            "otlp: additional headers, up to 8 lines \"Name: value\", such as a token; mode 0600",
            0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_TIMEOUT,
          ASSAY_OPTIONS_END } },
    { "report", "", "",
      "Write a report of everything that a node shows, as one offline page or as data: status, "
      "members, closed epochs, votes, events, policy, collateral, and the decoded evidence of "
      "every member next to the policy.",
      "", "assay report --html report.html\nassay report --json | jq .data.status.sentence\n",
      (const struct assay_option[]){ { "html", "FILE", "write the page", 0 },
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTION_SOCKET,
                                     { "http", "WHERE",
                                       "HTTP socket of the node, or its address on this machine, "
                                       "127.0.0.1:8080 (default: as reported by the node)",
                                       0 },
                                     ASSAY_OPTION_TIMEOUT,
                                     ASSAY_OPTIONS_END } },
    { "checkpoint", "", "",
      "Create, show or advance a checkpoint: era, epoch, id of its last block, digest of the next "
      "voters. The source is a daemon, a file, or a genesis. A checkpoint is as trustworthy as its "
      "source: compare those of several nodes. --since advances one by the votes of every epoch in "
      "between, from any node, also over a RECOVER that voters of more than a third of the weight "
      "before it confirmed.",
      "4 not trusted, 13 malformed, 14 age unknown, 15 crosses a RECOVER",
      "assay checkpoint --out checkpoint\nassay checkpoint --since checkpoint --out newer\n",
      (const struct assay_option[]){
          { "file", "FILE", "show this checkpoint", 0 },
          { "since", "FILE", "advance this checkpoint (or a genesis)", 0 },
          { "max-age", "DURATION",
            "with --since, maximum age of the last epoch: 90s, 30m, 24h (default), 7d", 0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL, "with --since: this machine has no clock, exit with 14", 0 },
          { "genesis", "FILE", "checkpoint of this genesis, epoch 0", 0 },
          { "out", "FILE", "output file", 0 },
          { "trusting-period", "DURATION",
            "how long it is trusted after its time, 1d to 90d, default 14d", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTIONS_END } },
    { "proof", "", "NODE",
      "Fetch a proof of a member's score and standing after the last closed epoch, for offline "
      "verifiers.",
      "5 not found: no such member, no keys (--keys), no epoch closed yet, or this node lacks a "
      "list of the member's keys (retry, or query another node)",
      "assay proof node-1 --out node-1.proof\n"
      "assay proof node-1 --keys --out node-1.keys\n",
      (const struct assay_option[]){
          { "out", "FILE", "the proof", ASSAY_OPTION_MUST },
          { "bare", NULL, "without the votes, for verifiers with a checkpoint of the same epoch",
            0 },
          { "keys", NULL, "a key proof: also which TLS keys the member has", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "proof", "verify", "FILE",
      "Verify a proof without a daemon; a genesis serves as the checkpoint of epoch 0. The proof's "
      "block must not be older than --max-age, nor more than 10 minutes ahead of the clock, and "
      "the checkpoint's trusting period must not be over.",
      "0 proven and FULL, 4 not trusted, 10 WARNING or RESTRICTED, 11 SUSPENDED, 12 never attested "
      "(no certified PASS yet), 13 malformed, 14 proven, age unknown",
      "assay proof verify node-1.proof --checkpoint checkpoint --json\n"
      "assay proof verify node-1.keys --checkpoint checkpoint --key peer.pem --max-age 5m\n",
      (const struct assay_option[]){
          { "checkpoint", "FILE", "trusted checkpoint", ASSAY_OPTION_MUST },
          { "node", "NODE", "expected member of the proof: name or id", 0 },
          { "key", "FILE",
            "FILE is a key proof: verify that the key of this certificate or public key, of a TLS "
            "peer, is an active key of the member; with --max-age",
            0 },
          { "max-age", "DURATION", "maximum age of the proof's block: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL,
            "this machine has no reliable clock: print what is proven, exit with 14", 0 },
          { "next", "FILE", "write the verified proof as a checkpoint", 0 },
          { "policy", "FILE",
            "policy with the proven digest, or a genesis that contains it, to print its profile",
            0 },
          { "ear", "FILE", "write an attestation result (EAR) of the proven state; - prints it",
            0 },
          { "ear-key", "FILE", "signing key of the EAR", 0 },
          { "ear-form", "jwt|cwt", "form of the EAR: JSON web token (default) or CBOR web token",
            0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "plan", "", "",
      "Compute what a node needs in a network of this size, from measured figures: bytes in and "
      "out, "
      "processor time, memory, disk at its horizon, and the smallest epoch for a round-trip time. "
      "Figures beyond the largest measured network are marked. Says which resource of the machine "
      "is the first to become the limit, and what to do then.",
      "never 3 5 7; 10 a resource of the machine does not suffice, 11 the epoch is too short for "
      "the "
      "round trip",
      "assay plan --members 7 --epoch 60000 --rtt 80\n"
      "assay plan --members 100 --epoch 20000 --rtt 220 --cores 2 --link 50 --terms\n",
      (const struct assay_option[]){
          { "members", "N", "members of the network, 1 to 1024", ASSAY_OPTION_MUST },
          { "epoch", "MS", "length of an epoch in ms, 100 to 3600000", ASSAY_OPTION_MUST },
          { "rtt", "MS", "largest round-trip time between two members, in ms", 0 },
          { "evidence", "BYTES", "length of a member's evidence, default 4100 (a SOFT quote)", 0 },
          { "history", "EPOCHS", "node.history_epochs, default 20000", 0 },
          { "cores", "N", "cores of the machine, default 2", 0 },
          { "memory", "MIB", "memory of the machine, default 1024", 0 },
          { "disk", "GB", "disk of the machine, default 20", 0 },
          { "link", "MBIT", "link of the machine in Mbit/s, default 100", 0 },
          { "terms", NULL, "list each term with the source of its measurement", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "backup", "", "",
      "Save what a node needs and cannot get again in one sealed file: keys for life, "
      "configuration, "
      "genesis, an archive of the ledger, journal of orders, timeline, credentials. Works with the "
      "daemon running or not, as the daemon's user. Voting keys and votes are not saved: a node "
      "that "
      "votes from an older log signs twice.",
      "6 the file exists",
      "assay backup --out node-1.backup --recipient backup.pub\n"
      "assay backup --config node-1/assayd.yaml --out node-1.backup --passphrase-file passphrase\n",
      (const struct assay_option[]){
          { "out", "FILE", "the backup, which must not exist", ASSAY_OPTION_MUST },
          BACKUP_CONFIG,
          IDENTITY_DIR,
          { "recipient", "FILE",
            "seal it for the key of this public half; only that key opens it (assay backup key)",
            0 },
          PASSPHRASE,
          { "also", "FILE", "save this file as well: a plan, a policy, a join request",
            ASSAY_OPTION_MANY },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "backup", "key", "FILE",
      "Generate a key that opens backups, and print its public half. Keep FILE away from the "
      "nodes, "
      "which need the public half alone.",
      "never 3 5 7; 6 the key exists", "assay backup key backup.key > backup.pub\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "backup", "list", "FILE",
      "Print when and for which key a backup was written; with the key, which files it contains.",
      EXIT_BACKUP, "assay backup list node-1.backup --key backup.key\n",
      (const struct assay_option[]){ BACKUP_KEY, PASSPHRASE, ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "backup", "verify", "FILE",
      "Verify a backup: decrypt and authenticate it, check that its keys for life are those of its "
      "node (of a member of the genesis: of that member) and the signatures of its genesis, and "
      "prove its ledger from the checkpoint (default: genesis) to its end. Other files are "
      "authenticated with the file; their content is not checked.",
      EXIT_BACKUP, "assay backup verify node-1.backup --key backup.key\n",
      (const struct assay_option[]){ BACKUP_KEY, PASSPHRASE, BACKUP_GENESIS, CHECKPOINT,
                                     ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "restore", "", "FILE",
      "Verify a backup and restore the node: --into a new folder, complete with its configuration, "
      "or "
      "--config: what is missing, to the places that this configuration names. Files without such "
      "a "
      "place (drop-ins, files of --also) are listed on stderr. Replaces nothing. The "
      "daemon that starts from it makes new voting keys, and does not vote until the others list "
      "them: restore one node at a time, and only if the others have more than two thirds of the "
      "weight; otherwise the network stops and needs RECOVER. Never start the same node twice.",
      EXIT_BACKUP ", 6 something is there already, 8 restored except for the listed files",
      "assay restore node-1.backup --key backup.key --into node-1\n"
      "assay restore node-1.backup --key backup.key --config /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){
          { "into", "DIR", "folder, which must not exist", 0 },
          { "config", "FILE", "configuration of this machine, which names the places", 0 },
          IDENTITY_DIR,
          BACKUP_KEY,
          PASSPHRASE,
          BACKUP_GENESIS,
          CHECKPOINT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "store", "save", "[STORE]",
      "Save an archive that another store can start from, of a running daemon or of a stopped one "
      "(STORE: its store.sqlite, or its folder). Contains no keys, no votes and no secrets.",
      "", "assay store save --out network.archive\n",
      (const struct assay_option[]){ { "out", "FILE", "the archive", ASSAY_OPTION_MUST },
                                     ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "store", "verify", "FILE",
      "Verify an archive from the checkpoint (default: genesis) to its end: every quorum, "
      "signature and state root.",
      EXIT_STORE ", 13 no archive", "assay store verify network.archive --genesis genesis\n",
      (const struct assay_option[]){ GENESIS, CHECKPOINT, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "store", "inspect", "FILE", "Print the contents of an archive without verifying them.",
      "13 no archive", "assay store inspect network.archive\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "store", "restore", "FILE",
      "Verify an archive and restore it into a state folder that has no store. The daemon that "
      "starts from it makes new keys: the old ones may have voted, and their log is lost. The node "
      "does not vote until the others list them: restore one node at a time, and only if the "
      "others have more than two thirds of the weight; otherwise the network stops and needs "
      "RECOVER.",
      EXIT_STORE ", 6 there is a store already",
      "assay store restore network.archive --into /var/lib/assay/state --genesis genesis\n",
      (const struct assay_option[]){ { "into", "DIR", "state folder", ASSAY_OPTION_MUST },
                                     GENESIS,
                                     CHECKPOINT,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "audit", "verify", "STORE",
      "Verify everything in a store: links, leaders, signatures of every vote, certificate and "
      "record, evidence in blocks, state roots, finality proofs, and the derived tables: rows of "
      "scores against the states of their epochs, documents of services against their digests. "
      "Local records of this machine (orders, fault tolerance) are checked by checksum only. STORE "
      "is store.sqlite of a stopped daemon, its state folder, or a copy.",
      "11 a check fails: one line with the check and its place, 12 an epoch that no chain from "
      "genesis or the checkpoint proves, 13 not a genesis, 15 valid, over a RECOVER",
      "assay audit verify /var/lib/assay/state --genesis /etc/assay/genesis\n",
      (const struct assay_option[]){
          GENESIS,
          CHECKPOINT,
          { "from", "EPOCH", "start at a retained snapshot no older than this", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "audit", "replay", "STORE",
      "Replay every record: compare scores, standings and weights of every epoch, bit for bit, "
      "with the roots, and verify the signatures of the chain. Derived tables are not checked.",
      "11 a check fails: one line with the check and its place, 12 an epoch that no chain from "
      "genesis or the checkpoint proves, or --no-signatures, 13 not a genesis, 15 valid, over a "
      "RECOVER",
      "assay audit replay store.sqlite --genesis genesis --table\n",
      (const struct assay_option[]){
          GENESIS,
          CHECKPOINT,
          { "from", "EPOCH", "start at a retained snapshot no older than this", 0 },
          { "no-signatures", NULL, "replay only, which proves nothing: exits with 12", 0 },
          { "table", NULL, "print scores and weights after each epoch", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "audit", "orders", "FILE",
      "Verify the hash chain of a daemon's journal of orders: orders.log in its state folder, or a "
      "copy.",
      "8 valid except for a last line that a crash left incomplete, 11 invalid, 13 not a regular "
      "file",
      "assay audit orders /var/lib/assay/state/orders.log\n",
      (const struct assay_option[]){
          { "head", "NUMBER:HASH",
            "line that the journal must contain, as printed by assay enforce show", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "forensics", "", "STORE STORE",
      "Compare the stores of two stopped daemons of one network, or copies, epoch by epoch from "
      "genesis on: where two blocks are final, which members signed contradicting votes, "
      "proposals or envelopes, and how much they weigh. Voters of each epoch are proven, so "
      "neither store is trusted. Finality proofs are compared for all epochs; votes, certificates "
      "and envelopes are retained for eight epochs.",
      "6 a running daemon holds a store, 11 they contradict each other, or a store is damaged, 12 "
      "no epoch is in both, 13 not a genesis, or that of another network",
      "assay forensics node-1/state node-4/state --genesis genesis\n",
      (const struct assay_option[]){
          GENESIS,
          { "records", "DIR",
            "write each proof into this folder, which exists, as the OFFENCE record of a ledger",
            0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "completion", "bash", "", "Print the completion script for bash.", "",
      "assay completion bash > /etc/bash_completion.d/assay\n", NOTHING },
    { "completion", "zsh", "", "Print the completion script for zsh.", "",
      "assay completion zsh > \"${fpath[1]}/_assay\"\n", NOTHING },
    { "completion", "fish", "", "Print the completion script for fish.", "",
      "assay completion fish > ~/.config/fish/completions/assay.fish\n", NOTHING },
    { "completion", "man-commands", "", "Print the list of commands of assay(1), in mdoc.", "",
      "assay completion man-commands\n", NOTHING },
    { "completion", "man-page", "COMMAND",
      "Print the manual page of one command, in mdoc, without its first line, the date.",
      "never 5; ", "assay completion man-page status\n", NOTHING },
};
const size_t assay_verbs_node_count = sizeof assay_verbs_node / sizeof assay_verbs_node[0];
