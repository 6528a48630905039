/*
 * tests/unit/quote/nvidia/gpu_case.c - appraisal of a device from files (gpu_case.h).
 */
#include "tests/unit/quote/nvidia/gpu_case.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void recognise_files(struct gpu_case *c)
{
    struct assay_recognise_scratch *const scratch = calloc(1, sizeof *scratch);
    c->found = calloc(1, sizeof *c->found);
    cr_assert(scratch != NULL && c->found != NULL);
    for (size_t i = 0; i < c->file_count; i++) {
        const size_t len = assay_recognise_room(c->files[i].len);
        c->rooms[i] = malloc(len);
        cr_assert_eq(assay_recognise_file(c->found, scratch, c->files[i], c->rooms[i], len),
                     ASSAY_OK);
        c->room_count = i + 1;
    }
    free(scratch);
}

static void build_bundles(struct gpu_case *c, struct assay_endorsements *all)
{
    struct assay_gathered *const gathered = calloc(1, sizeof *gathered);
    c->built = calloc(GPU_ROOTS, sizeof *c->built);
    cr_assert(gathered != NULL && c->built != NULL);
    for (size_t i = 0; i < GPU_ROOTS; i++) {
        cr_assert_eq(assay_collateral_gather(c->found, &c->roots[i], true, gathered), ASSAY_OK);
        cr_assert_eq(assay_collateral_build(&gathered->files, &c->roots[i], &c->built[i]),
                     ASSAY_OK);
        all->entries[i] =
            (struct assay_endorsement){ c->roots[i], ASSAY_KINDS_NVIDIA, &c->built[i] };
    }
    all->count = GPU_ROOTS;
    all->exact = true;
    free(gathered);
}

void gpu_case_judge(struct gpu_case *c)
{
    struct assay_endorsements *const all = calloc(1, sizeof *all);
    size_t len = 0;
    gpu_case_free(c);
    recognise_files(c);
    build_bundles(c, all);
    c->whole = calloc(1, sizeof *c->whole);
    c->status = assay_evidence_detect(c->report.bytes, c->report.len, &c->kind);
    if (c->status == ASSAY_OK)
        c->status = assay_evidence_length(c->kind, c->report.bytes, c->report.len, &len);
    if (c->status == ASSAY_OK) {
        cr_assert_eq(assay_assemble(c->found->pieces, c->found->count, c->kind,
                                    assay_slice_over(c->report.bytes, len), NULL, c->whole),
                     ASSAY_OK);
        const struct assay_evidence_request request = { .kind = c->kind,
                                                        .bytes = c->whole->evidence.bytes,
                                                        .len = c->whole->evidence.len,
                                                        .at_unix_s = c->at_unix_s,
                                                        .endorsements = all,
                                                        .policy = &c->policy,
                                                        .ocsp_nonce = c->ocsp_nonce };
        c->status = assay_evidence_verify(c->verifier, &request, &c->verdict);
    } else {
        assay_verdict_init(&c->verdict, c->kind, c->at_unix_s);
    }
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
