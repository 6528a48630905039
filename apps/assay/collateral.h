/*
 * apps/assay/collateral.h - `assay collateral`: what its two verbs share.
 */
#ifndef ASSAY_APPS_COLLATERAL_H
#define ASSAY_APPS_COLLATERAL_H

#include "base/crypto.h"

struct assay_collateral_options {
    const char *directory; /* --out DIR of fetch, DIR of show */
    const char *file;      /* --for */
    const char *fmspc;
    const char *ca;
    const char *tee;
    const char *product;
    const char *pccs;
    const char *kds;
    const char *root;
    const char *at;
    const char *cache;
    const char *ca_file;
    const char *timeout;
    bool early, offline, refresh, json;
};

/* Each Returns: an enum assay_exit. collateral_fetch.c, collateral_show.c */
int assay_collateral_fetch(const struct assay_collateral_options *options);
int assay_collateral_show(const struct assay_collateral_options *options);

/* --at, default now. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE (said) */
int assay_collateral_time(const struct assay_collateral_options *options, int64_t *at_unix_s);
/* --root, default none. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE (said) */
int assay_collateral_root(const struct assay_collateral_options *options, struct assay_key *root,
                          bool *has_root);

#endif
