/*
 * apps/assay/core/verbs_node.c - the verbs that ask a node, or read what one keeps (options.h).
 */
#include "apps/assay/core/options.h"

#define ASKED ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTION_TIMEOUT, ASSAY_OPTIONS_END
#define GENESIS                                                                                    \
    {                                                                                              \
        "genesis", "FILE", "the genesis of its network", ASSAY_OPTION_MUST                         \
    }
#define CHECKPOINT                                                                                 \
    {                                                                                              \
        "checkpoint", "FILE", "it must contain this epoch (assay checkpoint)", 0                   \
    }
#define REASON                                                                                     \
    {                                                                                              \
        "reason", "TEXT", "for the journal, 1 to 200 printable characters", ASSAY_OPTION_MUST      \
    }
#define NOTHING                                                                                    \
    (const struct assay_option[])                                                                  \
    {                                                                                              \
        ASSAY_OPTIONS_END                                                                          \
    }
#define EXIT_PERMIT "4 denied"
#define EXIT_STORE  "11 false: one line says what and where, 12 nothing that is trusted leads to it"

const struct assay_verb assay_verbs_node[] = {
    { "status", "", "",
      "What a running node says of itself: one sentence about how things are, then what stops it, "
      "who is missing, what to do, what may still fail.",
      "", "assay status\nassay status --socket node-1/admin.sock --json\n",
      (const struct assay_option[]){ ASKED } },
    { "nodes", "", "",
      "Scores, standings and weights of all members, by slot, with what moved each score last.", "",
      "assay nodes\n", (const struct assay_option[]){ ASKED } },
    { "top", "", "",
      "The network in a terminal, drawn anew as it goes: the sentence, what may still fail, the "
      "members. Keys: q quits, s sorts by slot, score, weight or name, r the other way round. "
      "Plain "
      "ASCII where the locale has no UTF-8, no colours with NO_COLOR; into a pipe one picture.",
      "", "assay top\nassay top --once --socket node-1/admin.sock\n",
      (const struct assay_option[]){ { "every", "MS", "how often, default 1000", 0 },
                                     { "once", NULL, "one picture, on no terminal as well", 0 },
                                     ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_TIMEOUT,
                                     ASSAY_OPTIONS_END } },
    { "explain", "", "NODE",
      "Why a member stands where it stands: what happened and when, who says so, what to do. NODE "
      "is a name, a slot or a node id.",
      "", "assay explain node-3\n", (const struct assay_option[]){ ASKED } },
    { "doctor", "", "",
      "Looks at what keeps this node from working, or soon will: configuration, genesis, keys, "
      "folders, disk, programs, source of evidence, descriptors, sockets, the clock against the "
      "peers', quorum, collateral. Each line is ok, warn or fail, with what was found, what was "
      "expected and what to do. It changes nothing, and works with the daemon running or not.",
      "10 a warning, 11 a failure", "assay doctor --config /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){
          { "config", "FILE", "that of the daemon, default /etc/assay/assayd.yaml", 0 }, ASKED } },
    { "doctor", "net", "",
      "Which epoch length T the links of this node carry, who is too slow for the T in force, and "
      "why: the way there and back to each peer, as the running daemon measures it.",
      "10 somebody is too slow or not heard of, 11 T is too short for a quorum",
      "assay doctor net\n",
      (const struct assay_option[]){
          { "config", "FILE", "that of the daemon, default /etc/assay/assayd.yaml", 0 }, ASKED } },
    { "debug", "bundle", "",
      "Puts what somebody needs who helps from afar into one tar file: documents of the daemon, "
      "what "
      "doctor finds, names and rights of its files, the configuration without comments. Nothing in "
      "it "
      "is secret: no keys, no evidence, no contents of the state folder.",
      "6 the file is there already",
      "assay debug bundle --out assay-debug.tar --config /etc/assay/assayd.yaml\n",
      (const struct assay_option[]){ { "out", "FILE", "the tar file", ASSAY_OPTION_MUST },
                                     { "config", "FILE", "that of the daemon", 0 },
                                     ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "permit", "", "", "May this node act now?", EXIT_PERMIT,
      "assay permit --class critical && deliver-the-secret\n",
      (const struct assay_option[]){
          { "class", "critical|normal", "of what it is about to do", ASSAY_OPTION_MUST }, ASKED } },
    { "enforce", "show", "",
      "What obeys orders here: enclave and targets, the hold, the journal of orders.", "",
      "assay enforce show\n", (const struct assay_option[]){ ASKED } },
    { "enforce", "hold", "",
      "No work on this node, whatever the network says, until release; over restarts.",
      "6 it is held already", "assay enforce hold --reason 'disk is being replaced, ticket 4711'\n",
      (const struct assay_option[]){ REASON, ASKED } },
    { "enforce", "release", "", "Ends the hold: what the network ordered meanwhile stands.",
      "6 it is not held", "assay enforce release --reason 'disk replaced'\n",
      (const struct assay_option[]){ REASON, ASKED } },
    { "counters", "", "", "What was refused and counted.", "", "assay counters\n",
      (const struct assay_option[]){ ASKED } },
    { "timeline", "", "", "What happened, epoch by epoch.", "", "assay timeline --since 100\n",
      (const struct assay_option[]){ { "since", "SEQ", "after this number, default 0", 0 },
                                     ASKED } },
    { "export", "", "",
      "Closed epochs: scores, rules, votes. json is one document, which says in next_since where "
      "to "
      "go on; jsonl and csv have one line a member and epoch, all of the range.",
      "",
      "assay export --format csv --since 1000 --until 2000 > scores.csv\n"
      "assay export --format jsonl --follow | my-collector\n",
      (const struct assay_option[]){
          { "format", "json|jsonl|csv", "default json", 0 },
          { "since", "EPOCH", "from this epoch on, default the oldest that is kept", 0 },
          { "until", "EPOCH", "up to this epoch", 0 },
          { "votes", NULL, "with who said what of whom, as far as blocks are kept", 0 },
          { "json", NULL, "as --format json", 0 },
          { "follow", NULL, "jsonl, csv: go on as epochs close, until --until or a signal", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_TIMEOUT,
          ASSAY_OPTIONS_END } },
    { "report", "", "",
      "Everything that a node can show, at this moment, as one page that needs no network, or as "
      "data: status, members, closed epochs, who said what of whom, events, policy, collateral, "
      "and "
      "the evidence of every member decoded beside the policy.",
      "", "assay report --html report.html\nassay report --json | jq .data.status.sentence\n",
      (const struct assay_option[]){
          { "html", "FILE", "write the page", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTION_SOCKET,
          { "http", "WHERE",
            "its socket of HTTP, or its address on this machine, 127.0.0.1:8080 (default: as the "
            "node says)",
            0 },
          ASSAY_OPTION_TIMEOUT,
          ASSAY_OPTIONS_END } },
    { "checkpoint", "", "",
      "An epoch to begin with: era, epoch, id of its last block, digest of who votes after it. "
      "Asks "
      "a daemon; or shows a file; or tells that of a genesis. Whoever believes a checkpoint "
      "believes "
      "where it came from: compare those of several nodes. --since carries one forward by the "
      "votes "
      "of every epoch in between, from any node, also over a RECOVER that voters of more than a "
      "third of the weight before it confirmed.",
      "4 not believed, 13 malformed, 14 of unknown age, 15 it crosses a RECOVER",
      "assay checkpoint --out checkpoint\nassay checkpoint --since checkpoint --out newer\n",
      (const struct assay_option[]){
          { "file", "FILE", "show this one", 0 },
          { "since", "FILE", "carry this one (or a genesis) forward", 0 },
          { "max-age", "DURATION",
            "with --since, how old the last epoch may be: 90s, 30m, "
            "24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL, "with --since, this machine has no clock: exit with 14", 0 },
          { "genesis", "FILE", "that of this genesis, epoch 0", 0 },
          { "out", "FILE", "write it", 0 },
          { "trusting-period", "DURATION",
            "how long it is trusted from its time on, 1d to 90d, "
            "default 14d",
            0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTIONS_END } },
    { "proof", "", "NODE",
      "What the network says of a member after the last closed epoch, provable to anybody.", "",
      "assay proof node-1 --out node-1.proof\n",
      (const struct assay_option[]){
          { "out", "FILE", "the proof", ASSAY_OPTION_MUST },
          { "bare", NULL, "without the votes, for who holds the checkpoint of this very epoch", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "proof", "verify", "FILE",
      "Verifies a proof without a daemon; a genesis does for a checkpoint of epoch 0. The proof's "
      "block must not be older than --max-age, nor more than 10 minutes ahead of the clock, and "
      "the checkpoint's trusting period must not be over.",
      "0 proven and FULL, 10 WARNING or RESTRICTED, 11 SUSPENDED, 4 not believed, 13 malformed, "
      "14 proven and of unknown age",
      "assay proof verify node-1.proof --checkpoint checkpoint --json\n",
      (const struct assay_option[]){
          { "checkpoint", "FILE", "what is believed already", ASSAY_OPTION_MUST },
          { "node", "NODE", "it must be about this member: its name or its id", 0 },
          { "max-age", "DURATION", "how old the proof's block may be: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL,
            "this machine has no clock to rely on: print what is proven, exit with 14", 0 },
          { "next", "FILE", "write the checkpoint that the proof is, once believed", 0 },
          { "policy", "FILE",
            "the policy with the proven digest, or a genesis that has it: its profile is printed",
            0 },
          { "ear", "FILE", "write an attestation result (EAR) of what is proven; - prints it", 0 },
          { "ear-key", "FILE", "the key that signs it", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "store", "save", "[STORE]",
      "What another store can begin with, of a daemon that runs or of a stopped one (STORE: its "
      "store.sqlite, or its folder). Neither keys nor votes, and nothing that is secret.",
      "", "assay store save --out network.archive\n",
      (const struct assay_option[]){ { "out", "FILE", "the archive", ASSAY_OPTION_MUST },
                                     ASSAY_OPTION_SOCKET,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "store", "verify", "FILE",
      "From the checkpoint, without one from genesis, to its end: every quorum, signature and "
      "state "
      "root.",
      EXIT_STORE ", 13 no archive", "assay store verify network.archive --genesis genesis\n",
      (const struct assay_option[]){ GENESIS, CHECKPOINT, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "store", "inspect", "FILE", "What an archive says of itself, believed in nothing.",
      "13 no archive", "assay store inspect network.archive\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "store", "restore", "FILE",
      "Verifies an archive, and makes a store of it in a state folder that has none. The daemon "
      "that "
      "begins with it makes new keys: the old ones may have voted, and their log is away.",
      EXIT_STORE ", 6 there is a store already",
      "assay store restore network.archive --into /var/lib/assay/state --genesis genesis\n",
      (const struct assay_option[]){ { "into", "DIR", "the state folder", ASSAY_OPTION_MUST },
                                     GENESIS,
                                     CHECKPOINT,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "audit", "verify", "STORE",
      "Looks at everything in a store: links, leaders, signatures of every vote, certificate and "
      "record, evidence in blocks, state roots, finality proofs, and what is kept beside them: "
      "rows of scores against the states of their epochs, documents of services against their "
      "digests. "
      "Of this machine's own notes (orders, what the network could bear) checksums alone are "
      "looked at. STORE is store.sqlite of a daemon that does not run, its state folder, or a "
      "copy.",
      "11 something does not hold: one line says what and where, 12 an epoch that no chain from "
      "genesis or the checkpoint proves, 13 not a genesis, 15 it holds, over a RECOVER",
      "assay audit verify /var/lib/assay/state --genesis /etc/assay/genesis\n",
      (const struct assay_option[]){
          GENESIS,
          CHECKPOINT,
          { "from", "EPOCH", "begin at a kept snapshot no older than this", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "audit", "replay", "STORE",
      "Folds every record again: scores, standings and weights of every epoch, bit for bit against "
      "the roots, and the signatures of the chain. What is kept beside it is not looked at.",
      "11 something does not hold: one line says what and where, 12 an epoch that no chain from "
      "genesis or the checkpoint proves, or --no-signatures, 13 not a genesis, "
      "15 it holds, over a RECOVER",
      "assay audit replay store.sqlite --genesis genesis --table\n",
      (const struct assay_option[]){
          GENESIS,
          CHECKPOINT,
          { "from", "EPOCH", "begin at a kept snapshot no older than this", 0 },
          { "no-signatures", NULL, "fold alone, which proves nothing: ends with 12", 0 },
          { "table", NULL, "scores and weights after each epoch", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "audit", "orders", "FILE",
      "Reads the chain of lines that a daemon writes of its orders: orders.log in its state "
      "folder, "
      "or a copy.",
      "8 it holds but for a last line that a crash left half written, 11 it does not",
      "assay audit orders /var/lib/assay/state/orders.log\n",
      (const struct assay_option[]){
          { "head", "NUMBER:HASH", "it must contain this line, as assay enforce show has it", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "completion", "bash", "", "Prints what bash needs to complete words of assay.", "",
      "assay completion bash > /etc/bash_completion.d/assay\n", NOTHING },
    { "completion", "zsh", "", "The same for zsh.", "",
      "assay completion zsh > \"${fpath[1]}/_assay\"\n", NOTHING },
    { "completion", "fish", "", "The same for fish.", "",
      "assay completion fish > ~/.config/fish/completions/assay.fish\n", NOTHING },
    { "completion", "man-synopsis", "", "The synopsis of assay(1), in mdoc.", "",
      "assay completion man-synopsis\n", NOTHING },
    { "completion", "man-options", "", "The options of assay(1), in mdoc.", "",
      "assay completion man-options\n", NOTHING },
};
const size_t assay_verbs_node_count = sizeof assay_verbs_node / sizeof assay_verbs_node[0];
