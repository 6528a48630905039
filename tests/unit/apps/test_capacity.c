/*
 * tests/unit/apps/test_capacity.c - tests of `assay plan`: its terms give what was measured, as
 * docs/scale.md and docs/operations.md have it, and the scarcest resource is named.
 */
#include "apps/assay/operate/capacity.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOLERANCE_PERCENT = 25, LINE_LEN = 512 };

static struct cli_capacity plan(uint64_t members, uint64_t epoch_ms)
{
    const struct cli_capacity_network network = { .members = members,
                                                  .epoch_ms = epoch_ms,
                                                  .evidence_len = CLI_CAPACITY_EVIDENCE_LEN,
                                                  .history_epochs = CLI_CAPACITY_HISTORY,
                                                  .cores = 2,
                                                  .memory_mib = 1024,
                                                  .disk_gb = 20,
                                                  .link_mbit = 100 };
    struct cli_capacity out;
    cli_capacity_compute(&network, &out);
    return out;
}

static bool is_near(double computed, double measured, unsigned percent)
{
    return computed * 100 >= measured * (100 - percent) &&
           computed * 100 <= measured * (100 + percent);
}

/* The table that tests/bench/net/bytes.py writes: | n | how | certified | KB a node and epoch | */
Test(apps_capacity, bytes_are_those_of_the_table_that_the_benchmark_writes)
{
    char line[LINE_LEN];
    unsigned rows = 0;
    bool is_table = false;
    FILE *const page = fopen(ASSAY_SOURCE_DIR "/docs/scale.md", "r");
    cr_assert_not_null(page);
    while (fgets(line, sizeof line, page) != NULL) {
        unsigned n = 0;
        double kb = 0;
        if (strstr(line, "<!-- bytes -->") != NULL) is_table = true;
        if (is_table && strncmp(line, "By lanes", 8) == 0) break;
        if (!is_table || sscanf(line, "| %u | %*[a-z] | %*[^|] | %lf |", &n, &kb) != 2) continue;
        const double computed = (double)plan(n, 60000).bytes_epoch / 1000;
        cr_assert(is_near(computed, kb, TOLERANCE_PERCENT), "%u members: %.1f KB, measured %.1f", n,
                  computed, kb);
        rows++;
    }
    (void)fclose(page);
    cr_assert_geq(rows, 9, "the page has another table");
}

/* docs/scale.md, Daemons on one machine, Processor time; operations.md 7. Processor time and memory
 * of other machines differ: the terms must fit the ones that were measured. */
Test(apps_capacity, processor_time_and_memory_are_those_of_the_measured_daemons)
{
    static const struct {
        uint64_t members, epoch_ms;
        double cpu_ms, memory_mib; /* 0: not measured */
    } measured[] = { { 4, 2000, 11.5, 0 },      { 7, 2000, 16.3, 0 },     { 20, 2000, 31, 14.9 },
                     { 40, 10000, 100, 23.2 },  { 60, 10000, 144, 24.4 }, { 60, 20000, 207, 28.1 },
                     { 100, 20000, 275, 24.6 }, { 200, 60000, 560, 37.9 } };
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++) {
        const struct cli_capacity c = plan(measured[i].members, measured[i].epoch_ms);
        cr_assert(is_near((double)c.cpu_us_epoch / 1000, measured[i].cpu_ms, TOLERANCE_PERCENT),
                  "%llu members: %.1f ms", (unsigned long long)measured[i].members,
                  (double)c.cpu_us_epoch / 1000);
        /* They were measured before voters' keys had tables. */
        const uint64_t tables =
            measured[i].members < CLI_CAPACITY_TABLES ? measured[i].members : CLI_CAPACITY_TABLES;
        const uint64_t kib = c.memory_kib - tables * CLI_CAPACITY_MEMORY_TABLE;
        if (measured[i].memory_mib > 0)
            cr_assert(is_near((double)kib / 1024, measured[i].memory_mib, TOLERANCE_PERCENT),
                      "%llu members: %.1f MiB", (unsigned long long)measured[i].members,
                      (double)kib / 1024);
    }
}

/* docs/operations.md 7: a day of 1440 epochs. */
Test(apps_capacity, disk_is_that_of_the_manual)
{
    cr_assert(is_near((double)plan(7, 60000).disk_bytes_day / 1e6, 9.4, 5));
    cr_assert(is_near((double)plan(100, 60000).disk_bytes_day / 1e6, 79, 5));
    const struct cli_capacity c = plan(7, 60000);
    cr_assert(c.disk_bytes > 50 * c.disk_bytes_day, "proofs are retained ten times as long");
}

Test(apps_capacity, an_epoch_is_eight_round_trips_at_least)
{
    struct cli_capacity_network network = { 7, 60000, 80, 4100, 20000, 2, 1024, 20, 100 };
    struct cli_capacity c;
    cli_capacity_compute(&network, &c);
    cr_assert(c.links_epoch_ms == 640 && !c.links_never);
    network.rtt_ms = 4001;
    cli_capacity_compute(&network, &c);
    cr_assert(c.links_epoch_ms == 0 && c.links_never);
    network.rtt_ms = 0;
    cli_capacity_compute(&network, &c);
    cr_assert(c.links_epoch_ms == 0 && !c.links_never);
    network.epoch_ms = c.cpu_epoch_ms;
    cli_capacity_compute(&network, &c);
    cr_assert(is_near((double)c.cpu_permille, 1000, 10), "half of two cores");
}

Test(apps_capacity, the_scarcest_resource_is_named)
{
    static const struct {
        struct cli_capacity_network network;
        enum cli_capacity_resource first;
    } cases[] = { { { 100, 1000, 0, 4100, 20000, 8, 65536, 1000, 10000 }, CLI_CAPACITY_CPU },
                  { { 100, 60000, 0, 4100, 20000, 8, 65536, 1000, 1 }, CLI_CAPACITY_LINK },
                  { { 7, 60000, 0, 4100, 16, 8, 32, 1000, 100 }, CLI_CAPACITY_MEMORY },
                  { { 7, 60000, 0, 4100, 10000000, 8, 65536, 20, 100 }, CLI_CAPACITY_DISK } };
    struct cli_capacity c;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cli_capacity_compute(&cases[i].network, &c);
        cr_assert_eq(c.first, cases[i].first, "case %zu", i);
    }
}

Test(apps_capacity, nothing_overflows)
{
    const struct cli_capacity_network most = {
        1024, 3600000, 60000, 1048576, 100000000, 1, 1, 1, 1
    };
    const struct cli_capacity_network shortest = { 1024, 100, 1, 1048576, 100000000, 1, 1, 1, 1 };
    struct cli_capacity c;
    cli_capacity_compute(&shortest, &c);
    cr_assert(c.bytes_day > c.bytes_epoch && c.bytes_day < UINT64_C(1) << 60);
    cli_capacity_compute(&most, &c);
    cr_assert(c.bytes_day > c.bytes_epoch && c.disk_bytes < UINT64_C(1) << 62);
    const struct cli_capacity_network alone = { 1, 1000, 1, 4100, 16, 1, 1024, 20, 100 };
    cli_capacity_compute(&alone, &c);
    cr_assert(c.links == 0 && c.cpu_us_epoch > 0);
}
