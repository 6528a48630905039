/*
 * apps/assay/operate/enforce.c - `assay enforce show|hold|release`: enforcement on a node, and the
 * manual hold.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "base/assert.h"

#include <stdio.h>
#include <string.h>

enum { REASON_MAX = 200 };

static bool reason_is_fit(const char *reason)
{
    const size_t len = strlen(reason);
    for (size_t i = 0; i < len; i++)
        if (reason[i] < ' ' || reason[i] > '~') return false;
    return len >= 1 && len <= REASON_MAX;
}

/* --------------------------------------------------------------- what came back */

static const char *text_of(const struct assay_json *object, const char *key)
{
    return cli_text_of(object, key, "");
}

static void print_enforcement(const struct assay_json *document)
{
    const struct assay_json *const data = assay_json_get(document, "data");
    const struct assay_json *const hold = assay_json_get(data, "hold");
    const struct assay_json *const journal = assay_json_get(data, "journal");
    const struct assay_json *const targets = assay_json_get(data, "targets");
    if (assay_json_bool(hold, "held", false))
        (void)printf("HELD           manually since %s: %s\n", text_of(hold, "since"),
                     text_of(hold, "reason"));
    else (void)puts("held           no");
    (void)printf("journal        %llu lines, head %llu:%s\n", cli_number_of(journal, "lines"),
                 cli_number_of(journal, "lines"), text_of(journal, "hash"));
    if (assay_json_uint(journal, "lost", 0) > 0)
        (void)printf("               %llu lines could not be written\n",
                     cli_number_of(journal, "lost"));
    if (assay_json_count(targets) == 0) (void)puts("targets        none besides the enclave");
    for (size_t i = 0; i < assay_json_count(targets); i++) {
        const struct assay_json *const t = assay_json_at(targets, i);
        (void)printf("target         %-16s %-10s ordered %-10s %s%s%s\n", text_of(t, "name"),
                     text_of(t, "driver"), text_of(t, "ordered"), text_of(t, "state"),
                     assay_json_bool(t, "settled", false) ? "" : ", not as ordered yet",
                     assay_json_bool(t, "dry_run", false) ? ", dry run" : "");
        if (assay_json_uint(t, "waiting", 0) > 0)
            (void)printf("               %llu events wait for their receiver\n",
                         cli_number_of(t, "waiting"));
        if (text_of(t, "trouble")[0] != '\0')
            (void)printf("               trouble: %s\n", text_of(t, "trouble"));
    }
}

int cli_command_enforce(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("enforce");
    const char *reason = NULL;
    const struct cli_option_target targets[] = {
        ASSAY_DAEMON_TARGETS(&q),
        { "reason", .text = &reason },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    if (strcmp(argv[1], "show") == 0) return cli_daemon_print(&q, print_enforcement, "enforcement");
    ASSAY_ASSERT(reason != NULL); /* by the table */
    if (!reason_is_fit(reason)) return cli_misuse("--reason wants 1 to 200 printable characters");
    return cli_daemon_print(&q, print_enforcement, "%s %s",
                            strcmp(argv[1], "hold") == 0 ? "hold" : "let-go", reason);
}
