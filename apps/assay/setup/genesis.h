/*
 * apps/assay/setup/genesis.h - helpers shared by the verbs of `assay genesis`.
 */
#ifndef ASSAY_APPS_ASSAY_SETUP_GENESIS_H
#define ASSAY_APPS_ASSAY_SETUP_GENESIS_H

#include "apps/assay/evidence/collateral_dir.h"
#include "apps/assay/core/command.h"
#include "apps/config.h"
#include "engine/ledger/state/genesis.h"
#include "quote/accept/policy.h"
#include "quote/collateral/endorsements.h"

/* A genesis file in memory; genesis has slices into bytes. */
struct assay_genesis_file {
    uint8_t *bytes;
    size_t len;
    struct assay_genesis *genesis;
};

/*
 * cli_genesis_file_load - read and decode a file that need not have all its signatures.
 * Out:     *file; whatever the status, cli_genesis_file_free frees the resources
 * Returns: as assay_file_read and assay_genesis_decode
 */
ASSAY_CHECKED enum assay_status cli_genesis_file_load(const char *path,
                                                      struct assay_genesis_file *file,
                                                      struct assay_where *where);
/* */
void cli_genesis_file_free(struct assay_genesis_file *file);
/* The file around a body; as assay_genesis_encode_file. Reports errors.
 * Returns: ASSAY_EXIT_OK | as cli_output_write | as cli_genesis_report_error */
int cli_genesis_file_write(const char *verb, const char *path, struct assay_slice body,
                           const uint32_t *signers,
                           const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], size_t count);
/* One line on stderr about a genesis file. Returns: the exit status that fits. */
int cli_genesis_report_error(const char *verb, const char *path, enum assay_status status,
                             const struct assay_where *where);

/* Puts a message together. Returns: status, for use as `return cli_genesis_set_message(...)`. */
__attribute__((format(printf, 3, 4))) enum assay_status cli_genesis_set_message(
    char message[static ASSAY_CONFIG_MESSAGE_MAX], enum assay_status status, const char *format,
    ...);

/* --- genesis_collateral.c: the bundles that the folders of a plan hold. Large: on the heap. */

struct assay_genesis_bundles {
    int64_t at_unix_s; /* what is valid then is taken first */
    size_t count;
    struct assay_endorsement_files entries[ASSAY_ENDORSEMENTS_MAX]; /* borrow from dirs */
    struct assay_collateral_dir dirs[ASSAY_ENDORSEMENTS_MAX]; /* Intel's; of others, their parts: */
    uint8_t *own[ASSAY_ENDORSEMENTS_MAX][ASSAY_PARTS];
    size_t wanted_count; /* platform families of samples, each once; room for the next */
    struct assay_collateral_wanted wanted[ASSAY_ENDORSEMENTS_MAX + 1];
};

/* Folders are to be searched for the collateral of this quote; one that cannot be read asks for
 * nothing. Returns: ASSAY_OK | ASSAY_E_FULL (too many platform families) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status cli_genesis_add_wanted(struct assay_genesis_bundles *bundles,
                                                       const uint8_t *quote, size_t len);
/*
 * cli_genesis_bundles_read - add what a folder holds of what is wanted, or else all that it holds.
 * Out:     whatever the status, cli_genesis_bundles_close frees the resources
 * Returns: as cli_collateral_dir_read | ASSAY_E_INVALID (a root that the policy does not pin) |
 *          INPUT statuses (no root certificate) | ASSAY_E_RANGE (more than ASSAY_ENDORSEMENTS_MAX
 *          bundles); with a message, but for ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_genesis_bundles_read(
    struct assay_genesis_bundles *bundles, const char *folder, const struct assay_policy *policy,
    char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/*
 * cli_genesis_others_read - the same of AMD, AWS and registrars of TPMs (genesis_others.c): one
 * bundle for each root of the policy that certificates or a list of the folder lead to.
 * Returns: ASSAY_OK (also for none) | as cli_genesis_bundles_read
 */
ASSAY_CHECKED enum assay_status cli_genesis_others_read(
    struct assay_genesis_bundles *bundles, const char *folder, const struct assay_policy *policy,
    char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/*
 * cli_genesis_keys_read - the platform keys of CCA that the policy pins: each is an entry without
 * collateral. No folder is looked into.
 * Returns: ASSAY_OK (also for none) | ASSAY_E_RANGE (more than ASSAY_ENDORSEMENTS_MAX), with a
 *          message
 */
ASSAY_CHECKED enum assay_status cli_genesis_keys_read(
    struct assay_genesis_bundles *bundles, const struct assay_policy *policy,
    char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/* Accepts NULL; the memory itself stays the caller's. */
void cli_genesis_bundles_close(struct assay_genesis_bundles *bundles);

/* --- the verbs. Each Returns: an enum assay_exit. */
int cli_genesis_create(const char *plan_path, const char *out_path); /* genesis_create.c */
int cli_genesis_sign(const char *path, const char *key_path);        /* genesis_sign.c */

#endif
