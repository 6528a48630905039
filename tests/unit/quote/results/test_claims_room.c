/*
 * tests/unit/quote/results/test_claims_room.c - room for the claims of evidence: the most of each
 * kind are all there, and a list that is full says so.
 *
 * No kind's parser accepts more than what is drawn here. Nothing is appraised: no signature has to
 * verify.
 */
#include "quote/cca/cca.h"
#include "quote/nitro/nitro.h"
#include "quote/nvidia/spdm.h"
#include "quote/result/claims.h"
#include "tests/unit/quote/cose/cca_world.h"
#include "tests/unit/quote/cose/nitro_world.h"
#include "tests/unit/tpm/vtpm_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct assay_claims *claims;

static void open_claims(void)
{
    claims = malloc(sizeof *claims);
    cr_assert_not_null(claims);
}

static void close_claims(void)
{
    free(claims);
}

TestSuite(claims_room, .init = open_claims, .fini = close_claims);

/* All of them are read, with the last member of the longest list. Returns: how many. */
static size_t read_all(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                       const char *last)
{
    cr_assert_eq(assay_claims_read(kind, bytes, len, claims), ASSAY_OK, "%s: %zu claims",
                 assay_kind_text(kind), claims->count);
    cr_expect_not(claims->full);
    cr_expect_not_null(assay_claims_find(claims, last), "%s has no %s", assay_kind_text(kind),
                       last);
    return claims->count;
}

/* --- TPMs: all hash algorithms, 32 PCRs of each */
static const uint16_t banks[] = { ASSAY_TPM_SHA512,   ASSAY_TPM_SHA1,    ASSAY_TPM_SHA256,
                                  ASSAY_TPM_SHA384,   ASSAY_TPM_SM3,     ASSAY_TPM_SHA3_256,
                                  ASSAY_TPM_SHA3_384, ASSAY_TPM_SHA3_512 };
enum { BANKS = sizeof banks / sizeof banks[0], PCRS = 8 * ASSAY_TPM_SELECT_MAX };
_Static_assert(BANKS == (int)ASSAY_TPM_BANKS_MAX, "as many banks as a quote may have");

struct most_tpm {
    uint8_t attest[512], values[PCRS * BANKS * 64], key[512];
    struct assay_slice quote, pcrs, public;
};

static void put_bytes(struct assay_writer *w, size_t len)
{
    assay_writer_u16be(w, (uint16_t)len);
    assay_writer_zero(w, len);
}

static void make_most_tpm(struct most_tpm *m)
{
    struct assay_tpm_quote read;
    struct assay_writer w = assay_writer_over(m->attest, sizeof m->attest);
    assay_writer_u32be(&w, UINT32_C(0xff544347));
    assay_writer_u16be(&w, ASSAY_TPM_ST_QUOTE);
    put_bytes(&w, 34);
    put_bytes(&w, 64);
    assay_writer_zero(&w, 16);
    assay_writer_u8(&w, 1);
    assay_writer_zero(&w, 8);
    assay_writer_u32be(&w, BANKS);
    for (size_t i = 0; i < BANKS; i++) {
        assay_writer_u16be(&w, banks[i]);
        assay_writer_u8(&w, ASSAY_TPM_SELECT_MAX);
        assay_writer_u32be(&w, UINT32_MAX);
    }
    put_bytes(&w, 64);
    cr_assert_eq(assay_writer_finish(&w, &m->quote), ASSAY_OK);
    cr_assert_eq(assay_tpm_quote_parse(m->quote.bytes, m->quote.len, &read), ASSAY_OK);
    m->pcrs = assay_slice_over(m->values, assay_tpm_values_len(&read));
    cr_assert_leq(m->pcrs.len, sizeof m->values);
    memset(m->values, 0x5a, sizeof m->values);

    w = assay_writer_over(m->key, sizeof m->key);
    assay_writer_u16be(&w, 2 + 2 + 4 + 2 + 2 + 2 + 2 + 4 + 2 + 256);
    assay_writer_u16be(&w, ASSAY_TPM_RSA);
    assay_writer_u16be(&w, ASSAY_TPM_SHA512);
    assay_writer_u32be(&w, VTPM_SIGNS);
    assay_writer_u16be(&w, 0);
    assay_writer_u16be(&w, ASSAY_TPM_NULL);
    assay_writer_u16be(&w, ASSAY_TPM_NULL);
    assay_writer_u16be(&w, 2048);
    assay_writer_u32be(&w, 0);
    assay_writer_u16be(&w, 256);
    for (size_t i = 0; i < 256; i++)
        assay_writer_u8(&w, 0xff);
    cr_assert_eq(assay_writer_finish(&w, &m->public), ASSAY_OK);
}

/* The package with the most of a TPM in it. Returns: how many claims it has. */
static size_t read_with_most(struct assay_package package)
{
    static struct most_tpm most;
    static uint8_t bytes[ASSAY_EVIDENCE_LEN_MAX];
    static const char last[] = "pcr_banks.sha3-512.31";
    struct assay_slice out;
    make_most_tpm(&most);
    package.main = most.quote;
    package.pcrs = most.pcrs;
    package.key = most.public;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_package_encode(&package, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    const size_t count = read_all(package.kind, out.bytes, out.len, last);
    cr_expect_not_null(assay_claims_find(claims, "pcrs.31"));
    cr_expect_not_null(assay_claims_find(claims, "ak_attributes"));
    return count;
}

static size_t read_vtpm(struct vtpm *v)
{
    struct assay_package package;
    vtpm_build(v);
    cr_assert_eq(assay_package_read(v->is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP,
                                    v->evidence, v->len, &package),
                 ASSAY_OK);
    return read_with_most(package);
}

Test(claims_room, of_a_tpm_with_all_banks_are_all_there)
{
    cr_expect_geq(read_with_most((struct assay_package){ .kind = ASSAY_KIND_TPM }),
                  BANKS * PCRS + 3 * PCRS);
}

static struct snp_world *open_chip(enum assay_snp_product product)
{
    enum { VERSION_AT = 0, VERSION = 5 };
    struct snp_world *const w = snp_world_open(product);
    snp_world_put(w, VERSION_AT, VERSION, 4); /* with mitigation vectors */
    snp_world_certify(w);
    return w;
}

Test(claims_room, of_a_paravisor_on_a_chip_are_all_there)
{
    static const enum assay_snp_product products[] = { ASSAY_SNP_MILAN, ASSAY_SNP_TURIN };
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        struct vtpm *const v = vtpm_open(false);
        snp_world_close(v->snp);
        v->snp = open_chip(products[i]);
        const size_t count = read_vtpm(v);
        cr_log_info("paravisor on a chip: %zu claims", count);
        vtpm_close(v);
    }
}

Test(claims_room, of_an_svsm_with_all_its_keys_are_all_there)
{
    struct vtpm *const v = vtpm_open(false);
    vtpm_take_svsm(v, VTPM_SVSM_LIST);
    snp_world_close(v->snp);
    v->snp = open_chip(ASSAY_SNP_TURIN);
    for (v->key_count = 0; v->key_count < ASSAY_SVSM_KEYS_MAX; v->key_count++)
        v->keys[v->key_count] = (struct vtpm_svsm_key){ v->ak, VTPM_SIGNS };
    const size_t count = read_vtpm(v);
    cr_expect_not_null(assay_claims_find(claims, "svsm_keys.7"));
    cr_log_info("SVSM: %zu claims", count);
    vtpm_close(v);
}

Test(claims_room, of_a_paravisor_in_a_trust_domain_are_all_there)
{
    static const struct {
        enum assay_evidence_kind kind;
        enum assay_body_type body;
    } domains[] = { { ASSAY_KIND_TDX4, ASSAY_BODY_TD_10 },
                    { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15 },
                    { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX } };
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        struct vtpm *const v = vtpm_open(true);
        td_close(v->td);
        v->td = td_open_as(domains[i].kind, domains[i].body);
        const size_t count = read_vtpm(v);
        cr_expect_not_null(assay_claims_find(claims, "rtmr3"));
        cr_log_info("paravisor in a trust domain: %zu claims", count);
        vtpm_close(v);
    }
}

/* --- the others */
Test(claims_room, of_quotes_are_all_there)
{
    static const struct {
        enum assay_evidence_kind kind;
        enum assay_body_type body;
    } domains[] = { { ASSAY_KIND_TDX4, ASSAY_BODY_TD_10 },
                    { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX } };
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        struct td_world *const t = td_open_as(domains[i].kind, domains[i].body);
        read_all(domains[i].kind, t->quote, t->quote_len, ASSAY_CLAIMS_DETAILS);
        td_close(t);
    }
}

Test(claims_room, of_a_cca_token_with_all_components_are_all_there)
{
    struct cca_world *const w = cca_open();
    w->component_count = ASSAY_CCA_COMPONENTS_MAX;
    cca_make(w);
    cr_expect_geq(read_all(ASSAY_KIND_CCA, w->bytes, w->len, "software_components.31.measurement"),
                  6 * ASSAY_CCA_COMPONENTS_MAX);
    cca_close(w);
}

Test(claims_room, of_a_nitro_document_with_all_pcrs_are_all_there)
{
    struct nitro_world *const w = nitro_open();
    for (w->pcr_count = 0; w->pcr_count < ASSAY_NITRO_PCRS; w->pcr_count++)
        w->pcrs[w->pcr_count] = (struct nitro_pcr){ (int64_t)w->pcr_count, 48, 1 };
    nitro_make(w);
    cr_expect_geq(read_all(ASSAY_KIND_NITRO, w->bytes, w->len, "pcrs.31"), ASSAY_NITRO_PCRS);
    nitro_close(w);
}

Test(claims_room, of_a_device_with_all_measurements_are_all_there)
{
    enum { BLOCKS = ASSAY_SPDM_INDEXES - 1, VALUE = 48, BLOCK = 7 + VALUE };
    static uint8_t report[ASSAY_SPDM_REPORT_MAX];
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(report, sizeof report);
    assay_writer_put(&w, "\x11\xe0\x01\xff", 4);
    assay_writer_zero(&w, ASSAY_SPDM_NONCE_LEN + 1);
    assay_writer_put(&w, "\x11\x60\x00\x00", 4);
    assay_writer_u8(&w, BLOCKS);
    assay_writer_u16le(&w, (uint16_t)(BLOCKS * BLOCK));
    assay_writer_u8(&w, 0);
    for (unsigned i = 1; i <= BLOCKS; i++) {
        assay_writer_u8(&w, (uint8_t)i);
        assay_writer_u8(&w, 1);
        assay_writer_u16le(&w, 3 + VALUE);
        assay_writer_u8(&w, 0);
        assay_writer_u16le(&w, VALUE);
        assay_writer_zero(&w, VALUE);
    }
    assay_writer_zero(&w, ASSAY_SPDM_NONCE_LEN + 2 + ASSAY_P384_SIGNATURE_LEN);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_expect_geq(read_all(ASSAY_KIND_NVIDIA_GPU, out.bytes, out.len, "measurements.255"), BLOCKS);
}

/* --- a list that is full */
Test(claims_room, beyond_the_room_are_reported)
{
    char name[16];
    assay_claims_init(claims);
    for (unsigned i = 0; i < ASSAY_CLAIMS_MAX; i++) {
        (void)snprintf(name, sizeof name, "claim%u", i);
        assay_claims_add_uint(claims, name, i);
    }
    cr_expect_eq(claims->count, ASSAY_CLAIMS_MAX);
    cr_expect_not(claims->full);
    assay_claims_add_null(claims, "one");
    cr_expect(claims->full);
    cr_expect_eq(claims->count, ASSAY_CLAIMS_MAX);
    /* Nor is there room for values without end. */
    static const uint8_t value[ASSAY_CLAIMS_SPACE];
    assay_claims_init(claims);
    assay_claims_add_bytes(claims, "value", value, sizeof value);
    cr_expect(claims->full);
}
