/*
 * apps/api/continuity_receipt.c - receipts of state continuity, verified offline from a checkpoint
 * (include/assay/continuity.h; docs/services.md 1.8.1).
 */
#include "base/assert.h"
#include "host/row.h"
#include "services/continuity/receipt.h"

#include <assay/continuity.h>

#include <stdarg.h>
#include <stdio.h>

enum { INPUT_MAX = 4096 /* bytes of the input of any later version */ };

_Static_assert(ASSAY_CONTINUITY_EVIDENCE_MAX >= (int)ASSAY_ROW_EVIDENCE_LEN_MAX, "any evidence");

/* What is verified, step by step. */
struct checked {
    const struct assay_continuity_receipt_input *in;
    struct assay_checkpoint checkpoint;
    struct assay_cont_receipt receipt;
    struct assay_row_evidence evidence;
    struct assay_proven_state network;
    struct assay_cont_row_proven row;
    struct assay_cont_view view;
    bool age_known;
    char *reason;
};

static const struct {
    enum assay_continuity_receipt_answer answer;
    const char *name, *text;
} texts[] = {
    { ASSAY_CONTINUITY_RECEIPT_VERIFIED, "VERIFIED",
      "a quorum of the view's replicas has signed this state" },
    { ASSAY_CONTINUITY_RECEIPT_MISUSE, "MISUSE", "an argument is none that the function takes" },
    { ASSAY_CONTINUITY_RECEIPT_BAD_CHECKPOINT, "BAD_CHECKPOINT",
      "the checkpoint cannot be read: supply one of `assay checkpoint`" },
    { ASSAY_CONTINUITY_RECEIPT_NOT_READ, "NOT_READ",
      "the receipt was truncated or changed, or is none: request another one" },
    { ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE, "BAD_EVIDENCE",
      "the evidence was truncated or changed, or is none: obtain it again with `assay continuity "
      "show --out`" },
    { ASSAY_CONTINUITY_RECEIPT_OTHER_CHAIN, "OTHER_CHAIN",
      "the receipt is of another network than the checkpoint: trust nothing of it" },
    { ASSAY_CONTINUITY_RECEIPT_OTHER_NONCE, "OTHER_NONCE",
      "the receipt answers another request, and may be old: request one with a fresh nonce" },
    { ASSAY_CONTINUITY_RECEIPT_OTHER_INSTANCE, "OTHER_INSTANCE",
      "receipt and evidence must be of the expected instance" },
    { ASSAY_CONTINUITY_RECEIPT_OTHER_GROUP, "OTHER_GROUP",
      "the evidence is of another group: obtain it with --group" },
    { ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN, "NOT_PROVEN",
      "the evidence does not follow from the checkpoint: obtain it again, with a newer checkpoint "
      "if the voters have changed (`assay checkpoint --since`)" },
    { ASSAY_CONTINUITY_RECEIPT_EXPIRED, "EXPIRED",
      "the evidence is too old for the checkpoint or the limit, or ahead of the clock: obtain it "
      "again, with a newer checkpoint if its trusting period is over" },
    { ASSAY_CONTINUITY_RECEIPT_OTHER_VIEW, "OTHER_VIEW",
      "another view of the group serves by the evidence: obtain both again" },
    { ASSAY_CONTINUITY_RECEIPT_TOO_FEW, "TOO_FEW",
      "fewer replicas than a quorum have signed: request another receipt" },
    { ASSAY_CONTINUITY_RECEIPT_FORGED, "FORGED",
      "a signature is not of the replica that the receipt names: trust nothing of it" },
    { ASSAY_CONTINUITY_RECEIPT_SYSTEM, "SYSTEM", "the cryptographic library failed" },
};

const char *assay_continuity_receipt_name(enum assay_continuity_receipt_answer answer)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].answer == answer) return texts[i].name;
    return "UNKNOWN";
}

const char *assay_continuity_receipt_describe(enum assay_continuity_receipt_answer answer)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].answer == answer) return texts[i].text;
    return "no answer of this version";
}

__attribute__((format(printf, 3, 4))) static enum assay_continuity_receipt_answer refuse(
    struct checked *k, enum assay_continuity_receipt_answer answer, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(k->reason, ASSAY_CONTINUITY_RECEIPT_REASON_LEN, format, list);
    va_end(list);
    return answer;
}

/* Both digests, shortened to what identifies them. */
static enum assay_continuity_receipt_answer refuse_digest(
    struct checked *k, enum assay_continuity_receipt_answer answer, const char *what,
    const uint8_t *expected, const uint8_t *found)
{
    char hex[2][65];
    assay_hex_encode(expected, 32, hex[0], sizeof hex[0]);
    assay_hex_encode(found, 32, hex[1], sizeof hex[1]);
    return refuse(k, answer, "%s: expected %s, found %s", what, hex[0], hex[1]);
}

static enum assay_continuity_receipt_answer check_input(struct checked *k)
{
    const struct assay_continuity_receipt_input *in = k->in;
    if (in->size < sizeof *in || in->size > INPUT_MAX)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_MISUSE,
                      "size: expected sizeof(struct assay_continuity_receipt_input)");
    if (!assay_bytes_all_zero((const uint8_t *)in + sizeof *in, in->size - sizeof *in))
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_MISUSE,
                      "size: members of a later version of the library are set");
    if (in->checkpoint == NULL || in->evidence == NULL || in->receipt == NULL)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_MISUSE,
                      "expected checkpoint, evidence and receipt");
    return ASSAY_CONTINUITY_RECEIPT_VERIFIED;
}

/* Every length is limited before its bytes are read. */
static enum assay_continuity_receipt_answer decode_input(struct checked *k)
{
    const struct assay_continuity_receipt_input *in = k->in;
    enum assay_status status = assay_checkpoint_decode(
        assay_slice_over(in->checkpoint, in->checkpoint_len), &k->checkpoint);
    if (status != ASSAY_OK)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_BAD_CHECKPOINT, "%s", assay_status_text(status));
    if (in->receipt_len > ASSAY_CONTINUITY_RECEIPT_MAX)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_NOT_READ, "expected at most %d bytes, found %zu",
                      ASSAY_CONTINUITY_RECEIPT_MAX, in->receipt_len);
    status = assay_cont_receipt_decode(assay_slice_over(in->receipt, in->receipt_len), &k->receipt);
    if (status != ASSAY_OK)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_NOT_READ, "%s",
                      status == ASSAY_E_DUPLICATE
                          ? "a seat has signed twice, or seats do not ascend"
                          : assay_status_text(status));
    if (in->evidence_len > ASSAY_CONTINUITY_EVIDENCE_MAX)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE,
                      "expected at most %d bytes, found %zu", ASSAY_CONTINUITY_EVIDENCE_MAX,
                      in->evidence_len);
    status =
        assay_row_evidence_decode(assay_slice_over(in->evidence, in->evidence_len), &k->evidence);
    if (status != ASSAY_OK)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE, "%s", assay_status_text(status));
    return ASSAY_CONTINUITY_RECEIPT_VERIFIED;
}

/* What the relying party expected, before anything is verified by signatures. */
static enum assay_continuity_receipt_answer check_subject(struct checked *k)
{
    const struct assay_continuity_receipt_input *in = k->in;
    const struct assay_cont_receipt *r = &k->receipt;
    if (!assay_bytes_equal(r->home.chain_id, k->checkpoint.chain_id, 32))
        return refuse_digest(k, ASSAY_CONTINUITY_RECEIPT_OTHER_CHAIN, "chain",
                             k->checkpoint.chain_id, r->home.chain_id);
    if (in->nonce != NULL && !assay_bytes_equal(r->nonce, in->nonce, 32))
        return refuse_digest(k, ASSAY_CONTINUITY_RECEIPT_OTHER_NONCE, "nonce", in->nonce, r->nonce);
    if (in->instance != NULL && !assay_bytes_equal(r->entry.instance, in->instance, 32))
        return refuse_digest(k, ASSAY_CONTINUITY_RECEIPT_OTHER_INSTANCE, "instance", in->instance,
                             r->entry.instance);
    if (!assay_bytes_equal(k->evidence.instance, r->entry.instance, 32))
        return refuse_digest(k, ASSAY_CONTINUITY_RECEIPT_OTHER_INSTANCE, "instance of the evidence",
                             r->entry.instance, k->evidence.instance);
    if (k->evidence.group != r->home.group)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_OTHER_GROUP,
                      "group of the evidence: expected %u, found %u", (unsigned)r->home.group,
                      (unsigned)k->evidence.group);
    return ASSAY_CONTINUITY_RECEIPT_VERIFIED;
}

/* The view that serves, and the row, from the checkpoint. */
static enum assay_continuity_receipt_answer check_evidence(struct checked *k)
{
    enum assay_proof_answer proven = ASSAY_PROVEN;
    enum assay_status status =
        assay_row_evidence_verify(&k->evidence, &k->checkpoint, &proven, &k->network, &k->row);
    if (status == ASSAY_E_CRYPTO)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_SYSTEM, "%s", assay_status_text(status));
    if (status == ASSAY_OK && proven != ASSAY_PROVEN)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN, "%s",
                      assay_proof_answer_text(proven));
    if (status == ASSAY_OK)
        status = assay_cont_view_read(k->evidence.group, k->evidence.head, &k->view);
    if (status == ASSAY_E_NOT_FOUND)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN,
                      "its head is no document of the state that is proven");
    if (status != ASSAY_OK)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE,
                      "its head or its row cannot be verified: %s", assay_status_text(status));
    return ASSAY_CONTINUITY_RECEIPT_VERIFIED;
}

static enum assay_continuity_receipt_answer check_age(struct checked *k)
{
    const uint32_t max_age_s = k->in->max_age_s != 0 ? k->in->max_age_s : UINT32_MAX;
    const enum assay_proof_answer age =
        assay_proof_age(&k->checkpoint, &k->network, k->in->now_ms, max_age_s);
    k->age_known = age == ASSAY_PROVEN;
    if (age == ASSAY_PROVEN || age == ASSAY_PROOF_AGE_UNKNOWN)
        return ASSAY_CONTINUITY_RECEIPT_VERIFIED;
    return refuse(k, ASSAY_CONTINUITY_RECEIPT_EXPIRED, "%s", assay_proof_answer_text(age));
}

/* A quorum of the seats of that view, each by its own key. */
static enum assay_continuity_receipt_answer check_signers(struct checked *k)
{
    const struct assay_cont_receipt *r = &k->receipt;
    const struct assay_cont_roster *roster = &k->view.roster;
    if (roster->count == 0 || r->view != roster->view)
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_OTHER_VIEW, "view: expected %llu, found %llu",
                      (unsigned long long)roster->view, (unsigned long long)r->view);
    if (r->count < assay_cont_quorum(roster->count))
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_TOO_FEW,
                      "expected signatures of %u of %u seats, found %u",
                      assay_cont_quorum(roster->count), roster->count, r->count);
    if (!assay_cont_receipt_verify(r, &r->home, roster, r->nonce))
        return refuse(k, ASSAY_CONTINUITY_RECEIPT_FORGED,
                      "expected signatures of the replicas of view %llu over this entry",
                      (unsigned long long)r->view);
    return ASSAY_CONTINUITY_RECEIPT_VERIFIED;
}

static void fill_claims(const struct checked *k, struct assay_continuity_receipt_claims *claims)
{
    const struct assay_cont_receipt *r = &k->receipt;
    assay_bytes_copy(claims->chain_id, 32, r->home.chain_id, 32);
    assay_bytes_copy(claims->instance, 32, r->entry.instance, 32);
    assay_bytes_copy(claims->nonce, 32, r->nonce, 32);
    assay_bytes_copy(claims->digest, 32, r->entry.digest, 32);
    claims->index = r->entry.index;
    claims->session = r->entry.writer;
    claims->promised = r->entry.promised;
    claims->view = r->view;
    claims->epoch = k->network.next.epoch;
    claims->time_ms = k->network.time_ms;
    claims->era = k->network.next.era;
    claims->group = r->home.group;
    claims->signers = r->count;
    claims->seats = k->view.roster.count;
    claims->age_known = k->age_known;
    claims->is_listed = k->row.has_row;
    claims->is_kept = k->row.has_row && k->row.row.kept;
    claims->is_retired = k->row.has_row && k->row.row.retired;
    claims->is_halted = k->view.phase == ASSAY_CONT_GONE;
}

enum assay_continuity_receipt_answer assay_continuity_receipt_verify(
    const struct assay_continuity_receipt_input *input,
    struct assay_continuity_receipt_claims *claims)
{
    enum assay_continuity_receipt_answer (*const steps[])(struct checked *) = {
        check_input, decode_input, check_subject, check_evidence, check_age, check_signers
    };
    if (input == NULL || claims == NULL || claims->size < sizeof *claims)
        return ASSAY_CONTINUITY_RECEIPT_MISUSE;
    *claims = (struct assay_continuity_receipt_claims){ .size = sizeof *claims };
    struct checked k = { .in = input, .reason = claims->reason };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const enum assay_continuity_receipt_answer answer = steps[i](&k);
        if (answer != ASSAY_CONTINUITY_RECEIPT_VERIFIED) return answer;
    }
    fill_claims(&k, claims);
    return ASSAY_CONTINUITY_RECEIPT_VERIFIED;
}
