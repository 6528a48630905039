/*
 * apps/assay/genesis.h - the three verbs of `assay genesis` and what they share.
 */
#ifndef ASSAY_APPS_GENESIS_H
#define ASSAY_APPS_GENESIS_H

#include "apps/assay/command.h"
#include "engine/genesis.h"

/* A genesis file in memory; genesis has slices into bytes. */
struct assay_genesis_file {
    uint8_t *bytes;
    size_t len;
    struct assay_genesis *genesis;
};

/*
 * assay_genesis_file_load - read and decode a file that need not have all its signatures.
 * Out:     *file; whatever the status, assay_genesis_file_free frees what was taken
 * Returns: as assay_file_read and assay_genesis_decode
 */
ASSAY_CHECKED enum assay_status assay_genesis_file_load(const char *path,
                                                        struct assay_genesis_file *file,
                                                        struct assay_where *where);
/* Returns: nothing. */
void assay_genesis_file_free(struct assay_genesis_file *file);
/* The file around a body; as assay_genesis_encode_file.
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_MEMORY | what the encoder says */
ASSAY_CHECKED enum assay_status assay_genesis_file_write(
    const char *path, struct assay_slice body, const uint32_t *signers,
    const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], size_t count);
/* One line on stderr about a genesis file. Returns: the exit status that fits. */
int assay_genesis_complain(const char *verb, const char *path, enum assay_status status,
                           const struct assay_where *where);

/* --- the verbs. Each Returns: an enum assay_exit. */
int assay_genesis_create(const char *plan_path, const char *out_path); /* genesis_create.c */
int assay_genesis_sign(const char *path, const char *key_path);        /* genesis_sign.c */

#endif
