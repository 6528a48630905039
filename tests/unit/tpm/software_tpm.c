/*
 * tests/unit/tpm/software_tpm.c - software TPMs for tests (live.h).
 */
#include "tests/unit/tpm/software_tpm.h"

#include "base/base64.h"
#include "base/file/file.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DAY_S = 86400, PEM_MAX = 8192 };

static size_t read_file(const char *path, uint8_t *out, size_t capacity)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(assay_file_read(path, capacity, &bytes, &len), ASSAY_OK, "%s", path);
    assay_bytes_copy(out, capacity, bytes, len);
    free(bytes);
    return len;
}

static void read_maker(struct softtpm *softtpm, const char *maker)
{
    char root[SWTPM_PATH_MAX], issuer[SWTPM_PATH_MAX];
    uint8_t pem[PEM_MAX];
    size_t count = 0;
    cr_assert(swtpm_maker_files(maker, root, issuer));
    size_t len = read_file(root, pem, sizeof pem);
    cr_assert_eq(assay_x509_root(pem, len, &softtpm->maker_root), ASSAY_OK);
    len = read_file(issuer, pem, sizeof pem);
    cr_assert_eq(assay_x509_certificates(pem, len, &softtpm->maker_issuer, 1, &count), ASSAY_OK);
}

void softtpm_open(struct softtpm *softtpm, size_t count)
{
    char maker[96], dir[96];
    struct timespec now;
    if (!swtpm_installed()) cr_skip_test("swtpm is not installed");
    cr_assert_leq(count, SOFTTPM_TPMS_MAX);
    *softtpm = (struct softtpm){ .count = count };
    (void)snprintf(softtpm->dir, sizeof softtpm->dir, "/tmp/assay-tpm-XXXXXX");
    cr_assert_not_null(mkdtemp(softtpm->dir));
    (void)snprintf(maker, sizeof maker, "%s/maker", softtpm->dir);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(dir, sizeof dir, "%s/%zu", softtpm->dir, i);
        cr_assert(swtpm_make(maker, dir, &softtpm->tpms[i]), "see %s/setup.log", dir);
        cr_assert(swtpm_start(&softtpm->tpms[i]));
    }
    read_maker(softtpm, maker);
    (void)clock_gettime(CLOCK_REALTIME, &now); /* certificates are valid from when they were made */
    softtpm->now_s = (int64_t)now.tv_sec;
    cr_assert_eq(assay_tpm_registrar_create("test", softtpm->now_s - DAY_S,
                                            softtpm->now_s + 365 * (int64_t)DAY_S,
                                            &softtpm->registrar),
                 ASSAY_OK);
    softtpm->endorsements.count = 1;
    softtpm->endorsements.entries[0].root = softtpm->registrar.key;
    softtpm->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    assay_policy_default(&softtpm->policy);
    softtpm->policy.profile = ASSAY_PROFILE_DEVELOPMENT;
}

void softtpm_close(struct softtpm *softtpm)
{
    for (size_t i = 0; i < softtpm->count; i++)
        swtpm_stop(&softtpm->tpms[i]);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf -- %s", softtpm->dir);
    cr_assert_eq(system(command), 0);
}

struct assay_tpm_vendors softtpm_vendors(const struct softtpm *softtpm)
{
    return (struct assay_tpm_vendors){ &softtpm->maker_root, 1, &softtpm->maker_issuer, 1,
                                       softtpm->now_s };
}

void softtpm_request(struct softtpm *softtpm, size_t index, uint32_t slot, struct assay_tpm_ek *ek,
                     uint8_t ak[static ASSAY_TPM_PUBLIC_MAX], struct assay_tpm_request *request)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_device *device = NULL;
    size_t ak_len = 0;
    cr_assert_eq(assay_tpm_device_open(softtpm->tpms[index].tcti, &device, message), ASSAY_OK, "%s",
                 message);
    cr_assert_eq(assay_tpm_device_ek(device, slot, ek, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_tpm_device_ak(device, true, ak, &ak_len, message), ASSAY_OK, "%s", message);
    assay_tpm_device_close(&device);
    *request = (struct assay_tpm_request){
        .slot = slot,
        .ek_public = assay_slice_over(ek->public_area, ek->public_len),
        .ek_certificate = assay_slice_over(ek->certificate, ek->certificate_len),
        .ak_public = assay_slice_over(ak, ak_len),
    };
}

static void save_certificate(const struct swtpm *tpm, const uint8_t *der, size_t len)
{
    uint8_t pem[PEM_MAX];
    size_t pem_len = 0;
    char path[SWTPM_PATH_MAX + 16];
    cr_assert_eq(assay_pem_put("CERTIFICATE", der, len, pem, sizeof pem, &pem_len), ASSAY_OK);
    (void)snprintf(path, sizeof path, "%s/ak.pem", tpm->dir);
    cr_assert_eq(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(pem, pem_len)),
                 ASSAY_OK);
}

void softtpm_enroll(struct softtpm *softtpm, size_t index, uint32_t slot)
{
    struct assay_tpm_ek ek;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX], secret[ASSAY_TPM_CREDENTIAL_MAX], der[2048];
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_request request;
    struct assay_tpm_challenge challenge;
    struct assay_tpm_device *device = NULL;
    const struct assay_tpm_vendors vendors = softtpm_vendors(softtpm);
    const char *why = "";
    size_t len = 0;
    softtpm_request(softtpm, index, slot, &ek, ak, &request);
    cr_assert_eq(assay_tpm_challenge_make(&request, &vendors, &challenge, &why), ASSAY_OK, "%s",
                 why);
    cr_assert_eq(assay_tpm_device_open(softtpm->tpms[index].tcti, &device, message), ASSAY_OK);
    cr_assert_eq(
        assay_tpm_device_activate(device, slot, &challenge.credential, secret, &len, message),
        ASSAY_OK, "%s", message);
    assay_tpm_device_close(&device);
    cr_assert_eq(assay_tpm_certificate_issue(&softtpm->registrar, &challenge,
                                             assay_slice_over(secret, len), softtpm->now_s - 60,
                                             softtpm->now_s + DAY_S, der, sizeof der, &len),
                 ASSAY_OK);
    save_certificate(&softtpm->tpms[index], der, len);
}

struct assay_tpm_source *softtpm_source(struct softtpm *softtpm, size_t index)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_source *source = NULL;
    const struct assay_tpm_source_config config = { .tcti = softtpm->tpms[index].tcti,
                                                    .state_dir = softtpm->tpms[index].dir };
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_OK, "%s", message);
    return source;
}

size_t softtpm_quote(struct assay_tpm_source *source, uint8_t fill,
                     uint8_t out[static SOFTTPM_LEN_MAX])
{
    uint8_t report_data[64];
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_slice evidence;
    for (size_t i = 0; i < sizeof report_data; i++)
        report_data[i] = fill;
    cr_assert_eq(assay_tpm_source_quote(source, report_data, &evidence, message), ASSAY_OK, "%s",
                 message);
    assay_bytes_copy(out, SOFTTPM_LEN_MAX, evidence.bytes, evidence.len);
    return evidence.len;
}

void softtpm_verify(const struct softtpm *softtpm, const uint8_t *bytes, size_t len,
                    struct assay_verdict *verdict)
{
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = bytes,
                                                    .len = len,
                                                    .at_unix_s = softtpm->now_s,
                                                    .endorsements = &softtpm->endorsements,
                                                    .policy = &softtpm->policy };
    cr_assert_eq(assay_evidence_verify(NULL, &request, verdict), ASSAY_OK);
}
