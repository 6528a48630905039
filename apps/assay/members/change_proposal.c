/*
 * apps/assay/members/change_proposal.c - checks of what a node answers about a proposal.
 */
#include "apps/assay/members/change_proposal.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

typedef unsigned long long llu;

/* Of one operator in one epoch: blocks have 16 (ASSAY_REVIEWS_OPERATOR_MAX), and a few are lost. */
enum { NUMBER_MAX = 1024 };

static uint64_t running_epoch(const struct assay_change_basis *basis)
{
    return basis->state.epoch + 1;
}

/* ------------------------------------------------------------ ids */

static size_t count_digits(const char *id)
{
    return strspn(id, "0123456789abcdef");
}

bool cli_proposal_check_id(const char *id, bool complete, char message[static ASSAY_CHANGE_MESSAGE])
{
    const size_t len = count_digits(id), least = complete ? 64 : CLI_PROPOSAL_ID_MIN;
    message[0] = '\0';
    if (id[len] == '\0' && len >= least && len <= 64) return true;
    if (complete)
        (void)snprintf(
            message, ASSAY_CHANGE_MESSAGE,
            "it is signed without confirmation (--yes, --json): expected the complete id, "
            "64 digits of 0-9 a-f, found %zu; assay change inbox prints it",
            len);
    else
        (void)snprintf(message, ASSAY_CHANGE_MESSAGE,
                       "expected the id of a proposal, or at least its first %d digits of 0-9 a-f, "
                       "found %zu; assay change inbox prints it",
                       CLI_PROPOSAL_ID_MIN, len);
    return false;
}

const char *cli_proposal_id_of(const struct assay_json *object, const char *key)
{
    const char *id = assay_json_text(object, key, "");
    return strlen(id) == 64 && count_digits(id) == 64 ? id : "?";
}

/* ------------------------------------------------------------ the author's record */

static enum assay_status decode_record(const struct assay_json *data, uint8_t *bytes,
                                       struct assay_record *record)
{
    const char *hex = assay_json_text(data, "review", "");
    const size_t len = strlen(hex) / 2;
    if (len == 0 || len > ASSAY_CHANGE_RECORD_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_hex_decode(hex, strlen(hex), bytes, len));
    return assay_record_decode(assay_slice_over(bytes, len), record);
}

static bool is_signed_by(const struct assay_genesis_operator *author,
                         const struct assay_record *record)
{
    struct assay_p256 *key = NULL;
    if (assay_p256_load(author->public_key, &key) != ASSAY_OK) return false;
    const bool good =
        assay_p256_verify(key, record->body_digest, record->signature, ASSAY_S_LOW) &&
        assay_p256_verify(key, record->review.digest, record->review.change_signature, ASSAY_S_LOW);
    assay_p256_free(&key);
    return good;
}

static enum assay_status check_author(const struct assay_change_basis *basis,
                                      const struct assay_record *record, char *message)
{
    const struct assay_review *r = &record->review;
    const struct assay_genesis_operator *author =
        assay_operator_find(basis->effective.genesis, r->operator_id);
    char id[65];
    assay_hex_encode(r->operator_id, 32, id, sizeof id);
    if (author == NULL)
        return assay_draft_refuse(message, ASSAY_E_STRANGER,
                                  "it is proposed by %.64s, which is no operator of this network",
                                  id);
    if (!is_signed_by(author, record))
        return assay_draft_refuse(message, ASSAY_E_SIGNATURE,
                                  "the proposal does not have the signature of its author %.64s",
                                  id);
    return ASSAY_OK;
}

enum assay_status cli_proposal_read(const struct assay_change_basis *basis,
                                    const struct assay_json *data, const char *id, uint8_t *bytes,
                                    struct assay_record *record,
                                    char message[static ASSAY_CHANGE_MESSAGE])
{
    const struct assay_review *r = &record->review;
    const enum assay_status status = decode_record(data, bytes, record);
    char digest[65];
    message[0] = '\0';
    if (status != ASSAY_OK)
        return assay_draft_refuse(message, status,
                                  "the node's answer has no signed proposal (data.review): %s",
                                  assay_status_text(status));
    if (record->kind != ASSAY_RECORD_REVIEW || r->act != ASSAY_REVIEW_PROPOSE)
        return assay_draft_refuse(message, ASSAY_E_INVALID,
                                  "the node's answer is a record that proposes "
                                  "nothing");
    assay_hex_encode(r->digest, 32, digest, sizeof digest); /* of the change in it: decoded so */
    if (strncmp(digest, id, strlen(id)) != 0)
        return assay_draft_refuse(
            message, ASSAY_E_INVALID,
            "the node's answer is another change: expected %.64s, found %.64s", id, digest);
    if (!assay_bytes_equal(r->chain_id, basis->state.chain_id, 32))
        return assay_draft_refuse(message, ASSAY_E_CHAIN, "the proposal is of another network");
    if (r->era != basis->state.era)
        return assay_draft_refuse(message, ASSAY_E_CHAIN,
                                  "the proposal is of era %u, the network is in era %u",
                                  (unsigned)r->era, (unsigned)basis->state.era);
    ASSAY_TRY(check_author(basis, record, message));
    if (r->issued > running_epoch(basis) + 1)
        return assay_draft_refuse(
            message, ASSAY_E_EARLY,
            "the proposal is of epoch %llu, and by the node's state epoch %llu runs: its "
            "state is old",
            (llu)r->issued, (llu)running_epoch(basis));
    return ASSAY_OK;
}

/* ------------------------------------------------------------ the change */

enum assay_status cli_proposal_check_change(struct assay_change_basis *basis,
                                            const struct assay_change_draft *draft,
                                            char message[static ASSAY_CHANGE_MESSAGE])
{
    /* One signature puts it into force: to approve it is to decide it alone. */
    if (draft->change.sequence == 0)
        return assay_draft_refuse(message, ASSAY_E_UNSUPPORTED,
                                  "maintenance needs no approval: sign and submit it");
    if (draft->body.len > ASSAY_REVIEW_CHANGE_LEN_MAX)
        return assay_draft_refuse(
            message, ASSAY_E_FULL,
            "the change has %zu bytes, and a proposal at most %d: sign it as a file "
            "(assay change sign)",
            draft->body.len, ASSAY_REVIEW_CHANGE_LEN_MAX);
    const uint32_t signatures = basis->effective.genesis->threshold;
    const size_t most = assay_change_body_len_max(signatures);
    if (draft->body.len > most)
        return assay_draft_refuse(
            message, ASSAY_E_FULL,
            "the change has %zu bytes: with the signatures of %u operators, the threshold, a block "
            "takes at most %zu; divide it into several changes",
            draft->body.len, (unsigned)signatures, most);
    const enum assay_status status = assay_draft_review(basis, draft, false, message);
    return status == ASSAY_E_EARLY ? ASSAY_OK : status; /* it waits for others, or for a level */
}

/* ------------------------------------------------------------ the issue */

enum assay_status cli_proposal_set_issue(const struct assay_change_basis *basis, uint64_t claimed,
                                         const struct assay_json *before,
                                         struct assay_review *review,
                                         char message[static ASSAY_CHANGE_MESSAGE])
{
    const uint64_t running = running_epoch(basis);
    const uint64_t issued = assay_json_uint(before, "issued", 0);
    const uint64_t number = assay_json_uint(before, "number", 0);
    const uint64_t latest = issued > claimed ? issued : claimed;
    message[0] = '\0';
    /* What is issued later than now outlives each withdrawal until then. */
    if (latest > running + 1)
        return assay_draft_refuse(
            message, ASSAY_E_EARLY,
            "the node answers epoch %llu, and by its state epoch %llu runs: expected %llu "
            "at most; query another node",
            (llu)latest, (llu)running, (llu)running + 1);
    review->issued = issued > running ? issued : running;
    review->number = 0;
    if (before == NULL || issued != review->issued) return ASSAY_OK;
    if (number >= NUMBER_MAX)
        return assay_draft_refuse(
            message, ASSAY_E_RANGE,
            "the node answers statement %llu of this operator in epoch %llu: expected "
            "fewer than %d; query another node",
            (llu)number, (llu)issued, NUMBER_MAX);
    review->number = number + 1;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ comments */

const char *cli_proposal_comment(struct assay_slice comment,
                                 char out[static CLI_PROPOSAL_COMMENT_LEN])
{
    const bool is_fit = assay_review_comment_is_fit(comment);
    size_t len = 0, i = 0;
    for (; i < comment.len && i < ASSAY_REVIEW_COMMENT_MAX; i++) {
        const uint8_t b = comment.bytes[i];
        if (is_fit || (b >= ' ' && b < 0x7f && b != '\\')) out[len++] = (char)b;
        else len += (size_t)snprintf(out + len, CLI_PROPOSAL_COMMENT_LEN - len, "\\x%02x", b);
    }
    (void)snprintf(out + len, CLI_PROPOSAL_COMMENT_LEN - len, "%s", i < comment.len ? "..." : "");
    return out;
}
