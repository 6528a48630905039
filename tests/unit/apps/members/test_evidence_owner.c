/* tests/unit/apps/members/test_evidence_owner.c - owner of stored evidence, by its report data. */
#include "apps/assay/members/evidence_owner.h"
#include "engine/ledger/records/envelope.h"
#include "engine/ledger/state/workload_keys.h"

#include <criterion/criterion.h>

enum { EPOCH = 9 };

static struct assay_state state;
static struct assay_member members[2];
static const uint8_t beacon[32] = { 6 }, declared[32] = { 7 }, other[32] = { 8 };

/* Two members since the first epoch; the second has declared keys. */
static void set_up(void)
{
    state.members = members;
    state.chain_id[0] = 1;
    state.epoch = EPOCH - 1;
    state.member_count = 2;
    for (uint8_t i = 0; i < 2; i++) {
        struct assay_member *m = &state.members[i];
        m->node_id[0] = (uint8_t)(i + 1);
        m->life_count = 1;
        m->lives[0] = (struct assay_life){ .incarnation = 1, .since_epoch = 1 };
        m->lives[0].voting_public[0] = i;
    }
    assay_declaration_set(&state.members[1].declaration, 3, declared);
}

TestSuite(evidence_owner, .init = set_up);

/* Owner of evidence of a member with this root; NULL: of none. Returns: 2: nobody */
static uint32_t owner(uint32_t member, const uint8_t *root)
{
    const struct assay_member *m = &state.members[member];
    const struct assay_binding binding = { .chain_id = state.chain_id,
                                           .epoch = EPOCH,
                                           .beacon = beacon,
                                           .node_id = m->node_id,
                                           .incarnation = 1,
                                           .voting_public = m->lives[0].voting_public,
                                           .transport_public = m->lives[0].transport_public,
                                           .keys_root = root };
    uint8_t report_data[64];
    assay_binding_report_data(&binding, report_data);
    return cli_evidence_owner_find(&state, EPOCH, beacon, report_data);
}

Test(evidence_owner, is_found_by_the_keys_that_are_declared_or_by_none)
{
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    cr_expect_eq(owner(1, declared), 1);
    cr_expect_eq(owner(1, none), 1);
}

Test(evidence_owner, binds_keys_in_the_version_that_the_ledger_has)
{
    cr_expect_eq(owner(1, other), 2, "another root");
    cr_expect_eq(owner(1, NULL), 1, "that of no keys is of version 1");
    cr_expect_eq(owner(0, NULL), 0, "below the level");
    cr_expect_eq(owner(0, declared), 2);
}
