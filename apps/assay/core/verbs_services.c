/*
 * apps/assay/core/verbs_services.c - the verbs about services of a network (options.h,
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
        { "timeout", "MS", "how long it may take until it is final, default 60000", 0 },           \
        ASSAY_OPTIONS_END
#define EXIT_HANDED                                                                                \
    "4 it will be in no block, or means nothing: the word says why, 5 no such account, task or "   \
    "id, 6 another record took its number, 8 nobody knows whether it was this record, 7 not "      \
    "final "                                                                                       \
    "in time: it may still become so"

const struct assay_verb assay_verbs_services[] = {
    { "services", "status", "",
      "What the network's services amount to on this node: groups of state continuity, clusters of "
      "shares, accounts and tasks, records that were final, programs at the socket.",
      "", "assay services status\nassay services status --json\n",
      (const struct assay_option[]){ ASKED } },
    { "continuity", "status", "",
      "Which replicas serve each group of state continuity, in which view, who is listed beside "
      "them, which seats are lost, how many enclaves have sessions.",
      "5 no such group", "assay continuity status\nassay continuity status --group state\n",
      (const struct assay_option[]){ { "group", "NAME", "this one alone; or its number", 0 },
                                     ASKED } },
    { "continuity", "show", "INSTANCE",
      "What the ledger has of one enclave's instance after the last closed epoch: its row, or that "
      "it has none, with a proof of at most 14 hashes. With --checkpoint the proof is verified "
      "without trust in the node; --out writes the evidence for offline verifiers.",
      "4 not believed, 5 it has no row, or no such group, 14 proven and of unknown age",
      "assay continuity show $(cat instance) --group state\n"
      "assay continuity show $(cat instance) --checkpoint checkpoint --out row.evidence\n",
      (const struct assay_option[]){
          { "group", "NAME", "its group, or the number of it; default the first", 0 },
          { "checkpoint", "FILE", "what is believed already, or a genesis", 0 },
          { "max-age", "DURATION", "how old the proof's block may be: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL,
            "this machine has no clock to rely on: print what is proven, exit with 14", 0 },
          { "out", "FILE", "the evidence", 0 },
          ASKED } },
    { "continuity", "verify", "FILE",
      "Verifies what show has kept, without a daemon; a genesis does for a checkpoint of epoch 0.",
      "0 proven: it has a row, 5 proven: it has none, 4 not believed, 13 malformed, 14 proven and "
      "of unknown age",
      "assay continuity verify row.evidence --checkpoint checkpoint --instance $(cat instance)\n",
      (const struct assay_option[]){
          { "checkpoint", "FILE", "what is believed already", ASSAY_OPTION_MUST },
          { "instance", "HEX", "it must be about this one, 64 digits", 0 },
          { "max-age", "DURATION", "how old the proof's block may be: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL,
            "this machine has no clock to rely on: print what is proven, exit with 14", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "share", "status", "",
      "Clusters with their holders, who has everything, alarms, how many secrets are kept, wait, "
      "or are being dealt anew; with --id one secret and who keeps its shares.",
      "5 no such id", "assay share status\nassay share status --id $(cat secret.id)\n",
      (const struct assay_option[]){ { "id", "HEX", "one secret, 64 digits", 0 }, ASKED } },
    { "share", "put", "FILE",
      "Has the bytes of FILE kept as a secret: seals them under a key of their own, deals the key "
      "to the holders of a cluster, and waits until enough of them confirmed. What is sealed goes "
      "to --out, for the readers; only its digest stands in the ledger.",
      EXIT_HANDED,
      "assay share put secret --key owner.key --name db --reader reader.key --out secret.sealed\n",
      (const struct assay_option[]){
          KEY("the owner's key (assay account create)"),
          { "name", "TEXT", "of the secret; with the key it makes the id", ASSAY_OPTION_MUST },
          { "reader", "ACCOUNT", "who may read, an account or its key file",
            ASSAY_OPTION_MUST | ASSAY_OPTION_MANY },
          { "out", "FILE", "the sealed secret", ASSAY_OPTION_MUST },
          { "cluster", "N", "default 0", 0 },
          HANDED } },
    { "share", "read", "ID",
      "Asks the ledger for a secret, collects shares from its holders, and opens what share put "
      "sealed. Everybody sees that it was asked for.",
      EXIT_HANDED,
      "assay share read $(cat secret.id) --key reader.key --sealed secret.sealed --out secret\n",
      (const struct assay_option[]){
          KEY("a reader's key"),
          { "sealed", "FILE", "as share put wrote it", ASSAY_OPTION_MUST },
          { "out", "FILE", "the secret, mode 0600", ASSAY_OPTION_MUST },
          HANDED } },
    { "share", "readers", "",
      "Names who may read a secret from now on, in place of all whom it named before. Holders give "
      "it to nobody else any more; what was read before stays read.",
      EXIT_HANDED,
      "assay share readers --key owner.key --name db --reader reader.key --reader other.key\n",
      (const struct assay_option[]){
          KEY("the owner's key"),
          { "name", "TEXT", "of the secret, as it was put", ASSAY_OPTION_MUST },
          { "reader", "ACCOUNT", "who may read, an account or its key file",
            ASSAY_OPTION_MUST | ASSAY_OPTION_MANY },
          HANDED } },
    { "share", "delete", "",
      "Takes a secret from the ledger: its holders erase their shares, and nobody can read it any "
      "more. A secret of the same name can be put from the next epoch on; the place of the deleted "
      "one counts for its owner for 64 epochs.",
      EXIT_HANDED, "assay share delete --key owner.key --name db\n",
      (const struct assay_option[]){
          KEY("the owner's key"),
          { "name", "TEXT", "of the secret, as it was put", ASSAY_OPTION_MUST },
          HANDED } },
    { "account", "create", "",
      "Makes the key of an account, readable by its owner alone, and prints the account: SHA-256 "
      "of the public key. The ledger hears of it when it is paid.",
      "6 there is a key already", "assay account create --out me.key\n",
      (const struct assay_option[]){
          { "out", "FILE", "the key", ASSAY_OPTION_MUST }, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "account", "show", "ACCOUNT",
      "Balance, what its tasks have locked, and the number of its next record. ACCOUNT is 64 "
      "digits or a key file.",
      "5 this network has no accounts", "assay account show me.key\n",
      (const struct assay_option[]){ ASKED } },
    { "account", "transfer", "",
      "Pays another account: signs a record, hands it to the daemon until it is final, and says "
      "what became of it.",
      EXIT_HANDED,
      "assay account transfer --key me.key --to you.key --amount 250\n"
      "assay account transfer --key me.key --to $(cat you.account) --amount 250 --json\n",
      (const struct assay_option[]){
          KEY("of the account that pays"),
          { "to", "ACCOUNT", "64 digits or a key file; need not exist", ASSAY_OPTION_MUST },
          { "amount", "N", "from 1", ASSAY_OPTION_MUST },
          { "sequence", "N", "the record's number, default the account's next", 0 },
          HANDED } },
    { "task", "offers", "", "Which members run which programs, and for how much a step.", "",
      "assay task offers\n", (const struct assay_option[]){ ASKED } },
    { "task", "status", "[TASK]",
      "Tasks that are remembered, or one of them: its state, steps paid, money locked, "
      "deadline, rent, and when it can be released.",
      "5 no such task is remembered", "assay task status\nassay task status $(cat task.id)\n",
      (const struct assay_option[]){ ASKED } },
    { "task", "run", "[FILE]",
      "Has a program run on the bytes of FILE (- is stdin) by an attested enclave, and pays for "
      "each "
      "step that was proven: chooses an executor, opens the task, has the enclave's evidence "
      "judged "
      "by the daemon, seals the input to it, and vouches for one step after the other. States and "
      "outputs are kept in --out before the next step is asked for; the same command, or without "
      "FILE, goes on where another one ended. With --after it is the successor of a task that "
      "ended "
      "before its last step: its input is the last state there, and nothing is made again. "
      "The first run makes in --out: task.id, the name of the task; task.store, the task with its "
      "secrets and results, sealed under a key that follows from the one of --key; for each step "
      "step-00001.state, step-00001.output and so on, written anew from task.store when they are "
      "missing. Without task.store, or with another key, a task does not go on: keep both until it "
      "is over.",
      "4 the ledger takes no such task, or the balance is lower, 5 nobody runs that, or --after "
      "has "
      "no result, 6 --out has another task, or --after one of another account, 7 nothing happened "
      "in time: the same command goes on, 8 the task ended before "
      "its last step, 11 the enclave's evidence does not hold, or it signed what it did not give",
      "assay task run text --key me.key --out counted --code $(cat code) --price 20 --steps 3\n"
      "assay task run --key me.key --out counted\n"
      "assay task run --after counted --key me.key --out rest --price 20 --steps 2\n",
      (const struct assay_option[]){
          { "key", "FILE", "of the account that pays; needed without --evm", 0 },
          { "out", "DIR", "the task and its results; made, for its owner alone",
            ASSAY_OPTION_MUST },
          { "after", "DIR", "--out of a task of this account; goes on from its last state", 0 },
          { "code", "HEX", "the program, as assay task offers names it; default that of --after",
            0 },
          { "steps", "N", "how many are paid at most", 0 },
          { "price", "N", "of a step, at most; with --evm gwei, exactly", 0 },
          { "hold", "N",
            "of an epoch from its acceptance on, at most; default the lowest that there is, "
            "a 60th of the price",
            0 },
          { "executor", "NODE", "this one, by its name, or nobody; default the highest score", 0 },
          { "standing", "full|warning|restricted", "its lowest standing, default warning", 0 },
          { "score", "BP", "its lowest score in basis points, default 0", 0 },
          { "deadline", "N",
            "epochs until which steps can be claimed, default 1440; with --evm "
            "seconds, default 86400",
            0 },
          { "evm", "FILE", "anchor.yaml of the chain that has the money", 0 },
          ASSAY_OPTION_SOCKET,
          ASSAY_OPTION_JSON,
          { "timeout", "MS", "how long nothing may happen, default 300000", 0 },
          ASSAY_OPTIONS_END } },
    { "task", "deploy", "",
      "Puts the contract of tasks on an EVM chain, over the anchor that the file names.",
      "3 nobody answers, 4 the contract says no, 6 another chain, or one without P-256, 7 not deep "
      "in time",
      "assay task deploy --evm anchor.yaml\n",
      (const struct assay_option[]){
          { "evm", "FILE", "anchor.yaml of the chain", ASSAY_OPTION_MUST },
          ASSAY_OPTION_JSON,
          { "timeout", "MS", "how long it may take, default 300000", 0 },
          ASSAY_OPTIONS_END } },
    { "task", "close", "TASK",
      "Ends a task of this account; what was not paid goes back. While its executor can still "
      "claim, the ledger refuses.",
      EXIT_HANDED, "assay task close $(cat task.id) --key me.key\n",
      (const struct assay_option[]){ KEY("of the account that opened it"), HANDED } },
    { "task", "release", "TASK",
      "Leaves a task of this account of which no claim came for 4 closes of an epoch: it ends at "
      "the fourth close from then on, claims are paid until then, and what is left goes back.",
      EXIT_HANDED, "assay task release $(cat task.id) --key me.key\n",
      (const struct assay_option[]){ KEY("of the account that opened it"), HANDED } },
};
const size_t assay_verbs_services_count =
    sizeof assay_verbs_services / sizeof assay_verbs_services[0];
