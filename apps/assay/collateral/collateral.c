/*
 * apps/assay/collateral/collateral.c - command group `assay collateral`: options and dispatch of
 * its verbs.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/options.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "quote/x509.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char socket_default[] = "/run/assay/admin.sock";

int cli_collateral_time(const struct assay_collateral_options *options, int64_t *at_unix_s)
{
    if (options->at == NULL) {
        *at_unix_s = assay_unix_s();
        return ASSAY_EXIT_OK;
    }
    if (assay_rfc3339_parse(options->at, strlen(options->at), at_unix_s) == ASSAY_OK)
        return ASSAY_EXIT_OK;
    return cli_print_error(options->json, ASSAY_EXIT_USAGE, "usage",
                           "--at: \"%s\" is no RFC 3339 time (2026-01-31T12:00:00Z)", options->at);
}

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

/* Verbs, and the options that each has. */
enum verb {
    FETCH = 1,
    SHOW = 2,
    PACK = 4,
    COMPARE = 8,
    FORECAST = 16,
    APPLY = 32,
    SUBMIT = 64,
    STATUS = 128
};

struct known_option {
    struct option option;
    unsigned verbs;
};

static const struct known_option known[] = {
    { { "root", required_argument, NULL, 'r' }, FETCH | SHOW },
    { { "at", required_argument, NULL, 'a' }, FETCH | SHOW | PACK | COMPARE | FORECAST | APPLY },
    { { "json", no_argument, NULL, 'j' },
      FETCH | SHOW | PACK | COMPARE | FORECAST | APPLY | SUBMIT | STATUS },
    { { "socket", required_argument, NULL, 'S' }, SUBMIT | STATUS },
    { { "for", required_argument, NULL, 'f' }, FETCH },
    { { "fmspc", required_argument, NULL, 'm' }, FETCH },
    { { "ca", required_argument, NULL, 'c' }, FETCH },
    { { "tee", required_argument, NULL, 't' }, FETCH },
    { { "product", required_argument, NULL, 'd' }, FETCH },
    { { "pccs", required_argument, NULL, 'p' }, FETCH },
    { { "kds", required_argument, NULL, 'k' }, FETCH },
    { { "early", no_argument, NULL, 'e' }, FETCH },
    { { "cache", required_argument, NULL, 'h' }, FETCH },
    { { "offline", no_argument, NULL, 'o' }, FETCH },
    { { "refresh", no_argument, NULL, 'n' }, FETCH },
    { { "ca-file", required_argument, NULL, 's' }, FETCH },
    { { "timeout", required_argument, NULL, 'w' }, FETCH },
    { { "out", required_argument, NULL, 'u' }, FETCH | PACK | APPLY },
    { { "in-force", required_argument, NULL, 'i' }, PACK | FORECAST | APPLY },
    { { "offer", required_argument, NULL, 'O' }, FORECAST | APPLY },
    { { "evidence", required_argument, NULL, 'E' }, FORECAST },
    { { "policy", required_argument, NULL, 'P' }, FORECAST },
    { { "then", required_argument, NULL, 'T' }, FORECAST },
};
enum { KNOWN = sizeof known / sizeof known[0] };

/* One option of fetch and show. Returns: false when it is another's. */
static bool take_common(int c, struct assay_collateral_options *o)
{
    switch (c) {
    case 'f': o->file = optarg; return true;
    case 'm': o->fmspc = optarg; return true;
    case 'c': o->ca = optarg; return true;
    case 't': o->tee = optarg; return true;
    case 'd': o->product = optarg; return true;
    case 'p': o->pccs = optarg; return true;
    case 'k': o->kds = optarg; return true;
    case 'r': o->root = optarg; return true;
    case 'a': o->at = optarg; return true;
    case 'h': o->cache = optarg; return true;
    case 's': o->ca_file = optarg; return true;
    case 'w': o->timeout = optarg; return true;
    case 'e': o->early = true; return true;
    case 'o': o->offline = true; return true;
    case 'n': o->refresh = true; return true;
    case 'j': o->json = true; return true;
    default: return false;
    }
}

static bool parse_option(int c, enum verb verb, struct assay_collateral_options *o)
{
    switch (c) {
    case 'u':
        if (verb == PACK || verb == APPLY) o->out = optarg;
        else o->directory = optarg;
        return true;
    case 'i': o->in_force = optarg; return true;
    case 'O': o->offer = optarg; return true;
    case 'P': o->policy = optarg; return true;
    case 'T': o->then = optarg; return true;
    case 'S': o->socket = optarg; return true;
    case 'E':
        if (o->evidence_count == ASSAY_COLLATERAL_EVIDENCE_MAX) return false;
        o->evidence[o->evidence_count++] = optarg;
        return true;
    default: return take_common(c, o);
    }
}

static bool read_options(int argc, char **argv, enum verb verb, struct assay_collateral_options *o)
{
    struct option table[KNOWN + 1] = { { NULL, 0, NULL, 0 } };
    size_t count = 0;
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].verbs & verb) table[count++] = known[i].option;
    optind = 0; /* the table of main.c has read words before */
    for (int c = 0; (c = getopt_long(argc, argv, "", table, NULL)) != -1;)
        if (!parse_option(c, verb, o)) return false;
    if (verb == SHOW || verb == PACK) o->directory = argv[optind];
    if (verb == SUBMIT) o->offer = argv[optind];
    if (verb == COMPARE) {
        o->in_force = argv[optind];
        o->offer = argv[optind + 1];
    }
    return true;
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

static int run_verb(enum verb verb, const struct assay_collateral_options *o)
{
    switch (verb) {
    case FETCH: return fetch_collateral(o);
    case SHOW: return show_collateral(o);
    case PACK: return cli_collateral_pack(o);
    case COMPARE: return cli_collateral_compare(o);
    case SUBMIT: return cli_collateral_submit(o);
    case STATUS: return cli_collateral_status(o);
    case APPLY: return cli_collateral_apply(o);
    case FORECAST: return cli_collateral_outlook(o);
    }
    ASSAY_UNREACHABLE("the table names these verbs");
}

int cli_command_collateral(int argc, char **argv)
{
    static const struct {
        const char *name;
        enum verb verb;
    } verbs[] = { { "fetch", FETCH },
                  { "show", SHOW },
                  { "pack", PACK },
                  { "compare", COMPARE },
                  { "forecast", FORECAST },
                  { "apply", APPLY },
                  { "submit", SUBMIT },
                  { "status", STATUS } };
    static struct assay_collateral_options options;
    options.socket = getenv("ASSAY_SOCKET");
    if (options.socket == NULL) options.socket = socket_default;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) != 0) continue;
        if (!read_options(argc - 1, argv + 1, verbs[i].verb, &options))
            return cli_misuse("--evidence at most %d times", ASSAY_COLLATERAL_EVIDENCE_MAX);
        return run_verb(verbs[i].verb, &options);
    }
    ASSAY_UNREACHABLE("the table names these verbs");
}
