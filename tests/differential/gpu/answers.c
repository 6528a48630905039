/*
 * tests/differential/gpu/answers.c - verdicts of this verifier about NVIDIA's devices, one line for
 * each case of standard input, for run.py.
 *
 * A case, all numbers little-endian: i64 time; then as u32 length and bytes each: the OCSP nonce,
 * the certificates (DER) of the root of devices and of the root of manifests, the report; u32
 * number of files, and each file.
 *
 * GPU_PLANTED_FAULT makes a second program whose answers lie about one refusal: the proof that the
 * comparison finds such a thing.
 */
#include "base/assert.h"
#include "quote/x509.h"
#include "tests/unit/quote/nvidia/gpu_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_MAX = 1 << 21 };

static void read_exactly(void *out, size_t len)
{
    ASSAY_ASSERT(fread(out, 1, len, stdin) == len);
}

static uint32_t read_u32(void)
{
    uint8_t b[4];
    read_exactly(b, sizeof b);
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* On the heap, one byte longer: never NULL. */
static struct assay_slice read_piece(void)
{
    const size_t len = read_u32();
    ASSAY_ASSERT(len <= PIECE_MAX);
    uint8_t *const bytes = malloc(len + 1);
    ASSAY_ASSERT(bytes != NULL);
    read_exactly(bytes, len);
    return assay_slice_over(bytes, len);
}

static void free_piece(struct assay_slice piece)
{
    free((void *)(uintptr_t)piece.bytes);
}

/* Without a certificate: a key that nothing leads to. */
static void read_root(struct assay_key *key)
{
    static struct assay_certificate certificate;
    const struct assay_slice der = read_piece();
    *key = (struct assay_key){ .type = ASSAY_KEY_P384, .len = ASSAY_P384_PUBLIC_LEN };
    if (der.len > 0) {
        ASSAY_ASSERT(assay_x509_certificate(der.bytes, der.len, &certificate) == ASSAY_OK);
        *key = certificate.key;
    }
    free_piece(der);
}

/* Names of certificates may have any bytes. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++)
        (void)putchar(*text < ' ' || *text > '~' || *text == '|' ? '?' : *text);
}

#ifdef GPU_PLANTED_FAULT
/* Leaves out that a report has a wrong signature. */
static void lie(struct assay_verdict *v)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < v->reason_count; i++)
        if (v->reasons[i].rule != ASSAY_RULE_REPORT_SIGNATURE) v->reasons[kept++] = v->reasons[i];
    if (kept == v->reason_count) return;
    v->reason_count = kept;
    v->genuine = ASSAY_GENUINE_UNKNOWN;
    v->proofs[ASSAY_PROOF_REPORT_SIGNATURE] = ASSAY_PROOF_TRUE;
}
#endif

static void print_answer(const struct gpu_case *c)
{
    static const enum assay_proof proofs[] = { ASSAY_PROOF_REPORT_SIGNATURE, ASSAY_PROOF_CHAIN,
                                               ASSAY_PROOF_FIRMWARE_ID, ASSAY_PROOF_DRIVER_RIM,
                                               ASSAY_PROOF_VBIOS_RIM };
    const struct assay_verdict *const v = &c->verdict;
    (void)printf("%d|%s|%d|", c->status == ASSAY_OK, assay_status_text(c->status), v->genuine);
    for (size_t i = 0; i < sizeof proofs / sizeof proofs[0]; i++)
        (void)printf("%d", v->proofs[proofs[i]]);
    (void)putchar('|');
    for (size_t i = 0; i < 32; i++)
        (void)printf("%02x", v->report_data[i]);
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const r = &v->reasons[i];
        (void)printf("|%s|", assay_rule_name(r->rule));
        print_text(r->expected);
        (void)putchar('|');
        print_text(r->observed);
    }
    (void)putchar('\n');
    (void)fflush(stdout);
}

static void answer_case(struct gpu_case *c, int first)
{
    uint8_t time[8] = { (uint8_t)first };
    uint64_t at = 0;
    read_exactly(time + 1, sizeof time - 1);
    for (size_t i = sizeof time; i > 0; i--)
        at = at << 8 | time[i - 1];
    c->at_unix_s = (int64_t)at;
    c->ocsp_nonce = read_piece();
    for (size_t i = 0; i < GPU_ROOTS; i++)
        read_root(&c->roots[i]);
    c->report = read_piece();
    c->file_count = read_u32();
    ASSAY_ASSERT(c->file_count <= GPU_FILES_MAX);
    for (size_t i = 0; i < c->file_count; i++)
        c->files[i] = read_piece();
    gpu_case_judge(c);
#ifdef GPU_PLANTED_FAULT
    lie(&c->verdict);
#endif
    print_answer(c);
    gpu_case_free(c);
    for (size_t i = 0; i < c->file_count; i++)
        free_piece(c->files[i]);
    free_piece(c->report);
    free_piece(c->ocsp_nonce);
}

int main(void)
{
    struct gpu_case *const c = calloc(1, sizeof *c);
    ASSAY_ASSERT(c != NULL);
    assay_policy_default(&c->policy);
    for (int first = getchar(); first != EOF; first = getchar())
        answer_case(c, first);
    free(c);
    return EXIT_SUCCESS;
}
