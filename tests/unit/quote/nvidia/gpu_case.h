/*
 * tests/unit/quote/nvidia/gpu_case.h - one appraisal of a device as users have it: a report, a
 * folder of files, roots. Files are recognised, gathered under each root and built, as the command
 * line does.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_NVIDIA_GPU_CASE_H
#define ASSAY_TESTS_UNIT_QUOTE_NVIDIA_GPU_CASE_H

#include "quote/accept/policy.h"
#include "quote/collateral/collateral.h"
#include "quote/pieces/assemble.h"
#include "quote/pieces/gather.h"
#include "quote/verify.h"

enum { GPU_FILES_MAX = 40, GPU_ROOTS = 2 };

struct gpu_case {
    struct assay_slice report;
    size_t file_count;
    struct assay_slice files[GPU_FILES_MAX];
    struct assay_key roots[GPU_ROOTS]; /* of devices, of manifests */
    int64_t at_unix_s;
    struct assay_slice ocsp_nonce;
    struct assay_policy policy;
    struct assay_verifier *verifier;
    /* results */
    enum assay_evidence_kind kind;
    enum assay_status status;
    bool leads[ASSAY_RECOGNISED_MAX]; /* of the pieces: to a root */
    struct assay_verdict verdict;
    /* of malloc */
    struct assay_recognition *found;
    struct assay_collateral *built;
    struct assay_assembly *whole;
    size_t room_count;
    uint8_t *rooms[GPU_FILES_MAX];
};

/* Judges c->report with c->files: status and verdict. */
void gpu_case_judge(struct gpu_case *c);
/* Frees what judging made; c can be judged again. */
void gpu_case_free(struct gpu_case *c);
/* Every reason as "rule: expected, observed; " for messages. Returns: a static text. */
const char *gpu_reasons(const struct assay_verdict *verdict);

#endif
