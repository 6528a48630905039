/*
 * apps/assay/verbs/services.c - table of verbs for services of a network (options.h,
 * docs/services.md).
 */
#include "apps/assay/core/options.h"

#define ASKED ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTION_TIMEOUT, ASSAY_OPTIONS_END
#define WHERE_HTTP                                                                                 \
    {                                                                                              \
        "http", "WHERE", "UNIX socket or loopback address of HTTP, instead of the admin socket", 0 \
    }
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

#define BRIDGE_DIR                                                                                 \
    {                                                                                              \
        "dir", "DIR", "folder of the bridge", ASSAY_OPTION_MUST                                    \
    }
/* What the network's keys are proven by. */
#define BRIDGE_PROOFS                                                                              \
    { "checkpoint", "FILE", "trusted checkpoint, or a genesis", 0 },                               \
        { "proof", "FILE", "a CA proof (HTTP: /v1/ca/proof) instead of a node", 0 },               \
        { "standing-proof", "FILE", "proof of the member's standing (assay proof)", 0 },           \
        { "max-age", "DURATION", "maximum age of the proofs: 90s, 30m, 24h (default), 7d", 0 },    \
        ASSAY_OPTION_AT, WHERE_HTTP
/* What is signed of what is valid. */
#define BRIDGE_TERMS                                                                               \
    { "service", "NAME", "only this service that operators granted", 0 },                          \
        { "standing", "full|warning", "the lowest standing that is signed, default warning", 0 },  \
        { "validity", "SECONDS", "end after so many seconds, if the source does not before", 0 },  \
    {                                                                                              \
        "accept-insecure", NULL,                                                                   \
            "of a network of profile development or without TEEs, for trials", 0                   \
    }

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
    { "continuity", "receipt", "FILE",
      "Verify a receipt of an enclave's state (assay_continuity_receipt), without a daemon: "
      "signatures of a quorum of the replicas that the evidence, written by show while the view of "
      "the receipt serves, leads to from the checkpoint. A refusal has a name and a reason.",
      "0 verified, 4 refused, 13 a file is malformed, 14 verified, age of the evidence unknown",
      "assay continuity receipt receipt --checkpoint checkpoint --evidence row.evidence --nonce "
      "$(cat nonce)\n",
      (const struct assay_option[]){
          { "checkpoint", "FILE", "trusted checkpoint, or a genesis", ASSAY_OPTION_MUST },
          { "evidence", "FILE", "evidence of the instance (assay continuity show --out)",
            ASSAY_OPTION_MUST },
          { "nonce", "HEX",
            "the nonce of your request, 64 hex digits; without it the receipt may be of any age",
            0 },
          { "instance", "HEX", "expected instance, 64 hex digits", 0 },
          { "max-age", "DURATION", "maximum age of the evidence: 90s, 30m, 24h (default), 7d", 0 },
          ASSAY_OPTION_AT,
          { "no-clock", NULL,
            "this machine has no reliable clock: print what is verified, exit with 14", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "continuity", "drain", "",
      "Before maintenance of a machine: have the seat of its replica moved to another member, with "
      "its memory, and wait until it has. The replica serves until then, and ends after it; it "
      "gets no seat for 64 epochs.",
      "5 no such group, or no replica of it at this daemon, 6 the group is gone, 7 not moved in "
      "time: it still drains",
      "assay continuity drain --group state\nassay continuity drain --wait 0\n",
      (const struct assay_option[]){
          { "group", "NAME", "its group: name or number; default the first", 0 },
          { "wait", "S", "seconds to wait until the seat has moved, 0 to 86400, default 600", 0 },
          ASKED } },
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
    { "ca", "show", "",
      "Show the network's certificate authority as a node has it: key, CA number, generation, "
      "holders with their indices, how many live, groups of an operator or a vendor that could "
      "sign "
      "alone or stop signing, the certificate of the key, and the ceremony that runs.",
      "5 this network has none, or no answer yet", "assay ca show\nassay ca show --json\n",
      (const struct assay_option[]){ WHERE_HTTP, ASKED } },
    { "ca", "status", "",
      "Show the state of the certificate authority in one line, with an exit status for scripts.",
      "0 active, 10 few live indices, an operator or vendor root signs alone, or the holder of "
      "this node does not run, 11 too few to sign, or the key is lost, 12 no key yet, 5 this "
      "network has no certificate authority",
      "assay ca status\n", (const struct assay_option[]){ WHERE_HTTP, ASKED } },
    { "ca", "bundle", "",
      "Write the published CA certificates of the network, its SPIFFE bundle, or the keys of its "
      "tokens. With --checkpoint nothing depends on trust in the node: the key is in a document "
      "whose "
      "digest leaf 0 of a final epoch has, verified here by the votes since the checkpoint; what "
      "does not verify is not written. A genesis serves as the checkpoint of epoch 0.",
      "4 not trusted, 5 no certificate authority, key or certificate, 6 --out is of another kind, "
      "13 malformed, 14 the clock "
      "is "
      "before the checkpoint",
      "assay ca bundle --checkpoint checkpoint --out ca.pem --next checkpoint\n"
      "assay ca bundle --checkpoint checkpoint --format jwks --http 127.0.0.1:8080 --out "
      "jwks.json\n"
      "assay ca bundle --checkpoint checkpoint --proof ca.proof --out ca.pem\n",
      (const struct assay_option[]){
          { "out", "FILE", "the file to write", ASSAY_OPTION_MUST },
          { "checkpoint", "FILE", "trusted checkpoint, or a genesis", 0 },
          { "format", "pem|spiffe|jwks|cross",
            "CA certificates (default), SPIFFE bundle, key set of tokens, or the certificate of "
            "the "
            "active CA number by the one before",
            0 },
          { "proof", "FILE", "a CA proof (HTTP: /v1/ca/proof) instead of a node", 0 },
          { "next", "FILE", "write the newest verified epoch as a checkpoint", 0 },
          { "max-age", "DURATION", "maximum age of the proof's block: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          WHERE_HTTP,
          ASKED } },
    { "ca", "audit", "",
      "Audit the journal of a holder (assay-signer): fold the ledger of a stopped daemon's store "
      "again, verify it, derive each text that the journal says was signed, and report every entry "
      "that the ledger does not give. Or audit one certificate or token: was it legitimately "
      "issued, for which member and key, and what of it does the ledger not give?",
      "6 the store is locked by a running daemon, 11 an entry, certificate or token is not "
      "derived, the journal or the ledger is damaged, 12 "
      "nothing contradicts it, "
      "but entries, epochs or the ledger itself could not be audited, or the journal is empty, 13 "
      "malformed genesis, checkpoint, certificate or token, 15 the same as 0, over a "
      "RECOVER",
      "assay ca audit --journal /var/lib/assay/signer --ledger /var/lib/assay/state "
      "--genesis genesis\n"
      "assay ca audit --certificate cert.pem --ledger /var/lib/assay/state --genesis genesis\n"
      "assay ca audit --certificate cert.pem --checkpoint checkpoint --http 127.0.0.1:8080\n",
      (const struct assay_option[]){
          { "journal", "DIR", "folder with journal-1, journal-2 and so on: the store of the holder",
            0 },
          { "certificate", "FILE", "a certificate (PEM or DER) or token of the network instead",
            0 },
          { "ledger", "PATH",
            "store of a stopped daemon, its folder, or an archive (assay store save), with which "
            "blocks are compared alone",
            0 },
          { "genesis", "FILE", "genesis of the network, with --ledger", 0 },
          { "checkpoint", "FILE",
            "checkpoint whose epoch the chain must contain; with --certificate alone: trusted, for "
            "proofs of a node's newest epoch",
            0 },
          { "max-age", "DURATION", "maximum age of such proofs: 90s, 30m, 24h (default), 7d", 0 },
          WHERE_HTTP,
          ASKED } },
    { "bridge", "init", "",
      "Make a bridge: a CA and an issuer of tokens of your own, with keys of ECDSA or RSA, for "
      "relying parties that do not verify Ed25519. It is for one network.",
      "6 something is at --dir already",
      "assay bridge init --dir bridge --name \"Example bridge\" --checkpoint checkpoint\n"
      "assay bridge init --dir bridge --name \"Example bridge\" --algorithm RS256 --checkpoint "
      "checkpoint --issuer https://bridge.example\n",
      (const struct assay_option[]){
          { "dir", "DIR", "the folder to make", ASSAY_OPTION_MUST },
          { "name", "TEXT", "common name of the CA", ASSAY_OPTION_MUST },
          { "algorithm", "ES256|RS256", "ECDSA on P-256 (default), or RSA of 3072 bits", 0 },
          { "chain-id", "HEX", "the network", 0 },
          { "checkpoint", "FILE", "the network: a checkpoint or genesis of it", 0 },
          { "trust-domain", "NAME", "certify names of this trust domain alone", 0 },
          { "issuer", "URL", "sign tokens as this issuer; without it certificates alone", 0 },
          { "days", "N", "validity of the CA certificate, 1 to 3650, default 730", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "bridge", "show", "", "Show a bridge: network, algorithm, CA, issuer.", "5 no bridge",
      "assay bridge show --dir bridge\n",
      (const struct assay_option[]){ BRIDGE_DIR, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "bridge", "jwks", "",
      "Write the key set of the bridge's tokens, with those of other bridges of the same issuer: "
      "of "
      "the one before or after it, while both sign.",
      "4 it signs no tokens, or of another issuer, 5 no bridge, 6 --out is of another kind",
      "assay bridge jwks --dir bridge --out jwks.json --discovery openid-configuration\n",
      (const struct assay_option[]){
          BRIDGE_DIR,
          { "out", "FILE", "the key set: serve it as ISSUER/.well-known/jwks.json",
            ASSAY_OPTION_MUST },
          { "discovery", "FILE", "write ISSUER/.well-known/openid-configuration as well", 0 },
          { "with", "DIR", "another bridge of this issuer", ASSAY_OPTION_MANY },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "bridge", "certificate", "FILE",
      "Verify a certificate of the network and sign its subject, names and key again, as a "
      "certificate of the bridge's own CA that ends when the network's does, at the latest. With "
      "--checkpoint proofs of the network's keys and of the member's standing are requested of a "
      "node "
      "now, which it cannot forge; --proof and --standing-proof have them in files.",
      "4 not trusted, 5 no such file or bridge, 6 --out is of another kind, 11 not signed: "
      "invalid, expired, of another "
      "network, below the threshold, INSECURE, 13 malformed, 14 the clock is before the checkpoint",
      "assay bridge certificate cert.pem --dir bridge --checkpoint checkpoint --http "
      "127.0.0.1:8080 --out bridged.pem\n"
      "assay bridge certificate cert.pem --dir bridge --ca ca.pem --out bridged.pem\n",
      (const struct assay_option[]){
          BRIDGE_DIR,
          { "out", "FILE", "the certificate, in PEM", ASSAY_OPTION_MUST },
          { "ca", "FILE", "pinned CA certificates of the network (PEM, or a SPIFFE bundle)", 0 },
          BRIDGE_PROOFS,
          BRIDGE_TERMS,
          ASKED } },
    { "bridge", "token", "FILE",
      "Verify a token of the network and sign its claims again, as a token of the bridge's issuer: "
      "the same subject, audience and bound key, and no longer valid than the network's.",
      "4 not trusted, or the bridge has no issuer, 5 no such file or bridge, 6 --out is of another "
      "kind, 11 not signed: "
      "invalid, "
      "expired, of another network or audience, below the threshold, INSECURE, 13 malformed, 14 "
      "the "
      "clock is before the checkpoint",
      "assay bridge token token --dir bridge --audience sts.example --checkpoint checkpoint --out "
      "bridged.jwt\n",
      (const struct assay_option[]){
          BRIDGE_DIR,
          { "out", "FILE", "the token, mode 0600", ASSAY_OPTION_MUST },
          { "audience", "TEXT", "the audience that the token must have", ASSAY_OPTION_MUST },
          { "jwks", "FILE", "pinned key set of the network's tokens", 0 },
          { "network-issuer", "URL", "issuer of the network's tokens, with --jwks", 0 },
          BRIDGE_PROOFS,
          BRIDGE_TERMS,
          ASKED } },
    { "bridge", "ear", "FILE",
      "Verify a proof of standing (assay proof) from the checkpoint and sign what it proves as an "
      "attestation result (EAR) by the bridge's issuer.",
      "4 not trusted, or the bridge has no issuer, 5 no such file or bridge, 6 --out is of another "
      "kind, 11 not signed: below "
      "the "
      "threshold, never attested, INSECURE, profile unknown without --policy, 13 malformed, 14 the "
      "clock is before the checkpoint",
      "assay bridge ear node-3.proof --dir bridge --checkpoint checkpoint --out ear.jwt\n",
      (const struct assay_option[]){
          BRIDGE_DIR,
          { "out", "FILE", "the attestation result", ASSAY_OPTION_MUST },
          { "checkpoint", "FILE", "trusted checkpoint, or a genesis", ASSAY_OPTION_MUST },
          { "policy", "FILE", "policy of the network, or a genesis that contains it", 0 },
          { "standing", "full|warning", "the lowest standing that is signed, default warning", 0 },
          { "validity", "SECONDS",
            "end after so many seconds, if the proof does not end before; default 3600", 0 },
          { "accept-insecure", NULL, "of a network of profile development or unknown, for trials",
            0 },
          { "max-age", "DURATION", "maximum age of the proof's block: 90s, 30m, 24h (default), 7d",
            0 },
          ASSAY_OPTION_AT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
};
const size_t assay_verbs_services_count =
    sizeof assay_verbs_services / sizeof assay_verbs_services[0];
