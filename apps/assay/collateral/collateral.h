/*
 * apps/assay/collateral/collateral.h - options and helpers shared by the verbs of `assay
 * collateral`.
 */
#ifndef ASSAY_APPS_ASSAY_COLLATERAL_COLLATERAL_H
#define ASSAY_APPS_ASSAY_COLLATERAL_COLLATERAL_H

#include "base/crypto.h"
#include "net/json/json.h"
#include "quote/collateral/newer.h"

#include <stdio.h>

enum { ASSAY_COLLATERAL_EVIDENCE_MAX = 256 };

struct assay_collateral_options {
    const char *directory; /* --out of fetch, DIR or FILE of show, DIR of pack */
    const char *file;      /* --for */
    const char *fmspc;
    const char *ca;
    const char *tee;
    const char *product;
    const char *pccs;
    const char *kds;
    const char *root;
    int64_t at_unix_s;
    const char *cache;
    const char *ca_file;
    uint64_t timeout_s;
    bool early, offline, refresh, json;
    /* of sets: collateral_set.h */
    const char *in_force; /* --in-force, OLD of compare */
    const char *offer;    /* --offer, NEW of compare */
    const char *out;      /* FILE of pack and apply */
    int64_t then_unix_s;  /* 0: not given */
    const char *socket;   /* of submit and status */
    const char *policy;
    size_t evidence_count;
    const char *evidence[ASSAY_COLLATERAL_EVIDENCE_MAX];
};

struct assay_window;
/* Appends a window to a list of JSON: what it is of (under name_key), dates, whether it holds. */
void cli_collateral_append_window(struct assay_json *list, const char *name_key,
                                  const struct assay_window *w, int64_t at_unix_s); /* _lives.c */

/* Each Returns: an enum assay_exit. Each in the file of its name. */
int cli_collateral_fetch(const struct assay_collateral_options *options);
int cli_collateral_show(const struct assay_collateral_options *options);
int cli_collateral_show_set(const struct assay_collateral_options *options); /* _lives.c */
int cli_collateral_compare(const struct assay_collateral_options *options);
int cli_collateral_outlook(const struct assay_collateral_options *options); /* forecast */
int cli_collateral_pack(const struct assay_collateral_options *options);
int cli_collateral_apply(const struct assay_collateral_options *options);

int cli_collateral_submit(const struct assay_collateral_options *options); /* _status.c */
int cli_collateral_status(const struct assay_collateral_options *options);

struct assay_json;    /* net/json/json.h */
struct assay_outlook; /* quote/result/outlook.h */
/* Outlook of a member, with the security versions that fall short. As text, and as a
 * JSON object. collateral_outlook.c */
void cli_collateral_outlook_print(const char *name, const struct assay_outlook *outlook);
struct assay_json *cli_collateral_outlook_json(const char *name,
                                               const struct assay_outlook *outlook);

/* Result of an offer, as text. collateral_compare.c */
void cli_renewal_print(FILE *to, const struct assay_key *root, const struct assay_renewal *renewal);

/* --root, default none. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE (reported) */
int cli_collateral_root(const struct assay_collateral_options *options, struct assay_key *root,
                        bool *has_root);

#endif
