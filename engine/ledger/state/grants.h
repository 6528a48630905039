/*
 * engine/ledger/state/grants.h - names of services that a plan grants to members by their
 * reference values, and the bits with which ballots and states refer to them.
 *
 * docs/protocol.md 2.17, docs/identity.md 3.21. A set of names is 8 bits: bit k is the k-th name of
 * the list.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_GRANTS_H
#define ASSAY_ENGINE_LEDGER_STATE_GRANTS_H

#include "base/cursor.h"
#include "quote/verdict.h"
#include "scoring/trust.h"

enum {
    ASSAY_GRANTS_MAX = 8, /* names of a plan: a bit each */
    ASSAY_GRANT_REFERENCES_MAX = 4,
};

/* A value that evidence measures: number of its field (quote/accept/policy.h), and the value. */
struct assay_grant_reference {
    uint32_t field, value_len;
    uint8_t value[ASSAY_MEASUREMENT_MAX];
};

/* The names of a plan, in its order. */
struct assay_grants {
    uint32_t count;     /* 0: the plan grants none */
    uint8_t digest[32]; /* of the list (services/registry/plan.h) */
    struct {
        /* Of name and reference values (services/registry/plan.h): states have it, so a name whose
         * row stays goes on when others change. */
        uint8_t digest[32];
        char text[64]; /* a DNS label */
        enum assay_standing min_standing;
        uint32_t reference_count;
        struct assay_grant_reference reference[ASSAY_GRANT_REFERENCES_MAX];
    } name[ASSAY_GRANTS_MAX];
};

/* The names whose reference values a verdict has measured. grants: NULL: none.
 * Returns: their bits; 0 of a verdict that does not pass */
uint8_t assay_grants_of_verdict(const struct assay_grants *grants,
                                const struct assay_verdict *verdict);

/* --- rows of ballots: bits of all slots one after the other, `names` for each, low bit first */

/* Returns: bytes of a row. */
size_t assay_grants_row_len(uint32_t members, uint32_t names);
/* Returns: the names that a row has for a slot. */
uint8_t assay_grants_row_get(const uint8_t *row, uint32_t names, uint32_t slot);
/* Adds names to those of a slot; row: zeros at first. */
void assay_grants_row_add(uint8_t *row, uint32_t names, uint32_t slot, uint8_t bits);
/*
 * assay_grants_row_valid - whether a row from outside has the length of so many members, no bit
 * behind them, and names only for slots of which the ballot says PASS with the declared keys.
 * In:      names: 1 .. ASSAY_GRANTS_MAX; votes: a valid row of outcomes (scoring/tally.h)
 */
bool assay_grants_row_valid(struct assay_slice row, uint32_t names, uint32_t members,
                            const uint8_t *votes);

#endif
