/*
 * apps/assay/evidence/appraisal.h - appraisal of one piece of evidence with the inputs of the
 * command line: file, folder of collateral, root, event logs, policy, time.
 *
 * Shared by the commands that appraise: evidence verify and explain, policy try, tcb forecast.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_APPRAISAL_H
#define ASSAY_APPS_ASSAY_EVIDENCE_APPRAISAL_H

#include "apps/assay/evidence/collateral_dir.h"
#include "apps/assay/evidence/eventlogs.h"
#include "apps/assay/evidence/evidence_package.h"
#include "net/json/json.h"
#include "quote/accept/policy.h"
#include "quote/pieces/carrier.h"
#include "quote/x509.h"

/* Values of the options; NULL for absent ones. The commands that appraise share them. */
struct assay_appraisal_options {
    const char *file;
    const char *collateral; /* folder */
    const char *root;
    int64_t at_unix_s; /* 0: now */
    const char *kind;
    const char *policy;
    struct assay_eventlog_paths event_logs;
    const char *ocsp_nonce; /* of the requests that OCSP responses answer, in hexadecimal */
    bool json; /* errors as JSON, too */
};

#define ASSAY_APPRAISAL_TARGETS(o)                                                                 \
    { "collateral", .text = &(o)->collateral }, { "root", .text = &(o)->root },                    \
        { "at", .time = &(o)->at_unix_s }, { "kind", .text = &(o)->kind },                         \
        { "policy", .text = &(o)->policy },                                                        \
    {                                                                                              \
        "json", .flag = &(o)->json                                                                 \
    }

struct cli_appraisal {
    bool json;
    uint8_t *file;
    size_t file_len;
    struct assay_carrier carrier; /* certificate or wrapper that the evidence came in */
    uint8_t *carrier_room;
    const uint8_t *bytes; /* of the file, or of the package that it was put into */
    size_t len;           /* declared */
    size_t trailing_len;  /* of the file, after what it declares */
    enum assay_evidence_kind kind;
    bool has_devices; /* that came with the evidence of their processor */
    enum assay_status malformed; /* why the bytes are no evidence of a known kind; ASSAY_OK: are */
    int64_t at_unix_s;
    uint8_t ocsp_nonce[ASSAY_OCSP_NONCE_MAX];
    size_t ocsp_nonce_len; /* 0: none was given */
    struct assay_policy *policy;
    struct assay_endorsements *endorsements;
    struct assay_collateral *collateral; /* one per root */
    const char *folder;                  /* of collateral, as the options name it */
    struct assay_input_files *given;           /* what it holds; NULL without one */
    struct assay_collateral_dir dir;     /* quotes of SGX and TDX */
    struct assay_evidence_package pieces;          /* the other kinds */
    struct assay_eventlogs event_logs;
    struct assay_verdict *verdict;
    struct assay_json *claims; /* NULL when the bytes are malformed */
};

/*
 * cli_appraisal_open - read everything; no appraisal yet. Errors are printed.
 * Out:     *a, whatever the answer: cli_appraisal_close frees it
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE | ASSAY_EXIT_INTERNAL
 */
int cli_appraisal_open(struct cli_appraisal *a, const struct assay_appraisal_options *options);
/* File and claims only, for commands without appraisal. Returns: as cli_appraisal_open */
int cli_appraisal_open_bare(struct cli_appraisal *a, const struct assay_appraisal_options *options);
/*
 * cli_appraisal_run - the verdict into a->verdict, its proofs into a->claims.
 * Returns: ASSAY_EXIT_OK (malformed evidence has a verdict too) | ASSAY_EXIT_INTERNAL (printed)
 */
int cli_appraisal_run(struct cli_appraisal *a);
/* On stderr, after the verdict: the pieces of the folder that were not taken. */
void cli_appraisal_note(const struct cli_appraisal *a);
/* Returns: the exit status that the verdict stands for. */
int cli_appraisal_exit(const struct cli_appraisal *a);
/* */
void cli_appraisal_close(struct cli_appraisal *a);

#endif
