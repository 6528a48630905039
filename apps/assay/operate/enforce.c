/*
 * apps/assay/operate/enforce.c - `assay enforce show|hold|release`: enforcement on a node, and the
 * manual hold.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/view.h"
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

static const char enforcement_view[] =
    "[?hold.held HELD           manually since {hold.since}: {hold.reason}|held           no]\n"
    "journal        {journal.lines} lines, head {journal.lines}:{journal.hash}\n"
    "[?journal.lost                {journal.lost} lines could not be written\n]"
    "[*targets target         {name,-16} {driver,-10} ordered {ordered,-10} {state}"
    "[?!settled , not as ordered yet][?dry_run , dry run]\n"
    "[?waiting                {waiting} events wait for their receiver\n]"
    "[?trouble                trouble: {trouble}\n]|targets        none besides the enclave\n]";

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
    if (strcmp(argv[1], "show") == 0) return cli_daemon_view(&q, enforcement_view, "enforcement");
    ASSAY_ASSERT(reason != NULL); /* by the table */
    if (!reason_is_fit(reason)) return cli_misuse("--reason wants 1 to 200 printable characters");
    return cli_daemon_view(&q, enforcement_view, "%s %s",
                           strcmp(argv[1], "hold") == 0 ? "hold" : "let-go", reason);
}
