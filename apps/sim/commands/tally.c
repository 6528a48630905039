/*
 * apps/sim/commands/tally.c - `assay-sim tally`: the tally of one epoch from a file, for teaching
 * and for other implementations.
 */
#include "apps/sim/commands/tally.h"

#include "apps/sim/commands/command.h"
#include "apps/sim/report/files.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: assay-sim tally FILE.json [--json]\n"
    "\n"
    "Close one epoch by the rules of docs/protocol.md 6 and 7 and print every intermediate "
    "number.\n"
    "FILE contains\n"
    "  {\"caps\": {\"operator\": [20, 100], \"vendor\": [33, 100]},\n"
    "   \"members\": [{\"id\": \"a\", \"operator\": \"o1\", \"vendor\": \"v1\", \"platform\": "
    "\"p1\",\n"
    "                \"I\": 10000, \"A\": 10000, \"probation\": false, \"listed\": true,\n"
    "                \"voted\": true, \"offences\": 0}, ...],\n"
    "   \"outcomes\": {\"a\": {\"b\": \"pass\", \"c\": \"absent\"}, ...},\n"
    "   \"faults\": {\"c\": \"hard\"}}\n"
    "\n"
    "platform null is a masked one. Defaults: caps as above, no fault, not on probation, listed, "
    "no\n"
    "offence, voted when there are outcomes. An outcome is pass, absent, fail (counted only where\n"
    "faults prove it) or none; a missing one is none. offences includes the one from which a "
    "member\n"
    "recovers. Integrity standing is derived from I alone (or probation), without the memory of\n"
    "hysteresis, and there are no TCB ceilings. docs/simulator-checks.md 8 has an example with a\n"
    "manual calculation.\n"
    "\n"
    "examples:\n"
    "  assay-sim tally epoch.json\n"
    "exit status: 0 printed, 1 the output could not be written, 2 usage, or a file that cannot be\n"
    "             used\n";

static void print_table(const struct assay_sim_tally *t)
{
    (void)printf("epoch %s: %llu of %llu weight has ballots\n\n",
                 t->summary.certified ? "certified" : "not certified, everything is held",
                 (unsigned long long)t->summary.counted_weight,
                 (unsigned long long)t->summary.total_weight);
    (void)printf("%-16s %6s %6s %6s %6s %9s %9s %9s %6s %6s %6s %6s %6s\n", "id", "raw", "unit",
                 "capped", "weight", "W", "P", "N", "lo", "hi", "A", "I", "S");
    for (uint32_t i = 0; i < t->count; i++) {
        const struct assay_tally_result *r = &t->results[i];
        (void)printf("%-16.64s %6u %6u %6u %6u %9llu %9llu %9llu %6u %6u %6u %6u %6u\n", t->ids[i],
                     t->stages.raw[i], t->stages.unit[i], t->stages.capped[i], t->weights[i],
                     (unsigned long long)r->electorate_weight, (unsigned long long)r->pass_weight,
                     (unsigned long long)r->negative_weight, r->lo_bp, r->hi_bp,
                     t->after[i].availability_bp, t->after[i].integrity_bp,
                     assay_trust_score_bp(&t->after[i]));
    }
    (void)puts("");
    for (uint32_t i = 0; i < t->count; i++)
        (void)printf("%-16.64s A: %s; I: %s\n", t->ids[i],
                     assay_availability_rule_text(t->results[i].availability_rule),
                     assay_integrity_reason_text(t->results[i].integrity_reason));
    (void)printf("\ncuts of weight: %s\n", assay_cuts_text(t->tolerance.cuts));
    if (!t->tolerance.operator_cap_met) (void)puts("\nthe cap of operators cannot be met");
    if (!t->tolerance.vendor_cap_met) (void)puts("\nthe cap of vendor roots cannot be met");
}

static int print_tally(const struct assay_sim_tally *t, bool json)
{
    for (size_t i = 0; i < assay_json_count(t->notes); i++) {
        (void)fputs("assay-sim: note: ", stderr);
        sim_put_plain(stderr, assay_json_as_text(assay_json_at(t->notes, i)));
        (void)fputc('\n', stderr);
    }
    if (json) return sim_print_envelope("assay.sim.tally", sim_tally_json(t));
    print_table(t);
    if (fflush(stdout) == 0) return ASSAY_SIM_EXIT_OK;
    return sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "io", "stdout cannot be written");
}

static int tally_file(const char *path, bool json)
{
    uint8_t *text = NULL;
    size_t len = 0;
    char unread[ASSAY_SIM_MESSAGE_MAX];
    enum assay_status status = sim_input_read(path, ASSAY_JSON_LEN_MAX, &text, &len, unread);
    if (status != ASSAY_OK)
        return sim_print_error(json, ASSAY_SIM_EXIT_USAGE,
                               status == ASSAY_E_NOT_FOUND ? "not_found" : "io", "%s", unread);
    char message[ASSAY_SIM_TALLY_MESSAGE_MAX] = "";
    struct assay_sim_tally tally;
    int result = ASSAY_SIM_EXIT_OK;
    status = sim_tally_read((const char *)text, len, &tally, message);
    free(text);
    if (status == ASSAY_OK) status = sim_tally_run(&tally);
    else if (status != ASSAY_E_MEMORY)
        result = sim_print_error(json, ASSAY_SIM_EXIT_USAGE, "malformed", "%s: %s", path, message);
    if (status == ASSAY_E_MEMORY)
        result = sim_print_error(json, ASSAY_SIM_EXIT_FAILED, "memory", "no memory");
    if (status == ASSAY_OK) result = print_tally(&tally, json);
    sim_tally_free(&tally);
    return result;
}

int sim_command_tally(int argc, char **argv)
{
    bool json = false, help = false;
    const int wrong = sim_walk_plain(argc, argv, usage, &json, &help);
    if (wrong != ASSAY_SIM_EXIT_OK || help) return wrong;
    if (optind + 1 != argc)
        return sim_print_misuse(argc, argv, NULL, "expected one FILE.json, found %d",
                                argc - optind);
    return tally_file(argv[optind], json);
}
