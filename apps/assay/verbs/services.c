/*
 * apps/assay/verbs/services.c - table of verbs for services of a network (options.h,
 * docs/services.md).
 */
#include "apps/assay/core/options.h"

#define ASKED ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTION_TIMEOUT, ASSAY_OPTIONS_END
#define KEY(help)                                                                                  \
    {                                                                                              \
        "key", "FILE", help, ASSAY_OPTION_MUST                                                     \
    }
/* What is handed in is waited for. */
#define HANDED                                                                                     \
    ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON,                                                        \
        { "timeout", "MS", "timeout until it is final in ms, 1 to 3600000, default 60000", 0 },    \
        ASSAY_OPTIONS_END
#define EXIT_HANDED                                                                                \
    "4 the record is invalid or has no effect, with the reason, 5 no such account, task or id, 6 " \
    "another record took its number, 8 it is unknown whether it was this record, 7 not final in "  \
    "time: it may still become so"

const struct assay_verb assay_verbs_services[] = {
    { "services", "status", "",
      "Show the network's services on this node: groups of state continuity, clusters of shares, "
      "accounts and tasks, finalized records, programs at the socket.",
      "", "assay services status\nassay services status --json\n",
      (const struct assay_option[]){ ASKED } },
    { "continuity", "status", "",
      "Show the replicas of each group of state continuity, their view, standby replicas, lost "
      "seats, and the number of enclaves with sessions.",
      "5 no such group", "assay continuity status\nassay continuity status --group state\n",
      (const struct assay_option[]){ { "group", "NAME", "only this group; name or number", 0 },
                                     ASKED } },
    { "continuity", "show", "INSTANCE",
      "Show the ledger's row of an enclave's instance after the last closed epoch, or that it has "
      "none, with a proof of at most 14 hashes. With --checkpoint the proof is verified without "
      "trust in the node; --out writes the evidence for offline verifiers.",
      "4 not trusted, 5 no row, or no such group, 14 proven, age unknown",
      "assay continuity show $(cat instance) --group state\n"
      "assay continuity show $(cat instance) --checkpoint checkpoint --out row.evidence\n",
      (const struct assay_option[]){
          { "group", "NAME", "its group: name or number; default the first", 0 },
          { "checkpoint", "FILE", "trusted checkpoint, or a genesis", 0 },
          { "max-age", "DURATION", "maximum age of the proof's block: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL,
            "this machine has no reliable clock: print what is proven, exit with 14", 0 },
          { "out", "FILE", "the evidence", 0 },
          ASKED } },
    { "continuity", "verify", "FILE",
      "Verify evidence written by show, without a daemon; a genesis serves as the checkpoint of "
      "epoch 0.",
      "0 proven: it has a row, 5 proven: it has none, 4 not trusted, 13 malformed, 14 proven, age "
      "unknown",
      "assay continuity verify row.evidence --checkpoint checkpoint --instance $(cat instance)\n",
      (const struct assay_option[]){
          { "checkpoint", "FILE", "trusted checkpoint", ASSAY_OPTION_MUST },
          { "instance", "HEX", "expected instance, 64 hex digits", 0 },
          { "max-age", "DURATION", "maximum age of the proof's block: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL,
            "this machine has no reliable clock: print what is proven, exit with 14", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "share", "status", "",
      "List clusters with their holders, complete holders, alarms, and the number of secrets that "
      "are stored, pending, or being reshared; with --id one secret and the holders of its shares.",
      "5 no such id", "assay share status\nassay share status --id $(cat secret.id)\n",
      (const struct assay_option[]){ { "id", "HEX", "one secret, 64 hex digits", 0 }, ASKED } },
    { "share", "put", "FILE",
      "Store the bytes of FILE as a secret: seal them under a new key, distribute shares of the "
      "key to the holders of a cluster, and wait until enough of them confirmed. The sealed secret "
      "is written to --out, for the readers; the ledger stores only its digest.",
      EXIT_HANDED,
      "assay share put secret --key owner.key --name db --reader reader.key --out secret.sealed\n",
      (const struct assay_option[]){
          KEY("key of the owner (assay account create)"),
          { "name", "TEXT", "name of the secret; the id is derived from it and the key",
            ASSAY_OPTION_MUST },
          { "reader", "ACCOUNT", "account of a reader, or its key file",
            ASSAY_OPTION_MUST | ASSAY_OPTION_MANY },
          { "out", "FILE", "the sealed secret", ASSAY_OPTION_MUST },
          { "cluster", "N", "number of the cluster, 0 to 7, default 0", 0 },
          HANDED } },
    { "share", "read", "ID",
      "Request a secret through the ledger, collect shares from its holders, and open the file "
      "that share put sealed. The request is public.",
      EXIT_HANDED,
      "assay share read $(cat secret.id) --key reader.key --sealed secret.sealed --out secret\n",
      (const struct assay_option[]){
          KEY("key of a reader"),
          { "sealed", "FILE", "sealed secret written by share put", ASSAY_OPTION_MUST },
          { "out", "FILE", "the secret, mode 0600", ASSAY_OPTION_MUST },
          HANDED } },
    { "share", "readers", "",
      "Replace the list of readers of a secret. Holders release shares only to these; what was "
      "read before stays read.",
      EXIT_HANDED,
      "assay share readers --key owner.key --name db --reader reader.key --reader other.key\n",
      (const struct assay_option[]){
          KEY("key of the owner"),
          { "name", "TEXT", "name of the secret, as given to share put", ASSAY_OPTION_MUST },
          { "reader", "ACCOUNT", "account of a reader, or its key file",
            ASSAY_OPTION_MUST | ASSAY_OPTION_MANY },
          HANDED } },
    { "share", "delete", "",
      "Delete a secret from the ledger: its holders erase their shares, and it can no longer be "
      "read. A secret of the same name can be stored from the next epoch on; the slot of the "
      "deleted one counts for its owner for 64 epochs.",
      EXIT_HANDED, "assay share delete --key owner.key --name db\n",
      (const struct assay_option[]){
          KEY("key of the owner"),
          { "name", "TEXT", "name of the secret, as given to share put", ASSAY_OPTION_MUST },
          HANDED } },
    { "account", "create", "",
      "Create the key of an account, readable by its owner only, and print the account: SHA-256 of "
      "the public key. The ledger lists the account after its first payment.",
      "6 the key exists", "assay account create --out me.key\n",
      (const struct assay_option[]){
          { "out", "FILE", "the key", ASSAY_OPTION_MUST }, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "account", "show", "ACCOUNT",
      "Show the balance of an account, the amount locked by its tasks, and the number of its next "
      "record. ACCOUNT is 64 hex digits or a key file.",
      "5 this network has no accounts", "assay account show me.key\n",
      (const struct assay_option[]){ ASKED } },
    { "account", "transfer", "",
      "Pay another account: sign a record, submit it to the daemon until it is final, and print "
      "the result.",
      EXIT_HANDED,
      "assay account transfer --key me.key --to you.key --amount 250\n"
      "assay account transfer --key me.key --to $(cat you.account) --amount 250 --json\n",
      (const struct assay_option[]){
          KEY("key of the paying account"),
          { "to", "ACCOUNT", "receiving account: 64 hex digits or a key file; need not exist",
            ASSAY_OPTION_MUST },
          { "amount", "N", "amount, at least 1", ASSAY_OPTION_MUST },
          { "sequence", "N", "number of the record, default the account's next", 0 },
          HANDED } },
    { "task", "offers", "", "List the programs that members offer, with the price of a step.", "",
      "assay task offers\n", (const struct assay_option[]){ ASKED } },
    { "task", "status", "[TASK]",
      "List retained tasks, or show one: its state, steps paid, money locked, deadline, rent, and "
      "when it can be released.",
      "5 no such task is retained", "assay task status\nassay task status $(cat task.id)\n",
      (const struct assay_option[]){ ASKED } },
    { "task", "run", "[FILE]",
      "Run a program on the bytes of FILE (- is stdin) in an attested enclave, and pay for each "
      "proven step: choose an executor, open the task, have the daemon appraise the enclave's "
      "evidence, seal the input to the enclave, and sign off one step after the other. States and "
      "outputs are stored in --out before the next step is requested; the same command, or the "
      "command without FILE, resumes an interrupted one. With --after it is the successor of a "
      "task that ended before its last step: its input is the last state there, and no step is "
      "repeated. The first run creates in --out: task.id, the name of the task; task.store, the "
      "task with its secrets and results, sealed under a key derived from the one of --key; for "
      "each step step-00001.state, step-00001.output and so on, restored from task.store when they "
      "are missing. Without task.store, or with another key, a task cannot be resumed: retain both "
      "until it is over.",
      "4 the ledger rejects the task, or the balance is too low, 5 no executor offers that "
      "program, or --after has no result, 6 --out has another task, or --after one of another "
      "account, 7 no progress in time: the same command resumes, 8 the task ended before its last "
      "step, 11 the enclave's evidence is rejected, or its signature does not match its output",
      "assay task run text --key me.key --out counted --code $(cat code) --price 20 --steps 3\n"
      "assay task run --key me.key --out counted\n"
      "assay task run --after counted --key me.key --out rest --price 20 --steps 2\n",
      (const struct assay_option[]){
          { "key", "FILE", "key of the paying account; required without --evm", 0 },
          { "out", "DIR",
            "folder of the task and its results; created, accessible to its owner only",
            ASSAY_OPTION_MUST },
          { "after", "DIR",
            "--out of an earlier task of this account; continues from its last state", 0 },
          { "code", "HEX", "program, as listed by assay task offers; default that of --after", 0 },
          { "steps", "N", "maximum number of paid steps", 0 },
          { "price", "N", "maximum price of a step; with --evm the exact price in gwei", 0 },
          { "hold", "N",
            "maximum rent of an epoch after acceptance; default the lowest on offer, a 60th of the "
            "price",
            0 },
          { "executor", "NODE",
            "only this executor, by name; default the one with the highest score", 0 },
          { "standing", "full|warning|restricted",
            "minimum standing of the executor, default warning", 0 },
          { "score", "BP", "minimum score of the executor in basis points, default 0", 0 },
          { "deadline", "N",
            "epochs until which steps can be claimed, default 1440; with --evm "
            "seconds, default 86400",
            0 },
          { "evm", "FILE", "anchor.yaml of the chain that pays", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          { "timeout", "MS", "timeout without progress in ms, default 300000", 0 },
          ASSAY_OPTIONS_END } },
    { "task", "deploy", "",
      "Deploy the contract of tasks on an EVM chain, over the anchor in the file.",
      "3 no answer, 4 rejected by the contract, 6 another chain, or one without P-256, 7 not "
      "enough confirmations in time",
      "assay task deploy --evm anchor.yaml\n",
      (const struct assay_option[]){
          { "evm", "FILE", "anchor.yaml of the chain", ASSAY_OPTION_MUST },
          ASSAY_OPTION_JSON,
          { "timeout", "MS", "timeout of the complete command in ms, default 300000", 0 },
          ASSAY_OPTIONS_END } },
    { "task", "close", "TASK",
      "Close a task of this account and refund what was not paid. The ledger rejects it while its "
      "executor can still claim.",
      EXIT_HANDED, "assay task close $(cat task.id) --key me.key\n",
      (const struct assay_option[]){ KEY("key of the account that opened it"), HANDED } },
    { "task", "release", "TASK",
      "Release a task of this account without a claim for 4 closes of an epoch: it ends at the "
      "fourth close after that, claims are paid until then, and the remainder is refunded.",
      EXIT_HANDED, "assay task release $(cat task.id) --key me.key\n",
      (const struct assay_option[]){ KEY("key of the account that opened it"), HANDED } },
};
const size_t assay_verbs_services_count =
    sizeof assay_verbs_services / sizeof assay_verbs_services[0];
