/*
 * tests/unit/quote/snp/snp_world.c - AMD vendor for tests (snp_world.h).
 */
#include "tests/unit/quote/snp/snp_world.h"

#include "base/assert.h"
#include "quote/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAUNCH_TCB = 0x1f0, CPUID = 0x188 };

static const enum assay_signature_alg alg = ASSAY_SIGNATURE_RSA_PSS_SHA384;

void snp_world_put(struct snp_world *w, size_t offset, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        w->report[offset + i] = (uint8_t)(value >> 8 * i & 0xff);
}

void snp_world_put_tcb(struct snp_world *w, size_t offset, struct assay_snp_tcb tcb)
{
    uint8_t *const raw = w->report + offset;
    memset(raw, 0, ASSAY_SNP_TCB_LEN);
    raw[7] = tcb.microcode;
    if (tcb.has_fmc) {
        raw[0] = tcb.fmc;
        raw[1] = tcb.bootloader;
        raw[2] = tcb.tee;
        raw[3] = tcb.snp;
    } else {
        raw[0] = tcb.bootloader;
        raw[1] = tcb.tee;
        raw[6] = tcb.snp;
    }
}

void snp_world_tcb(struct snp_world *w, struct assay_snp_tcb tcb)
{
    static const size_t offsets[] = { ASSAY_SNP_AT_REPORTED_TCB, ASSAY_SNP_AT_COMMITTED_TCB,
                                      ASSAY_SNP_AT_CURRENT_TCB, LAUNCH_TCB };
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        snp_world_put_tcb(w, offsets[i], tcb);
    w->facts.has_fmc = tcb.has_fmc;
    w->facts.fmc = tcb.fmc;
    w->facts.bootloader = tcb.bootloader;
    w->facts.tee = tcb.tee;
    w->facts.snp = tcb.snp;
    w->facts.microcode = tcb.microcode;
}

static void fill_report(struct snp_world *w, enum assay_snp_product product)
{
    static const uint8_t cpuid[][3] = {
        { 0, 0, 0 }, { 0x19, 0x01, 1 }, { 0x19, 0x11, 1 }, { 0x1a, 0x02, 1 }, { 0x1a, 0x50, 0 }
    };
    const bool is_turin = product == ASSAY_SNP_TURIN;
    snp_world_put(w, 0, is_turin ? 5 : 3, 4);
    snp_world_put(w, ASSAY_SNP_AT_POLICY, 0x30000, 8);
    snp_world_put(w, 0x34, 1, 4);
    memset(w->report + 0x50, 0x5a, 64);
    memset(w->report + ASSAY_SNP_AT_MEASUREMENT, 0x3c, 48);
    assay_bytes_copy(w->report + CPUID, 3, cpuid[product], 3);
    w->facts.hwid_len = is_turin ? ASSAY_SNP_SHORT_CHIP_ID_LEN : ASSAY_SNP_CHIP_ID_LEN;
    for (uint32_t i = 0; i < w->facts.hwid_len; i++)
        w->facts.hwid[i] = w->report[ASSAY_SNP_AT_CHIP_ID + i] = (uint8_t)(0xc0 + i);
    w->facts.struct_version = is_turin ? 1 : 0;
    snp_world_tcb(w, (struct assay_snp_tcb){ .has_fmc = is_turin,
                                             .fmc = is_turin ? 1 : 0,
                                             .bootloader = 4,
                                             .tee = 2,
                                             .snp = 24,
                                             .microcode = 219 });
}

static void fill_terms(struct snp_world *w, const char *ark, const char *ask, const char *vek)
{
    w->ark = authority_ca(ark, w->ark_key, ark, w->ark_key, alg);
    w->ask = authority_ca(ask, w->ask_key, ark, w->ark_key, alg);
    w->vek = authority_leaf(vek, w->vek_key, ask, w->ask_key, alg);
    w->ark.serial = SNP_SERIAL_ARK;
    w->ask.serial = SNP_SERIAL_ASK;
    w->ask.has_path_len = true;
    w->vek.serial = 0;
    w->vek.key_usage = 0; /* as AMD's */
    w->vek.has_constraints = false;
    w->ark.from_s = w->ask.from_s = w->vek.from_s = SNP_FROM;
    w->ark.to_s = w->ask.to_s = w->vek.to_s = SNP_TO;
}

/* Names as literals: the terms borrow them. */
static void name_product(struct snp_world *w, enum assay_snp_product product, bool is_vlek)
{
    static const struct {
        const char *ark, *ask, *asvk, *stepping;
    } names[] = {
        { "", "", "", "" },
        { "ARK-Milan", "SEV-Milan", "SEV-VLEK-Milan", "Milan-B0" },
        { "ARK-Genoa", "SEV-Genoa", "SEV-VLEK-Genoa", "Genoa" },
        { "ARK-Turin", "SEV-Turin", "SEV-VLEK-Turin", "Turin-C1" },
        { "ARK-Venice", "SEV-Venice", "SEV-VLEK-Venice", "Venice-A0" },
    };
    fill_terms(w, names[product].ark, is_vlek ? names[product].asvk : names[product].ask,
               is_vlek ? "SEV-VLEK" : "SEV-VCEK");
    (void)snprintf(w->facts.product, sizeof w->facts.product, "%s", names[product].stepping);
}

/* RSA keys take a second to make: one of each for a process. A product has an ARK of its own. */
static struct authority_key *rsa_key(size_t index)
{
    static struct authority_key *keys[8];
    ASSAY_ASSERT(index < sizeof keys / sizeof keys[0]);
    if (keys[index] == NULL) keys[index] = authority_key_make(ASSAY_KEY_RSA);
    return keys[index];
}

static struct snp_world *make(enum assay_snp_product product, bool is_vlek)
{
    enum { ASK = 6, OTHER = 7 };
    struct snp_world *const w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->collateral = calloc(1, sizeof *w->collateral);
    ASSAY_ASSERT(w->collateral != NULL);
    w->ark_key = rsa_key((size_t)product);
    w->ask_key = rsa_key(ASK);
    w->other_key = rsa_key(OTHER);
    w->vek_key = authority_key_make(ASSAY_KEY_P384);
    fill_report(w, product);
    name_product(w, product, is_vlek);
    if (is_vlek) {
        w->facts.hwid_len = 0;
        (void)snprintf(w->facts.csp, sizeof w->facts.csp, "CN=cc-test.provider.example");
        snp_world_put(w, ASSAY_SNP_AT_KEY_INFO, (uint64_t)ASSAY_SNP_KEY_VLEK << 2, 4);
        memset(w->report + ASSAY_SNP_AT_CHIP_ID, 0, ASSAY_SNP_CHIP_ID_LEN);
    }
    w->with = SNP_WITH_ALL;
    w->crl = (struct authority_crl){ .issuer = w->ark.subject,
                                     .signer = w->ark_key,
                                     .alg = alg,
                                     .number = 1,
                                     .from_s = SNP_FROM,
                                     .to_s = SNP_TO,
                                     .revoked = w->revoked };
    w->endorsements.count = 1;
    w->endorsements.exact = true;
    w->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP);
    authority_key_public(w->ark_key, &w->endorsements.entries[0].root);
    assay_policy_default(&w->policy);
    w->at_unix_s = SNP_AT;
    return w;
}

struct snp_world *snp_world_open(enum assay_snp_product product)
{
    return make(product, false);
}

struct snp_world *snp_world_open_vlek(enum assay_snp_product product)
{
    return make(product, true);
}

void snp_world_close(struct snp_world *w)
{
    authority_key_free(&w->vek_key);
    free(w->collateral);
    free(w);
}

void snp_world_certify(struct snp_world *w)
{
    w->vek.extension_count = 0;
    authority_add_vek(&w->vek, &w->facts);
    w->ark_len = authority_certificate_make(&w->ark, w->ark_der);
    w->ask_len = authority_certificate_make(&w->ask, w->ask_der);
    w->vek_len = authority_certificate_make(&w->vek, w->vek_der);
}

void snp_world_sign(struct snp_world *w)
{
    enum { NUMBER = 48, FIELD = 72 };
    struct assay_signature signature;
    authority_sign(w->vek_key, ASSAY_SIGNATURE_ECDSA_SHA384, w->report, ASSAY_SNP_SIGNED_LEN,
                   &signature);
    memset(w->report + ASSAY_SNP_AT_SIGNATURE, 0, ASSAY_SNP_REPORT_LEN - ASSAY_SNP_AT_SIGNATURE);
    for (size_t i = 0; i < NUMBER; i++) {
        w->report[ASSAY_SNP_AT_SIGNATURE + i] = signature.bytes[NUMBER - 1 - i];
        w->report[ASSAY_SNP_AT_SIGNATURE + FIELD + i] = signature.bytes[2 * NUMBER - 1 - i];
    }
}

static size_t append(struct snp_world *w, size_t at, const uint8_t *der, size_t len)
{
    assay_bytes_copy(w->certificates + at, len, der, len);
    return at + len;
}

void snp_world_publish(struct snp_world *w)
{
    struct assay_endorsement *const e = &w->endorsements.entries[0];
    size_t len = 0;
    e->collateral = NULL;
    w->files = (struct assay_collateral_files){ 0 };
    if (w->has_crl)
        w->files.part[ASSAY_PART_CRL] =
            assay_slice_over(w->crl_der, authority_crl_make(&w->crl, w->crl_der));
    if (w->bundle_certificates) len = append(w, len, w->ask_der, w->ask_len);
    if (w->bundle_certificates) len = append(w, len, w->ark_der, w->ark_len);
    if (w->bundle_vek) len = append(w, len, w->vek_der, w->vek_len);
    if (len > 0) w->files.part[ASSAY_PART_CERTIFICATES] = assay_slice_over(w->certificates, len);
    if (len == 0 && !w->has_crl) return;
    ASSAY_ASSERT(assay_collateral_build(&w->files, &e->root, w->collateral) == ASSAY_OK);
    e->collateral = w->collateral;
}

enum assay_status snp_world_judge(struct snp_world *w)
{
    struct assay_package package = { .kind = ASSAY_KIND_SNP,
                                     .main = assay_slice_over(w->report, sizeof w->report) };
    struct assay_writer out = assay_writer_over(w->package, sizeof w->package);
    struct assay_slice whole;
    if ((w->with & SNP_WITH_ARK) != 0)
        package.certificates[package.certificate_count++] =
            assay_slice_over(w->ark_der, w->ark_len);
    if ((w->with & SNP_WITH_VEK) != 0)
        package.certificates[package.certificate_count++] =
            assay_slice_over(w->vek_der, w->vek_len);
    if ((w->with & SNP_WITH_ASK) != 0)
        package.certificates[package.certificate_count++] =
            assay_slice_over(w->ask_der, w->ask_len);
    assay_package_encode(&package, &out);
    ASSAY_ASSERT(assay_writer_finish(&out, &whole) == ASSAY_OK);
    w->package_len = whole.len;
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_SNP,
                                                    .bytes = w->package,
                                                    .len = w->package_len,
                                                    .at_unix_s = w->at_unix_s,
                                                    .endorsements = &w->endorsements,
                                                    .policy = &w->policy };
    return assay_evidence_verify(w->verifier, &request, &w->verdict);
}

void snp_world_run(struct snp_world *w)
{
    snp_world_certify(w);
    snp_world_sign(w);
    snp_world_publish(w);
    ASSAY_ASSERT(snp_world_judge(w) == ASSAY_OK);
}
