/*
 * apps/assay/members/recover.h - options and helpers shared by the verbs of `assay recover`.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_RECOVER_H
#define ASSAY_APPS_ASSAY_MEMBERS_RECOVER_H

#include "apps/assay/members/change.h"
#include "engine/ledger/records/recover.h"

struct assay_recover_options {
    struct assay_change_options change; /* socket, out, key, json, actions: as of `assay change` */
    const char *reason;
    uint64_t epochs; /* fence: for how many from the running one on a node may take it */
    bool forced;     /* draft: operators know that something may be undone */
    int file_count;  /* positional: FILE, or the answers of a draft */
    char **files;
};

/* A FENCE, a RELEASE or a RECOVER, with the signatures so far. */
struct assay_recover_file {
    uint8_t *bytes;            /* the caller frees them */
    bool is_fence, is_release; /* neither: a RECOVER */
    struct assay_fence fence;
    struct assay_release release;
    struct assay_recover recover;
    const uint8_t *digest; /* what operators sign */
    const struct assay_approval *approval;
};
/* Errors are printed; free(file->bytes) in any case. Returns: an enum assay_exit. */
int cli_recover_file_load(const struct assay_recover_options *options, const char *path,
                          struct assay_recover_file *file);
/* The same with these signatures instead. Returns: an enum assay_exit. */
int cli_recover_file_write(const struct assay_recover_options *options, const char *path,
                           const struct assay_recover_file *file, const uint8_t (*ids)[32],
                           const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], uint32_t count);
/* "VERB HEX" to the node; without bytes the verb alone. Returns: an enum assay_exit and, with OK,
 * *document. */
int cli_recover_request(const struct assay_recover_options *options, const char *verb,
                        struct assay_slice bytes, struct assay_json **document);
/* As hexadecimal in a document; the caller frees *bytes. Returns: whether it is there and fits. */
bool cli_recover_hex(const struct assay_json *data, const char *key, size_t len_max,
                     uint8_t **bytes, size_t *len);

/* A part of a view: what a node signed above the head of its answer, by votes_above and
 * log_complete. */
#define CLI_RECOVER_VOTES                                                                          \
    "it voted to finalise [?votes_above above that height {votes_above} time{votes_above:plural}"  \
    "|no block above that height][?!log_complete ; its log is incomplete: what else it signed "    \
    "there is unknown]"

/* The verbs. Each Returns: an enum assay_exit. recover_draft.c: draft; recover_show.c: show */
int cli_recover_run_draft(const struct assay_recover_options *options);
int cli_recover_run_show(const struct assay_recover_options *options);

#endif
