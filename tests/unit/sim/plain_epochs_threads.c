/*
 * tests/unit/sim/plain_epochs_threads.c - the epoch world on four threads, under ThreadSanitizer,
 * where Criterion does not start. The same bytes as on one.
 */
#include "base/bytes.h"
#include "sim/run.h"

#include <stdio.h>

static bool run(const struct assay_scenario *s, uint32_t threads, uint8_t trace[static 32])
{
    const struct assay_sim_options options = { .seed = 11, .threads = threads };
    struct assay_sim_outcome outcome;
    const enum assay_status status = assay_sim_run_epochs(s, &options, &outcome);
    assay_bytes_copy(trace, 32, outcome.trace_hash, 32);
    assay_sim_outcome_free(&outcome);
    return status == ASSAY_OK;
}

int main(void)
{
    uint8_t one[32];
    uint8_t four[32];
    struct assay_scenario s = assay_scenario_default();
    s.nodes = 400;
    s.operators = 100;
    s.epochs = 6;
    s.epoch_ms = 60000;
    s.link.loss_permille = 500;
    if (!run(&s, 1, one) || !run(&s, 4, four)) {
        fprintf(stderr, "the scenario does not run\n");
        return 1;
    }
    if (assay_bytes_equal(one, four, 32)) return 0;
    fprintf(stderr, "four threads simulate something else than one\n");
    return 1;
}
