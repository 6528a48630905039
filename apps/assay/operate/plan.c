/*
 * apps/assay/operate/plan.c - `assay plan`: capacity of a node for a network of a given size.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/json_mode.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "apps/assay/operate/capacity.h"

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

/* ------------------------------------------------------------ text */

#define MARK(what) "[?#extrapolated?.=" what "*   (extrapolated)]"

static const char plan_view[] =
    "[?verdict!=OK {verdict}\n]"
    "a node of {members} members, epochs of {epoch_ms} ms, {links} links\n"
    "traffic        {bytes_epoch:/1000} KB an epoch, {bytes_day:/1000000} MB a day, in and the "
    "same "
    "out; mean {mean_kbit_s} kbit/s, peak {peak_kbit_s} kbit/s (quotes, 3/8 of an epoch)" MARK(
        "bytes") "\n"
                 "processor      {cpu_us_epoch:/1000} ms an epoch, {cpu_permille:/10} % of one "
                 "core" MARK(
                     "processor") "\n"
                                  "memory         {memory_kib:/1024} MiB, private" MARK(
                                      "memory") "\n"
                                                "disk           {disk_bytes_day:/1000000} MB a "
                                                "day, {disk_bytes:/1000000} MB at its horizon: "
                                                "blocks of [?history_ms<86400000 "
                                                "{history_ms:/3600000} hours"
                                                "|{history_ms:/86400000} days] "
                                                "(node.history_epochs\n"
                                                "               {history_epochs}), proofs of ten "
                                                "times that" MARK(
                                                    "disk") "\n"
                                                            "smallest epoch "
                                                            "[?smallest_epoch_links_ms "
                                                            "{smallest_epoch_links_ms} ms for the "
                                                            "round trip"
                                                            "|[?rtt_ms none: a round trip of "
                                                            "{rtt_ms} ms is too long, expected "
                                                            "4000 ms or less"
                                                            "|of the links: unknown without --rtt; "
                                                            "`assay doctor net` measures it]]\n"
                                                            "               "
                                                            "[?smallest_epoch_cpu_ms "
                                                            "{smallest_epoch_cpu_ms} ms for half "
                                                            "of the processor"
                                                            "|none for half of the processor: its "
                                                            "links alone need more]\n"
                                                            "machine        {cores} "
                                                            "core{cores:plural}, "
                                                            "{memory_mib} MiB, {disk_gb} GB, "
                                                            "{link_mbit} Mbit/s: "
                                                            "processor "
                                                            "{used_permille.processor:/10} %, link "
                                                            "{used_permille.link:/10} %, "
                                                            "memory {used_permille.memory:/10} %, "
                                                            "disk {used_permille.disk:/10} %\n"
                                                            "first limit    {first_limit}; when it "
                                                            "is reached: {remedy}\n";

/* Why the exit status is not 0. */
static void put_verdict(struct assay_json *data, const struct cli_capacity_network *n,
                        const struct cli_capacity *c)
{
    char text[160] = "OK";
    const unsigned long long epoch_ms = n->epoch_ms, least_ms = c->links_epoch_ms;
    const unsigned long long used = c->permille[c->first];
    if (c->links_never)
        (void)snprintf(text, sizeof text, "FAIL: no epoch suffices for a round trip of %llu ms",
                       (unsigned long long)n->rtt_ms);
    else if (least_ms > epoch_ms)
        (void)snprintf(text, sizeof text, "FAIL: epoch %llu ms < %llu ms (round trip)", epoch_ms,
                       least_ms);
    else if (used > 1000)
        (void)snprintf(text, sizeof text,
                       "WARN: %s: %llu.%llu %% of this machine, expected 100 %% or less",
                       resources[c->first].name, used / 10, used % 10);
    assay_json_set_text(data, "verdict", text);
}

static struct assay_json *document_of(const struct cli_capacity_network *n,
                                      const struct cli_capacity *c)
{
    struct assay_json *const data = assay_json_object();
    assay_json_set_uint(data, "members", n->members);
    assay_json_set_uint(data, "epoch_ms", n->epoch_ms);
    assay_json_set_uint(data, "rtt_ms", n->rtt_ms);
    assay_json_set_uint(data, "history_epochs", n->history_epochs);
    assay_json_set_uint(data, "history_ms", n->history_epochs * n->epoch_ms);
    assay_json_set_uint(data, "cores", n->cores);
    assay_json_set_uint(data, "memory_mib", n->memory_mib);
    assay_json_set_uint(data, "disk_gb", n->disk_gb);
    assay_json_set_uint(data, "link_mbit", n->link_mbit);
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
    struct assay_json *const used = assay_json_set_object(data, "used_permille");
    for (size_t r = 0; r < CLI_CAPACITY_RESOURCES; r++)
        assay_json_set_uint(used, resources[r].name, c->permille[r]);
    put_verdict(data, n, c);
    assay_json_set_text(data, "first_limit", resources[c->first].name);
    assay_json_set_text(data, "remedy", resources[c->first].remedy);
    struct assay_json *const beyond = assay_json_set_array(data, "extrapolated");
    for (size_t i = 0; i < LIMITS; i++)
        if (n->members > limits[i].members) assay_json_append_text(beyond, limits[i].what);
    struct assay_json *const list = assay_json_set_array(data, "terms");
    for (size_t i = 0; i < TERMS; i++) {
        struct assay_json *const term = assay_json_append_object(list);
        assay_json_set_text(term, "term", terms[i].name);
        assay_json_set_uint(term, "value", terms[i].value);
        assay_json_set_text(term, "unit", terms[i].unit);
        assay_json_set_text(term, "source", terms[i].source);
    }
    return data;
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
    struct assay_json *data = document_of(&n, &capacity);
    if (cli_json_mode_is_on()) {
        const int printed = cli_print_envelope("assay.plan", data);
        return printed != ASSAY_EXIT_OK ? printed : exit_of(&n, &capacity);
    }
    cli_view_print(plan_view, data, stdout);
    print_limits(&n);
    if (lists_terms) cli_view_print("[*terms {value,6} {unit} ({source})\n]", data, stdout);
    assay_json_free(&data);
    return exit_of(&n, &capacity);
}
