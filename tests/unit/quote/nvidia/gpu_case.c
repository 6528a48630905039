/*
 * tests/unit/quote/nvidia/gpu_case.c - appraisal of a device from files (gpu_case.h).
 */
#include "tests/unit/quote/nvidia/gpu_case.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum assay_status recognise_files(struct gpu_case *c)
{
    struct assay_recognise_scratch *const scratch = calloc(1, sizeof *scratch);
    enum assay_status status = ASSAY_OK;
    c->found = calloc(1, sizeof *c->found);
    ASSAY_ASSERT(scratch != NULL && c->found != NULL);
    for (size_t i = 0; i < c->file_count && status == ASSAY_OK; i++) {
        const size_t len = assay_recognise_room(c->files[i].len);
        c->rooms[i] = malloc(len);
        status = assay_recognise_file(c->found, scratch, c->files[i], c->rooms[i], len);
        c->room_count = i + 1;
    }
    free(scratch);
    return status;
}

static enum assay_status build_bundles(struct gpu_case *c, struct assay_endorsements *all)
{
    struct assay_gathered *const gathered = calloc(1, sizeof *gathered);
    enum assay_status status = ASSAY_OK;
    c->built = calloc(GPU_ROOTS, sizeof *c->built);
    ASSAY_ASSERT(gathered != NULL && c->built != NULL);
    for (size_t i = 0; i < GPU_ROOTS && status == ASSAY_OK; i++) {
        status = assay_collateral_gather(c->found, &c->roots[i], true, gathered);
        for (size_t k = 0; k < c->found->count; k++)
            c->leads[k] = c->leads[k] || gathered->leads[k];
        if (status == ASSAY_OK)
            status = assay_collateral_build(&gathered->files, &c->roots[i], &c->built[i]);
        all->entries[i] =
            (struct assay_endorsement){ c->roots[i], ASSAY_KINDS_NVIDIA, &c->built[i] };
    }
    all->count = GPU_ROOTS;
    all->exact = true;
    free(gathered);
    return status;
}

static enum assay_status appraise(struct gpu_case *c, const struct assay_endorsements *all)
{
    size_t len = 0;
    ASSAY_TRY(assay_evidence_detect(c->report.bytes, c->report.len, &c->kind));
    ASSAY_TRY(assay_evidence_length(c->kind, c->report.bytes, c->report.len, &len));
    ASSAY_TRY(assay_assemble(c->found->pieces, c->leads, c->found->count, c->kind,
                             assay_slice_over(c->report.bytes, len), NULL, c->whole));
    const struct assay_evidence_request request = { .kind = c->kind,
                                                    .bytes = c->whole->evidence.bytes,
                                                    .len = c->whole->evidence.len,
                                                    .at_unix_s = c->at_unix_s,
                                                    .endorsements = all,
                                                    .policy = &c->policy,
                                                    .ocsp_nonce = c->ocsp_nonce };
    return assay_evidence_verify(c->verifier, &request, &c->verdict);
}

void gpu_case_judge(struct gpu_case *c)
{
    struct assay_endorsements *const all = calloc(1, sizeof *all);
    gpu_case_free(c);
    c->kind = ASSAY_KIND_NONE;
    memset(c->leads, 0, sizeof c->leads);
    c->whole = calloc(1, sizeof *c->whole);
    ASSAY_ASSERT(all != NULL && c->whole != NULL);
    assay_verdict_init(&c->verdict, ASSAY_KIND_NONE, c->at_unix_s);
    c->status = recognise_files(c);
    if (c->status == ASSAY_OK) c->status = build_bundles(c, all);
    if (c->status == ASSAY_OK) c->status = appraise(c, all);
    free(all);
}

void gpu_case_free(struct gpu_case *c)
{
    for (size_t i = 0; i < c->room_count; i++)
        free(c->rooms[i]);
    free(c->found);
    free(c->built);
    free(c->whole);
    c->room_count = 0;
    c->found = NULL;
    c->built = NULL;
    c->whole = NULL;
}

const char *gpu_reasons(const struct assay_verdict *verdict)
{
    static char text[2048];
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < verdict->reason_count && used < sizeof text; i++) {
        const struct assay_reason *const r = &verdict->reasons[i];
        const int n = snprintf(text + used, sizeof text - used, "%s: %s, %s; ",
                               assay_rule_name(r->rule), r->expected, r->observed);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}
