/*
 * apps/assay/collateral.c - `assay collateral`: fetch what a verifier needs, show what is there.
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
#include <time.h>

static const char usage[] =
    "usage: assay collateral fetch --for FILE --out DIR [OPTIONS]\n"
    "       assay collateral fetch --fmspc HEX --ca processor|platform --tee sgx|tdx --out DIR\n"
    "                              [OPTIONS]\n"
    "       assay collateral show DIR [--root FILE] [--at RFC3339] [--json]\n"
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
    "Intel), and until when it may be used.\n"
    "\n"
    "exit status: 0 done; show: sound and current, 10 sound but not current, 13 it does not "
    "verify\n"
    "             fetch: 5 the vendor has no such thing, 7 no answer in time, 12 what there is "
    "has\n"
    "             ended or goes back, 13 it does not verify; 1 the service, network or disk "
    "failed,\n"
    "             2 usage\n";

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

enum { ALLOWED_IN_SHOW = 3 };

static const struct option known[] = {
    { "root", required_argument, NULL, 'r' },
    { "at", required_argument, NULL, 'a' },
    { "json", no_argument, NULL, 'j' }, /* show has these three alone */
    { "for", required_argument, NULL, 'f' },
    { "fmspc", required_argument, NULL, 'm' },
    { "ca", required_argument, NULL, 'c' },
    { "tee", required_argument, NULL, 't' },
    { "product", required_argument, NULL, 'd' },
    { "pccs", required_argument, NULL, 'p' },
    { "kds", required_argument, NULL, 'k' },
    { "early", no_argument, NULL, 'e' },
    { "cache", required_argument, NULL, 'h' },
    { "offline", no_argument, NULL, 'o' },
    { "refresh", no_argument, NULL, 'n' },
    { "ca-file", required_argument, NULL, 's' },
    { "timeout", required_argument, NULL, 'w' },
    { "out", required_argument, NULL, 'u' },
    { NULL, 0, NULL, 0 },
};

static bool read_options(int argc, char **argv, bool is_show, struct assay_collateral_options *o)
{
    int index = 0;
    optind = 0; /* the table of main.c has read words before */
    for (int c = 0; (c = getopt_long(argc, argv, "", known, &index)) != -1;) {
        if (c == '?' || (is_show && index >= ALLOWED_IN_SHOW)) return false;
        switch (c) {
        case 'f': o->file = optarg; break;
        case 'm': o->fmspc = optarg; break;
        case 'c': o->ca = optarg; break;
        case 't': o->tee = optarg; break;
        case 'd': o->product = optarg; break;
        case 'p': o->pccs = optarg; break;
        case 'k': o->kds = optarg; break;
        case 'r': o->root = optarg; break;
        case 'a': o->at = optarg; break;
        case 'h': o->cache = optarg; break;
        case 's': o->ca_file = optarg; break;
        case 'w': o->timeout = optarg; break;
        case 'u': o->directory = optarg; break;
        case 'e': o->early = true; break;
        case 'o': o->offline = true; break;
        case 'n': o->refresh = true; break;
        case 'j': o->json = true; break;
        default: return false;
        }
    }
    if (is_show && argc - optind == 1) o->directory = argv[optind];
    return argc - optind == (is_show ? 1 : 0);
}

/* A folder to write to, and either a piece of evidence or FMSPC, CA and TEE to fetch for. */
static bool is_complete(const struct assay_collateral_options *o)
{
    const bool by_file = o->file != NULL && o->fmspc == NULL && o->ca == NULL && o->tee == NULL;
    const bool by_name = o->file == NULL && o->fmspc != NULL && o->ca != NULL && o->tee != NULL;
    return o->directory != NULL && (by_file || by_name) && (!o->offline || o->cache != NULL);
}

int assay_command_collateral(int argc, char **argv)
{
    struct assay_collateral_options options = { 0 };
    const char *const verb = argc > 1 ? argv[1] : "";
    const bool asks_after_verb = argc == 3 && strcmp(argv[2], "--help") == 0;
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "help") == 0 || asks_after_verb) {
        (void)fputs(usage, stdout);
        return ASSAY_EXIT_OK;
    }
    const bool is_show = strcmp(verb, "show") == 0;
    if ((is_show || strcmp(verb, "fetch") == 0) &&
        read_options(argc - 1, argv + 1, is_show, &options)) {
        if (is_show) return assay_collateral_show(&options);
        if (is_complete(&options)) return assay_collateral_fetch(&options);
    }
    (void)fputs(usage, stderr);
    return ASSAY_EXIT_USAGE;
}
