/*
 * tests/fuzz/sim/fuzz_tally.c - any bytes as a file of `assay-sim tally`.
 *
 * Properties: what is refused has a message; what is taken can be closed, and the answer keeps the
 * bounds of docs/protocol.md 6 and 7: cuts only lower, P + N <= W, lo <= hi, S = min(I, A).
 */
#include "apps/sim/commands/tally.h"
#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_member(const struct assay_sim_tally *t, uint32_t i)
{
    const struct assay_tally_result *r = &t->results[i];
    ASSAY_ASSERT(t->stages.unit[i] <= t->stages.raw[i]);
    ASSAY_ASSERT(t->stages.capped[i] <= t->stages.unit[i]);
    ASSAY_ASSERT(t->weights[i] == t->stages.capped[i]);
    ASSAY_ASSERT(r->pass_weight + r->negative_weight <= r->electorate_weight);
    ASSAY_ASSERT(r->electorate_weight + t->weights[i] <= t->summary.total_weight);
    ASSAY_ASSERT(r->lo_bp <= r->hi_bp);
    ASSAY_ASSERT(t->after[i].integrity_bp <= ASSAY_SCORE_BP_MAX);
    ASSAY_ASSERT(t->after[i].availability_bp <= ASSAY_SCORE_BP_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[ASSAY_SIM_TALLY_MESSAGE_MAX] = "";
    struct assay_sim_tally tally;
    const enum assay_status status = sim_tally_read((const char *)data, size, &tally, message);
    if (status != ASSAY_OK) {
        ASSAY_ASSERT(strlen(message) > 4);
        sim_tally_free(&tally);
        return 0;
    }
    ASSAY_ASSERT(sim_tally_run(&tally) == ASSAY_OK);
    for (uint32_t i = 0; i < tally.count; i++)
        check_member(&tally, i);
    struct assay_json *answer = sim_tally_json(&tally);
    char *text = assay_json_print(answer, 0);
    ASSAY_ASSERT(text != NULL);
    free(text);
    assay_json_free(&answer);
    sim_tally_free(&tally);
    return 0;
}
