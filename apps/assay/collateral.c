/*
 * apps/assay/collateral.c - `assay collateral`: fetch what a verifier needs, show what is there,
 * and what may follow it in a network.
 */
#include "apps/assay/collateral.h"

#include "apps/assay/command.h"
#include "apps/assay/evidence_print.h"
#include "base/rfc3339.h"
#include "quote/x509.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char socket_default[] = "/run/assay/admin.sock";

static const char usage[] =
    "usage: assay collateral fetch --for FILE --out DIR [OPTIONS]\n"
    "       assay collateral fetch --fmspc HEX --ca processor|platform --tee sgx|tdx --out DIR\n"
    "                              [OPTIONS]\n"
    "       assay collateral show DIR [--root FILE] [--at RFC3339] [--json]\n"
    "       assay collateral show FILE [--at RFC3339] [--json]\n"
    "       assay collateral pack DIR --in-force FILE --out FILE [--at RFC3339] [--json]\n"
    "       assay collateral apply --in-force FILE --offer FILE --out FILE [--at RFC3339]\n"
    "                              [--json]\n"
    "       assay collateral compare OLD NEW [--at RFC3339] [--json]\n"
    "       assay collateral forecast --in-force FILE --offer FILE --evidence FILE...\n"
    "                              [--policy FILE] [--at RFC3339] [--then RFC3339] [--json]\n"
    "       assay collateral submit OFFER [--socket PATH] [--json]\n"
    "       assay collateral status [--socket PATH] [--json]\n"
    "\n"
    "fetch asks the vendor for what evidence of one platform is judged with, verifies it under "
    "the\n"
    "vendor's root and writes it into DIR: Intel's TCB info, QE identity, revocation lists and\n"
    "chains for SGX and TDX; AMD's VCEK, chain and revocation list for SEV-SNP.\n"
    "  --for FILE       for this evidence (SGX or TDX quote, SEV-SNP report)\n"
    "  --pccs URL       a PCCS instead of Intel's own service\n"
    "  --kds URL        a mirror instead of AMD's own service\n"
    "  --early          the TCB that Intel announces before it is in force (update=early)\n"
    "  --product P      milan, genoa or turin, for SEV-SNP reports of version 2, which do not say\n"
    "  --root FILE      the root (PEM or DER) to verify under, instead of the pinned one\n"
    "  --cache DIR      keep what is fetched there, ask only for what is a day old\n"
    "  --offline        the cache alone\n"
    "  --refresh        ask even for what is fresh in the cache\n"
    "  --ca-file FILE   roots (PEM) for the server's TLS certificate, instead of the system's\n"
    "  --timeout S      for everything together, default 60\n"
    "  --at TIME        the time at which it must be valid, default now\n"
    "show tells what DIR holds, whether it verifies under --root (default: the pinned root of\n"
    "Intel), and until when it may be used. A FILE is a genesis, a set of collateral or an offer:\n"
    "its roots, pieces, numbers and dates, and what ends first.\n"
    "pack makes an offer of one root out of the documents and lists in DIR, for the network whose\n"
    "genesis or set is given.\n"
    "apply writes the whole set that follows, for operators who sign it.\n"
    "compare tells, root by root, whether NEW may follow OLD, and if not, which piece and field "
    "is\n"
    "why.\n"
    "forecast judges evidence under the set in force and under the one that would follow, and "
    "names\n"
    "who falls, who drops a level, and which security versions are short.\n"
    "  --evidence FILE  may be given up to 256 times\n"
    "  --policy FILE    instead of that of the genesis, else the default\n"
    "  --then TIME      when the offer will come into force, default --at\n"
    "submit hands an offer to a node that runs: it is judged, kept, and offered to the network\n"
    "until a block has it.\n"
    "status tells what is in force and how long it lasts, what waits and from when on it serves,\n"
    "and who would fall by it, as the evidence of the last epochs is.\n"
    "  --socket PATH    its admin socket (default: $ASSAY_SOCKET, else /run/assay/admin.sock)\n"
    "\n"
    "exit status: 0 done; show: sound and current, 10 sound but not current, 13 it does not "
    "verify\n"
    "             fetch: 5 the vendor has no such thing, 7 no answer in time, 12 what there is "
    "has\n"
    "             ended or goes back, 13 it does not verify; 1 the service, network or disk "
    "failed,\n"
    "             2 usage\n"
    "             pack: 12 nothing in it may follow\n"
    "             compare: 0 newer, 10 a TCB recovery, 12 nothing newer, 13 refused\n"
    "             forecast: 0 nobody loses, 10 somebody drops, 11 falls, 12 could not be judged\n"
    "             submit: 6 nothing newer, or it waits already; 4 refused; 3 no node there\n"
    "             status: 11 somebody would fall\n";

int assay_collateral_time(const struct assay_collateral_options *options, int64_t *at_unix_s)
{
    struct timespec now;
    if (options->at == NULL) {
        if (clock_gettime(CLOCK_REALTIME, &now) != 0)
            return assay_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal",
                                     "the clock cannot be read");
        *at_unix_s = (int64_t)now.tv_sec;
        return ASSAY_EXIT_OK;
    }
    if (assay_rfc3339_parse(options->at, strlen(options->at), at_unix_s) == ASSAY_OK)
        return ASSAY_EXIT_OK;
    return assay_print_error(options->json, ASSAY_EXIT_USAGE, "usage",
                             "--at: \"%s\" is no RFC 3339 time (2026-01-31T12:00:00Z)",
                             options->at);
}

int assay_collateral_root(const struct assay_collateral_options *options, struct assay_key *root,
                          bool *has_root)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    *has_root = options->root != NULL;
    if (!*has_root) return ASSAY_EXIT_OK;
    enum assay_status status = assay_file_read(options->root, ASSAY_PEM_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_x509_root(bytes, len, root);
    free(bytes);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return assay_print_error(options->json, ASSAY_EXIT_USAGE, "usage", "--root %s: %s (%s)",
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

static bool take(int c, enum verb verb, struct assay_collateral_options *o)
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
        if (!take(c, verb, o)) return false;
    const int left = argc - optind;
    if (verb == SHOW || verb == PACK) {
        if (left == 1) o->directory = argv[optind];
        return left == 1;
    }
    if (verb == SUBMIT) {
        if (left == 1) o->offer = argv[optind];
        return left == 1;
    }
    if (verb == COMPARE) {
        if (left != 2) return false;
        o->in_force = argv[optind];
        o->offer = argv[optind + 1];
        return true;
    }
    return left == 0;
}

/* A folder to write to, and either a piece of evidence or FMSPC, CA and TEE to fetch for. */
static bool is_complete(const struct assay_collateral_options *o)
{
    const bool by_file = o->file != NULL && o->fmspc == NULL && o->ca == NULL && o->tee == NULL;
    const bool by_name = o->file == NULL && o->fmspc != NULL && o->ca != NULL && o->tee != NULL;
    return o->directory != NULL && (by_file || by_name) && (!o->offline || o->cache != NULL);
}

/* A folder has the pieces of one platform, a file all of a network. */
static int show(const struct assay_collateral_options *o)
{
    struct stat info;
    const bool is_file = stat(o->directory, &info) == 0 && S_ISREG(info.st_mode);
    if (!is_file) return assay_collateral_show(o);
    if (o->root == NULL) return assay_collateral_show_set(o);
    return assay_print_error(o->json, ASSAY_EXIT_USAGE, "usage",
                             "--root: the file %s names its roots itself", o->directory);
}

static int run(enum verb verb, const struct assay_collateral_options *o)
{
    switch (verb) {
    case FETCH:
        if (is_complete(o)) return assay_collateral_fetch(o);
        break;
    case SHOW: return show(o);
    case PACK:
        if (o->in_force != NULL && o->out != NULL) return assay_collateral_pack(o);
        break;
    case COMPARE: return assay_collateral_compare(o);
    case SUBMIT: return assay_collateral_submit(o);
    case STATUS: return assay_collateral_status(o);
    case APPLY:
        if (o->in_force != NULL && o->offer != NULL && o->out != NULL)
            return assay_collateral_apply(o);
        break;
    case FORECAST:
        if (o->in_force != NULL && o->offer != NULL && o->evidence_count > 0)
            return assay_collateral_outlook(o);
        break;
    }
    (void)fputs(usage, stderr);
    return ASSAY_EXIT_USAGE;
}

int assay_command_collateral(int argc, char **argv)
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
    const char *const word = argc > 1 ? argv[1] : "";
    const bool asks_after_verb = argc == 3 && strcmp(argv[2], "--help") == 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0 || asks_after_verb) {
        (void)fputs(usage, stdout);
        return ASSAY_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(word, verbs[i].name) == 0 &&
            read_options(argc - 1, argv + 1, verbs[i].verb, &options))
            return run(verbs[i].verb, &options);
    (void)fputs(usage, stderr);
    return ASSAY_EXIT_USAGE;
}
