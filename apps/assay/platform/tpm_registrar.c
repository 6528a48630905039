/*
 * apps/assay/platform/tpm_registrar.c - registrar half of `assay tpm`.
 */
#include "apps/assay/platform/tpm.h"

#include "apps/assay/core/folder.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "base/system_clock.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/path.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    DAY_S = 86400,
    REGISTRAR_DAYS = 3650,
    CERTIFICATE_DAYS = 365,
    CRL_DAYS = 30,
    FILE_LEN_MAX = 65536,
    REVOKED_MAX = 80, /* what a list of 4 KB holds */
    CRL_LEN_MAX = 4096,
};

static int64_t days_or(const struct tpm_options *o, int64_t otherwise)
{
    return (o->days != 0 ? (int64_t)o->days : otherwise) * DAY_S;
}

int tpm_run_registrar(const struct tpm_options *o)
{
    struct assay_tpm_registrar registrar;
    const int64_t now_s = assay_unix_s();
    /* A day of slack behind: clocks of a network differ. */
    enum assay_status status =
        assay_tpm_registrar_create(o->name != NULL ? o->name : "registrar", now_s - DAY_S,
                                   now_s + days_or(o, REGISTRAR_DAYS), &registrar);
    if (status != ASSAY_OK) return tpm_complain(o->words[0], status);
    status = assay_tpm_registrar_save(&registrar, o->words[0]);
    char key[2 * ASSAY_P256_PUBLIC_LEN + 1];
    assay_hex_encode(registrar.key.bytes, registrar.key.len, key, sizeof key);
    assay_tpm_registrar_wipe(&registrar);
    return status == ASSAY_OK ? tpm_say_value("tpm registrar", o->words[0], "root_key", key)
                              : tpm_complain(o->words[0], status);
}

/* ------------------------------------------------------------ vendors of TPMs */

struct vendors {
    size_t root_count, certificate_count;
    struct assay_key roots[ASSAY_PATH_CANDIDATES_MAX];
    struct assay_certificate certificates[ASSAY_PATH_CANDIDATES_MAX];
};

static enum assay_status take_file(const char *dir, const char *name, struct vendors *m)
{
    uint8_t *bytes = NULL;
    size_t len = 0, found = 0;
    enum assay_status status = cli_folder_read(dir, name, FILE_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_MEMORY) return status;
    if (status != ASSAY_OK) return ASSAY_OK; /* too long, or not to be read: no certificate */
    const size_t room = ASSAY_PATH_CANDIDATES_MAX - m->certificate_count;
    status =
        assay_x509_certificates(bytes, len, m->certificates + m->certificate_count, room, &found);
    free(bytes);
    if (status == ASSAY_E_FULL || assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    for (size_t i = 0; i < found; i++) {
        const struct assay_certificate *const c = &m->certificates[m->certificate_count++];
        if (assay_chain_self_issued(c)) m->roots[m->root_count++] = c->key;
    }
    return ASSAY_OK;
}

static enum assay_status read_vendors(const char *dir, struct vendors *m)
{
    struct assay_folder folder;
    ASSAY_TRY(cli_folder_open(dir, &folder));
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < folder.count; i++)
        status = take_file(dir, folder.names[i], m);
    cli_folder_close(&folder);
    if (status == ASSAY_OK && m->root_count == 0) status = ASSAY_E_NOT_FOUND;
    return status;
}

/* ------------------------------------------------------------ challenge and certificate */

int tpm_challenge(const struct tpm_options *o, const struct assay_tpm_request *request,
                  struct assay_tpm_challenge *challenge)
{
    const char *why = "out of memory";
    struct vendors *const m = calloc(1, sizeof *m);
    if (m == NULL) return tpm_complain(why, ASSAY_E_MEMORY);
    const int64_t now_s = assay_unix_s();
    enum assay_status status = read_vendors(o->vendors, m);
    if (status != ASSAY_OK) {
        free(m);
        return tpm_complain(o->vendors, status);
    }
    const struct assay_tpm_vendors vendors = { m->roots, m->root_count, m->certificates,
                                               m->certificate_count, now_s };
    status = assay_tpm_challenge_make(request, &vendors, challenge, &why);
    free(m);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay tpm: the request is refused: %s (%s)\n", why,
                  assay_status_symbol(status));
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_DENIED
                                                           : ASSAY_EXIT_INTERNAL;
}

int tpm_issue(const struct tpm_options *o, const char *verb,
              const struct assay_tpm_challenge *challenge, struct assay_slice answer,
              const char *path)
{
    struct assay_tpm_registrar registrar;
    uint8_t der[ASSAY_TPM_CERTIFICATE_MAX];
    size_t len = 0;
    enum assay_status status = assay_tpm_registrar_load(o->registrar, &registrar);
    if (status != ASSAY_OK) return tpm_complain(o->registrar, status);
    const int64_t now_s = assay_unix_s();
    const int64_t from_s =
        now_s - DAY_S > registrar.not_before_s ? now_s - DAY_S : registrar.not_before_s;
    status =
        assay_tpm_certificate_issue(&registrar, challenge, answer, from_s,
                                    now_s + days_or(o, CERTIFICATE_DAYS), der, sizeof der, &len);
    assay_tpm_registrar_wipe(&registrar);
    if (status == ASSAY_E_INVALID) {
        (void)fprintf(stderr, "assay tpm: the answer is wrong: the key is not in that TPM\n");
        return ASSAY_EXIT_DENIED;
    }
    if (status != ASSAY_OK) return tpm_complain(path, status);
    const int result = tpm_write_pem(verb, path, der, len);
    return result == ASSAY_EXIT_OK ? tpm_say_file(verb, path, true) : result;
}

static int save_challenge(const struct tpm_options *o, uint32_t slot,
                          const struct assay_tpm_challenge *challenge)
{
    char path[PATH_MAX];
    uint8_t bytes[ASSAY_TPM_REQUEST_MAX];
    struct assay_slice written;
    if (snprintf(path, sizeof path, "%s.secret", o->out) >= PATH_MAX)
        return tpm_complain(o->out, ASSAY_E_RANGE);
    int result = cli_output_check("assay tpm challenge", o->out, "tpm-challenge");
    if (result != ASSAY_EXIT_OK) return result;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_tpm_pending_encode(challenge, &w);
    enum assay_status status = assay_writer_finish(&w, &written);
    result = status == ASSAY_OK
                 ? cli_output_write("assay tpm challenge", path, ASSAY_FILE_SECRET, written)
                 : tpm_complain(path, status);
    assay_secret_wipe(bytes, sizeof bytes);
    if (result != ASSAY_EXIT_OK) return result;
    w = assay_writer_over(bytes, sizeof bytes);
    assay_tpm_challenge_encode(slot, &challenge->credential, &w);
    status = assay_writer_finish(&w, &written);
    return status == ASSAY_OK
               ? cli_output_write("assay tpm challenge", o->out, ASSAY_FILE_PUBLIC, written)
               : tpm_complain(o->out, status);
}

int tpm_run_challenge(const struct tpm_options *o)
{
    struct assay_tpm_request request = { 0 };
    struct assay_tpm_challenge challenge;
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(o->words[0], ASSAY_TPM_REQUEST_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_tpm_request_decode(bytes, len, &request);
    int result = status == ASSAY_OK ? tpm_challenge(o, &request, &challenge)
                                    : tpm_complain(o->words[0], status);
    if (result == ASSAY_EXIT_OK) {
        result = save_challenge(o, request.slot, &challenge);
        if (result == ASSAY_EXIT_OK) result = tpm_say_file("tpm challenge", o->out, false);
        assay_secret_wipe(&challenge, sizeof challenge);
    }
    free(bytes);
    return result;
}

int tpm_run_issue(const struct tpm_options *o)
{
    struct assay_tpm_challenge challenge;
    uint8_t pending[ASSAY_TPM_REQUEST_MAX], answer[2 * ASSAY_TPM_CREDENTIAL_MAX];
    size_t len = 0, answer_len = 0;
    enum assay_status status = assay_file_read_secret(o->words[0], pending, sizeof pending, &len);
    if (status == ASSAY_OK) status = assay_tpm_pending_decode(pending, len, &challenge);
    assay_secret_wipe(pending, sizeof pending);
    if (status != ASSAY_OK) return tpm_complain(o->words[0], status);
    status = assay_file_read_secret(o->words[1], answer, sizeof answer, &answer_len);
    const int result = status == ASSAY_OK
                           ? tpm_issue(o, "tpm issue", &challenge,
                                       assay_slice_over(answer, answer_len), o->out)
                           : tpm_complain(o->words[1], status);
    assay_secret_wipe(answer, sizeof answer);
    assay_secret_wipe(&challenge, sizeof challenge);
    return result;
}

/* ------------------------------------------------------------ revocation */

static enum assay_status read_serial(const char *path, uint8_t serial[ASSAY_SERIAL_LEN])
{
    struct assay_certificate c;
    uint8_t *bytes = NULL;
    size_t len = 0, count = 0;
    ASSAY_TRY(assay_file_read(path, FILE_LEN_MAX, &bytes, &len));
    const enum assay_status status = assay_x509_certificates(bytes, len, &c, 1, &count);
    free(bytes);
    if (status == ASSAY_OK) assay_bytes_copy(serial, ASSAY_SERIAL_LEN, c.serial, sizeof c.serial);
    return status;
}

static enum assay_status make_crl(const struct tpm_options *o,
                                  const uint8_t (*revoked)[ASSAY_SERIAL_LEN], size_t count)
{
    char path[PATH_MAX];
    struct assay_tpm_registrar registrar;
    uint8_t der[CRL_LEN_MAX];
    size_t len = 0;
    const int64_t now_s = assay_unix_s();
    ASSAY_TRY(tpm_join(path, o->words[0], "crl.der"));
    ASSAY_TRY(assay_tpm_registrar_load(o->words[0], &registrar));
    const enum assay_status status = assay_tpm_registrar_crl(
        &registrar, now_s, now_s + days_or(o, CRL_DAYS), revoked, count, der, sizeof der, &len);
    assay_tpm_registrar_wipe(&registrar);
    if (status != ASSAY_OK) return status;
    return assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(der, len));
}

int tpm_run_crl(const struct tpm_options *o)
{
    if (o->word_count > 1 + REVOKED_MAX) return cli_misuse("at most %d certificates", REVOKED_MAX);
    const size_t count = (size_t)o->word_count - 1;
    uint8_t(*const revoked)[ASSAY_SERIAL_LEN] = calloc(count + 1, ASSAY_SERIAL_LEN);
    if (revoked == NULL) return tpm_complain("crl", ASSAY_E_MEMORY);
    enum assay_status status = ASSAY_OK;
    const char *what = o->words[0];
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        what = o->words[i + 1];
        status = read_serial(what, revoked[i]);
    }
    if (status == ASSAY_OK) {
        what = o->words[0];
        status = make_crl(o, (const uint8_t(*)[ASSAY_SERIAL_LEN])revoked, count);
    }
    free(revoked);
    return status == ASSAY_OK ? tpm_say_file("tpm crl", o->words[0], false)
                              : tpm_complain(what, status);
}
