/*
 * apps/assay/operate/plan.c - `assay plan`: capacity of a node for a network of a given size.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/json_mode.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/operate/capacity.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>

struct term {
    const char *name, *unit, *source;
    uint64_t value;
};

#define TERM(symbol, value, unit, source) { #symbol, unit, source, value },
static const struct term terms[] = { CLI_CAPACITY_LIST(TERM) };
#undef TERM
enum { TERMS = sizeof terms / sizeof terms[0], DAY_MS = 86400000 };

static const struct {
    const char *name, *remedy;
} resources[CLI_CAPACITY_RESOURCES] = {
    [CLI_CAPACITY_CPU] = { "processor", "a longer epoch: most of the cost is per epoch; more than "
                                        "two cores do not help" },
    [CLI_CAPACITY_LINK] = { "link", "a longer epoch, or a faster link: most bytes are evidence, "
                                    "once for each member" },
    [CLI_CAPACITY_MEMORY] = { "memory", "more memory: it is constant, whatever the epoch" },
    [CLI_CAPACITY_DISK] = { "disk", "a smaller node.history_epochs, or a larger disk" },
};

/* ------------------------------------------------------------ limits of the measurements */

struct limit {
    const char *what;
    uint64_t members; /* measured up to so many */
};

static const struct limit limits[] = {
    { "bytes", CLI_CAPACITY_BYTES_SIMULATED },
    { "processor time", CLI_CAPACITY_CPU_MEASURED },
    { "memory", CLI_CAPACITY_MEMORY_MEASURED },
    { "disk", CLI_CAPACITY_DISK_MEASURED },
};
enum { LIMITS = sizeof limits / sizeof limits[0] };

static const char *mark_of(const struct cli_capacity_network *n, size_t limit)
{
    return n->members > limits[limit].members ? "  (extrapolated)" : "";
}

static void print_limits(const struct cli_capacity_network *n)
{
    (void)printf("measured       bytes to %d members (daemons), %d (simulated); processor time to "
                 "%d; memory to %d; disk to %d\n",
                 CLI_CAPACITY_BYTES_MEASURED, CLI_CAPACITY_BYTES_SIMULATED,
                 CLI_CAPACITY_CPU_MEASURED, CLI_CAPACITY_MEMORY_MEASURED,
                 CLI_CAPACITY_DISK_MEASURED);
    for (size_t i = 0; i < LIMITS; i++)
        if (n->members > limits[i].members)
            (void)printf("extrapolated   %s: beyond the largest network that was measured, %llu "
                         "members\n",
                         limits[i].what, (unsigned long long)limits[i].members);
    (void)puts("not included   encryption of links, TCP and IP; services; generation and "
               "verification of hardware\n               quotes; catching up; SQLite's pages (the "
               "disk needs some more)");
}

static void print_terms(void)
{
    for (size_t i = 0; i < TERMS; i++)
        (void)printf("%6llu %s (%s)\n", (unsigned long long)terms[i].value, terms[i].unit,
                     terms[i].source);
}

/* ------------------------------------------------------------ text */

static double mega(uint64_t bytes)
{
    return (double)bytes / 1e6;
}

static void print_epoch(const struct cli_capacity_network *n, const struct cli_capacity *c)
{
    if (c->links_never)
        (void)printf(
            "smallest epoch none: a round trip of %llu ms is too long, expected 4000 ms or "
            "less\n",
            (unsigned long long)n->rtt_ms);
    else if (n->rtt_ms == 0)
        (void)puts(
            "smallest epoch of the links: unknown without --rtt; `assay doctor net` measures "
            "it");
    else
        (void)printf("smallest epoch %llu ms for the round trip\n",
                     (unsigned long long)c->links_epoch_ms);
    if (c->cpu_epoch_ms == 0)
        (void)puts("               none for half of the processor: its links alone need more");
    else
        (void)printf("               %llu ms for half of the processor\n",
                     (unsigned long long)c->cpu_epoch_ms);
}

static void print_plan(const struct cli_capacity_network *n, const struct cli_capacity *c)
{
    (void)printf("a node of %llu members, epochs of %llu ms, %llu links\n",
                 (unsigned long long)n->members, (unsigned long long)n->epoch_ms,
                 (unsigned long long)c->links);
    (void)printf(
        "in, and out    %.1f KB an epoch, %.1f MB a day; mean %llu kbit/s, peak %llu kbit/s "
        "(quotes, 3/8 of an epoch)%s\n",
        (double)c->bytes_epoch / 1e3, mega(c->bytes_day), (unsigned long long)c->link_kbit,
        (unsigned long long)c->peak_kbit, mark_of(n, 0));
    (void)printf("processor      %.1f ms an epoch, %.1f %% of one core%s\n",
                 (double)c->cpu_us_epoch / 1e3, (double)c->cpu_permille / 10, mark_of(n, 1));
    (void)printf("memory         %.1f MiB, private%s\n", (double)c->memory_kib / 1024,
                 mark_of(n, 2));
    (void)printf("disk           %.1f MB a day, %.1f MB at its horizon: blocks of %.1f days "
                 "(node.history_epochs\n               %llu), proofs of ten times that%s\n",
                 mega(c->disk_bytes_day), mega(c->disk_bytes),
                 (double)n->history_epochs * (double)n->epoch_ms / DAY_MS,
                 (unsigned long long)n->history_epochs, mark_of(n, 3));
    print_epoch(n, c);
    (void)printf("machine        %llu cores, %llu MiB, %llu GB, %llu Mbit/s:",
                 (unsigned long long)n->cores, (unsigned long long)n->memory_mib,
                 (unsigned long long)n->disk_gb, (unsigned long long)n->link_mbit);
    for (size_t r = 0; r < CLI_CAPACITY_RESOURCES; r++)
        (void)printf("%s %s %.1f %%", r > 0 ? "," : "", resources[r].name,
                     (double)c->permille[r] / 10);
    (void)printf("\nfirst limit    %s; when it is reached: %s\n", resources[c->first].name,
                 resources[c->first].remedy);
    print_limits(n);
}

/* ------------------------------------------------------------ JSON */

static struct assay_json *json_of_terms(void)
{
    struct assay_json *const list = assay_json_array();
    for (size_t i = 0; i < TERMS; i++) {
        struct assay_json *const term = assay_json_object();
        assay_json_set_text(term, "term", terms[i].name);
        assay_json_set_uint(term, "value", terms[i].value);
        assay_json_set_text(term, "unit", terms[i].unit);
        assay_json_set_text(term, "source", terms[i].source);
        assay_json_append(list, term);
    }
    return list;
}

static struct assay_json *json_of_machine(const struct cli_capacity *c)
{
    struct assay_json *const used = assay_json_object();
    for (size_t r = 0; r < CLI_CAPACITY_RESOURCES; r++)
        assay_json_set_uint(used, resources[r].name, c->permille[r]);
    return used;
}

static struct assay_json *json_of_limits(const struct cli_capacity_network *n)
{
    struct assay_json *const list = assay_json_array();
    for (size_t i = 0; i < LIMITS; i++)
        if (n->members > limits[i].members) assay_json_append_text(list, limits[i].what);
    return list;
}

static int print_json(const struct cli_capacity_network *n, const struct cli_capacity *c)
{
    struct assay_json *document = assay_json_object(), *const data = assay_json_object();
    assay_json_set_text(document, "schema", "assay.plan");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_uint(data, "members", n->members);
    assay_json_set_uint(data, "epoch_ms", n->epoch_ms);
    assay_json_set_uint(data, "links", c->links);
    assay_json_set_uint(data, "bytes_epoch", c->bytes_epoch);
    assay_json_set_uint(data, "bytes_day", c->bytes_day);
    assay_json_set_uint(data, "mean_kbit_s", c->link_kbit);
    assay_json_set_uint(data, "peak_kbit_s", c->peak_kbit);
    assay_json_set_uint(data, "cpu_us_epoch", c->cpu_us_epoch);
    assay_json_set_uint(data, "cpu_permille", c->cpu_permille);
    assay_json_set_uint(data, "memory_kib", c->memory_kib);
    assay_json_set_uint(data, "disk_bytes", c->disk_bytes);
    assay_json_set_uint(data, "disk_bytes_day", c->disk_bytes_day);
    if (c->links_epoch_ms > 0)
        assay_json_set_uint(data, "smallest_epoch_links_ms", c->links_epoch_ms);
    if (c->cpu_epoch_ms > 0) assay_json_set_uint(data, "smallest_epoch_cpu_ms", c->cpu_epoch_ms);
    assay_json_set(data, "used_permille", json_of_machine(c));
    assay_json_set_text(data, "first_limit", resources[c->first].name);
    assay_json_set_text(data, "remedy", resources[c->first].remedy);
    assay_json_set(data, "extrapolated", json_of_limits(n));
    assay_json_set(data, "terms", json_of_terms());
    assay_json_set(document, "data", data);
    char *const text = assay_json_print(document, 2);
    assay_json_free(&document);
    if (text == NULL) return ASSAY_EXIT_INTERNAL;
    (void)puts(text);
    free(text);
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ the command line */

static int exit_of(const struct cli_capacity_network *n, const struct cli_capacity *c)
{
    if (c->links_never || c->links_epoch_ms > n->epoch_ms) return ASSAY_EXIT_CONTRAINDICATED;
    return c->permille[c->first] > 1000 ? ASSAY_EXIT_WARNING : ASSAY_EXIT_OK;
}

int cli_command_plan(int argc, char **argv)
{
    struct cli_capacity_network n = { .evidence_len = CLI_CAPACITY_EVIDENCE_LEN,
                                      .history_epochs = CLI_CAPACITY_HISTORY,
                                      .cores = 2,
                                      .memory_mib = 1024,
                                      .disk_gb = 20,
                                      .link_mbit = 100 };
    struct cli_capacity capacity;
    bool lists_terms = false;
    const struct cli_option_target targets[] = {
        { "members", .number = &n.members, .low = 1, .high = 1024, .unit = "members" },
        { "epoch", .number = &n.epoch_ms, .low = 100, .high = 3600000, .unit = "milliseconds" },
        { "rtt", .number = &n.rtt_ms, .low = 1, .high = 60000, .unit = "milliseconds" },
        { "evidence", .number = &n.evidence_len, .low = 96, .high = 1048576, .unit = "bytes" },
        { "history", .number = &n.history_epochs, .low = 16, .high = 100000000, .unit = "epochs" },
        { "cores", .number = &n.cores, .low = 1, .high = 1024, .unit = "cores" },
        { "memory", .number = &n.memory_mib, .low = 1, .high = 1 << 24, .unit = "MiB" },
        { "disk", .number = &n.disk_gb, .low = 1, .high = 1 << 20, .unit = "GB" },
        { "link", .number = &n.link_mbit, .low = 1, .high = 1 << 20, .unit = "Mbit/s" },
        { "terms", .flag = &lists_terms },
        { "json", .flag = &(bool){ false } },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    cli_capacity_compute(&n, &capacity);
    if (cli_json_mode_is_on()) {
        const int printed = print_json(&n, &capacity);
        return printed != ASSAY_EXIT_OK ? printed : exit_of(&n, &capacity);
    }
    print_plan(&n, &capacity);
    if (lists_terms) print_terms();
    return exit_of(&n, &capacity);
}
