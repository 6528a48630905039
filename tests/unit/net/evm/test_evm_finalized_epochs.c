/*
 * tests/unit/net/evm/test_evm_finalized_epochs.c - closed epochs as daemons report them, and how
 * far an anchor can advance with them (docs/services.md 8.8).
 */
#include "engine/ledger/state/roster_digest.h"
#include "net/evm/finalized_epochs.h"
#include "tests/evm/network.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEMBERS = 7, FIRST = 100, EPOCHS = 9 };

static struct network net;
static struct closed epochs[EPOCHS];

static void put_rows(struct assay_json *data, const char *name, const struct assay_roster_row *rows)
{
    uint8_t bytes[MEMBERS * ASSAY_EVM_ROW_LEN];
    for (uint32_t i = 0; i < MEMBERS; i++)
        assay_evm_anchor_row(rows[i].voting_public, rows[i].weight, bytes + i * ASSAY_EVM_ROW_LEN);
    assay_json_set_hex(data, name, bytes, sizeof bytes);
}

static struct assay_json *document_of(const struct closed *c, uint64_t oldest)
{
    const struct assay_evm_boundary *const b = &c->boundary;
    struct assay_json *const data = assay_json_object();
    assay_json_set_uint(data, "oldest", oldest);
    assay_json_set_hex(data, "header", b->header.bytes, b->header.len);
    assay_json_set_hex(data, "finality", b->finality.bytes, b->finality.len);
    assay_json_set_hex(data, "leaf", b->leaf, 32);
    assay_json_set_hex(data, "path", b->path[0], 32 * b->path_len);
    put_rows(data, "voted", c->voted);
    put_rows(data, "next", c->next);
    assay_json_set_hex(data, "scores", c->scores[0], MEMBERS * ASSAY_EVM_SCORE_LEN);
    return data;
}

/* rekeyed[i]: so many members vote with other keys after epoch FIRST + i. */
static void make(const uint32_t rekeyed[static EPOCHS])
{
    network_make(&net, MEMBERS);
    for (uint32_t i = 0; i < EPOCHS; i++) {
        const struct ending ending = { .epoch = FIRST + i,
                                       .time_ms = 1800000000000 + 60000 * i,
                                       .tails = i % 3,
                                       .rekeyed = rekeyed[i] };
        network_close(&net, &ending, &epochs[i]);
    }
    network_free(&net);
}

static enum assay_status read_document(struct assay_json *data,
                                       struct assay_evm_finalized_epoch *closed)
{
    const enum assay_status status = assay_eth_finalized_epoch_parse(data, closed);
    assay_json_free(&data);
    return status;
}

/* --- reading */

Test(evm_finalized_epochs, what_is_read_is_what_an_anchor_would_hold)
{
    static const uint32_t rekeyed[EPOCHS] = { 0, 2 };
    struct assay_evm_finalized_epoch closed;
    make(rekeyed);
    for (uint32_t i = 0; i < EPOCHS; i++) {
        cr_assert_eq(read_document(document_of(&epochs[i], FIRST), &closed), ASSAY_OK);
        const struct assay_evm_anchored *const a = &closed.anchored, *const b = &epochs[i].anchored;
        cr_assert(a->epoch == b->epoch && a->time_ms == b->time_ms && a->era == b->era);
        cr_assert(assay_bytes_equal(a->chain_id, b->chain_id, 32));
        cr_assert(assay_bytes_equal(a->voters, b->voters, 32));
        cr_assert(assay_bytes_equal(a->scores, b->scores, 32));
        cr_assert_eq(closed.oldest, FIRST);
        assay_eth_finalized_epoch_free(&closed);
    }
}

/* Every part missing, cut, of odd length, no text, too long; and of what leads to the root every
 * byte another one. */
Test(evm_finalized_epochs, nothing_that_was_changed_is_read)
{
    static const char *const names[] = { "header", "finality", "leaf",  "path",
                                         "voted",  "next",     "scores" };
    static const char *const proven[] = { "header", "leaf", "path", "next", "scores" };
    static const uint32_t rekeyed[EPOCHS] = { 0 };
    static char long_text[2 * (ASSAY_MEMBERS_MAX + 1) * ASSAY_EVM_ROW_LEN + 1];
    struct assay_evm_finalized_epoch closed;
    make(rekeyed);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct assay_json *data = document_of(&epochs[0], FIRST);
        assay_json_set_uint(data, names[i], 5);
        cr_assert_eq(read_document(data, &closed), ASSAY_E_TYPE, "%s", names[i]);
        assay_eth_finalized_epoch_free(&closed);
        data = document_of(&epochs[0], FIRST);
        assay_json_set_text(data, names[i], "abc");
        cr_assert_neq(read_document(data, &closed), ASSAY_OK, "%s", names[i]);
        assay_eth_finalized_epoch_free(&closed);
        memset(long_text, '0', sizeof long_text - 1);
        data = document_of(&epochs[0], FIRST);
        assay_json_set_text(data, names[i], long_text);
        const enum assay_status status = read_document(data, &closed);
        /* what votes say is read when it is looked for */
        cr_assert(status != ASSAY_OK || strcmp(names[i], "finality") == 0, "%s", names[i]);
        assay_eth_finalized_epoch_free(&closed);
    }
    for (size_t i = 0; i < sizeof proven / sizeof proven[0]; i++) {
        struct assay_json *data = document_of(&epochs[0], FIRST);
        char text[4096];
        snprintf(text, sizeof text, "%s", assay_json_text(data, proven[i], ""));
        assay_json_free(&data);
        const size_t len = strlen(text);
        for (size_t at = 0; at < len; at += 7) {
            const char was = text[at];
            text[at] = was == '0' ? '1' : '0';
            data = document_of(&epochs[0], FIRST);
            assay_json_set_text(data, proven[i], text);
            const enum assay_status status = read_document(data, &closed);
            /* parts of a header that nothing here leads to are for the votes */
            cr_assert(status != ASSAY_OK || strcmp(proven[i], "header") == 0, "%s at %zu",
                      proven[i], at);
            assay_eth_finalized_epoch_free(&closed);
            text[at] = was;
        }
    }
}

/* --- how far it can go */

struct told {
    uint32_t oldest, newest; /* by index */
    unsigned questions;
};

static enum assay_status tell(void *context, uint64_t epoch,
                              struct assay_evm_finalized_epoch *closed)
{
    struct told *const told = context;
    const uint32_t i = epoch == 0 ? told->newest : (uint32_t)(epoch - FIRST);
    told->questions++;
    if (i < told->oldest || i > told->newest) return ASSAY_E_NOT_FOUND;
    return read_document(document_of(&epochs[i], FIRST + told->oldest), closed);
}

static enum assay_status next_of(struct told *told, const struct assay_evm_anchored *held,
                                 uint64_t *epoch)
{
    static uint8_t data[ASSAY_EVM_DATA_LEN_MAX];
    static const uint8_t contract[ASSAY_EVM_ADDRESS_LEN] = { 7 };
    const struct assay_evm_epoch_source closings = { .ask = tell, .context = told };
    struct assay_evm_order order;
    told->questions = 0;
    return assay_eth_anchor_next_order(held, contract, &closings, data, sizeof data, &order, epoch);
}

Test(evm_finalized_epochs, an_anchor_goes_as_far_as_its_voters_carry_it)
{
    /* After 102 two have other keys, after 104 three, after 106 three: from 100 on two thirds of
     * its weight still vote up to 104, from there up to 106. */
    static const uint32_t rekeyed[EPOCHS] = { 0, 0, 2, 0, 3, 0, 3, 0, 0 };
    struct told told = { .oldest = 0, .newest = EPOCHS - 1 };
    uint64_t epoch = 0;
    make(rekeyed);
    cr_assert_eq(next_of(&told, &epochs[0].anchored, &epoch), ASSAY_OK);
    cr_assert_eq(epoch, FIRST + 4);
    cr_assert_eq(next_of(&told, &epochs[4].anchored, &epoch), ASSAY_OK);
    cr_assert_geq(epoch, FIRST + 6);
    cr_assert_eq(next_of(&told, &epochs[6].anchored, &epoch), ASSAY_OK);
    cr_assert_eq(epoch, FIRST + 8);
    cr_assert_eq(told.questions, 1, "those who voted are those it knows");
    cr_assert_eq(next_of(&told, &epochs[8].anchored, &epoch), ASSAY_E_STALE);
}

Test(evm_finalized_epochs, what_is_not_kept_does_not_lead_anywhere)
{
    static const uint32_t rekeyed[EPOCHS] = { 0, 0, 2, 0, 3, 0, 3, 0, 0 };
    struct told told = { .oldest = 2, .newest = EPOCHS - 1 };
    uint64_t epoch = 0;
    make(rekeyed);
    /* The table of 100 is that of who voted in the oldest epoch that is kept. */
    cr_assert_eq(next_of(&told, &epochs[0].anchored, &epoch), ASSAY_OK);
    cr_assert_eq(epoch, FIRST + 4);
    told.oldest = 4;
    cr_assert_eq(next_of(&told, &epochs[0].anchored, &epoch), ASSAY_E_STRANGER);
    /* Known, and whoever could vouch for a way is gone: nothing between 102 and 105 is kept. */
    told.oldest = 3;
    cr_assert_eq(next_of(&told, &epochs[2].anchored, &epoch), ASSAY_OK);
    struct assay_evm_anchored other = epochs[2].anchored;
    other.chain_id[0] ^= 1;
    cr_assert_eq(next_of(&told, &other, &epoch), ASSAY_E_CHAIN);
    other = epochs[2].anchored;
    other.era++;
    cr_assert_eq(next_of(&told, &other, &epoch), ASSAY_E_CHAIN);
    other = epochs[2].anchored;
    other.voters[0] ^= 1;
    cr_assert_eq(next_of(&told, &other, &epoch), ASSAY_E_STRANGER);
}

/* A whole table of others at once: no epoch between helps. */
Test(evm_finalized_epochs, nobody_vouches_for_a_table_of_strangers)
{
    static const uint32_t rekeyed[EPOCHS] = { 0, 7 };
    struct told told = { .oldest = 1, .newest = EPOCHS - 1 };
    uint64_t epoch = 0;
    make(rekeyed);
    cr_assert_eq(next_of(&told, &epochs[0].anchored, &epoch), ASSAY_OK);
    cr_assert_eq(epoch, FIRST + 1, "that one they still voted in");
    struct assay_evm_anchored held = epochs[1].anchored;
    assay_bytes_copy(held.voters, 32, epochs[0].anchored.voters, 32);
    told.oldest = 1; /* as if 101 had been reached with the old table */
    cr_assert_eq(next_of(&told, &held, &epoch), ASSAY_E_STRANGER);
}
