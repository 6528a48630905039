/*
 * tests/unit/tpm/live.c - software TPMs for tests (live.h).
 */
#include "tests/unit/tpm/live.h"

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

static void read_maker(struct live *live, const char *maker)
{
    char root[SWTPM_PATH_MAX], issuer[SWTPM_PATH_MAX];
    uint8_t pem[PEM_MAX];
    size_t count = 0;
    cr_assert(swtpm_maker_files(maker, root, issuer));
    size_t len = read_file(root, pem, sizeof pem);
    cr_assert_eq(assay_x509_root(pem, len, &live->maker_root), ASSAY_OK);
    len = read_file(issuer, pem, sizeof pem);
    cr_assert_eq(assay_x509_certificates(pem, len, &live->maker_issuer, 1, &count), ASSAY_OK);
}

void live_open(struct live *live, size_t count)
{
    char maker[96], dir[96];
    struct timespec now;
    if (!swtpm_installed()) cr_skip_test("swtpm is not installed");
    cr_assert_leq(count, LIVE_TPMS_MAX);
    *live = (struct live){ .count = count };
    (void)snprintf(live->dir, sizeof live->dir, "/tmp/assay-tpm-XXXXXX");
    cr_assert_not_null(mkdtemp(live->dir));
    (void)snprintf(maker, sizeof maker, "%s/maker", live->dir);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(dir, sizeof dir, "%s/%zu", live->dir, i);
        cr_assert(swtpm_make(maker, dir, &live->tpms[i]), "see %s/setup.log", dir);
        cr_assert(swtpm_start(&live->tpms[i]));
    }
    read_maker(live, maker);
    (void)clock_gettime(CLOCK_REALTIME, &now); /* certificates are valid from when they were made */
    live->now_s = (int64_t)now.tv_sec;
    cr_assert_eq(assay_tpm_registrar_create("test", live->now_s - DAY_S,
                                            live->now_s + 365 * (int64_t)DAY_S, &live->registrar),
                 ASSAY_OK);
    live->endorsements.count = 1;
    live->endorsements.entries[0].root = live->registrar.key;
    live->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    assay_policy_default(&live->policy);
    live->policy.profile = ASSAY_PROFILE_DEVELOPMENT;
}

void live_close(struct live *live)
{
    for (size_t i = 0; i < live->count; i++)
        swtpm_stop(&live->tpms[i]);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf -- %s", live->dir);
    cr_assert_eq(system(command), 0);
}

struct assay_tpm_makers live_makers(const struct live *live)
{
    return (struct assay_tpm_makers){ &live->maker_root, 1, &live->maker_issuer, 1, live->now_s };
}

void live_request(struct live *live, size_t index, uint32_t slot, struct assay_tpm_ek *ek,
                  uint8_t ak[static ASSAY_TPM_PUBLIC_MAX], struct assay_tpm_request *request)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_device *device = NULL;
    size_t ak_len = 0;
    cr_assert_eq(assay_tpm_device_open(live->tpms[index].tcti, &device, message), ASSAY_OK, "%s",
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

void live_enroll(struct live *live, size_t index, uint32_t slot)
{
    struct assay_tpm_ek ek;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX], secret[ASSAY_TPM_CREDENTIAL_MAX], der[2048];
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_request request;
    struct assay_tpm_challenge challenge;
    struct assay_tpm_device *device = NULL;
    const struct assay_tpm_makers makers = live_makers(live);
    const char *why = "";
    size_t len = 0;
    live_request(live, index, slot, &ek, ak, &request);
    cr_assert_eq(assay_tpm_challenge_make(&request, &makers, &challenge, &why), ASSAY_OK, "%s",
                 why);
    cr_assert_eq(assay_tpm_device_open(live->tpms[index].tcti, &device, message), ASSAY_OK);
    cr_assert_eq(
        assay_tpm_device_activate(device, slot, &challenge.credential, secret, &len, message),
        ASSAY_OK, "%s", message);
    assay_tpm_device_close(&device);
    cr_assert_eq(assay_tpm_certificate_issue(&live->registrar, &challenge,
                                             assay_slice_over(secret, len), live->now_s - 60,
                                             live->now_s + DAY_S, der, sizeof der, &len),
                 ASSAY_OK);
    save_certificate(&live->tpms[index], der, len);
}

struct assay_tpm_source *live_source(struct live *live, size_t index)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_source *source = NULL;
    const struct assay_tpm_source_config config = { .tcti = live->tpms[index].tcti,
                                                    .state_dir = live->tpms[index].dir };
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_OK, "%s", message);
    return source;
}

size_t live_quote(struct assay_tpm_source *source, uint8_t fill, uint8_t out[static LIVE_LEN_MAX])
{
    uint8_t report_data[64];
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_slice evidence;
    for (size_t i = 0; i < sizeof report_data; i++)
        report_data[i] = fill;
    cr_assert_eq(assay_tpm_source_quote(source, report_data, &evidence, message), ASSAY_OK, "%s",
                 message);
    assay_bytes_copy(out, LIVE_LEN_MAX, evidence.bytes, evidence.len);
    return evidence.len;
}

void live_verify(const struct live *live, const uint8_t *bytes, size_t len,
                 struct assay_verdict *verdict)
{
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = bytes,
                                                    .len = len,
                                                    .at_unix_s = live->now_s,
                                                    .endorsements = &live->endorsements,
                                                    .policy = &live->policy };
    cr_assert_eq(assay_evidence_verify(NULL, &request, verdict), ASSAY_OK);
}
