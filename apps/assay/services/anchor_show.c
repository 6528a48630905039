/*
 * apps/assay/services/anchor_show.c - `assay anchor show`: state of a contract, compared with its
 * network.
 */
#include "apps/assay/services/anchor.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/proofs/proof.h"
#include "base/cbor.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARN_MS = 12 * 3600 * 1000, PROOF_HEAD_LEAF = 3 };

enum verdict {
    SAME,    /* equal to the network's state in that epoch */
    OTHER,   /* different, or another network */
    UNKNOWN, /* that epoch is not known here */
};

struct compared {
    enum verdict verdict;
    char words[ASSAY_ANCHOR_MESSAGE_LEN];
    bool has_epoch;
    uint64_t epoch; /* newest that the network's side knows */
};

static void set_verdict(struct compared *c, enum verdict verdict, const char *words)
{
    c->verdict = verdict;
    (void)snprintf(c->words, sizeof c->words, "%s", words);
}

/* ------------------------------------------------------------ with a daemon */

static bool same_network(const struct assay_evm_anchored *a, const uint8_t *chain_id, uint32_t era)
{
    return assay_bytes_equal(a->chain_id, chain_id, 32) && a->era == era;
}

static bool is_equal(const struct assay_evm_anchored *a, const struct assay_evm_anchored *b)
{
    return a->epoch == b->epoch && a->time_ms == b->time_ms &&
           assay_bytes_equal(a->voters, b->voters, 32) &&
           assay_bytes_equal(a->scores, b->scores, 32);
}

static void compare_epoch(struct assay_anchor_run *run, const struct assay_evm_anchored *held,
                          struct compared *out)
{
    struct assay_evm_finalized_epoch closed = { .oldest = 0 };
    if (cli_anchor_request_epoch(run, held->epoch, &closed) != ASSAY_OK) {
        set_verdict(out, UNKNOWN, "the daemon no longer stores that epoch");
    } else if (is_equal(held, &closed.anchored)) {
        set_verdict(out, SAME, "equal to the daemon's state of that epoch");
    } else {
        set_verdict(out, OTHER, "differs from the daemon's state of that epoch");
    }
    assay_eth_finalized_epoch_free(&closed);
}

static int compare_daemon(struct assay_anchor_run *run, const struct assay_evm_anchored *held,
                          struct compared *out)
{
    struct assay_evm_finalized_epoch newest = { .oldest = 0 };
    const enum assay_status status = cli_anchor_request_epoch(run, 0, &newest);
    if (status == ASSAY_E_NOT_FOUND && run->message[0] == '\0' && !run->socket_named) {
        set_verdict(out, UNKNOWN, "no daemon is here, and no proof was given");
    } else if (status != ASSAY_OK) {
        assay_eth_finalized_epoch_free(&newest);
        return cli_anchor_daemon_failed(run, status);
    } else if (!same_network(held, newest.anchored.chain_id, newest.anchored.era)) {
        set_verdict(out, OTHER, "the daemon is of another network or era");
    } else {
        out->has_epoch = true;
        out->epoch = newest.anchored.epoch;
        if (held->epoch > out->epoch)
            set_verdict(out, UNKNOWN, "the daemon has not closed that epoch yet");
        else compare_epoch(run, held, out);
    }
    assay_eth_finalized_epoch_free(&newest);
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ with a proof */

/* Leaf 0 of a network that has services ends with the anchor (docs/protocol.md 12.5); the proof was
 * verified before. */
static bool anchor_of(struct assay_slice proof, uint8_t anchor[static 32])
{
    struct assay_cursor c = assay_cursor_over(proof.bytes, proof.len);
    struct assay_slice leaf = { 0 };
    uint64_t items = 0;
    if (assay_cbor_array(&c, 64, &items) != ASSAY_OK ||
        assay_cbor_text_expect(&c, "assay/proof/v1") != ASSAY_OK)
        return false;
    for (size_t i = 0; i < PROOF_HEAD_LEAF; i++)
        if (assay_cbor_bytes(&c, SIZE_MAX, &leaf) != ASSAY_OK) return false;
    if (leaf.len < 32) return false;
    assay_bytes_copy(anchor, 32, leaf.bytes + leaf.len - 32, 32);
    return true;
}

static void compare_proven(const struct assay_proven_state *proven, struct assay_slice bytes,
                           const struct assay_evm_anchored *held, struct compared *out)
{
    uint8_t anchor[32], root[32];
    out->has_epoch = true;
    out->epoch = proven->next.epoch;
    assay_evm_anchor_root(held, root);
    if (!same_network(held, proven->next.chain_id, proven->next.era))
        set_verdict(out, OTHER, "the proof is of another network or era");
    else if (held->epoch != proven->next.epoch)
        set_verdict(out, UNKNOWN, "the proof is of another epoch");
    else if (held->time_ms == proven->time_ms && anchor_of(bytes, anchor) &&
             assay_bytes_equal(anchor, root, 32))
        set_verdict(out, SAME, "the proof's epoch has that anchor");
    else set_verdict(out, OTHER, "the proof's epoch has another anchor");
}

/* Returns: Unix ms; 0 without a clock */
static uint64_t now_ms(void)
{
    return assay_unix_ms();
}

static int compare_proof(const struct assay_anchor_run *run, const struct assay_evm_anchored *held,
                         struct compared *out)
{
    struct assay_checkpoint checkpoint;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    struct assay_proven_state proven;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int read = cli_proof_checkpoint(run->command, run->checkpoint, &checkpoint);
    if (read != ASSAY_EXIT_OK) return read;
    enum assay_status status = assay_file_read(run->proof, ASSAY_PROOF_LEN_MAX, &bytes, &len);
    const struct assay_slice proof = assay_slice_over(bytes, len);
    if (status == ASSAY_OK) status = assay_proof_verify(proof, &checkpoint, &answer, &proven);
    int result = ASSAY_EXIT_OK;
    /* Any age will do, as its epoch is compared; the trusting period is that of every proof. */
    if (status == ASSAY_OK && answer == ASSAY_PROVEN)
        answer = assay_proof_age(&checkpoint, &proven, now_ms(), UINT32_MAX);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s: %s\n", run->command, run->proof,
                      cli_file_fault(run->proof, status));
        result = status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_MALFORMED;
    } else if (answer != ASSAY_PROVEN) {
        (void)fprintf(stderr, "%s: %s: not trusted: %s\n", run->command, run->proof,
                      assay_proof_answer_text(answer));
        result = ASSAY_EXIT_DENIED;
    } else {
        compare_proven(&proven, proof, held, out);
    }
    free(bytes);
    return result;
}

/* ------------------------------------------------------------ saying it */

static uint64_t age_of(const struct assay_evm_anchored *held)
{
    const uint64_t now = now_ms();
    return now > held->time_ms ? now - held->time_ms : 0;
}

static int exit_of(const struct compared *c, uint64_t age_ms)
{
    if (c->verdict == OTHER) return ASSAY_EXIT_CONTRAINDICATED;
    if (c->verdict == UNKNOWN) return ASSAY_EXIT_NONE;
    return age_ms > WARN_MS ? ASSAY_EXIT_WARNING : ASSAY_EXIT_OK;
}

static const char anchored_view[] =
    "contract       {contract}\n"
    "chain_id       {chain_id}\n"
    "era            {era}\n"
    "epoch          {epoch}, closed at {time_ms:time}, {age_ms:/1000.0} s ago\n"
    "voters         {voters}\n"
    "scores         {scores}\n"
    "state          [?dead dead: nothing brings it further, deploy another one"
    "|[?aging advance it: after a day nothing brings it further|alive]]\n"
    "compared       {detail}[?network_epoch!= ; its newest is epoch {network_epoch}]\n";

static int print_comparison(const struct assay_anchor_run *run,
                            const struct assay_evm_anchored *held, const struct compared *c,
                            uint64_t age_ms)
{
    static const char *const verdicts[] = { "same", "other", "unknown" };
    char address[2 * ASSAY_EVM_ADDRESS_LEN + 3];
    struct assay_json *const data = assay_json_object();
    cli_anchor_address(run->settings.contract, address);
    assay_json_set_text(data, "contract", address);
    assay_json_set_hex(data, "chain_id", held->chain_id, 32);
    assay_json_set_uint(data, "era", held->era);
    assay_json_set_uint(data, "epoch", held->epoch);
    assay_json_set_uint(data, "time_ms", held->time_ms);
    assay_json_set_uint(data, "age_ms", age_ms);
    assay_json_set_hex(data, "voters", held->voters, 32);
    assay_json_set_hex(data, "scores", held->scores, 32);
    assay_json_set_bool(data, "dead", age_ms > ASSAY_EVM_ANCHOR_MAX_AGE_MS);
    assay_json_set_bool(data, "aging", age_ms > WARN_MS);
    assay_json_set_text(data, "compared", verdicts[c->verdict]);
    assay_json_set_text(data, "detail", c->words);
    if (c->has_epoch) assay_json_set_uint(data, "network_epoch", c->epoch);
    else assay_json_set_null(data, "network_epoch");
    return cli_view_result(run->json, "assay.anchored", data, anchored_view);
}

int cli_anchor_show(struct assay_anchor_run *run)
{
    struct assay_evm_anchored held;
    struct compared compared = { .verdict = UNKNOWN };
    int result = cli_anchor_held(run, &held);
    if (result == ASSAY_EXIT_OK)
        result = run->proof != NULL ? compare_proof(run, &held, &compared)
                                    : compare_daemon(run, &held, &compared);
    if (result != ASSAY_EXIT_OK) return result;
    const uint64_t age_ms = age_of(&held);
    result = print_comparison(run, &held, &compared, age_ms);
    return result == ASSAY_EXIT_OK ? exit_of(&compared, age_ms) : result;
}
