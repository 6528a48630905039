/*
 * apps/assay/collateral/collateral.c - command group `assay collateral`: options and dispatch of
 * its verbs.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/system_clock.h"
#include "quote/x509.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TIMEOUT_S_USUAL = 60, TIMEOUT_S_MAX = 3600 };

int cli_collateral_root(const struct assay_collateral_options *options, struct assay_key *root,
                        bool *has_root)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    *has_root = options->root != NULL;
    if (!*has_root) return ASSAY_EXIT_OK;
    enum assay_status status = assay_file_read(options->root, ASSAY_PEM_MAX, &bytes, &len);
    if (status != ASSAY_OK)
        return cli_print_file_fault(options->json, "--root ", options->root, status);
    status = assay_x509_root(bytes, len, root);
    free(bytes);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(options->json, ASSAY_EXIT_USAGE, "usage", "--root %s: %s (%s)",
                           options->root, assay_status_text(status), assay_status_symbol(status));
}

/* Either a piece of evidence, or FMSPC, CA and TEE to fetch for. */
static int fetch_collateral(const struct assay_collateral_options *o)
{
    const bool by_file = o->file != NULL && o->fmspc == NULL && o->ca == NULL && o->tee == NULL;
    const bool by_name = o->file == NULL && o->fmspc != NULL && o->ca != NULL && o->tee != NULL;
    if (!by_file && !by_name)
        return cli_misuse("for which platform? Either --for, or --fmspc, --ca and --tee");
    if (o->offline && o->cache == NULL) return cli_misuse("--offline wants --cache");
    return cli_collateral_fetch(o);
}

/* A folder has the pieces of one platform, a file all of a network. */
static int show_collateral(const struct assay_collateral_options *o)
{
    struct stat info;
    const bool is_file = stat(o->directory, &info) == 0 && S_ISREG(info.st_mode);
    if (!is_file) return cli_collateral_show(o);
    if (o->root == NULL) return cli_collateral_show_set(o);
    return cli_print_error(o->json, ASSAY_EXIT_USAGE, "usage",
                           "--root: the file %s names its roots itself", o->directory);
}

int cli_command_collateral(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const struct assay_collateral_options *options);
    } verbs[] = { { "fetch", fetch_collateral },          { "show", show_collateral },
                  { "pack", cli_collateral_pack },        { "compare", cli_collateral_compare },
                  { "forecast", cli_collateral_outlook }, { "apply", cli_collateral_apply },
                  { "submit", cli_collateral_submit },    { "status", cli_collateral_status } };
    static struct assay_collateral_options o; /* large */
    const struct cli_option_target targets[] = {
        { "root", .text = &o.root },
        { "at", .time = &o.at_unix_s },
        { "json", .flag = &o.json },
        { "socket", .text = &o.socket },
        { "for", .text = &o.file },
        { "fmspc", .text = &o.fmspc },
        { "ca", .text = &o.ca },
        { "tee", .text = &o.tee },
        { "product", .text = &o.product },
        { "pccs", .text = &o.pccs },
        { "kds", .text = &o.kds },
        { "early", .flag = &o.early },
        { "cache", .text = &o.cache },
        { "offline", .flag = &o.offline },
        { "refresh", .flag = &o.refresh },
        { "ca-file", .text = &o.ca_file },
        { "timeout", .number = &o.timeout_s, .low = 1, .high = TIMEOUT_S_MAX, .unit = "seconds" },
        { "out", .text = &o.out },
        { "in-force", .text = &o.in_force },
        { "offer", .text = &o.offer },
        { "evidence", .text = o.evidence, .count = &o.evidence_count,
          .most = ASSAY_COLLATERAL_EVIDENCE_MAX },
        { "policy", .text = &o.policy },
        { "then", .time = &o.then_unix_s },
        { .name = NULL },
    };
    o = (struct assay_collateral_options){ .socket = cli_daemon_default_socket(),
                                           .at_unix_s = assay_unix_s(),
                                           .timeout_s = TIMEOUT_S_USUAL };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const char *const verb = argv[1];
    o.directory = strcmp(verb, "fetch") == 0 ? o.out : argv[2];
    if (strcmp(verb, "submit") == 0) o.offer = argv[2];
    if (strcmp(verb, "compare") == 0) {
        o.in_force = argv[2];
        o.offer = argv[3];
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verb, verbs[i].name) == 0) return verbs[i].run(&o);
    ASSAY_UNREACHABLE("the table names these verbs");
}
