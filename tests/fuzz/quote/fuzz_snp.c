/*
 * tests/fuzz/quote/fuzz_snp.c - any bytes as an SNP report, bare or in a package with certificates.
 *
 * Input: one byte of shape, then the report, then the length of a first certificate in two bytes,
 * the certificate, and others. Shape: bit 0 packs them; bits 1 and 2 pin roots; bit 3 requires a
 * list; bit 4 is the exact mode; bit 5 pins the roots in the package.
 *
 * Properties: a report is genuine only under a root in the package, with every proof; a report that
 * does not parse has no claims; fields are where the format defines them; a warm verdict equals the
 * cold one.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/amd/snp.h"
#include "quote/package.h"
#include "quote/verify.h"
#include "tests/fuzz/quote/own_root.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKS = 1, PINS_MILAN = 2, PINS_TURIN = 4, DEMANDS_LIST = 8, EXACT = 16, OWN = 32 };
enum { ROOM = 1 << 16 };

static void check_report(const uint8_t *bytes, size_t len)
{
    struct assay_snp_report report;
    if (assay_snp_parse(bytes, len, &report) != ASSAY_OK) return;
    ASSAY_ASSERT(len == ASSAY_SNP_REPORT_LEN);
    ASSAY_ASSERT(report.signed_part.bytes == bytes);
    ASSAY_ASSERT(report.signed_part.len == ASSAY_SNP_SIGNED_LEN);
    ASSAY_ASSERT(report.version >= ASSAY_SNP_VERSION_MIN);
    ASSAY_ASSERT(report.version <= ASSAY_SNP_VERSION_MAX);
    ASSAY_ASSERT(!report.reserved_set || bytes[report.reserved_offset] != 0);
    ASSAY_ASSERT(report.signature.len == ASSAY_P384_SIGNATURE_LEN);
    const enum assay_snp_product product = assay_snp_report_product(&report);
    const struct assay_snp_tcb tcb = assay_snp_tcb(product, report.reported_tcb);
    ASSAY_ASSERT(assay_snp_tcb_covers(&tcb, &tcb));
}

static void pin(struct assay_endorsements *endorsements, enum assay_pinned_root which)
{
    struct assay_endorsement *const e = &endorsements->entries[endorsements->count];
    if (assay_pinned_root(which, &e->root, &e->kinds) == ASSAY_OK) endorsements->count += 1;
}

static void check_verdicts(const struct assay_evidence_request *request, bool own)
{
    enum { ENTRIES = 1 };
    struct assay_verdict cold, warm;
    struct assay_verifier *verifier = NULL;
    const size_t memory_len = assay_verifier_size(ENTRIES);
    void *const memory = malloc(memory_len);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, memory_len, ENTRIES, &verifier) == ASSAY_OK);
    const enum assay_status status = assay_evidence_verify(NULL, request, &cold);
    if (cold.genuine == ASSAY_GENUINE_TRUE) {
        ASSAY_ASSERT(own);
        ASSAY_ASSERT(cold.proofs[ASSAY_PROOF_REPORT_SIGNATURE] == ASSAY_PROOF_TRUE);
        ASSAY_ASSERT(cold.proofs[ASSAY_PROOF_CHAIN] == ASSAY_PROOF_TRUE);
        ASSAY_ASSERT(cold.proofs[ASSAY_PROOF_VEK_TCB] == ASSAY_PROOF_TRUE);
    }
    ASSAY_ASSERT(status != ASSAY_OK || cold.has_claims);
    for (int again = 0; again < 2; again++) {
        ASSAY_ASSERT(assay_evidence_verify(verifier, request, &warm) == status);
        ASSAY_ASSERT(assay_bytes_equal(&cold, &warm, sizeof cold));
    }
    assay_verifier_deinit(&verifier);
    free(memory);
}

/* The bytes as they are, or report and certificates in a package; of at most ROOM bytes. */
static struct assay_slice shape_evidence(uint8_t shape, const uint8_t *data, size_t size,
                                         uint8_t *room)
{
    struct assay_slice whole = { data, size };
    if ((shape & PACKS) == 0 || size <= ASSAY_SNP_REPORT_LEN) return whole;
    struct assay_package package = { .kind = ASSAY_KIND_SNP };
    struct assay_cursor in = assay_cursor_over(data, size);
    struct assay_writer w = assay_writer_over(room, ROOM);
    ASSAY_ASSERT(assay_cursor_slice(&in, ASSAY_SNP_REPORT_LEN, &package.main) == ASSAY_OK);
    uint16_t first = 0;
    if (assay_cursor_u16le(&in, &first) != ASSAY_OK) return whole;
    const size_t left = assay_cursor_left(&in);
    const size_t lens[] = { first < left ? first : left, left - (first < left ? first : left) };
    for (size_t i = 0; i < 2; i++) {
        if (lens[i] == 0) continue;
        struct assay_slice *const piece = &package.certificates[package.certificate_count++];
        ASSAY_ASSERT(assay_cursor_slice(&in, lens[i], piece) == ASSAY_OK);
    }
    assay_package_encode(&package, &w);
    return assay_writer_finish(&w, &whole) == ASSAY_OK ? whole : (struct assay_slice){ data, size };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_endorsements endorsements;
    static struct assay_policy policy;
    static uint8_t room[ROOM];
    struct assay_cursor in = assay_cursor_over(data, size);
    uint8_t shape = 0;
    struct assay_slice rest;
    if (assay_cursor_u8(&in, &shape) != ASSAY_OK) return 0;
    if (assay_cursor_slice(&in, assay_cursor_left(&in), &rest) != ASSAY_OK) return 0;
    check_report(rest.bytes, rest.len);
    endorsements.count = 0;
    endorsements.exact = (shape & EXACT) != 0;
    if ((shape & PINS_MILAN) != 0) pin(&endorsements, ASSAY_PINNED_AMD_MILAN);
    if ((shape & PINS_TURIN) != 0) pin(&endorsements, ASSAY_PINNED_AMD_TURIN);
    assay_policy_default(&policy);
    policy.platform.require_crl = (shape & DEMANDS_LIST) != 0;
    const struct assay_slice evidence = shape_evidence(shape, rest.bytes, rest.len, room);
    const bool own = (shape & OWN) != 0 && own_root_pin(ASSAY_KIND_SNP, evidence.bytes,
                                                        evidence.len, &endorsements);
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_SNP,
                                                    .bytes = evidence.bytes,
                                                    .len = evidence.len,
                                                    .at_unix_s = 1750000000,
                                                    .endorsements = &endorsements,
                                                    .policy = &policy };
    check_verdicts(&request, own);
    return 0;
}
