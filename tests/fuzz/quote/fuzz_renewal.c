/*
 * tests/fuzz/quote/fuzz_renewal.c - any bytes as a set in force and an offer that would follow it.
 *
 * Input: the number of modifications (one byte), as many modifications of three bytes (side, date
 * or number, amount: days of Intel's pieces, which only Intel could sign), the length of the set
 * (three bytes), set, offer. Properties: nothing follows itself; no two sets follow one another; a
 * permitted successor makes a set that decodes, that the offer no longer follows, and that the
 * offer does not change again; each rejection has its reason.
 */
#include "base/assert.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/life.h"
#include "quote/collateral/newer.h"
#include "quote/collateral/replace.h"

#include <stdlib.h>

enum { ROOM = 1 << 20, AT = 1700864000, DAY = 86400, TURNS_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct assay_collateral memory[3][ASSAY_ENDORSEMENTS_MAX];
static struct assay_endorsements built[3];
static uint8_t bytes[2][ROOM];

static void turn(struct assay_collateral *c, uint8_t what, int8_t by)
{
    int64_t *const dates[] = {
        &c->tcb_info.issue_unix_s,    &c->tcb_info.next_unix_s,     &c->qe_identity.issue_unix_s,
        &c->qe_identity.next_unix_s,  &c->root_crl.this_update_s,   &c->root_crl.next_update_s,
        &c->pck_crl.this_update_s,    &c->pck_crl.next_update_s,    &c->tcb_signer.from_unix_s,
        &c->tcb_signer.to_unix_s,     &c->qe_signer.from_unix_s,    &c->qe_signer.to_unix_s,
        &c->lists[0].crl.this_update_s, &c->lists[0].crl.next_update_s,
    };
    enum { DATES = sizeof dates / sizeof dates[0] };
    if (what < DATES) *dates[what] += (int64_t)by * DAY;
    if (what == DATES) c->tcb_info.evaluation_number = (uint8_t)by;
    if (what == DATES + 1) c->qe_identity.evaluation_number = (uint8_t)by;
    if (what == DATES + 2) c->root_crl.number[19] = (uint8_t)by;
    if (what == DATES + 3) c->pck_crl.number[19] = (uint8_t)by;
    if (what == DATES + 4) c->pck_crl.has_number = by != 0;
    if (what == DATES + 5) c->tcb_info.fmspc[0] = (uint8_t)by;
    if (what == DATES + 6) c->list_count = 0;
}

static enum assay_renewal_kind judge(const struct assay_endorsements *before,
                                     const struct assay_endorsements *after)
{
    struct assay_renewal answer;
    assay_collateral_newer(before, after, AT, &answer);
    ASSAY_ASSERT((answer.kind == ASSAY_RENEWAL_REFUSED) == (answer.fault != ASSAY_RENEWAL_FINE));
    ASSAY_ASSERT(answer.piece != NULL && answer.field != NULL);
    ASSAY_ASSERT(assay_renewal_fault_text(answer.fault) != NULL);
    if (answer.kind == ASSAY_RENEWAL_HIGHER_NUMBER)
        ASSAY_ASSERT(answer.number_offered > 0);
    return answer.kind;
}

/* The bytes as they came: what may follow is put in. */
static void follow(struct assay_slice set, struct assay_slice offer)
{
    struct assay_collateral_set a = { set, &built[0] }, b = { offer, &built[1] };
    struct assay_writer w = assay_writer_over(bytes[0], ROOM);
    size_t which = 0;
    if (assay_collateral_replace(&a, &b, &w) != ASSAY_OK) {
        ASSAY_ASSERT(judge(&built[0], &built[1]) == ASSAY_RENEWAL_REFUSED);
        return;
    }
    const bool is_newer = judge(&built[0], &built[1]) != ASSAY_RENEWAL_REFUSED;
    a.bytes = assay_slice_over(bytes[0], w.len);
    a.built = &built[2];
    ASSAY_ASSERT(assay_endorsements_read(bytes[0], w.len, memory[2], ASSAY_ENDORSEMENTS_MAX,
                                         &built[2]) == ASSAY_OK);
    if (!is_newer) return;
    ASSAY_ASSERT(assay_endorsements_sound(&built[2], &which) == ASSAY_OK);
    ASSAY_ASSERT(judge(&built[2], &built[1]) == ASSAY_RENEWAL_REFUSED);
    struct assay_writer again = assay_writer_over(bytes[1], ROOM);
    ASSAY_ASSERT(assay_collateral_replace(&a, &b, &again) == ASSAY_OK);
    ASSAY_ASSERT(again.len == w.len && assay_bytes_equal(bytes[0], bytes[1], w.len));
}

static void check_lives(void)
{
    static struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    assay_collateral_lifetimes(&built[0], lives, &count);
    ASSAY_ASSERT(count >= 1 && count <= built[0].count);
    for (size_t i = 0; i < count; i++) {
        ASSAY_ASSERT(lives[i].entry_count >= 1 && lives[i].ends_in < built[0].count);
        if (!lives[i].is_bounded) continue;
        ASSAY_ASSERT(assay_collateral_half_life(&lives[i], 0) <= lives[i].until_unix_s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || data[0] > TURNS_MAX || size < 4u + 3u * data[0]) return 0;
    const size_t turns = data[0];
    const uint8_t *const head = data + 1 + 3 * turns;
    const size_t left = size - 4 - 3 * turns;
    const size_t set_len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    if (set_len > left || size > ROOM / 2) return 0;
    const struct assay_slice set = assay_slice_over(head + 3, set_len);
    const struct assay_slice offer = assay_slice_over(head + 3 + set_len, left - set_len);
    if (assay_endorsements_decode(set.bytes, set.len, memory[0], ASSAY_ENDORSEMENTS_MAX,
                                  &built[0]) != ASSAY_OK ||
        assay_endorsements_read(offer.bytes, offer.len, memory[1], ASSAY_ENDORSEMENTS_MAX,
                                &built[1]) != ASSAY_OK)
        return 0;
    follow(set, offer);
    check_lives();
    for (size_t i = 0; i < turns; i++)
        turn(&memory[data[1 + 3 * i] & 1][0], data[2 + 3 * i], (int8_t)data[3 + 3 * i]);
    ASSAY_ASSERT(judge(&built[0], &built[0]) == ASSAY_RENEWAL_REFUSED);
    if (judge(&built[0], &built[1]) != ASSAY_RENEWAL_REFUSED)
        ASSAY_ASSERT(judge(&built[1], &built[0]) == ASSAY_RENEWAL_REFUSED);
    check_lives();
    return 0;
}
