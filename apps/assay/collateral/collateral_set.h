/*
 * apps/assay/collateral/collateral_set.h - file with the collateral of a complete network, or an
 * offer: the encoding of quote/collateral/endorsements.h, alone or inside a genesis.
 */
#ifndef ASSAY_APPS_ASSAY_COLLATERAL_COLLATERAL_SET_H
#define ASSAY_APPS_ASSAY_COLLATERAL_COLLATERAL_SET_H

#include "quote/collateral/replace.h"

struct assay_collateral_file {
    uint8_t *file;
    struct assay_collateral *collateral;
    struct assay_endorsements built;
    struct assay_collateral_set set; /* points to the three above */
    struct assay_slice policy;       /* of a genesis, encoded; else empty */
};

/*
 * cli_collateral_file_read - read and build; what does not verify is built with its faults.
 * In:      path of a genesis, signed or not, or of a set or an offer
 * Out:     *out, whatever the answer: cli_collateral_file_close frees it
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE, ASSAY_EXIT_MALFORMED, ASSAY_EXIT_INTERNAL (reported)
 */
int cli_collateral_file_read(const char *path, bool json, struct assay_collateral_file *out);
/* The same of bytes in memory, which are copied. */
int cli_collateral_file_take(const char *what, const uint8_t *bytes, size_t len, bool json,
                             struct assay_collateral_file *out);
/* Demand that it verifies. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_MALFORMED (reported) */
int cli_collateral_file_sound(const char *path, bool json, const struct assay_collateral_file *set);
enum assay_completeness {
    ASSAY_COLLATERAL_INCOMPLETE, /* a part is missing, or does not verify */
    ASSAY_COLLATERAL_DEPENDS,    /* what is there verifies; the evidence decides what it needs */
    ASSAY_COLLATERAL_COMPLETE,
};
/* The line of a page that says whether everything that is needed is there and verifies, time aside.
 */
void cli_collateral_print_verified(enum assay_completeness completeness);
/* The set that would follow (replace.h); offer: its path. Returns: as cli_collateral_file_read */
int cli_collateral_file_follow(const struct assay_collateral_file *in_force,
                               const struct assay_collateral_file *offered, const char *offer,
                               bool json, struct assay_collateral_file *out);
/* */
void cli_collateral_file_close(struct assay_collateral_file *set);

/* Returns: "intel-sgx", ... for a pinned root, else "". */
const char *cli_root_label(const struct assay_key *root);
/* Returns: the next root of a set after the last one that was given (index of its first entry);
 * set->count behind the last. Begin with at == 0. */
size_t cli_root_next(const struct assay_endorsements *set, size_t at);
/* The entries of one root alone. */
void cli_root_part(const struct assay_endorsements *set, const struct assay_key *root,
                   struct assay_endorsements *part);

#endif
